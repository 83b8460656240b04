/* The ceilings in results.json. */
#ifndef HR_SCORE_RESULTS_CEILING_H
#define HR_SCORE_RESULTS_CEILING_H

#include "core/json.h"
#include "score/evaluation.h"

/* Puts `ceiling` into `root`: null where neither the posterior's nor Fisher's is known.
 * Warns the input's observer of every method that is above the posterior's by more than
 * chance, over all bins or in one. */
void hr_results_write_ceiling(hr_json_builder *json, const hr_evaluation *evaluation,
                              json_t *root);

#endif
