/* The highest R² that any method could reach, as the posterior has it.
 *
 * No estimator has a smaller mean squared error than the posterior mean, whose error is
 * the mean posterior variance: R²_max(S) = 1 − Σ variance / Σ(y−ȳ_S)². Held as a method
 * that misses every row by its posterior standard deviation, so that every sum, interval
 * and paired difference of methods serves the ceiling too. */
#ifndef HR_SCORE_CEILING_H
#define HR_SCORE_CEILING_H

#include "score/results.h"

typedef enum hr_ceiling_kind {
  HR_CEILING_ROUTED, /* for who is told the bin of a row */
  HR_CEILING_GLOBAL, /* for who is not */
  HR_CEILING_KINDS,
} hr_ceiling_kind;

typedef struct hr_ceiling {
  size_t expert;                        /* the outcome it comes from */
  double *prediction[HR_CEILING_KINDS]; /* [test rows] y + √variance, NaN: not known */
} hr_ceiling;

/* Takes the first outcome that knows its variance; without one, all NaN, and `expert` is
 * the number of outcomes. To be followed by hr_ceiling_fini, on failure too. */
hr_status hr_ceiling_init(hr_ceiling *ceiling, const hr_results_input *input,
                          hr_error *err) HR_MUST_CHECK;
void hr_ceiling_fini(hr_ceiling *ceiling);

#endif
