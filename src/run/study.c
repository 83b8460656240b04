/* The life of a study, from its configuration to its report. */
#include "headroom/study.h"

#include <string.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/file.h"
#include "core/observe.h"
#include "data/guard.h"
#include "run/bound.h"
#include "run/rundir.h"
#include "run/sample.h"
#include "score/results.h"

enum { SAMPLE_BYTES = 64 << 20 }; /* of the stream that samples are read with */

typedef struct study {
  const hr_config *config;
  const hr_observer *observer;
  const char *out_dir;
  hr_plan *plan;
  hr_expert **experts;  /* [expert_count]; NULL: not in this build */
  hr_outcome *outcomes; /* [expert_count] */
  hr_error *reasons;    /* [expert_count]: why an expert is not available */
  hr_bound bound;
  hr_preparation train_preparation, test_preparation;
} study;

static void destroy_experts(study *s) {
  for (size_t i = 0; s->experts && i < s->config->expert_count; i++) {
    if (s->experts[i]) s->config->experts[i].type->destroy(&s->experts[i]);
  }
  hr_free(s->experts);
  hr_free(s->outcomes);
  hr_free(s->reasons);
  hr_bound_fini(&s->bound);
}

static hr_status create_experts(study *s, hr_error *err) {
  hr_status status = HR_OK;
  size_t count = s->config->expert_count;
  HR_TRY(hr_alloc(&s->experts, count, err));
  HR_TRY(hr_alloc(&s->outcomes, count, err));
  HR_TRY(hr_alloc(&s->reasons, count, err));
  for (size_t i = 0; i < count; i++) {
    const hr_config_expert *expert = &s->config->experts[i];
    s->outcomes[i].type = expert->type;
    if (!expert->type->create) {
      hr_observe_warning(s->observer, "the expert %s is not in this build: skipped",
                         expert->type->name);
      continue;
    }
    if (expert->type->available && expert->type->available(&s->reasons[i]) != HR_OK) {
      s->outcomes[i].reason = s->reasons[i].message;
      hr_observe_warning(s->observer, "the expert %s is skipped: %s", expert->type->name,
                         s->reasons[i].message);
      continue;
    }
    HR_TRY(expert->type->create(&s->plan->view, expert->parameters, &s->experts[i], err));
  }
cleanup:
  return status;
}

static hr_status show_block(study *s, const hr_block *block, bool training,
                            hr_error *err) {
  hr_status status = HR_OK;
  for (size_t i = 0; i < s->config->expert_count; i++) {
    const hr_expert_type *type = s->config->experts[i].type;
    if (!s->experts[i]) continue;
    HR_TRY(training ? type->observe(s->experts[i], block, err)
                    : type->observe_test(s->experts[i], block, err));
  }
  if (!training) hr_bound_observe(&s->bound, block);
cleanup:
  return status;
}

/* How many rows of each bin the experts want to see before the pass, at most. */
static size_t sample_rows(const study *s) {
  size_t most = 0;
  for (size_t i = 0; i < s->config->expert_count; i++) {
    const hr_expert_type *type = s->config->experts[i].type;
    if (!s->experts[i] || !type->sample_rows) continue;
    size_t wanted = type->sample_rows(s->experts[i]);
    if (wanted > most) most = wanted;
  }
  return most;
}

static hr_status show_sample(study *s, const hr_sample *sample, const hr_block *block,
                             hr_error *err) {
  hr_status status = HR_OK;
  for (size_t i = 0; i < s->config->expert_count; i++) {
    const hr_expert_type *type = s->config->experts[i].type;
    if (!s->experts[i] || !type->observe_sample) continue;
    HR_TRY(
        type->observe_sample(s->experts[i], block, sample->rows + block->first_row, err));
  }
cleanup:
  return status;
}

/* Shows a sample of the training rows to the experts that want one. */
static hr_status stream_sample(study *s, hr_error *err) {
  hr_status status = HR_OK;
  hr_sample *sample = NULL;
  hr_stream *stream = NULL;
  hr_block block = {0};
  const hr_study_view *view = &s->plan->view;
  size_t rows_per_bin = sample_rows(s);
  hr_progress progress = {.stage = "sampling training spectra", .unit = "spectra"};
  if (rows_per_bin == 0) return HR_OK;
  HR_TRY(hr_sample_create(&view->train, view->bin_count, rows_per_bin, view->seed,
                          &sample, err));
  hr_stream_options options = hr_plan_stream(s->plan, true);
  options.runs = sample->runs;
  options.run_rows = HR_SAMPLE_RUN;
  /* Runs are short: more room would only stand beside the samples. */
  if (options.memory_bytes > SAMPLE_BYTES) options.memory_bytes = SAMPLE_BYTES;
  progress.total = sample->streamed;
  HR_TRY(hr_stream_create(s->plan->train, &options, &stream, err));
  for (;;) {
    HR_TRY(hr_stream_next(stream, &block, err));
    if (block.rows == 0) break;
    HR_TRY(show_sample(s, sample, &block, err));
    progress.done += block.rows;
    progress.bytes = hr_stream_preparation(stream)->bytes_read;
    HR_TRY(hr_observe_progress(s->observer, &progress, err));
  }
cleanup:
  hr_stream_destroy(&stream);
  hr_sample_destroy(&sample);
  return status;
}

