/* Training: the models take turns. Each one's folds are validated at every alpha, then
 * all its rows are fitted; a large bin's sums then go to the global model, which is the
 * last. A model that finds no memory, or meets bad numbers, fails alone. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/observe.h"
#include "methods/ridge/conclude.h"
#include "methods/ridge/low_memory.h"
#include "methods/ridge/parts.h"

const char *hr_ridge_name_of(const hr_learner *learner, size_t m, char text[32]) {
  if (m == learner->study->bin_count) return "the global model";
  snprintf(text, 32, "bin %zu", m);
  return text;
}

/* Operations of a model's solves if each made a factor, order³/3: what is told of
 * progress. */
static double operations_of(const hr_learner *learner, size_t m) {
  if (!hr_ridge_is_trained_here(learner, m)) return 0;
  double order = (double)learner->models[m].shape.order;
  double systems = (double)(learner->level_count * learner->study->fold_count + 1);
  return systems * (double)learner->alphas.count * order * order * order / 3;
}

static hr_status check_rows(const hr_learner *learner, size_t m, size_t rows,
                            hr_error *err) {
  char name[32];
  if (rows == learner->models[m].shape.rows) return HR_OK;
  return hr_fail(err, HR_ERR_INTERNAL, "%s saw %zu rows of %s, not %zu",
                 learner->options.name, rows, hr_ridge_name_of(learner, m, name),
                 learner->models[m].shape.rows);
}

/* Solves a model that kept its rows with the sums of a few folds at a time, which are
 * made from them again. */
static hr_status solve_folds_in_turn(hr_learner *learner, size_t m, hr_ridge_fit *fit,
                                     hr_error *err) {
  hr_status status = HR_OK;
  hr_ridge_sums *sums = &learner->models[m].sums;
  HR_TRY(hr_alloc(&sums->folds, sums->fold_count, err));
  for (size_t first = 0; first < sums->fold_count; first += HR_RIDGE_FOLDS_AT_A_TIME) {
    size_t end = first + HR_RIDGE_FOLDS_AT_A_TIME;
    bool is_last = end >= sums->fold_count;
    if (is_last) end = sums->fold_count;
    for (size_t f = first; f < end; f++) HR_TRY(hr_ridge_make_fold(learner, m, f, err));
    hr_ridge_window window = {first, end - first, is_last};
    HR_TRY(hr_ridge_fit_solve(fit, window, err));
    for (size_t f = first; f < end; f++) {
      hr_ridge_pool_put(&learner->pool, &sums->folds[f]);
    }
  }
cleanup:
  hr_ridge_sums_put(sums, &learner->pool);
  return status;
}

/* The sum of all rows of a model that kept them, folds first handed to the global one. */
static hr_status total_in_turn(hr_learner *learner, size_t m, hr_scatter **total,
                               hr_error *err) {
  hr_status status = HR_OK;
  hr_ridge_sums *sums = &learner->models[m].sums;
  HR_TRY(hr_alloc(&sums->folds, sums->fold_count, err));
  HR_TRY(hr_ridge_pool_take(&learner->pool, total, err));
  HR_TRY(hr_ridge_sum_folds_in_turn(learner, m, *total, err));
  HR_TRY(check_rows(learner, m, hr_scatter_rows(*total), err));
cleanup:
  hr_ridge_sums_put(sums, &learner->pool);
  return status;
}

/* Makes ready what a model with the sums of all folds, or in its dual form, is solved
 * from. */
static hr_status total_at_once(hr_learner *learner, size_t m, hr_scatter **total,
                               hr_error *err) {
  hr_status status = HR_OK;
  hr_ridge_model *model = &learner->models[m];
  hr_ridge_sums *sums = &model->sums;
  if (model->rows) HR_TRY(hr_ridge_gather_rows(learner, m, err));
  if (hr_ridge_sums_has_kernel(sums)) {
    HR_TRY(hr_dual_finish(sums->dual, err));
  } else if (sums->form == HR_RIDGE_DUAL) {
    hr_dual_centre(sums->dual);
  } else {
    HR_TRY(hr_ridge_sums_total(sums, &learner->pool, total, err));
  }
  size_t rows = *total ? hr_scatter_rows(*total) : hr_dual_rows(sums->dual);
  HR_TRY(check_rows(learner, m, rows, err));
cleanup:
  return status;
}

/* Model m while it is trained, as widening knows it. */
typedef struct training {
  hr_learner *learner;
  size_t m;
} training;

static hr_status solve(void *context, hr_ridge_fit *fit, hr_error *err) {
  const training *t = context;
  if (t->learner->models[t->m].shape.takes_folds_in_turn) {
    return solve_folds_in_turn(t->learner, t->m, fit, err);
  }
  return hr_ridge_fit_solve(fit, (hr_ridge_window){0, fit->sums->fold_count, true}, err);
}

