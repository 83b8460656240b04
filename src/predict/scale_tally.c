/* Medians of logarithms, counted; what they come to in words. */
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

/* How a file differs from the training spectra. */
typedef struct difference {
  double flux, error; /* over those of training; NaN: not known */
  bool is_certain;    /* predictions mean nothing; else they may */
} difference;

static bool is_alike(const difference *found) {
  return isnan(found->error) || is_about(found->error, found->flux, alike);
}

/* Appends the remedy. */
static void append_remedy(const difference *found, hr_text *out) {
  if (is_alike(found)) {
    hr_text_append(out, "multiply flux%s by %.2g and predict again",
                   isnan(found->error) ? "" : " and error", remedy_of(found->flux));
  } else {
    hr_text_append(out,
                   "bring flux and error to the scale of the training spectra and "
                   "predict again");
  }
}

static void append_difference(const hr_flux_scale *training, const difference *found,
                              const char *path, hr_text *out) {
  bool of_levels = hr_flux_scale_ratio(training, &(hr_row_scale){0}).of_levels;
  double trained = of_levels ? training->level : training->spread;
  hr_text_append(out, "%s: the %s its spectra is %.2g, but %.2g in the training spectra",
                 path, of_levels ? "median flux of" : "spread of the flux in",
                 found->flux * trained, trained);
  if (of_levels && hr_flux_scale_is_pedestal(training) && is_about(found->flux, 1, 2)) {
    hr_text_append(out,
                   ", which stand on a pedestal; predictions of another one mean "
                   "nothing: bring the flux to that level and predict again");
    return;
  }
  if (!found->is_certain) {
    hr_text_append(out,
                   ", %.2g times as much, and farther off than these are from one "
                   "another; unless these stars are so, ",
                   found->flux);
  } else if (is_alike(found)) {
    hr_text_append(out, ", as in another unit; predictions of it mean nothing: ");
  } else {
    hr_text_append(out,
                   ", and the median error is %.2g times theirs; predictions of it mean "
                   "nothing: ",
                   found->error);
  }
  append_remedy(found, out);
}

/* As data/spectra_doubts.c tells of test spectra: a factor of 1.1 where that is four
 * times as far as training spectra are from one another, whose middle 98 % are 4.65 of
 * their deviations apart. */
static bool is_worth_telling(const hr_flux_scale *training, double flux) {
  const double little = 1.1, deviations = 4, least = 0.003;
  bool of_levels = hr_flux_scale_ratio(training, &(hr_row_scale){0}).of_levels;
  double low = of_levels ? training->level_low : training->spread_low;
  double high = of_levels ? training->level_high : training->spread_high;
  double apart = low > 0 ? fmax(log(high / low) / 4.65, least) : (double)INFINITY;
  if (of_levels && hr_flux_scale_is_pedestal(training)) return false;
  return !is_about(flux, 1, little) && fabs(log(flux)) > deviations * apart;
}

double hr_scale_tally_describe(const hr_scale_tally *tally, const hr_flux_scale *training,
                               const char *path, hr_text *out) {
  difference found = {median_of(tally->flux), median_of(tally->error), false};
  bool is_most = 2 * tally->above > tally->rows || 2 * tally->below > tally->rows;
  bool are_many = tally->rows >= LEAST_ROWS;
  if (isnan(found.flux)) return (double)NAN;
  found.is_certain =
      is_most || (are_many && !is_about(found.flux, 1, large) && is_alike(&found));
  if (!found.is_certain && !(are_many && is_worth_telling(training, found.flux))) {
    return (double)NAN;
  }
  append_difference(training, &found, path, out);
  return found.flux;
}

double hr_scale_describe_file(const hr_flux_scale *file, const hr_flux_scale *training,
                              const char *path, hr_text *out) {
  bool of_levels = hr_flux_scale_ratio(training, &(hr_row_scale){0}).of_levels;
  difference found = {
      of_levels ? file->level / training->level : file->spread / training->spread,
      file->error / training->error, true};
  if (!(found.flux > 0) || !isfinite(found.flux)) return (double)NAN;
  if (is_about(found.flux, 1, large)) return (double)NAN;
  append_difference(training, &found, path, out);
  return found.flux;
}
