/* The life of a study, from its configuration to its report. */
#include "headroom/study.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/door.h"
#include "core/file.h"
#include "core/json_file.h"
#include "core/observe.h"
#include "session/clear.h"
#include "session/rank_folders.h"
#include "session/rundir.h"
#include "session/task_folders.h"
#include "session/timings.h"
#include "session/watch.h"
#include "study/bound.h"
#include "study/bundle.h"
#include "study/check_data.h"
#include "study/describe.h"
#include "study/elsewhere.h"
#include "study/estimate.h"
#include "study/gates.h"
#include "study/judge.h"
#include "study/merge.h"
#include "study/method_run.h"
#include "study/part.h"
#include "study/preflight.h"
#include "study/ranks.h"
#include "study/results_check.h"
#include "study/row_labels.h"

typedef struct study {
  const hr_config *config;
  const hr_study_options *options;
  const char *out_dir;
  hr_plan *plan;
  hr_watch *watch;
  hr_rundir rundir;
  hr_method_run *runs;  /* [expert_count] */
  hr_outcome *outcomes; /* [targets][expert_count] of the runs, when all are done */
  hr_study_gates gates;
  hr_bound bound;
  double *measured_snr; /* [test rows] from the spectra; NaN: not known */
  hr_row_labels labels;
  hr_preparation train_preparation, test_preparation;
  bool is_train_counted;
  hr_timings timings;
  hr_part part; /* of an element of an array; what it does without is not there */
  bool is_element;
  bool is_merged; /* elements have nothing left to do: there are results already */
  bool merges;    /* puts elements together */
  hr_merge merge;
  hr_ranks *ranks; /* that do it together; NULL: this process alone */
  bool is_guest;   /* of rank 0, which owns the run directory */
  bool learns_gates, has_learned_gates;
} study;

static const hr_observer *observer_of(const study *s) {
  return &s->watch->observer;
}

static size_t targets_of(const study *s) {
  return hr_study_targets(&s->plan->view);
}

/* What is known of an earlier run's work. */
static void forget_runs(study *s) {
  for (size_t i = 0; s->runs && i < s->config->expert_count; i++)
    hr_method_run_fini(&s->runs[i]);
  hr_free(s->runs);
  hr_free(s->outcomes);
  s->runs = NULL;
  s->outcomes = NULL;
  hr_bad_files_fini(&s->train_preparation.bad_files);
}

static void destroy_runs(study *s) {
  forget_runs(s);
  hr_study_gates_fini(&s->gates);
  hr_bound_fini(&s->bound);
  hr_free(s->measured_snr);
  hr_row_labels_fini(&s->labels);
  hr_part_fini(&s->part);
  hr_merge_fini(&s->merge);
  hr_bad_files_fini(&s->test_preparation.bad_files);
}

/* Finds out what an earlier run has done already. */
static hr_status find_runs(study *s, const char *print, hr_error *err) {
  hr_status status = HR_OK;
  size_t count = s->config->expert_count;
  HR_TRY(hr_alloc(&s->runs, count, err));
  HR_TRY(hr_alloc(&s->outcomes, targets_of(s) * count, err));
  for (size_t i = 0; i < count; i++) {
    HR_TRY(hr_method_run_init(&s->runs[i], s->plan, &s->config->experts[i], s->out_dir,
                              print, err));
  }
  hr_rundir_read_preparation(s->out_dir, &s->plan->origin, &s->train_preparation,
                             &s->is_train_counted);
cleanup:
  return status;
}

static bool are_tasks_done(const study *s) {
  for (size_t i = 0; i < s->config->expert_count; i++) {
    const hr_method_run *run = &s->runs[i];
    bool is_absent = !run->type->destroy;
    if (run->state != HR_METHOD_RUN_DONE && !is_absent) return false;
  }
  return true;
}

/* Whether the results of every target are there and whole. */
static hr_status check_results(const study *s, const char *print, hr_error *err) {
  hr_status status = HR_OK;
  for (size_t t = 0; t < targets_of(s) && status == HR_OK; t++) {
    char *dir = NULL;
    status = hr_plan_target_dir(s->plan, s->out_dir, t, &dir, err);
    if (status == HR_OK) {
      status = hr_results_check(dir, print, s->plan->view.test_rows, err);
    }
    if (status == HR_OK) {
      const char *name = s->plan->targets[t].name;
      status = hr_results_check_units(dir, s->config, name, err);
    }
    hr_free(dir);
  }
  return status;
}

