/* One slot's trees: validation by folds and the model, grown on its columns. */
#ifndef HR_METHODS_LIGHTGBM_GROW_H
#define HR_METHODS_LIGHTGBM_GROW_H

#include "methods/lightgbm/columns.h"

/* Of a slot's rows, [rows]; borrowed. The first `folds` folds are held out once each. */
typedef struct hr_slot_labels {
  const float *target;
  const uint8_t *fold;
  size_t folds;
} hr_slot_labels;

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
