/* What is done where memory is short: rows wait on disk until their model's turn, and its
 * sums are made from them then, of all folds or of one at a time. The same sums, to the
 * bit. */
#ifndef HR_METHODS_RIDGE_LOW_MEMORY_H
#define HR_METHODS_RIDGE_LOW_MEMORY_H

#include "methods/ridge/learner.h"

/* The sums of model m, which kept its rows until now. HR_ERR_IO, HR_ERR_MEMORY. */
hr_status hr_ridge_gather_rows(hr_learner *learner, size_t m,
                               hr_error *err) HR_MUST_CHECK;

/* The sums of fold f alone; model m has the list of folds. */
hr_status hr_ridge_make_fold(hr_learner *learner, size_t m, size_t f,
                             hr_error *err) HR_MUST_CHECK;

/* The sums of all rows of bin m into `total`, fold by fold, each of which goes to the
 * global model as well. */
hr_status hr_ridge_sum_folds_in_turn(hr_learner *learner, size_t m, hr_scatter *total,
                                     hr_error *err) HR_MUST_CHECK;

/* The rows of a bin that found no memory for its sums, to the global ones, but for those
 * of the folds that have been handed over. */
hr_status hr_ridge_replay_to_global(hr_learner *learner, size_t m,
                                    hr_error *err) HR_MUST_CHECK;

#endif
