/* Opens the data of a study, assigns every row and fills what methods may see. */
#include "study/plan.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "config/labels.h"
#include "config/places.h"
#include "config/targets.h"
#include "core/alloc.h"
#include "core/file.h"
#include "core/fingerprint.h"
#include "core/observe.h"
#include "data/drawn_rows.h"
#include "session/content.h"
#include "study/check_data.h"
#include "study/columns.h"
#include "study/estimate.h"
#include "study/gates.h"
#include "study/labels.h"
#include "study/outside.h"
#include "study/uncovered.h"

/* The bin (or the nearest bin) of every row of a dataset. */
static hr_status assign(const hr_config *config, const hr_dataset *dataset, bool nearest,
                        int32_t *bin, hr_error *err) {
  return hr_dataset_assign_bins(dataset, config->binning.axes, config->binning.axis_count,
                                nearest, bin, err);
}

/* Test stars must not be trained on: refuses one file on both sides, however it is spelt.
 */
static hr_status check_apart(const hr_plan *plan, hr_error *err) {
  const char *path = NULL;
  if (!hr_dataset_shares_file(plan->test, plan->train, &path)) return HR_OK;
  return hr_fail(err, HR_ERR_DATA,
                 "the training shard %s is the test file %s; give a test set that is not "
                 "trained on as data.test",
                 path, plan->config->data.test_path);
}

/* Notes of files are told at once, as what comes next may fail for them. */
static hr_status take_notes(hr_plan *plan, const hr_dataset *dataset,
                            const hr_observer *observer, hr_error *err) {
  hr_strings notes = {0}, chinese = {0};
  hr_status status = HR_OK;
  HR_TRY(hr_dataset_tell_notes(dataset, observer, err));
  HR_TRY(hr_dataset_notes(dataset, false, &notes, err));
  HR_TRY(hr_dataset_notes(dataset, true, &chinese, err));
  for (size_t i = 0; i < notes.count; i++) {
    HR_TRY(
        hr_doubts_add(&plan->doubts, HR_DOUBT_FILTER, false, err, "%s", notes.items[i]));
    HR_TRY(hr_doubts_in_chinese(&plan->doubts, err, "%s", chinese.items[i]));
    plan->doubts.items[plan->doubts.count - 1].is_told = true;
  }
cleanup:
  hr_strings_fini(&notes);
  hr_strings_fini(&chinese);
  return status;
}

/* The labels of both sets, under the study's names for them. What stands with the spectra
 * is put in their order first: a table may be joined by it. */
static hr_status settle_labels(hr_plan *plan, const hr_observer *observer,
                               hr_error *err) {
  hr_status status = HR_OK;
  const hr_config *config = plan->config;
  hr_dataset *sets[] = {plan->train, plan->test};
  for (size_t s = 0; s < 2 && strcmp(config->data.index, "rows") == 0; s++) {
    HR_TRY(hr_dataset_follow_index(sets[s], err));
  }
  for (size_t s = 0; s < 2; s++) {
    HR_TRY(hr_study_take_labels(config, s == 0, sets[s], observer, &plan->given[s], err));
  }
  for (size_t s = 0; s < 2; s++) HR_TRY(hr_study_rename_columns(config, sets[s], err));
  for (size_t s = 0; s < 2; s++) HR_TRY(hr_study_check_columns(config, sets[s], err));
  for (size_t s = 0; s < 2; s++) {
    size_t all = hr_dataset_rows(sets[s]);
    HR_TRY(hr_study_leave_out_unlabelled(config, s == 0, sets[s], observer, &plan->doubts,
                                         err));
    plan->given[s].left_out = all - hr_dataset_rows(sets[s]);
  }
  HR_TRY(hr_config_label_files(config, &plan->label_files, err));
cleanup:
  return status;
}

