/* From the solves of one Ridge to what leaves it: the alpha that is chosen of each
 * target, its sigma, and the model of all alphas. */
#ifndef HR_METHODS_RIDGE_CONCLUDE_H
#define HR_METHODS_RIDGE_CONCLUDE_H

#include "methods/ridge/learner.h"
#include "methods/ridge/widen.h"

/* R² of a target at alpha number a, over all folds at the study's own noise; NaN where a
 * system could not be solved, or nothing is there to explain. */
double hr_ridge_validated_r2(void *context, const hr_ridge_fit *fit, size_t target,
                             size_t a);

/* Fills the fit and makes the model of a target of model m. HR_ERR_MEMORY, HR_ERR_IO. */
hr_status hr_ridge_conclude(const hr_learner *learner, size_t m,
                            const hr_ridge_widening *widening, size_t target,
                            hr_error *err) HR_MUST_CHECK;

#endif
