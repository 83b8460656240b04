/* What predictions that were made elsewhere give to doubt: marks for missing values,
 * another unit than the label's, and the truth itself, rounded. */
#ifndef HR_DATA_PREDICTION_DOUBTS_H
#define HR_DATA_PREDICTION_DOUBTS_H

#include "data/doubts.h"

/* Borrowed. */
typedef struct hr_predicted {
  const char *expert, *target; /* names */
  const char *source;          /* the file that says so */
  bool is_network;             /* the file makes them, and is no table */
  const double *values;        /* [rows] in the label's unit, NaN: none */
  size_t rows;
  const double *labels; /* [label_rows] of training rows */
  size_t label_rows;
  const double *truth; /* [rows] */
} hr_predicted;

/* Adds a warning for each value that stands for a missing one, as hr_find_far_values
 * finds them: a mark outside the labels' range, or a value in several rows beyond it by
 * more than its width. One more where more than half of all others are beyond it so far:
 * they have another unit. Another where all of ten or more are the truth to within a
 * five hundredth of its range, which nobody predicts in every row. HR_ERR_MEMORY. */
hr_status hr_doubt_predictions(const hr_predicted *in, hr_doubts *doubts,
                               hr_error *err) HR_MUST_CHECK;

#endif
