/* How far a prediction is to be trusted: one sigma, and the half-widths of the 68 % and
 * the 95 % interval, by the signal-to-noise ratio of the spectrum.
 *
 * Learnt for each slot from predictions of training rows by models that have not seen
 * them (validation). Residuals are no Gaussian where the noise is large: a label that is
 * uniform in its bin leaves a uniform residual. So the half-widths are learnt beside
 * sigma, as quantiles of |residual|: each is a smooth curve of the ratio, times the order
 * statistic that makes it hold for all rows (split conformal prediction; Lei et al. 2018,
 * "Distribution-Free Predictive Inference for Regression", JASA 113, 1094), and a
 * prediction is within them as often as they say. */
#ifndef HR_MODELS_SIGMA_H
#define HR_MODELS_SIGMA_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

enum { HR_SIGMA_MOST_CLASSES = 16 };

/* Shares of a Gaussian within one and two sigma, which half68 and half95 hold. */
#define HR_SIGMA_SHARE68 0.6827
#define HR_SIGMA_SHARE95 0.9545

/* At one signal-to-noise ratio. In the unit of the target, or with `scales_own` times the
 * model's own sigma (then `sigma` is 1). */
typedef struct hr_sigma_class {
  double snr; /* above 0; NaN in the class of all rows */
  double sigma;
  double half68, half95; /* half-widths that hold 68.27 % and 95.45 % of the rows */
} hr_sigma_class;

/* A value: it is copied as it is. All zero: nothing is known. */
typedef struct hr_sigma {
  size_t rows;        /* validation rows that it was learnt from; 0: nothing is known */
  bool scales_own;    /* sigma is the model's own, the root of its variance */
  hr_sigma_class all; /* of all rows: for spectra whose ratio is not known */
  size_t class_count; /* the curves at so many ratios; 0: `all` alone */
  hr_sigma_class classes[HR_SIGMA_MOST_CLASSES]; /* by ascending snr */
} hr_sigma;

/* Validation predictions of rows of one slot; borrowed. */
typedef struct hr_sigma_rows {
  size_t count;
  const double
      *residual;     /* [count] truth less prediction; those not finite are left out */
  const double *snr; /* [count] NaN: not known; those rows count in `all` alone */
  const double *variance; /* [count] the model's own, unit squared; NULL: it has none */
} hr_sigma_rows;

/* What is said of one prediction; NaN: not known. */
typedef struct hr_spread {
  double sigma, half68, half95; /* in the unit of the target */
} hr_spread;

/* Learns from the rows; *out is all zero where fewer than HR_SIGMA_FEWEST_ROWS can be
 * used. HR_ERR_MEMORY. */
enum { HR_SIGMA_FEWEST_ROWS = 20 };
hr_status hr_sigma_learn(const hr_sigma_rows *rows, hr_sigma *out,
                         hr_error *err) HR_MUST_CHECK;

/* Linear in log snr between the classes, constant beyond; of ratios at or
 * below 0 as of the lowest. `variance`: the model's own, NaN where it has none. Where
 * nothing was learnt sigma is the model's own, and the half-widths are NaN. */
hr_spread hr_sigma_at(const hr_sigma *sigma, double snr, double variance);

/* The same of a prediction, which is a number of fp32: no less than its rounding allows,
 * a sigma of |mean| 2^-24 / sqrt 3 and half-widths of |mean| 2^-24. It is felt where
 * residuals are nothing but rounding, as of a bin whose rows have one label. */
hr_spread hr_sigma_of_prediction(const hr_sigma *sigma, double snr, double mean,
                                 double variance);

#endif