/* Whether an earlier run left nothing to do. Results that are damaged are not there: the
 * tasks are judged again. */
static hr_status look_for_work(const study *s, const char *print, bool *is_complete,
                               hr_error *err) {
  hr_error reason = {.status = HR_OK};
  *is_complete = false;
  if (!s->rundir.has_results || !are_tasks_done(s)) return HR_OK;
  /* A bundle says what the gates are, and only learning them knows. */
  bool lacks_gates =
      s->config->gate_count > 0 && !hr_study_has_bundle(s->config, s->out_dir);
  if (lacks_gates) return HR_OK;
  hr_status status = check_results(s, print, &reason);
  if (status == HR_ERR_MEMORY) return hr_fail(err, status, "%s", reason.message);
  *is_complete = status == HR_OK;
  if (status == HR_OK) {
    hr_observe_info(observer_of(s), "%s is complete: there is nothing left to do",
                    s->out_dir);
  } else {
    hr_observe_warning(observer_of(s), "%s: the results are made again from the tasks",
                       reason.message);
  }
  return HR_OK;
}

/* So that what a run has done by the time it is killed is told by the next one. */
static void keep_timings(const study *s) {
  if (s->is_guest) return;
  if (hr_timings_write(&s->timings, s->out_dir, hr_file_write_fleeting, NULL) != HR_OK) {
    /* A full disk ends the run where it matters, not here. */
  }
}

static hr_status show_block(void *context, const hr_block *block, hr_error *err) {
  hr_status status = HR_OK;
  study *s = context;
  hr_timings_lap(&s->timings, "read training rows", NULL);
  for (size_t i = 0; i < s->config->expert_count; i++) {
    HR_TRY(hr_method_run_observe(&s->runs[i], block, err));
    hr_timings_lap(&s->timings, "gather", s->runs[i].type->name);
  }
  if (!s->learns_gates) goto cleanup;
  HR_TRY(hr_study_gates_observe(&s->gates, block, err));
  hr_timings_lap(&s->timings, "gates", NULL);
cleanup:
  return status;
}

/* The one pass over the training rows, for all experts that have something to learn. */
static hr_status read_training(study *s, hr_error *err) {
  hr_status status = HR_OK;
  /* Elements have something to learn, or leave the counting and the gates to others; so
   * do guests. */
  bool is_helper = s->is_element || s->is_guest;
  bool wanted = !s->is_train_counted && !is_helper;
  s->learns_gates = !is_helper && !s->has_learned_gates;
  for (size_t i = 0; i < s->config->expert_count; i++) {
    HR_TRY(hr_method_run_sample(&s->runs[i], s->plan, err));
    wanted = wanted || hr_method_run_wants_rows(&s->runs[i]);
  }
  hr_timings_lap(&s->timings, "sample", NULL);
  if (s->learns_gates) HR_TRY(hr_study_gates_init(&s->gates, s->plan, err));
  s->has_learned_gates = s->learns_gates || s->has_learned_gates;
  hr_timings_lap(&s->timings, "gates", NULL);
  wanted = wanted || (s->learns_gates && hr_study_gates_want_rows(&s->gates));
  if (!wanted) return HR_OK;
  const hr_pass pass = {.plan = s->plan,
                        .training = true,
                        .stage = "reading training spectra",
                        .visit = show_block,
                        .context = s};
  HR_TRY(hr_pass_run(&pass, &s->train_preparation, err));
  s->train_preparation.left_out_rows = s->plan->conditions.left_out;
  hr_timings_lap(&s->timings, "read training rows", NULL);
  hr_timings_move(&s->timings, "read training rows", "noise for training rows",
                  s->train_preparation.prepare_seconds);
  if (s->is_guest) goto cleanup; /* the host writes the same */
  HR_TRY(hr_rundir_write_preparation(s->out_dir, &s->plan->origin, &s->train_preparation,
                                     err));
  keep_timings(s);
cleanup:
  return status;
}

