/* What models from elsewhere (methods/outside/outside.h) say of the test rows: their
 * files, joined to the rows; or their networks, tried out. */
#ifndef HR_STUDY_OUTSIDE_H
#define HR_STUDY_OUTSIDE_H

#include "study/plan.h"

/* Fills plan->outside and plan->outside_print. A star that the file has twice, a test
 * row that two lines claim, a file of which no line is a test row, or that has another
 * number of lines where lines are rows, or that leaves more than half of the rows in bins
 * without a prediction, is refused (HR_ERR_DATA), as is a cell that is no number
 * (HR_ERR_FORMAT); rows without a prediction, and lines of no test row, are
 * told as warnings. A network is refused as hr_onnx_model_check says, where ONNX Runtime
 * is there to try it. */
hr_status hr_outside_read(hr_plan *plan, const hr_observer *observer,
                          hr_error *err) HR_MUST_CHECK;
void hr_outside_fini(hr_plan *plan);

/* The print with that of all predictions and networks. */
uint64_t hr_outside_fingerprint(const hr_plan *plan, uint64_t print);

#endif
