/* One pass over the training rows gathers, for every bin and fold, what all fits need;
 * alpha is then chosen by cross-validation without another look at the data. A bin with
 * more rows than pixels keeps centred sums (linalg/scatter.h); one with fewer keeps its
 * rows and solves the dual system, which is smaller (linalg/dual.h). Each row is
 * multiplied once: the global model adds up the sums of the large bins and has sums of
 * its own for the remaining rows only.
 *
 * Where the noise is integrated out, the rows are the clean ones, and one vector more is
 * kept for every model and fold: the variance of the noise summed over the rows. */
#include "experts/ridge_models.h"

#include <math.h>
#include <string.h>

#include <cblas.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/npy.h"
#include "core/observe.h"
#include "core/parallel.h"
#include "experts/ridge_cost.h"
#include "linalg/dual.h"

/* One Ridge: a bin's, or the global one. */
typedef struct ridge_model {
  hr_ridge_form_kind form;
  hr_dual *dual; /* HR_RIDGE_DUAL */
  double *noise; /* [F][P] Σσ² of each fold's rows; NULL: not integrated out */
  hr_scatter *
      *folds;        /* HR_RIDGE_PRIMAL: [F], the rows of each fold; freed when trained */
  double *weights;   /* [A][P] */
  double *centre;    /* [P] */
  double *intercept; /* [A] */
  double *squared_error; /* [L][F][A] validation, NaN where a system was not solved */
  double *cv_r2;         /* [A] */
  double *level_cv_r2, *level_alpha; /* [L - 1] the best alpha at the other levels */
  float *predictions;                /* [A][test rows] */
  size_t next_test_row;
} ridge_model;

struct hr_expert {
  const hr_study_view *study;
  const char *name;
  bool integrates_noise;
  const double *alpha; /* [A], borrowed from the parameters */
  size_t alpha_count;
  const double *level; /* [L - 1] other levels of the noise, borrowed */
  size_t level_count;  /* L, with the study's own, which comes first */
  hr_tiles *tiles;
  ridge_model *models; /* [K + 1], the global one last */
  hr_task *tasks;      /* [K + 1] */
  double **work;       /* [threads] P x P or less, while training */
  size_t work_count;
  double operations, operations_done; /* of all solves, to tell how far they are */
};

static ridge_model *global_model(const hr_expert *expert) {
  return &expert->models[expert->study->bin_count];
}

static void count_test_rows(const hr_study_view *study, size_t *counts) {
  hr_count_bins(study->test.route, study->test.rows, study->bin_count, counts);
  counts[study->bin_count] = study->test.rows;
}

static void destroy_folds(ridge_model *model, size_t fold_count) {
  for (size_t f = 0; model->folds && f < fold_count; f++) {
    hr_scatter_destroy(&model->folds[f]);
  }
  hr_free(model->folds);
  model->folds = NULL;
}

static void destroy_work(hr_expert *expert) {
  for (size_t t = 0; expert->work && t < expert->work_count; t++)
    hr_free(expert->work[t]);
  hr_free(expert->work);
  expert->work = NULL;
}

void hr_ridge_models_destroy(hr_expert **address) {
  hr_expert *expert = *address;
  *address = NULL;
  if (!expert) return;
  for (size_t m = 0; expert->models && m <= expert->study->bin_count; m++) {
    ridge_model *model = &expert->models[m];
    destroy_folds(model, expert->study->fold_count);
    hr_dual_destroy(&model->dual);
    hr_free(model->noise);
    hr_free(model->weights);
    hr_free(model->centre);
    hr_free(model->intercept);
    hr_free(model->squared_error);
    hr_free(model->cv_r2);
    hr_free(model->level_cv_r2);
    hr_free(model->level_alpha);
    hr_free(model->predictions);
  }
  destroy_work(expert);
  hr_free(expert->models);
  hr_free(expert->tasks);
  hr_tiles_destroy(&expert->tiles);
  hr_free(expert);
}

