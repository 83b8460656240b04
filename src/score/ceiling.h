/* The highest R² that any method could reach, from what is known of every row's variance.
 *
 * Posterior: no estimator has a smaller mean squared error than the posterior mean, whose
 * error is the mean posterior variance: R²_max(S) = 1 − Σ variance / Σ(y−ȳ_S)². It is a
 * bound where the rows of S are draws from the prior: those of a bin, or of all bins, for
 * the posterior that is told the bin; all test rows, and no part of them chosen by their
 * labels, for the one that is not. Fisher: the same sum of another variance
 * (score/fisher.h), an approximation.
 *
 * Each is held as a method that misses every row by the square root of its variance, so
 * that every sum, interval and paired difference of methods serves the ceilings too. */
#ifndef HR_SCORE_CEILING_H
#define HR_SCORE_CEILING_H

#include "score/results.h"

typedef enum hr_ceiling_kind {
  HR_CEILING_ROUTED, /* the posterior's, for who is told the bin of a row */
  HR_CEILING_GLOBAL, /* for who is not */
  HR_CEILING_FISHER_ROUTED,
  HR_CEILING_FISHER_GLOBAL,
  HR_CEILING_KINDS,
} hr_ceiling_kind;

typedef struct hr_ceiling {
  size_t expert; /* the outcome the posterior's comes from */
  bool has_posterior, has_fisher;
  double *prediction[HR_CEILING_KINDS]; /* [test rows] y + √variance, NaN: not known */
} hr_ceiling;

/* Takes the first outcome that knows its variance and is not from elsewhere, and the
 * input's Fisher bound; what there is none of is all NaN. To be followed by
 * hr_ceiling_fini, on failure too. */
hr_status hr_ceiling_init(hr_ceiling *ceiling, const hr_results_input *input,
                          hr_error *err) HR_MUST_CHECK;
void hr_ceiling_fini(hr_ceiling *ceiling);

#endif
