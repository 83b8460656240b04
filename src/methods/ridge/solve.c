/* One run is one thread's work: a system, and a few alphas on it. */
#include "methods/ridge/solve.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/parallel.h"

/* Runs a thread between two words of progress: the more, the less do threads wait. */
enum { RUNS_AT_A_TIME = 8 };

hr_status hr_ridge_solvers_init(hr_ridge_solvers *solvers, size_t count, size_t order,
                                const hr_compute *compute, hr_error *err) {
  hr_status status = HR_OK;
  *solvers = (hr_ridge_solvers){.count = 0};
  HR_TRY(hr_alloc(&solvers->systems, count, err));
  for (; solvers->count < count; solvers->count++) {
    HR_TRY(hr_shifted_create(order, compute, &solvers->systems[solvers->count], err));
  }
cleanup:
  return status;
}

void hr_ridge_solvers_fini(hr_ridge_solvers *solvers) {
  for (size_t i = 0; i < solvers->count; i++) hr_shifted_destroy(&solvers->systems[i]);
  hr_free(solvers->systems);
  *solvers = (hr_ridge_solvers){.count = 0};
}

hr_status hr_ridge_tell_progress(const hr_ridge_progress *progress, hr_error *err) {
  hr_progress told = {.stage = progress->stage,
                      .unit = "Gflop",
                      .done = (uint64_t)(1e-9 * progress->done),
                      .total = (uint64_t)(1e-9 * progress->operations) + 1};
  return hr_observe_progress(progress->observer, &told, err);
}

hr_status hr_ridge_alphas_init(hr_ridge_alphas *alphas, const hr_numbers *numbers,
                               size_t a_run, hr_error *err) {
  *alphas =
      (hr_ridge_alphas){.value = numbers->items, .count = numbers->count, .a_run = a_run};
  hr_status status = hr_alloc(&alphas->order, alphas->count, err);
  for (size_t a = 0; status == HR_OK && a < alphas->count; a++) {
    size_t at = a;
    for (; at > 0 && alphas->value[alphas->order[at - 1]] < alphas->value[a]; at--) {
      alphas->order[at] = alphas->order[at - 1];
    }
    alphas->order[at] = a;
  }
  return status;
}

void hr_ridge_alphas_fini(hr_ridge_alphas *alphas) {
  hr_free(alphas->order);
  *alphas = (hr_ridge_alphas){.count = 0};
}

static size_t runs_a_system(const hr_ridge_fit *fit) {
  return hr_ridge_run_count(fit->alphas->count, fit->alphas->a_run);
}

static size_t run_count(const hr_ridge_fit *fit, hr_ridge_window w) {
  return (fit->level_count * w.fold_count + w.with_all) * runs_a_system(fit);
}

static size_t all_runs(const hr_ridge_fit *fit) {
  return run_count(fit, (hr_ridge_window){0, fit->sums->fold_count, true});
}

hr_status hr_ridge_fit_init(hr_ridge_fit *fit, hr_error *err) {
  hr_status status = HR_OK;
  size_t alphas = fit->alphas->count;
  HR_TRY(hr_alloc(&fit->weights, alphas * fit->sums->pixels, err));
  HR_TRY(hr_alloc(&fit->intercept, alphas, err));
  HR_TRY(hr_alloc(&fit->squared_error, fit->level_count * fit->sums->fold_count * alphas,
                  err));
  HR_TRY(hr_alloc(&fit->errors, all_runs(fit), err));
  if (!fit->keeps_folds) goto cleanup;
  size_t models = fit->sums->fold_count * alphas;
  HR_TRY(hr_alloc(&fit->fold_solution, models * fit->sums->pixels, err));
  HR_TRY(hr_alloc(&fit->fold_offset, models, err));
  for (size_t i = 0; i < models; i++) fit->fold_offset[i] = (double)NAN;
cleanup:
  return status;
}

void hr_ridge_fit_fini(hr_ridge_fit *fit) {
  hr_free(fit->weights);
  hr_free(fit->intercept);
  hr_free(fit->squared_error);
  hr_free(fit->errors);
  hr_free(fit->fold_solution);
  hr_free(fit->fold_offset);
  fit->weights = fit->intercept = fit->squared_error = NULL;
  fit->fold_solution = fit->fold_offset = NULL;
  fit->errors = NULL;
}

/* Alphas number [first, last) of the order, on one system. */
typedef struct run {
  hr_ridge_fit *fit;
  size_t level, fold; /* fold: the one left out for validation; F: fits all rows */
  size_t first, last;
  hr_shifted *system;
  hr_dual_fit *kernel;   /* HR_RIDGE_DUAL, K of which serves all alphas */
  hr_linear_model model; /* the last solution; not of `kernel` */
  double *vector;        /* [P] */
  double *noise; /* [P] Σσ² over the rows of the fit, NULL: not integrated out */
} run;