static hr_status open_data(hr_plan *plan, const hr_observer *observer, hr_error *err) {
  hr_status status = HR_OK;
  const hr_config *config = plan->config;
  hr_strings test_path = {0};
  HR_TRY(hr_strings_append(&test_path, config->data.test_path, err));
  const hr_places places = hr_config_places(config);
  HR_TRY(hr_dataset_open_at(&config->data.train_paths, hr_study_own_labels(config, true),
                            &places, observer, &plan->train, err));
  HR_TRY(hr_dataset_open_at(&test_path, hr_study_own_labels(config, false), &places,
                            observer, &plan->test, err));
  HR_TRY(check_apart(plan, err));
  HR_TRY(settle_labels(plan, observer, err));
  HR_TRY(take_notes(plan, plan->train, observer, err));
  HR_TRY(take_notes(plan, plan->test, observer, err));
  size_t pixels = hr_dataset_pixels(plan->train), theirs = hr_dataset_pixels(plan->test);
  if (pixels != theirs) {
    status = hr_fail(err, HR_ERR_DATA,
                     "%s has %zu pixels a spectrum but the training shards have %zu; "
                     "give a test set on the same wavelength grid as data.test",
                     config->data.test_path, theirs, pixels);
    goto cleanup;
  }
  const double *ours = hr_dataset_wave(plan->train), *other = hr_dataset_wave(plan->test);
  for (size_t p = 0; p < pixels; p++) {
    if (fabs(ours[p] - other[p]) <= 1e-6 * fabs(ours[p])) continue;
    status = hr_fail(err, HR_ERR_DATA,
                     "%s: pixel %zu is at %s angstrom but at %s in the training shards; "
                     "give a test set on the same wavelength grid as data.test",
                     config->data.test_path, p, HR_DECIMALS(other[p], 4),
                     HR_DECIMALS(ours[p], 4));
    goto cleanup;
  }
cleanup:
  hr_strings_fini(&test_path);
  return status;
}

/* Of the training rows, those that the study takes. */
static hr_status draw_rows(hr_plan *plan, const hr_observer *observer, hr_error *err) {
  const hr_config *config = plan->config;
  size_t all = hr_dataset_rows(plan->train), count = (size_t)config->data.rows;
  if (count == 0) return HR_OK;
  hr_status status =
      hr_draw_rows(plan->train, count, (uint64_t)config->selection.seed, err);
  if (status == HR_OK) {
    hr_observe_info(observer, "data.rows: %zu of the %zu training rows are taken", count,
                    all);
  }
  return status;
}

static hr_status assign_rows(hr_plan *plan, hr_error *err) {
  hr_status status = HR_OK;
  const hr_config *config = plan->config;
  size_t train_rows = hr_dataset_rows(plan->train),
         test_rows = hr_dataset_rows(plan->test);
  size_t bins = config->binning.bin_count;
  HR_TRY(hr_alloc(&plan->train_bin, train_rows, err));
  HR_TRY(hr_alloc(&plan->train_fold, train_rows, err));
  HR_TRY(hr_alloc(&plan->test_bin, test_rows, err));
  HR_TRY(hr_alloc(&plan->test_route, test_rows, err));
  HR_TRY(hr_alloc(&plan->train_counts, bins + 1, err));
  HR_TRY(hr_alloc(&plan->test_counts, bins + 1, err));
  HR_TRY(assign(config, plan->train, false, plan->train_bin, err));
  HR_TRY(assign(config, plan->test, false, plan->test_bin, err));
  bool nearest = strcmp(config->binning.uncovered, "nearest") == 0;
  HR_TRY(assign(config, plan->test, nearest, plan->test_route, err));
  hr_count_bins(plan->train_bin, train_rows, bins, plan->train_counts);
  hr_count_bins(plan->test_bin, test_rows, bins, plan->test_counts);
  hr_assign_folds(plan->train_bin, train_rows, bins, (size_t)config->selection.folds,
                  (uint64_t)config->selection.seed, plan->train_fold);
cleanup:
  return status;
}

/* One value in all rows: its R² has no meaning, and nothing can be learnt. A single row
 * may be a test set. */
