/* How far a Ridge's predictions are to be trusted. */
#ifndef HR_METHODS_RIDGE_SIGMA_H
#define HR_METHODS_RIDGE_SIGMA_H

#include "methods/ridge/learner.h"

/* Sigma of model m, whose systems are solved, at alpha number a: from the rows that were
 * held for it, all zero where they have not come. HR_ERR_MEMORY, HR_ERR_IO. */
hr_status hr_ridge_learn_sigma(const hr_learner *learner, size_t m,
                               const hr_ridge_fit *fit, size_t a, hr_sigma *out,
                               hr_error *err) HR_MUST_CHECK;

#endif
