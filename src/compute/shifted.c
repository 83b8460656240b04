/* The factor is of D (A + alpha I) D, D the diagonal to the power -1/2: its diagonal is
 * 1, so that fp32 holds it whatever the units of the rows. In memory A is there in fp64
 * and its factor in fp32, 12 bytes an element; a solution in fp64 is made in place, over
 * the triangle of A that nothing else reads. */
#include "compute/shifted.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"

/* Iterations after which something else is tried. At order 4096, on two threads, a factor
 * takes the time of twenty-six without one and of fifteen with one (measured); about that
 * pays, as a trial that fails is lost. A fresh factor is given up only where the system
 * is beyond fp32. */
enum { UNITS_AT_A_TIME = 64 }; /* unit vectors that are solved for together */

enum { MOST_PLAIN = 30, MOST_REUSED = 16, MOST_FRESH = 60, LEAST = 4 };

/* The same for targets behind the first, for which no factor is made that the first does
 * not need unless this many do not do. */
enum { MOST_FURTHER = 60 };

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
  hr_free(s);
}

double *hr_shifted_matrix(hr_shifted *s, size_t order) {
  s->order = order;
  s->has_factor = false;
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

static bool make_factor(hr_shifted *s) {
  size_t n = s->order;
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

/* preconditioned = M⁻¹ residual, and residualᵀ M⁻¹ residual. */
static double precondition(hr_shifted *s) {
  double sum = 0;
  if (s->has_factor) {
    for (size_t i = 0; i < s->order; i++) {
      s->narrow[i] = (float)(s->scale[i] * s->residual[i]);
    }
    s->compute->solve_factored_f32(s->order, 1, s->factor, s->narrow);
  }
  for (size_t i = 0; i < s->order; i++) {
    double z = s->has_factor ? (double)s->narrow[i] : s->scale[i] * s->residual[i];
    s->preconditioned[i] = s->scale[i] * z;
    sum += s->residual[i] * s->preconditioned[i];
  }
  return sum;
}

/* One step along the direction; false where the curvature is not positive. */
static bool take_step(hr_shifted *s, double alpha, double energy, double *x) {
  double curvature = 0;
  s->compute->symv_f64(s->order, s->matrix, s->direction, s->product);
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

/* How hard conjugate gradients try. */
typedef struct effort {
  size_t most;         /* steps */
  bool gives_up_early; /* where they fall too slowly for that many */
} effort;

/* x of one target's b, from x = 0. b is scaled to 1 so that it fits into fp32. */
static bool converge_to(hr_shifted *s, double alpha, effort limit, const double *b,
                        double *x) {
  const double wanted = HR_SHIFTED_TOLERANCE * HR_SHIFTED_TOLERANCE;
  size_t n = s->order;
  double size = 0;
  for (size_t i = 0; i < n; i++) size = fmax(size, fabs(s->scale[i] * b[i]));
  memset(x, 0, n * sizeof *x);
  if (size == 0) return true;
  if (!isfinite(size)) return false;
  for (size_t i = 0; i < n; i++) s->residual[i] = b[i] / size;
  double energy = precondition(s), first = energy;
  memcpy(s->direction, s->preconditioned, n * sizeof *x);
  for (size_t k = 0; !(energy <= wanted * first); k++) {
    if (!(energy > 0) || k == limit.most) return false;
    if (limit.gives_up_early && is_too_slow(energy / first, k, limit.most)) {
      return false;
    }
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

/* The first target's. */
static bool converge(hr_shifted *s, double alpha, size_t most, double *x) {
  return converge_to(s, alpha, (effort){most, true}, s->right_side, x);
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
  if (!make_factor(s)) return false;
  s->has_factor = true;
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

/* The targets behind the first, with the preconditioner that it left. Where that does not
 * do and there is no factor, one is made, which the first target will not use: its room
 * is free, and the scale is that of this alpha. x: [T - 1][order]. */
static bool solve_further(hr_shifted *s, double alpha, double *x) {
  const effort limit = {MOST_FURTHER, false};
  size_t n = s->order;
  bool had_factor = s->has_factor, solved = true;
  for (size_t t = 1; t < s->targets && solved; t++, x += n) {
    const double *b = s->right_side + t * n;
    if (converge_to(s, alpha, limit, b, x)) continue;
    if (!s->has_factor && make_factor(s)) s->has_factor = true;
    solved = (s->has_factor && converge_to(s, alpha, limit, b, x)) ||
             solve_wide(s, alpha, 1, b, x);
  }
  s->has_factor = had_factor;
  return solved;
}

hr_status hr_shifted_refuse(double alpha, hr_error *err) {
  return hr_fail(err, HR_ERR_NUMERIC,
                 "the Ridge system with alpha %g is not positive definite in fp64; "
                 "leave this alpha out or take a larger one",
                 alpha);
}

hr_status hr_shifted_solve(hr_shifted *s, double alpha, double *x, hr_error *err) {
  size_t further = s->targets - 1, n = s->order;
  if (solve_narrow(s, alpha, x)) {
    if (solve_further(s, alpha, x + n)) return HR_OK;
    return hr_shifted_refuse(alpha, err);
  }
  if (!solve_wide(s, alpha, 1, s->right_side, x)) return hr_shifted_refuse(alpha, err);
  if (further == 0 || solve_wide(s, alpha, further, s->right_side + n, x + n)) {
    return HR_OK;
  }
  return hr_shifted_refuse(alpha, err);
}

/* With F the factorised matrix, (A + alpha I)⁻¹ = D F⁻¹ D. */
hr_status hr_shifted_inverse_diagonal(hr_shifted *s, double alpha, const size_t *index,
                                      size_t count, double *out, hr_error *err) {
  hr_status status = HR_OK;
  size_t n = s->order;
  float *unit = NULL;
  s->has_factor = false;
  if (!set_scale(s, alpha) || !make_factor(s)) return hr_shifted_refuse(alpha, err);
  HR_TRY(hr_compute_alloc(s->compute, &unit, UNITS_AT_A_TIME * n, err));
  for (size_t first = 0; first < count; first += UNITS_AT_A_TIME) {
    size_t left = count - first, taken = left < UNITS_AT_A_TIME ? left : UNITS_AT_A_TIME;
    memset(unit, 0, taken * n * sizeof *unit);
    for (size_t i = 0; i < taken; i++) unit[i * n + index[first + i]] = 1;
    s->compute->solve_factored_f32(n, taken, s->factor, unit);
    for (size_t i = 0; i < taken; i++) {
      size_t at = index[first + i];
      out[first + i] = s->scale[at] * s->scale[at] * (double)unit[i * n + at];
    }
  }
cleanup:
  hr_compute_free(s->compute, unit);
  return status;
}
