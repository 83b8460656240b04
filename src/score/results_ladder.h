/* The ladder in results.json: "ladder", docs/formats.md. */
#ifndef HR_SCORE_RESULTS_LADDER_H
#define HR_SCORE_RESULTS_LADDER_H

#include "core/json.h"
#include "score/evaluation.h"

/* null where nothing stands on any two rungs. */
void hr_results_write_ladder(hr_json_builder *json, const hr_evaluation *evaluation,
                             json_t *root);

#endif
