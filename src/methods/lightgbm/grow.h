/* One slot's trees: its dataset of 8-bit columns, whose values are LightGBM's histogram
 * bins, filled row by row, and the trees that are grown on it. */
#ifndef HR_METHODS_LIGHTGBM_GROW_H
#define HR_METHODS_LIGHTGBM_GROW_H

#include "methods/lightgbm/trees.h"

typedef struct hr_tree_slot {
  const hr_lightgbm_api *api;
  size_t pixels;
  size_t rows;        /* training rows that it waits for or has; 0: it trains nothing */
  size_t sample_rows; /* that the boundaries of the histogram bins are made from */
  float *sample;      /* [sample_rows][pixels]; freed with the boundaries made */
  size_t sampled;
  void *dataset; /* LightGBM's, pixels x rows bytes */
  size_t pushed;
  double cv_r2; /* of the validation, NaN where there was none */
  size_t validated_rows;
  double validation_seconds;
  double
      *residual; /* [rows] of the validation, NaN: not held out; NULL: there was none */
  int64_t grown; /* trees of the model */
} hr_tree_slot;

/* Of a slot's rows, [rows]; borrowed. The first `folds` folds are held out once each. */
typedef struct hr_slot_labels {
  const float *target;
  const uint8_t *fold;
  size_t folds;
} hr_slot_labels;

void hr_tree_slot_fini(hr_tree_slot *slot);

/* Frees the dataset, when all is grown. */
void hr_tree_slot_close(hr_tree_slot *slot);

/* Keeps one row of the sample. */
void hr_tree_slot_sample(hr_tree_slot *slot, const float *row);

/* Turns the sample into boundaries of histogram bins, and makes room for all rows. */
hr_status hr_tree_slot_open(hr_tree_slot *slot, const hr_grower *grower,
                            const hr_tree_size *size, hr_error *err) HR_MUST_CHECK;

/* The slot's next rows, [count][pixels]. */
hr_status hr_tree_slot_push(hr_tree_slot *slot, const float *rows, size_t count,
                            hr_error *err) HR_MUST_CHECK;

/* Tells the dataset the targets, [rows]. */
hr_status hr_tree_slot_label(hr_tree_slot *slot, const float *target,
                             hr_error *err) HR_MUST_CHECK;

/* Grows trees without each fold that is held out, and sets cv_r2 and what is beside it,
 * the residuals too. */
hr_status hr_tree_slot_validate(hr_tree_slot *slot, hr_grower *grower,
                                const hr_tree_size *size, hr_slot_labels labels,
                                hr_error *err) HR_MUST_CHECK;

/* Grows the model on all rows; *text, as LightGBM writes it, is freed with hr_free. */
hr_status hr_tree_slot_train(hr_tree_slot *slot, hr_grower *grower,
                             const hr_tree_size *size, char **text,
                             hr_error *err) HR_MUST_CHECK;

#endif
