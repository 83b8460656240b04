/* How validation goes at other levels of the noise, written into results.json. */
#ifndef HR_SCORE_RESULTS_LEVELS_H
#define HR_SCORE_RESULTS_LEVELS_H

#include "core/json.h"
#include "score/results.h"

/* Puts `noise_levels` into the root: of the first expert that was asked for them, null
 * without one. */
void hr_results_write_levels(hr_json_builder *json, const hr_results_input *input,
                             json_t *root);

#endif
