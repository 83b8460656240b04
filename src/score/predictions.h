/* predictions.csv: the rows behind results.json, so that figures and audits need no
 * models. docs/formats.md, "Predictions". */
#ifndef HR_SCORE_PREDICTIONS_H
#define HR_SCORE_PREDICTIONS_H

#include "score/prediction_columns.h"

/* The file's name in the run directory. */
extern const char hr_predictions_name[];

/* Appends one line a test row: row, bin (empty where uncovered), snr, target, the
 * prediction of every listed method and of the controls, and the columns given. Numbers
 * read back the same. */
hr_status hr_predictions_format(const hr_evaluation *evaluation,
                                const hr_prediction_columns *columns, hr_text *out,
                                hr_error *err) HR_MUST_CHECK;

#endif