/* Solves a model's own alphas, and those that its targets want beside them. */
static hr_status solve_all(training *t, hr_ridge_fit *fit, hr_scatter **total,
                           hr_ridge_widening *widening, hr_error *err) {
  hr_status status = HR_OK;
  hr_learner *learner = t->learner;
  bool in_turn = learner->models[t->m].shape.takes_folds_in_turn;
  HR_TRY(in_turn ? total_in_turn(learner, t->m, total, err)
                 : total_at_once(learner, t->m, total, err));
  fit->total = *total;
  HR_TRY(solve(t, fit, err));
  *widening = (hr_ridge_widening){.base = fit,
                                  .widens = learner->options.widens,
                                  .solve = solve,
                                  .r2 = hr_ridge_validated_r2,
                                  .context = t};
  HR_TRY(hr_ridge_widen(widening, err));
cleanup:
  return status;
}

static hr_status train_model(hr_learner *learner, size_t m, hr_error *err) {
  hr_status status = HR_OK;
  double start = hr_clock_seconds();
  hr_ridge_model *model = &learner->models[m];
  hr_scatter *total = NULL;
  training t = {learner, m};
  hr_ridge_widening widening = {.base = NULL};
  hr_ridge_fit fit = {.sums = &model->sums,
                      .alphas = &learner->alphas,
                      .noise_scale = learner->noise_scale,
                      .level_count = learner->level_count,
                      .keeps_folds = learner->held != NULL,
                      .targets = hr_study_targets(learner->study),
                      .solvers = &learner->solvers,
                      .progress = &learner->progress,
                      .operations = operations_of(learner, m)};
  bool is_dual = model->shape.form == HR_RIDGE_DUAL;
  if (is_dual) hr_ridge_pool_empty(&learner->pool); /* K wants the room */
  HR_TRY(hr_ridge_fit_init(&fit, err));
  HR_TRY(solve_all(&t, &fit, &total, &widening, err));
  for (size_t target = 0; target < fit.targets; target++) {
    HR_TRY(hr_ridge_conclude(learner, m, &widening, target, err));
  }
  hr_dual_destroy(&model->sums.dual);
  hr_row_store_destroy(&model->rows);
  double seconds = hr_clock_seconds() - start;
  for (size_t target = 0; target < fit.targets; target++) {
    hr_ridge_out(learner, target, m)->fit.seconds = seconds / (double)fit.targets;
  }
cleanup:
  hr_ridge_pool_put(&learner->pool, &total);
  hr_ridge_widening_fini(&widening);
  hr_ridge_fit_fini(&fit);
  return status;
}

/* Adds a trained bin's fold sums to the global ones. */
static hr_status hand_to_global(hr_learner *learner, size_t m, hr_error *err) {
  hr_ridge_model *model = &learner->models[m], *global = hr_ridge_global(learner);
  if (model->shape.form != HR_RIDGE_PRIMAL || model == global) return HR_OK;
  if (learner->options.bins_alone) {
    hr_ridge_sums_put(&model->sums, &learner->pool);
    return HR_OK;
  }
  if (!model->sums.folds) return hr_ridge_replay_to_global(learner, m, err);
  hr_ridge_sums_close(&model->sums); /* a bin that failed may not have come to it */
  for (size_t f = 0; f < model->sums.fold_count; f++) {
    hr_scatter_merge(global->sums.folds[f], model->sums.folds[f]);
  }
  hr_ridge_sums_put(&model->sums, &learner->pool);
  return HR_OK;
}

/* Ends one model whose training ended with `failure`; the others can do without it. */
static hr_status fail_model(hr_learner *learner, size_t m, hr_status failure,
                            const hr_error *reason, hr_error *err) {
  char name[32];
  bool is_its_own = failure == HR_ERR_MEMORY || failure == HR_ERR_NUMERIC;
  if (!is_its_own || learner->options.fails_whole) {
    return hr_fail(err, failure, "%s", reason->message);
  }
  for (size_t t = 0; t < hr_study_targets(learner->study); t++) {
    hr_trained *out = hr_ridge_out(learner, t, m);
    hr_model_destroy(&out->model);
    out->fit.status = HR_FIT_FAILED;
    out->fit.chosen = 0;
    snprintf(out->fit.note, sizeof out->fit.note, "%.*s", (int)sizeof out->fit.note - 1,
             reason->message);
  }
  hr_dual_destroy(&learner->models[m].sums.dual);
  hr_observe_warning(learner->study->observer, "%s, %s: %s", learner->options.name,
                     hr_ridge_name_of(learner, m, name),
                     hr_ridge_out(learner, 0, m)->fit.note);
  return HR_OK;
}

/* One model's turn. A bin that fails leaves the others be. */
static hr_status take_turn(hr_learner *learner, size_t m, hr_error *err) {
  hr_status status = HR_OK;
  hr_ridge_state state = learner->models[m].state;
  if (state == HR_RIDGE_ELSEWHERE) return HR_OK;
  if (state == HR_RIDGE_BACK) return hr_ridge_give_back(learner, m, err);
  HR_TRY(hr_ridge_begin_leaving(learner, m, err));
  if (learner->models[m].shape.form != HR_RIDGE_NONE) {
    hr_error reason = {.status = HR_OK};
    hr_status trained = train_model(learner, m, &reason);
    if (trained != HR_OK) HR_TRY(fail_model(learner, m, trained, &reason, err));
  }
  HR_TRY(hr_ridge_is_part(learner) ? hr_ridge_leave_model(learner, m, err)
                                   : hand_to_global(learner, m, err));
cleanup:
  return status;
}