static hr_status init_model(hr_expert *expert, ridge_model *model, size_t rows,
                            size_t test_rows, hr_error *err) {
  hr_status status = HR_OK;
  const hr_study_view *study = expert->study;
  size_t pixels = study->pixels, alphas = expert->alpha_count;
  model->form = hr_ridge_form(rows, pixels);
  HR_TRY(hr_alloc(&model->weights, alphas * pixels, err));
  HR_TRY(hr_alloc(&model->centre, pixels, err));
  HR_TRY(hr_alloc(&model->intercept, alphas, err));
  HR_TRY(hr_alloc(&model->squared_error, expert->level_count * study->fold_count * alphas,
                  err));
  HR_TRY(hr_alloc(&model->cv_r2, alphas, err));
  HR_TRY(hr_alloc(&model->level_cv_r2, expert->level_count, err));
  HR_TRY(hr_alloc(&model->level_alpha, expert->level_count, err));
  HR_TRY(hr_alloc(&model->predictions, alphas * test_rows, err));
  if (expert->integrates_noise && model->form != HR_RIDGE_NONE) {
    HR_TRY(hr_alloc(&model->noise, study->fold_count * pixels, err));
  }
  if (model->form == HR_RIDGE_DUAL) {
    HR_TRY(hr_dual_create(rows, pixels, expert->tiles, &model->dual, err));
  } else if (model->form == HR_RIDGE_PRIMAL) {
    HR_TRY(hr_alloc(&model->folds, study->fold_count, err));
    for (size_t f = 0; f < study->fold_count; f++) {
      HR_TRY(hr_scatter_create(pixels, expert->tiles, &model->folds[f], err));
    }
  }
cleanup:
  return status;
}

static void init_task(const hr_expert *expert, size_t m, size_t rows, size_t test_rows) {
  const ridge_model *model = &expert->models[m];
  hr_task *task = &expert->tasks[m];
  task->bin = m == expert->study->bin_count ? HR_GLOBAL : (int)m;
  task->status = HR_TASK_SKIPPED;
  task->train_rows = rows;
  task->test_rows = test_rows;
  task->variant_count = expert->alpha_count;
  task->variant_value = expert->alpha;
  task->cv_r2 = model->cv_r2;
  task->predictions = model->predictions;
  if (model->form != HR_RIDGE_NONE) {
    task->level_count = expert->level_count - 1;
    task->level = expert->level;
    task->level_cv_r2 = model->level_cv_r2;
    task->level_value = model->level_alpha;
  }
  if (model->form == HR_RIDGE_NONE) {
    snprintf(task->note, sizeof task->note, "%zu training row%s, at least %d are needed",
             rows, rows == 1 ? "" : "s", HR_RIDGE_FEWEST_ROWS);
  }
}

hr_status hr_ridge_models_create(const hr_study_view *study,
                                 const hr_ridge_options *options, hr_expert **out,
                                 hr_error *err) {
  hr_status status = HR_OK;
  size_t *rows = NULL, *test_rows = NULL;
  hr_expert *expert = NULL;
  HR_TRY(hr_alloc(&expert, 1, err));
  expert->study = study;
  expert->name = options->name;
  expert->alpha = options->alpha->items;
  expert->alpha_count = options->alpha->count;
  expert->level_count = 1;
  if (options->integrate_noise && options->levels) {
    expert->level = options->levels->items;
    expert->level_count += options->levels->count;
  }
  expert->integrates_noise = hr_ridge_integrates_noise(study, options);
  HR_TRY(hr_alloc(&rows, study->bin_count + 1, err));
  HR_TRY(hr_alloc(&test_rows, study->bin_count + 1, err));
  HR_TRY(hr_alloc(&expert->models, study->bin_count + 1, err));
  HR_TRY(hr_alloc(&expert->tasks, study->bin_count + 1, err));
  HR_TRY(hr_tiles_create(&hr_linalg_blas, &expert->tiles, err));
  hr_ridge_count_rows(study, rows);
  count_test_rows(study, test_rows);
  for (size_t m = 0; m <= study->bin_count; m++) {
    HR_TRY(init_model(expert, &expert->models[m], rows[m], test_rows[m], err));
    init_task(expert, m, rows[m], test_rows[m]);
  }
  *out = expert;
  expert = NULL;
cleanup:
  hr_free(rows);
  hr_free(test_rows);
  hr_ridge_models_destroy(&expert);
  return status;
}

