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

/* Those that are being solved come first in what is of each. */
struct hr_shifted_further {
  const hr_compute *compute;
  size_t order;
  hr_subspace *space;
  double *diagonal;       /* [n] */
  double *residual;       /* [TOGETHER][n] */
  double *preconditioned; /* [TOGETHER][n] */
  float *narrow;          /* [TOGETHER][n] */

  hr_shifted_queue *queue;
  size_t next; /* of the queue that has not begun */
  size_t open;
  size_t number[TOGETHER]; /* in the queue */
  size_t steps[TOGETHER];
  double alpha[TOGETHER];
  double solution[TOGETHER][HR_SUBSPACE_DIRECTIONS]; /* in the space */
  double found[TOGETHER]; /* xᵀ(A + alpha I)x of what is found */
  double gain[TOGETHER];
  double left[TOGETHER];   /* rᵀM⁻¹r, */
  double before[TOGETHER]; /* and before the last step; 0: with another M, or none */

  bool is_asked;      /* `narrow` has the solutions of */
  size_t asked_count; /* those with the factor */
  size_t asked[TOGETHER];
  double size[TOGETHER]; /* their unit */
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
  hr_shifted_further_take_on(f, NULL);
}

void hr_shifted_further_take_on(hr_shifted_further *f, hr_shifted_queue *queue) {
  f->queue = queue;
  f->next = f->open = 0;
  f->is_asked = false;
  for (size_t i = 0; queue && i < f->order; i++) {
    f->diagonal[i] = queue->matrix[i * f->order + i];
  }
}

static hr_shifted_system *system_of(const hr_shifted_further *f, size_t k) {
  return &f->queue->systems[f->number[k]];
}

/* Begins with as many as there is room for. */
static void admit(hr_shifted_further *f) {
  size_t n = f->order;
  for (; f->open < TOGETHER && f->next < f->queue->count; f->open++, f->next++) {
    hr_shifted_system *system = &f->queue->systems[f->next];
    size_t k = f->open;
    f->number[k] = f->next;
    f->steps[k] = 0;
    f->alpha[k] = system->alpha;
    f->found[k] = f->before[k] = 0;
    memset(f->solution[k], 0, sizeof f->solution[k]);
    memcpy(f->residual + k * n, system->b, n * sizeof *f->residual);
    memset(system->x, 0, n * sizeof *system->x);
    system->is_solved = false;
  }
}

static bool find_best(hr_shifted_further *f) {
  const hr_subspace_systems systems = {f->open, f->alpha, f->residual, f->solution[0],
                                       f->gain};
  if (!hr_subspace_solve(f->space, &systems)) return false;
  for (size_t k = 0; k < f->open; k++) f->found[k] += f->gain[k];
  return true;
}

/* Goes on from what has been found with a new space. */
static void empty_space(hr_shifted_further *f) {
  for (size_t k = 0; k < f->open; k++) {
    hr_subspace_take(f->space, f->solution[k], system_of(f, k)->x);
    memset(f->solution[k], 0, sizeof f->solution[k]);
  }
  hr_subspace_clear(f->space);
}

/* D r, in the unit of its largest element, which is returned: fp32 holds it. */
static double scale_narrow(const hr_shifted_further *f, const double *residual,
                           float *out) {
  const double *scale = f->queue->factor.scale;
  double size = 0;
  for (size_t i = 0; i < f->order; i++) size = fmax(size, fabs(scale[i] * residual[i]));
  if (!(size > 0)) size = 1;
  for (size_t i = 0; i < f->order; i++) out[i] = (float)(scale[i] * residual[i] / size);
  return size;
}

size_t hr_shifted_further_ask(hr_shifted_further *f, float **b) {
  size_t n = f->order;
  if (!f->queue) return 0;
  admit(f);
  if (!find_best(f)) empty_space(f); /* rounding has spoilt it */
  f->asked_count = 0;
  for (size_t k = 0; k < f->open; k++) {
    size_t c = f->asked_count;
    if (!system_of(f, k)->with_factor) continue;
    f->asked[c] = k;
    f->size[c] = scale_narrow(f, f->residual + k * n, f->narrow + c * n);
    b[c] = f->narrow + c * n;
    f->asked_count++;
  }
  f->is_asked = true;
  return f->asked_count;
}

/* M⁻¹ r of those with the factor, from the solutions. */
static void take_solutions(hr_shifted_further *f) {
  size_t n = f->order;
  const double *scale = f->queue->factor.scale;
  for (size_t c = 0; c < f->asked_count; c++) {
    double *z = f->preconditioned + f->asked[c] * n;
    const float *narrow = f->narrow + c * n;
    for (size_t i = 0; i < n; i++) z[i] = scale[i] * (double)narrow[i] * f->size[c];
  }
}

/* M⁻¹ r of the open ones, and rᵀM⁻¹r. */
static void precondition(hr_shifted_further *f) {
  size_t n = f->order;
  take_solutions(f);
  for (size_t k = 0; k < f->open; k++) {
    const double *r = f->residual + k * n;
    double *z = f->preconditioned + k * n;
    for (size_t i = 0; !system_of(f, k)->with_factor && i < n; i++) {
      z[i] = r[i] / (f->diagonal[i] + f->alpha[k]);
    }
    f->left[k] = f->compute->dot_f64(n, r, z);
  }
}

