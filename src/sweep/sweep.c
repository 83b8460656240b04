/* The points of a sweep, a run after the other. All are looked at before the first is
 * begun, so that a wrong value is told at once; one that fails takes no other with it;
 * and table and figure are made of what the points' results say. */
#include "headroom/sweep.h"

#include <string.h>

#include "core/alloc.h"
#include "core/observe.h"
#include "core/sized.h"
#include "headroom/report.h"
#include "report/sweep.h"
#include "study/opened.h"
#include "sweep/folder.h"
#include "sweep/points.h"

typedef struct sweep {
  hr_sweep_options options;
  hr_study_options study; /* that options.study points to */
  const hr_observer *observer;
  char *dir;
  hr_strings run_dirs; /* [value_count] */
  char **troubles;     /* [value_count] what went wrong at a point; NULL: nothing */
  bool *has_results;   /* [value_count] */
  size_t failed;       /* points */
  size_t first;        /* the first of them, */
  hr_error reason;     /* and why */
} sweep;

static const hr_sized sized_options = {
    "hr_sweep_options", "with hr_sweep_options_default()", {sizeof(hr_sweep_options)}};

static const char *value_of(const sweep *s, size_t i) {
  return s->options.values[i];
}

static bool wants_stop(void *context) {
  const sweep *s = context;
  return hr_observe_wants_stop(s->observer);
}

/* --- what is asked for --- */

static hr_status take_options(sweep *s, const hr_sweep_options *given, hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(hr_sized_take(&sized_options, given, &s->options, err));
  if (!s->options.study) {
    status = hr_fail(err, HR_ERR_USAGE, "hr_sweep_options has no study; give one");
    goto cleanup;
  }
  HR_TRY(hr_study_take_options(s->options.study, &s->study, err));
  s->options.study = &s->study;
  if (s->study.element_count > 0) {
    status = hr_fail(err, HR_ERR_USAGE,
                     "a sweep is no element of an array; leave element_count at 0, and "
                     "divide its points");
    goto cleanup;
  }
  HR_TRY(hr_sweep_check_values(&s->options, err));
cleanup:
  return status;
}

static hr_status sweep_init(sweep *s, const hr_sweep_options *options,
                            const hr_observer *observer, hr_error *err) {
  hr_status status = HR_OK;
  s->observer = observer;
  s->options = hr_sweep_options_default();
  s->study = hr_study_options_default();
  HR_TRY(take_options(s, options, err));
  HR_TRY(hr_sweep_find_folders(&s->options, &s->dir, &s->run_dirs, err));
  HR_TRY(hr_alloc(&s->troubles, s->options.value_count, err));
  HR_TRY(hr_alloc(&s->has_results, s->options.value_count, err));
cleanup:
  return status;
}

static void sweep_fini(sweep *s) {
  for (size_t i = 0; s->troubles && i < s->options.value_count; i++) {
    hr_free(s->troubles[i]);
  }
  hr_free(s->troubles);
  hr_free(s->has_results);
  hr_free(s->dir);
  hr_strings_fini(&s->run_dirs);
}

/* --- the points --- */

/* That a file of a report was written is not told of every point. */
static void take_warning(void *context, hr_log_level level, const char *line) {
  const sweep *s = context;
  if (level == HR_LOG_WARNING) hr_observe_warning(s->observer, "%s", line);
}

static hr_status take_finish(void *context, const char *run_dir, hr_error *err) {
  const hr_observer warnings = {context, take_warning, NULL, wants_stop};
  return hr_report_write(run_dir, &warnings, err);
}

/* What a point asks for; borrows `settings`. */
static hr_study_options options_of(sweep *s, size_t i, const hr_strings *settings) {
  hr_study_options options = s->study;
  options.out_dir = s->run_dirs.items[i];
  options.begun = NULL;
  options.finish = take_finish;
  options.context = s;
  options.settings = (const char *const *)settings->items;
  options.setting_count = settings->count;
  return options;
}

/* plans: NULL, or what is told of the point is appended to it. */
static hr_status describe(sweep *s, size_t i, hr_text *plans, hr_error *err) {
  hr_status status = HR_OK;
  hr_strings settings = {0};
  char *plan = NULL;
  const hr_observer silent = {s, NULL, NULL, wants_stop};
  HR_TRY(hr_sweep_settings(&s->options, i, &settings, err));
  const hr_study_options options = options_of(s, i, &settings);
  HR_TRY(hr_study_describe(&options, &silent, &plan, err));
cleanup:
  if (plan && plans) {
    hr_text_append(plans, "%s%s=%s\n%s", i > 0 ? "\n" : "", s->options.key,
                   value_of(s, i), plan);
  }
  hr_text_free(plan);
  hr_strings_fini(&settings);
  return status;
}

/* What is wrong with some points. What is wrong with all of them alike is said once. */
typedef struct wrong_points {
  hr_text list; /* "data.rows=0: ..; data.rows=-1: .." */
  size_t count;
  bool are_alike;
  hr_error first;
} wrong_points;

static void add_wrong(const sweep *s, size_t i, const hr_error *reason,
                      wrong_points *wrong) {
  if (wrong->count++ == 0) wrong->first = *reason;
  wrong->are_alike =
      wrong->are_alike && strcmp(wrong->first.message, reason->message) == 0;
  hr_text_append(&wrong->list, "%s%s=%s: %s", wrong->count > 1 ? "; " : "",
                 s->options.key, value_of(s, i), reason->message);
}

