/* Medians of a few hundred pixels, held against those of the training rows. */
#include "data/flux_scale.h"

#include <math.h>

#include "core/pixel_quantile.h"

/* From the 5 % to the 95 % quantile of a normal distribution, in its sigma; and by how
 * much a median scatters more than a mean. */
static const double normal_spread = 3.29, of_median = 1.2533;

/* Beyond the training rows by so much: a factor of 1.5 is what a study refuses of test
 * spectra (data/spectra_doubts.h). */
static const double beyond = 1.5, beyond_spreads = 5, sigmas = 5;

/* As data/conditioning.c takes a level for a pedestal. */
static const double pedestal_spreads = 25;

hr_row_scale hr_flux_scale_measure(const hr_conditioning *c, size_t pixels,
                                   const float *noisy, const float *error) {
  float flux[HR_FLUX_SCALE_PIXELS], sigma[HR_FLUX_SCALE_PIXELS];
  float scratch[HR_FLUX_SCALE_PIXELS];
  const double none = (double)NAN;
  hr_row_scale out = {none, none, none, 0};
  size_t stride = (pixels - 1) / HR_FLUX_SCALE_PIXELS + 1;
  for (size_t p = 0; p < pixels; p += stride) {
    if (error && c->knows_errors && !(error[p] > 0)) continue;
    if (!isfinite(noisy[p]) || (error && !isfinite(error[p]))) continue;
    flux[out.pixels] = noisy[p];
    sigma[out.pixels++] = error ? error[p] : 0;
  }
  if (out.pixels == 0) return out;
  const double parts[] = {0.05, 0.5, 0.95};
  double low_to_high[3];
  const hr_quantiles wanted = {3, parts, low_to_high};
  hr_pixel_quantiles(flux, out.pixels, &wanted, scratch);
  double error_level = hr_pixel_quantile(sigma, out.pixels, 0.5, scratch);
  out.level = (low_to_high[1] + c->base) * c->scale;
  out.spread = (low_to_high[2] - low_to_high[0]) * c->scale;
  if (error_level > 0) out.error = error_level * c->scale;
  return out;
}

bool hr_flux_scale_is_pedestal(const hr_flux_scale *training) {
  return training->level > pedestal_spreads * training->spread;
}

static bool has_level(const hr_flux_scale *training) {
  return training->level > training->spread && training->level_low > 0;
}

/* The spread that is not noise; NaN where noise is most of it. */
static double spread_of(const hr_row_scale *row) {
  double noise = isfinite(row->error) ? normal_spread * row->error : 0;
  double own = row->spread * row->spread - noise * noise;
  return own > row->spread * row->spread / 2 ? sqrt(own) : (double)NAN;
}

/* By how much more than `high`, or less than `low`, is beyond them. */
static int is_beyond(double value, double low, double high, double uncertain) {
  double apart = sqrt(high / low);
  if (value - uncertain > beyond * high * apart) return 1;
  return value + uncertain < low / (beyond * apart) ? -1 : 0;
}

static int is_off_pedestal(const hr_flux_scale *t, double level, double uncertain) {
  double more = beyond_spreads * t->spread + (t->level_high - t->level_low) / 2;
  if (level - uncertain > t->level_high + more) return 1;
  return level + uncertain < t->level_low - more ? -1 : 0;
}

int hr_flux_scale_compare(const hr_flux_scale *training, const hr_row_scale *row) {
  if (row->pixels == 0 || !isfinite(training->level)) return 0;
  if (!has_level(training)) {
    if (!(training->spread_low > 0)) return 0;
    return is_beyond(spread_of(row), training->spread_low, training->spread_high, 0);
  }
  double sigma = of_median * row->spread / normal_spread / sqrt((double)row->pixels);
  double uncertain = sigmas * sigma;
  return hr_flux_scale_is_pedestal(training)
             ? is_off_pedestal(training, row->level, uncertain)
             : is_beyond(row->level, training->level_low, training->level_high,
                         uncertain);
}

hr_flux_ratio hr_flux_scale_ratio(const hr_flux_scale *training,
                                  const hr_row_scale *row) {
  bool of_levels = has_level(training);
  return (hr_flux_ratio){of_levels, of_levels ? row->level : spread_of(row),
                         of_levels ? training->level : training->spread};
}
