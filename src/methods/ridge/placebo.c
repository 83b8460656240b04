/* The placebo: groups are dealt, gathered and solved as the bins of Ridge are, with other
 * rows to validate on. */
#include "methods/ridge/placebo.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "compute/shifted_further.h"
#include "core/alloc.h"
#include "core/clock.h"
#include "core/observe.h"
#include "core/random.h"
#include "methods/ridge/control.h"
#include "methods/ridge/ridge.h"
#include "methods/ridge/widen.h"

/* A group has one system, so that every alpha is a run of its own, for the threads. But
 * the largest ones are done in no time without a factor, and further targets share their
 * looks at the matrix. */
enum { FEWEST_GROUPS = 2, LARGE_ALPHAS = 4 };

/* One group. Its rows are one fold, of which all are fitted. */
typedef struct random_group {
  hr_ridge_shape shape;
  hr_ridge_sums sums;
} random_group;

struct hr_learner {
  const hr_study_view *study;
  hr_ridge_alphas alphas;
  bool widens; /* as Ridge's own, so that a gain of the bins is not one of the list */
  size_t covered_rows;
  hr_tiles *tiles;
  hr_ridge_pool pool;      /* keeps none */
  random_group *groups;    /* [K] */
  hr_control_model **made; /* [T] until they leave as the models */
  int32_t *train_group;    /* [training rows] that all of them have; borrowed */
};

hr_status hr_placebo_deal(const int32_t *bin, size_t rows, uint64_t seed, uint32_t which,
                          int32_t *group, hr_error *err) {
  hr_status status = HR_OK;
  size_t *covered = NULL, count = 0;
  HR_TRY(hr_alloc(&covered, rows, err));
  for (size_t i = 0; i < rows; i++) {
    group[i] = bin[i];
    if (bin[i] != HR_UNCOVERED) covered[count++] = i;
  }
  for (size_t i = count; i-- > 1;) { /* Fisher and Yates */
    size_t j = hr_uniform_below(seed, HR_STREAM_PLACEBO, i, which, (uint32_t)(i + 1));
    int32_t swap = group[covered[i]];
    group[covered[i]] = group[covered[j]];
    group[covered[j]] = swap;
  }
cleanup:
  hr_free(covered);
  return status;
}

static void placebo_destroy(hr_learner **address) {
  hr_learner *learner = *address;
  *address = NULL;
  if (!learner) return;
  for (size_t k = 0; learner->groups && k < learner->study->bin_count; k++) {
    hr_ridge_sums_fini(&learner->groups[k].sums);
  }
  hr_free(learner->groups);
  hr_ridge_alphas_fini(&learner->alphas);
  hr_ridge_pool_fini(&learner->pool);
  hr_tiles_destroy(&learner->tiles);
  for (size_t t = 0; learner->made && t < hr_study_targets(learner->study); t++) {
    hr_control_model_destroy(&learner->made[t]);
  }
  hr_free(learner->made);
  hr_free(learner);
}

/* The groups of all rows, into the models that are made: the same for every target. */
static hr_status deal(hr_learner *learner, hr_error *err) {
  hr_status status = HR_OK;
  const hr_study_view *study = learner->study;
  const hr_control_shape shape = {.type = &hr_placebo_model_type,
                                  .pixels = study->pixels,
                                  .columns = study->pixels,
                                  .group_count = study->bin_count,
                                  .train_rows = study->train.rows,
                                  .test_rows = study->test_rows};
  HR_TRY(hr_alloc(&learner->made, hr_study_targets(study), err));
  for (size_t t = 0; t < hr_study_targets(study); t++) {
    hr_control_model **made = &learner->made[t];
    HR_TRY(hr_control_model_create(&shape, made, err));
    HR_TRY(hr_placebo_deal(study->train.bin, study->train.rows, study->seed, 0,
                           (*made)->train_group, err));
    HR_TRY(hr_placebo_deal(study->test_bin, study->test_rows, study->seed, 1,
                           (*made)->test_group, err));
  }
  learner->train_group = learner->made[0]->train_group;
cleanup:
  return status;
}