static hr_status tell_wrong(const sweep *s, const wrong_points *wrong, hr_error *err) {
  const hr_error *first = &wrong->first;
  if (wrong->count == 0) return HR_OK;
  if (wrong->are_alike && wrong->count == s->options.value_count) {
    return hr_fail(err, first->status, "%s", first->message);
  }
  return hr_fail(err, first->status, "%zu of %zu points cannot be run: %s", wrong->count,
                 s->options.value_count,
                 wrong->list.bytes ? wrong->list.bytes : first->message);
}

/* All points, before the first one is begun: a wrong value is told at once. */
static hr_status check_points(sweep *s, hr_text *plans, hr_error *err) {
  hr_status status = HR_OK;
  wrong_points wrong = {.are_alike = true};
  hr_progress progress = {
      .stage = "checking the points", .unit = "points", .total = s->options.value_count};
  hr_text_init(&wrong.list);
  for (size_t i = 0; i < s->options.value_count; i++) {
    hr_error reason = {.status = HR_OK};
    HR_TRY(hr_observe_progress(s->observer, &progress, err));
    hr_status own = describe(s, i, plans, &reason);
    if (own == HR_ERR_INTERRUPTED || own == HR_ERR_MEMORY) {
      status = hr_fail(err, own, "%s", reason.message);
      goto cleanup;
    }
    if (own != HR_OK) add_wrong(s, i, &reason, &wrong);
    progress.done++;
  }
  HR_TRY(hr_observe_progress(s->observer, &progress, err));
  HR_TRY(tell_wrong(s, &wrong, err));
cleanup:
  hr_text_fini(&wrong.list);
  return status;
}

/* The study of a point. HR_ERR_LOST where it is done without an expert. */
static hr_status run_point(sweep *s, size_t i, hr_error *err) {
  hr_status status = HR_OK;
  hr_strings settings = {0};
  char *run_dir = NULL, *experts = NULL;
  HR_TRY(hr_sweep_settings(&s->options, i, &settings, err));
  const hr_study_options options = options_of(s, i, &settings);
  HR_TRY(hr_study_run(&options, s->observer, &run_dir, err));
  HR_TRY(hr_study_lost(run_dir, &experts, err));
  if (experts) {
    status = hr_fail(err, HR_ERR_LOST, "no bin has a model of %s", experts);
  }
cleanup:
  hr_text_free(run_dir);
  hr_text_free(experts);
  hr_strings_fini(&settings);
  return status;
}

/* A point that fails takes no other with it. */
static hr_status run_points(sweep *s, hr_error *err) {
  hr_status status = HR_OK;
  size_t count = s->options.value_count;
  for (size_t i = 0; i < count; i++) {
    hr_error reason = {.status = HR_OK};
    hr_observe_info(s->observer, "point %zu of %zu: %s=%s", i + 1, count, s->options.key,
                    value_of(s, i));
    hr_status own = run_point(s, i, &reason);
    s->has_results[i] = own == HR_OK || own == HR_ERR_LOST;
    if (own == HR_OK) continue;
    if (own == HR_ERR_INTERRUPTED) {
      status = hr_fail(err, own, "%s", reason.message);
      goto cleanup;
    }
    hr_observe_warning(s->observer, "%s=%s: %s", s->options.key, value_of(s, i),
                       reason.message);
    HR_TRY(hr_copy_text(reason.message, &s->troubles[i], err));
    if (s->failed++ == 0) {
      s->first = i;
      s->reason = reason;
    }
  }
cleanup:
  return status;
}

/* --- the whole --- */

static hr_status write_results(const sweep *s, char **table, hr_error *err) {
  const hr_sweep_outline outline = {.key = s->options.key,
                                    .values = s->options.values,
                                    .run_dirs = (const char *const *)s->run_dirs.items,
                                    .troubles = (const char *const *)s->troubles,
                                    .has_results = s->has_results,
                                    .count = s->options.value_count};
  return hr_sweep_write(s->dir, &outline, table, err);
}

hr_status hr_sweep_run(const hr_sweep_options *options, const hr_observer *observer,
                       char **dir, char **table, hr_error *err) {
  hr_status status = HR_OK;
  sweep s = {0};
  *dir = *table = NULL;
  HR_TRY(sweep_init(&s, options, observer, err));
  HR_TRY(check_points(&s, NULL, err));
  HR_TRY(hr_sweep_clear(s.dir, err));
  HR_TRY(run_points(&s, err));
  HR_TRY(write_results(&s, table, err));
  *dir = s.dir;
  s.dir = NULL;
  if (s.failed > 0) {
    status = hr_fail(err, s.reason.status,
                     "%zu of %zu points failed or lost an expert; the first is %s=%s: %s",
                     s.failed, s.options.value_count, s.options.key,
                     value_of(&s, s.first), s.reason.message);
  }
cleanup:
  sweep_fini(&s);
  return status;
}

hr_status hr_sweep_describe(const hr_sweep_options *options, const hr_observer *observer,
                            char **plans, hr_error *err) {
  hr_status status = HR_OK;
  sweep s = {0};
  hr_text text;
  hr_text_init(&text);
  *plans = NULL;
  HR_TRY(sweep_init(&s, options, observer, err));
  HR_TRY(check_points(&s, &text, err));
  HR_TRY(hr_text_status(&text, err));
cleanup:
  *plans = text.bytes;
  text.bytes = NULL;
  hr_text_fini(&text);
  sweep_fini(&s);
  return status;
}