/* One expert after the other, so that each one's memory is free for the next. */
static hr_status finish_runs(study *s, hr_error *err) {
  hr_status status = HR_OK;
  for (size_t turn = 0; turn < s->plan->memory.count; turn++) {
    size_t i = s->plan->memory.turn[turn];
    hr_method_run *run = &s->runs[i];
    HR_TRY(hr_method_run_predict(run, s->plan, err));
    HR_TRY(hr_method_run_finish(run, err));
    for (size_t t = 0; run->outcomes && t < targets_of(s); t++) {
      s->outcomes[t * s->config->expert_count + i] = run->outcomes[t];
    }
    hr_give_back_freed();
    hr_timings_lap(&s->timings, "train and predict", run->type->name);
    keep_timings(s);
  }
cleanup:
  return status;
}

static hr_status show_last(void *context, const hr_block *block, hr_error *err) {
  (void)err;
  study *s = context;
  hr_bound_observe(&s->bound, block);
  for (size_t i = 0; i < block->rows; i++) {
    s->measured_snr[block->first_row + i] = block->snr ? block->snr[i] : (double)NAN;
  }
  return HR_OK;
}

/* A last pass over the test rows, for what is no expert: the bound, the signal-to-noise
 * ratios, and what preparation counts. */
static hr_status read_test(study *s, hr_error *err) {
  hr_status status = HR_OK;
  const hr_pass pass = {
      .plan = s->plan, .stage = "reading test spectra", .visit = show_last, .context = s};
  HR_TRY(hr_alloc(&s->measured_snr, s->plan->view.test_rows, err));
  HR_TRY(hr_bound_init(&s->bound, s->plan, err));
  HR_TRY(hr_pass_run(&pass, &s->test_preparation, err));
  HR_TRY(hr_bound_finish(&s->bound, s->plan, s->out_dir, err));
  hr_timings_lap(&s->timings, "bound by Fisher information", NULL);
cleanup:
  return status;
}

/* What is left to predict with, of all experts but the controls. With `gates` those that
 * need it are trained then, and it is written again. */
static hr_status write_bundle(study *s, bool gates, hr_error *err) {
  hr_status status = HR_OK;
  size_t count = s->config->expert_count - s->config->control_count;
  hr_study_method *methods = NULL;
  HR_TRY(hr_alloc(&methods, count, err));
  for (size_t i = 0; i < count; i++) {
    const hr_method_run *run = &s->runs[i];
    methods[i] = (hr_study_method){run->type, run->fits, run->slots};
  }
  hr_study_bundle bundle = {methods, count, s->gates.trained, s->gates.trained_count};
  HR_TRY(hr_study_write_bundle(s->plan, s->out_dir, &bundle, err));
  if (!gates || !hr_study_gates_want_experts(&s->gates)) goto cleanup;
  HR_TRY(hr_study_gates_train_on_experts(&s->gates, s->out_dir, &bundle, err));
  bundle.gate_count = s->gates.trained_count;
  HR_TRY(hr_study_write_bundle(s->plan, s->out_dir, &bundle, err));
cleanup:
  hr_free(methods);
  return status;
}

/* Trains the gates, and predicts the test rows by them with the models of the bundle. */
static hr_status work_gates(study *s, hr_error *err) {
  hr_status status = HR_OK;
  if (s->gates.count == 0) return HR_OK;
  HR_TRY(hr_study_gates_train(&s->gates, s->out_dir, err));
  HR_TRY(write_bundle(s, true, err));
  const hr_gated_known known = {s->outcomes, s->config->expert_count};
  HR_TRY(hr_study_gates_predict(&s->gates, &known, s->out_dir, err));
  hr_timings_lap(&s->timings, "gates", NULL);
cleanup:
  return status;
}

static hr_status judge(const study *s, hr_error *err) {
  const hr_judging judging = {.plan = s->plan,
                              .out_dir = s->out_dir,
                              .observer = observer_of(s),
                              .outcomes = s->outcomes,
                              .gates = &s->gates,
                              .bound = &s->bound,
                              .measured_snr = s->measured_snr,
                              .labels = &s->labels,
                              .train_preparation = &s->train_preparation,
                              .test_preparation = &s->test_preparation};
  return hr_study_judge(&judging, err);
}