static hr_status check_varies(const char *name, const char *split, const double *target,
                              size_t count, hr_error *err) {
  size_t i = 1;
  while (i < count && target[i] == target[0]) i++;
  if (i < count || count < 2) return HR_OK;
  return hr_fail(err, HR_ERR_DATA,
                 "the label %s is %.10g in all %zu %s rows, so that there is nothing to "
                 "predict; name another one as data.target",
                 name, target[0], count, split);
}

/* Predictions are fp32 (tasks' predictions.f32): refuses a target that varies too little
 * for that against its own size, or whose squares would not even fit fp64. */
static hr_status check_target(const char *name, const char *split, const double *target,
                              size_t count, hr_error *err) {
  const double most = 1e15, fp32_rounding = 6e-8, harmless = 1e-3;
  double size = 0, mean = 0, variance = 0, rows = (double)count;
  hr_status status = check_varies(name, split, target, count, err);
  if (status != HR_OK) return status;
  for (size_t i = 0; i < count; i++) {
    size = fmax(size, fabs(target[i]));
    mean += target[i] / rows;
  }
  if (size > most) {
    return hr_fail(err, HR_ERR_DATA,
                   "the label %s reaches %g, beyond %g; rescale the column, or name "
                   "another one as data.target",
                   name, size, most);
  }
  for (size_t i = 0; i < count; i++) {
    variance += (target[i] - mean) * (target[i] - mean) / rows;
  }
  if (variance == 0 || size * fp32_rounding <= harmless * sqrt(variance)) return HR_OK;
  return hr_fail(err, HR_ERR_DATA,
                 "the label %s varies by only %g around %g, too little for fp32 "
                 "predictions; subtract a constant from the column",
                 name, sqrt(variance), mean);
}

/* Both splits' values of every target. */
static hr_status fill_targets(hr_plan *plan, hr_error *err) {
  hr_status status = HR_OK;
  hr_study_view *view = &plan->view;
  const hr_strings *names = &plan->config->data.target;
  HR_TRY(hr_alloc(&plan->targets, names->count, err));
  HR_TRY(hr_alloc(&plan->further, names->count, err));
  for (size_t t = 0; t < names->count; t++) {
    hr_plan_target *target = &plan->targets[t];
    const char *name = names->items[t];
    const double *train = NULL;
    *target =
        (hr_plan_target){name, hr_config_unit(plan->config, name), plan->test_split};
    HR_TRY(hr_dataset_label(plan->train, name, true, &train, err));
    HR_TRY(hr_dataset_label(plan->test, name, true, &target->test.target, err));
    HR_TRY(check_target(name, "training", train, view->train.rows, err));
    HR_TRY(check_target(name, "test", target->test.target, target->test.rows, err));
    if (t == 0) view->train.target = train;
    if (t > 0) plan->further[t - 1] = (hr_further_target){name, train};
  }
  plan->test_split.target = plan->targets[0].test.target;
  view->target_name = names->items[0];
  view->further = plan->further;
  view->further_count = names->count - 1;
cleanup:
  return status;
}

/* Labels of training rows that are no targets and learnt beside them. */
static hr_status fill_beside(hr_plan *plan, hr_error *err) {
  hr_status status = HR_OK;
  hr_strings *names = &plan->beside_names;
  HR_TRY(hr_study_list_beside(plan->config, names, err));
  HR_TRY(hr_alloc(&plan->beside, names->count, err));
  for (size_t i = 0; i < names->count; i++) {
    hr_further_target *label = &plan->beside[i];
    label->name = names->items[i];
    HR_TRY(hr_study_beside_label(plan->config, plan->train, label->name, true,
                                 &label->train, err));
  }
  plan->view.beside = plan->beside;
  plan->view.beside_count = names->count;
cleanup:
  return status;
}

