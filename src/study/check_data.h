/* The data of a study are asked whether they agree with themselves, before it begins: a
 * look at some spectra of every file, all labels, and rows that are there twice. */
#ifndef HR_STUDY_CHECK_DATA_H
#define HR_STUDY_CHECK_DATA_H

#include "data/guard.h"
#include "study/plan.h"

/* With data.untrusted: reads all files in child processes with limits before this process
 * opens them (data/guard.h), tables of labels too. */
hr_status hr_study_vet_files(const hr_config *config, const hr_vet_options *options,
                             const hr_observer *observer, hr_error *err) HR_MUST_CHECK;

/* Labels alone: adds to plan->doubts what is far from all others. HR_ERR_DATA where the
 * target holds marks of missing values and data.allow does not name that. */
hr_status hr_plan_check_labels(hr_plan *plan, hr_error *err) HR_MUST_CHECK;

/* Fills plan->doubts; its labels are read, rows assigned, and how spectra are streamed is
 * known. HR_ERR_DATA with the first doubt that makes the study meaningless and that
 * data.allow does not name, or with a training row without a good pixel. Cost: reading
 * HR_LOOK_ROWS rows of either set. */
hr_status hr_plan_check_data(hr_plan *plan, hr_error *err) HR_MUST_CHECK;

/* Training rows that are far beyond all others, before all rows are read (a dry run reads
 * no more): adds to plan->doubts. Looks at all rows where the files have no more than
 * `most_bytes`, else at runs of up to 64 spread evenly over as many bytes; *looked_at of
 * them. Statuses as hr_stream_next. Cost: reading these. */
hr_status hr_plan_look_for_wild(hr_plan *plan, uint64_t most_bytes, size_t *looked_at,
                                hr_error *err) HR_MUST_CHECK;

/* After the passes over all rows: adds to plan->doubts, and tells the observer, what only
 * all rows can say: rows that are far beyond all others, test rows without a good pixel
 * or whose error is not that of their noise,
 * many bad pixels, flux that was clipped more often than the sample said. HR_ERR_MEMORY.
 */
hr_status hr_plan_check_rows(hr_plan *plan, const hr_preparation *train,
                             const hr_preparation *test, hr_error *err) HR_MUST_CHECK;

#endif
