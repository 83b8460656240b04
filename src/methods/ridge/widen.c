/* Widening is a loop: look at every target's list, solve two more decades where one asks
 * for them, look again. What a target does not ask for it does not get, so that its list,
 * and with it all that is chosen from it, does not depend on the other targets. */
#include "methods/ridge/widen.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/text.h"

enum { MOST_ADDED = 2 * HR_RIDGE_WIDEN_TIMES };

/* Alphas at one end, solved together. */
typedef struct hr_ridge_added {
  hr_ridge_fit fit;
  hr_ridge_alphas alphas;
  double value[HR_RIDGE_WIDEN_ALPHAS]; /* away from the list */
  hr_fit_edge edge;
  size_t step;                 /* the how manieth at this end, from 0 */
  bool is_of[HR_MOST_TARGETS]; /* targets that asked for it */
  bool ends[HR_MOST_TARGETS];  /* and found an alpha there that is not usable */
} added;

size_t hr_ridge_most_added(const hr_ridge_options *options, size_t targets) {
  size_t one_way = HR_RIDGE_WIDEN_ALPHAS * HR_RIDGE_WIDEN_TIMES;
  if (!options->widens) return 0;
  return targets > 1 ? 2 * one_way : one_way;
}

/* The exponent of the list's outermost alpha at an end. */
static int exponent_at(const hr_ridge_alphas *alphas, hr_fit_edge edge) {
  size_t last = alphas->count - 1;
  double value = alphas->value[alphas->order[edge == HR_EDGE_LARGEST ? 0 : last]];
  return (int)lround(log10(value));
}

/* The added alphas of that end and step; NULL: none yet. */
static added *find(const hr_ridge_widening *w, hr_fit_edge edge, size_t step) {
  for (size_t i = 0; i < w->added_count; i++) {
    if (w->added[i].edge == edge && w->added[i].step == step) return &w->added[i];
  }
  return NULL;
}

/* How far a target has gone at an end; HR_RIDGE_WIDEN_TIMES where it may not go on. */
static size_t next_step(const hr_ridge_widening *w, size_t target, hr_fit_edge edge) {
  for (size_t step = 0; step < HR_RIDGE_WIDEN_TIMES; step++) {
    const added *one = find(w, edge, step);
    if (!one || !one->is_of[target]) return step;
    if (one->ends[target]) break;
  }
  return HR_RIDGE_WIDEN_TIMES;
}

static hr_status solve_added(hr_ridge_widening *w, hr_fit_edge edge, size_t step,
                             hr_error *err) {
  hr_status status = HR_OK;
  const hr_ridge_fit *base = w->base;
  added *one = &w->added[w->added_count++];
  int way = edge == HR_EDGE_SMALLEST ? -1 : 1;
  int first = exponent_at(base->alphas, edge) + way;
  *one = (added){.edge = edge, .step = step};
  for (size_t i = 0; i < HR_RIDGE_WIDEN_ALPHAS; i++) {
    one->value[i] =
        hr_power_of_ten(first + way * (int)(step * HR_RIDGE_WIDEN_ALPHAS + i));
  }
  const hr_numbers numbers = {one->value, HR_RIDGE_WIDEN_ALPHAS};
  one->fit = (hr_ridge_fit){.sums = base->sums,
                            .total = base->total,
                            .noise_scale = base->noise_scale,
                            .level_count = base->level_count,
                            .solvers = base->solvers,
                            .validate = base->validate,
                            .context = base->context,
                            .progress = base->progress,
                            .keeps_folds = base->keeps_folds,
                            .targets = base->targets};
  HR_TRY(hr_ridge_alphas_init(&one->alphas, &numbers, base->alphas->a_run, err));
  one->fit.alphas = &one->alphas;
  HR_TRY(hr_ridge_fit_init(&one->fit, err));
  HR_TRY(w->solve(w->context, &one->fit, err));
cleanup:
  return status;
}

/* Gives a target the alphas of that end and step, which are solved if nobody had asked
 * for them before. */
static hr_status add(hr_ridge_widening *w, size_t target, hr_fit_edge edge, size_t step,
                     hr_error *err) {
  if (!find(w, edge, step)) {
    hr_status status = solve_added(w, edge, step, err);
    if (status != HR_OK) return status;
  }
  added *one = find(w, edge, step);
  one->is_of[target] = true;
  for (size_t a = 0; a < HR_RIDGE_WIDEN_ALPHAS; a++) {
    if (isnan(w->r2(w->context, &one->fit, target, a))) one->ends[target] = true;
  }
  return HR_OK;
}