static void add_row(ridge_model *model, const float *x, double y, uint8_t fold) {
  if (model->form == HR_RIDGE_DUAL) hr_dual_add(model->dual, x, y, fold);
  if (model->form == HR_RIDGE_PRIMAL) hr_scatter_add(model->folds[fold], x, y);
}

/* The variances of a block's rows, summed for every model and fold, some pixels at a
 * time: rows in order, whatever the threads. Pixels with an error <= 0 carry no noise, as
 * in the stream. */
typedef struct noise_context {
  hr_expert *expert;
  const hr_block *block;
} noise_context;

enum { NOISE_STRIP = 256 };

static void add_noise(double *sum, const float *error, size_t count) {
  for (size_t p = 0; p < count; p++) {
    double sigma = error[p] > 0 ? (double)error[p] : 0;
    sum[p] += sigma * sigma;
  }
}

static void add_noise_strip(void *context, size_t strip, size_t thread) {
  (void)thread;
  const noise_context *c = context;
  const hr_study_view *study = c->expert->study;
  size_t pixels = study->pixels, first = strip * NOISE_STRIP;
  size_t count = pixels - first < NOISE_STRIP ? pixels - first : NOISE_STRIP;
  for (size_t i = 0; i < c->block->rows; i++) {
    size_t row = c->block->first_row + i;
    size_t at = study->train.fold[row] * pixels + first;
    int32_t bin = study->train.bin[row];
    const float *error = c->block->error + i * pixels + first;
    double *own = bin == HR_UNCOVERED ? NULL : c->expert->models[bin].noise;
    double *all = global_model(c->expert)->noise;
    if (own) add_noise(own + at, error, count);
    if (all) add_noise(all + at, error, count);
  }
}

hr_status hr_ridge_models_observe(hr_expert *expert, const hr_block *block,
                                  hr_error *err) {
  (void)err;
  const hr_split_view *train = &expert->study->train;
  ridge_model *global = global_model(expert);
  const float *rows = expert->integrates_noise ? block->flux : block->noisy;
  if (expert->integrates_noise) {
    size_t strips = (block->pixels + NOISE_STRIP - 1) / NOISE_STRIP;
    hr_parallel_for(strips, add_noise_strip, &(noise_context){expert, block});
  }
  for (size_t i = 0; i < block->rows; i++) {
    size_t row = block->first_row + i;
    const float *x = rows + i * block->pixels;
    int32_t bin = train->bin[row];
    bool in_global_sums = false;
    if (bin != HR_UNCOVERED) {
      ridge_model *model = &expert->models[bin];
      add_row(model, x, train->target[row], train->fold[row]);
      /* Its fold sums are added to the global ones when the bin is done with them. */
      in_global_sums = model->form == HR_RIDGE_PRIMAL;
    }
    if (!in_global_sums) add_row(global, x, train->target[row], train->fold[row]);
  }
  return HR_OK;
}

/* All solves of one model: (level, fold, alpha) for validation, then (no fold, alpha) for
 * the fit. */
typedef struct solve_context {
  hr_expert *expert;
  ridge_model *model;
  const hr_scatter *total; /* HR_RIDGE_PRIMAL: all rows of the model */
  size_t first;            /* of the solves that are made now */
  hr_error *errors;        /* [solves] what went wrong, status HR_OK for nothing */
} solve_context;

static size_t validation_count(const hr_expert *expert) {
  return expert->level_count * expert->study->fold_count * expert->alpha_count;
}

/* The variance of the noise over the square of the error. */
static double noise_scale(const hr_expert *expert, size_t level) {
  double value = level == 0 ? expert->study->noise_level : expert->level[level - 1];
  return value * value;
}

/* Floating point operations of a model's Cholesky factorisations, order³/3 each. */
static double solving_operations(const hr_expert *expert, const hr_task *task) {
  hr_ridge_form_kind form = hr_ridge_form(task->train_rows, expert->study->pixels);
  double order = form == HR_RIDGE_PRIMAL ? (double)expert->study->pixels
                 : form == HR_RIDGE_DUAL ? (double)task->train_rows
                                         : 0;
  double solves = (double)(validation_count(expert) + expert->alpha_count);
  return solves * order * order * order / 3;
}

