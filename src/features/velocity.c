/* A coarse look at all velocities, then the marginal likelihood about the best of them
 * (features/velocity.h). */
#include "features/velocity.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/vector.h"
#include "features/velocity_basis.h"

enum {
  ALL = HR_VELOCITY_SPECTRA,
  COARSE = 5, /* of the basis, in the first look */
  SUMS = ALL * (ALL + 1) / 2 + ALL,
  LANES = 32,
  CHUNK = 256, /* pixels that are summed up in fp32 */
  STRIDE = 2,  /* nodes from one velocity of the coarse look to the next */
  WINDOW = 4,  /* nodes to either side of the best that are always looked at in full */
  TAPS = 8,    /* nodes that a value between nodes is interpolated from */
  BETWEEN = 8, /* places a node where the minimum is looked for */
  REACH = 64,  /* places to either side of the minimum that are integrated over */
  WIDEST = 17, /* nodes of a window, at most: `near` to either side */
  FEWEST_PIXELS = 64,
};

static const double step = 8.0;  /* km/s, between nodes */
static const double near = 64.0; /* km/s: what belongs to one minimum */
static const double rival = 9.0; /* of chi2 */
static const double faint =
    25.0;                       /* of chi2: what is as far from the best counts no more */
static const double far = 16.0; /* of sigma: how far to integrate */

struct hr_velocity {
  hr_doppler doppler;
  hr_velocity_basis basis;
  double low, high;
  size_t nodes;      /* velocities, at most `step` apart; odd */
  size_t first, end; /* pixels that every velocity fills */
  size_t width;      /* of them, and zeros up to whole chunks */
  float *moved;      /* [nodes][ALL][width] */
};

struct hr_velocity_scratch {
  float *weighted, *weight; /* [width]; weight: one over sigma², 0 at bad pixels; and the
                               flux times it */
  double *curve; /* [nodes] chi2, of which the coarse look fills every STRIDE */
};

static double node_velocity(const hr_velocity *v, double node) {
  return v->low + (v->high - v->low) * node / (double)(v->nodes - 1);
}

/* --- making --- */

/* Pixels that both ends of the range fill, with all that they are interpolated from. */
static void find_interior(hr_velocity *v, hr_doppler_shift *shift) {
  const double ends[2] = {v->low - 2 * step, v->high + 2 * step};
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
  if (v->end < v->first) v->end = v->first;
  v->width = (v->end - v->first + CHUNK - 1) / CHUNK * CHUNK;
}

static hr_status move_basis(hr_velocity *v, hr_error *err) {
  hr_status status = HR_OK;
  hr_doppler_shift shift = {0};
  size_t pixels = v->doppler.pixels, count = 0;
  float *spectrum = NULL;
  HR_TRY(hr_doppler_shift_init(&v->doppler, &shift, err));
  HR_TRY(hr_alloc(&spectrum, pixels, err));
  find_interior(v, &shift);
  count = v->end - v->first;
  HR_TRY(hr_alloc(&v->moved, v->nodes * ALL * v->width, err));
  for (size_t i = 0; i < v->nodes; i++) {
    double velocity = node_velocity(v, (double)i);
    hr_doppler_find(&v->doppler, hr_doppler_factor(velocity), &shift);
    for (size_t k = 0; k < ALL; k++) {
      float *out = v->moved + (i * ALL + k) * v->width;
      hr_doppler_apply(&v->doppler, &shift, v->basis.spectra + k * pixels, spectrum);
      memcpy(out, spectrum + v->first, count * sizeof *out);
      memset(out + count, 0, (v->width - count) * sizeof *out);
    }
  }
cleanup:
  hr_doppler_shift_fini(&shift);
  hr_free(spectrum);
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
  v->nodes = STRIDE * (size_t)ceil((v->high - v->low) / (STRIDE * step)) + 1;
  HR_TRY(hr_velocity_basis_init(wave, pixels, &v->basis, err));
  HR_TRY(hr_doppler_init(wave, pixels, &v->doppler, err));
  HR_TRY(move_basis(v, err));
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
  HR_TRY(hr_alloc(&s, 1, err));
  HR_TRY(hr_alloc(&s->weighted, v->width, err));
  HR_TRY(hr_alloc(&s->weight, v->width, err));
  HR_TRY(hr_alloc(&s->curve, v->nodes, err));
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
  hr_free(s->weighted);
  hr_free(s->weight);
  hr_free(s->curve);
  hr_free(s);
}

/* --- chi2 at a node --- */

