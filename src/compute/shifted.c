/* The factor is of D (A + alpha I) D, D the diagonal to the power -1/2: its diagonal is
 * 1, so that fp32 holds it whatever the units of the rows. In memory A is there in fp64
 * and its factor in fp32, 12 bytes an element; a solution in fp64 is made in place, over
 * the triangle of A that nothing else reads. */
#include "compute/shifted.h"

#include <math.h>
#include <string.h>

#include "compute/few.h"
#include "compute/shifted_further.h"
#include "core/alloc.h"

/* Iterations after which something else is tried. At order 4096, on two threads, a factor
 * takes the time of twenty-six without one and of fifteen with one (measured); about that
 * pays, as a trial that fails is lost. A fresh factor is given up only where the system
 * is beyond fp32. */
enum { MOST_PLAIN = 30, MOST_REUSED = 16, MOST_FRESH = 60, LEAST = 4 };

struct hr_shifted {
  const hr_compute *compute;
  size_t most, order, targets;
  double *matrix;     /* [order][order] the upper triangle of A */
  double *right_side; /* [T][order] */
  float *factor; /* [order][order] of D (A + alpha I) D, for the alpha it was made for */
  bool has_factor;
  double *scale; /* [order] D: the diagonal to the power -1/2 */
  double *residual, *preconditioned, *direction, *product; /* [order] of one target */
  float *narrow;                                           /* [order] */
  hr_shifted_further *further;                             /* NULL: one target */
  size_t first;        /* of the further targets' systems, the first of this alpha */
  double factor_alpha; /* that the factor is of */
  size_t narrow_factors, wide_factors;
};

double hr_shifted_bytes(size_t most) {
  double n = (double)most;
  return n * (12 * n + 52);
}

hr_status hr_shifted_create(size_t most, const hr_compute *compute, hr_shifted **out,
                            hr_error *err) {
  return hr_shifted_create_for(most, 1, compute, out, err);
}

hr_status hr_shifted_create_for(size_t most, size_t targets, const hr_compute *compute,
                                hr_shifted **out, hr_error *err) {
  hr_status status = HR_OK;
  hr_shifted *s = NULL;
  HR_TRY(hr_alloc(&s, 1, err));
  s->compute = compute;
  s->most = most;
  s->targets = targets;
  HR_TRY(hr_compute_alloc(s->compute, &s->matrix, most * most, err));
  HR_TRY(hr_alloc(&s->right_side, targets * most, err));
  HR_TRY(hr_compute_alloc(s->compute, &s->factor, most * most, err));
  HR_TRY(hr_alloc(&s->scale, most, err));
  HR_TRY(hr_alloc(&s->residual, most, err));
  HR_TRY(hr_alloc(&s->preconditioned, most, err));
  HR_TRY(hr_compute_alloc(s->compute, &s->direction, most, err));
  HR_TRY(hr_compute_alloc(s->compute, &s->product, most, err));
  HR_TRY(hr_compute_alloc(s->compute, &s->narrow, most, err));
  if (targets > 1) HR_TRY(hr_shifted_further_create(most, compute, &s->further, err));
  *out = s;
  s = NULL;
cleanup:
  hr_shifted_destroy(&s);
  return status;
}

void hr_shifted_destroy(hr_shifted **shifted) {
  hr_shifted *s = *shifted;
  *shifted = NULL;
  if (!s) return;
  hr_compute_free(s->compute, s->matrix);
  hr_free(s->right_side);
  hr_compute_free(s->compute, s->factor);
  hr_free(s->scale);
  hr_free(s->residual);
  hr_free(s->preconditioned);
  hr_compute_free(s->compute, s->direction);
  hr_compute_free(s->compute, s->product);
  hr_compute_free(s->compute, s->narrow);
  hr_shifted_further_destroy(&s->further);
  hr_free(s);
}

double *hr_shifted_matrix(hr_shifted *s, size_t order) {
  s->order = order;
  s->has_factor = false;
  if (s->further) hr_shifted_further_begin(s->further, order);
  return s->matrix;
}

double *hr_shifted_right_side(hr_shifted *s) {
  return s->right_side;
}

void hr_shifted_count(const hr_shifted *s, size_t *narrow, size_t *wide) {
  *narrow = s->narrow_factors;
  *wide = s->wide_factors;
}

/* D for this alpha; false where the diagonal is not positive. With it the diagonal of the
 * factorised matrix is 1, whatever the units of the rows. */
