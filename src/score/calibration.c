/* Counting rows within their sigma. */
#include "score/calibration.h"

#include <math.h>

#include "core/alloc.h"
#include "core/probability.h"

static const double z95 = 1.959963984540054; /* 0.975 of the normal */

typedef struct measure_words {
  const char *key, *interval_key;
  double expected, margin;
} measure_words;

static const measure_words words[HR_CALIBRATION_MEASURES] = {
    {"within_1_sigma", "within_1_sigma_ci", 0.6827, 0.02},
    {"within_2_sigma", "within_2_sigma_ci", 0.9545, 0.02},
    {"chi2", "chi2_ci", 1.0, 0.1},
    {"within_half68", "within_half68_ci", 0.6827, 0.02},
    {"within_half95", "within_half95_ci", 0.9545, 0.02},
};

const char *hr_calibration_key(hr_calibration_measure measure) {
  return words[measure].key;
}

const char *hr_calibration_interval_key(hr_calibration_measure measure) {
  return words[measure].interval_key;
}

double hr_calibration_expected(hr_calibration_measure measure) {
  return words[measure].expected;
}

double hr_calibration_margin(hr_calibration_measure measure) {
  return words[measure].margin;
}

/* Where the score test of the share does not refuse. */
hr_measured hr_calibration_share(size_t within, size_t rows) {
  const double none = (double)NAN;
  if (rows == 0) return (hr_measured){none, none, none};
  double n = (double)rows, p = (double)within / n, z2 = z95 * z95;
  double middle = (p + z2 / (2 * n)) / (1 + z2 / n);
  double half = z95 / (1 + z2 / n) * sqrt(p * (1 - p) / n + z2 / (4 * n * n));
  /* The ends of no row and of all rows are exact. */
  return (hr_measured){p, within == 0 ? 0.0 : middle - half,
                       within == rows ? 1.0 : middle + half};
}

static bool has_sigma(const hr_calibration_rows *rows, size_t row) {
  return !isnan(rows->prediction[row]) && rows->sigma[row] > 0;
}

static double chi2_of(const hr_calibration_rows *rows, size_t row) {
  double pull = (rows->target[row] - rows->prediction[row]) / rows->sigma[row];
  return pull * pull;
}

/* Whether the row has a sigma, and a chi2 of at most `most`. */
static bool is_counted(const hr_calibration_rows *rows, size_t row, double most) {
  return has_sigma(rows, row) && !(chi2_of(rows, row) > most);
}

/* The mean over the `count` rows that are counted, and its interval from two rows on. */
static hr_measured mean_chi2(const hr_calibration_rows *rows, size_t count, double most) {
  const double none = (double)NAN, n = (double)count;
  hr_sum sum = {0}, squares = {0};
  if (count == 0) return (hr_measured){none, none, none};
  for (size_t i = 0; i < rows->count; i++) {
    if (is_counted(rows, rows->row_list[i], most)) {
      hr_sum_add(&sum, chi2_of(rows, rows->row_list[i]));
    }
  }
  double mean = hr_sum_value(&sum) / n;
  if (count < 2) return (hr_measured){mean, none, none};
  for (size_t i = 0; i < rows->count; i++) {
    if (!is_counted(rows, rows->row_list[i], most)) continue;
    double d = chi2_of(rows, rows->row_list[i]) - mean;
    hr_sum_add(&squares, d * d);
  }
  double error = sqrt(hr_sum_value(&squares) / (n - 1) / n);
  double half = hr_student_quantile(z95, n - 1) * error;
  return (hr_measured){mean, fmax(mean - half, 0), mean + half}; /* squares */
}

static bool has_halves(const hr_calibration_rows *rows, size_t row) {
  if (!rows->half68 || !rows->half95 || isnan(rows->prediction[row])) return false;
  return !isnan(rows->half68[row]) && !isnan(rows->half95[row]);
}

/* The row, which has a sigma, is far. */
static void count_far(const hr_calibration_rows *rows, size_t row,
                      hr_calibration *found) {
  double off = sqrt(chi2_of(rows, row));
  if (!(off > HR_CALIBRATION_FAR)) return;
  found->far_rows++;
  if (!(off > found->far_sigma)) return;
  found->far_sigma = off;
  found->far_row = row;
}