/* A symmetric system of n unknowns, of which the lower triangle is used. */
typedef struct small_system {
  size_t n;
  double a[ALL][ALL], b[ALL];
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

/* What the components' amplitudes are expected to be; level: of the mean. */
static void add_prior(const hr_velocity *v, double level, small_system *s) {
  for (size_t k = 1; k < s->n; k++) {
    double sigma = level * v->basis.spread[k];
    s->a[k][k] += 1 / (sigma * sigma);
  }
}

/* The scalar product of a chunk: in fp32, in lanes of CHUNK / LANES terms each. */
HR_PART_OF_CLONES double chunk_product(const float *a, const float *b) {
  enum { FOLDED = 8 };
  float lanes[LANES] = {0};
  double sum = 0;
  for (size_t p = 0; p < CHUNK; p += LANES) {
    for (size_t l = 0; l < LANES; l++) lanes[l] += a[p + l] * b[p + l];
  }
  for (size_t l = 0; l < FOLDED; l++) {
    lanes[l] =
        (lanes[l] + lanes[l + FOLDED]) + (lanes[l + 2 * FOLDED] + lanes[l + 3 * FOLDED]);
  }
  for (size_t l = 0; l < FOLDED; l++) sum += (double)lanes[l];
  return sum;
}

/* Weighted products of the spectra with one another (lower triangle, row by row), then
 * with the flux. moved: [spectra][width]. Chunks are added in fp64: at an SNR of 30 chi2
 * is right to 0.1. */
HR_VECTOR_CLONES
static void sum_products(size_t spectra, size_t width, const float *moved,
                         const float *weighted, const float *weight, double *sums) {
  float product[CHUNK];
  double *with_flux = sums + spectra * (spectra + 1) / 2;
  for (size_t p = 0; p < width; p += CHUNK) {
    for (size_t i = 0, at = 0; i < spectra; i++) {
      const float *mine = moved + i * width + p;
      for (size_t q = 0; q < CHUNK; q++) product[q] = mine[q] * weight[p + q];
      for (size_t j = 0; j <= i; j++, at++) {
        sums[at] += chunk_product(product, moved + j * width + p);
      }
      with_flux[i] += chunk_product(mine, weighted + p);
    }
  }
}

/* -2 log of the likelihood of a node's velocity with the amplitudes integrated over, but
 * for a constant: chi2, less that of no spectrum at all, and the volume that the
 * amplitudes have. NaN: it cannot be had. */
static double look_at(const hr_velocity *v, const hr_velocity_scratch *scratch,
                      size_t node, size_t spectra, double level) {
  double sums[SUMS] = {0}, fall = 0, volume = 0;
  small_system s = {.n = spectra};
  sum_products(spectra, v->width, v->moved + node * ALL * v->width, scratch->weighted,
               scratch->weight, sums);
  size_t at = 0;
  for (size_t k = 0; k < spectra; k++) {
    for (size_t j = 0; j <= k; j++) s.a[k][j] = sums[at++];
  }
  for (size_t k = 0; k < spectra; k++) s.b[k] = sums[at++];
  add_prior(v, level, &s);
  if (!factorise(&s)) return (double)NAN;
  for (size_t k = 0; k < spectra; k++) {
    fall += s.b[k] * s.b[k];
    volume += 2 * log(s.a[k][k]);
  }
  return volume - fall;
}

/* The best node of the coarse look; SIZE_MAX: there is none. */
static size_t look(const hr_velocity *v, hr_velocity_scratch *scratch, double level) {
  size_t best = SIZE_MAX;
  for (size_t i = 0; i < v->nodes; i += STRIDE) {
    scratch->curve[i] = look_at(v, scratch, i, COARSE, level);
    if (isnan(scratch->curve[i])) return SIZE_MAX;
    if (best == SIZE_MAX || scratch->curve[i] < scratch->curve[best]) best = i;
  }
  return best;
}

static bool has_rival(const hr_velocity *v, const double *curve, size_t best) {
  for (size_t i = 0; i < v->nodes; i += STRIDE) {
    double away = node_velocity(v, (double)i) - node_velocity(v, (double)best);
    bool is_low = (i == 0 || curve[i] <= curve[i - STRIDE]) &&
                  (i + 1 == v->nodes || curve[i] <= curve[i + STRIDE]);
    if (fabs(away) >= near && is_low && curve[i] < curve[best] + rival) return true;
  }
  return false;
}

/* --- the likelihood about the best --- */

/* Nodes next to one another, all spectra of the basis looked at. */
typedef struct node_window {
  size_t first, count; /* nodes */
  double chi2[WIDEST];
} node_window;

/* The minimum, and the root of its inverse curvature; places are in nodes. */
typedef struct curve_minimum {
  double place, chi2, sigma;
  bool is_first, is_last; /* of the window */
} curve_minimum;

/* As far as the coarse look has something that counts, in one minimum. */
static bool look_near(const hr_velocity *v, const hr_velocity_scratch *scratch,
                      size_t best, double level, node_window *w) {
  const double *curve = scratch->curve;
  size_t last = v->nodes - 1, most = (WIDEST - 1) / 2;
  double limit = curve[best] + faint;
  size_t below = WINDOW, above = WINDOW;
  while (below < most && below < best && curve[best - below] < limit) below += STRIDE;
  while (above < most && above < last - best && curve[best + above] < limit)
    above += STRIDE;
  size_t first = best > below ? best - below : 0;
  size_t end = best + above < last ? best + above + 1 : last + 1;
  if (end - first < TAPS && first == 0) end = TAPS;
  if (end - first < TAPS) first = end - TAPS;
  w->first = first;
  w->count = end - first;
  for (size_t i = 0; i < w->count; i++) {
    w->chi2[i] = look_at(v, scratch, first + i, ALL, level);
    if (isnan(w->chi2[i])) return false;
  }
  return true;
}

/* Between nodes, by the polynomial through the TAPS nearest: lines are seven nodes wide.
 * place: from the window's first node. */
static double interpolate(const node_window *w, double place) {
  double start = floor(place) - (TAPS / 2 - 1), sum = 0;
  start = fmax(0, fmin((double)(w->count - TAPS), start));
  const double *chi2 = w->chi2 + (size_t)start;
  for (size_t i = 0; i < TAPS; i++) {
    double weight = 1;
    for (size_t j = 0; j < TAPS; j++) {
      if (j != i) weight *= (place - start - (double)j) / ((double)i - (double)j);
    }
    sum += weight * (chi2[i] - chi2[0]);
  }
  return sum + chi2[0];
}

static curve_minimum find_minimum(const node_window *w) {
  size_t places = (w->count - 1) * BETWEEN, best = 0;
  double least = INFINITY, sides[2];
  for (size_t i = 0; i <= places; i++) {
    double chi2 = interpolate(w, (double)i / BETWEEN);
    if (chi2 < least) {
      least = chi2;
      best = i;
    }
  }
  curve_minimum m = {.place = (double)best / BETWEEN,
                     .chi2 = least,
                     .sigma = (double)w->count,
                     .is_first = best == 0,
                     .is_last = best == places};
  if (m.is_first || m.is_last) return m;
  for (int i = 0; i < 2; i++) {
    sides[i] = interpolate(w, ((double)best + 2 * i - 1) / BETWEEN) - least;
  }
  double curvature = sides[0] + sides[1];
  if (!(curvature > 0)) return m;
  m.place += (sides[0] - sides[1]) / (2 * curvature) / BETWEEN;
  m.chi2 = interpolate(w, m.place);
  m.sigma = fmin(m.sigma, sqrt(2 / curvature) / BETWEEN);
  return m;
}

/* Mean and standard deviation over the window, all velocities being as likely. */
static void integrate(const node_window *w, const curve_minimum *m, double *mean,
                      double *sigma) {
  double width = fmin(far * m->sigma, (double)w->count), total = 0, sum = 0, squares = 0;
  for (int i = -REACH; i <= REACH; i++) {
    double away = width * i / REACH, place = m->place + away;
    if (place < 0 || place > (double)(w->count - 1)) continue;
    double weight = exp(-(interpolate(w, place) - m->chi2) / 2);
    total += weight;
    sum += weight * away;
    squares += weight * away * away;
  }
  *mean = m->place + sum / total;
  *sigma = sqrt(fmax(0, squares / total - sum / total * (sum / total)));
}

/* --- a spectrum --- */

/* Takes the row in; how many pixels count. *level: of the mean spectrum in it. */
static size_t take_row(const hr_velocity *v, hr_velocity_scratch *scratch,
                       const float *flux, const float *error, double base,
                       double *level) {
  size_t count = 0;
  double products = 0, squares = 0;
  memset(scratch->weighted, 0, v->width * sizeof *scratch->weighted);
  memset(scratch->weight, 0, v->width * sizeof *scratch->weight);
  for (size_t p = v->first; p < v->end; p++) {
    double x = (double)flux[p] + base, sigma = error ? (double)error[p] : 1;
    double weight = 1 / (sigma * sigma), mean = (double)v->basis.spectra[p];
    bool is_good = isfinite(x) && sigma > 0 && weight > 0 && isfinite((float)weight) &&
                   isfinite((float)(weight * x));
    if (!is_good) continue;
    scratch->weighted[p - v->first] = (float)(weight * x);
    scratch->weight[p - v->first] = (float)weight;
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
  double level = 0, place = 0, sigma = 0;
  node_window window;
  if (take_row(v, scratch, flux, error, base, &level) < FEWEST_PIXELS) return none;
  if (!(level > 0)) return none;
  size_t best = look(v, scratch, level);
  if (best == SIZE_MAX || !look_near(v, scratch, best, level, &window)) return none;
  curve_minimum minimum = find_minimum(&window);
  integrate(&window, &minimum, &place, &sigma);
  bool is_edge = (minimum.is_first && window.first == 0) ||
                 (minimum.is_last && window.first + window.count == v->nodes);
  /* Without errors chi2 has no unit to be judged in, or weighed by. */
  if (!error || is_edge) place = minimum.place;
  double velocity = node_velocity(v, (double)window.first + place);
  bool is_doubtful = error && has_rival(v, scratch->curve, best);
  unsigned flags =
      (is_edge ? HR_VELOCITY_EDGE : 0) | (is_doubtful ? HR_VELOCITY_DOUBTFUL : 0);
  sigma *= (v->high - v->low) / (double)(v->nodes - 1);
  if (!isfinite(velocity) || !isfinite(sigma)) return none;
  return (hr_velocity_answer){velocity, error ? sigma : (double)NAN, flags};
}
