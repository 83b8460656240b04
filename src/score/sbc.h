/* Simulation-based calibration: where a posterior is right, the truth is anywhere among
 * its draws, so that its rank is uniform (Talts et al. 2018, "Validating Bayesian
 * inference algorithms with simulation-based calibration", arXiv:1804.06788). A hump in
 * the histogram of ranks: the posterior is too wide; a dip: too narrow; a slope: it is
 * off to one side. */
#ifndef HR_SCORE_SBC_H
#define HR_SCORE_SBC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HR_SBC_BINS = 16, HR_SBC_FEWEST_ROWS = 5 * HR_SBC_BINS };

/* Ranks that are less likely than this, were they uniform, are warned of. */
#define HR_SBC_THRESHOLD 0.01

/* Borrowed. */
typedef struct hr_sbc_input {
  const float *draws;     /* [row_count][draw_count] unit of the target */
  const size_t *rows;     /* [row_count] row numbers */
  const double *target;   /* [rows of the split] */
  const bool *is_missing; /* [rows of the split] rows that are left out; or NULL */
  size_t row_count, draw_count;
  uint64_t seed;
} hr_sbc_input;

typedef struct hr_sbc {
  size_t rows;
  size_t histogram[HR_SBC_BINS]; /* of the ranks, in bins of equal chance */
  double chi2;                   /* of the histogram against equal counts */
  double p; /* the chance of a larger one, HR_SBC_BINS - 1 degrees of freedom; NaN below
               HR_SBC_FEWEST_ROWS, where counts are too small for that */
} hr_sbc;

/* With b of L draws below the truth and t equal to it, a row stands at (b + (t + 1) u) /
 * (L + 1), u uniform and a function of (seed, row): uniform in (0, 1) for any L and any
 * ties, where plain ranks would not share out among the bins. */
hr_sbc hr_sbc_compute(const hr_sbc_input *input);

#endif
