/* Controls predict with the plain sum of products, in the order of the pixels, as they
 * always have: there are few of them, and their bytes are compared. */
#include "methods/ridge/control.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/npy.h"
#include "core/parallel.h"
#include "data/bins.h"

static hr_control_model *control_of(hr_model *model) {
  return (hr_control_model *)(void *)model;
}

static const hr_control_model *const_control_of(const hr_model *model) {
  return (const hr_control_model *)(const void *)model;
}

static void control_destroy(hr_model **address) {
  hr_control_model *model = control_of(*address);
  *address = NULL;
  if (!model) return;
  hr_free(model->rows);
  hr_free(model->test_group);
  hr_free(model->train_group);
  hr_free(model);
}

void hr_control_model_destroy(hr_control_model **model) {
  hr_model *base = *model ? &(*model)->model : NULL;
  *model = NULL;
  if (base) control_destroy(&base);
}

static double *row_of(const hr_control_model *model, size_t group) {
  return model->rows + group * (2 + model->columns);
}

hr_status hr_control_model_create(const hr_control_shape *shape, hr_control_model **out,
                                  hr_error *err) {
  hr_status status = HR_OK;
  hr_control_model *model = NULL;
  HR_TRY(hr_alloc(&model, 1, err));
  model->model = (hr_model){.type = shape->type,
                            .slot = HR_GLOBAL,
                            .pixels = shape->pixels,
                            .variant_count = 1};
  model->group_count = shape->group_count;
  model->columns = shape->columns;
  model->test_rows = shape->test_rows;
  model->train_rows = shape->train_rows;
  HR_TRY(hr_alloc(&model->rows, shape->group_count * (2 + shape->columns), err));
  HR_TRY(hr_alloc(&model->test_group, shape->test_rows, err));
  if (shape->train_rows > 0)
    HR_TRY(hr_alloc(&model->train_group, shape->train_rows, err));
  for (size_t k = 0; k < shape->group_count; k++) row_of(model, k)[0] = (double)NAN;
  for (size_t i = 0; i < shape->test_rows; i++) model->test_group[i] = HR_UNCOVERED;
  for (size_t i = 0; i < shape->train_rows; i++) model->train_group[i] = HR_UNCOVERED;
  *out = model;
  model = NULL;
cleanup:
  hr_control_model_destroy(&model);
  return status;
}

void hr_control_model_keep(hr_control_model *model, size_t group, double alpha,
                           double intercept, const double *weights) {
  double *row = row_of(model, group);
  row[0] = alpha;
  row[1] = intercept;
  memcpy(row + 2, weights, model->columns * sizeof *row);
}

/* The model of a group's rows: its own, or that of the next group that has one. */
static const double *group_row(const hr_control_model *model, size_t group) {
  size_t count = model->group_count, step = 0;
  while (step < count && isnan(row_of(model, (group + step) % count)[0])) step++;
  return row_of(model, (group + step) % count);
}

typedef struct predicting {
  const hr_spectra *spectra;
  const hr_request *request;
  const hr_control_model *model;
  float *summary; /* [threads][columns] */
} predicting;

static void predict_row(void *context, size_t i, size_t thread) {
  const predicting *p = context;
  const hr_control_model *model = p->model;
  size_t row = p->request->row[i], number = p->spectra->first_row + row;
  size_t pixels = p->spectra->pixels, columns = model->columns;
  int32_t group = number < model->test_rows ? model->test_group[number] : HR_UNCOVERED;
  p->request->mean[row] = NAN;
  if (group == HR_UNCOVERED) return;
  const double *weights = group_row(model, (size_t)group) + 2;
  const float *x = p->spectra->noisy + row * pixels;
  if (model->summarise) {
    float *summary = p->summary + thread * columns;
    model->summarise(p->spectra->error + row * pixels, pixels, columns, summary);
    x = summary;
  }
  double sum = weights[-1];
  for (size_t c = 0; c < columns; c++) sum += weights[c] * (double)x[c];
  p->request->mean[row] = (float)sum;
}

static hr_status control_predict(const hr_spectra *spectra, const hr_request *requests,
                                 size_t request_count, hr_error *err) {
  hr_status status = HR_OK;
  float *summary = NULL;
  for (size_t q = 0; q < request_count; q++) {
    const hr_control_model *model = const_control_of(requests[q].model);
    hr_free(summary);
    summary = NULL;
    HR_TRY(hr_alloc(&summary, hr_thread_count() * model->columns, err));
    hr_request_fill_unknown(&requests[q]);
    if (requests[q].variants == 0) continue;
    predicting p = {spectra, &requests[q], model, summary};
    hr_parallel_for(requests[q].count, predict_row, &p);
  }
cleanup:
  hr_free(summary);
  return status;
}

static hr_status save_array(const char *folder, const char *name, const double *values,
                            size_t rows, size_t columns, hr_error *err) {
  hr_status status = HR_OK;
  char *path = NULL;
  HR_TRY(hr_join_path(folder, name, &path, err));
  HR_TRY(hr_npy_write(path, values, rows, columns, err));
cleanup:
  hr_free(path);
  return status;
}

static hr_status save_groups(const char *folder, const char *name, const int32_t *groups,
                             size_t rows, hr_error *err) {
  double *column = NULL;
  hr_status status = hr_alloc(&column, rows, err);
  for (size_t i = 0; status == HR_OK && i < rows; i++) column[i] = groups[i];
  if (status == HR_OK) status = save_array(folder, name, column, rows, 1, err);
  hr_free(column);
  return status;
}

static hr_status control_save(const hr_model *address, const char *folder,
                              hr_model_form form, hr_error *err) {
  (void)form;
  hr_status status = HR_OK;
  const hr_control_model *model = const_control_of(address);
  HR_TRY(save_array(folder, "model.npy", model->rows, model->group_count,
                    2 + model->columns, err));
  if (!model->train_group) goto cleanup;
  HR_TRY(save_groups(folder, "train_groups.npy", model->train_group, model->train_rows,
                     err));
  HR_TRY(
      save_groups(folder, "test_groups.npy", model->test_group, model->test_rows, err));
cleanup:
  return status;
}

const hr_model_type hr_placebo_model_type = {
    .kind = "placebo",
    .save = control_save,
    .predict = control_predict,
    .destroy = control_destroy,
};

const hr_model_type hr_leakage_model_type = {
    .kind = "leakage",
    .uses_error = true,
    .save = control_save,
    .predict = control_predict,
    .destroy = control_destroy,
};
