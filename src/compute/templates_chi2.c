/* How well the heaviest template fits a spectrum: χ² a pixel that counts. It tells where
 * no template is like the spectrum, which mean and variance do not, and how little the
 * variance is to be believed then. */
#include <math.h>

#include "compute/templates_parts.h"

/* The heaviest template of a group for a row; false where none counts. */
static bool find_heaviest(const hr_weighing *comparison, size_t row, int32_t group,
                          size_t *tile, size_t *place) {
  const hr_templates *t = comparison->templates;
  const hr_template_sums *sums = comparison->work->sums + row * t->tile_count;
  const float *weight = comparison->work->weight + row * t->count;
  double largest = -(double)INFINITY;
  for (size_t k = 0; k < t->tile_count; k++) {
    if (!hr_is_in_group(&t->tiles[k], group)) continue;
    if (!(sums[k].largest > largest)) continue;
    largest = sums[k].largest;
    *tile = k;
  }
  if (!(largest > -(double)INFINITY)) return false;
  *place = t->tiles[*tile].first;
  size_t end = *place + t->tiles[*tile].count;
  for (size_t i = *place; i < end; i++) {
    if (weight[i] > weight[*place]) *place = i;
  }
  return true;
}

/* The likeliest amplitude of f = c + g: of it s = Σ x f/σ² and q = Σ f²/σ² are known. */
static double find_amplitude(const hr_templates_options *options, double s, double q) {
  double sigma = options->amplitude_sigma, k = 0;
  if (options->amplitude == HR_AMPLITUDE_NONE) return 1;
  if (options->amplitude == HR_AMPLITUDE_GAUSSIAN) k = 1 / (sigma * sigma);
  return q > 0 ? (s + k) / (q + k) : 1;
}

/* Where the spectrum is off from A f, f = c + g. */
typedef struct residuals {
  const float *x, *c, *g; /* [pixels] */
  const double *inverse;  /* [pixels] 1/sigma², 0: does not count */
  size_t pixels;
  double amplitude;
} residuals;

static hr_template_fit fit_of(const residuals *r) {
  const double far = 100; /* ten sigma, squared */
  double sum = 0, alien = 0, largest = 0;
  size_t counting = 0;
  for (size_t p = 0; p < r->pixels; p++) {
    double flux = fabs(r->amplitude * ((double)r->c[p] + (double)r->g[p]));
    largest = flux > largest ? flux : largest;
  }
  for (size_t p = 0; p < r->pixels; p++) {
    if (!(r->inverse[p] > 0)) continue;
    double off = (double)r->x[p] - r->amplitude * ((double)r->c[p] + (double)r->g[p]);
    double term = off * off * r->inverse[p];
    sum += term;
    if (term > far && fabs(off) > largest) alien += term;
    counting++;
  }
  if (counting == 0) return (hr_template_fit){(double)NAN, 0};
  return (hr_template_fit){sum / (double)counting, sum > 0 ? alien / sum : 0};
}

hr_template_fit hr_templates_fit_of(const hr_weighing *comparison, size_t row,
                                    int32_t group) {
  const hr_templates *t = comparison->templates;
  size_t tile = 0, place = 0;
  if (!find_heaviest(comparison, row, group, &tile, &place)) {
    return (hr_template_fit){(double)NAN, 0};
  }
  const double *cross = comparison->work->cross + row * t->pixels;
  residuals r = {.x = comparison->query->x + row * t->pixels,
                 .c = t->centre + tile * t->pixels,
                 .g = t->x + t->slot[place] * t->pixels,
                 .inverse = comparison->work->inverse_wide + row * t->pixels,
                 .pixels = t->pixels};
  double s = 0, q = 0;
  for (size_t p = 0; p < t->pixels; p++) {
    double f = (double)r.c[p] + (double)r.g[p];
    s += f * cross[p];
    q += f * f * r.inverse[p];
  }
  r.amplitude = find_amplitude(&t->options, s, q);
  return fit_of(&r);
}

double hr_templates_variance_scale(const hr_template_fit *fit, double effective,
                                   double left) {
  const double poor = 2, most = 0.5, few = 10;
  bool is_local = !isnan(left);
  double chi2 = is_local ? left : fit->chi2;
  if (fit->chi2 > poor && fit->alien > most) return (double)NAN;
  if (!(chi2 > poor)) return 1;
  return is_local || effective >= few ? chi2 : (double)NAN;
}
