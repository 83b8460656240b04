/* One bin's model: its dataset of 8-bit columns, filled row by row, and its trees. */
#ifndef HR_METHODS_LIGHTGBM_GROW_H
#define HR_METHODS_LIGHTGBM_GROW_H

#include "methods/lightgbm/trees.h"

typedef struct hr_tree_slot {
  const hr_lightgbm_api *api;
  size_t pixels;
  size_t rows;        /* training rows of the bin; 0: the bin has no model */
  size_t sample_rows; /* that the bin boundaries are made from */
  float *sample;      /* [sample_rows][pixels]; freed with the boundaries made */
  size_t sampled;
  void *dataset; /* LightGBM's, pixels x rows bytes; freed when trained */
  size_t pushed;
  char *text; /* the model as LightGBM writes it; NULL before it is trained */
  void *booster;
  double cv_r2;
  size_t validated_rows;
  double validation_seconds;
  int64_t grown; /* trees */
} hr_tree_slot;

void hr_tree_slot_fini(hr_tree_slot *bin);

/* Keeps one row of the sample. */
void hr_tree_slot_sample(hr_tree_slot *bin, const float *row);

/* Turns the sample into bin boundaries, and makes room for all rows. */
hr_status hr_tree_slot_open(hr_tree_slot *bin, const hr_grower *grower,
                            const hr_tree_size *size, hr_error *err) HR_MUST_CHECK;

/* The bin's next rows, [count][pixels]. */
hr_status hr_tree_slot_push(hr_tree_slot *bin, const float *rows, size_t count,
                            hr_error *err) HR_MUST_CHECK;

/* Validates on the first `folds` folds, each held out once, then trains on all rows.
 * target, fold: [rows] of the bin. */
hr_status hr_tree_slot_train(hr_tree_slot *bin, hr_grower *grower,
                             const hr_tree_size *size, const float *target,
                             const uint8_t *fold, size_t folds,
                             hr_error *err) HR_MUST_CHECK;

/* Instead of all of the above: takes over the text of a model that was trained before, as
 * LightGBM wrote it (*text is then NULL). On failure nothing changes. */
hr_status hr_tree_slot_restore_take(hr_tree_slot *bin, char **text,
                                    hr_error *err) HR_MUST_CHECK;

/* out: [count]. */
hr_status hr_tree_slot_predict(const hr_tree_slot *bin, const float *rows, size_t count,
                               double *out, hr_error *err) HR_MUST_CHECK;

#endif
