/* The error alone: Ridge on summaries of the error in place of the flux, of all covered
 * rows and no bins. Its learner is Ridge's, on a view of the study in which the covered
 * rows are all there is. */
#include "methods/ridge/leakage.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/parallel.h"
#include "methods/ridge/control.h"
#include "methods/ridge/cost.h"
#include "models/linear.h"

/* Logarithms of errors vary by tenths; below the smallest, rounding decides. */
static const double alphas[] = {0.01, 0.1, 1, 10, 100, 1000, 10000};
enum { ALPHAS = sizeof alphas / sizeof alphas[0] };
static const hr_numbers alpha_numbers = {(double *)(uintptr_t)alphas, ALPHAS};

struct hr_learner {
  const hr_study_view *study;
  hr_study_view covered; /* the covered rows, stretches for pixels, no bins */
  hr_learner *ridge;     /* Ridge's own struct, for hr_ridge_models_* alone */
  double *target;        /* [T][covered rows], as are the next two but for T */
  hr_further_target *further;
  int32_t *bin; /* all HR_UNCOVERED */
  uint8_t *fold;
  size_t *row;      /* [summary_rows] rows of the block that are covered */
  float *summaries; /* [summary_rows][stretches] scratch */
  size_t summary_rows, seen_rows;
};

void hr_leakage_summarise(const float *error, size_t pixels, size_t stretches,
                          float *out) {
  double known = 0, sum_known = 0;
  size_t p = 0;
  for (size_t s = 0; s < stretches; s++) {
    double sum = 0, count = 0;
    for (; p < pixels && p * stretches / pixels == s; p++) {
      if (!(error[p] > 0)) continue;
      sum += (double)error[p];
      count++;
    }
    double level = count > 0 ? log10(sum / count) : (double)NAN;
    out[s] = (float)level;
    if (count < 1) continue;
    known++;
    sum_known += level;
  }
  float usual = known > 0 ? (float)(sum_known / known) : 0.0F;
  for (size_t s = 0; s < stretches; s++) {
    if (isnan(out[s])) out[s] = usual;
  }
}

static size_t stretches_of(const hr_study_view *study) {
  return study->pixels < HR_LEAKAGE_STRETCHES ? study->pixels : HR_LEAKAGE_STRETCHES;
}

/* One alpha a system: the bytes it has always had. */
static hr_ridge_options ridge_options(void) {
  hr_ridge_options options = hr_ridge_options_default(&alpha_numbers);
  options.name = "leakage";
  options.alphas_a_run = 1;
  options.always_sums = true;
  options.fails_whole = true;
  return options;
}

/* What Ridge may know: nobody is told of its progress, as it takes no time. */
static hr_study_view covered_view(const hr_study_view *study, size_t rows) {
  return (hr_study_view){.pixels = stretches_of(study),
                         .fold_count = study->fold_count,
                         .train = {.rows = rows},
                         .test_rows = study->test_rows,
                         .further_count = study->further_count,
                         .memory_bytes = study->memory_bytes,
                         .compute = study->compute};
}

static size_t count_covered(const hr_study_view *study) {
  size_t counts[HR_MOST_BINS + 1];
  hr_count_bins(study->train.bin, study->train.rows, study->bin_count, counts);
  return study->train.rows - counts[study->bin_count];
}

static void leakage_destroy(hr_learner **address) {
  hr_learner *learner = *address;
  *address = NULL;
  if (!learner) return;
  hr_ridge_models_destroy(&learner->ridge);
  hr_free(learner->target);
  hr_free(learner->further);
  hr_free(learner->bin);
  hr_free(learner->fold);
  hr_free(learner->row);
  hr_free(learner->summaries);
  hr_free(learner);
}

