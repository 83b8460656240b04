/* Steps as those of conjugate gradients, but for the best of all directions there are in
 * place of three terms: that takes the directions to be kept, some percent of the work,
 * and makes steps the fewer the more systems take part. */
#include "compute/shifted_further.h"

#include <math.h>
#include <string.h>

#include "compute/few.h"
#include "compute/shifted.h"
#include "core/alloc.h"

enum { TOGETHER = HR_SUBSPACE_TOGETHER, MOST_STEPS = 60 };

/* A fresh factor that brings the energy of the error down by so much in a step does it
 * again, and the step after is taken unseen. */
static const double good_fall = 1e-4, margin = 0.01;

struct hr_shifted_further {
  const hr_compute *compute;
  size_t order;
  hr_subspace *space;
  double *diagonal;       /* [n] */
  double *residual;       /* [TOGETHER][n] */
  double *preconditioned; /* [TOGETHER][n] */
  float *narrow;          /* [TOGETHER][n] */
};

hr_status hr_shifted_further_create(size_t most, const hr_compute *compute,
                                    hr_shifted_further **out, hr_error *err) {
  hr_status status = HR_OK;
  hr_shifted_further *f = NULL;
  HR_TRY(hr_alloc(&f, 1, err));
  f->compute = compute;
  HR_TRY(hr_subspace_create(most, compute, &f->space, err));
  HR_TRY(hr_alloc(&f->diagonal, most, err));
  HR_TRY(hr_compute_alloc(compute, &f->residual, TOGETHER * most, err));
  HR_TRY(hr_compute_alloc(compute, &f->preconditioned, TOGETHER * most, err));
  HR_TRY(hr_alloc(&f->narrow, TOGETHER * most, err));
  *out = f;
  f = NULL;
cleanup:
  hr_shifted_further_destroy(&f);
  return status;
}

void hr_shifted_further_destroy(hr_shifted_further **further) {
  hr_shifted_further *f = *further;
  *further = NULL;
  if (!f) return;
  hr_subspace_destroy(&f->space);
  hr_free(f->diagonal);
  hr_compute_free(f->compute, f->residual);
  hr_compute_free(f->compute, f->preconditioned);
  hr_free(f->narrow);
  hr_free(f);
}

double hr_shifted_further_bytes(size_t most) {
  return hr_subspace_bytes(most) + (20 * TOGETHER + 8) * (double)most;
}

void hr_shifted_further_begin(hr_shifted_further *f, size_t order) {
  f->order = order;
  hr_subspace_begin(f->space, order);
}

/* Systems that are being solved: those that are open come first. */
typedef struct steps {
  hr_shifted_further *f;
  const hr_shifted_batch *batch;
  size_t open;
  size_t number[TOGETHER]; /* in the batch */
  double alpha[TOGETHER];
  double solution[TOGETHER][HR_SUBSPACE_DIRECTIONS]; /* in the space */
  double found[TOGETHER]; /* xᵀ(A + alpha I)x of what is found */
  double gain[TOGETHER];
  double left[TOGETHER]; /* rᵀM⁻¹r, and before the last step */
  double before[TOGETHER];
} steps;

static void begin(steps *g, hr_shifted_further *f, const hr_shifted_batch *batch,
                  size_t first) {
  size_t n = f->order, rest = batch->count - first;
  *g = (steps){.f = f, .batch = batch, .open = rest < TOGETHER ? rest : TOGETHER};
  for (size_t i = 0; i < g->open; i++) {
    g->number[i] = first + i;
    g->alpha[i] = batch->alpha[first + i];
    memcpy(f->residual + i * n, batch->b[first + i], n * sizeof *f->residual);
    memset(batch->x[first + i], 0, n * sizeof *f->residual);
    batch->is_solved[first + i] = false;
  }
}

static bool find_best(steps *g) {
  const hr_subspace_systems systems = {g->open, g->alpha, g->f->residual, g->solution[0],
                                       g->gain};
  if (!hr_subspace_solve(g->f->space, &systems)) return false;
  for (size_t k = 0; k < g->open; k++) g->found[k] += g->gain[k];
  return true;
}

/* D r, in the unit of its largest element, which is returned: fp32 holds it. */
static double scale_narrow(const steps *g, const double *residual, float *out) {
  size_t n = g->f->order;
  const double *scale = g->batch->factor.scale;
  double size = 0;
  for (size_t i = 0; i < n; i++) size = fmax(size, fabs(scale[i] * residual[i]));
  if (!(size > 0)) size = 1;
  for (size_t i = 0; i < n; i++) out[i] = (float)(scale[i] * residual[i] / size);
  return size;
}

