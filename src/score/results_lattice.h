/* Scores on nodes and off them in results.json. */
#ifndef HR_SCORE_RESULTS_LATTICE_H
#define HR_SCORE_RESULTS_LATTICE_H

#include "core/json.h"
#include "score/evaluation.h"

/* Puts `lattice` into `root`: null where the training rows' target lies on no lattice. */
void hr_results_write_lattice(hr_json_builder *json, const hr_evaluation *evaluation,
                              json_t *root);

#endif