/* The labels of the covered rows, one after the other. */
static hr_status gather_labels(hr_learner *learner, hr_error *err) {
  hr_status status = HR_OK;
  const hr_split_view *train = &learner->study->train;
  size_t rows = learner->covered.train.rows, at = 0;
  size_t targets = hr_study_targets(learner->study);
  HR_TRY(hr_alloc(&learner->target, targets * rows, err));
  HR_TRY(hr_alloc(&learner->further, targets, err));
  HR_TRY(hr_alloc(&learner->bin, rows, err));
  HR_TRY(hr_alloc(&learner->fold, rows, err));
  for (size_t i = 0; i < train->rows; i++) {
    if (train->bin[i] == HR_UNCOVERED) continue;
    for (size_t t = 0; t < targets; t++) {
      learner->target[t * rows + at] = hr_study_target(learner->study, t)[i];
    }
    learner->bin[at] = HR_UNCOVERED;
    learner->fold[at++] = train->fold[i];
  }
  for (size_t t = 1; t < targets; t++) {
    learner->further[t - 1] = (hr_further_target){hr_study_target_name(learner->study, t),
                                                  learner->target + t * rows};
  }
  learner->covered.further = learner->further;
  learner->covered.train.target = learner->target;
  learner->covered.train.bin = learner->bin;
  learner->covered.train.fold = learner->fold;
cleanup:
  return status;
}

static hr_status leakage_begin(const hr_study_view *study, const void *parameters,
                               hr_learner **out, hr_error *err) {
  (void)parameters;
  hr_status status = HR_OK;
  const hr_ridge_options options = ridge_options();
  hr_learner *learner = NULL;
  HR_TRY(hr_alloc(&learner, 1, err));
  learner->study = study;
  learner->covered = covered_view(study, count_covered(study));
  HR_TRY(gather_labels(learner, err));
  HR_TRY(hr_ridge_models_begin(&learner->covered, &options, &learner->ridge, err));
  *out = learner;
  learner = NULL;
cleanup:
  leakage_destroy(&learner);
  return status;
}

static hr_status make_room(hr_learner *learner, size_t rows, hr_error *err) {
  hr_status status = HR_OK;
  size_t had = learner->summary_rows, stretches = learner->covered.pixels;
  if (rows <= had) return HR_OK;
  HR_TRY(hr_realloc(&learner->row, had, rows, err));
  HR_TRY(hr_realloc(&learner->summaries, had * stretches, rows * stretches, err));
  learner->summary_rows = rows;
cleanup:
  return status;
}

typedef struct summarising {
  const hr_learner *learner;
  const hr_block *block;
} summarising;

static void summarise_row(void *context, size_t i, size_t thread) {
  (void)thread;
  const summarising *s = context;
  size_t stretches = s->learner->covered.pixels, pixels = s->block->pixels;
  const float *error = s->block->error + s->learner->row[i] * pixels;
  hr_leakage_summarise(error, pixels, stretches, s->learner->summaries + i * stretches);
}

static hr_status leakage_learn(hr_learner *learner, const hr_block *block,
                               hr_error *err) {
  const int32_t *bin = learner->study->train.bin + block->first_row;
  hr_status status = make_room(learner, block->rows, err);
  if (status != HR_OK) return status;
  hr_block covered = {.first_row = learner->seen_rows,
                      .pixels = learner->covered.pixels,
                      .noisy = learner->summaries};
  for (size_t i = 0; i < block->rows; i++) {
    if (bin[i] != HR_UNCOVERED) learner->row[covered.rows++] = i;
  }
  hr_parallel_for(covered.rows, summarise_row, &(summarising){learner, block});
  learner->seen_rows += covered.rows;
  return hr_ridge_models_learn(learner->ridge, &covered, err);
}