static hr_status tell_progress(const hr_expert *expert, hr_error *err) {
  hr_progress progress = {
      .stage = expert->integrates_noise ? "solving Marginal Ridge" : "solving Ridge",
      .unit = "Gflop",
      .done = (uint64_t)(1e-9 * expert->operations_done),
      .total = (uint64_t)(1e-9 * expert->operations) + 1};
  return hr_observe_progress(expert->study->observer, &progress, err);
}

/* The noise's variance at a level, summed over the rows outside `fold` (none left out:
 * the number of folds). */
static void sum_noise(const hr_expert *expert, const ridge_model *model, size_t level,
                      size_t fold, double *sum) {
  size_t pixels = expert->study->pixels;
  memset(sum, 0, pixels * sizeof *sum);
  for (size_t f = 0; f < expert->study->fold_count; f++) {
    if (f == fold) continue;
    const double *noise = model->noise + f * pixels;
    for (size_t p = 0; p < pixels; p++) sum[p] += noise[p];
  }
  double scale = noise_scale(expert, level);
  for (size_t p = 0; p < pixels; p++) sum[p] *= scale;
}

/* A linear model and what making it takes. */
typedef struct fit_scratch {
  hr_linear_model model;
  double *vector; /* [P] */
  double *noise;  /* [P], NULL where it is not integrated out */
} fit_scratch;

static void scratch_fini(fit_scratch *scratch) {
  hr_free(scratch->model.weights);
  hr_free(scratch->model.centre);
  hr_free(scratch->vector);
  hr_free(scratch->noise);
}

static hr_status scratch_init(fit_scratch *scratch, const solve_context *solve,
                              hr_error *err) {
  hr_status status = HR_OK;
  size_t pixels = solve->expert->study->pixels;
  HR_TRY(hr_alloc(&scratch->model.weights, pixels, err));
  HR_TRY(hr_alloc(&scratch->model.centre, pixels, err));
  HR_TRY(hr_alloc(&scratch->vector, pixels, err));
  if (solve->model->noise) HR_TRY(hr_alloc(&scratch->noise, pixels, err));
cleanup:
  return status;
}

static bool is_empty_fold(const solve_context *solve, size_t f) {
  if (solve->model->form == HR_RIDGE_PRIMAL) {
    return hr_scatter_rows(solve->model->folds[f]) == 0;
  }
  return hr_dual_fold_rows(solve->model->dual, (int)f) == 0;
}

/* One solve of validation. */
typedef struct trial {
  size_t level, fold;
  double alpha;
} trial;

/* Fits without the fold and sums the squared error, or its expectation over the noise, on
 * the rows of the fold. */
static hr_status validate_model(const solve_context *solve, const trial *of, double *work,
                                double *squared_error, hr_error *err) {
  hr_status status = HR_OK;
  ridge_model *model = solve->model;
  fit_scratch scratch = {0};
  size_t f = of->fold;
  *squared_error = 0;
  if (is_empty_fold(solve, f)) return HR_OK;
  HR_TRY(scratch_init(&scratch, solve, err));
  if (model->noise) sum_noise(solve->expert, model, of->level, f, scratch.noise);
  hr_penalty penalty = {of->alpha, scratch.noise};
  if (model->form == HR_RIDGE_DUAL) {
    HR_TRY(hr_dual_penalised(model->dual, (int)f, &penalty, work, &scratch.model, err));
    *squared_error = hr_dual_squared_error(model->dual, (int)f, &scratch.model);
  } else {
    HR_TRY(hr_scatter_penalised(solve->total, model->folds[f], &penalty, work,
                                &scratch.model, err));
    *squared_error =
        hr_scatter_squared_error(model->folds[f], &scratch.model, scratch.vector);
  }
  if (model->noise) {
    size_t pixels = solve->expert->study->pixels;
    *squared_error +=
        noise_scale(solve->expert, of->level) *
        hr_linear_model_noise(&scratch.model, model->noise + f * pixels, pixels);
  }
cleanup:
  scratch_fini(&scratch);
  return status;
}