/* Makes the sums of the global model ready for those of the bins. */
static hr_status begin_global(hr_learner *learner, hr_error *err) {
  hr_status status = HR_OK;
  size_t bins = learner->study->bin_count;
  hr_ridge_model *global = hr_ridge_global(learner);
  bool is_left = global->gathered && !learner->has_seen_rows;
  if (global->state != HR_RIDGE_HERE) return HR_OK;
  if (is_left) {
    return hr_ridge_is_part(learner) ? HR_OK : hr_ridge_take_global(learner, err);
  }
  if (global->rows) HR_TRY(hr_ridge_gather_rows(learner, bins, err));
  hr_ridge_sums_close(&global->sums);
cleanup:
  return status;
}

static hr_status end_global(hr_learner *learner, hr_error *err) {
  size_t bins = learner->study->bin_count;
  bool is_here = learner->models[bins].state == HR_RIDGE_HERE;
  if (!is_here || hr_ridge_is_trained_here(learner, bins)) {
    return take_turn(learner, bins, err);
  }
  return learner->has_seen_rows ? hr_ridge_leave_global(learner, err) : HR_OK;
}

/* A fit of which nothing is known but its rows, or that they are too few. */
static hr_status init_fit(const hr_learner *learner, size_t target, size_t m,
                          hr_error *err) {
  hr_fit *fit = &hr_ridge_out(learner, target, m)->fit;
  const hr_ridge_shape *shape = &learner->models[m].shape;
  size_t rows = shape->rows, alphas = learner->alphas.count;
  bool is_none = shape->form == HR_RIDGE_NONE;
  size_t levels = is_none ? 0 : learner->level_count - 1;
  int slot = m == learner->study->bin_count ? HR_GLOBAL : (int)m;
  hr_status status = hr_fit_init(fit, slot, alphas, true, levels, err);
  if (status != HR_OK) return status;
  fit->target = target;
  fit->train_rows = rows;
  memcpy(fit->variant_value, learner->alphas.value, alphas * sizeof(double));
  if (levels > 0) {
    memcpy(fit->level, learner->options.levels->items, levels * sizeof(double));
  }
  if (is_none) {
    snprintf(fit->note, sizeof fit->note, "%zu training row%s, at least %d are needed",
             rows, rows == 1 ? "" : "s", HR_RIDGE_FEWEST_ROWS);
    fit->reason = HR_REASON_TOO_FEW_ROWS;
  }
  return HR_OK;
}

static hr_status init_training(hr_learner *learner, hr_trained *out, hr_error *err) {
  hr_status status = HR_OK;
  const hr_study_view *study = learner->study;
  size_t order = 1, most = hr_ridge_most_solvers(study, &learner->options);
  learner->out = out;
  learner->progress =
      (hr_ridge_progress){.observer = study->observer, .stage = learner->options.stage};
  for (size_t m = 0; m <= study->bin_count; m++) {
    for (size_t t = 0; t < hr_study_targets(study); t++) {
      HR_TRY(init_fit(learner, t, m, err));
    }
    learner->progress.operations += operations_of(learner, m);
    if (learner->models[m].shape.order > order) order = learner->models[m].shape.order;
  }
  size_t count = hr_ridge_solver_count(study, order, most);
  const hr_ridge_room room = {order, hr_study_targets(study), study->compute};
  HR_TRY(hr_ridge_solvers_init(&learner->solvers, count, &room, err));
cleanup:
  return status;
}

hr_status hr_ridge_models_finish(hr_learner *learner, hr_trained *out, hr_error *err) {
  hr_status status = HR_OK;
  size_t bins = learner->study->bin_count;
  HR_TRY(init_training(learner, out, err));
  HR_TRY(hr_ridge_tell_progress(&learner->progress, err));
  HR_TRY(begin_global(learner, err));
  for (int primal = 1; primal >= 0; primal--) { /* these first: sums are taken over */
    for (size_t m = 0; m < bins; m++) {
      bool is_primal = learner->models[m].shape.form == HR_RIDGE_PRIMAL;
      if (is_primal == primal) HR_TRY(take_turn(learner, m, err));
    }
  }
  HR_TRY(end_global(learner, err));
  hr_ridge_sums_fini(&hr_ridge_global(learner)->sums);
  learner->progress.done = learner->progress.operations + 1e9;
  HR_TRY(hr_ridge_tell_progress(&learner->progress, err));
cleanup:
  hr_ridge_solvers_fini(&learner->solvers);
  hr_ridge_pool_empty(&learner->pool);
  return status;
}