/* One pass over a split: every expert sees every block. */
static hr_status stream_split(study *s, bool training, hr_preparation *preparation,
                              hr_error *err) {
  hr_status status = HR_OK;
  hr_stream *stream = NULL;
  hr_block block = {0};
  const hr_dataset *dataset = training ? s->plan->train : s->plan->test;
  hr_stream_options options = hr_plan_stream(s->plan, training);
  hr_progress progress = {
      .stage = training ? "reading training spectra" : "predicting test spectra",
      .unit = "spectra",
      .total = hr_dataset_rows(dataset)};
  HR_TRY(hr_stream_create(dataset, &options, &stream, err));
  HR_TRY(hr_observe_progress(s->observer, &progress, err)); /* the clock starts here */
  for (;;) {
    HR_TRY(hr_stream_next(stream, &block, err));
    if (block.rows == 0) break;
    HR_TRY(show_block(s, &block, training, err));
    progress.done += block.rows;
    progress.bytes = hr_stream_preparation(stream)->bytes_read;
    HR_TRY(hr_observe_progress(s->observer, &progress, err));
  }
  *preparation = *hr_stream_preparation(stream);
cleanup:
  hr_stream_destroy(&stream);
  return status;
}

static hr_status train_experts(study *s, hr_error *err) {
  hr_status status = HR_OK;
  for (size_t i = 0; i < s->config->expert_count; i++) {
    if (s->experts[i]) HR_TRY(s->config->experts[i].type->train(s->experts[i], err));
  }
cleanup:
  return status;
}

static hr_status write_tasks(study *s, hr_error *err) {
  hr_status status = HR_OK;
  for (size_t i = 0; i < s->config->expert_count; i++) {
    const hr_expert_type *type = s->config->experts[i].type;
    if (!s->experts[i]) continue;
    hr_outcome *outcome = &s->outcomes[i];
    outcome->tasks = type->tasks(s->experts[i], &outcome->task_count);
    for (size_t t = 0; t < outcome->task_count; t++) {
      HR_TRY(
          hr_rundir_write_task(s->out_dir, type, s->experts[i], &outcome->tasks[t], err));
    }
  }
cleanup:
  return status;
}

static hr_status write_results(const study *s, hr_error *err) {
  hr_status status = HR_OK;
  const hr_config *config = s->config;
  const hr_plan *plan = s->plan;
  char *path = NULL, print[17];
  hr_reference_line *lines = NULL;
  size_t competitors = config->expert_count - config->control_count;
  hr_plan_print(plan, print);
  HR_TRY(hr_alloc(&lines, config->baseline_count, err));
  for (size_t i = 0; i < config->baseline_count; i++) {
    lines[i] = (hr_reference_line){config->baselines[i].name, config->baselines[i].r2};
  }
  hr_results_input input = {
      .experiment_id = config->experiment.id,
      .fingerprint = print,
      .language = config->experiment.language,
      .target_name = config->data.target,
      .bin_count = plan->view.bin_count,
      .bin_names = config->binning.names,
      .focus = config->binning.focus.items,
      .focus_count = config->binning.focus.count,
      .at_risk_below = config->binning.at_risk_below,
      .uncovered = config->binning.uncovered,
      .train_rows = plan->view.train.rows,
      .train_counts = plan->train_counts,
      .test = &plan->view.test,
      .snr = plan->snr,
      .train_preparation = &s->train_preparation,
      .test_preparation = &s->test_preparation,
      .outcomes = s->outcomes,
      .outcome_count = competitors,
      .controls = s->outcomes + competitors,
      .control_count = config->control_count,
      .fisher = s->bound.fisher ? &s->bound.rows : NULL,
      .fisher_note = s->bound.fisher ? NULL : s->bound.reason.message,
      .selection =
          strcmp(config->selection.by, "test") == 0 ? HR_SELECT_BY_TEST : HR_SELECT_BY_CV,
      .gate = {config->gate.oracle_r2, config->gate.delta_r2,
               config->gate.insufficient_below, config->gate.focus_delta_r2},
      .baselines = lines,
      .baseline_count = config->baseline_count,
      .seed = plan->view.seed,
      .observer = s->observer,
  };
  HR_TRY(hr_join_path(s->out_dir, "results.json", &path, err));
  HR_TRY(hr_results_write(&input, path, NULL, err));
cleanup:
  hr_free(path);
  hr_free(lines);
  return status;
}

static void tell_preparation(const study *s) {
  const hr_preparation *train = &s->train_preparation, *test = &s->test_preparation;
  hr_observe_info(
      s->observer,
      "preparation: %llu flux values below 0 clipped, %llu NaN errors filled, "
      "%llu errors not above 0 (training and test)",
      (unsigned long long)(train->clipped_pixels + test->clipped_pixels),
      (unsigned long long)(train->filled_error_pixels + test->filled_error_pixels),
      (unsigned long long)(train->nonpositive_error_pixels +
                           test->nonpositive_error_pixels));
}

