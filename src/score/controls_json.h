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

/* A warning to input->observer where there is a leak. */
void hr_controls_warn(const hr_evaluation *evaluation);

#endif
