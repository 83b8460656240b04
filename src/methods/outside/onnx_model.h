/* A network that was trained elsewhere, as a model of all rows: it is run on the noisy
 * spectra as the files have them, in their unit of flux. */
#ifndef HR_METHODS_OUTSIDE_ONNX_MODEL_H
#define HR_METHODS_OUTSIDE_ONNX_MODEL_H

#include "methods/method.h"
#include "methods/outside/outside.h"

/* Refuses a model that cannot be loaded, or does not fit the study, and a scale that does
 * not fit its targets; the sentence does not begin with the key, which is *key. Statuses
 * as hr_onnx_session_open. */
hr_status hr_onnx_model_check(const hr_study_view *study,
                              const hr_outside_parameters *parameters, const char **key,
                              hr_error *err) HR_MUST_CHECK;

/* The models of the study's targets, out [T], or, where the model is for some bins,
 * [T][bin_count] of which the other bins' stay NULL; they share one session. To predict
 * fails (HR_ERR_NUMERIC) where more than half of study->outside->asked have no finite
 * prediction, over all calls; the test rows are to be asked for once. HR_ERR_DATA where
 * the file is not the one that study->outside->print is of; else as above. */
hr_status hr_onnx_models_create(const hr_study_view *study,
                                const hr_outside_parameters *parameters, hr_model **out,
                                hr_error *err) HR_MUST_CHECK;

#endif