static void tell_preparation(const study *s) {
  const hr_preparation *train = &s->train_preparation, *test = &s->test_preparation;
  hr_observe_info(
      observer_of(s),
      "preparation: %llu flux values below 0 clipped, %llu bad pixels left out or "
      "filled: %llu masked, %llu of flux, %llu errors that are no number, %llu not above "
      "0, %llu absurdly large (training and test)",
      (unsigned long long)(train->clipped_pixels + test->clipped_pixels),
      (unsigned long long)(train->bad_pixels + test->bad_pixels),
      (unsigned long long)(train->marked_pixels + test->marked_pixels),
      (unsigned long long)(train->bad_flux_pixels + test->bad_flux_pixels),
      (unsigned long long)(train->unknown_error_pixels + test->unknown_error_pixels),
      (unsigned long long)(train->nonpositive_error_pixels +
                           test->nonpositive_error_pixels),
      (unsigned long long)(train->huge_error_pixels + test->huge_error_pixels));
}

/* The level changes generated noise only; stored noise is what it is. */
static void warn_of_uneven_noise(const study *s) {
  double level = s->config->data.noise.level;
  if (level == 1 || strcmp(s->config->data.noise.test, "stored") != 0) return;
  hr_observe_warning(observer_of(s),
                     "data.noise.level %g is that of the training rows alone: the test "
                     "rows take the noise stored with them (data.noise.test)",
                     level);
}

/* What is left to be done, of memory, disk and operations. */
static hr_status check_machine(const study *s, hr_cost *cost, hr_error *err) {
  hr_status status = HR_OK;
  bool *is_done = NULL;
  hr_resources resources;
  HR_TRY(hr_alloc(&is_done, s->config->expert_count, err));
  for (size_t i = 0; s->runs && i < s->config->expert_count; i++) {
    bool is_there = s->merges && hr_merge_has(&s->merge, i);
    is_done[i] = s->runs[i].state == HR_METHOD_RUN_DONE || is_there;
  }
  hr_plan_estimate_rest(s->plan, is_done, cost);
  if (s->ranks) cost->memory_bytes = 0; /* looked at when it is shared out */
  hr_resources_find(s->out_dir, "", &resources);
  if (!s->options->skip_preflight) {
    HR_TRY(hr_preflight(cost, &resources, s->out_dir, err));
  }
cleanup:
  hr_free(is_done);
  return status;
}

/* Tells everybody that the work begins. */
static void announce(const study *s, const hr_cost *cost) {
  size_t tasks = 0;
  double seconds = s->options->begun ? hr_plan_seconds(cost) : 0;
  for (size_t i = 0; i < s->config->expert_count; i++) {
    const hr_method_run *run = &s->runs[i];
    const hr_method *type = run->type;
    bool is_here = type->destroy && (!type->available || type->available(NULL) == HR_OK);
    if (is_here || run->state == HR_METHOD_RUN_DONE) {
      tasks += run->targets * run->slots;
    }
  }
  if (s->is_element) tasks = targets_of(s) * s->part.record.tasks.count;
  hr_watch_begin(s->watch, s->out_dir, tasks, seconds,
                 s->rundir.is_resumed ? &s->timings.earlier : NULL);
  if (s->rundir.former.pid != 0) {
    hr_observe_info(observer_of(s),
                    "%s was left by process %lld, which ended without saying why: taken "
                    "over",
                    s->out_dir, s->rundir.former.pid);
  }
  if (s->rundir.is_resumed) {
    size_t done = 0, trained = 0;
    hr_task_folders_count(s->out_dir, &done, &trained);
    hr_observe_info(observer_of(s),
                    "resuming %s: %zu of %zu tasks are done, %zu more are trained",
                    s->out_dir, done, tasks, trained);
  }
  if (s->is_element) {
    hr_observe_info(observer_of(s), "element %zu of %zu has %zu of the study's tasks",
                    s->part.record.element, s->part.record.of,
                    s->part.record.tasks.count);
  }
  if (s->options->begun) {
    s->options->begun(s->options->context, s->out_dir, seconds);
  }
}

