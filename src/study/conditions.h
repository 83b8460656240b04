/* How the rows of a study are made ready, found out before anything else: which training
 * rows are left out, and what the others say of scale, pedestal, clipping, masks. */
#ifndef HR_STUDY_CONDITIONS_H
#define HR_STUDY_CONDITIONS_H

#include "config/config.h"
#include "data/doubts.h"

typedef struct hr_row_conditions {
  hr_conditioning rows; /* of training rows, test rows and rows to predict */
  hr_conditioning_sample sample;
  bool train_errors, test_errors; /* whether any of their rows has an error */
  size_t left_out;                /* training rows */
  char first_left_out[512];       /* the first of them, and why; "": none */
  char first_in_chinese[512];     /* the same */
} hr_row_conditions;

/* Learns from the training rows; where data.reject_outliers says so, after all of them
 * have been looked at and those that are no spectrum were left out of `train`. Statuses
 * as hr_stream_next and hr_dataset_leave_out; HR_ERR_INTERRUPTED. To be followed by
 * hr_conditions_fini, on failure too. */
hr_status hr_conditions_find(hr_row_conditions *conditions, const hr_config *config,
                             hr_dataset *train, const hr_dataset *test,
                             const hr_observer *observer, hr_error *err) HR_MUST_CHECK;
void hr_conditions_fini(hr_row_conditions *conditions);

/* Tells the observer the unit that was chosen, where it is not that of the files. */
void hr_conditions_tell(const hr_row_conditions *conditions, const hr_observer *observer);

/* What was decided and may not be meant: clipping, errors that nobody knows, rows that
 * are far brighter than others or left out. HR_ERR_MEMORY. */
hr_status hr_conditions_doubt(const hr_row_conditions *conditions,
                              const hr_config *config, const hr_dataset *train,
                              hr_doubts *doubts, hr_error *err) HR_MUST_CHECK;

#endif
