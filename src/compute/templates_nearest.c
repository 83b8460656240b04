/* The template nearest to a spectrum, for whoever draws it beside. Comparing asks for
 * sums over all templates and throws the spectra away; here all pixels of one spectrum
 * are looked at, which costs as much as a row of hr_templates_compare over pixels. */
#include "compute/templates_nearest.h"

#include <math.h>

#include "compute/templates_parts.h"

/* x = A f + noise, over the pixels that count: sums of products over sigma^2. */
typedef struct sums {
  double xx, xf, ff;
} sums;

/* One over sigma^2, 0 at pixels that do not count; how many do. */
static size_t weigh(const hr_one_spectrum *spectrum, size_t pixels, double *weight) {
  size_t counting = 0;
  for (size_t p = 0; p < pixels; p++) {
    double sigma = (double)spectrum->error[p] * spectrum->level;
    bool counts = sigma > 0 && isfinite(sigma);
    weight[p] = counts ? 1 / (sigma * sigma) : 0;
    counting += counts;
  }
  return counting;
}

static double amplitude_of(const hr_templates_options *options, const sums *s) {
  double sigma = options->amplitude_sigma, k = 0;
  if (options->amplitude == HR_AMPLITUDE_NONE) return 1;
  if (options->amplitude == HR_AMPLITUDE_GAUSSIAN) k = 1 / (sigma * sigma);
  return s->ff > 0 ? (s->xf + k) / (s->ff + k) : 1;
}

static sums sum_up(const hr_templates *t, size_t tile, size_t place, const float *x,
                   const double *weight) {
  const float *c = t->centre + tile * t->pixels, *g = t->x + t->slot[place] * t->pixels;
  sums s = {0};
  for (size_t p = 0; p < t->pixels; p++) {
    if (!(weight[p] > 0)) continue;
    double own = (double)x[p], f = (double)c[p] + (double)g[p];
    s.xx += own * own * weight[p];
    s.xf += own * f * weight[p];
    s.ff += f * f * weight[p];
  }
  return s;
}

static void take(const hr_templates *t, size_t tile, size_t place, hr_nearest *out) {
  const float *c = t->centre + tile * t->pixels, *g = t->x + t->slot[place] * t->pixels;
  for (size_t p = 0; p < t->pixels; p++) {
    out->flux[p] = out->amplitude * ((double)c[p] + (double)g[p]);
  }
  for (size_t target = 0; target < t->targets; target++) {
    double offset = (double)t->label_offset[target * t->count + place];
    out->labels[target] = t->centre_label[target] + offset;
  }
}

bool hr_templates_nearest(const hr_templates *templates, int32_t group,
                          const hr_one_spectrum *spectrum, hr_nearest *out) {
  bool is_found = false;
  double *weight = out->flux; /* until that is known */
  size_t counting = weigh(spectrum, templates->pixels, weight);
  out->chi2 = (double)NAN;
  size_t best_tile = 0, best_place = 0;
  for (size_t k = 0; k < templates->tile_count; k++) {
    const hr_template_tile *tile = &templates->tiles[k];
    if (!hr_is_in_group(tile, group)) continue;
    for (size_t i = tile->first; i < tile->first + tile->count; i++) {
      sums s = sum_up(templates, k, i, spectrum->x, weight);
      double a = amplitude_of(&templates->options, &s);
      double chi2 = (s.xx - 2 * a * s.xf + a * a * s.ff) / (double)counting;
      if (counting == 0 || !isfinite(chi2) || (is_found && chi2 >= out->chi2)) continue;
      is_found = true;
      out->chi2 = chi2;
      out->amplitude = a;
      best_tile = k;
      best_place = i;
    }
  }
  if (is_found) take(templates, best_tile, best_place, out);
  return is_found;
}
