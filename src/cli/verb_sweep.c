/* `headroom sweep`: one study at several values of one key, a run after the other. Each
 * point is an ordinary run directory; table and figure are made of their results. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "cli/habits.h"
#include "cli/interrupt.h"
#include "cli/sweep_values.h"
#include "cli/verb.h"
#include "config/compat.h"
#include "config/config.h"
#include "core/alloc.h"
#include "core/file.h"
#include "core/observe.h"
#include "headroom/report.h"
#include "headroom/study.h"
#include "report/sweep.h"

typedef struct sweep_values {
  const char *out;
  bool dry_run;
  bool resume;
  bool restart;
  bool replace;
  bool no_preflight;
  hr_strings settings;
  const char *compat;
  hr_habits habits;
} sweep_values;

typedef struct sweep {
  const sweep_values *given;
  const char *config_path;
  hr_display display;
  hr_observer observer;
  hr_sweep_values values;
  size_t count; /* of points */
  char *dir;
  hr_strings run_dirs; /* [count] */
  char **troubles;     /* [count] what went wrong at a point; NULL: nothing */
  bool *has_results;   /* [count] */
  size_t failed;       /* points */
  size_t first;        /* the first of them, */
  hr_error reason;     /* and why */
} sweep;

static bool is_interrupted(void *context) {
  (void)context;
  return hr_interrupt_came();
}

static const char *value_of(const sweep *s, size_t i) {
  return s->values.values.items[i];
}

/* --- where it goes --- */

/* The configuration says what the study is called. */
static hr_status load(const sweep *s, hr_config **out, hr_error *err) {
  hr_status status = HR_OK;
  hr_strings settings = {0};
  if (s->given->compat) HR_TRY(hr_config_compat(s->given->compat, &settings, err));
  HR_TRY(hr_sweep_values_settings(&s->values, 0, &settings, err));
  HR_TRY(hr_config_load_with(s->config_path, &settings, out, err));
cleanup:
  hr_strings_fini(&settings);
  return status;
}

static hr_status name_dir(sweep *s, hr_error *err) {
  hr_status status = HR_OK;
  hr_config *config = NULL;
  hr_text name;
  hr_text_init(&name);
  if (s->given->out) return hr_copy_text(s->given->out, &s->dir, err);
  HR_TRY(load(s, &config, err));
  const char *id = config->experiment.id;
  if (strchr(id, '/') || !*id) {
    status = hr_fail(err, HR_ERR_CONFIG,
                     "%s: experiment.id '%s' cannot name the folder of a sweep; name it "
                     "with --out",
                     s->config_path, id);
    goto cleanup;
  }
  hr_text_append(&name, "%s-%s", id, s->values.key);
  HR_TRY(hr_text_status(&name, err));
  HR_TRY(hr_join_path("runs", name.bytes, &s->dir, err));
cleanup:
  hr_text_fini(&name);
  hr_config_destroy(&config);
  return status;
}

/* Whether there is a folder with something in it. */
static bool holds_something(const char *path) {
  DIR *folder = opendir(path);
  bool found = false;
  if (!folder) return false;
  for (const struct dirent *entry = NULL; !found && (entry = readdir(folder)) != NULL;) {
    found = strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
  }
  closedir(folder);
  return found;
}

/* The key of the points in a folder where none is of `key`; *out is NULL where there is
 * none, or one of it. Folders are called KEY=VALUE. */
static hr_status find_other_key(const char *points, const char *key, char **out,
                                hr_error *err) {
  hr_status status = HR_OK;
  DIR *folder = opendir(points);
  bool is_own = false;
  *out = NULL;
  if (!folder) return HR_OK;
  for (const struct dirent *entry = NULL; !is_own && (entry = readdir(folder)) != NULL;) {
    const char *end = strchr(entry->d_name, '=');
    size_t length = end ? (size_t)(end - entry->d_name) : 0;
    if (!end) continue;
    is_own = length == strlen(key) && strncmp(entry->d_name, key, length) == 0;
    if (*out || is_own) continue;
    HR_TRY(hr_copy_text(entry->d_name, out, err));
    (*out)[length] = '\0';
  }
  if (is_own) {
    hr_free(*out);
    *out = NULL;
  }
cleanup:
  closedir(folder);
  return status;
}

/* Table and figure are of one key: those of another one would be gone unasked. */
static hr_status check_key(const sweep *s, hr_error *err) {
  hr_status status = HR_OK;
  char *points = NULL, *other = NULL;
  if (s->given->restart || s->given->replace) return HR_OK;
  HR_TRY(hr_join_path(s->dir, "points", &points, err));
  HR_TRY(find_other_key(points, s->values.key, &other, err));
  if (other) {
    status = hr_fail(err, HR_ERR_USAGE,
                     "%s holds a sweep over %s, whose table and figure one over %s would "
                     "replace; name another directory with --out, or say --restart",
                     s->dir, other, s->values.key);
  }
cleanup:
  hr_free(points);
  hr_free(other);
  return status;
}