static hr_status drop_target(const study *s, size_t t, hr_error *err) {
  hr_status status = HR_OK;
  char *dir = NULL, *path = NULL;
  HR_TRY(hr_plan_target_dir(s->plan, s->out_dir, t, &dir, err));
  HR_TRY(hr_join_path(dir, "results.json", &path, err));
  HR_TRY(hr_remove_all(path, err));
cleanup:
  hr_free(dir);
  hr_free(path);
  return status;
}

/* Results of fewer tasks than there will be must not outlive them. */
static hr_status drop_results(const study *s, hr_error *err) {
  hr_status status = HR_OK;
  for (size_t t = 0; t < targets_of(s) && status == HR_OK; t++)
    status = drop_target(s, t, err);
  return status;
}

static void tell_end(const study *s) {
  const hr_sessions *earlier = &s->timings.earlier;
  double seconds = hr_clock_seconds() - s->watch->begun;
  if (earlier->count == 0) {
    hr_observe_info(observer_of(s), "study %s done in %.1f s", s->config->experiment.id,
                    seconds);
  } else {
    hr_observe_info(observer_of(s), "study %s done in %.1f s, %.1f s in %zu sessions",
                    s->config->experiment.id, seconds, earlier->seconds + seconds,
                    earlier->count + 1);
  }
}

static hr_status work(study *s, hr_error *err) {
  hr_status status = HR_OK;
  warn_of_uneven_noise(s);
  hr_plan_warn(s->plan);
  HR_TRY(hr_study_drop_bundle(s->out_dir, err));
  HR_TRY(drop_results(s, err));
  for (size_t i = 0; i < s->config->expert_count; i++) {
    HR_TRY(hr_method_run_begin(&s->runs[i], err));
  }
  hr_timings_lap(&s->timings, "prepare", NULL);
  HR_TRY(read_training(s, err));
  HR_TRY(finish_runs(s, err));
  HR_TRY(hr_study_tell_elsewhere(s->plan, s->outcomes, err));
  HR_TRY(work_gates(s, err));
  HR_TRY(read_test(s, err));
  tell_preparation(s);
  HR_TRY(hr_plan_check_rows(s->plan, &s->train_preparation, &s->test_preparation, err));
  HR_TRY(judge(s, err));
  hr_timings_lap(&s->timings, "judge", NULL);
  tell_end(s);
cleanup:
  return status;
}

/* The part of an element: it trains, and its experts that are not divided predict. Test
 * rows' truth is not looked at, and nothing is judged. */
static hr_status work_part(study *s, hr_error *err) {
  hr_status status = HR_OK;
  bool absent[HR_MEMORY_PLAN_MOST] = {false};
  HR_TRY(hr_part_begin(&s->part, err));
  for (size_t i = 0; i < s->config->expert_count; i++) {
    HR_TRY(hr_method_run_begin(&s->runs[i], err));
    absent[i] = s->runs[i].state == HR_METHOD_RUN_ABSENT;
  }
  hr_timings_lap(&s->timings, "prepare", NULL);
  HR_TRY(read_training(s, err));
  HR_TRY(finish_runs(s, err));
  HR_TRY(hr_part_end(&s->part, s->plan, absent, err));
  tell_end(s);
cleanup:
  return status;
}

/* Makes tasks of elements those of the run directory. */
static hr_status take_elements(study *s, hr_error *err) {
  hr_status status = HR_OK;
  size_t taken = 0;
  HR_TRY(hr_merge_find(s->plan, s->out_dir, &s->merge, err));
  if (!s->rundir.is_resumed) {
    HR_TRY(hr_run_clear(s->out_dir, err));
    HR_TRY(hr_rundir_write_origin(s->out_dir, &s->plan->origin, err));
  }
  HR_TRY(hr_merge_take(&s->merge, s->plan, s->out_dir, &taken, err));
  hr_observe_info(observer_of(s), "%zu pieces of the study taken from %zu elements",
                  taken, s->merge.elements.count);
cleanup:
  return status;
}