/* Moves what belongs to open system `from` to place `to`. */
static void move(hr_shifted_further *f, size_t from, size_t to) {
  size_t n = f->order, bytes = n * sizeof(double);
  f->number[to] = f->number[from];
  f->steps[to] = f->steps[from];
  f->alpha[to] = f->alpha[from];
  f->found[to] = f->found[from];
  f->left[to] = f->left[from];
  f->before[to] = f->before[from];
  memcpy(f->solution[to], f->solution[from], sizeof f->solution[to]);
  memcpy(f->residual + to * n, f->residual + from * n, bytes);
  memcpy(f->preconditioned + to * n, f->preconditioned + from * n, bytes);
}

/* Whether a system is solved, or will be with `unseen` one more step of length 1, as the
 * factor is of this alpha and is that good. */
static bool is_near(const hr_shifted_further *f, size_t k, bool *unseen) {
  const double share = f->queue->tolerance * f->queue->tolerance;
  const hr_shifted_factor *factor = &f->queue->factor;
  double wanted = share * (f->found[k] + f->left[k]);
  double fall = f->left[k] / f->before[k];
  bool fresh = system_of(f, k)->with_factor && !(factor->alpha < f->alpha[k]) &&
               !(factor->alpha > f->alpha[k]);
  *unseen = fresh && f->left[k] >= 0 && fall <= good_fall &&
            f->left[k] * fall <= margin * wanted;
  return (f->left[k] >= 0 && f->left[k] <= wanted) || *unseen;
}

/* Writes a system that is solved; false: it is not. */
static bool conclude(hr_shifted_further *f, size_t k) {
  bool unseen = false;
  if (!is_near(f, k, &unseen)) return false;
  hr_shifted_system *system = system_of(f, k);
  hr_subspace_take(f->space, f->solution[k], system->x);
  if (unseen)
    f->compute->axpy_f64(f->order, 1, f->preconditioned + k * f->order, system->x);
  system->is_solved = true;
  return true;
}

/* Closes what is solved, and what has made its steps. */
static void close_some(hr_shifted_further *f) {
  size_t open = 0;
  for (size_t k = 0; k < f->open; k++) {
    if (conclude(f, k) || f->steps[k] == MOST_STEPS) continue;
    if (open < k) move(f, k, open);
    open++;
  }
  f->open = open;
}

size_t hr_shifted_further_look(hr_shifted_further *f, const double **x, double **y) {
  float *b[TOGETHER];
  if (!f->queue) return 0;
  do {
    size_t asked = f->is_asked ? 0 : hr_shifted_further_ask(f, b);
    if (asked > 0) hr_few_solve_factored(f->order, f->queue->factor.factor, asked, b);
    f->is_asked = false;
    if (f->open == 0) return 0;
    precondition(f);
    close_some(f);
  } while (f->open == 0);
  if (!hr_subspace_has_room(f->space, f->open)) empty_space(f);
  size_t count = hr_subspace_offer(f->space, f->open, f->preconditioned, x, y);
  if (count == 0) f->open = 0; /* nothing is new: they cannot be solved */
  return count;
}

void hr_shifted_further_looked(hr_shifted_further *f) {
  hr_subspace_extend(f->space);
  for (size_t k = 0; k < f->open; k++) {
    f->before[k] = f->left[k];
    f->steps[k]++;
  }
}

void hr_shifted_further_use(hr_shifted_further *f, hr_shifted_factor factor,
                            size_t first) {
  f->queue->factor = factor;
  f->is_asked = false;
  for (size_t i = first; i < f->queue->count; i++)
    f->queue->systems[i].with_factor = true;
  for (size_t k = 0; k < f->open; k++) {
    if (f->number[k] >= first) f->before[k] = 0;
  }
}

void hr_shifted_further_drop(hr_shifted_further *f, size_t first) {
  size_t open = 0;
  f->is_asked = false;
  for (size_t k = 0; k < f->open; k++) {
    if (f->number[k] >= first) continue;
    if (open < k) move(f, k, open);
    open++;
  }
  f->open = open;
  f->queue->count = first;
  if (f->next > first) f->next = first;
}

/* Whether there are systems that are open or have not begun. */
static bool has_more(const hr_shifted_further *f, bool all) {
  bool more = false;
  for (size_t k = 0; k < f->open; k++) more = more || all || system_of(f, k)->with_factor;
  for (size_t i = f->next; i < f->queue->count; i++) {
    more = more || all || f->queue->systems[i].with_factor;
  }
  return more;
}

void hr_shifted_further_finish(hr_shifted_further *f, bool all) {
  const double *x[TOGETHER];
  double *y[TOGETHER];
  while (has_more(f, all)) {
    size_t count = hr_shifted_further_look(f, x, y);
    if (count == 0) continue;
    hr_few_symmetric(f->order, f->queue->matrix, count, x, y);
    hr_shifted_further_looked(f);
  }
}
