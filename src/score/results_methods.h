/* The list of methods in results.json: what each is, so that nobody has to read it out of
 * a name. */
#ifndef HR_SCORE_RESULTS_METHODS_H
#define HR_SCORE_RESULTS_METHODS_H

#include "core/json.h"
#include "score/evaluation.h"

/* Puts `methods` into the root: every forecast, and the controls that the study has. */
void hr_results_write_methods(hr_json_builder *json, const hr_evaluation *evaluation,
                              json_t *root);

#endif
