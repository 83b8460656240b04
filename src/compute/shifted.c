/* The factor is of D (A + alpha I) D, D the diagonal to the power -1/2: its diagonal is
 * 1, so that fp32 holds it whatever the units of the rows. In memory A is there in fp64
 * and its factor in fp32, 12 bytes an element; a solution in fp64 is made in place, over
 * the triangle of A that nothing else reads. */
#include "compute/shifted.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/vector.h"

/* Iterations after which something else is tried. At order 4096, on two threads, a factor
 * takes the time of twenty-six without one and of fifteen with one (measured); about that
 * pays, as a trial that fails is lost. A fresh factor is given up only where the system
 * is beyond fp32. */
enum { UNITS_AT_A_TIME = 64 }; /* unit vectors that are solved for together */

enum { MOST_PLAIN = 30, MOST_REUSED = 16, MOST_FRESH = 60, LEAST = 4 };

enum { MOST_TARGETS = 16 };

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
  struct {
    double *residual, *direction, *product, *z; /* [T - 1][order] */
    float *narrow;
    double *x;    /* [T - 1][order] solutions, on the way and for the last alpha */
    double alpha; /* that `x` and `residual` are of; NaN: none yet */
  } further;      /* of the targets behind the first */
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
  size_t further = (targets - 1) * most;
  HR_TRY(hr_alloc(&s->further.residual, further, err));
  HR_TRY(hr_alloc(&s->further.direction, further, err));
  HR_TRY(hr_alloc(&s->further.product, further, err));
  HR_TRY(hr_alloc(&s->further.z, further, err));
  HR_TRY(hr_alloc(&s->further.x, further, err));
  HR_TRY(hr_compute_alloc(s->compute, &s->further.narrow, further, err));
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
  hr_free(s->further.residual);
  hr_free(s->further.direction);
  hr_free(s->further.product);
  hr_free(s->further.z);
  hr_free(s->further.x);
  hr_compute_free(s->compute, s->further.narrow);
  hr_free(s);
}

