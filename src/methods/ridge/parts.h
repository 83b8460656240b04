/* Ridges of one study that several processes train, each some of the slots that it is
 * asked for (hr_study_view.wanted): what each leaves in the run directory, and how it is
 * taken back, by whom goes on or puts all together.
 *
 * A bin's model is kept with its fit. The model of all rows adds up the sums of the large
 * bins, in their order: each leaves its own in a file (gathered.h), and so does whoever
 * is asked for all rows with what is in no bin's sums. It is solved from these files by
 * the process that wants all slots, without another pass; the same bytes as of one. Where
 * no bin is large, whoever is asked for it trains it. */
#ifndef HR_METHODS_RIDGE_PARTS_H
#define HR_METHODS_RIDGE_PARTS_H

#include "methods/ridge/learner.h"

/* Whether some slots alone are asked for. */
bool hr_ridge_is_part(const hr_learner *learner);

/* Whether model m is trained by this learner. */
bool hr_ridge_is_trained_here(const hr_learner *learner, size_t m);

/* hr_method.resume and .is_trained. */
hr_status hr_ridge_models_resume(hr_learner *learner, const hr_fit *kept,
                                 const char *folder, hr_error *err) HR_MUST_CHECK;
bool hr_ridge_models_is_trained(const hr_learner *learner);

/* Of a part: before model m is trained; a fold of it, finished, when that is done with;
 * and behind its training, well or not. HR_ERR_IO, HR_ERR_MEMORY. */
hr_status hr_ridge_begin_leaving(hr_learner *learner, size_t m,
                                 hr_error *err) HR_MUST_CHECK;
hr_status hr_ridge_leave_fold(hr_learner *learner, size_t m, size_t f,
                              hr_error *err) HR_MUST_CHECK;
hr_status hr_ridge_leave_model(hr_learner *learner, size_t m,
                               hr_error *err) HR_MUST_CHECK;

/* Leaves what is gathered for the global model. */
hr_status hr_ridge_leave_global(hr_learner *learner, hr_error *err) HR_MUST_CHECK;

/* Puts model m, which was taken back, among those that are trained, and its sums to the
 * global ones. */
hr_status hr_ridge_give_back(hr_learner *learner, size_t m, hr_error *err) HR_MUST_CHECK;

/* The global sums, of no row yet, as they were left. */
hr_status hr_ridge_take_global(hr_learner *learner, hr_error *err) HR_MUST_CHECK;

#endif
