/* A coarse look at all velocities, then Gauss and Newton (features/velocity.h). */
#include "features/velocity.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/vector.h"
#include "features/velocity_basis.h"

enum {
  ALL = HR_VELOCITY_SPECTRA,
  COARSE = 5, /* of the basis, in the first look */
  COARSE_SUMS = COARSE * (COARSE + 1) / 2 + COARSE,
  LANES = 16,
  MOST = ALL + 1, /* unknowns: amplitudes, and the velocity */
  ROUNDS = 8,
  FEWEST_PIXELS = 64,
};

static const double step = 16.0;      /* km/s, of the coarse look */
static const double half_slope = 2.0; /* km/s: a derivative is a difference over twice */
static const double near = 64.0;      /* km/s: what belongs to one minimum */
static const double rival = 9.0;      /* of chi2 */
static const double settled = 0.02;   /* of sigma */

struct hr_velocity {
  hr_doppler doppler;
  hr_velocity_basis basis;
  double low, high;
  size_t velocities; /* of the coarse look */
  float *moved;      /* [velocities][COARSE][P] */
  size_t first, end; /* pixels that every velocity fills */
};

struct hr_velocity_scratch {
  hr_doppler_shift shift;
  float *flux, *weight;         /* [P]; weight: one over sigma², 0 at bad pixels */
  float *moved;                 /* [ALL][P] the basis at a velocity */
  float *model, *after, *slope; /* [P] the fit at rest, moved, and its derivative */
  double *curve;                /* [velocities] chi2 less that of no spectrum at all */
};

static double coarse_velocity(const hr_velocity *v, size_t i) {
  double last = (double)(v->velocities - 1);
  return v->low + (v->high - v->low) * (double)i / last;
}

/* --- making --- */

/* Pixels that both ends of the range fill, with all that they are interpolated from. */
static void find_interior(hr_velocity *v, hr_doppler_shift *shift) {
  const double ends[2] = {v->low - step, v->high + step};
  size_t pixels = v->doppler.pixels;
  v->first = 0;
  v->end = pixels;
  for (int i = 0; i < 2; i++) {
    size_t first = 0, end = pixels;
    hr_doppler_find(&v->doppler, hr_doppler_factor(ends[i]), shift);
    while (first < pixels && shift->from[first] < HR_DOPPLER_TAPS / 2) first++;
    while (end > first &&
           shift->from[end - 1] + HR_DOPPLER_TAPS / 2 + 1 >= (int32_t)pixels) {
      end--;
    }
    v->first = first > v->first ? first : v->first;
    v->end = end < v->end ? end : v->end;
  }
}

static hr_status move_coarse(hr_velocity *v, hr_error *err) {
  hr_status status = HR_OK;
  hr_doppler_shift shift = {0};
  size_t pixels = v->doppler.pixels;
  HR_TRY(hr_doppler_shift_init(&v->doppler, &shift, err));
  find_interior(v, &shift);
  HR_TRY(hr_alloc(&v->moved, v->velocities * COARSE * pixels, err));
  for (size_t i = 0; i < v->velocities; i++) {
    hr_doppler_find(&v->doppler, hr_doppler_factor(coarse_velocity(v, i)), &shift);
    for (size_t k = 0; k < COARSE; k++) {
      hr_doppler_apply(&v->doppler, &shift, v->basis.spectra + k * pixels,
                       v->moved + (i * COARSE + k) * pixels);
    }
  }
cleanup:
  hr_doppler_shift_fini(&shift);
  return status;
}

hr_status hr_velocity_create(const double *wave, size_t pixels, const double range[2],
                             hr_velocity **out, hr_error *err) {
  hr_status status = HR_OK;
  hr_velocity *v = NULL;
  if (!(range[1] - range[0] >= near)) {
    return hr_fail(err, HR_ERR_USAGE,
                   "velocities are looked for from %g to %g km/s; give a range of at "
                   "least %g, the lower end first",
                   range[0], range[1], near);
  }
  HR_TRY(hr_alloc(&v, 1, err));
  v->low = range[0];
  v->high = range[1];
  v->velocities = (size_t)ceil((v->high - v->low) / step) + 1;
  HR_TRY(hr_velocity_basis_init(wave, pixels, &v->basis, err));
  HR_TRY(hr_doppler_init(wave, pixels, &v->doppler, err));
  HR_TRY(move_coarse(v, err));
  *out = v;
  v = NULL;
cleanup:
  hr_velocity_destroy(&v);
  return status;
}

