/* Methods most of whose squared error is that of a single test row: their R² tells of
 * that row, a cosmic ray or a wrong label perhaps, and not of the method. The numbers
 * stay as they are; it is told, with R² without the row. */
#ifndef HR_SCORE_DOMINANT_H
#define HR_SCORE_DOMINANT_H

#include "core/json.h"
#include "score/evaluation.h"

/* Whether one covered row makes most of the squared error of method number m. */
bool hr_dominant_has(const hr_evaluation *evaluation, size_t m);

/* Puts `dominated` into the root, one entry a listed method; nothing where there is
 * none. HR_ERR_MEMORY. */
hr_status hr_dominant_write(const hr_evaluation *evaluation, hr_json_builder *json,
                            json_t *root, hr_error *err) HR_MUST_CHECK;

/* Adds a warning of every such method. HR_ERR_MEMORY. */
hr_status hr_dominant_doubt(const hr_evaluation *evaluation, hr_doubts *doubts,
                            hr_error *err) HR_MUST_CHECK;

#endif
