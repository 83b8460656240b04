/* Test rows of which some model that was to predict them gives no number: not finite, or
 * none at all. Such a row is left out of every score, of all methods alike, so that both
 * arms of each comparison and every ceiling are over the same rows; it is named and
 * counted. */
#ifndef HR_SCORE_MISSING_H
#define HR_SCORE_MISSING_H

#include "core/json.h"
#include "score/results.h"

typedef struct hr_missing {
  bool *is_missing; /* [rows] */
  size_t rows, count;
} hr_missing;

/* To be followed by hr_missing_fini, on failure too. HR_ERR_MEMORY. */
hr_status hr_missing_init(hr_missing *missing, const hr_results_input *input,
                          hr_error *err) HR_MUST_CHECK;
void hr_missing_fini(hr_missing *missing);

/* Puts `missing` into the root; nothing where no row is. */
void hr_missing_write(const hr_missing *missing, const hr_results_input *input,
                      hr_json_builder *json, json_t *root);

/* Adds a warning where there are any. HR_ERR_MEMORY. */
hr_status hr_missing_doubt(const hr_missing *missing, const hr_results_input *input,
                           hr_doubts *doubts, hr_error *err) HR_MUST_CHECK;

#endif