static hr_status placebo_begin(const hr_study_view *study, const void *parameters,
                               hr_learner **out, hr_error *err) {
  hr_status status = HR_OK;
  const hr_ridge_parameters *ridge = parameters;
  const hr_ridge_options options = hr_ridge_options_default(&ridge->alpha);
  hr_learner *learner = NULL;
  size_t counts[HR_MOST_BINS + 1];
  hr_count_bins(study->train.bin, study->train.rows, study->bin_count, counts);
  HR_TRY(hr_alloc(&learner, 1, err));
  learner->study = study;
  learner->covered_rows = study->train.rows - counts[study->bin_count];
  learner->widens = options.widens;
  HR_TRY(hr_ridge_alphas_init(&learner->alphas, options.alpha, 1, err));
  learner->alphas.head = LARGE_ALPHAS;
  learner->alphas.apart = true;
  HR_TRY(hr_alloc(&learner->groups, study->bin_count, err));
  HR_TRY(hr_tiles_create(study->compute, &learner->tiles, err));
  HR_TRY(hr_ridge_pool_init(&learner->pool, study->pixels, learner->tiles, 0, err));
  learner->pool.targets = hr_study_targets(study);
  HR_TRY(deal(learner, err));
  for (size_t k = 0; k < study->bin_count; k++) {
    random_group *g = &learner->groups[k];
    g->shape = hr_ridge_shape_of(study, &options, k, counts[k]);
    HR_TRY(hr_ridge_sums_init(&g->sums, &g->shape, 1, false, err));
    HR_TRY(hr_ridge_sums_open(&g->sums, counts[k], &learner->pool, err));
  }
  *out = learner;
  learner = NULL;
cleanup:
  placebo_destroy(&learner);
  return status;
}

static hr_status placebo_learn(hr_learner *learner, const hr_block *block,
                               hr_error *err) {
  (void)err;
  for (size_t i = 0; i < block->rows; i++) {
    size_t row = block->first_row + i;
    int32_t k = learner->train_group[row];
    double y[HR_MOST_TARGETS];
    if (k == HR_UNCOVERED) continue;
    hr_study_take_targets(learner->study, row, y);
    hr_ridge_sums_add(&learner->groups[k].sums, block->noisy + i * block->pixels, y, 0);
  }
  return HR_OK;
}

/* Group k while it is solved, and the groups behind it. */
typedef struct ring {
  const hr_learner *learner;
  size_t k;
} ring;

/* The next group behind the ring's own whose rows a model is validated on, from `step`
 * on, which is moved behind it; NULL: they are as many as its own. *rows: so far. */
static const random_group *next_group(const ring *r, size_t *step, size_t *rows) {
  size_t count = r->learner->study->bin_count;
  while (*step < count && *rows < r->learner->groups[r->k].shape.rows) {
    const random_group *other = &r->learner->groups[(r->k + (*step)++) % count];
    if (other->shape.form == HR_RIDGE_NONE) continue;
    *rows += other->shape.rows;
    return other;
  }
  return NULL;
}

/* The squared errors of models [T] on the groups behind. */
static void validate(void *context, const hr_linear_model *models, double *work,
                     double *out) {
  const ring *r = context;
  const random_group *other;
  size_t step = 1, rows = 0, targets = hr_study_targets(r->learner->study);
  double errors[HR_MOST_TARGETS];
  memset(out, 0, targets * sizeof *out);
  while ((other = next_group(context, &step, &rows))) {
    hr_ridge_sums_squared_errors(&other->sums, 0, targets, models, work, errors);
    for (size_t t = 0; t < targets; t++) out[t] += errors[t];
  }
}

/* How much there is to explain in them. */
static double spread_behind(const ring *r, size_t target) {
  const random_group *other;
  size_t step = 1, rows = 0;
  double sum = 0;
  while ((other = next_group(r, &step, &rows))) {
    bool is_primal = other->shape.form == HR_RIDGE_PRIMAL;
    sum += is_primal ? hr_scatter_syy(other->sums.folds[0], target)
                     : hr_dual_syy(other->sums.dual, target);
  }
  return sum;
}

/* What validation missed of a target and what there was to explain, over all groups. */
typedef struct totals {
  double missed, spread;
  size_t trained;
} totals;

/* Group k while it is solved, as widening knows it. */
static hr_status solve(void *context, hr_ridge_fit *fit, hr_error *err) {
  (void)context;
  return hr_ridge_fit_solve(fit, (hr_ridge_window){.with_all = true}, err);
}

static double validated_r2(void *context, const hr_ridge_fit *fit, size_t target,
                           size_t a) {
  if (isnan(hr_ridge_fit_intercept(fit, target)[a])) return (double)NAN;
  return hr_ridge_r2(hr_ridge_fit_errors(fit, target)[a], spread_behind(context, target));
}

