/* Where validation chose a model from elsewhere, `headroom predict` and the gates have
 * another one. */
#ifndef HR_STUDY_ELSEWHERE_H
#define HR_STUDY_ELSEWHERE_H

#include "choice/outcome.h"
#include "study/plan.h"

/* Tells, as a warning for each model from elsewhere that a target's hybrid takes, in
 * which bins; the bundle cannot hold it. outcomes: [T][experts of the configuration], the
 * controls last. HR_ERR_MEMORY. */
hr_status hr_study_tell_elsewhere(const hr_plan *plan, const hr_outcome *outcomes,
                                  hr_error *err) HR_MUST_CHECK;

#endif