/* M⁻¹ r of the open ones, and rᵀM⁻¹r. */
static void precondition(steps *g) {
  hr_shifted_further *f = g->f;
  size_t n = f->order;
  const hr_shifted_factor *factor = &g->batch->factor;
  double size[TOGETHER];
  for (size_t k = 0; factor->factor && k < g->open; k++) {
    size[k] = scale_narrow(g, f->residual + k * n, f->narrow + k * n);
  }
  if (factor->factor) hr_few_solve_factored(n, factor->factor, g->open, f->narrow);
  for (size_t k = 0; k < g->open; k++) {
    const double *r = f->residual + k * n;
    double *z = f->preconditioned + k * n;
    for (size_t i = 0; i < n; i++) {
      z[i] = factor->factor ? factor->scale[i] * (double)f->narrow[k * n + i] * size[k]
                            : r[i] / (f->diagonal[i] + g->alpha[k]);
    }
    g->left[k] = f->compute->dot_f64(n, r, z);
  }
}

/* Moves what belongs to open system `from` to place `to`. */
static void move(steps *g, size_t from, size_t to) {
  size_t n = g->f->order, bytes = n * sizeof(double);
  hr_shifted_further *f = g->f;
  g->number[to] = g->number[from];
  g->alpha[to] = g->alpha[from];
  g->found[to] = g->found[from];
  g->left[to] = g->left[from];
  g->before[to] = g->before[from];
  memcpy(g->solution[to], g->solution[from], sizeof g->solution[to]);
  memcpy(f->residual + to * n, f->residual + from * n, bytes);
  memcpy(f->preconditioned + to * n, f->preconditioned + from * n, bytes);
}

/* Whether a system is solved, or will be with `unseen` one more step of length 1, as the
 * factor is of this alpha and is that good. */
static bool is_near(const steps *g, size_t k, bool *unseen) {
  const double share = g->batch->tolerance * g->batch->tolerance;
  const hr_shifted_factor *factor = &g->batch->factor;
  double wanted = share * (g->found[k] + g->left[k]);
  double fall = g->left[k] / g->before[k];
  bool fresh =
      factor->factor && !(factor->alpha < g->alpha[k]) && !(factor->alpha > g->alpha[k]);
  *unseen = fresh && g->left[k] >= 0 && fall <= good_fall &&
            g->left[k] * fall <= margin * wanted;
  return (g->left[k] >= 0 && g->left[k] <= wanted) || *unseen;
}

/* Writes what is solved and closes it. */
static void close_solved(steps *g) {
  hr_shifted_further *f = g->f;
  size_t open = 0;
  for (size_t k = 0; k < g->open; k++) {
    bool unseen = false;
    if (is_near(g, k, &unseen)) {
      double *x = g->batch->x[g->number[k]];
      hr_subspace_take(f->space, g->solution[k], x);
      if (unseen) f->compute->axpy_f64(f->order, 1, f->preconditioned + k * f->order, x);
      g->batch->is_solved[g->number[k]] = true;
      continue;
    }
    if (open < k) move(g, k, open);
    open++;
  }
  g->open = open;
}

/* Goes on from what has been found with a new space. */
static void empty_space(steps *g) {
  hr_shifted_further *f = g->f;
  for (size_t k = 0; k < g->open; k++) {
    hr_subspace_take(f->space, g->solution[k], g->batch->x[g->number[k]]);
    memset(g->solution[k], 0, sizeof g->solution[k]);
  }
  hr_subspace_clear(f->space);
}

static void run(steps *g) {
  hr_shifted_further *f = g->f;
  for (size_t step = 0; step < MOST_STEPS; step++) {
    if (!find_best(g)) empty_space(g); /* rounding has spoilt it */
    precondition(g);
    close_solved(g);
    if (g->open == 0) return;
    if (!hr_subspace_has_room(f->space, g->open)) empty_space(g);
    if (hr_subspace_add(f->space, g->batch->matrix, g->open, f->preconditioned) == 0) {
      return;
    }
    memcpy(g->before, g->left, sizeof g->before);
  }
}

void hr_shifted_further_solve(hr_shifted_further *f, const hr_shifted_batch *batch) {
  for (size_t i = 0; i < f->order; i++) f->diagonal[i] = batch->matrix[i * f->order + i];
  for (size_t first = 0; first < batch->count; first += TOGETHER) {
    steps g;
    begin(&g, f, batch, first);
    run(&g);
  }
}