/* Keeps a target's alpha with the least squared error. */
static hr_status keep_best(hr_learner *learner, const ring *r, const hr_ridge_widening *w,
                           size_t target, totals *t, hr_error *err) {
  hr_status status = HR_OK;
  double *merit = NULL;
  hr_ridge_variants variants = {.count = 0};
  HR_TRY(hr_ridge_variants_init(&variants, w, target, err));
  HR_TRY(hr_alloc(&merit, variants.count, err));
  for (size_t v = 0; v < variants.count; v++) {
    const hr_ridge_variant *one = &variants.items[v];
    merit[v] = isnan(hr_ridge_fit_intercept(one->fit, target)[one->a])
                   ? (double)NAN
                   : -hr_ridge_fit_errors(one->fit, target)[one->a];
  }
  size_t best = hr_ridge_best_alpha(variants.alpha, merit, variants.count);
  if (best == variants.count) goto cleanup;
  const hr_ridge_variant *one = &variants.items[best];
  hr_control_model_keep(
      learner->made[target], r->k, variants.alpha[best],
      hr_ridge_fit_intercept(one->fit, target)[one->a],
      hr_ridge_fit_weights(one->fit, target) + one->a * learner->study->pixels);
  t->missed -= merit[best];
  t->spread += spread_behind(r, target);
  t->trained++;
cleanup:
  hr_free(merit);
  hr_ridge_variants_fini(&variants);
  return status;
}

static hr_status train_group(hr_learner *learner, size_t k,
                             const hr_ridge_solvers *solvers, totals *t, hr_error *err) {
  hr_status status = HR_OK;
  static const double no_noise[1] = {0};
  random_group *g = &learner->groups[k];
  ring r = {learner, k};
  hr_ridge_fit fit = {.sums = &g->sums,
                      .total = g->sums.folds ? g->sums.folds[0] : NULL,
                      .alphas = &learner->alphas,
                      .noise_scale = no_noise,
                      .level_count = 1,
                      .targets = hr_study_targets(learner->study),
                      .solvers = solvers,
                      .validate = validate,
                      .context = &r};
  hr_ridge_widening widening = {.base = &fit,
                                .widens = learner->widens,
                                .solve = solve,
                                .r2 = validated_r2,
                                .context = &r};
  if (g->shape.form == HR_RIDGE_NONE) return HR_OK;
  HR_TRY(hr_ridge_fit_init(&fit, err));
  if (g->sums.dual) HR_TRY(hr_dual_finish(g->sums.dual, err));
  HR_TRY(solve(&r, &fit, err));
  HR_TRY(hr_ridge_widen(&widening, err));
  for (size_t target = 0; target < fit.targets; target++) {
    HR_TRY(keep_best(learner, &r, &widening, target, &t[target], err));
  }
  if (g->sums.dual) hr_dual_release(g->sums.dual);
cleanup:
  hr_ridge_widening_fini(&widening);
  hr_ridge_fit_fini(&fit);
  return status;
}

/* The unknowns of the largest group's system. */
static size_t largest_order(const hr_study_view *study, const hr_ridge_options *options,
                            const size_t *counts) {
  size_t most = 1;
  for (size_t k = 0; k < study->bin_count; k++) {
    size_t order = hr_ridge_shape_of(study, options, k, counts[k]).order;
    if (order > most) most = order;
  }
  return most;
}

static hr_status train_groups(hr_learner *learner, totals *t, hr_error *err) {
  hr_status status = HR_OK;
  const hr_study_view *study = learner->study;
  size_t bins = study->bin_count, order = 1;
  hr_ridge_solvers solvers = {.count = 0};
  hr_progress progress = {
      .stage = "solving the placebo", .unit = "groups", .total = bins};
  for (size_t k = 0; k < bins; k++) {
    const random_group *g = &learner->groups[k];
    if (g->shape.order > order) order = g->shape.order;
    hr_ridge_sums_close(&learner->groups[k].sums);
  }
  size_t count = hr_ridge_solver_count(study, order, learner->alphas.count);
  const hr_ridge_room room = {order, hr_study_targets(study), study->compute};
  HR_TRY(hr_ridge_solvers_init(&solvers, count, &room, err));
  for (size_t k = 0; k < bins; k++) {
    progress.done = k;
    HR_TRY(hr_observe_progress(study->observer, &progress, err));
    HR_TRY(train_group(learner, k, &solvers, t, err));
  }
  progress.done = bins;
  HR_TRY(hr_observe_progress(study->observer, &progress, err));
cleanup:
  hr_ridge_solvers_fini(&solvers);
  return status;
}

static size_t count_groups(const hr_learner *learner) {
  size_t count = 0;
  for (size_t k = 0; k < learner->study->bin_count; k++) {
    count += learner->groups[k].shape.form != HR_RIDGE_NONE;
  }
  return count;
}