/* Whether K of the dual form serves every fold and alpha. */
static bool uses_kernel(const ridge_model *model) {
  return model->form == HR_RIDGE_DUAL && !model->noise;
}

static void validate(const solve_context *solve, size_t index, size_t thread) {
  size_t alphas = solve->expert->alpha_count, folds = solve->expert->study->fold_count;
  trial of = {index / (folds * alphas), index / alphas % folds,
              solve->expert->alpha[index % alphas]};
  double *squared_error = &solve->model->squared_error[index];
  double *work = solve->expert->work[thread];
  hr_error *err = &solve->errors[index];
  hr_status status = uses_kernel(solve->model)
                         ? hr_dual_validate(solve->model->dual, (int)of.fold, of.alpha,
                                            work, squared_error, err)
                         : validate_model(solve, &of, work, squared_error, err);
  if (status != HR_OK) *squared_error = (double)NAN;
}

static hr_status fit_model(const solve_context *solve, double alpha, double *work,
                           hr_linear_model *out, hr_error *err) {
  hr_status status = HR_OK;
  const ridge_model *model = solve->model;
  double *noise = NULL;
  if (model->noise) {
    HR_TRY(hr_alloc(&noise, solve->expert->study->pixels, err));
    sum_noise(solve->expert, model, 0, solve->expert->study->fold_count, noise);
  }
  hr_penalty penalty = {alpha, noise};
  if (uses_kernel(model)) {
    HR_TRY(hr_dual_ridge(model->dual, alpha, work, out, err));
  } else if (model->form == HR_RIDGE_DUAL) {
    HR_TRY(hr_dual_penalised(model->dual, HR_DUAL_ALL_ROWS, &penalty, work, out, err));
  } else {
    HR_TRY(hr_scatter_penalised(solve->total, NULL, &penalty, work, out, err));
  }
cleanup:
  hr_free(noise);
  return status;
}

static void fit(const solve_context *solve, size_t index, size_t thread) {
  size_t a = index - validation_count(solve->expert);
  size_t pixels = solve->expert->study->pixels;
  double alpha = solve->expert->alpha[a], *work = solve->expert->work[thread];
  hr_error *err = &solve->errors[index];
  hr_linear_model model = {.weights = solve->model->weights + a * pixels};
  if (hr_alloc(&model.centre, pixels, err) != HR_OK) return;
  hr_status status = fit_model(solve, alpha, work, &model, err);
  double intercept = model.offset;
  for (size_t p = 0; p < pixels; p++) intercept -= model.weights[p] * model.centre[p];
  solve->model->intercept[a] = status == HR_OK ? intercept : (double)NAN;
  hr_free(model.centre);
}

static void solve_one(void *context, size_t i, size_t thread) {
  const solve_context *solve = context;
  const hr_expert *expert = solve->expert;
  size_t index = solve->first + i;
  if (index < validation_count(expert)) {
    validate(solve, index, thread);
  } else {
    fit(solve, index, thread);
  }
}

/* All solves of one model, some at a time so that progress can be told in between. */
static hr_status solve_all(solve_context *solve, size_t count, double operations,
                           hr_error *err) {
  hr_status status = HR_OK;
  hr_expert *expert = solve->expert;
  size_t at_a_time = 4 * expert->work_count;
  for (; solve->first < count; solve->first += at_a_time) {
    size_t left = count - solve->first;
    size_t taken = left < at_a_time ? left : at_a_time;
    hr_parallel_for_on(expert->work_count, taken, solve_one, solve);
    expert->operations_done += operations * (double)taken / (double)count;
    HR_TRY(tell_progress(expert, err));
  }
  /* Systems that are not definite leave an alpha undefined; all else ends the study. */
  for (size_t i = 0; i < count; i++) {
    if (solve->errors[i].status == HR_OK) continue;
    if (solve->errors[i].status == HR_ERR_NUMERIC) continue;
    if (solve->errors[i].status == HR_ERR_EMPTY) continue;
    if (err) *err = solve->errors[i];
    return solve->errors[i].status;
  }
cleanup:
  return status;
}

