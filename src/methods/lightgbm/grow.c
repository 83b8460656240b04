/* A slot's validation by folds, and its trees. */
#include "methods/lightgbm/grow.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/clock.h"

static void free_dataset(const hr_lightgbm_api *api, void **dataset) {
  if (*dataset) api->dataset_free(*dataset);
  *dataset = NULL;
}

static void free_booster(const hr_lightgbm_api *api, void **booster) {
  if (*booster) api->booster_free(*booster);
  *booster = NULL;
}

/* The rows of the slot in `fold` (or all others), and LightGBM's dataset of them. */
static hr_status take_rows(const hr_tree_slot *slot, const uint8_t *fold, uint8_t which,
                           bool inside, void **subset, hr_error *err) {
  hr_status status = HR_OK;
  int32_t *rows = NULL, count = 0;
  HR_TRY(hr_alloc(&rows, slot->rows, err));
  for (size_t i = 0; i < slot->rows; i++) {
    if ((fold[i] == which) == inside) rows[count++] = (int32_t)i;
  }
  int code = slot->api->dataset_get_subset(slot->dataset, rows, count, "", subset);
  HR_TRY(hr_grower_check(slot->api, code, err));
cleanup:
  hr_free(rows);
  return status;
}

/* What validation adds up: the residuals' squares, and the targets' about their mean. */
typedef struct validation {
  double squared_error, sum, sum_of_squares; /* of target less the slot's mean */
  size_t rows;
} validation;

/* The fold that is held out; borrowed. */
typedef struct held_out {
  const hr_slot_labels *labels;
  uint8_t fold;
} held_out;

static void add_fold(hr_tree_slot *slot, held_out out, const double *predicted,
                     validation *v) {
  const hr_slot_labels *labels = out.labels;
  double mean = 0;
  for (size_t i = 0; i < slot->rows; i++) mean += (double)labels->target[i];
  mean /= (double)slot->rows;
  for (size_t i = 0, at = 0; i < slot->rows; i++) {
    if (labels->fold[i] != out.fold) continue;
    double y = (double)labels->target[i], residual = y - predicted[at++];
    slot->residual[i] = residual;
    v->squared_error += residual * residual;
    v->sum += y - mean;
    v->sum_of_squares += (y - mean) * (y - mean);
    v->rows++;
  }
}

/* Trains on the rows outside the fold and predicts those inside. LightGBM follows the
 * predictions of a validation set in its 8-bit columns, so no spectrum is needed. */
static hr_status validate_fold(hr_tree_slot *slot, hr_grower *grower,
                               const hr_tree_size *size, held_out out, validation *v,
                               hr_error *err) {
  hr_status status = HR_OK;
  void *train = NULL, *valid = NULL, *booster = NULL;
  double *predicted = NULL;
  int64_t count = 0, grown = 0;
  HR_TRY(hr_alloc(&predicted, slot->rows, err));
  HR_TRY(take_rows(slot, out.labels->fold, out.fold, false, &train, err));
  HR_TRY(take_rows(slot, out.labels->fold, out.fold, true, &valid, err));
  HR_TRY(
      hr_grower_grow(grower, size, (hr_tree_data){train, valid}, &booster, &grown, err));
  HR_TRY(hr_grower_check(
      slot->api, slot->api->booster_get_predict(booster, 1, &count, predicted), err));
  add_fold(slot, out, predicted, v);
cleanup:
  free_booster(slot->api, &booster);
  free_dataset(slot->api, &train);
  free_dataset(slot->api, &valid);
  hr_free(predicted);
  return status;
}

static size_t count_fold(const hr_tree_slot *slot, const uint8_t *fold, uint8_t which) {
  size_t count = 0;
  for (size_t i = 0; i < slot->rows; i++) count += fold[i] == which;
  return count;
}

hr_status hr_tree_slot_validate(hr_tree_slot *slot, hr_grower *grower,
                                const hr_tree_size *size, hr_slot_labels labels,
                                hr_error *err) {
  hr_status status = HR_OK;
  double start = hr_clock_seconds();
  validation v = {0};
  hr_free(slot->residual); /* of larger trees, which found no memory */
  slot->residual = NULL;
  HR_TRY(hr_alloc(&slot->residual, slot->rows, err));
  for (size_t i = 0; i < slot->rows; i++) slot->residual[i] = (double)NAN;
  for (uint8_t f = 0; f < labels.folds; f++) {
    size_t rows = count_fold(slot, labels.fold, f);
    if (rows == 0 || rows == slot->rows) continue;
    HR_TRY(validate_fold(slot, grower, size, (held_out){&labels, f}, &v, err));
  }
  double total = v.rows > 0 ? v.sum_of_squares - v.sum * v.sum / (double)v.rows : 0;
  slot->cv_r2 = total > 0 ? 1 - v.squared_error / total : (double)NAN;
  slot->validated_rows = v.rows;
  slot->validation_seconds = hr_clock_seconds() - start;
cleanup:
  return status;
}

static hr_status write_text(const hr_lightgbm_api *api, void *booster, char **text,
                            hr_error *err) {
  hr_status status = HR_OK;
  int64_t length = 0;
  char probe = '\0', *made = NULL;
  HR_TRY(hr_grower_check(
      api,
      api->booster_save_model_to_string(booster, 0, -1, HR_LGBM_IMPORTANCE_GAIN,
                                        sizeof probe, &length, &probe),
      err));
  HR_TRY(hr_alloc(&made, (size_t)length + 1, err));
  HR_TRY(
      hr_grower_check(api,
                      api->booster_save_model_to_string(
                          booster, 0, -1, HR_LGBM_IMPORTANCE_GAIN, length, &length, made),
                      err));
  *text = made;
  made = NULL;
cleanup:
  hr_free(made);
  return status;
}

hr_status hr_tree_slot_label(hr_tree_slot *slot, const float *target, hr_error *err) {
  int code = slot->api->dataset_set_field(slot->dataset, "label", target, (int)slot->rows,
                                          HR_LGBM_FLOAT32);
  return hr_grower_check(slot->api, code, err);
}

hr_status hr_tree_slot_train(hr_tree_slot *slot, hr_grower *grower,
                             const hr_tree_size *size, char **text, hr_error *err) {
  hr_status status = HR_OK;
  void *booster = NULL;
  HR_TRY(hr_grower_grow(grower, size, (hr_tree_data){slot->dataset, NULL}, &booster,
                        &slot->grown, err));
  HR_TRY(write_text(slot->api, booster, text, err));
cleanup:
  free_booster(slot->api, &booster);
  return status;
}
