/* The grid of bins in results.json. */
#ifndef HR_SCORE_RESULTS_BINNING_H
#define HR_SCORE_RESULTS_BINNING_H

#include "core/json.h"
#include "score/results.h"

/* Puts `binning` into `root`: null where the input has no axes. */
void hr_results_write_binning(hr_json_builder *json, const hr_results_input *input,
                              json_t *root);

#endif
