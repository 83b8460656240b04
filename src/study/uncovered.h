/* Rows outside all bins: where they are nearly all, labels and edges are hardly in one
 * unit. */
#ifndef HR_STUDY_UNCOVERED_H
#define HR_STUDY_UNCOVERED_H

#include <jansson.h>

#include "study/plan.h"

/* Adds to plan->doubts, of either set of which nine rows in ten or more are in no bin,
 * along which axis the fewest are between the edges, from where to where its label goes
 * there and the edges. Rows are assigned. HR_ERR_MEMORY. */
hr_status hr_uncovered_check(hr_plan *plan, hr_error *err) HR_MUST_CHECK;

/* What results.json says of such training rows; NULL where it does not. Borrowed. */
const char *hr_uncovered_training(const json_t *results);

#endif
