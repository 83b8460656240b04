/* Medians of logarithms, counted. */
#include "predict/scale_tally.h"

#include <math.h>

/* As data/spectra_doubts.c has it of test spectra: a factor of 5 where flux and error
 * differ alike, within 1.5, as another unit makes them. */
static const double large = 5, alike = 1.5;
enum { LEAST_ROWS = 20 };

/* What is not above 0 is below all. */
static void count(uint32_t *bins, double ratio) {
  double at = ratio > 0 ? (log10(ratio) + HR_TALLY_DEX) * HR_TALLY_STEPS : 0;
  if (isnan(ratio)) return;
  bins[(size_t)fmax(0, fmin(floor(at), HR_TALLY_BINS - 1))]++;
}

/* NaN: nothing was counted. */
static double median_of(const uint32_t *bins) {
  uint64_t all = 0, seen = 0;
  for (size_t b = 0; b < HR_TALLY_BINS; b++) all += bins[b];
  if (all == 0) return (double)NAN;
  size_t b = 0;
  while (seen + bins[b] <= all / 2) seen += bins[b++];
  return pow(10, ((double)b + 0.5) / HR_TALLY_STEPS - HR_TALLY_DEX);
}

void hr_scale_tally_add(hr_scale_tally *tally, const hr_flux_scale *training,
                        const hr_row_scale *row, int side) {
  if (row->pixels == 0) return;
  hr_flux_ratio ratio = hr_flux_scale_ratio(training, row);
  tally->rows++;
  tally->above += side > 0;
  tally->below += side < 0;
  count(tally->flux, ratio.flux / ratio.training);
  count(tally->error, row->error / training->error);
}

static bool is_about(double value, double expected, double factor) {
  return value >= expected / factor && value <= expected * factor;
}

/* The power of ten that is meant, or two digits. */
static double remedy_of(double flux) {
  double power = pow(10, -round(log10(flux)));
  return is_about(1 / flux, power, 1.3) ? power : 1 / flux;
}

void hr_scale_tally_describe(const hr_scale_tally *tally, const hr_flux_scale *training,
                             const char *path, hr_text *out) {
  double flux = median_of(tally->flux), error = median_of(tally->error);
  bool is_most = 2 * tally->above > tally->rows || 2 * tally->below > tally->rows;
  bool is_alike = isnan(error) || is_about(error, flux, alike);
  bool is_far = tally->rows >= LEAST_ROWS && !is_about(flux, 1, large) && is_alike;
  if (isnan(flux) || !(is_most || is_far)) return;
  bool of_levels = hr_flux_scale_ratio(training, &(hr_row_scale){0}).of_levels;
  double trained = of_levels ? training->level : training->spread;
  hr_text_append(out, "%s: the %s its spectra is %.2g, but %.2g in the training spectra",
                 path, of_levels ? "median flux of" : "spread of the flux in",
                 flux * trained, trained);
  if (of_levels && hr_flux_scale_is_pedestal(training) && is_about(flux, 1, 2)) {
    hr_text_append(out,
                   ", which stand on a pedestal; predictions of another one mean "
                   "nothing: bring the flux to that level and predict again");
  } else if (is_alike) {
    hr_text_append(out,
                   ", as in another unit; predictions of it mean nothing: multiply "
                   "flux%s by %.2g and predict again",
                   isnan(error) ? "" : " and error", remedy_of(flux));
  } else {
    hr_text_append(out,
                   ", and the median error is %.2g times theirs; predictions of it "
                   "mean nothing: bring flux and error to the scale of the training "
                   "spectra and predict again",
                   error);
  }
}