/* The level changes generated noise only; stored noise is what it is. */
static void warn_of_uneven_noise(const study *s) {
  double level = s->config->data.noise.level;
  if (level == 1 || strcmp(s->config->data.noise.test, "stored") != 0) return;
  hr_observe_warning(s->observer,
                     "data.noise.level %g is that of the training rows alone: the test "
                     "rows take the noise stored with them (data.noise.test)",
                     level);
}

static hr_status run(study *s, hr_error *err) {
  hr_status status = HR_OK;
  int lock = -1;
  HR_TRY(hr_plan_check_memory(s->plan, err));
  HR_TRY(hr_rundir_open(s->out_dir, s->plan, &lock, err));
  s->plan->view.folder = s->out_dir;
  warn_of_uneven_noise(s);
  HR_TRY(hr_rundir_write_origin(s->out_dir, s->plan, err));
  HR_TRY(create_experts(s, err));
  HR_TRY(hr_bound_init(&s->bound, s->plan, err));
  HR_TRY(stream_sample(s, err));
  HR_TRY(stream_split(s, true, &s->train_preparation, err));
  HR_TRY(train_experts(s, err));
  HR_TRY(stream_split(s, false, &s->test_preparation, err));
  HR_TRY(hr_bound_finish(&s->bound, s->plan, s->out_dir, err));
  tell_preparation(s);
  HR_TRY(write_tasks(s, err));
  HR_TRY(write_results(s, err));
cleanup:
  hr_rundir_close(s->out_dir, &lock);
  return status;
}

/* The configuration, the plan and the run directory's name, for a run or its description.
 */
typedef struct opened_study {
  hr_config *config;
  hr_plan *plan;
  char *out_dir;
} opened_study;

static void close_study(opened_study *opened) {
  hr_plan_destroy(&opened->plan);
  hr_config_destroy(&opened->config);
  hr_free(opened->out_dir);
}

/* Before this process opens them, where the configuration asks for it. */
static hr_status vet_files(const hr_config *config, const hr_vet_options *options,
                           const hr_observer *observer, hr_error *err) {
  hr_status status = HR_OK;
  const hr_strings *train = &config->data.train_paths;
  if (!config->data.untrusted) return HR_OK;
  for (size_t i = 0; i < train->count; i++) {
    HR_TRY(hr_vet_file(train->items[i], options, observer, err));
  }
  HR_TRY(hr_vet_file(config->data.test_path, options, observer, err));
cleanup:
  return status;
}

static hr_status open_study(const hr_study_options *options,
                            const hr_vet_options *vetting, const hr_observer *observer,
                            opened_study *out, hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(hr_config_load(options->config_path, &out->config, err));
  if (options->out_dir) {
    HR_TRY(hr_copy_text(options->out_dir, &out->out_dir, err));
  } else {
    const char *id = out->config->experiment.id;
    if (strchr(id, '/') || strcmp(id, ".") == 0 || strcmp(id, "..") == 0 || !*id) {
      status = hr_fail(err, HR_ERR_CONFIG,
                       "%s: experiment.id '%s' cannot name a folder; name the run "
                       "directory with --out",
                       options->config_path, id);
      goto cleanup;
    }
    HR_TRY(hr_join_path("runs", id, &out->out_dir, err));
  }
  HR_TRY(vet_files(out->config, vetting, observer, err));
  HR_TRY(hr_plan_create(out->config, observer, &out->plan, err));
cleanup:
  return status;
}

hr_status hr_study_run(const hr_study_options *options, const hr_observer *observer,
                       char **run_dir, hr_error *err) {
  hr_status status = HR_OK;
  opened_study opened = {0};
  study s = {.observer = observer};
  double start = hr_clock_seconds();
  HR_TRY(open_study(options, &(hr_vet_options){0}, observer, &opened, err));
  s.config = opened.config;
  s.plan = opened.plan;
  s.out_dir = opened.out_dir;
  HR_TRY(run(&s, err));
  hr_observe_info(observer, "study %s done in %.1f s", opened.config->experiment.id,
                  hr_clock_seconds() - start);
  *run_dir = opened.out_dir;
  opened.out_dir = NULL;
cleanup:
  destroy_experts(&s);
  close_study(&opened);
  return status;
}

hr_status hr_study_describe(const hr_study_options *options, const hr_observer *observer,
                            char **plan, hr_error *err) {
  hr_status status = HR_OK;
  opened_study opened = {0};
  hr_text text;
  hr_text_init(&text);
  HR_TRY(open_study(options, &(hr_vet_options){.skip_spectra = true}, observer, &opened,
                    err));
  hr_plan_describe(opened.plan, opened.out_dir, &text);
  HR_TRY(hr_text_status(&text, err));
  *plan = text.bytes;
  hr_text_init(&text);
cleanup:
  hr_text_fini(&text);
  close_study(&opened);
  return status;
}