static bool set_scale(hr_shifted *s, double alpha) {
  for (size_t i = 0; i < s->order; i++) {
    double diagonal = s->matrix[i * s->order + i] + alpha;
    if (!(diagonal > 0) || !isfinite(diagonal)) return false;
    s->scale[i] = 1 / sqrt(diagonal);
  }
  return true;
}

static bool make_factor(hr_shifted *s, double alpha) {
  size_t n = s->order;
  s->factor_alpha = alpha;
  for (size_t i = 0; i < n; i++) {
    const double *row = s->matrix + i * n;
    for (size_t j = i + 1; j < n; j++) {
      s->factor[i * n + j] = (float)(s->scale[i] * row[j] * s->scale[j]);
    }
    s->factor[i * n + i] = 1;
  }
  s->narrow_factors++;
  return s->compute->factorise_f32(n, s->factor);
}

/* narrow = the solution with the factor, and in the same pass over it those that the
 * further targets ask for. */
static void solve_factored(hr_shifted *s) {
  float *b[1 + HR_SUBSPACE_TOGETHER] = {s->narrow};
  size_t further = s->further ? hr_shifted_further_ask(s->further, b + 1) : 0;
  hr_few_solve_factored(s->order, s->factor, 1 + further, b);
}

/* preconditioned = M⁻¹ residual, and residualᵀ M⁻¹ residual. */
static double precondition(hr_shifted *s) {
  double sum = 0;
  if (s->has_factor) {
    for (size_t i = 0; i < s->order; i++) {
      s->narrow[i] = (float)(s->scale[i] * s->residual[i]);
    }
    solve_factored(s);
  }
  for (size_t i = 0; i < s->order; i++) {
    double z = s->has_factor ? (double)s->narrow[i] : s->scale[i] * s->residual[i];
    s->preconditioned[i] = s->scale[i] * z;
    sum += s->residual[i] * s->preconditioned[i];
  }
  return sum;
}

/* product = A direction, and with the same look at A what the further targets want. */
static void multiply(hr_shifted *s) {
  const double *x[1 + HR_SUBSPACE_TOGETHER] = {s->direction};
  double *y[1 + HR_SUBSPACE_TOGETHER] = {s->product};
  size_t further = s->further ? hr_shifted_further_look(s->further, x + 1, y + 1) : 0;
  hr_few_symmetric(s->order, s->matrix, 1 + further, x, y);
  if (further > 0) hr_shifted_further_looked(s->further);
}

/* One step along the direction; false where the curvature is not positive. */
static bool take_step(hr_shifted *s, double alpha, double energy, double *x) {
  double curvature = 0;
  multiply(s);
  for (size_t i = 0; i < s->order; i++) {
    s->product[i] += alpha * s->direction[i];
    curvature += s->direction[i] * s->product[i];
  }
  if (!(curvature > 0)) return false;
  double length = energy / curvature;
  for (size_t i = 0; i < s->order; i++) {
    x[i] += length * s->direction[i];
    s->residual[i] -= length * s->product[i];
  }
  return true;
}

/* Whether the fall of the energy so far, going on as it did, comes too late. */
static bool is_too_slow(double fall, size_t iterations, size_t most) {
  const double wanted = HR_SHIFTED_TOLERANCE * HR_SHIFTED_TOLERANCE;
  if (iterations < LEAST) return false;
  return !((double)iterations * log(wanted) / log(fall) <= (double)most);
}

/* The first target, from x = 0, within `most` steps. b is scaled to 1 so that it fits
 * into fp32. */
static bool converge(hr_shifted *s, double alpha, size_t most, double *x) {
  const double wanted = HR_SHIFTED_TOLERANCE * HR_SHIFTED_TOLERANCE;
  size_t n = s->order;
  double size = 0;
  for (size_t i = 0; i < n; i++) size = fmax(size, fabs(s->scale[i] * s->right_side[i]));
  memset(x, 0, n * sizeof *x);
  if (size == 0) return true;
  if (!isfinite(size)) return false;
  for (size_t i = 0; i < n; i++) s->residual[i] = s->right_side[i] / size;
  double energy = precondition(s), first = energy;
  memcpy(s->direction, s->preconditioned, n * sizeof *x);
  for (size_t k = 0; !(energy <= wanted * first); k++) {
    if (!(energy > 0) || k == most) return false;
    if (is_too_slow(energy / first, k, most)) return false;
    if (!take_step(s, alpha, energy, x)) return false;
    double next = precondition(s);
    for (size_t i = 0; i < n; i++) {
      s->direction[i] = s->preconditioned[i] + next / energy * s->direction[i];
    }
    energy = next;
  }
  for (size_t i = 0; i < n; i++) x[i] *= size;
  return true;
}

