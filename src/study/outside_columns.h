/* The columns of a file of a model from elsewhere, as numbers of the study's rows. */
#ifndef HR_STUDY_OUTSIDE_COLUMNS_H
#define HR_STUDY_OUTSIDE_COLUMNS_H

#include "study/outside_file.h"

/* The predictions of a target, out [rows of the split], NaN: none. HR_ERR_DATA where
 * there is no such column, or where it is the truth to the digits of fp32; HR_ERR_FORMAT
 * where a cell is no number; HR_ERR_MEMORY. */
hr_status hr_outside_take_predictions(hr_outside_file *file, size_t target, double *out,
                                      hr_error *err) HR_MUST_CHECK;

/* What the model says of its own uncertainty, out [rows] above 0, NaN: nothing, which is
 * what an empty cell and 0 say. HR_ERR_DATA where there is no such column, or a number
 * below 0 or past 1e15; else the same. */
hr_status hr_outside_take_sigma(hr_outside_file *file, size_t target, double *out,
                                hr_error *err) HR_MUST_CHECK;

#endif
