/* Whether predictions are as near to the truth as their sigma says: calibration.
 *
 * Over rows S with a prediction and a sigma: the share with |y - yhat| <= sigma and <= 2
 * sigma, the mean of (y - yhat)^2 / sigma^2, and the shares within the half-widths of the
 * 68 % and 95 % interval. Intervals at 95 %: of shares Wilson's (1927, JASA 22, 209), of
 * the mean Student's from its standard error. */
#ifndef HR_SCORE_CALIBRATION_H
#define HR_SCORE_CALIBRATION_H

#include <stdbool.h>
#include <stddef.h>

#include "score/metrics.h"

typedef enum hr_calibration_measure {
  HR_WITHIN_1_SIGMA,
  HR_WITHIN_2_SIGMA,
  HR_MEAN_CHI2,
  HR_WITHIN_HALF68,
  HR_WITHIN_HALF95,
  HR_CALIBRATION_MEASURES,
} hr_calibration_measure;

/* In files, "within_1_sigma", and with "_ci" its interval. */
const char *hr_calibration_key(hr_calibration_measure measure);
const char *hr_calibration_interval_key(hr_calibration_measure measure);

/* What is expected of an honest sigma: the shares of a Gaussian within one and two of its
 * sigma, 1 of the mean; the half-widths are learnt to hold the same shares. */
double hr_calibration_expected(hr_calibration_measure measure);

/* The least difference from it that matters: 0.02 of shares, 0.1 of the mean (sigma 5 %
 * too small). What is smaller is not warned of, however sure it is. */
double hr_calibration_margin(hr_calibration_measure measure);

/* A number and its 95 % interval; NaN: undefined. */
typedef struct hr_measured {
  double value, low, high;
} hr_measured;

/* Rows to look at; borrowed. */
typedef struct hr_calibration_rows {
  const double *target, *prediction; /* [rows of the split] unit of the target */
  const double *sigma;               /* NaN, or not above 0: not known */
  const double *half68, *half95;     /* NaN: not known; NULL: of no row */
  const size_t *row_list;            /* [count] */
  size_t count;
} hr_calibration_rows;

/* A row farther from the truth than so many sigma is far: no honest sigma leaves one, and
 * a single one may be all of the mean chi2 and of its error. */
enum { HR_CALIBRATION_FAR = 10 };

typedef struct hr_calibration {
  size_t rows;           /* with a prediction and a sigma */
  size_t far_rows;       /* of them, those that are far */
  size_t far_row;        /* the one farthest of all */
  double far_sigma;      /* how many sigma it is off; 0: none is far */
  hr_measured near_chi2; /* HR_MEAN_CHI2 of the others */
  size_t half_rows;      /* with a prediction and both half-widths */
  double learnt;         /* 1 / rows that what is judged was learnt from; 0: not known */
  hr_measured measure[HR_CALIBRATION_MEASURES]; /* NaN: undefined, without rows */
} hr_calibration;

hr_calibration hr_calibration_compute(const hr_calibration_rows *rows);

/* The share `within` of `rows`, and Wilson's interval; NaN of no rows. */
hr_measured hr_calibration_share(size_t within, size_t rows);

/* The chance of a measure at least as far from what is expected, were sigma honest: by
 * the normal approximation, of shares that of Wilson's interval, of the mean with an
 * error of at least that of Gaussian residuals, sqrt(2 / n). What was learnt from few
 * rows is off by chance as well: 1 / n is 1 / n + `learnt`. NaN: undefined. */
double hr_calibration_chance(const hr_calibration *calibration,
                             hr_calibration_measure measure);

typedef enum hr_calibration_verdict {
  HR_CALIBRATION_UNKNOWN, /* no row has a sigma */
  HR_CALIBRATED,          /* nothing speaks against it */
  HR_SIGMA_TOO_SMALL,
  HR_SIGMA_TOO_LARGE,
} hr_calibration_verdict;

/* "calibrated", "sigma_too_small", "sigma_too_large"; NULL: unknown. */
const char *hr_calibration_verdict_name(hr_calibration_verdict verdict);

/* From the mean chi2 and the share within the 68 % half-width: off where either is off by
 * more than its margin, with a chance below `least_chance`; the mean is judged with and
 * without far rows. Where they disagree (heavy tails), too small: that is what misleads.
 * So is a sigma that chi2 calls too large where the share and all of its own interval are
 * below what is expected; and of a sigma that leaves far rows, what was learnt from few
 * rows is no excuse of too small a share. */
hr_calibration_verdict hr_calibration_judge(const hr_calibration *calibration,
                                            double least_chance);

/* Of one method: over all its rows, by octile of the signal-to-noise ratio, by bin. */
typedef struct hr_method_calibration {
  hr_calibration pooled, octiles[HR_SNR_OCTILES];
  hr_calibration *bins; /* [bin_count]; owned */
  hr_calibration_verdict verdict;
} hr_method_calibration;

typedef struct hr_calibrations {
  hr_method_calibration *methods; /* [method_count]; NULL: nobody has a sigma */
  size_t method_count;
  const hr_octiles *octiles; /* borrowed; NULL: no ratio is known */
  const double *snr;         /* borrowed, what they are of */
} hr_calibrations;
void hr_calibrations_fini(hr_calibrations *calibrations);

#endif