/* Over all folds. */
static double validation_error(const hr_expert *expert, const ridge_model *model,
                               size_t level, size_t a) {
  size_t folds = expert->study->fold_count, alphas = expert->alpha_count;
  double sum = 0;
  for (size_t f = 0; f < folds; f++) {
    sum += model->squared_error[(level * folds + f) * alphas + a];
  }
  return sum;
}

/* R² over all validation rows of each alpha. An alpha whose systems could not be solved
 * is undefined, and so are its predictions; without variance there is nothing to validate
 * and all alphas predict the one value. */
static void validate_alphas(const hr_expert *expert, const ridge_model *model,
                            double syy) {
  for (size_t a = 0; a < expert->alpha_count; a++) {
    double sum = validation_error(expert, model, 0, a);
    bool usable = isfinite(sum) && isfinite(model->intercept[a]);
    model->cv_r2[a] = usable && syy > 0 ? 1 - sum / syy : (double)NAN;
    if (!usable) model->intercept[a] = (double)NAN;
  }
}

/* The best alpha at each of the other levels; the larger one where two are equal. */
static void validate_levels(const hr_expert *expert, const ridge_model *model,
                            double syy) {
  for (size_t l = 1; l < expert->level_count; l++) {
    double least = (double)INFINITY, best = (double)NAN;
    for (size_t a = 0; a < expert->alpha_count; a++) {
      double sum = validation_error(expert, model, l, a), alpha = expert->alpha[a];
      if (!(sum < least || (sum <= least && alpha > best))) continue;
      least = sum;
      best = alpha;
    }
    bool defined = isfinite(least) && syy > 0;
    model->level_cv_r2[l - 1] = defined ? 1 - least / syy : (double)NAN;
    model->level_alpha[l - 1] = best;
  }
}

static const char *name_of_model(const hr_task *task, char text[32]) {
  if (task->bin == HR_GLOBAL) return "the global model";
  snprintf(text, 32, "bin %d", task->bin);
  return text;
}

/* The best alpha; the larger penalty, that is the simpler model, where two are equal. */
static void choose_alpha(const hr_expert *expert, const ridge_model *model,
                         hr_task *task) {
  size_t undefined = 0, best = expert->alpha_count;
  double best_merit = 0;
  for (size_t a = 0; a < expert->alpha_count; a++) {
    if (isnan(model->intercept[a])) {
      undefined++;
      continue;
    }
    double merit = isnan(model->cv_r2[a]) ? -(double)INFINITY : model->cv_r2[a];
    bool better = best == expert->alpha_count || merit > best_merit ||
                  (!(merit < best_merit) && expert->alpha[a] > expert->alpha[best]);
    if (!better) continue;
    best = a;
    best_merit = merit;
  }
  task->status = undefined < expert->alpha_count ? HR_TASK_OK : HR_TASK_FAILED;
  task->chosen = undefined < expert->alpha_count ? best : 0;
  if (undefined == 0) return;
  snprintf(task->note, sizeof task->note,
           "%zu of %zu alphas are undefined, their systems are not positive definite in "
           "fp64: take larger ones",
           undefined, expert->alpha_count);
  char name[32];
  hr_observe_warning(expert->study->observer, "%s, %s: %s", expert->name,
                     name_of_model(task, name), task->note);
}

/* The sum of the folds' statistics. */
static hr_status sum_folds(const hr_expert *expert, const ridge_model *model,
                           hr_scatter **out, hr_error *err) {
  hr_status status = hr_scatter_create(expert->study->pixels, expert->tiles, out, err);
  for (size_t f = 0; status == HR_OK && f < expert->study->fold_count; f++) {
    hr_scatter_finish(model->folds[f]);
    hr_scatter_merge(*out, model->folds[f]);
  }
  return status;
}