/* What was there goes when nothing is in the new run's way any more. */
static hr_status clear_directory(study *s, hr_error *err) {
  hr_status status = HR_OK;
  hr_cost cost = {0};
  HR_TRY(check_machine(s, &cost, err));
  HR_TRY(hr_run_clear(s->out_dir, err));
  if (!s->is_element) HR_TRY(hr_elements_clear(s->out_dir, err));
cleanup:
  return status;
}

/* Who would go on in an element's folder without it would do the whole study there. */
static hr_status check_whole(const study *s, hr_error *err) {
  if (s->is_element || !hr_folder_has(s->out_dir, "element.json")) return HR_OK;
  return hr_fail(
      err, HR_ERR_USAGE,
      "%s is the folder of an element of an array; go on with "
      "`headroom run --array` into the directory that it was begun for, or name "
      "another with %s",
      s->out_dir, HR_DOOR_OUT);
}

/* Takes the run directory, and finds out what is left to be done. */
static hr_status enter(study *s, hr_error *err) {
  hr_status status = HR_OK;
  hr_cost cost = {0};
  HR_TRY(check_whole(s, err));
  HR_TRY(hr_rundir_open(s->out_dir, &s->plan->origin, s->options->mode, &s->rundir, err));
  s->plan->view.folder = s->out_dir; /* experts get copies */
  if (s->merges) {
    HR_TRY(take_elements(s, err));
  } else if (!s->rundir.is_resumed) {
    HR_TRY(clear_directory(s, err));
  }
  HR_TRY(hr_study_check_bundle(s->out_dir, observer_of(s), err));
  HR_TRY(find_runs(s, s->plan->origin.fingerprint, err));
  if (s->rundir.is_resumed) {
    const hr_sessions earlier = hr_sessions_find(s->out_dir);
    hr_timings_go_on(&s->timings, s->out_dir, &earlier);
  } else {
    HR_TRY(hr_rundir_write_origin(s->out_dir, &s->plan->origin, err));
  }
  if (s->rundir.is_resumed || s->merges) HR_TRY(check_machine(s, &cost, err));
  announce(s, &cost);
cleanup:
  return status;
}

static hr_status run_part(study *s, hr_error *err) {
  hr_status status = HR_OK;
  if (s->is_merged) {
    hr_observe_info(observer_of(s), "%s is complete: there is nothing left to do",
                    s->out_dir);
    return HR_OK;
  }
  HR_TRY(hr_plan_check_memory(s->plan, err));
  HR_TRY(enter(s, err));
  HR_TRY(work_part(s, err));
  HR_TRY(hr_timings_write(&s->timings, s->out_dir, hr_file_write, err));
cleanup:
  return status;
}

/* Takes the directory, and sees whether an earlier run left nothing to do. */
static hr_status prepare(study *s, bool *is_complete, hr_error *err) {
  hr_status status = HR_OK;
  if (!s->ranks) HR_TRY(hr_plan_check_memory(s->plan, err));
  HR_TRY(hr_row_labels_init(&s->labels, s->plan, err));
  HR_TRY(enter(s, err));
  HR_TRY(look_for_work(s, s->plan->origin.fingerprint, is_complete, err));
  if (!*is_complete && s->rundir.is_resumed) {
    HR_TRY(hr_rundir_write_config(s->out_dir, &s->plan->origin, err));
  }
cleanup:
  return status;
}

/* Work that is prepared, to its end. */
static hr_status run_to_end(study *s, bool is_complete, hr_error *err) {
  hr_status status = HR_OK;
  if (!is_complete) HR_TRY(work(s, err));
  if (!hr_study_has_bundle(s->config, s->out_dir)) HR_TRY(write_bundle(s, false, err));
  if (s->options->finish) {
    HR_TRY(s->options->finish(s->options->context, s->out_dir, err));
    hr_timings_lap(&s->timings, "report", NULL);
  }
  HR_TRY(hr_timings_write(&s->timings, s->out_dir, hr_file_write, err));
cleanup:
  return status;
}

static hr_status run(study *s, hr_error *err) {
  hr_status status = HR_OK;
  bool is_complete = false;
  HR_TRY(prepare(s, &is_complete, err));
  HR_TRY(run_to_end(s, is_complete, err));
cleanup:
  return status;
}

