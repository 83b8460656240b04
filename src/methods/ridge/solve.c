/* One run is one thread's work: a system, and a few alphas on it. */
#include "methods/ridge/solve.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/parallel.h"

/* Runs a thread between two words of progress: the more, the less do threads wait. */
enum { RUNS_AT_A_TIME = 8 };

/* Of the targets behind the first, where a model without a fold is made: it says how well
 * an alpha predicts and how far it misses, and predicts nothing itself. In units of the
 * prediction's spread; R² of validation is off by its square, and by its product with a
 * chance correlation. The placebo, a control, is made no nearer. */
static const double validation_tolerance = 1e-4;

hr_status hr_ridge_solvers_init(hr_ridge_solvers *solvers, size_t count,
                                const hr_ridge_room *room, hr_error *err) {
  hr_status status = HR_OK;
  *solvers = (hr_ridge_solvers){.count = 0};
  HR_TRY(hr_alloc(&solvers->systems, count, err));
  for (; solvers->count < count; solvers->count++) {
    HR_TRY(hr_shifted_create_for(room->order, room->targets, room->compute,
                                 &solvers->systems[solvers->count], err));
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

/* Alphas of the first run of a system. */
static size_t head_of(const hr_ridge_alphas *alphas) {
  size_t head = alphas->head > 0 ? alphas->head : alphas->a_run;
  return head < alphas->count ? head : alphas->count;
}

static size_t runs_a_system(const hr_ridge_fit *fit) {
  const hr_ridge_alphas *alphas = fit->alphas;
  return 1 + hr_ridge_run_count(alphas->count - head_of(alphas), alphas->a_run);
}

static size_t run_count(const hr_ridge_fit *fit, hr_ridge_window w) {
  return (fit->level_count * w.fold_count + w.with_all) * runs_a_system(fit);
}

static size_t all_runs(const hr_ridge_fit *fit) {
  return run_count(fit, (hr_ridge_window){0, fit->sums->fold_count, true});
}

/* Squared errors of a target. */
static size_t error_count(const hr_ridge_fit *fit) {
  return fit->level_count * fit->sums->fold_count * fit->alphas->count;
}

double *hr_ridge_fit_weights(const hr_ridge_fit *fit, size_t target) {
  return fit->weights + target * fit->alphas->count * fit->sums->pixels;
}

double *hr_ridge_fit_intercept(const hr_ridge_fit *fit, size_t target) {
  return fit->intercept + target * fit->alphas->count;
}

double *hr_ridge_fit_errors(const hr_ridge_fit *fit, size_t target) {
  return fit->squared_error + target * error_count(fit);
}

/* A dual whose rows are still to come has no more of them than pixels (shape.h). */
static size_t solution_room(const hr_ridge_sums *sums) {
  size_t rows = sums->dual ? hr_dual_rows(sums->dual) : 0;
  return rows > sums->pixels ? rows : sums->pixels;
}

hr_status hr_ridge_fit_init(hr_ridge_fit *fit, hr_error *err) {
  hr_status status = HR_OK;
  size_t alphas = fit->targets * fit->alphas->count;
  HR_TRY(hr_alloc(&fit->weights, alphas * fit->sums->pixels, err));
  HR_TRY(hr_alloc(&fit->intercept, alphas, err));
  HR_TRY(hr_alloc(&fit->squared_error, fit->targets * error_count(fit), err));
  HR_TRY(hr_alloc(&fit->errors, all_runs(fit), err));
  if (!fit->keeps_folds) goto cleanup;
  size_t models = fit->sums->fold_count * alphas; /* of all targets */
  fit->fold_room = solution_room(fit->sums);
  HR_TRY(hr_alloc(&fit->fold_solution, models * fit->fold_room, err));
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
  hr_dual_fit *kernel; /* HR_RIDGE_DUAL, K of which serves all alphas */
  /* What is of A alphas is in the order of the run. */
  double *alpha;           /* [A] */
  bool *is_solved;         /* [A] */
  hr_linear_model *models; /* [A][T] the solutions, not of `kernel`; they share a centre
                              and the weights' room */
  double *vector;          /* [A][T][P] */
  double *errors;          /* [A][T] */
  double *noise; /* [P] Σσ² over the rows of the fit, NULL: not integrated out */
} run;

static bool fits_all(const run *r) {
  return r->fold == r->fit->sums->fold_count;
}

/* The fold as compute/dual.h names it. */
static int dual_fold(const run *r) {
  return fits_all(r) ? HR_DUAL_ALL_ROWS : (int)r->fold;
}

static size_t alpha_count(const run *r) {
  return r->last - r->first;
}

/* Those of alpha number k of the run. */
static hr_linear_model *models_of(const run *r, size_t k) {
  return r->models + k * r->fit->targets;
}

static void run_fini(run *r) {
  hr_dual_fit_destroy(&r->kernel);
  if (r->models) {
    hr_free(r->models->weights);
    hr_free(r->models->centre);
  }
  hr_free(r->models);
  hr_free(r->alpha);
  hr_free(r->is_solved);
  hr_free(r->vector);
  hr_free(r->errors);
  hr_free(r->noise);
}

static hr_status run_allocate(run *r, hr_error *err) {
  hr_status status = HR_OK;
  size_t pixels = r->fit->sums->pixels, count = alpha_count(r) * r->fit->targets;
  HR_TRY(hr_alloc(&r->models, count, err));
  HR_TRY(hr_alloc(&r->models->weights, count * pixels, err));
  HR_TRY(hr_alloc(&r->models->centre, pixels, err));
  HR_TRY(hr_alloc(&r->vector, count * pixels, err));
  HR_TRY(hr_alloc(&r->errors, count, err));
  HR_TRY(hr_alloc(&r->alpha, alpha_count(r), err));
  HR_TRY(hr_alloc(&r->is_solved, alpha_count(r), err));
  for (size_t v = 1; v < count; v++) {
    r->models[v].weights = r->models->weights + v * pixels;
    r->models[v].centre = r->models->centre;
  }
  for (size_t k = 0; k < alpha_count(r); k++) {
    r->alpha[k] = r->fit->alphas->value[r->fit->alphas->order[r->first + k]];
  }
cleanup:
  return status;
}

/* Makes the system, where one serves all alphas. To be followed by run_fini, on failure
 * too. */
static hr_status run_init(run *r, hr_error *err) {
  hr_status status = HR_OK;
  const hr_ridge_sums *sums = r->fit->sums;
  HR_TRY(run_allocate(r, err));
  if (sums->noise) {
    HR_TRY(hr_alloc(&r->noise, sums->pixels, err));
    hr_ridge_sums_noise(sums, r->fit->noise_scale[r->level], r->fold, r->noise);
  }
  if (sums->form == HR_RIDGE_PRIMAL) {
    const hr_scatter *without = fits_all(r) ? NULL : sums->folds[r->fold];
    HR_TRY(
        hr_scatter_system(r->fit->total, without, r->noise, r->system, r->models, err));
    for (size_t v = r->fit->targets; v < alpha_count(r) * r->fit->targets; v++) {
      r->models[v].offset = r->models[v % r->fit->targets].offset;
    }
  } else if (hr_ridge_sums_has_kernel(sums)) {
    HR_TRY(hr_dual_fit_create(sums->dual, dual_fold(r), r->system, &r->kernel, err));
  }
cleanup:
  return status;
}

/* Each alpha with a matrix of its own. */
static hr_status solve_penalised(run *r, hr_error *err) {
  for (size_t k = 0; k < alpha_count(r); k++) {
    const hr_penalty penalty = {r->alpha[k], r->noise};
    hr_status status = hr_dual_penalised(r->fit->sums->dual, dual_fold(r), &penalty,
                                         r->system, models_of(r, k), err);
    r->is_solved[k] = status == HR_OK;
    if (status != HR_OK && status != HR_ERR_NUMERIC) return status;
  }
  return HR_OK;
}

static hr_status run_solve(run *r, hr_error *err) {
  bool is_kept = fits_all(r) && !r->fit->validate;
  const hr_shifted_alphas alphas = {
      .value = r->alpha,
      .count = alpha_count(r),
      .apart = r->fit->alphas->apart,
      .further_tolerance = is_kept ? 0 : validation_tolerance};
  if (r->fit->sums->form == HR_RIDGE_PRIMAL) {
    return hr_shifted_sweep(r->system, &alphas, r->models->weights, r->is_solved, err);
  }
  if (r->kernel) return hr_dual_fit_sweep(r->kernel, &alphas, r->is_solved, err);
  return solve_penalised(r, err);
}

/* The squared errors, or their expectation over the noise, on the rows of the fold. */
static hr_status run_validate(run *r, hr_error *err) {
  const hr_ridge_sums *sums = r->fit->sums;
  size_t count = alpha_count(r) * r->fit->targets;
  if (r->kernel) return hr_dual_fit_squared_errors(r->kernel, r->errors, err);
  hr_ridge_sums_squared_errors(sums, r->fold, count, r->models, r->vector, r->errors);
  const double *variance = sums->noise ? sums->noise + r->fold * sums->pixels : NULL;
  for (size_t v = 0; variance && v < count; v++) {
    r->errors[v] += r->fit->noise_scale[r->level] *
                    hr_linear_model_noise(&r->models[v], variance, sums->pixels);
  }
  return HR_OK;
}

static double intercept_of(const hr_linear_model *model, size_t pixels) {
  double intercept = model->offset;
  for (size_t p = 0; p < pixels; p++) intercept -= model->weights[p] * model->centre[p];
  return intercept;
}

/* The place of a target's model without a fold. */
static size_t fold_number(const hr_ridge_fit *fit, size_t target, size_t fold, size_t a) {
  return (target * fit->sums->fold_count + fold) * fit->alphas->count + a;
}

/* Keeps the solutions without a fold of alpha number a, number k of the run, where they
 * are to be kept. */
static void run_keep_fold(const run *r, size_t k, size_t a) {
  hr_ridge_fit *fit = r->fit;
  size_t pixels = fit->sums->pixels;
  if (!fit->keeps_folds || r->level > 0) return;
  for (size_t t = 0; t < fit->targets; t++) {
    size_t number = fold_number(fit, t, r->fold, a);
    double *solution = fit->fold_solution + number * fit->fold_room;
    if (r->kernel) {
      hr_dual_fit_solution(r->kernel, t, solution, &fit->fold_offset[number]);
      continue;
    }
    const hr_linear_model *model = &models_of(r, k)[t];
    memcpy(solution, model->weights, pixels * sizeof *solution);
    fit->fold_offset[number] = intercept_of(model, pixels);
  }
}

double hr_ridge_fit_fold_model(const hr_ridge_fit *fit, const hr_ridge_fold *of,
                               double *weights, double *work) {
  size_t pixels = fit->sums->pixels;
  size_t number = fold_number(fit, of->target, of->fold, of->alpha);
  const double *solution = fit->fold_solution + number * fit->fold_room;
  double offset = fit->fold_offset[number];
  if (isnan(offset)) return offset;
  if (!hr_ridge_sums_has_kernel(fit->sums)) {
    memcpy(weights, solution, pixels * sizeof *weights);
    return offset;
  }
  hr_linear_model model = {.weights = weights, .centre = work};
  hr_dual_model(fit->sums->dual, (int)of->fold, solution, offset, &model);
  return intercept_of(&model, pixels);
}

/* Keeps the solution number k of the run as the models of alpha number a. */
static void run_keep(run *r, size_t k, size_t a) {
  hr_ridge_fit *fit = r->fit;
  size_t pixels = fit->sums->pixels;
  double elsewhere[HR_MOST_TARGETS];
  if (r->kernel) hr_dual_fit_models(r->kernel, fit->targets, models_of(r, k));
  for (size_t t = 0; t < fit->targets; t++) {
    const hr_linear_model *model = &models_of(r, k)[t];
    memcpy(hr_ridge_fit_weights(fit, t) + a * pixels, model->weights,
           pixels * sizeof *model->weights);
    hr_ridge_fit_intercept(fit, t)[a] = intercept_of(model, pixels);
  }
  if (!fit->validate) return;
  fit->validate(fit->context, models_of(r, k), r->vector, elsewhere);
  for (size_t t = 0; t < fit->targets; t++) {
    hr_ridge_fit_errors(fit, t)[a] = elsewhere[t];
  }
}

/* Where the results of alpha number a for a target go: its squared error, or its
 * intercept, which say with NaN that there is none. */
static double *outcome_of(const run *r, size_t target, size_t a) {
  const hr_ridge_fit *fit = r->fit;
  if (fits_all(r)) return hr_ridge_fit_intercept(fit, target) + a;
  size_t system = r->level * fit->sums->fold_count + r->fold;
  return hr_ridge_fit_errors(fit, target) + system * fit->alphas->count + a;
}

/* Keeps what is of alpha number k of the run. */
static void run_keep_alpha(run *r, size_t k) {
  size_t a = r->fit->alphas->order[r->first + k];
  if (!r->is_solved[k]) return; /* this alpha stays undefined */
  if (r->kernel) hr_dual_fit_choose(r->kernel, k);
  if (fits_all(r)) {
    run_keep(r, k, a);
    return;
  }
  for (size_t t = 0; t < r->fit->targets; t++) {
    *outcome_of(r, t, a) = r->errors[k * r->fit->targets + t];
  }
  run_keep_fold(r, k, a);
}

static hr_status run_alphas(run *r, hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(run_init(r, err));
  HR_TRY(run_solve(r, err));
  if (!fits_all(r)) HR_TRY(run_validate(r, err));
  for (size_t k = 0; k < alpha_count(r); k++) run_keep_alpha(r, k);
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
  size_t number = runs - 1 - index / systems, head = head_of(fit->alphas);
  size_t first = number == 0 ? 0 : head + (number - 1) * fit->alphas->a_run;
  size_t last = number == 0 ? head : first + fit->alphas->a_run;
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
    for (size_t t = 0; t < b->fit->targets; t++) {
      *outcome_of(&r, t, b->fit->alphas->order[k]) = empty ? 0 : (double)NAN;
    }
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