static hr_shifted_factor factor_of(const hr_shifted *s) {
  return (hr_shifted_factor){s->factor, s->scale, s->factor_alpha};
}

static bool solve_narrow(hr_shifted *s, double alpha, double *x) {
  if (s->has_factor) {
    if (converge(s, alpha, MOST_REUSED, x)) return true;
    s->has_factor = false;
    if (!set_scale(s, alpha)) return false;
  } else {
    if (!set_scale(s, alpha)) return false;
    if (converge(s, alpha, MOST_PLAIN, x)) return true;
  }
  if (!make_factor(s, alpha)) return false;
  s->has_factor = true;
  if (s->further) hr_shifted_further_use(s->further, factor_of(s), s->first);
  if (converge(s, alpha, MOST_FRESH, x)) return true;
  s->has_factor = false;
  return false;
}

/* Copies the triangle above the diagonal to below it, or back. */
static void mirror(double *matrix, size_t n, bool down) {
  for (size_t i = 0; i < n; i++) {
    for (size_t j = i + 1; j < n; j++) {
      double *upper = &matrix[i * n + j], *lower = &matrix[j * n + i];
      if (down) {
        *lower = *upper;
      } else {
        *upper = *lower;
      }
    }
  }
}

/* Of so many targets. In place: the lower triangle keeps A meanwhile, `product` its
 * diagonal. */
static bool solve_wide(hr_shifted *s, double alpha, size_t targets, const double *b,
                       double *x) {
  size_t n = s->order;
  mirror(s->matrix, n, true);
  for (size_t i = 0; i < n; i++) {
    s->product[i] = s->matrix[i * n + i];
    s->matrix[i * n + i] += alpha;
  }
  memcpy(x, b, targets * n * sizeof *x);
  s->wide_factors++;
  bool solved = s->compute->solve_definite_f64(n, targets, s->matrix, x);
  mirror(s->matrix, n, false);
  for (size_t i = 0; i < n; i++) s->matrix[i * n + i] = s->product[i];
  return solved;
}

/* The systems of the further targets of a sweep: those of an alpha beside each other. */
static hr_status queue_init(hr_shifted_queue *queue, const hr_shifted *s,
                            const hr_shifted_alphas *alphas, hr_error *err) {
  double tolerance = alphas->further_tolerance;
  *queue =
      (hr_shifted_queue){.matrix = s->matrix,
                         .tolerance = tolerance > 0 ? tolerance : HR_SHIFTED_TOLERANCE,
                         .factor = factor_of(s)}; /* that of a sweep before */
  return hr_alloc(&queue->systems, alphas->count * (s->targets - 1), err);
}

/* Adds those at alpha number a; x: [T][order] of that alpha. */
static void queue_add(hr_shifted_queue *queue, hr_shifted *s, size_t a, double alpha,
                      double *x) {
  s->first = queue->count;
  for (size_t t = 1; t < s->targets; t++) {
    queue->systems[queue->count++] =
        (hr_shifted_system){.alpha = alpha,
                            .b = s->right_side + t * s->order,
                            .x = x + t * s->order,
                            .of = a,
                            .with_factor = s->has_factor};
  }
}

/* How many of them, from number i on, are of the same alpha. */
static size_t count_alike(const hr_shifted_queue *queue, size_t i) {
  size_t count = 1;
  while (i + count < queue->count && queue->systems[i + count].of == queue->systems[i].of)
    count++;
  return count;
}

/* Solves systems [i, i + count), of one alpha and not solved from the diagonal, with a
 * factor of their own. The first target will not use it: where it needed none there is
 * none. */
static void solve_with_factor(hr_shifted_queue *queue, hr_shifted *s, size_t i,
                              size_t count) {
  hr_shifted_queue some = *queue;
  double alpha = queue->systems[i].alpha;
  if (queue->systems[i].with_factor || s->has_factor) return;
  if (!set_scale(s, alpha) || !make_factor(s, alpha)) return;
  some.systems += i;
  some.count = count;
  hr_shifted_further_take_on(s->further, &some);
  hr_shifted_further_use(s->further, factor_of(s), 0);
  hr_shifted_further_finish(s->further, true);
}

