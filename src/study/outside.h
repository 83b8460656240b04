/* What models from elsewhere (methods/outside/outside.h) say of the study's rows: their
 * files, joined to the rows (study/outside_file.h); or their networks, tried out. */
#ifndef HR_STUDY_OUTSIDE_H
#define HR_STUDY_OUTSIDE_H

#include "study/plan.h"

/* Fills plan->outside. Refuses files as hr_outside_file_read and
 * hr_outside_take_predictions do, and predictions that leave more than half of the test
 * rows in bins (of a model of bins, in its own) without one (HR_ERR_DATA); rows without a
 * prediction or a sigma, and lines of no row, are told as warnings. A network is refused
 * as hr_onnx_model_check says, where ONNX Runtime is there to try it. */
hr_status hr_outside_read(hr_plan *plan, const hr_observer *observer,
                          hr_error *err) HR_MUST_CHECK;
void hr_outside_fini(hr_plan *plan);

/* The print with that of all predictions and networks. */
uint64_t hr_outside_fingerprint(const hr_plan *plan, uint64_t print);

#endif