/* The chosen alpha's model, for the covered test rows. */
static hr_status make_model(const hr_learner *learner, const hr_trained *ridge,
                            hr_model **out, hr_error *err) {
  const hr_study_view *study = learner->study;
  size_t stretches = learner->covered.pixels, a = ridge->fit.chosen;
  const hr_control_shape shape = {.type = &hr_leakage_model_type,
                                  .pixels = study->pixels,
                                  .columns = stretches,
                                  .group_count = 1,
                                  .test_rows = study->test_rows};
  hr_control_model *model = NULL;
  hr_status status = hr_control_model_create(&shape, &model, err);
  if (status != HR_OK) return status;
  model->summarise = hr_leakage_summarise;
  hr_control_model_keep(model, 0, alphas[a], hr_linear_intercept(ridge->model)[a],
                        hr_linear_weights(ridge->model) + a * stretches);
  for (size_t i = 0; i < study->test_rows; i++) {
    if (study->test_bin[i] != HR_UNCOVERED) model->test_group[i] = 0;
  }
  model->model.target = ridge->fit.target;
  *out = &model->model;
  return HR_OK;
}

/* What Ridge made of a target, as the control's own. */
static hr_status take_over(const hr_learner *learner, const hr_trained *ridge,
                           hr_trained *out, hr_error *err) {
  hr_status status = HR_OK;
  hr_fit *fit = &out->fit;
  size_t rows = learner->covered.train.rows;
  HR_TRY(hr_fit_init(fit, HR_GLOBAL, 1, false, 0, err));
  fit->target = ridge->fit.target;
  fit->train_rows = rows;
  if (ridge->fit.status == HR_FIT_SKIPPED) {
    snprintf(fit->note, sizeof fit->note,
             "%zu covered training row%s, at least %d are needed", rows,
             rows == 1 ? "" : "s", HR_RIDGE_FEWEST_ROWS);
    fit->reason = HR_REASON_TOO_FEW_ROWS;
    goto cleanup;
  }
  fit->status = ridge->fit.status;
  fit->cv_r2[0] = ridge->fit.cv_r2[ridge->fit.chosen];
  if (fit->status == HR_FIT_OK) HR_TRY(make_model(learner, ridge, &out->model, err));
  if (fit->status == HR_FIT_FAILED) {
    snprintf(fit->note, sizeof fit->note, "no system is positive definite in fp64");
  }
cleanup:
  return status;
}

static hr_status leakage_finish(hr_learner *learner, hr_trained *out, hr_error *err) {
  hr_status status = HR_OK;
  hr_trained ridge[HR_MOST_TARGETS] = {{.model = NULL}};
  double start = hr_clock_seconds();
  size_t targets = hr_study_targets(learner->study);
  HR_TRY(hr_ridge_models_finish(learner->ridge, ridge, err));
  for (size_t t = 0; t < targets; t++) {
    HR_TRY(take_over(learner, &ridge[t], &out[t], err));
    out[t].fit.seconds = (hr_clock_seconds() - start) / (double)targets;
  }
cleanup:
  for (size_t t = 0; t < targets; t++) hr_trained_fini(&ridge[t]);
  return status;
}

static void leakage_estimate(const hr_study_view *study, const void *parameters,
                             hr_cost *cost) {
  (void)parameters;
  const hr_ridge_options options = ridge_options();
  const size_t rows = count_covered(study);
  const hr_study_view covered = covered_view(study, rows);
  double stretches = (double)covered.pixels, tests = (double)study->test_rows;
  hr_cost ridge = {0};
  hr_ridge_estimate(&covered, &options, &rows, &ridge);
  double labels = (double)rows * (sizeof(double) + sizeof(int32_t) + sizeof(uint8_t));
  cost->gathered_bytes = ridge.gathered_bytes + labels;
  cost->memory_bytes = ridge.memory_bytes + labels + 4 * tests;
  cost->operations = ridge.operations + (double)study->train.rows * (double)study->pixels;
  cost->disk_bytes = 8 * (2 + stretches) + 4 * tests;
}

const hr_method hr_leakage_method = {
    .name = "leakage",
    .title = "Error alone",
    .summary = "A control: Ridge on the error of the spectra, without their flux.",
    .uses_error = true,
    .has_global = true,
    .only_global = true,
    .estimate = leakage_estimate,
    .begin = leakage_begin,
    .learn = leakage_learn,
    .finish = leakage_finish,
    .destroy = leakage_destroy,
};