static bool fits_all(const run *r) {
  return r->fold == r->fit->sums->fold_count;
}

/* The fold as compute/dual.h names it. */
static int dual_fold(const run *r) {
  return fits_all(r) ? HR_DUAL_ALL_ROWS : (int)r->fold;
}

static void run_fini(run *r) {
  hr_dual_fit_destroy(&r->kernel);
  hr_free(r->model.weights);
  hr_free(r->model.centre);
  hr_free(r->vector);
  hr_free(r->noise);
}

/* Makes the system, where one serves all alphas. To be followed by run_fini, on failure
 * too. */
static hr_status run_init(run *r, hr_error *err) {
  hr_status status = HR_OK;
  const hr_ridge_sums *sums = r->fit->sums;
  size_t pixels = sums->pixels;
  HR_TRY(hr_alloc(&r->model.weights, pixels, err));
  HR_TRY(hr_alloc(&r->model.centre, pixels, err));
  HR_TRY(hr_alloc(&r->vector, pixels, err));
  if (sums->noise) {
    HR_TRY(hr_alloc(&r->noise, pixels, err));
    hr_ridge_sums_noise(sums, r->fit->noise_scale[r->level], r->fold, r->noise);
  }
  if (sums->form == HR_RIDGE_PRIMAL) {
    const hr_scatter *without = fits_all(r) ? NULL : sums->folds[r->fold];
    HR_TRY(
        hr_scatter_system(r->fit->total, without, r->noise, r->system, &r->model, err));
  } else if (hr_ridge_sums_has_kernel(sums)) {
    HR_TRY(hr_dual_fit_create(sums->dual, dual_fold(r), r->system, &r->kernel, err));
  }
cleanup:
  return status;
}

static hr_status run_solve(run *r, double alpha, hr_error *err) {
  const hr_ridge_sums *sums = r->fit->sums;
  if (sums->form == HR_RIDGE_PRIMAL) {
    return hr_shifted_solve(r->system, alpha, r->model.weights, err);
  }
  if (r->kernel) return hr_dual_fit_solve(r->kernel, alpha, err);
  return hr_dual_penalised(sums->dual, dual_fold(r), &(hr_penalty){alpha, r->noise},
                           r->system, &r->model, err);
}

/* The squared error, or its expectation over the noise, on the rows of the fold. */
static double run_validate(const run *r) {
  const hr_ridge_sums *sums = r->fit->sums;
  if (r->kernel) return hr_dual_fit_squared_error(r->kernel);
  double sum = hr_ridge_sums_squared_error(sums, r->fold, &r->model, r->vector);
  if (sums->noise) {
    const double *variance = sums->noise + r->fold * sums->pixels;
    sum += r->fit->noise_scale[r->level] *
           hr_linear_model_noise(&r->model, variance, sums->pixels);
  }
  return sum;
}

static double intercept_of(const hr_linear_model *model, size_t pixels) {
  double intercept = model->offset;
  for (size_t p = 0; p < pixels; p++) intercept -= model->weights[p] * model->centre[p];
  return intercept;
}

/* Keeps the solution without a fold, where it is to be kept. */
static void run_keep_fold(const run *r, size_t a) {
  hr_ridge_fit *fit = r->fit;
  size_t pixels = fit->sums->pixels, number = r->fold * fit->alphas->count + a;
  if (!fit->keeps_folds || r->level > 0) return;
  double *solution = fit->fold_solution + number * pixels;
  if (r->kernel) {
    hr_dual_fit_solution(r->kernel, solution, &fit->fold_offset[number]);
    return;
  }
  memcpy(solution, r->model.weights, pixels * sizeof *solution);
  fit->fold_offset[number] = intercept_of(&r->model, pixels);
}

double hr_ridge_fit_fold_model(const hr_ridge_fit *fit, size_t fold, size_t a,
                               double *weights, double *work) {
  size_t pixels = fit->sums->pixels, number = fold * fit->alphas->count + a;
  const double *solution = fit->fold_solution + number * pixels;
  double offset = fit->fold_offset[number];
  if (isnan(offset)) return offset;
  if (!hr_ridge_sums_has_kernel(fit->sums)) {
    memcpy(weights, solution, pixels * sizeof *weights);
    return offset;
  }
  hr_linear_model model = {.weights = weights, .centre = work};
  hr_dual_model(fit->sums->dual, (int)fold, solution, offset, &model);
  return intercept_of(&model, pixels);
}