void hr_velocity_destroy(hr_velocity **address) {
  hr_velocity *v = *address;
  *address = NULL;
  if (!v) return;
  hr_velocity_basis_fini(&v->basis);
  hr_doppler_fini(&v->doppler);
  hr_free(v->moved);
  hr_free(v);
}

hr_status hr_velocity_scratch_create(const hr_velocity *v, hr_velocity_scratch **out,
                                     hr_error *err) {
  hr_status status = HR_OK;
  hr_velocity_scratch *s = NULL;
  size_t pixels = v->doppler.pixels;
  HR_TRY(hr_alloc(&s, 1, err));
  HR_TRY(hr_doppler_shift_init(&v->doppler, &s->shift, err));
  HR_TRY(hr_alloc(&s->flux, pixels, err));
  HR_TRY(hr_alloc(&s->weight, pixels, err));
  HR_TRY(hr_alloc(&s->moved, ALL * pixels, err));
  HR_TRY(hr_alloc(&s->model, pixels, err));
  HR_TRY(hr_alloc(&s->after, pixels, err));
  HR_TRY(hr_alloc(&s->slope, pixels, err));
  HR_TRY(hr_alloc(&s->curve, v->velocities, err));
  *out = s;
  s = NULL;
cleanup:
  hr_velocity_scratch_destroy(&s);
  return status;
}

void hr_velocity_scratch_destroy(hr_velocity_scratch **address) {
  hr_velocity_scratch *s = *address;
  *address = NULL;
  if (!s) return;
  hr_doppler_shift_fini(&s->shift);
  hr_free(s->flux);
  hr_free(s->weight);
  hr_free(s->moved);
  hr_free(s->model);
  hr_free(s->after);
  hr_free(s->slope);
  hr_free(s->curve);
  hr_free(s);
}

/* --- small systems --- */

/* A symmetric system of n unknowns, of which the lower triangle is used. */
typedef struct small_system {
  size_t n;
  double a[MOST][MOST], b[MOST];
} small_system;

/* Cholesky's factor in the place of A, and L⁻¹ b in that of b; false where A is not
 * positive definite. */
static bool factorise(small_system *s) {
  for (size_t i = 0; i < s->n; i++) {
    for (size_t j = 0; j <= i; j++) {
      double sum = s->a[i][j];
      for (size_t k = 0; k < j; k++) sum -= s->a[i][k] * s->a[j][k];
      if (i == j && !(sum > 0)) return false;
      s->a[i][j] = i == j ? sqrt(sum) : sum / s->a[j][j];
    }
    for (size_t k = 0; k < i; k++) s->b[i] -= s->a[i][k] * s->b[k];
    s->b[i] /= s->a[i][i];
  }
  return true;
}

/* The solution, in the place of b. */
static void substitute(small_system *s) {
  for (size_t i = s->n; i-- > 0;) {
    for (size_t k = i + 1; k < s->n; k++) s->b[i] -= s->a[k][i] * s->b[k];
    s->b[i] /= s->a[i][i];
  }
}

/* What the components' amplitudes are expected to be; level: of the mean. */
static void add_prior(const hr_velocity *v, double level, size_t spectra,
                      small_system *s) {
  for (size_t k = 1; k < spectra; k++) {
    double sigma = level * v->basis.spread[k];
    s->a[k][k] += 1 / (sigma * sigma);
  }
}

/* --- the coarse look --- */

/* The sums of one velocity: weighted products of the COARSE spectra with one another
 * (lower triangle, row by row) and with the flux. moved: [COARSE][stride] from the first
 * pixel on; count: a multiple of LANES. In fp32: chi2 is right to one in a million. */
HR_VECTOR_CLONES
static void add_products(size_t count, size_t stride, const float *moved,
                         const float *flux, const float *weight,
                         float sums[COARSE_SUMS][LANES]) {
  for (size_t p = 0; p < count; p += LANES) {
    for (size_t i = 0, at = 0; i < COARSE; i++) {
      float product[LANES];
      const float *mine = moved + i * stride + p;
      for (size_t l = 0; l < LANES; l++) product[l] = mine[l] * weight[p + l];
      for (size_t j = 0; j <= i; j++, at++) {
        const float *other = moved + j * stride + p;
        for (size_t l = 0; l < LANES; l++) sums[at][l] += product[l] * other[l];
      }
      for (size_t l = 0; l < LANES; l++) {
        sums[COARSE_SUMS - COARSE + i][l] += product[l] * flux[p + l];
      }
    }
  }
}

