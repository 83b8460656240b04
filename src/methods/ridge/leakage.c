#include "methods/ridge/leakage.h"

#include <math.h>

#include "compute/scatter.h"
#include "core/alloc.h"
#include "core/clock.h"
#include "core/npy.h"
#include "core/parallel.h"

/* Logarithms of errors vary by tenths; below the smallest, rounding decides. */
static const double alphas[] = {0.01, 0.1, 1, 10, 100, 1000, 10000};
enum { ALPHAS = sizeof alphas / sizeof alphas[0], FEWEST_ROWS = 2 };

struct hr_learner {
  const hr_study_view *study;
  size_t stretches; /* S */
  hr_tiles *tiles;
  hr_scatter **folds; /* [F] of the covered rows */
  float *summaries;   /* [block rows][S] scratch */
  size_t summary_rows;
  double *model; /* [2 + S] alpha, intercept, weights */
  float *predictions;
  double validation_r2;
  hr_task task;
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

static void forget_rows(hr_learner *expert) {
  for (size_t f = 0; expert->folds && f < expert->study->fold_count; f++) {
    hr_scatter_destroy(&expert->folds[f]);
  }
  hr_free(expert->folds);
  expert->folds = NULL;
}

static void leakage_destroy(hr_learner **address) {
  hr_learner *expert = *address;
  *address = NULL;
  if (!expert) return;
  forget_rows(expert);
  hr_free(expert->summaries);
  hr_free(expert->model);
  hr_free(expert->predictions);
  hr_tiles_destroy(&expert->tiles);
  hr_free(expert);
}

static hr_status leakage_create(const hr_study_view *study, const void *parameters,
                                hr_learner **out, hr_error *err) {
  (void)parameters;
  hr_status status = HR_OK;
  hr_learner *expert = NULL;
  size_t counts[HR_MOST_BINS + 1];
  hr_count_bins(study->train.bin, study->train.rows, study->bin_count, counts);
  HR_TRY(hr_alloc(&expert, 1, err));
  expert->study = study;
  expert->stretches = stretches_of(study);
  expert->validation_r2 = (double)NAN;
  HR_TRY(hr_tiles_create(study->compute, &expert->tiles, err));
  HR_TRY(hr_alloc(&expert->folds, study->fold_count, err));
  for (size_t f = 0; f < study->fold_count; f++) {
    HR_TRY(hr_scatter_create(expert->stretches, expert->tiles, &expert->folds[f], err));
  }
  HR_TRY(hr_alloc(&expert->model, 2 + expert->stretches, err));
  HR_TRY(hr_alloc(&expert->predictions, study->test.rows, err));
  for (size_t i = 0; i < study->test.rows; i++) expert->predictions[i] = (float)NAN;
  expert->task = (hr_task){.bin = HR_GLOBAL,
                           .status = HR_FIT_SKIPPED,
                           .train_rows = study->train.rows - counts[study->bin_count],
                           .test_rows = study->test.rows,
                           .variant_count = 1,
                           .cv_r2 = &expert->validation_r2,
                           .predictions = expert->predictions};
  *out = expert;
  expert = NULL;
cleanup:
  leakage_destroy(&expert);
  return status;
}

typedef struct summarising {
  const hr_learner *expert;
  const hr_block *block;
} summarising;

static void summarise_row(void *context, size_t i, size_t thread) {
  (void)thread;
  const summarising *s = context;
  size_t stretches = s->expert->stretches, pixels = s->block->pixels;
  hr_leakage_summarise(s->block->error + i * pixels, pixels, stretches,
                       s->expert->summaries + i * stretches);
}

static hr_status summarise(hr_learner *expert, const hr_block *block, hr_error *err) {
  if (block->rows > expert->summary_rows) {
    hr_free(expert->summaries);
    expert->summaries = NULL;
    expert->summary_rows = 0;
    hr_status status = hr_alloc(&expert->summaries, block->rows * expert->stretches, err);
    if (status != HR_OK) return status;
    expert->summary_rows = block->rows;
  }
  hr_parallel_for(block->rows, summarise_row, &(summarising){expert, block});
  return HR_OK;
}

static hr_status leakage_observe(hr_learner *expert, const hr_block *block,
                                 hr_error *err) {
  const hr_split_view *train = &expert->study->train;
  hr_status status = summarise(expert, block, err);
  for (size_t i = 0; status == HR_OK && i < block->rows; i++) {
    size_t row = block->first_row + i;
    if (train->bin[row] == HR_UNCOVERED) continue;
    hr_scatter_add(expert->folds[train->fold[row]],
                   expert->summaries + i * expert->stretches, train->target[row]);
  }
  return status;
}

/* One solver: its model and its scratch. */
typedef struct solver {
  hr_linear_model model; /* [S] */
  double *product;       /* [S] */
  hr_shifted *system;
} solver;

static void solver_fini(solver *s) {
  hr_free(s->model.weights);
  hr_free(s->model.centre);
  hr_free(s->product);
  hr_shifted_destroy(&s->system);
}

static hr_status solver_init(solver *s, const hr_learner *expert, hr_error *err) {
  hr_status status = HR_OK;
  size_t stretches = expert->stretches;
  HR_TRY(hr_alloc(&s->model.weights, stretches, err));
  HR_TRY(hr_alloc(&s->model.centre, stretches, err));
  HR_TRY(hr_alloc(&s->product, stretches, err));
  HR_TRY(hr_shifted_create(stretches, expert->study->compute, &s->system, err));
cleanup:
  return status;
}

/* What is known of every alpha. */
typedef struct fitting {
  hr_learner *expert;
  hr_scatter *total;            /* all folds */
  double squared_error[ALPHAS]; /* of validation, NaN: a system is not definite */
  hr_error errors[ALPHAS];
  size_t chosen;
} fitting;

static hr_status validate(fitting *fit, size_t a, hr_error *err) {
  hr_status status = HR_OK;
  const hr_learner *expert = fit->expert;
  solver s = {.system = NULL};
  double sum = 0;
  fit->squared_error[a] = (double)NAN;
  HR_TRY(solver_init(&s, expert, err));
  for (size_t f = 0; f < expert->study->fold_count; f++) {
    const hr_scatter *fold = expert->folds[f];
    if (hr_scatter_rows(fold) == 0) continue;
    HR_TRY(hr_scatter_ridge(fit->total, fold, alphas[a], s.system, &s.model, err));
    sum += hr_scatter_squared_error(fold, &s.model, s.product);
  }
  fit->squared_error[a] = sum;
cleanup:
  solver_fini(&s);
  return status;
}

static void validate_alpha(void *context, size_t a, size_t thread) {
  (void)thread;
  fitting *fit = context;
  hr_status status = validate(fit, a, &fit->errors[a]);
  bool undefined = status == HR_ERR_NUMERIC || status == HR_ERR_EMPTY;
  if (undefined) fit->errors[a].status = HR_OK; /* the others go on */
}

/* The alpha that validates best, the larger one where two are equal; ALPHAS: none. */
static size_t choose_alpha(const fitting *fit) {
  size_t best = ALPHAS;
  for (size_t a = 0; a < ALPHAS; a++) {
    if (isnan(fit->squared_error[a])) continue;
    if (best < ALPHAS && fit->squared_error[a] > fit->squared_error[best]) continue;
    best = a;
  }
  return best;
}

static hr_status fit_all(fitting *fit, hr_error *err) {
  hr_status status = HR_OK;
  double *model = fit->expert->model;
  size_t stretches = fit->expert->stretches;
  solver s = {.system = NULL};
  HR_TRY(solver_init(&s, fit->expert, err));
  HR_TRY(
      hr_scatter_ridge(fit->total, NULL, alphas[fit->chosen], s.system, &s.model, err));
  model[0] = alphas[fit->chosen];
  model[1] = s.model.offset;
  for (size_t i = 0; i < stretches; i++) {
    model[2 + i] = s.model.weights[i];
    model[1] -= s.model.weights[i] * s.model.centre[i];
  }
cleanup:
  solver_fini(&s);
  return status;
}

static void fit_chosen(void *context, size_t i, size_t thread) {
  (void)i;
  (void)thread;
  fitting *fit = context;
  if (fit_all(fit, &fit->errors[0]) == HR_OK) fit->errors[0].status = HR_OK;
}

static hr_status first_error(const fitting *fit, hr_error *err) {
  for (size_t a = 0; a < ALPHAS; a++) {
    if (fit->errors[a].status == HR_OK) continue;
    if (err) *err = fit->errors[a];
    return fit->errors[a].status;
  }
  return HR_OK;
}

/* All solves are made inside parallel loops, where LAPACK runs on one thread: the same
 * bits for any number of them. */
static hr_status fit(hr_learner *expert, hr_error *err) {
  hr_status status = HR_OK;
  fitting fit = {.expert = expert};
  HR_TRY(hr_scatter_create(expert->stretches, expert->tiles, &fit.total, err));
  for (size_t f = 0; f < expert->study->fold_count; f++) {
    hr_scatter_finish(expert->folds[f]);
    hr_scatter_merge(fit.total, expert->folds[f]);
  }
  hr_parallel_for(ALPHAS, validate_alpha, &fit);
  HR_TRY(first_error(&fit, err));
  fit.chosen = choose_alpha(&fit);
  if (fit.chosen == ALPHAS) {
    expert->task.status = HR_FIT_FAILED;
    snprintf(expert->task.note, sizeof expert->task.note,
             "no system is positive definite in fp64");
    goto cleanup;
  }
  hr_parallel_for(1, fit_chosen, &fit);
  HR_TRY(first_error(&fit, err));
  expert->task.status = HR_FIT_OK;
  double syy = hr_scatter_syy(fit.total);
  if (syy > 0) expert->validation_r2 = 1 - fit.squared_error[fit.chosen] / syy;
cleanup:
  hr_scatter_destroy(&fit.total);
  return status;
}

static hr_status leakage_train(hr_learner *expert, hr_error *err) {
  hr_status status = HR_OK;
  hr_task *task = &expert->task;
  double start = hr_clock_seconds();
  if (task->train_rows < FEWEST_ROWS) {
    snprintf(task->note, sizeof task->note,
             "%zu covered training row%s, at least %d are needed", task->train_rows,
             task->train_rows == 1 ? "" : "s", FEWEST_ROWS);
    return HR_OK;
  }
  HR_TRY(fit(expert, err));
  forget_rows(expert);
  task->seconds = hr_clock_seconds() - start;
cleanup:
  return status;
}

static hr_status leakage_observe_test(hr_learner *expert, const hr_block *block,
                                      hr_error *err) {
  if (expert->task.status != HR_FIT_OK) return HR_OK;
  hr_status status = summarise(expert, block, err);
  for (size_t i = 0; status == HR_OK && i < block->rows; i++) {
    size_t row = block->first_row + i;
    if (expert->study->test.bin[row] == HR_UNCOVERED) continue;
    const float *x = expert->summaries + i * expert->stretches;
    double sum = expert->model[1];
    for (size_t s = 0; s < expert->stretches; s++) {
      sum += expert->model[2 + s] * (double)x[s];
    }
    expert->predictions[row] = (float)sum;
  }
  return status;
}

static const hr_task *leakage_tasks(const hr_learner *expert, size_t *count) {
  *count = 1;
  return &expert->task;
}

static hr_status leakage_save(const hr_learner *expert, const hr_task *task,
                              const char *folder, hr_error *err) {
  (void)task;
  hr_status status = HR_OK;
  char *path = NULL;
  HR_TRY(hr_join_path(folder, "model.npy", &path, err));
  HR_TRY(hr_npy_write(path, expert->model, 1, 2 + expert->stretches, err));
cleanup:
  hr_free(path);
  return status;
}

static void leakage_estimate(const hr_study_view *study, const void *parameters,
                             hr_cost *cost) {
  (void)parameters;
  double stretches = (double)stretches_of(study), folds = (double)study->fold_count;
  double rows = (double)study->train.rows;
  cost->memory_bytes = (folds + 1) * hr_scatter_bytes(stretches_of(study)) +
                       (double)ALPHAS * hr_shifted_bytes(stretches_of(study)) +
                       4 * (double)study->test.rows;
  cost->gathered_bytes = cost->memory_bytes;
  cost->operations = rows * ((double)study->pixels + stretches * stretches) +
                     (folds + 1) * (double)ALPHAS * stretches * stretches * stretches / 3;
  cost->disk_bytes = 8 * (2 + stretches) + 4 * (double)study->test.rows;
}

const hr_method hr_leakage_method = {
    .name = "leakage",
    .title = "Error alone",
    .summary = "A control: Ridge on the error of the spectra, without their flux.",
    .uses_error = true,
    .has_global = true,
    .only_global = true,
    .create = leakage_create,
    .destroy = leakage_destroy,
    .estimate = leakage_estimate,
    .observe = leakage_observe,
    .train = leakage_train,
    .observe_test = leakage_observe_test,
    .tasks = leakage_tasks,
    .save = leakage_save,
};
