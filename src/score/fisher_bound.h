/* What the Fisher bound says of the test rows; score/fisher.h makes it. */
#ifndef HR_SCORE_FISHER_BOUND_H
#define HR_SCORE_FISHER_BOUND_H

#include <stddef.h>

typedef enum hr_fisher_prior {
  HR_FISHER_ROUTED, /* the labels of the training rows of the row's bin */
  HR_FISHER_GLOBAL, /* of all training rows */
  HR_FISHER_PRIORS,
} hr_fisher_prior;

typedef struct hr_fisher_bound {
  /* [test rows][HR_FISHER_PRIORS] in the target's unit squared, borrowed. NaN: the row's
   * labels are not known or beyond the grid, its bin has no training rows to tell a
   * prior, or (routed) it has no bin. */
  const double *variance;
  size_t rows_without; /* test rows whose labels are not known or beyond the grid */
  double misfit; /* how far the grid is from the clean test spectra: rms difference over
                    median flux, of the median row */
} hr_fisher_bound;

#endif