static hr_status train_model(hr_expert *expert, ridge_model *model, hr_task *task,
                             hr_error *err) {
  hr_status status = HR_OK;
  double start = hr_clock_seconds();
  hr_scatter *total = NULL;
  solve_context solve = {.expert = expert, .model = model};
  size_t solves = validation_count(expert) + expert->alpha_count;
  HR_TRY(hr_alloc(&solve.errors, solves, err));
  if (uses_kernel(model)) {
    HR_TRY(hr_dual_finish(model->dual, err));
  } else if (model->form == HR_RIDGE_DUAL) {
    hr_dual_centre(model->dual);
  } else {
    HR_TRY(sum_folds(expert, model, &total, err));
    solve.total = total;
  }
  size_t rows =
      model->form == HR_RIDGE_DUAL ? hr_dual_rows(model->dual) : hr_scatter_rows(total);
  if (rows != task->train_rows) {
    status = hr_fail(err, HR_ERR_INTERNAL, "%s saw %zu rows of model %d, not %zu",
                     expert->name, rows, task->bin, task->train_rows);
    goto cleanup;
  }
  HR_TRY(solve_all(&solve, solves, solving_operations(expert, task), err));
  double syy =
      model->form == HR_RIDGE_DUAL ? hr_dual_syy(model->dual) : hr_scatter_syy(total);
  validate_alphas(expert, model, syy);
  validate_levels(expert, model, syy);
  choose_alpha(expert, model, task);
  if (model->form == HR_RIDGE_DUAL) hr_dual_release(model->dual);
  task->seconds = hr_clock_seconds() - start;
cleanup:
  hr_scatter_destroy(&total);
  hr_free(solve.errors);
  return status;
}

/* The order of the largest system: its square is what a thread needs to solve it. */
static size_t largest_system(const hr_expert *expert) {
  size_t largest = 1;
  for (size_t m = 0; m <= expert->study->bin_count; m++) {
    size_t order = expert->models[m].form == HR_RIDGE_PRIMAL ? expert->study->pixels
                   : expert->models[m].form == HR_RIDGE_DUAL ? expert->tasks[m].train_rows
                                                             : 0;
    if (order > largest) largest = order;
  }
  return largest;
}

static hr_status create_work(hr_expert *expert, hr_error *err) {
  hr_status status = HR_OK;
  size_t order = largest_system(expert),
         count = hr_ridge_solver_count(expert->study, order);
  HR_TRY(hr_alloc(&expert->work, count, err));
  expert->work_count = count;
  for (size_t t = 0; t < count; t++) {
    HR_TRY(hr_alloc(&expert->work[t], order * order, err));
  }
cleanup:
  return status;
}

/* Adds a trained bin's fold sums to the global ones. */
static void hand_to_global(hr_expert *expert, ridge_model *model) {
  if (model->form != HR_RIDGE_PRIMAL || model == global_model(expert)) return;
  for (size_t f = 0; f < expert->study->fold_count; f++) {
    hr_scatter *folds = global_model(expert)->folds[f];
    hr_scatter_finish(folds);
    hr_scatter_finish(model->folds[f]); /* a bin that failed may not have come to it */
    hr_scatter_merge(folds, model->folds[f]);
  }
  destroy_folds(model, expert->study->fold_count);
}

/* Ends one model whose training ended with `failure`; the others can do without it. */
static hr_status fail_model(const hr_expert *expert, ridge_model *model, hr_task *task,
                            hr_status failure, const hr_error *reason, hr_error *err) {
  char name[32];
  if (failure != HR_ERR_MEMORY && failure != HR_ERR_NUMERIC) {
    return hr_fail(err, failure, "%s", reason->message);
  }
  task->status = HR_TASK_FAILED;
  task->chosen = 0;
  snprintf(task->note, sizeof task->note, "%.*s", (int)sizeof task->note - 1,
           reason->message);
  hr_dual_destroy(&model->dual);
  hr_observe_warning(expert->study->observer, "%s, %s: %s", expert->name,
                     name_of_model(task, name), task->note);
  return HR_OK;
}

hr_status hr_ridge_models_train(hr_expert *expert, hr_error *err) {
  hr_status status = HR_OK;
  size_t models = expert->study->bin_count + 1;
  for (size_t m = 0; m < models; m++) {
    expert->operations += solving_operations(expert, &expert->tasks[m]);
  }
  HR_TRY(create_work(expert, err));
  HR_TRY(tell_progress(expert, err));
  for (size_t m = 0; m < models; m++) {
    ridge_model *model = &expert->models[m];
    if (model->form != HR_RIDGE_NONE) {
      hr_error reason = {.status = HR_OK};
      hr_task *task = &expert->tasks[m];
      hr_status trained = train_model(expert, model, task, &reason);
      if (trained != HR_OK) {
        HR_TRY(fail_model(expert, model, task, trained, &reason, err));
      }
    }
    hand_to_global(expert, model);
    if (m + 1 == models) destroy_folds(model, expert->study->fold_count);
  }
  expert->operations_done = expert->operations + 1e9;
  HR_TRY(tell_progress(expert, err));
cleanup:
  destroy_work(expert);
  return status;
}