static hr_status check_dir(const sweep *s, hr_error *err) {
  if (!holds_something(s->dir)) return HR_OK;
  if (hr_folder_has(s->dir, "points")) return check_key(s, err);
  return hr_fail(err, HR_ERR_USAGE,
                 "%s holds something else than a sweep; name another directory with "
                 "--out",
                 s->dir);
}

static hr_status prepare(sweep *s, hr_error *err) {
  hr_status status = HR_OK;
  char *points = NULL, *run_dir = NULL;
  HR_TRY(hr_sweep_values_read(&s->given->settings, &s->values, err));
  s->count = s->values.values.count;
  HR_TRY(name_dir(s, err));
  HR_TRY(check_dir(s, err));
  HR_TRY(hr_alloc(&s->troubles, s->count, err));
  HR_TRY(hr_alloc(&s->has_results, s->count, err));
  HR_TRY(hr_join_path(s->dir, "points", &points, err));
  for (size_t i = 0; i < s->count; i++) {
    HR_TRY(hr_join_path(points, s->values.folders.items[i], &run_dir, err));
    HR_TRY(hr_strings_append(&s->run_dirs, run_dir, err));
    hr_free(run_dir);
    run_dir = NULL;
  }
cleanup:
  hr_free(points);
  hr_free(run_dir);
  return status;
}

/* --- the points --- */

/* That a file of a report was written is not told of every point. */
static void take_warning(void *context, hr_log_level level, const char *line) {
  const sweep *s = context;
  if (level == HR_LOG_WARNING) s->observer.log(s->observer.context, level, line);
}

static hr_status take_finish(void *context, const char *run_dir, hr_error *err) {
  const hr_observer warnings = {context, take_warning, NULL, is_interrupted};
  return hr_report_write(run_dir, &warnings, err);
}

/* What a point asks the library for; borrows `settings`. */
static hr_study_options options_of(sweep *s, size_t i, const hr_strings *settings) {
  hr_study_options options = hr_study_options_default();
  options.config_path = s->config_path;
  options.out_dir = s->run_dirs.items[i];
  options.mode = s->given->replace   ? HR_STUDY_REPLACE
                 : s->given->resume  ? HR_STUDY_RESUME
                 : s->given->restart ? HR_STUDY_RESTART
                                     : HR_STUDY_NEW;
  options.skip_preflight = s->given->no_preflight;
  options.compat = s->given->compat;
  options.finish = take_finish;
  options.context = s;
  options.settings = (const char *const *)settings->items;
  options.setting_count = settings->count;
  return options;
}