/* chi2 at velocity number i, less that of no spectrum at all; NaN: it cannot be had. */
static double look_at(const hr_velocity *v, const hr_velocity_scratch *scratch, size_t i,
                      double level) {
  float sums[COARSE_SUMS][LANES] = {{0}};
  double total[COARSE_SUMS], fall = 0;
  small_system s = {.n = COARSE};
  size_t pixels = v->doppler.pixels, count = (v->end - v->first) / LANES * LANES;
  add_products(count, pixels, v->moved + i * COARSE * pixels + v->first,
               scratch->flux + v->first, scratch->weight + v->first, sums);
  for (size_t k = 0; k < COARSE_SUMS; k++) {
    total[k] = 0;
    for (size_t l = 0; l < LANES; l++) total[k] += (double)sums[k][l];
  }
  for (size_t k = 0, at = 0; k < COARSE; k++) {
    for (size_t j = 0; j <= k; j++) s.a[k][j] = total[at++];
    s.b[k] = total[COARSE_SUMS - COARSE + k];
  }
  add_prior(v, level, COARSE, &s);
  if (!factorise(&s)) return (double)NAN;
  for (size_t k = 0; k < COARSE; k++) fall += s.b[k] * s.b[k];
  return -fall;
}

/* The number of the best velocity; SIZE_MAX: there is none. */
static size_t look(const hr_velocity *v, hr_velocity_scratch *scratch, double level) {
  size_t best = SIZE_MAX;
  for (size_t i = 0; i < v->velocities; i++) {
    scratch->curve[i] = look_at(v, scratch, i, level);
    if (isnan(scratch->curve[i])) return SIZE_MAX;
    if (best == SIZE_MAX || scratch->curve[i] < scratch->curve[best]) best = i;
  }
  return best;
}

static bool has_rival(const hr_velocity *v, const double *curve, size_t best) {
  for (size_t i = 0; i < v->velocities; i++) {
    bool is_far = fabs(coarse_velocity(v, i) - coarse_velocity(v, best)) >= near;
    bool is_low = (i == 0 || curve[i] <= curve[i - 1]) &&
                  (i + 1 == v->velocities || curve[i] <= curve[i + 1]);
    if (is_far && is_low && curve[i] < curve[best] + rival) return true;
  }
  return false;
}

/* --- Gauss and Newton --- */

/* Σ weight a b in fp64. */
HR_VECTOR_CLONES
static double product_of(size_t count, const float *weight, const float *a,
                         const float *b) {
  enum { WIDE = 8 };
  double lanes[WIDE] = {0}, sum = 0;
  size_t whole = count / WIDE * WIDE;
  for (size_t p = 0; p < whole; p += WIDE) {
    for (size_t l = 0; l < WIDE; l++) {
      lanes[l] += (double)weight[p + l] * (double)a[p + l] * (double)b[p + l];
    }
  }
  for (size_t l = 0; l < WIDE; l++) sum += lanes[l];
  for (size_t p = whole; p < count; p++) {
    sum += (double)weight[p] * (double)a[p] * (double)b[p];
  }
  return sum;
}

/* The system of the spectra at a velocity. */
static void fill_system(const hr_velocity *v, const hr_velocity_scratch *scratch,
                        small_system *s) {
  size_t pixels = v->doppler.pixels, count = v->end - v->first, at = v->first;
  const float *weight = scratch->weight + at, *flux = scratch->flux + at;
  s->n = ALL;
  for (size_t i = 0; i < ALL; i++) {
    const float *mine = scratch->moved + i * pixels + at;
    for (size_t j = 0; j <= i; j++) {
      s->a[i][j] = product_of(count, weight, mine, scratch->moved + j * pixels + at);
    }
    s->b[i] = product_of(count, weight, mine, flux);
  }
}

/* d(model)/dv at a velocity, from the amplitudes. */
static void find_slope(const hr_velocity *v, hr_velocity_scratch *scratch,
                       const double amplitude[ALL], double velocity) {
  size_t pixels = v->doppler.pixels;
  for (size_t p = 0; p < pixels; p++) {
    double sum = 0;
    for (size_t k = 0; k < ALL; k++) {
      sum += amplitude[k] * (double)v->basis.spectra[k * pixels + p];
    }
    scratch->model[p] = (float)sum;
  }
  hr_doppler_find(&v->doppler, hr_doppler_factor(velocity + half_slope), &scratch->shift);
  hr_doppler_apply(&v->doppler, &scratch->shift, scratch->model, scratch->after);
  hr_doppler_find(&v->doppler, hr_doppler_factor(velocity - half_slope), &scratch->shift);
  hr_doppler_apply(&v->doppler, &scratch->shift, scratch->model, scratch->slope);
  for (size_t p = 0; p < pixels; p++) {
    scratch->slope[p] = (scratch->after[p] - scratch->slope[p]) / (float)(2 * half_slope);
  }
}