/* A rank's share against what its machine has, which others of the ranks may want too.
 */
static hr_status check_share(const study *s, hr_error *err) {
  hr_status status = HR_OK;
  hr_cost cost = {0};
  hr_resources resources;
  HR_TRY(hr_plan_check_memory(s->plan, err));
  if (s->options->skip_preflight) goto cleanup;
  hr_plan_estimate(s->plan, &cost);
  cost.memory_bytes *= (double)hr_world_neighbours(s->ranks->world);
  cost.disk_bytes = 0;
  hr_resources_find(s->out_dir, "", &resources);
  HR_TRY(hr_preflight(&cost, &resources, s->out_dir, err));
cleanup:
  return status;
}

static hr_status begin_share(study *s, hr_rank_hold *hold, hr_error *err) {
  hr_status status = HR_OK;
  hr_world *world = s->ranks->world;
  s->plan->share = &s->part.share;
  s->plan->view.folder = s->out_dir;
  HR_TRY(check_share(s, err));
  if (s->is_guest) {
    HR_TRY(
        hr_rank_take(s->out_dir, hr_world_rank(world), hr_world_size(world), hold, err));
  }
  forget_runs(s);
  HR_TRY(find_runs(s, s->plan->origin.fingerprint, err));
cleanup:
  return status;
}

static hr_status work_share(study *s, hr_error *err) {
  hr_status status = HR_OK;
  for (size_t i = 0; i < s->config->expert_count; i++) {
    HR_TRY(hr_method_run_begin(&s->runs[i], err));
  }
  hr_timings_lap(&s->timings, "prepare", NULL);
  HR_TRY(read_training(s, err));
  HR_TRY(finish_runs(s, err));
cleanup:
  return status;
}

/* All ranks: each does its share of the tasks. */
static hr_status share_out(study *s, hr_error *err) {
  hr_status status = HR_OK;
  hr_rank_hold hold = {.lock = -1};
  HR_TRY(hr_ranks_divide(s->ranks, s->plan, s->out_dir, &s->part.share, err));
  status = begin_share(s, &hold, err);
  HR_TRY(hr_ranks_agree(s->ranks, status, NULL, err));
  if (!s->is_guest) hr_ranks_watch(s->ranks, s->out_dir);
  status = work_share(s, err);
  HR_TRY(hr_ranks_end(s->ranks, s->out_dir, observer_of(s), status, err));
  if (s->is_guest) goto cleanup;
  s->plan->share = NULL;
  forget_runs(s);
  HR_TRY(find_runs(s, s->plan->origin.fingerprint, err));
cleanup:
  hr_rank_release(&hold);
  return status;
}

/* What must not outlive the tasks that there will be. */
static hr_status drop_outdated(const study *s, hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(hr_study_drop_bundle(s->out_dir, err));
  HR_TRY(drop_results(s, err));
cleanup:
  return status;
}

static hr_status run_rank(study *s, hr_error *err) {
  hr_status status = HR_OK;
  bool is_complete = false;
  if (!s->is_guest) status = prepare(s, &is_complete, err);
  bool begins = !s->is_guest && status == HR_OK && !is_complete;
  if (begins) status = drop_outdated(s, err);
  HR_TRY(hr_ranks_agree(s->ranks, status, NULL, err));
  HR_TRY(hr_world_broadcast(s->ranks->world, &is_complete, sizeof is_complete, err));
  if (!is_complete) HR_TRY(share_out(s, err));
  if (!s->is_guest) HR_TRY(run_to_end(s, is_complete, err));
cleanup:
  return status;
}

/* The study that the options describe; an element's part of it. */
static hr_status open_for(study *s, const hr_study_options *options,
                          hr_opened_study *opened, hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(hr_study_open(options, observer_of(s), opened, err));
  s->is_element = options->element_count > 0;
  bool goes_on = options->mode == HR_STUDY_RESUME;
  s->is_merged = s->is_element && goes_on && hr_part_is_merged(opened);
  if (s->is_element && !s->is_merged) {
    HR_TRY(hr_part_take(options, opened, &s->part, err));
  }
  s->config = opened->config;
  s->plan = opened->plan;
  s->out_dir = opened->out_dir;
cleanup:
  return status;
}

