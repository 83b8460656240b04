/* Experts whose best setting was the last of those that were tried, so that one outside
 * may be better: what wins against them has won against less than there is. */
#ifndef HR_SCORE_UNDERTUNED_H
#define HR_SCORE_UNDERTUNED_H

#include "core/json.h"
#include "score/results.h"

/* Whether a slot of the expert stands at an end of its settings. */
bool hr_undertuned_has(const hr_outcome *outcome);

/* Puts `undertuned` into the root, slot by slot; nothing where there is none. */
void hr_undertuned_write(hr_json_builder *json, const hr_results_input *input,
                         json_t *root);

/* Adds a warning of every expert that has one. HR_ERR_MEMORY. */
hr_status hr_undertuned_doubt(const hr_results_input *input, hr_doubts *doubts,
                              hr_error *err) HR_MUST_CHECK;

#endif