/* One round: *velocity is bettered, *sigma is what it is known to. */
static bool better(const hr_velocity *v, hr_velocity_scratch *scratch, double level,
                   double *velocity, double *sigma, double *change) {
  small_system s;
  size_t pixels = v->doppler.pixels;
  hr_doppler_find(&v->doppler, hr_doppler_factor(*velocity), &scratch->shift);
  for (size_t k = 0; k < ALL; k++) {
    hr_doppler_apply(&v->doppler, &scratch->shift, v->basis.spectra + k * pixels,
                     scratch->moved + k * pixels);
  }
  fill_system(v, scratch, &s);
  add_prior(v, level, ALL, &s);
  small_system joint = s;
  if (!factorise(&s)) return false;
  substitute(&s);
  find_slope(v, scratch, s.b, *velocity);
  size_t at = v->first, count = v->end - v->first;
  const float *weight = scratch->weight + at, *slope = scratch->slope + at;
  joint.n = MOST;
  for (size_t j = 0; j < ALL; j++) {
    joint.a[ALL][j] = product_of(count, weight, slope, scratch->moved + j * pixels + at);
  }
  joint.a[ALL][ALL] = product_of(count, weight, slope, slope);
  joint.b[ALL] = product_of(count, weight, slope, scratch->flux + at);
  if (!factorise(&joint)) return false;
  *sigma = 1 / joint.a[ALL][ALL]; /* the last pivot */
  substitute(&joint);
  *change = fmax(-step, fmin(step, joint.b[ALL]));
  *velocity = fmax(v->low, fmin(v->high, *velocity + *change));
  return isfinite(*velocity) && isfinite(*sigma);
}

/* --- a spectrum --- */

/* Takes the row in; how many pixels count. *level: of the mean spectrum in it. */
static size_t take_row(const hr_velocity *v, hr_velocity_scratch *scratch,
                       const float *flux, const float *error, double base,
                       double *level) {
  size_t count = 0;
  double products = 0, squares = 0;
  memset(scratch->flux, 0, v->doppler.pixels * sizeof *scratch->flux);
  memset(scratch->weight, 0, v->doppler.pixels * sizeof *scratch->weight);
  for (size_t p = v->first; p < v->end; p++) {
    double x = (double)flux[p] + base, sigma = error ? (double)error[p] : 1;
    double weight = 1 / (sigma * sigma), mean = (double)v->basis.spectra[p];
    bool is_good = isfinite(x) && sigma > 0 && weight > 0 && isfinite((float)weight);
    if (!is_good) continue;
    scratch->flux[p] = (float)x;
    scratch->weight[p] = (float)weight;
    products += weight * x * mean;
    squares += weight * mean * mean;
    count++;
  }
  *level = products / squares;
  return count;
}

hr_velocity_answer hr_velocity_fit(const hr_velocity *v, hr_velocity_scratch *scratch,
                                   const float *flux, const float *error, double base) {
  hr_velocity_answer none = {(double)NAN, (double)NAN, HR_VELOCITY_NONE};
  double level = 0, velocity = 0, sigma = 0, change = INFINITY;
  if (take_row(v, scratch, flux, error, base, &level) < FEWEST_PIXELS) return none;
  if (!(level > 0)) return none;
  size_t best = look(v, scratch, level);
  if (best == SIZE_MAX) return none;
  velocity = coarse_velocity(v, best);
  for (int round = 0; round < ROUNDS && fabs(change) > settled * sigma; round++) {
    if (!better(v, scratch, level, &velocity, &sigma, &change)) return none;
  }
  bool is_edge = velocity <= v->low || velocity >= v->high;
  /* Without errors chi2 has no unit to be judged in. */
  bool is_doubtful = error && has_rival(v, scratch->curve, best);
  unsigned flags =
      (is_edge ? HR_VELOCITY_EDGE : 0) | (is_doubtful ? HR_VELOCITY_DOUBTFUL : 0);
  return (hr_velocity_answer){velocity, error ? sigma : (double)NAN, flags};
}
