/* How far a Ridge's predictions are to be trusted. */
#ifndef HR_METHODS_RIDGE_SIGMA_H
#define HR_METHODS_RIDGE_SIGMA_H

#include "methods/ridge/learner.h"

/* Of which target, and at which alpha, by their numbers. */
typedef struct hr_ridge_choice {
  size_t target, alpha;
} hr_ridge_choice;

/* Sigma of model m, whose systems are solved, for the choice: from the rows that were
 * held for it, all zero where they have not come. HR_ERR_MEMORY, HR_ERR_IO. */
hr_status hr_ridge_learn_sigma(const hr_learner *learner, size_t m,
                               const hr_ridge_fit *fit, const hr_ridge_choice *choice,
                               hr_sigma *out, hr_error *err) HR_MUST_CHECK;

#endif