static void conclude(hr_learner *learner, size_t target, const totals *t,
                     hr_trained *out) {
  hr_fit *fit = &out->fit;
  fit->status = t->trained > 0 ? HR_FIT_OK : HR_FIT_FAILED;
  if (t->trained == 0) {
    snprintf(fit->note, sizeof fit->note,
             "no system is positive definite in fp64: take larger alphas");
  } else {
    out->model = &learner->made[target]->model;
    out->model->target = target;
    learner->made[target] = NULL;
  }
  if (t->spread > 0) fit->cv_r2[0] = 1 - t->missed / t->spread;
}

static hr_status placebo_finish(hr_learner *learner, hr_trained *out, hr_error *err) {
  hr_status status = HR_OK;
  double start = hr_clock_seconds();
  size_t groups = count_groups(learner), targets = hr_study_targets(learner->study);
  totals t[HR_MOST_TARGETS] = {{0}};
  for (size_t i = 0; i < targets; i++) {
    hr_fit *fit = &out[i].fit;
    HR_TRY(hr_fit_init(fit, HR_GLOBAL, 1, false, 0, err));
    fit->target = i;
    fit->train_rows = learner->covered_rows;
    if (groups >= FEWEST_GROUPS) continue;
    snprintf(fit->note, sizeof fit->note,
             "%zu bin%s %d training rows or more, at least %d are needed", groups,
             groups == 1 ? " has" : "s have", HR_RIDGE_FEWEST_ROWS, FEWEST_GROUPS);
    fit->reason = HR_REASON_TOO_FEW_ROWS;
  }
  if (groups < FEWEST_GROUPS) goto cleanup;
  HR_TRY(train_groups(learner, t, err));
  for (size_t i = 0; i < targets; i++) {
    conclude(learner, i, &t[i], &out[i]);
    out[i].fit.seconds = (hr_clock_seconds() - start) / (double)targets;
  }
cleanup:
  return status;
}

static void placebo_estimate(const hr_study_view *study, const void *parameters,
                             hr_cost *cost) {
  const hr_ridge_parameters *ridge = parameters;
  const hr_ridge_options options = hr_ridge_options_default(&ridge->alpha);
  size_t added = hr_ridge_most_added(&options, hr_study_targets(study));
  double pixels = (double)study->pixels, alphas = (double)options.alpha->count;
  double kernel = 0;
  double bins = (double)study->bin_count, train_rows = (double)study->train.rows;
  size_t counts[HR_MOST_BINS + 1];
  hr_count_bins(study->train.bin, study->train.rows, study->bin_count, counts);
  for (size_t k = 0; k < study->bin_count; k++) {
    hr_ridge_shape shape = hr_ridge_shape_of(study, &options, k, counts[k]);
    double rows = (double)shape.rows, order = (double)shape.order;
    if (shape.form == HR_RIDGE_NONE) continue;
    bool is_dual = shape.form == HR_RIDGE_DUAL;
    cost->memory_bytes += is_dual ? hr_dual_bytes(shape.rows, study->pixels)
                                  : hr_scatter_bytes(study->pixels);
    if (is_dual) kernel = fmax(kernel, hr_dual_kernel_bytes(shape.rows));
    cost->operations += rows * pixels * order + alphas * order * order * order / 3;
  }
  size_t order = largest_order(study, &options, counts);
  size_t solvers = hr_ridge_solver_count(study, order, options.alpha->count);
  cost->gathered_bytes = cost->memory_bytes;
  cost->memory_bytes +=
      kernel + (double)solvers * (hr_shifted_bytes(order) + 24 * pixels);
  if (hr_study_targets(study) > 1) {
    cost->memory_bytes += (double)solvers * hr_shifted_further_bytes(order);
  }
  cost->memory_bytes += 8 * pixels * (bins + alphas + (double)added);
  cost->memory_bytes += 4 * train_rows + 8 * (double)study->test_rows;
  cost->disk_bytes =
      8 * bins * (2 + pixels) + 8 * train_rows + 12 * (double)study->test_rows;
}

const hr_method hr_placebo_method = {
    .name = "placebo",
    .title = "Placebo",
    .summary = "A control: Ridge on random groups of the same sizes as the bins.",
    .parameters_size = sizeof(hr_ridge_parameters),
    .has_global = true,
    .only_global = true,
    .estimate = placebo_estimate,
    .begin = placebo_begin,
    .learn = placebo_learn,
    .finish = placebo_finish,
    .destroy = placebo_destroy,
};
