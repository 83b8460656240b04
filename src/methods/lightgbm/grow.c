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

void hr_tree_slot_fini(hr_tree_slot *bin) {
  hr_free(bin->sample);
  hr_free(bin->text);
  free_booster(bin->api, &bin->booster);
  free_dataset(bin->api, &bin->dataset);
  *bin = (hr_tree_slot){0};
}

void hr_tree_slot_sample(hr_tree_slot *bin, const float *row) {
  if (bin->sampled >= bin->sample_rows) return;
  memcpy(bin->sample + bin->sampled++ * bin->pixels, row, bin->pixels * sizeof *row);
}

/* A sample by columns, without the values that LightGBM counts as zero (kZeroThreshold):
 * it takes what is missing for zeros. */
typedef struct columns {
  double *values;       /* [P][rows] */
  int *rows;            /* [P][rows] */
  double **value_start; /* [P] */
  int **row_start;      /* [P] */
  int *count;           /* [P] */
} columns;

static hr_status make_columns(const hr_tree_slot *bin, columns *c, hr_error *err) {
  static const double zero_threshold = 1e-35;
  hr_status status = HR_OK;
  size_t pixels = bin->pixels, rows = bin->sampled;
  HR_TRY(hr_alloc(&c->values, pixels * rows, err));
  HR_TRY(hr_alloc(&c->rows, pixels * rows, err));
  HR_TRY(hr_alloc(&c->value_start, pixels, err));
  HR_TRY(hr_alloc(&c->row_start, pixels, err));
  HR_TRY(hr_alloc(&c->count, pixels, err));
  for (size_t p = 0; p < pixels; p++) {
    c->value_start[p] = c->values + p * rows;
    c->row_start[p] = c->rows + p * rows;
  }
  for (size_t i = 0; i < rows; i++) {
    for (size_t p = 0; p < pixels; p++) {
      double value = (double)bin->sample[i * pixels + p];
      if (!(fabs(value) > zero_threshold)) continue;
      c->value_start[p][c->count[p]] = value;
      c->row_start[p][c->count[p]++] = (int)i;
    }
  }
cleanup:
  return status;
}

static void free_columns(columns *c) {
  hr_free(c->values);
  hr_free(c->rows);
  hr_free(c->value_start);
  hr_free(c->row_start);
  hr_free(c->count);
}

hr_status hr_tree_slot_open(hr_tree_slot *bin, const hr_grower *grower,
                            const hr_tree_size *size, hr_error *err) {
  hr_status status = HR_OK;
  columns c = {0};
  hr_text text;
  hr_text_init(&text);
  HR_TRY(hr_grower_describe(grower, size, &text, err));
  HR_TRY(make_columns(bin, &c, err));
  int code = bin->api->dataset_create_from_sampled_column(
      c.value_start, c.row_start, (int32_t)bin->pixels, c.count, (int32_t)bin->sampled,
      (int32_t)bin->rows, (int64_t)bin->rows, text.bytes, &bin->dataset);
  HR_TRY(hr_grower_check(bin->api, code, err));
cleanup:
  hr_free(bin->sample);
  bin->sample = NULL;
  free_columns(&c);
  hr_text_fini(&text);
  return status;
}

hr_status hr_tree_slot_push(hr_tree_slot *bin, const float *rows, size_t count,
                            hr_error *err) {
  int code =
      bin->api->dataset_push_rows(bin->dataset, rows, HR_LGBM_FLOAT32, (int32_t)count,
                                  (int32_t)bin->pixels, (int32_t)bin->pushed);
  bin->pushed += count;
  return hr_grower_check(bin->api, code, err);
}

/* The rows of the bin in `fold` (or all others), and LightGBM's dataset of them. */
static hr_status take_rows(const hr_tree_slot *bin, const uint8_t *fold, uint8_t which,
                           bool inside, void **subset, hr_error *err) {
  hr_status status = HR_OK;
  int32_t *rows = NULL, count = 0;
  HR_TRY(hr_alloc(&rows, bin->rows, err));
  for (size_t i = 0; i < bin->rows; i++) {
    if ((fold[i] == which) == inside) rows[count++] = (int32_t)i;
  }
  int code = bin->api->dataset_get_subset(bin->dataset, rows, count, "", subset);
  HR_TRY(hr_grower_check(bin->api, code, err));
cleanup:
  hr_free(rows);
  return status;
}

/* What validation adds up: the residuals' squares, and the targets' about their mean. */
typedef struct validation {
  double squared_error, sum, sum_of_squares; /* of target less the bin's mean */
  size_t rows;
} validation;

static void add_fold(const hr_tree_slot *bin, const float *target, const uint8_t *fold,
                     uint8_t which, const double *predicted, validation *v) {
  double mean = 0;
  for (size_t i = 0; i < bin->rows; i++) mean += (double)target[i];
  mean /= (double)bin->rows;
  for (size_t i = 0, at = 0; i < bin->rows; i++) {
    if (fold[i] != which) continue;
    double y = (double)target[i], residual = y - predicted[at++];
    v->squared_error += residual * residual;
    v->sum += y - mean;
    v->sum_of_squares += (y - mean) * (y - mean);
    v->rows++;
  }
}

