/* The paired bootstrap over test rows: 95 % intervals of R2 and of differences of R2.
 *
 * Draw d takes N of the N test rows with replacement; its row number i is
 * hr_uniform_below(seed, HR_STREAM_BOOTSTRAP, d, i, N). All methods see the same draws,
 * so differences are paired. Intervals are the quantiles p and 1 - p of the draws in
 * which the statistic is defined, and undefined (NaN) where that is fewer than 95 % of
 * them (Efron & Tibshirani 1993, An Introduction to the Bootstrap, chapter 13). p is
 * 0.025 for many rows and less for few, hr_bootstrap_tail. */
#ifndef HR_SCORE_BOOTSTRAP_H
#define HR_SCORE_BOOTSTRAP_H

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

enum { HR_BOOTSTRAP_DRAWS = 2000 };

/* Borrowed for the call of hr_bootstrap_create. */
typedef struct hr_bootstrap_input {
  size_t rows;                      /* N, below 2^32 */
  const double *target;             /* [N] */
  const size_t *row_list;           /* [N] rows sorted by group */
  const size_t *group_start;        /* [group_count + 1] as in hr_row_groups */
  size_t group_count;               /* bins, and the uncovered rows as the last group */
  const double *const *predictions; /* [method_count][N]; NaN: no prediction */
  size_t method_count;
  size_t draws;
  uint64_t seed;
} hr_bootstrap_input;

typedef struct hr_bootstrap hr_bootstrap;

/* The share of draws left out at either end of a 95 % interval over n rows,
 *
 *   p = Phi(-sqrt(n / (n - 1)) t),  t = Student's t of n - 1 degrees of freedom, 0.975.
 *
 * Plain quantiles are too narrow for few rows, as intervals of +- 1.96 standard errors
 * with n in place of n - 1 are (Hesterberg 2015, "What teachers should know about the
 * bootstrap", The American Statistician 69, 371: the expanded percentile interval).
 * docs/numerics.md has the measured coverage. 0 for fewer than two rows. */
double hr_bootstrap_tail(double rows);

/* Groups first .. end-1, pooled. */
typedef struct hr_group_range {
  size_t first, end;
} hr_group_range;

typedef struct hr_interval {
  double low, high; /* NaN: undefined */
} hr_interval;

/* Draws on all threads; the result is the same for any number of them. Cost: draws * rows
 * * (1 + method_count) operations, draws * groups * (method_count + 3) * 8 bytes. */
hr_status hr_bootstrap_create(const hr_bootstrap_input *input, hr_bootstrap **out,
                              hr_error *err) HR_MUST_CHECK;
void hr_bootstrap_destroy(hr_bootstrap **bootstrap);

/* R2 of a method in one draw over the groups of `range`; NaN where undefined. */
double hr_bootstrap_draw_r2(const hr_bootstrap *bootstrap, size_t draw, size_t method,
                            hr_group_range range);

hr_interval hr_bootstrap_r2(hr_bootstrap *bootstrap, size_t method, hr_group_range range);

/* R2 of `method` minus R2 of `versus`. */
hr_interval hr_bootstrap_delta(hr_bootstrap *bootstrap, size_t method, size_t versus,
                               hr_group_range range);

/* The quantile `p` of that difference over the draws, where an interval's 0.025 is not
 * what is asked; NaN where there is no interval. */
double hr_bootstrap_delta_quantile(hr_bootstrap *bootstrap, size_t method, size_t versus,
                                   hr_group_range range, double p);

/* What share of R2 of `most` less R2 of `least` the method has: (R2 - R2 of least) / (R2
 * of most - R2 of least), draw by draw. */
hr_interval hr_bootstrap_share(hr_bootstrap *bootstrap, size_t method, size_t most,
                               size_t least, hr_group_range range);

/* The least of the differences in the groups listed; the smallest group tells n. */
hr_interval hr_bootstrap_least_delta(hr_bootstrap *bootstrap, size_t method,
                                     size_t versus, const size_t *groups, size_t count);

#endif
