/* Writing the controls into results.json, and telling what they warn of. */
#ifndef HR_SCORE_CONTROLS_JSON_H
#define HR_SCORE_CONTROLS_JSON_H

#include "core/json.h"
#include "score/evaluation.h"

/* Adds "controls" to the results (docs/formats.md, "Controls"). */
void hr_controls_write(const hr_evaluation *evaluation, hr_json_builder *json,
                       json_t *root);

/* Whether the error alone predicts the label: the whole interval of its R² is above
 * HR_LEAKAGE_THRESHOLD. */
bool hr_controls_leak(const hr_evaluation *evaluation);

/* Adds a warning where there is a leak. HR_ERR_MEMORY. */
hr_status hr_controls_doubt(const hr_evaluation *evaluation, hr_doubts *doubts,
                            hr_error *err) HR_MUST_CHECK;

#endif