/* Today's options. Who puts elements together goes on with what there is, and takes all
 * of the study. */
static hr_status take_options(const hr_study_options *given, bool merges,
                              hr_study_options *own, hr_error *err) {
  hr_status status = hr_study_take_options(given, own, err);
  if (!merges) return status;
  own->mode = HR_STUDY_RESUME;
  own->element_count = 0;
  return status;
}

static hr_status live_alone(study *s, const hr_study_options *options,
                            hr_opened_study *opened, hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(open_for(s, options, opened, err));
  HR_TRY(s->is_element ? run_part(s, err) : run(s, err));
cleanup:
  return status;
}

/* As one of several ranks; each comes to every step on which all have to agree. */
static hr_status live_as_rank(study *s, const hr_study_options *options,
                              hr_opened_study *opened, hr_error *err) {
  hr_status status = open_for(s, options, opened, err);
  const hr_origin *origin = status == HR_OK ? &opened->plan->origin : NULL;
  s->is_guest = !hr_ranks_is_host(s->ranks);
  HR_TRY(hr_ranks_agree(s->ranks, status, origin, err));
  status = run_rank(s, err);
  HR_TRY(hr_ranks_conclude(s->ranks, status, err));
cleanup:
  return status;
}

/* In which way a study is run. */
typedef struct role {
  bool merges;     /* puts elements together */
  hr_world *world; /* NULL, or of one rank: alone */
} role;

static hr_status live(const hr_study_options *given, const role *as,
                      const hr_observer *observer, char **run_dir, hr_error *err) {
  hr_status status = HR_OK;
  hr_study_options options = hr_study_options_default();
  hr_opened_study opened = {0};
  hr_watch watch;
  hr_ranks ranks = {0};
  hr_error reason = {.status = HR_OK};
  study s = {.options = &options, .merges = as->merges, .watch = &watch};
  s.rundir.lock = -1;
  s.ranks = hr_world_is_alone(as->world) ? NULL : &ranks;
  hr_timings_start(&s.timings);
  hr_watch_init(&watch, s.ranks ? &ranks.observer : observer);
  if (s.ranks) HR_TRY(hr_ranks_init(&ranks, as->world, observer, &reason));
  ranks.log = &watch.observer;
  HR_TRY(take_options(given, as->merges, &options, &reason));
  HR_TRY(s.ranks ? live_as_rank(&s, &options, &opened, &reason)
                 : live_alone(&s, &options, &opened, &reason));
cleanup:
  if (status != HR_OK && err) *err = reason;
  if (status != HR_OK && watch.out_dir) keep_timings(&s);
  hr_watch_end(&watch, status, reason.message);
  destroy_runs(&s);
  hr_ranks_fini(&ranks);
  if (opened.out_dir && !s.is_guest) hr_rundir_close(opened.out_dir, &s.rundir);
  if (status == HR_OK && !s.is_guest) {
    *run_dir = opened.out_dir;
    opened.out_dir = NULL;
  }
  hr_opened_study_fini(&opened);
  return status;
}

hr_status hr_study_run(const hr_study_options *options, const hr_observer *observer,
                       char **run_dir, hr_error *err) {
  return live(options, &(role){0}, observer, run_dir, err);
}

hr_status hr_study_run_ranks(const hr_study_options *options, hr_world *world,
                             const hr_observer *observer, char **run_dir, hr_error *err) {
  return live(options, &(role){.world = world}, observer, run_dir, err);
}

hr_status hr_study_merge(const hr_study_options *given, const hr_observer *observer,
                         char **run_dir, hr_error *err) {
  hr_status status = HR_OK;
  hr_study_options options = hr_study_options_default();
  char *path = NULL;
  HR_TRY(hr_study_take_options(given, &options, err));
  if (!options.config_path && !options.config_text && options.out_dir) {
    HR_TRY(hr_merge_find_config(options.out_dir, &path, err));
    options.config_path = path;
  }
  HR_TRY(live(&options, &(role){.merges = true}, observer, run_dir, err));
cleanup:
  hr_free(path);
  return status;
}
