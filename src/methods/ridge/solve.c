/* Training: every (level, fold, alpha) of a model is validated from its sums, then every
 * alpha fitted to all rows. Alphas go from large to small in runs of a few on one system,
 * whose factors they share (compute/shifted.h). */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/observe.h"
#include "core/parallel.h"
#include "methods/ridge/parts.h"

/* Runs a thread between two words of progress: the more, the less do threads wait. */
enum { RUNS_AT_A_TIME = 8 };

/* What training takes beside the models. */
typedef struct training {
  hr_learner *expert;
  hr_shifted **systems; /* [system_count], one a thread */
  size_t system_count;
  hr_scatter **spare; /* [most_spare] closed sums that no model has any more: the next one
                         need not wait for the system to zero their pages */
  size_t spare_count, most_spare;
  double operations, operations_done; /* of all solves, to tell how far they are */
} training;

/* The systems that are solved now: without each of some folds, at every level of the
 * noise, and that of all rows. */
typedef struct window {
  size_t first_fold, fold_count;
  bool with_all;
} window;

/* One model's solves. */
typedef struct solving {
  const training *training;
  hr_ridge_model *model;
  const hr_scatter *total; /* HR_RIDGE_PRIMAL: all rows of the model */
  window window;
  size_t first;     /* of the runs that are made now */
  hr_error *errors; /* [runs] what ended one, status HR_OK for nothing */
} solving;

/* One run, on one thread: alphas number [first, last) of the order, on one system. */
typedef struct run {
  const solving *solving;
  size_t level, fold; /* fold: the one left out for validation; F: fits all rows */
  size_t first, last;
  hr_shifted *system;
  hr_dual_fit *kernel;   /* HR_RIDGE_DUAL, K of which serves all alphas */
  hr_linear_model model; /* the last solution; not of `kernel` */
  double *vector;        /* [P] */
  double *noise; /* [P] Σσ² over the rows of the fit, NULL: not integrated out */
} run;

static window all_systems(const hr_learner *expert) {
  return (window){0, expert->study->fold_count, true};
}

static size_t run_count(const hr_learner *expert, window w) {
  size_t systems = expert->level_count * w.fold_count + w.with_all;
  return systems * hr_ridge_runs_a_system(expert->alpha_count);
}

/* The variance of the noise over the square of the error. */
static double noise_scale(const hr_learner *expert, size_t level) {
  double value = level == 0 ? expert->study->noise_level : expert->level[level - 1];
  return value * value;
}

/* Operations of a model's solves if each made a factor, order³/3: what is told of
 * progress. */
static double solving_operations(const hr_learner *expert, const hr_task *task) {
  hr_ridge_form_kind form = hr_ridge_form(task->train_rows, expert->study->pixels);
  double order = form == HR_RIDGE_PRIMAL ? (double)expert->study->pixels
                 : form == HR_RIDGE_DUAL ? (double)task->train_rows
                                         : 0;
  double systems = (double)(expert->level_count * expert->study->fold_count + 1);
  return systems * (double)expert->alpha_count * order * order * order / 3;
}

static hr_status tell_progress(const training *t, hr_error *err) {
  hr_progress progress = {
      .stage = t->expert->integrates_noise ? "solving Marginal Ridge" : "solving Ridge",
      .unit = "Gflop",
      .done = (uint64_t)(1e-9 * t->operations_done),
      .total = (uint64_t)(1e-9 * t->operations) + 1};
  return hr_observe_progress(t->expert->study->observer, &progress, err);
}

/* The noise's variance at a level, summed over the rows outside `fold` (none left out:
 * the number of folds). */
