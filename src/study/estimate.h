/* What a study takes, and what it does where that is more than it may have. */
#ifndef HR_STUDY_ESTIMATE_H
#define HR_STUDY_ESTIMATE_H

#include "study/plan.h"

/* What the study takes, the buffers of its streams included. */
void hr_plan_estimate(const hr_plan *plan, hr_cost *cost);

/* What is still to be taken where some experts are done: is_done [expert_count]. */
void hr_plan_estimate_rest(const hr_plan *plan, const bool *is_done, hr_cost *cost);

/* The seconds that so many operations take on this machine at least; 0: not known. Takes
 * a few tenths of a second to find out. */
double hr_plan_seconds(const hr_cost *cost);

/* Refuses a study that would need more than run.memory_mib: HR_ERR_MEMORY with the sizes.
 */
hr_status hr_plan_check_memory(const hr_plan *plan, hr_error *err) HR_MUST_CHECK;

/* The smallest run.memory_mib that the study fits, in MiB. */
int64_t hr_plan_smallest_budget(const hr_plan *plan);

/* Sets the least mode of low memory with which the study fits, and the turns of its
 * experts. HR_ERR_INTERNAL for more experts than a memory plan has room for. */
hr_status hr_plan_fit_memory(hr_plan *plan, hr_error *err) HR_MUST_CHECK;

#endif