/* A unit of a label that is not there is a name misspelt. */
static hr_status check_units(const hr_plan *plan, hr_error *err) {
  const hr_strings *labels = &plan->config->data.unit_labels;
  for (size_t i = 0; i < labels->count; i++) {
    const double *values = NULL;
    hr_error reason = {.status = HR_OK};
    hr_status status =
        hr_dataset_label(plan->train, labels->items[i], false, &values, &reason);
    if (status != HR_OK) return hr_fail(err, status, "data.units: %s", reason.message);
  }
  return HR_OK;
}

hr_status hr_plan_target_dir(const hr_plan *plan, const char *run_dir, size_t t,
                             char **out, hr_error *err) {
  char name[HR_TARGET_FOLDER_BYTES];
  if (t == 0) return hr_copy_text(run_dir, out, err);
  hr_target_folder(plan->config->data.target.items[t], t, name);
  return hr_join_path(run_dir, name, out, err);
}

/* SNR only sorts the test rows into octiles: fine without it, in some rows or in all. */
static void find_snr(hr_plan *plan) {
  size_t rows = hr_dataset_rows(plan->test), known = 0;
  if (hr_dataset_label(plan->test, "snr", false, &plan->snr, NULL) != HR_OK) {
    plan->snr = NULL;
    return;
  }
  for (size_t i = 0; i < rows; i++) known += isfinite(plan->snr[i]) != 0;
  plan->rows_without_snr = rows - known;
  if (known == 0) plan->snr = NULL;
}

static hr_status fill_view(hr_plan *plan, const hr_observer *observer, hr_error *err) {
  hr_status status = HR_OK;
  const hr_config *config = plan->config;
  hr_study_view *view = &plan->view;
  hr_split_view *test = &plan->test_split;
  view->compute = hr_compute_default();
  view->pixels = hr_dataset_pixels(plan->train);
  view->wave_angstrom = hr_dataset_wave(plan->train);
  const double *fwhm = hr_dataset_fwhm(plan->train);
  bool is_same = hr_same_fwhm(fwhm, hr_dataset_fwhm(plan->test), view->pixels);
  view->fwhm_angstrom = is_same ? fwhm : NULL;
  view->bin_count = config->binning.bin_count;
  view->fold_count = (size_t)config->selection.folds;
  view->axes = config->binning.axes;
  view->axis_count = config->binning.axis_count;
  view->config_path = config->path;
  view->seed = (uint64_t)config->selection.seed;
  view->memory_bytes = (size_t)config->run.memory_mib << 20;
  view->noise_level = config->data.noise.level;
  view->wild_beyond = plan->conditions.rows.wild_beyond;
  view->unit = plan->conditions.rows.scale;
  view->base = plan->conditions.rows.base;
  view->observer = observer;
  view->train.rows = hr_dataset_rows(plan->train);
  view->train.bin = view->train.route = plan->train_bin;
  view->train.fold = plan->train_fold;
  view->test_rows = hr_dataset_rows(plan->test);
  test->rows = view->test_rows;
  test->bin = plan->test_bin;
  test->route = plan->test_route;
  HR_TRY(fill_targets(plan, err));
  HR_TRY(fill_beside(plan, err));
  find_snr(plan);
cleanup:
  return status;
}

/* Of a dataset: its grid, its labels and the sizes of its files; of its spectra, which
 * are not read yet, there is the print of some. */
static uint64_t fingerprint_dataset(uint64_t print, const hr_dataset *dataset) {
  size_t rows = hr_dataset_rows(dataset), pixels = hr_dataset_pixels(dataset);
  uint64_t bytes = hr_dataset_file_bytes(dataset);
  const hr_strings *names = hr_dataset_label_names(dataset);
  print = hr_fingerprint_bytes(print, &rows, sizeof rows);
  print = hr_fingerprint_bytes(print, &bytes, sizeof bytes);
  print = hr_fingerprint_bytes(print, hr_dataset_wave(dataset), pixels * sizeof(double));
  const double *fwhm = hr_dataset_fwhm(dataset);
  if (fwhm) print = hr_fingerprint_bytes(print, fwhm, pixels * sizeof(double));
  for (size_t i = 0; i < names->count; i++) {
    const double *column = NULL;
    const char *name = names->items[i];
    if (hr_dataset_label(dataset, name, false, &column, NULL) != HR_OK) continue;
    print = hr_fingerprint_bytes(print, name, strlen(name) + 1);
    print = hr_fingerprint_bytes(print, column, rows * sizeof *column);
  }
  return print;
}