static void sum_noise(const hr_learner *expert, const hr_ridge_model *model, size_t level,
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

static bool fits_all(const run *r) {
  return r->fold == r->solving->training->expert->study->fold_count;
}

static bool is_empty_fold(const run *r) {
  const hr_ridge_model *model = r->solving->model;
  if (fits_all(r)) return false;
  if (model->form == HR_RIDGE_PRIMAL) return hr_scatter_rows(model->folds[r->fold]) == 0;
  return hr_dual_fold_rows(model->dual, (int)r->fold) == 0;
}

/* Whether K of the dual form serves every fold and alpha. */
static bool uses_kernel(const hr_ridge_model *model) {
  return model->form == HR_RIDGE_DUAL && !model->noise;
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
  const hr_ridge_model *model = r->solving->model;
  const hr_learner *expert = r->solving->training->expert;
  size_t pixels = expert->study->pixels;
  HR_TRY(hr_alloc(&r->model.weights, pixels, err));
  HR_TRY(hr_alloc(&r->model.centre, pixels, err));
  HR_TRY(hr_alloc(&r->vector, pixels, err));
  if (model->noise) {
    HR_TRY(hr_alloc(&r->noise, pixels, err));
    sum_noise(expert, model, r->level, r->fold, r->noise);
  }
  if (model->form == HR_RIDGE_PRIMAL) {
    HR_TRY(hr_scatter_system(r->solving->total,
                             fits_all(r) ? NULL : model->folds[r->fold], r->noise,
                             r->system, &r->model, err));
  } else if (uses_kernel(model)) {
    int fold = fits_all(r) ? HR_DUAL_ALL_ROWS : (int)r->fold;
    HR_TRY(hr_dual_fit_create(model->dual, fold, r->system, &r->kernel, err));
  }
cleanup:
  return status;
}

static hr_status run_solve(run *r, double alpha, hr_error *err) {
  const hr_ridge_model *model = r->solving->model;
  if (model->form == HR_RIDGE_PRIMAL) {
    return hr_shifted_solve(r->system, alpha, r->model.weights, err);
  }
  if (r->kernel) return hr_dual_fit_solve(r->kernel, alpha, err);
  int fold = fits_all(r) ? HR_DUAL_ALL_ROWS : (int)r->fold;
  return hr_dual_penalised(model->dual, fold, alpha, r->noise, r->system, &r->model, err);
}

/* The squared error, or its expectation over the noise, on the rows of the fold. */
static double run_validate(const run *r) {
  const hr_ridge_model *model = r->solving->model;
  const hr_learner *expert = r->solving->training->expert;
  size_t pixels = expert->study->pixels, f = r->fold;
  if (r->kernel) return hr_dual_fit_squared_error(r->kernel);
  double sum = model->form == HR_RIDGE_PRIMAL
                   ? hr_scatter_squared_error(model->folds[f], &r->model, r->vector)
                   : hr_dual_squared_error(model->dual, (int)f, &r->model);
  if (model->noise) {
    sum += noise_scale(expert, r->level) *
           hr_linear_model_noise(&r->model, model->noise + f * pixels, pixels);
  }
  return sum;
}

/* Keeps the solution as the model of alpha number a. */
static void run_keep(run *r, size_t a) {
  hr_ridge_model *model = r->solving->model;
  size_t pixels = r->solving->training->expert->study->pixels;
  if (r->kernel) hr_dual_fit_model(r->kernel, &r->model);
  memcpy(model->weights + a * pixels, r->model.weights, pixels * sizeof(double));
  model->intercept[a] = r->model.offset;
  for (size_t p = 0; p < pixels; p++) {
    model->intercept[a] -= r->model.weights[p] * r->model.centre[p];
  }
}

/* Where the results of alpha number a go: its squared error, or its intercept, which say
 * with NaN that there is none. */
static double *outcome_of(const run *r, size_t a) {
  const hr_learner *expert = r->solving->training->expert;
  hr_ridge_model *model = r->solving->model;
  if (fits_all(r)) return &model->intercept[a];
  size_t system = r->level * expert->study->fold_count + r->fold;
  return &model->squared_error[system * expert->alpha_count + a];
}

static hr_status run_alphas(run *r, hr_error *err) {
  hr_status status = HR_OK;
  const hr_learner *expert = r->solving->training->expert;
  HR_TRY(run_init(r, err));
  for (size_t i = r->first; i < r->last; i++) {
    size_t a = expert->order[i];
    hr_status solved = run_solve(r, expert->alpha[a], err);
    if (solved == HR_ERR_NUMERIC) continue; /* this alpha stays undefined */
    HR_TRY(solved);
    if (fits_all(r)) {
      run_keep(r, a);
    } else {
      *outcome_of(r, a) = run_validate(r);
    }
  }
cleanup:
  run_fini(r);
  return status;
}

static void make_run(void *context, size_t i, size_t thread) {
  const solving *s = context;
  const hr_learner *expert = s->training->expert;
  size_t index = s->first + i, runs = hr_ridge_runs_a_system(expert->alpha_count);
  size_t systems = run_count(expert, s->window) / runs, system = index % systems;
  /* Small alphas take longest and come first, so that no thread waits long at the end. */
  size_t first = (runs - 1 - index / systems) * HR_RIDGE_RUN_ALPHAS;
  size_t folds = s->window.fold_count;
  bool all = system == expert->level_count * folds;
  run r = {
      .solving = s,
      .level = all ? 0 : system / folds,
      .fold = all ? expert->study->fold_count : s->window.first_fold + system % folds,
      .first = first,
      .last = first + HR_RIDGE_RUN_ALPHAS,
      .system = s->training->systems[thread]};
  if (r.last > expert->alpha_count) r.last = expert->alpha_count;
  bool empty = is_empty_fold(&r);
  for (size_t k = r.first; k < r.last; k++) {
    *outcome_of(&r, expert->order[k]) = empty ? 0 : (double)NAN;
  }
  if (empty) return;
  hr_error *err = &s->errors[index];
  hr_status status = run_alphas(&r, err);
  /* What is not definite leaves its alpha undefined, a fold of all rows all of them;
   * anything else ends the model. */
  bool undefined = status == HR_ERR_EMPTY || status == HR_OK;
  if (undefined) err->status = HR_OK;
}

/* The runs of some systems of a model, whose solves take so many operations in all; some
 * runs at a time so that progress can be told in between. */
static hr_status make_runs(solving *s, training *t, window w, double operations,
                           hr_error *err) {
  hr_status status = HR_OK;
  size_t count = run_count(t->expert, w), at_a_time = RUNS_AT_A_TIME * t->system_count;
  double all = (double)run_count(t->expert, all_systems(t->expert));
  s->window = w;
  hr_give_back_freed(); /* the blocks of rows of sums that were closed */
  for (s->first = 0; s->first < count; s->first += at_a_time) {
    size_t left = count - s->first, taken = left < at_a_time ? left : at_a_time;
    hr_parallel_for_on(t->system_count, taken, make_run, s);
    t->operations_done += operations * (double)taken / all;
    HR_TRY(tell_progress(t, err));
  }
  for (size_t i = 0; i < count; i++) {
    if (s->errors[i].status == HR_OK) continue;
    if (err) *err = s->errors[i];
    return s->errors[i].status;
  }
cleanup:
  return status;
}

/* Over all folds. */
static double validation_error(const hr_learner *expert, const hr_ridge_model *model,
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
static void validate_alphas(const hr_learner *expert, const hr_ridge_model *model,
                            double syy) {
  for (size_t a = 0; a < expert->alpha_count; a++) {
    double sum = validation_error(expert, model, 0, a);
    bool usable = isfinite(sum) && isfinite(model->intercept[a]);
    model->cv_r2[a] = usable && syy > 0 ? 1 - sum / syy : (double)NAN;
    if (!usable) model->intercept[a] = (double)NAN;
  }
}

/* The best alpha at each of the other levels; the larger one where two are equal. */
static void validate_levels(const hr_learner *expert, const hr_ridge_model *model,
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
static void choose_alpha(const hr_learner *expert, const hr_ridge_model *model,
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
  task->status = undefined < expert->alpha_count ? HR_FIT_OK : HR_FIT_FAILED;
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

/* Sums of no rows, open: spare ones, or new. */
static hr_status take_sums(training *t, hr_scatter **out, hr_error *err) {
  if (t->spare_count == 0) {
    return hr_scatter_create(t->expert->study->pixels, t->expert->tiles, out, err);
  }
  hr_scatter *sums = t->spare[--t->spare_count];
  hr_status status = hr_scatter_open(sums, err);
  if (status != HR_OK) {
    hr_scatter_destroy(&sums);
    return status;
  }
  hr_scatter_clear(sums);
  *out = sums;
  return HR_OK;
}

/* Sums that are done with, or none. */
static void put_sums(training *t, hr_scatter **address) {
  hr_scatter *sums = *address;
  if (!sums || t->spare_count == t->most_spare) {
    hr_scatter_destroy(address);
    return;
  }
  hr_scatter_close(sums);
  t->spare[t->spare_count++] = sums;
  *address = NULL;
}

static void drop_spare_sums(training *t) {
  while (t->spare_count > 0) hr_scatter_destroy(&t->spare[--t->spare_count]);
}

/* The sums of all its folds. */
static void put_folds(training *t, hr_ridge_model *model) {
  for (size_t f = 0; model->folds && f < t->expert->study->fold_count; f++) {
    put_sums(t, &model->folds[f]);
  }
  hr_free(model->folds);
  model->folds = NULL;
}

static void close_folds(const hr_learner *expert, const hr_ridge_model *model) {
  for (size_t f = 0; model->folds && f < expert->study->fold_count; f++) {
    hr_scatter_close(model->folds[f]);
  }
}

/* The sum of the folds' statistics. */
static hr_status sum_folds(training *t, const hr_ridge_model *model, hr_scatter **out,
                           hr_error *err) {
  hr_status status = take_sums(t, out, err);
  close_folds(t->expert, model);
  for (size_t f = 0; status == HR_OK && f < t->expert->study->fold_count; f++) {
    hr_scatter_merge(*out, model->folds[f]);
  }
  return status;
}

/* Whether model m gets the row itself. */
static bool has_row(const hr_learner *expert, size_t m, size_t row) {
  int32_t bin = expert->study->train.bin[row];
  return m == expert->study->bin_count ? hr_ridge_is_global_row(expert, bin)
                                       : bin == (int32_t)m;
}

/* Rows read back together, each on a thread. */
enum { ROWS_AT_A_TIME = 64 };

typedef struct replay {
  const hr_row_store *store;
  float *scratch; /* [ROWS_AT_A_TIME][P] */
  size_t pixels, count;
  uint32_t number[ROWS_AT_A_TIME]; /* in the store */
  size_t row[ROWS_AT_A_TIME];      /* in the study */
  const float *x[ROWS_AT_A_TIME];  /* NULL where it could not be read */
} replay;

static void read_row_back(void *context, size_t i, size_t thread) {
  (void)thread;
  replay *r = context;
  r->x[i] = hr_row_store_get(r->store, r->number[i], r->scratch + i * r->pixels);
}

/* Adds the rows that are together. */
static hr_status add_replayed(const training *t, size_t m, replay *r,
                              hr_ridge_model *into, hr_error *err) {
  const hr_split_view *train = &t->expert->study->train;
  hr_parallel_for(r->count, read_row_back, r);
  for (size_t i = 0; i < r->count; i++) {
    if (!r->x[i]) {
      char name[32];
      return hr_fail(err, HR_ERR_IO,
                     "cannot read back the rows of %s, which were kept in the run "
                     "directory while memory is short",
                     name_of_model(&t->expert->tasks[m], name));
    }
    hr_ridge_sum_row(into, r->x[i], train->target[r->row[i]], train->fold[r->row[i]]);
  }
  r->count = 0;
  return HR_OK;
}

/* Adds the rows that model m kept, those of the folds [first, end), to a model whose sums
 * are there. */
static hr_status replay_rows(const training *t, size_t m, size_t first, size_t end,
                             hr_ridge_model *into, hr_error *err) {
  enum { TOLD_ROWS = 4096 };
  hr_status status = HR_OK;
  const hr_learner *expert = t->expert;
  const hr_split_view *train = &expert->study->train;
  size_t at = 0;
  replay r = {.store = expert->models[m].rows, .pixels = expert->study->pixels};
  HR_TRY(hr_alloc(&r.scratch, ROWS_AT_A_TIME * r.pixels, err));
  for (size_t row = 0; row < train->rows; row++) {
    if (!has_row(expert, m, row)) continue;
    size_t fold = train->fold[row], number = at++;
    if (fold < first || fold >= end) continue;
    r.number[r.count] = (uint32_t)number;
    r.row[r.count++] = row;
    if (r.count == ROWS_AT_A_TIME) HR_TRY(add_replayed(t, m, &r, into, err));
    if (at % TOLD_ROWS == 0) HR_TRY(tell_progress(t, err));
  }
  HR_TRY(add_replayed(t, m, &r, into, err));
cleanup:
  hr_free(r.scratch);
  return status;
}

/* The sums of a model that kept its rows until now. */
static hr_status gather_rows(training *t, hr_ridge_model *model, size_t m,
                             hr_error *err) {
  hr_status status = HR_OK;
  const hr_learner *expert = t->expert;
  size_t folds = expert->study->fold_count, rows = expert->tasks[m].train_rows;
  if (model->form == HR_RIDGE_PRIMAL) {
    HR_TRY(hr_alloc(&model->folds, folds, err));
    for (size_t f = 0; f < folds; f++) HR_TRY(take_sums(t, &model->folds[f], err));
  } else {
    HR_TRY(hr_ridge_create_sums(expert, model, rows, err));
  }
  HR_TRY(replay_rows(t, m, 0, folds, model, err));
  hr_row_store_destroy(&model->rows);
cleanup:
  if (status != HR_OK) put_folds(t, model);
  return status;
}

/* The sums of fold f alone, of a model that kept its rows. */
static hr_status make_fold(training *t, hr_ridge_model *model, size_t m, size_t f,
                           hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(take_sums(t, &model->folds[f], err));
  HR_TRY(replay_rows(t, m, f, f + 1, model, err));
  hr_scatter_close(model->folds[f]);
cleanup:
  return status;
}

/* The sums of all rows, fold by fold, each of which goes to the global model as well. */
static hr_status sum_folds_in_turn(training *t, hr_ridge_model *model, size_t m,
                                   hr_scatter *total, hr_error *err) {
  hr_status status = HR_OK;
  hr_ridge_model *global = hr_ridge_global(t->expert);
  hr_scatter_close(total);
  for (size_t f = 0; f < t->expert->study->fold_count; f++) {
    HR_TRY(make_fold(t, model, m, f, err));
    hr_scatter_merge(total, model->folds[f]);
    hr_scatter_merge(global->folds[f], model->folds[f]);
    model->folds_handed = f + 1;
    put_sums(t, &model->folds[f]);
  }
cleanup:
  return status;
}

static hr_status check_rows(const hr_learner *expert, const hr_task *task, size_t rows,
                            hr_error *err) {
  if (rows == task->train_rows) return HR_OK;
  return hr_fail(err, HR_ERR_INTERNAL, "%s saw %zu rows of model %d, not %zu",
                 expert->name, rows, task->bin, task->train_rows);
}

/* Trains a model that kept its rows with the sums of a few folds at a time, which are
 * made twice: for those of all rows, and again when the fold is left out. */
static hr_status train_in_turn(training *t, solving *s, const hr_task *task,
                               hr_scatter **total, hr_error *err) {
  hr_status status = HR_OK;
  const hr_study_view *study = t->expert->study;
  hr_ridge_model *model = s->model;
  size_t m = (size_t)task->bin;
  double operations = solving_operations(t->expert, task);
  HR_TRY(hr_alloc(&model->folds, study->fold_count, err));
  HR_TRY(take_sums(t, total, err));
  HR_TRY(sum_folds_in_turn(t, model, m, *total, err));
  HR_TRY(check_rows(t->expert, task, hr_scatter_rows(*total), err));
  s->total = *total;
  for (size_t first = 0; first < study->fold_count; first += HR_RIDGE_FOLDS_AT_A_TIME) {
    size_t end = first + HR_RIDGE_FOLDS_AT_A_TIME;
    bool is_last = end >= study->fold_count;
    if (is_last) end = study->fold_count;
    for (size_t f = first; f < end; f++) HR_TRY(make_fold(t, model, m, f, err));
    HR_TRY(make_runs(s, t, (window){first, end - first, is_last}, operations, err));
    for (size_t f = first; f < end; f++) put_sums(t, &model->folds[f]);
  }
cleanup:
  put_folds(t, model);
  return status;
}

/* Trains a model with the sums of all folds, or in its dual form. */
static hr_status train_at_once(training *t, solving *s, const hr_task *task,
                               hr_scatter **total, hr_error *err) {
  hr_status status = HR_OK;
  hr_learner *expert = t->expert;
  hr_ridge_model *model = s->model;
  if (model->rows) HR_TRY(gather_rows(t, model, (size_t)task->bin, err));
  if (uses_kernel(model)) {
    HR_TRY(hr_dual_finish(model->dual, err));
  } else if (model->form == HR_RIDGE_DUAL) {
    hr_dual_centre(model->dual);
  } else {
    HR_TRY(sum_folds(t, model, total, err));
  }
  s->total = *total;
  size_t rows =
      model->form == HR_RIDGE_DUAL ? hr_dual_rows(model->dual) : hr_scatter_rows(*total);
  HR_TRY(check_rows(expert, task, rows, err));
  HR_TRY(make_runs(s, t, all_systems(expert), solving_operations(expert, task), err));
cleanup:
  return status;
}

static hr_status train_model(training *t, hr_ridge_model *model, hr_task *task,
                             hr_error *err) {
  hr_status status = HR_OK;
  hr_learner *expert = t->expert;
  double start = hr_clock_seconds();
  hr_scatter *total = NULL;
  if (model->form == HR_RIDGE_DUAL) drop_spare_sums(t); /* K wants the room */
  solving s = {.training = t, .model = model};
  bool in_turn =
      task->bin != HR_GLOBAL &&
      hr_ridge_takes_folds_in_turn(expert->study, (size_t)task->bin, model->form);
  HR_TRY(hr_alloc(&s.errors, run_count(expert, all_systems(expert)), err));
  HR_TRY(in_turn ? train_in_turn(t, &s, task, &total, err)
                 : train_at_once(t, &s, task, &total, err));
  double syy =
      model->form == HR_RIDGE_DUAL ? hr_dual_syy(model->dual) : hr_scatter_syy(total);
  validate_alphas(expert, model, syy);
  validate_levels(expert, model, syy);
  choose_alpha(expert, model, task);
  hr_dual_destroy(&model->dual);
  hr_row_store_destroy(&model->rows);
  task->seconds = hr_clock_seconds() - start;
cleanup:
  put_sums(t, &total);
  hr_free(s.errors);
  return status;
}

/* The order of the largest system. */
static size_t largest_system(const hr_learner *expert) {
  size_t largest = 1;
  for (size_t m = 0; m <= expert->study->bin_count; m++) {
    size_t order = expert->models[m].form == HR_RIDGE_PRIMAL ? expert->study->pixels
                   : expert->models[m].form == HR_RIDGE_DUAL ? expert->tasks[m].train_rows
                                                             : 0;
    if (order > largest) largest = order;
  }
  return largest;
}

static void training_fini(training *t) {
  for (size_t i = 0; t->systems && i < t->system_count; i++) {
    hr_shifted_destroy(&t->systems[i]);
  }
  hr_free(t->systems);
  if (t->spare) drop_spare_sums(t);
  hr_free(t->spare);
}

static hr_status training_init(training *t, hr_error *err) {
  hr_status status = HR_OK;
  const hr_learner *expert = t->expert;
  size_t order = largest_system(expert),
         runs = HR_RIDGE_FOLDS_AT_A_TIME * expert->level_count *
                hr_ridge_runs_a_system(expert->alpha_count),
         count = hr_ridge_solver_count(expert->study, order, runs);
  /* As many as a bin that kept its rows has at once; otherwise that of all folds. */
  t->most_spare =
      expert->study->low_memory >= HR_LOW_MEMORY_ROWS ? expert->study->fold_count + 1 : 1;
  HR_TRY(hr_alloc(&t->spare, t->most_spare, err));
  HR_TRY(hr_alloc(&t->systems, count, err));
  t->system_count = count;
  for (size_t i = 0; i < count; i++) {
    HR_TRY(hr_shifted_create(order, expert->study->compute, &t->systems[i], err));
  }
  for (size_t m = 0; m <= expert->study->bin_count; m++) {
    t->operations += solving_operations(expert, &expert->tasks[m]);
  }
cleanup:
  return status;
}

/* The rows of a bin that found no memory for its sums, to the global ones, but for those
 * of the folds that have been handed over. */
static hr_status replay_to_global(const training *t, size_t m, hr_error *err) {
  hr_status status = HR_OK;
  hr_ridge_model *global = hr_ridge_global(t->expert);
  size_t folds = t->expert->study->fold_count, handed = t->expert->models[m].folds_handed;
  if (handed == folds) return HR_OK;
  for (size_t f = handed; f < folds; f++) {
    HR_TRY(hr_scatter_open(global->folds[f], err));
  }
  HR_TRY(replay_rows(t, m, handed, folds, global, err));
cleanup:
  close_folds(t->expert, global);
  return status;
}

/* Adds a trained bin's fold sums to the global ones. */
static hr_status hand_to_global(training *t, size_t m, hr_error *err) {
  hr_learner *expert = t->expert;
  hr_ridge_model *model = &expert->models[m], *global = hr_ridge_global(expert);
  if (model->form != HR_RIDGE_PRIMAL || model == global) return HR_OK;
  if (!model->folds) return replay_to_global(t, m, err);
  close_folds(expert, model); /* a bin that failed may not have come to it */
  for (size_t f = 0; f < expert->study->fold_count; f++) {
    hr_scatter_merge(global->folds[f], model->folds[f]);
  }
  put_folds(t, model);
  return HR_OK;
}

/* Ends one model whose training ended with `failure`; the others can do without it. */
static hr_status fail_model(const hr_learner *expert, hr_ridge_model *model,
                            hr_task *task, hr_status failure, const hr_error *reason,
                            hr_error *err) {
  char name[32];
  if (failure != HR_ERR_MEMORY && failure != HR_ERR_NUMERIC) {
    return hr_fail(err, failure, "%s", reason->message);
  }
  task->status = HR_FIT_FAILED;
  task->chosen = 0;
  snprintf(task->note, sizeof task->note, "%.*s", (int)sizeof task->note - 1,
           reason->message);
  hr_dual_destroy(&model->dual);
  hr_observe_warning(expert->study->observer, "%s, %s: %s", expert->name,
                     name_of_model(task, name), task->note);
  return HR_OK;
}

/* One model's turn. A bin that fails leaves the others be. */
static hr_status take_turn(training *t, size_t m, hr_error *err) {
  hr_status status = HR_OK;
  hr_learner *expert = t->expert;
  hr_ridge_model *model = &expert->models[m];
  if (model->form != HR_RIDGE_NONE) {
    hr_error reason = {.status = HR_OK};
    hr_task *task = &expert->tasks[m];
    hr_status trained = train_model(t, model, task, &reason);
    if (trained != HR_OK) {
      HR_TRY(fail_model(expert, model, task, trained, &reason, err));
    }
  }
  HR_TRY(hand_to_global(t, m, err));
cleanup:
  return status;
}

hr_status hr_ridge_models_train(hr_learner *expert, hr_error *err) {
  hr_status status = HR_OK;
  training t = {.expert = expert};
  size_t bins = expert->study->bin_count;
  HR_TRY(training_init(&t, err));
  HR_TRY(tell_progress(&t, err));
  hr_ridge_model *global = hr_ridge_global(expert);
  if (global->rows) HR_TRY(gather_rows(&t, global, bins, err));
  close_folds(expert, global);
  for (size_t m = 0; m < bins; m++) { /* these first: one takes over another's sums */
    if (expert->models[m].form == HR_RIDGE_PRIMAL) HR_TRY(take_turn(&t, m, err));
  }
  for (size_t m = 0; m < bins; m++) {
    if (expert->models[m].form != HR_RIDGE_PRIMAL) HR_TRY(take_turn(&t, m, err));
  }
  HR_TRY(take_turn(&t, bins, err));
  hr_ridge_destroy_folds(global, expert->study->fold_count);
  t.operations_done = t.operations + 1e9;
  HR_TRY(tell_progress(&t, err));
cleanup:
  training_fini(&t);
  return status;
}