/* Trains on the rows outside the fold and predicts those inside. LightGBM follows the
 * predictions of a validation set in its 8-bit columns, so no spectrum is needed. */
static hr_status validate_fold(hr_tree_slot *bin, hr_grower *grower,
                               const hr_tree_size *size, const float *target,
                               const uint8_t *fold, uint8_t which, validation *v,
                               hr_error *err) {
  hr_status status = HR_OK;
  void *train = NULL, *valid = NULL, *booster = NULL;
  double *predicted = NULL;
  int64_t count = 0, grown = 0;
  HR_TRY(hr_alloc(&predicted, bin->rows, err));
  HR_TRY(take_rows(bin, fold, which, false, &train, err));
  HR_TRY(take_rows(bin, fold, which, true, &valid, err));
  HR_TRY(hr_grower_grow(grower, size, train, valid, &booster, &grown, err));
  HR_TRY(hr_grower_check(
      bin->api, bin->api->booster_get_predict(booster, 1, &count, predicted), err));
  add_fold(bin, target, fold, which, predicted, v);
cleanup:
  free_booster(bin->api, &booster);
  free_dataset(bin->api, &train);
  free_dataset(bin->api, &valid);
  hr_free(predicted);
  return status;
}

static size_t count_fold(const hr_tree_slot *bin, const uint8_t *fold, uint8_t which) {
  size_t count = 0;
  for (size_t i = 0; i < bin->rows; i++) count += fold[i] == which;
  return count;
}

static hr_status validate(hr_tree_slot *bin, hr_grower *grower, const hr_tree_size *size,
                          const float *target, const uint8_t *fold, size_t folds,
                          hr_error *err) {
  hr_status status = HR_OK;
  double start = hr_clock_seconds();
  validation v = {0};
  for (uint8_t f = 0; f < folds; f++) {
    size_t held_out = count_fold(bin, fold, f);
    if (held_out == 0 || held_out == bin->rows) continue;
    HR_TRY(validate_fold(bin, grower, size, target, fold, f, &v, err));
  }
  double total = v.rows > 0 ? v.sum_of_squares - v.sum * v.sum / (double)v.rows : 0;
  bin->cv_r2 = total > 0 ? 1 - v.squared_error / total : (double)NAN;
  bin->validated_rows = v.rows;
  bin->validation_seconds = hr_clock_seconds() - start;
cleanup:
  return status;
}

static hr_status load_model(hr_tree_slot *bin, const char *text, hr_error *err) {
  int trees = 0;
  return hr_grower_check(
      bin->api, bin->api->booster_load_model_from_string(text, &trees, &bin->booster),
      err);
}

hr_status hr_tree_slot_restore_take(hr_tree_slot *bin, char **text, hr_error *err) {
  hr_status status = load_model(bin, *text, err);
  if (status != HR_OK) return status;
  hr_free(bin->sample);
  bin->sample = NULL;
  bin->sample_rows = bin->rows = 0;
  bin->text = *text;
  *text = NULL;
  return HR_OK;
}

/* Keeps the model as text, and what predicts made of that text: so what is saved is what
 * was used. */
static hr_status keep_model(hr_tree_slot *bin, void *trained, hr_error *err) {
  hr_status status = HR_OK;
  const hr_lightgbm_api *api = bin->api;
  int64_t length = 0;
  hr_free(bin->text);
  bin->text = NULL;
  char probe = '\0';
  HR_TRY(hr_grower_check(
      api,
      api->booster_save_model_to_string(trained, 0, -1, HR_LGBM_IMPORTANCE_GAIN,
                                        sizeof probe, &length, &probe),
      err));
  HR_TRY(hr_alloc(&bin->text, (size_t)length + 1, err));
  HR_TRY(hr_grower_check(
      api,
      api->booster_save_model_to_string(trained, 0, -1, HR_LGBM_IMPORTANCE_GAIN, length,
                                        &length, bin->text),
      err));
  HR_TRY(load_model(bin, bin->text, err));
cleanup:
  return status;
}

hr_status hr_tree_slot_train(hr_tree_slot *bin, hr_grower *grower,
                             const hr_tree_size *size, const float *target,
                             const uint8_t *fold, size_t folds, hr_error *err) {
  hr_status status = HR_OK;
  void *booster = NULL;
  HR_TRY(hr_grower_check(bin->api,
                         bin->api->dataset_set_field(bin->dataset, "label", target,
                                                     (int)bin->rows, HR_LGBM_FLOAT32),
                         err));
  HR_TRY(validate(bin, grower, size, target, fold, folds, err));
  HR_TRY(hr_grower_grow(grower, size, bin->dataset, NULL, &booster, &bin->grown, err));
  HR_TRY(keep_model(bin, booster, err));
cleanup:
  free_booster(bin->api, &booster);
  return status;
}

hr_status hr_tree_slot_predict(const hr_tree_slot *bin, const float *rows, size_t count,
                               double *out, hr_error *err) {
  int64_t written = 0;
  int code = bin->api->booster_predict_for_mat(
      bin->booster, rows, HR_LGBM_FLOAT32, (int32_t)count, (int32_t)bin->pixels,
      HR_LGBM_ROW_MAJOR, 0, 0, -1, "verbosity=-1", &written, out);
  return hr_grower_check(bin->api, code, err);
}
