/* Calibration, and the ranks of the truth among draws, in results.json. */
#ifndef HR_SCORE_RESULTS_CALIBRATION_H
#define HR_SCORE_RESULTS_CALIBRATION_H

#include "core/json.h"
#include "score/evaluation.h"

/* Puts `calibration` and `sbc` into `root`, each null where nothing is known of it. */
void hr_results_write_calibration(hr_json_builder *json, const hr_evaluation *evaluation,
                                  json_t *root);

/* Adds warnings of what is off. HR_ERR_MEMORY. */
hr_status hr_calibration_doubt(const hr_evaluation *evaluation, hr_doubts *doubts,
                               hr_error *err) HR_MUST_CHECK;

#endif