double *hr_shifted_matrix(hr_shifted *s, size_t order) {
  s->order = order;
  s->has_factor = false;
  s->further.alpha = (double)NAN;
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

/* What a step of the first target is worth to the others: their best step along the same
 * direction, whose product with the matrix is there (Chan & Wan 1997, "Analysis of
 * projection methods for solving linear systems with multiple right-hand sides", SIAM J.
 * Sci. Comput. 18, 1698). */
static void project_further(hr_shifted *s, double curvature) {
  size_t n = s->order;
  for (size_t t = 0; t + 1 < s->targets; t++) {
    double *x = s->further.x + t * n, *r = s->further.residual + t * n, along = 0;
    for (size_t i = 0; i < n; i++) along += s->direction[i] * r[i];
    double length = along / curvature;
    for (size_t i = 0; i < n; i++) {
      x[i] += length * s->direction[i];
      r[i] -= length * s->product[i];
    }
  }
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
  project_further(s, curvature);
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

/* Conjugate gradients of the targets behind the first in step, so that the matrix and its
 * factor are read once for all of them. */
typedef struct stepping {
  hr_shifted *s;
  double alpha;
  size_t count;               /* T - 1 */
  bool is_open[MOST_TARGETS]; /* still to be solved */
  double wanted[MOST_TARGETS], energy[MOST_TARGETS];
} stepping;

enum { ROWS_AT_ONCE = 4, LANES = 8 };

/* y += A x for rows i .. i+3 and columns from `first` on, and the same of the mirrored
 * triangle: a column of x and of y serves all four rows. */
static inline void multiply_rows(size_t n, const double *restrict a, size_t i,
                                 size_t first, const double *restrict x,
                                 double *restrict y) {
  const double *row = a + i * n;
  double lane[ROWS_AT_ONCE][LANES] = {{0}};
  const double x0 = x[i], x1 = x[i + 1], x2 = x[i + 2], x3 = x[i + 3];
  size_t j = first;
  for (; j + LANES <= n; j += LANES) {
    for (size_t l = 0; l < LANES; l++) {
      double a0 = row[j + l], a1 = row[n + j + l], a2 = row[2 * n + j + l];
      double a3 = row[3 * n + j + l], xj = x[j + l];
      lane[0][l] += a0 * xj;
      lane[1][l] += a1 * xj;
      lane[2][l] += a2 * xj;
      lane[3][l] += a3 * xj;
      y[j + l] += a0 * x0 + a1 * x1 + (a2 * x2 + a3 * x3);
    }
  }
  for (size_t l = 0; j < n; j++, l++) {
    for (size_t r = 0; r < ROWS_AT_ONCE; r++) {
      lane[r][l] += row[r * n + j] * x[j];
      y[j] += row[r * n + j] * x[i + r];
    }
  }
  for (size_t r = 0; r < ROWS_AT_ONCE; r++) {
    for (size_t l = 0; l < LANES; l++) y[i + r] += lane[r][l];
  }
}

/* The corner on the diagonal, rows and columns i .. end-1. */
static void multiply_corner(size_t n, const double *a, size_t i, size_t end,
                            const double *x, double *y) {
  for (size_t r = i; r < end; r++) {
    y[r] += a[r * n + r] * x[r];
    for (size_t c = r + 1; c < end; c++) {
      y[r] += a[r * n + c] * x[c];
      y[c] += a[r * n + c] * x[r];
    }
  }
}

/* y_t = A x_t, the upper triangle of A read once for all t. */
HR_VECTOR_CLONES
static void multiply_in_step(size_t n, const double *restrict a, size_t count,
                             const double *x, double *y) {
  size_t whole = n - n % ROWS_AT_ONCE;
  memset(y, 0, count * n * sizeof *y);
  for (size_t i = 0; i < whole; i += ROWS_AT_ONCE) {
    for (size_t t = 0; t < count; t++) {
      multiply_corner(n, a, i, i + ROWS_AT_ONCE, x + t * n, y + t * n);
      multiply_rows(n, a, i, i + ROWS_AT_ONCE, x + t * n, y + t * n);
    }
  }
  for (size_t t = 0; t < count; t++)
    multiply_corner(n, a, whole, n, x + t * n, y + t * n);
}

/* z = M⁻¹ v of every target; v [T - 1][order], each scaled to 1 for fp32. */
static void precondition_in_step(const stepping *g, const double *v) {
  hr_shifted *s = g->s;
  size_t n = s->order;
  double size[MOST_TARGETS];
  for (size_t t = 0; t < g->count; t++) {
    double *z = s->further.z + t * n;
    size[t] = 0;
    for (size_t i = 0; i < n; i++) {
      z[i] = s->scale[i] * v[t * n + i];
      size[t] = fmax(size[t], fabs(z[i]));
    }
    if (!(size[t] > 0)) size[t] = 1;
    for (size_t i = 0; i < n; i++) s->further.narrow[t * n + i] = (float)(z[i] / size[t]);
  }
  if (s->has_factor) {
    s->compute->solve_factored_f32(n, g->count, s->factor, s->further.narrow);
  }
  for (size_t t = 0; t < g->count; t++) {
    double *z = s->further.z + t * n;
    for (size_t i = 0; i < n; i++) {
      double solved = (double)s->further.narrow[t * n + i] * size[t];
      z[i] = s->scale[i] * (s->has_factor ? solved : z[i]);
    }
  }
}

static double product_of(const double *a, const double *b, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += a[i] * b[i];
  return sum;
}

/* Closes the targets that are solved; how many are open. */
static size_t close_solved(stepping *g) {
  size_t open = 0;
  for (size_t t = 0; t < g->count; t++) {
    if (g->energy[t] <= g->wanted[t]) g->is_open[t] = false;
    open += g->is_open[t];
  }
  return open;
}

/* From the solutions on the way; how many are open. */
static size_t begin_steps(stepping *g) {
  const double share = HR_SHIFTED_TOLERANCE * HR_SHIFTED_TOLERANCE;
  hr_shifted *s = g->s;
  size_t n = s->order;
  precondition_in_step(g, s->right_side + n);
  for (size_t t = 0; t < g->count; t++) {
    const double *b = s->right_side + (t + 1) * n;
    g->wanted[t] = share * product_of(b, s->further.z + t * n, n);
  }
  precondition_in_step(g, s->further.residual);
  memcpy(s->further.direction, s->further.z, g->count * n * sizeof *s->further.z);
  for (size_t t = 0; t < g->count; t++) {
    g->energy[t] = product_of(s->further.residual + t * n, s->further.z + t * n, n);
  }
  return close_solved(g);
}

/* One step of target t; false where there can be none. */
static bool step_target(const stepping *g, size_t t) {
  hr_shifted *s = g->s;
  size_t n = s->order;
  double *d = s->further.direction + t * n, *p = s->further.product + t * n;
  double *r = s->further.residual + t * n, *x = s->further.x + t * n;
  for (size_t i = 0; i < n; i++) p[i] += g->alpha * d[i];
  double curvature = product_of(d, p, n);
  if (!(curvature > 0)) return false;
  double length = g->energy[t] / curvature;
  for (size_t i = 0; i < n; i++) {
    x[i] += length * d[i];
    r[i] -= length * p[i];
  }
  return true;
}

/* Solves the open targets within so many steps; what is not solved stays open. */
static void run_in_step(stepping *g) {
  hr_shifted *s = g->s;
  size_t n = s->order, open = begin_steps(g);
  size_t most = s->has_factor ? MOST_FRESH : MOST_PLAIN;
  for (size_t k = 0; open > 0 && k < most; k++) {
    multiply_in_step(n, s->matrix, g->count, s->further.direction, s->further.product);
    for (size_t t = 0; t < g->count; t++) {
      if (g->is_open[t] && !step_target(g, t)) return;
    }
    precondition_in_step(g, s->further.residual);
    for (size_t t = 0; t < g->count; t++) {
      double *d = s->further.direction + t * n, *z = s->further.z + t * n;
      if (!g->is_open[t]) continue;
      double next = product_of(s->further.residual + t * n, z, n);
      for (size_t i = 0; i < n; i++) d[i] = z[i] + next / g->energy[t] * d[i];
      g->energy[t] = next;
    }
    open = close_solved(g);
  }
}

/* Where the targets behind the first begin: at the solutions for the alpha before, whose
 * residuals are known for this one too, or at 0. */
static void begin_further(hr_shifted *s, double alpha) {
  size_t count = (s->targets - 1) * s->order;
  bool is_first = isnan(s->further.alpha);
  for (size_t i = 0; i < count; i++) {
    double *x = &s->further.x[i], *r = &s->further.residual[i];
    if (is_first) *x = 0, *r = s->right_side[s->order + i];
    if (!is_first) *r += (s->further.alpha - alpha) * *x;
  }
  s->further.alpha = alpha;
}

static bool solve_further_wide(hr_shifted *s, double alpha, size_t t) {
  size_t n = s->order;
  double *x = s->further.x + t * n;
  memset(s->further.residual + t * n, 0, n * sizeof *x);
  return solve_wide(s, alpha, 1, s->right_side + (t + 1) * n, x);
}

/* The targets behind the first, with the preconditioner that it left and from where its
 * steps brought them. Where that does not do and there is no factor, one is made, which
 * the first target will not use: its room is free, and the scale is that of this alpha.
 * x: [T - 1][order]. */
static bool solve_further(hr_shifted *s, double alpha, double *x) {
  size_t n = s->order, open = 0;
  bool had_factor = s->has_factor, solved = true;
  stepping g = {.s = s, .alpha = alpha, .count = s->targets - 1};
  if (g.count == 0) return true;
  for (size_t t = 0; t < g.count; t++) g.is_open[t] = true;
  run_in_step(&g);
  for (size_t t = 0; t < g.count; t++) open += g.is_open[t];
  if (open > 0 && !s->has_factor && make_factor(s)) {
    s->has_factor = true;
    run_in_step(&g);
  }
  s->has_factor = had_factor;
  for (size_t t = 0; t < g.count && solved; t++) {
    if (g.is_open[t]) solved = solve_further_wide(s, alpha, t);
  }
  memcpy(x, s->further.x, g.count * n * sizeof *x);
  if (!solved) s->further.alpha = (double)NAN;
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
  begin_further(s, alpha);
  if (solve_narrow(s, alpha, x)) {
    if (solve_further(s, alpha, x + n)) return HR_OK;
    return hr_shifted_refuse(alpha, err);
  }
  s->further.alpha = (double)NAN; /* the next one begins anew */
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