/* One target until its best alpha is inside. */
static hr_status widen_target(hr_ridge_widening *w, size_t target, hr_error *err) {
  hr_status status = HR_OK;
  bool is_done = false;
  while (!is_done) {
    hr_ridge_variants variants;
    HR_TRY(hr_ridge_variants_init(&variants, w, target, err));
    hr_fit_edge edge = hr_ridge_edge_of(variants.alpha, variants.r2, variants.count);
    hr_ridge_variants_fini(&variants);
    is_done = edge != HR_EDGE_SMALLEST && edge != HR_EDGE_LARGEST;
    size_t step = is_done ? 0 : next_step(w, target, edge);
    is_done = is_done || step == HR_RIDGE_WIDEN_TIMES;
    if (!is_done) HR_TRY(add(w, target, edge, step, err));
  }
cleanup:
  return status;
}

hr_status hr_ridge_widen(hr_ridge_widening *w, hr_error *err) {
  if (!w->widens) return HR_OK;
  hr_status status = hr_alloc(&w->added, MOST_ADDED, err);
  for (size_t t = 0; status == HR_OK && t < w->base->targets; t++) {
    status = widen_target(w, t, err);
  }
  return status;
}

void hr_ridge_widening_fini(hr_ridge_widening *w) {
  for (size_t i = 0; i < w->added_count; i++) {
    hr_ridge_fit_fini(&w->added[i].fit);
    hr_ridge_alphas_fini(&w->added[i].alphas);
  }
  hr_free(w->added);
  w->added = NULL;
  w->added_count = 0;
}

/* Puts a variant behind the others, or before them. */
static void put(hr_ridge_variants *v, const hr_ridge_widening *w, size_t target,
                hr_ridge_variant item, bool before) {
  size_t at = before ? 0 : v->count;
  if (before) {
    memmove(v->items + 1, v->items, v->count * sizeof *v->items);
    memmove(v->alpha + 1, v->alpha, v->count * sizeof *v->alpha);
    memmove(v->r2 + 1, v->r2, v->count * sizeof *v->r2);
  }
  v->items[at] = item;
  v->alpha[at] = item.fit->alphas->value[item.a];
  v->r2[at] = w->r2(w->context, item.fit, target, item.a);
  v->count++;
}

/* One added alpha, where the target has it and it is usable. */
static void put_added(hr_ridge_variants *v, const hr_ridge_widening *w, size_t target,
                      const added *one, size_t a) {
  if (!one->is_of[target] || isnan(w->r2(w->context, &one->fit, target, a))) return;
  put(v, w, target, (hr_ridge_variant){&one->fit, a}, one->edge == HR_EDGE_SMALLEST);
}

hr_status hr_ridge_variants_init(hr_ridge_variants *v, const hr_ridge_widening *w,
                                 size_t target, hr_error *err) {
  hr_status status = HR_OK;
  size_t alphas = w->base->alphas->count;
  size_t most = alphas + w->added_count * HR_RIDGE_WIDEN_ALPHAS;
  *v = (hr_ridge_variants){.count = 0};
  HR_TRY(hr_alloc(&v->items, most, err));
  HR_TRY(hr_alloc(&v->alpha, most, err));
  HR_TRY(hr_alloc(&v->r2, most, err));
  for (size_t a = 0; a < alphas; a++) {
    put(v, w, target, (hr_ridge_variant){w->base, a}, false);
  }
  for (size_t step = 0; step < HR_RIDGE_WIDEN_TIMES; step++) {
    const added *below = find(w, HR_EDGE_SMALLEST, step);
    const added *above = find(w, HR_EDGE_LARGEST, step);
    for (size_t a = 0; a < HR_RIDGE_WIDEN_ALPHAS; a++) {
      if (below) put_added(v, w, target, below, a);
      if (above) put_added(v, w, target, above, a);
    }
  }
cleanup:
  if (status != HR_OK) hr_ridge_variants_fini(v);
  return status;
}

void hr_ridge_variants_fini(hr_ridge_variants *v) {
  hr_free(v->items);
  hr_free(v->alpha);
  hr_free(v->r2);
  *v = (hr_ridge_variants){.count = 0};
}

void hr_ridge_variants_copy(const hr_ridge_variants *v, size_t target, double *intercept,
                            double *weights) {
  for (size_t i = 0; i < v->count; i++) {
    const hr_ridge_variant *one = &v->items[i];
    size_t pixels = one->fit->sums->pixels;
    intercept[i] = hr_ridge_fit_intercept(one->fit, target)[one->a];
    memcpy(weights + i * pixels, hr_ridge_fit_weights(one->fit, target) + one->a * pixels,
           pixels * sizeof *weights);
  }
}
