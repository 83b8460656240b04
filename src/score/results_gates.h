/* The gates in results.json: "gates", docs/formats.md. */
#ifndef HR_SCORE_RESULTS_GATES_H
#define HR_SCORE_RESULTS_GATES_H

#include "core/json.h"
#include "score/evaluation.h"

/* How well each gate tells the bins of covered test rows, and what is left of the gain
 * with it. HR_ERR_MEMORY. */
hr_status hr_results_write_gates(hr_json_builder *json, const hr_evaluation *evaluation,
                                 json_t *root, hr_error *err) HR_MUST_CHECK;

#endif
