/* The model on top: Ridge or LightGBM on the standardised inputs, trained, validated and
 * given its sigma as a study of one bin whose spectra are the inputs. */
#ifndef HR_METHODS_LINE_INDEX_TOP_H
#define HR_METHODS_LINE_INDEX_TOP_H

#include "methods/line_index/line_index.h"

/* Rows with what is known of them; borrowed. */
typedef struct hr_line_top_rows {
  size_t count, inputs;
  const float *z;      /* [count][inputs] */
  const double *y;     /* [count] */
  const uint8_t *fold; /* [count] of the study's */
  const double *snr;   /* [count] */
} hr_line_top_rows;

/* Trains on them: out->fit of slot 0, its validation rows numbered as these are, and
 * where it is HR_FIT_OK the model. HR_ERR_MISSING where there is no LightGBM to be had.
 */
hr_status hr_line_top_train(const hr_study_view *study,
                            const hr_line_index_parameters *parameters,
                            const hr_line_top_rows *rows, hr_trained *out,
                            hr_error *err) HR_MUST_CHECK;

/* HR_ERR_CONFIG where the learner is not to be had on this machine. */
hr_status hr_line_top_check(const hr_line_index_parameters *parameters,
                            hr_error *err) HR_MUST_CHECK;

#endif