/* Solves what is left of systems [i, i + count), of one alpha. */
static bool solve_rest(hr_shifted_queue *queue, hr_shifted *s, size_t i, size_t count) {
  bool all = true;
  for (size_t k = i; k < i + count; k++) all = all && queue->systems[k].is_solved;
  if (!all) solve_with_factor(queue, s, i, count);
  for (size_t k = i; k < i + count; k++) {
    const hr_shifted_system *system = &queue->systems[k];
    if (system->is_solved) continue;
    if (!solve_wide(s, system->alpha, 1, system->b, system->x)) return false;
  }
  return true;
}

/* Solves what the looks of the first target have left, with looks of its own; what cannot
 * be solved that way with a factor of its own, or by Cholesky in fp64. */
static void queue_finish(hr_shifted_queue *queue, hr_shifted *s, bool *is_solved) {
  hr_shifted_further_finish(s->further, true);
  for (size_t i = 0, count; i < queue->count; i += count) {
    count = count_alike(queue, i);
    if (!solve_rest(queue, s, i, count)) is_solved[queue->systems[i].of] = false;
  }
}

hr_status hr_shifted_refuse(double alpha, hr_error *err) {
  return hr_fail(err, HR_ERR_NUMERIC,
                 "the Ridge system with alpha %g is not positive definite in fp64; "
                 "leave this alpha out or take a larger one",
                 alpha);
}

hr_status hr_shifted_sweep(hr_shifted *s, const hr_shifted_alphas *alphas, double *x,
                           bool *is_solved, hr_error *err) {
  hr_status status = HR_OK;
  size_t n = s->order, further = s->targets - 1, all = s->targets * n;
  hr_shifted_queue queue = {0};
  HR_TRY(queue_init(&queue, s, alphas, err));
  if (further > 0) hr_shifted_further_take_on(s->further, &queue);
  for (size_t a = 0; a < alphas->count; a++) {
    double alpha = alphas->value[a], *of = x + a * all;
    if (alphas->apart) s->has_factor = false;
    queue_add(&queue, s, a, alpha, of);
    bool by_steps = solve_narrow(s, alpha, of);
    is_solved[a] = by_steps || solve_wide(s, alpha, 1, s->right_side, of);
    if (further == 0) continue;
    if (!by_steps) {
      hr_shifted_further_drop(s->further, s->first);
      if (!is_solved[a]) continue;
      is_solved[a] = solve_wide(s, alpha, further, s->right_side + n, of + n);
    } else if (s->has_factor) { /* at once: the next alpha may make another */
      hr_shifted_further_finish(s->further, false);
    }
  }
  if (further > 0) queue_finish(&queue, s, is_solved);
cleanup:
  if (s->further) hr_shifted_further_take_on(s->further, NULL);
  hr_free(queue.systems);
  return status;
}

hr_status hr_shifted_solve(hr_shifted *s, double alpha, double *x, hr_error *err) {
  bool is_solved = false;
  const hr_shifted_alphas one = {.value = &alpha, .count = 1};
  hr_status status = hr_shifted_sweep(s, &one, x, &is_solved, err);
  if (status != HR_OK || is_solved) return status;
  return hr_shifted_refuse(alpha, err);
}

/* With F = L Lᵀ the factorised matrix, (A + alpha I)⁻¹ = D F⁻¹ D, and the squares of a
 * column of L⁻¹ add up to an entry of the diagonal of F⁻¹. */
hr_status hr_shifted_inverse_diagonal(hr_shifted *s, double alpha, const size_t *index,
                                      size_t count, double *out, hr_error *err) {
  size_t n = s->order;
  s->has_factor = false;
  if (!set_scale(s, alpha) || !make_factor(s, alpha))
    return hr_shifted_refuse(alpha, err);
  s->has_factor = false; /* its inverse takes its place */
  s->compute->invert_factor_f32(n, s->factor);
  for (size_t i = 0; i < count; i++) {
    const float *column = s->factor + index[i] * n;
    double sum = 0, scale = s->scale[index[i]];
    for (size_t k = index[i]; k < n; k++) sum += (double)column[k] * (double)column[k];
    out[i] = scale * scale * sum;
  }
  return HR_OK;
}
