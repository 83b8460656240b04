/* What the networks of models from elsewhere predict and is no label; files of
 * predictions are looked at before (study/outside.h). */
#ifndef HR_SCORE_OUTSIDE_VALUES_H
#define HR_SCORE_OUTSIDE_VALUES_H

#include "score/results.h"

/* Adds warnings as hr_doubt_predictions does, where the training labels are known.
 * HR_ERR_MEMORY. */
hr_status hr_outside_values_doubt(const hr_results_input *input, hr_doubts *doubts,
                                  hr_error *err) HR_MUST_CHECK;

#endif
