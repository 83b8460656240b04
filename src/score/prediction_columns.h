/* The columns of a run's predictions.csv behind those of the methods: how far each
 * prediction is to be trusted, the labels of the bins, who the star is. results.json
 * lists them, so that a reader need not take names apart. */
#ifndef HR_SCORE_PREDICTION_COLUMNS_H
#define HR_SCORE_PREDICTION_COLUMNS_H

#include "score/evaluation.h"

typedef enum hr_column_kind {
  HR_COLUMN_SIGMA,  /* of the method `of` */
  HR_COLUMN_HALF68, /* half-width of its interval; of the headline alone */
  HR_COLUMN_HALF95,
  HR_COLUMN_MEASURED_SNR, /* what the sigma is taken at */
  HR_COLUMN_LABEL,        /* `of` the label */
  HR_COLUMN_ID,
  HR_COLUMN_KINDS,
} hr_column_kind;

/* In results.json: "sigma", "half68", "half95", "measured_snr", "label", "id". */
const char *hr_column_kind_name(hr_column_kind kind);

typedef struct hr_prediction_column {
  hr_column_kind kind;
  const char *of;          /* the method, or the label; NULL: of none */
  const double *values;    /* [test rows] borrowed */
  const int64_t *integers; /* in their place; or NULL */
} hr_prediction_column;

typedef struct hr_prediction_columns {
  hr_strings names;            /* [count] in the file; without commas and quotes */
  hr_prediction_column *items; /* [count] */
  size_t count;
} hr_prediction_columns;

/* To be followed by hr_prediction_columns_fini, on failure too. HR_ERR_MEMORY. */
hr_status hr_prediction_columns_init(hr_prediction_columns *columns,
                                     const hr_evaluation *evaluation,
                                     hr_error *err) HR_MUST_CHECK;
void hr_prediction_columns_fini(hr_prediction_columns *columns);

#endif
