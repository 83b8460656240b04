/* How far a Ridge's predictions are to be trusted. */
#ifndef HR_METHODS_RIDGE_SIGMA_H
#define HR_METHODS_RIDGE_SIGMA_H

#include "methods/ridge/learner.h"

/* Of which target, and at which alpha, by their numbers. */
typedef struct hr_ridge_choice {
  size_t target, alpha;
} hr_ridge_choice;

/* Tells the fit of model m, whose systems are solved, sigma for the choice: from the rows
 * that were held for it, all zero where they have not come; and, where the study keeps
 * them, what they were predicted: by the model of all other rows where K is there, else
 * by that without their fold. HR_ERR_MEMORY, HR_ERR_IO. */
hr_status hr_ridge_learn_sigma(const hr_learner *learner, size_t m,
                               const hr_ridge_fit *fit, const hr_ridge_choice *choice,
                               hr_fit *out, hr_error *err) HR_MUST_CHECK;

#endif
