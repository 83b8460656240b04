/* One element's part of a study: which tasks it has, and in element.json which of them it
 * has done. */
#ifndef HR_STUDY_PART_H
#define HR_STUDY_PART_H

#include "study/division.h"
#include "study/opened.h"

typedef struct hr_part {
  hr_share share;
  hr_element record; /* `dir` is borrowed from the opened study */
} hr_part;

/* The part of element options->element of options->element_count: the plan is given the
 * share, and the opened study goes into the element's folder. HR_ERR_USAGE for an element
 * that there is not; HR_ERR_MEMORY. To be followed by hr_part_fini, on failure too; lives
 * as long as the plan is used. */
hr_status hr_part_take(const hr_study_options *options, hr_opened_study *opened,
                       hr_part *out, hr_error *err) HR_MUST_CHECK;
void hr_part_fini(hr_part *part);

/* Whether the run directory has the results of this study already, and what its elements
 * would do is of no use any more. */
bool hr_part_is_merged(const hr_opened_study *opened);

/* Writes element.json: begun, or done with the tasks of all experts but those that are
 * absent [experts] on this machine. HR_ERR_IO, HR_ERR_MEMORY. */
hr_status hr_part_begin(hr_part *part, hr_error *err) HR_MUST_CHECK;
hr_status hr_part_end(hr_part *part, const hr_plan *plan, const bool *absent,
                      hr_error *err) HR_MUST_CHECK;

#endif