hr_calibration hr_calibration_compute(const hr_calibration_rows *rows) {
  hr_calibration found = {.rows = 0};
  size_t within[HR_CALIBRATION_MEASURES] = {0};
  for (size_t i = 0; i < rows->count; i++) {
    size_t row = rows->row_list[i];
    double size = fabs(rows->target[row] - rows->prediction[row]);
    if (has_sigma(rows, row)) {
      found.rows++;
      count_far(rows, row, &found);
      within[HR_WITHIN_1_SIGMA] += size <= rows->sigma[row];
      within[HR_WITHIN_2_SIGMA] += size <= 2 * rows->sigma[row];
    }
    if (has_halves(rows, row)) {
      found.half_rows++;
      within[HR_WITHIN_HALF68] += size <= rows->half68[row];
      within[HR_WITHIN_HALF95] += size <= rows->half95[row];
    }
  }
  for (size_t m = 0; m < HR_CALIBRATION_MEASURES; m++) {
    size_t count = m >= HR_WITHIN_HALF68 ? found.half_rows : found.rows;
    found.measure[m] = m == HR_MEAN_CHI2 ? mean_chi2(rows, count, INFINITY)
                                         : hr_calibration_share(within[m], count);
  }
  double most = HR_CALIBRATION_FAR * HR_CALIBRATION_FAR;
  found.near_chi2 = found.far_rows > 0
                        ? mean_chi2(rows, found.rows - found.far_rows, most)
                        : found.measure[HR_MEAN_CHI2];
  return found;
}

double hr_calibration_chance(const hr_calibration *calibration,
                             hr_calibration_measure measure) {
  const hr_measured *found = &calibration->measure[measure];
  double expected = words[measure].expected, variance = 0;
  if (measure == HR_MEAN_CHI2) {
    /* Where the mean is small by chance, so is the spread that its error comes from. */
    double rows = (double)calibration->rows;
    double half = found->high - found->value; /* the lower end may be cut off at 0 */
    double error = half / hr_student_quantile(z95, rows - 1);
    variance = fmax(error * error, 2 / rows) + 2 * calibration->learnt;
  } else {
    bool is_half = measure >= HR_WITHIN_HALF68;
    size_t rows = is_half ? calibration->half_rows : calibration->rows;
    variance = expected * (1 - expected) * (1 / (double)rows + calibration->learnt);
  }
  return erfc(fabs(found->value - expected) / sqrt(2 * variance));
}

const char *hr_calibration_verdict_name(hr_calibration_verdict verdict) {
  static const char *const names[] = {NULL, "calibrated", "sigma_too_small",
                                      "sigma_too_large"};
  return names[verdict];
}

/* -1: sigma is too small by this measure, 1: too large, 0: nothing speaks against it. */
static int side_of(const hr_calibration *calibration, hr_calibration_measure m,
                   double least_chance) {
  double excess = calibration->measure[m].value - words[m].expected;
  bool is_sure = hr_calibration_chance(calibration, m) < least_chance;
  if (!is_sure || !(fabs(excess) > words[m].margin)) return 0;
  bool is_small = m == HR_MEAN_CHI2 ? excess > 0 : excess < 0;
  return is_small ? -1 : 1;
}

/* Whether the 68 % interval holds too few rows: by more than what matters, and all of the
 * share's own interval says so. */
static bool is_short(const hr_calibration *calibration) {
  const hr_measured *share = &calibration->measure[HR_WITHIN_HALF68];
  double expected = words[HR_WITHIN_HALF68].expected;
  return expected - share->value > words[HR_WITHIN_HALF68].margin &&
         share->high < expected;
}

hr_calibration_verdict hr_calibration_judge(const hr_calibration *calibration,
                                            double least_chance) {
  if (calibration->rows == 0) return HR_CALIBRATION_UNKNOWN;
  hr_calibration near = *calibration;
  near.rows -= near.far_rows;
  near.measure[HR_MEAN_CHI2] = near.near_chi2;
  const int sides[] = {side_of(calibration, HR_MEAN_CHI2, least_chance),
                       side_of(&near, HR_MEAN_CHI2, least_chance),
                       side_of(calibration, HR_WITHIN_HALF68, least_chance)};
  bool is_small = false, is_large = false;
  for (size_t j = 0; j < sizeof sides / sizeof *sides; j++) {
    is_small = is_small || sides[j] < 0;
    is_large = is_large || sides[j] > 0;
  }
  /* Few rows to learn from are no excuse of one that leaves far rows as well. */
  hr_calibration unexcused = *calibration;
  unexcused.learnt = 0;
  bool is_short_too = calibration->far_rows > 0 &&
                      side_of(&unexcused, HR_WITHIN_HALF68, least_chance) < 0;
  if (is_small || is_short_too) return HR_SIGMA_TOO_SMALL;
  if (is_large && is_short(calibration)) return HR_SIGMA_TOO_SMALL;
  return is_large ? HR_SIGMA_TOO_LARGE : HR_CALIBRATED;
}

void hr_calibrations_fini(hr_calibrations *calibrations) {
  for (size_t m = 0; calibrations->methods && m < calibrations->method_count; m++) {
    hr_free(calibrations->methods[m].bins);
  }
  hr_free(calibrations->methods);
  *calibrations = (hr_calibrations){0};
}