/* Of files that parameters of our own experts name: their contents. */
static uint64_t fingerprint_files(const hr_plan *plan, uint64_t print) {
  for (size_t e = 0; e < plan->config->expert_count; e++) {
    const hr_config_expert *expert = &plan->config->experts[e];
    for (size_t f = 0; f < expert->type->field_count && !expert->outside; f++) {
      const hr_field *field = &expert->type->fields[f];
      if (!field->is_path || hr_field_is_none(field, expert->parameters)) continue;
      const char *const *path =
          (const void *)((const char *)expert->parameters + field->offset);
      char content[17] = "";
      hr_content_print(*path, content);
      print = hr_fingerprint_bytes(print, content, sizeof content);
    }
  }
  return print;
}

/* Paths and `run:` do not change results, so the same study elsewhere has the same print.
 */
static hr_status fingerprint(hr_plan *plan, hr_error *err) {
  hr_text text;
  hr_text_init(&text);
  hr_status status = hr_config_write_identity(plan->config, &text, err);
  if (status == HR_OK) {
    uint64_t print = hr_fingerprint_start();
    print = hr_fingerprint_bytes(print, text.bytes, text.length);
    print = fingerprint_dataset(print, plan->train);
    print = fingerprint_dataset(print, plan->test);
    print = hr_fingerprint_bytes(print, &plan->spectra_print, sizeof plan->spectra_print);
    print = hr_outside_fingerprint(plan, print);
    print = fingerprint_files(plan, print);
    plan->origin = (hr_origin){.config = plan->config,
                               .train_rows = hr_dataset_rows(plan->train),
                               .test_rows = hr_dataset_rows(plan->test),
                               .pixels = hr_dataset_pixels(plan->train),
                               .label_files = plan->label_files};
    snprintf(plan->origin.fingerprint, sizeof plan->origin.fingerprint, "%016" PRIx64,
             print);
  }
  hr_text_fini(&text);
  return status;
}

/* What no model can be made of is told before anything is read. */
static hr_status check_experts(const hr_plan *plan, hr_error *err) {
  for (size_t i = 0; i < plan->config->expert_count; i++) {
    const hr_config_expert *expert = &plan->config->experts[i];
    hr_error reason = {.status = HR_OK};
    if (!expert->type->check) continue;
    hr_status status = expert->type->check(&plan->view, expert->parameters, &reason);
    if (status == HR_ERR_CONFIG) {
      return hr_yaml_fail(err, plan->config->path, expert->mark, "%s", reason.message);
    }
    if (status != HR_OK) return hr_fail(err, status, "%s", reason.message);
  }
  return HR_OK;
}

hr_status hr_plan_create(const hr_config *config, const hr_observer *observer,
                         hr_plan **out, hr_error *err) {
  hr_status status = HR_OK;
  hr_plan *plan = NULL;
  HR_TRY(hr_alloc(&plan, 1, err));
  plan->config = config;
  HR_TRY(open_data(plan, observer, err));
  HR_TRY(draw_rows(plan, observer, err));
  HR_TRY(hr_velocities_find(&plan->velocities, config, plan->train, plan->test, observer,
                            err));
  HR_TRY(hr_conditions_find(&plan->conditions, config, plan->train, plan->test, observer,
                            err));
  HR_TRY(hr_conditions_doubt(&plan->conditions, config, plan->train, &plan->doubts, err));
  HR_TRY(assign_rows(plan, err));
  HR_TRY(hr_plan_check_labels(plan, err));
  HR_TRY(hr_uncovered_check(plan, err));
  HR_TRY(fill_view(plan, observer, err));
  HR_TRY(hr_outside_read(plan, observer, err));
  HR_TRY(check_units(plan, err));
  HR_TRY(check_experts(plan, err));
  HR_TRY(hr_study_gates_check(plan, err));
  plan->view.keeps_validation = hr_study_gates_keep_validation(plan);
  HR_TRY(hr_plan_check_data(plan, err));
  HR_TRY(fingerprint(plan, err));
  HR_TRY(hr_plan_fit_memory(plan, err));
  *out = plan;
  plan = NULL;
cleanup:
  hr_plan_destroy(&plan);
  return status;
}