/* Predictions of one model for one row, every alpha: w [A][P] times x. */
static void predict_row(const hr_expert *expert, const ridge_model *model,
                        const double *x, size_t test_rows, size_t at) {
  size_t pixels = expert->study->pixels;
  for (size_t a = 0; a < expert->alpha_count; a++) {
    double sum = cblas_ddot((int)pixels, model->weights + a * pixels, 1, x, 1);
    model->predictions[a * test_rows + at] = (float)(model->intercept[a] + sum);
  }
}

typedef struct predict_context {
  const hr_expert *expert;
  const hr_block *block;
  const size_t *at; /* [block rows] where each row stands among its bin's test rows */
  double *scratch;  /* [threads][P] */
} predict_context;

static void predict_block_row(void *context, size_t i, size_t thread) {
  const predict_context *predict = context;
  const hr_expert *expert = predict->expert;
  size_t pixels = expert->study->pixels, bins = expert->study->bin_count;
  const float *x = predict->block->noisy + i * pixels;
  double *wide = predict->scratch + thread * pixels;
  for (size_t p = 0; p < pixels; p++) wide[p] = (double)x[p];
  size_t row = predict->block->first_row + i;
  int32_t route = expert->study->test.route[row];
  if (route != HR_UNCOVERED && expert->tasks[route].status == HR_TASK_OK) {
    predict_row(expert, &expert->models[route], wide, expert->tasks[route].test_rows,
                predict->at[i]);
  }
  if (expert->tasks[bins].status == HR_TASK_OK) {
    predict_row(expert, &expert->models[bins], wide, expert->tasks[bins].test_rows, row);
  }
}

hr_status hr_ridge_models_observe_test(hr_expert *expert, const hr_block *block,
                                       hr_error *err) {
  hr_status status = HR_OK;
  size_t *at = NULL;
  double *scratch = NULL;
  HR_TRY(hr_alloc(&at, block->rows, err));
  HR_TRY(hr_alloc(&scratch, hr_thread_count() * block->pixels, err));
  for (size_t i = 0; i < block->rows; i++) {
    int32_t route = expert->study->test.route[block->first_row + i];
    if (route != HR_UNCOVERED) at[i] = expert->models[route].next_test_row++;
  }
  predict_context predict = {expert, block, at, scratch};
  hr_parallel_for(block->rows, predict_block_row, &predict);
cleanup:
  hr_free(at);
  hr_free(scratch);
  return status;
}

const hr_task *hr_ridge_models_tasks(const hr_expert *expert, size_t *count) {
  *count = expert->study->bin_count + 1;
  return expert->tasks;
}

/* model.npy: fp64 [A][1 + P], each row an intercept and the weights of one alpha. */
hr_status hr_ridge_models_save(const hr_expert *expert, const hr_task *task,
                               const char *folder, hr_error *err) {
  hr_status status = HR_OK;
  size_t pixels = expert->study->pixels, alphas = expert->alpha_count;
  const ridge_model *model =
      task->bin == HR_GLOBAL ? global_model(expert) : &expert->models[task->bin];
  double *rows = NULL;
  char *path = NULL;
  HR_TRY(hr_alloc(&rows, alphas * (1 + pixels), err));
  for (size_t a = 0; a < alphas; a++) {
    double *row = rows + a * (1 + pixels);
    row[0] = model->intercept[a];
    memcpy(row + 1, model->weights + a * pixels, pixels * sizeof *row);
  }
  HR_TRY(hr_join_path(folder, "model.npy", &path, err));
  HR_TRY(hr_npy_write(path, rows, alphas, 1 + pixels, err));
cleanup:
  hr_free(rows);
  hr_free(path);
  return status;
}