/* Keeps the solution as the model of alpha number a. */
static void run_keep(run *r, size_t a) {
  hr_ridge_fit *fit = r->fit;
  size_t pixels = fit->sums->pixels;
  if (r->kernel) hr_dual_fit_model(r->kernel, &r->model);
  memcpy(fit->weights + a * pixels, r->model.weights, pixels * sizeof(double));
  fit->intercept[a] = intercept_of(&r->model, pixels);
  if (!fit->validate) return;
  fit->squared_error[a] = fit->validate(fit->context, &r->model, r->vector);
}

/* Where the results of alpha number a go: its squared error, or its intercept, which say
 * with NaN that there is none. */
static double *outcome_of(const run *r, size_t a) {
  const hr_ridge_fit *fit = r->fit;
  if (fits_all(r)) return &fit->intercept[a];
  size_t system = r->level * fit->sums->fold_count + r->fold;
  return &fit->squared_error[system * fit->alphas->count + a];
}

static hr_status run_alphas(run *r, hr_error *err) {
  hr_status status = HR_OK;
  const hr_ridge_alphas *alphas = r->fit->alphas;
  HR_TRY(run_init(r, err));
  for (size_t i = r->first; i < r->last; i++) {
    size_t a = alphas->order[i];
    hr_status solved = run_solve(r, alphas->value[a], err);
    if (solved == HR_ERR_NUMERIC) continue; /* this alpha stays undefined */
    HR_TRY(solved);
    if (fits_all(r)) {
      run_keep(r, a);
    } else {
      *outcome_of(r, a) = run_validate(r);
      run_keep_fold(r, a);
    }
  }
cleanup:
  run_fini(r);
  return status;
}

/* The runs that are made now. */
typedef struct batch {
  hr_ridge_fit *fit;
  hr_ridge_window window;
  size_t first; /* of the window's runs */
} batch;

/* Run number `index` of the window. Small alphas take longest and come first, so that no
 * thread waits long at the end. */
static run run_number(const batch *b, size_t index) {
  hr_ridge_fit *fit = b->fit;
  size_t runs = runs_a_system(fit), folds = b->window.fold_count;
  size_t systems = run_count(fit, b->window) / runs, system = index % systems;
  size_t first = (runs - 1 - index / systems) * fit->alphas->a_run;
  size_t last = first + fit->alphas->a_run;
  bool all = system == fit->level_count * folds;
  return (run){
      .fit = fit,
      .level = all ? 0 : system / folds,
      .fold = all ? fit->sums->fold_count : b->window.first_fold + system % folds,
      .first = first,
      .last = last < fit->alphas->count ? last : fit->alphas->count};
}

static void make_run(void *context, size_t i, size_t thread) {
  const batch *b = context;
  run r = run_number(b, b->first + i);
  hr_error *err = &b->fit->errors[b->first + i];
  r.system = b->fit->solvers->systems[thread];
  bool empty = !fits_all(&r) && hr_ridge_sums_rows(b->fit->sums, r.fold) == 0;
  for (size_t k = r.first; k < r.last; k++) {
    *outcome_of(&r, b->fit->alphas->order[k]) = empty ? 0 : (double)NAN;
  }
  if (empty) return;
  hr_status status = run_alphas(&r, err);
  bool undefined = status == HR_ERR_EMPTY || status == HR_OK;
  if (undefined) err->status = HR_OK;
}

static hr_status first_error(const hr_ridge_fit *fit, size_t count, hr_error *err) {
  for (size_t i = 0; i < count; i++) {
    if (fit->errors[i].status == HR_OK) continue;
    if (err) *err = fit->errors[i];
    return fit->errors[i].status;
  }
  return HR_OK;
}

hr_status hr_ridge_fit_solve(hr_ridge_fit *fit, hr_ridge_window window, hr_error *err) {
  hr_status status = HR_OK;
  size_t count = run_count(fit, window), threads = fit->solvers->count;
  size_t at_a_time = RUNS_AT_A_TIME * threads;
  batch b = {.fit = fit, .window = window};
  hr_give_back_freed(); /* the blocks of rows of sums that were closed */
  for (; b.first < count; b.first += at_a_time) {
    size_t left = count - b.first, taken = left < at_a_time ? left : at_a_time;
    hr_parallel_for_on(threads, taken, make_run, &b);
    if (!fit->progress) continue;
    fit->progress->done += fit->operations * (double)taken / (double)all_runs(fit);
    HR_TRY(hr_ridge_tell_progress(fit->progress, err));
  }
  status = first_error(fit, count, err);
cleanup:
  return status;
}