void hr_plan_destroy(hr_plan **address) {
  hr_plan *plan = *address;
  *address = NULL;
  if (!plan) return;
  hr_conditions_fini(&plan->conditions);
  hr_dataset_destroy(&plan->train);
  hr_dataset_destroy(&plan->test);
  hr_free(plan->train_bin);
  hr_free(plan->train_fold);
  hr_free(plan->train_counts);
  hr_free(plan->test_bin);
  hr_free(plan->test_route);
  hr_free(plan->test_counts);
  hr_free(plan->targets);
  hr_free(plan->further);
  hr_free(plan->beside);
  hr_strings_fini(&plan->beside_names);
  hr_outside_fini(plan);
  hr_doubts_fini(&plan->doubts);
  for (size_t s = 0; s < 2; s++) hr_labels_given_fini(&plan->given[s]);
  hr_strings_fini(&plan->label_files);
  hr_free(plan);
}

/* Of the budget, a quarter is for the stream, at most 512 MiB: larger blocks are no
 * faster; less where memory is short. */
hr_stream_options hr_plan_stream(const hr_plan *plan, bool training) {
  const size_t most = (size_t)(plan->view.low_memory > HR_LOW_MEMORY_NONE ? 64 : 512)
                      << 20;
  const hr_config *config = plan->config;
  hr_stream_options options = hr_stream_options_default();
  size_t share = plan->view.memory_bytes / 4;
  bool stored = !training && strcmp(config->data.noise.test, "stored") == 0;
  options.memory_bytes = share < most ? share : most;
  options.block_rows = (size_t)config->run.block_rows;
  options.conditioning = &plan->conditions.rows;
  options.ignore_errors =
      training ? !plan->conditions.train_errors : !plan->conditions.test_errors;
  options.keep_empty = !training;
  options.noise.source = stored ? HR_NOISE_STORED : HR_NOISE_GENERATED;
  options.noise.level = config->data.noise.level;
  options.noise.seed = (uint64_t)config->data.noise.seed;
  options.noise.stream = training ? HR_STREAM_NOISE_TRAIN : HR_STREAM_NOISE_TEST;
  return options;
}

static hr_results_labels tell_labels(const hr_plan *plan, size_t set) {
  const hr_labels_given *given = &plan->given[set];
  return (hr_results_labels){.tables = &plan->config->data.label_tables[set],
                             .id = plan->config->data.labels_id,
                             .names = &given->names,
                             .rows = given->rows,
                             .without = given->without,
                             .left_out = given->left_out};
}

hr_results_data hr_plan_tell_data(const hr_plan *plan) {
  const hr_config *config = plan->config;
  const double *wave = hr_dataset_wave(plan->train);
  size_t pixels = hr_dataset_pixels(plan->train);
  return (hr_results_data){
      .train_paths = &config->data.train_paths,
      .test_path = config->data.test_path,
      .labels = {tell_labels(plan, 0), tell_labels(plan, 1)},
      .pixels = pixels,
      .first_wavelength = wave[0],
      .last_wavelength = wave[pixels - 1],
      .noise_level = config->data.noise.level,
      .noise_seed = config->data.noise.seed,
      .noise_test = config->data.noise.test,
      .folds = config->selection.folds,
      .velocities = plan->velocities.are_used ? &plan->velocities.told : NULL};
}
