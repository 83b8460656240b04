/* How well the heaviest template fits a spectrum: χ² a pixel that counts. It tells where
 * no template is like the spectrum, which mean and variance do not. */
#include <math.h>

#include "compute/templates_parts.h"

/* The heaviest template of a group for a row; false where none counts. */
static bool find_heaviest(const hr_comparison *comparison, size_t row, int32_t group,
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

double hr_templates_chi2(const hr_comparison *comparison, size_t row, int32_t group) {
  const hr_templates *t = comparison->templates;
  size_t tile = 0, place = 0, counting = 0;
  if (!find_heaviest(comparison, row, group, &tile, &place)) return (double)NAN;
  const double *cross = comparison->work->cross + row * t->pixels;
  const double *inverse = comparison->work->inverse_wide + row * t->pixels;
  const float *x = comparison->query->x + row * t->pixels;
  const float *c = t->centre + tile * t->pixels, *g = t->x + t->slot[place] * t->pixels;
  double s = 0, q = 0, sum = 0;
  for (size_t p = 0; p < t->pixels; p++) {
    double f = (double)c[p] + (double)g[p];
    s += f * cross[p];
    q += f * f * inverse[p];
  }
  double amplitude = find_amplitude(&t->options, s, q);
  for (size_t p = 0; p < t->pixels; p++) {
    if (!(inverse[p] > 0)) continue;
    double off = (double)x[p] - amplitude * ((double)c[p] + (double)g[p]);
    sum += off * off * inverse[p];
    counting++;
  }
  return counting > 0 ? sum / (double)counting : (double)NAN;
}