static hr_status describe(sweep *s, size_t i, hr_error *err) {
  hr_status status = HR_OK;
  hr_strings settings = {0};
  char *plan = NULL;
  const hr_observer silent = {NULL, NULL, NULL, is_interrupted};
  HR_TRY(hr_sweep_values_settings(&s->values, i, &settings, err));
  const hr_study_options options = options_of(s, i, &settings);
  HR_TRY(hr_study_describe(&options, &silent, &plan, err));
cleanup:
  if (plan && s->given->dry_run && !s->display.is_quiet) {
    printf("%s%s=%s\n%s", i > 0 ? "\n" : "", s->values.key, value_of(s, i), plan);
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
  hr_text_append(&wrong->list, "%s%s=%s: %s", wrong->count > 1 ? "; " : "", s->values.key,
                 value_of(s, i), reason->message);
}

static hr_status tell_wrong(const sweep *s, const wrong_points *wrong, hr_error *err) {
  const hr_error *first = &wrong->first;
  if (wrong->count == 0) return HR_OK;
  if (wrong->are_alike && wrong->count == s->count) {
    return hr_fail(err, first->status, "%s", first->message);
  }
  return hr_fail(err, first->status, "%zu of %zu points cannot be run: %s", wrong->count,
                 s->count, wrong->list.bytes ? wrong->list.bytes : first->message);
}

/* All points, before the first one is begun: a wrong value is told at once. */
static hr_status check_points(sweep *s, hr_error *err) {
  hr_status status = HR_OK;
  wrong_points wrong = {.are_alike = true};
  hr_progress progress = {
      .stage = "checking the points", .unit = "points", .total = s->count};
  hr_text_init(&wrong.list);
  for (size_t i = 0; i < s->count; i++) {
    hr_error reason = {.status = HR_OK};
    HR_TRY(hr_observe_progress(&s->observer, &progress, err));
    hr_status own = describe(s, i, &reason);
    if (own == HR_ERR_INTERRUPTED || own == HR_ERR_MEMORY) {
      status = hr_fail(err, own, "%s", reason.message);
      goto cleanup;
    }
    if (own != HR_OK) add_wrong(s, i, &reason, &wrong);
    progress.done++;
  }
  HR_TRY(hr_observe_progress(&s->observer, &progress, err));
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
  HR_TRY(hr_sweep_values_settings(&s->values, i, &settings, err));
  const hr_study_options options = options_of(s, i, &settings);
  HR_TRY(hr_study_run(&options, &s->observer, &run_dir, err));
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
  for (size_t i = 0; i < s->count; i++) {
    hr_error reason = {.status = HR_OK};
    hr_observe_info(&s->observer, "point %zu of %zu: %s=%s", i + 1, s->count,
                    s->values.key, value_of(s, i));
    hr_status own = run_point(s, i, &reason);
    s->has_results[i] = own == HR_OK || own == HR_ERR_LOST;
    if (own == HR_OK) continue;
    if (own == HR_ERR_INTERRUPTED) {
      status = hr_fail(err, own, "%s", reason.message);
      goto cleanup;
    }
    hr_observe_warning(&s->observer, "%s=%s: %s", s->values.key, value_of(s, i),
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

static hr_status write_results(const sweep *s, hr_error *err) {
  hr_status status = HR_OK;
  char *text = NULL;
  const hr_sweep_outline outline = {.key = s->values.key,
                                    .values = (const char *const *)s->values.values.items,
                                    .run_dirs = (const char *const *)s->run_dirs.items,
                                    .troubles = (const char *const *)s->troubles,
                                    .has_results = s->has_results,
                                    .count = s->count};
  HR_TRY(hr_sweep_write(s->dir, &outline, &text, err));
  if (!s->display.is_quiet) printf("%s%s/sweep.md\n", text, s->dir);
cleanup:
  hr_text_free(text);
  return status;
}

static hr_status work(sweep *s, hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(prepare(s, err));
  HR_TRY(check_points(s, err));
  if (s->given->dry_run) goto cleanup;
  HR_TRY(hr_sweep_clear(s->dir, err));
  HR_TRY(run_points(s, err));
  HR_TRY(write_results(s, err));
  if (s->failed > 0) {
    status = hr_fail(err, s->reason.status,
                     "%zu of %zu points failed or lost an expert; the first is %s=%s: %s",
                     s->failed, s->count, s->values.key, value_of(s, s->first),
                     s->reason.message);
  }
cleanup:
  return status;
}

static hr_status run(const void *values, const char *operand, hr_error *err) {
  sweep s = {.given = values, .config_path = operand};
  if (s.given->resume + s.given->restart + s.given->replace > 1) {
    return hr_fail(
        err, HR_ERR_USAGE,
        "--resume goes on with a sweep, --restart and --replace throw it away; "
        "give one");
  }
  hr_interrupt_watch();
  hr_interrupt_outlive_readers();
  hr_habits_begin(&s.given->habits, &s.display);
  s.observer = hr_display_observer(&s.display);
  hr_status status = work(&s, err);
  for (size_t i = 0; s.troubles && i < s.count; i++) hr_free(s.troubles[i]);
  hr_free(s.troubles);
  hr_free(s.has_results);
  hr_free(s.dir);
  hr_strings_fini(&s.run_dirs);
  hr_sweep_values_fini(&s.values);
  hr_display_fini(&s.display);
  return status;
}

#define FLAG(name_, member, help_)                                                   \
  {                                                                                  \
    .name = name_, .kind = HR_OPTION_FLAG, .offset = offsetof(sweep_values, member), \
    .help = help_                                                                    \
  }

static const hr_option options[] = {
    {.name = "set",
     .kind = HR_OPTION_TEXTS,
     .offset = offsetof(sweep_values, settings),
     .value = "KEY=V1,V2,...",
     .required = true,
     .help = "what is swept; of other keys one value, for all"},
    {.name = "out",
     .kind = HR_OPTION_TEXT,
     .offset = offsetof(sweep_values, out),
     .value = "DIR",
     .help = "the folder of the sweep (runs/EXPERIMENT-ID-KEY)"},
    FLAG("dry-run", dry_run, "say what every point would read and need; write nothing"),
    FLAG("resume", resume, "go on with the sweep in the folder, however it ended"),
    FLAG("restart", restart, "throw away what an unfinished point has done"),
    FLAG("replace", replace, "discard the results of its points, whatever the study"),
    FLAG("no-preflight", no_preflight, "begin even where memory or disk seem too small"),
    {.name = "compat",
     .kind = HR_OPTION_TEXT,
     .offset = offsetof(sweep_values, compat),
     .value = "NAME",
     .help = "experts and gates with the settings of earlier studies: users"},
    HR_HABITS(sweep_values, habits),
};

const hr_verb hr_verb_sweep = {
    .grammar = {.verb = "sweep",
                .operand = "CONFIG",
                .options = options,
                .option_count = sizeof options / sizeof options[0]},
    .summary = "run a study at several values of one key, e.g. a learning curve",
    .details =
        "--set data.rows=1000,5000,20000 is a learning curve: every point takes so many\n"
        "of the training rows, fewer being some of more. --set noise.level=0.5,1,2 is a\n"
        "curve over noise, of the test rows too with --set noise.test=generated. Any\n"
        "key will do; a list as a value is in brackets: ridge.alpha=[1],[1,10].\n"
        "\n"
        "All points are checked before the first is begun. Each is an ordinary run in\n"
        "DIR/points/KEY=VALUE, with a report of its own; one that fails is told and the\n"
        "others go on. DIR/sweep.md has the table and the figure of R² against the\n"
        "value, with 95 % intervals, DIR/sweep.csv every method. --resume goes on with\n"
        "a sweep that was stopped or killed, and takes more values, too.",
    .values_size = sizeof(sweep_values),
    .run = run,
};
