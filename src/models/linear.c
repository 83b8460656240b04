/* Linear models. A prediction is one inner product in fp64, so what costs time is reading
 * memory: a row is widened to doubles once for all requests and variants that want it,
 * and stays in the cache of the core that does. */
#include "models/linear.h"

#include <math.h>
#include <string.h>

#include "compute/compute.h"
#include "core/alloc.h"
#include "core/npy.h"
#include "core/parallel.h"
#include "core/vector.h"

/* More than any model has: 100 penalties of a million pixels are 0.8 GB. */
static const size_t most_bytes = (size_t)1 << 34;

/* Rows that a thread takes at a time: enough that finding their places in the requests
 * costs nothing, few enough that all threads have some. */
enum { PIECE_ROWS = 16 };

typedef struct linear {
  hr_model model;
  double *intercept; /* [V] */
  double *weights;   /* [V][P] */
} linear;

static const linear *linear_of(const hr_model *model) {
  return (const linear *)(const void *)model;
}

const double *hr_linear_intercept(const hr_model *model) {
  return linear_of(model)->intercept;
}

const double *hr_linear_weights(const hr_model *model) {
  return linear_of(model)->weights;
}

static void linear_destroy(hr_model **model) {
  linear *l = (linear *)(void *)*model;
  *model = NULL;
  if (!l) return;
  hr_free(l->intercept);
  hr_free(l->weights);
  hr_free(l);
}

hr_status hr_linear_create_take(const hr_linear_shape *shape, double **intercept,
                                double **weights, hr_model **out, hr_error *err) {
  linear *l = NULL;
  hr_status status = hr_alloc(&l, 1, err);
  if (status != HR_OK) return status;
  l->model = (hr_model){.type = &hr_linear_type,
                        .slot = shape->slot,
                        .pixels = shape->pixels,
                        .target = shape->target,
                        .variant_count = shape->variant_count,
                        .chosen = shape->chosen};
  l->intercept = *intercept;
  l->weights = *weights;
  *intercept = NULL;
  *weights = NULL;
  *out = &l->model;
  return HR_OK;
}

hr_status hr_linear_create(const hr_linear_shape *shape, const double *intercept,
                           const double *weights, hr_model **out, hr_error *err) {
  hr_status status = HR_OK;
  double *own_intercept = NULL, *own_weights = NULL;
  size_t rows = shape->variant_count;
  HR_TRY(hr_alloc(&own_intercept, rows, err));
  HR_TRY(hr_alloc(&own_weights, rows * shape->pixels, err));
  memcpy(own_intercept, intercept, rows * sizeof *intercept);
  memcpy(own_weights, weights, rows * shape->pixels * sizeof *weights);
  HR_TRY(hr_linear_create_take(shape, &own_intercept, &own_weights, out, err));
cleanup:
  hr_free(own_intercept);
  hr_free(own_weights);
  return status;
}

static hr_status linear_save(const hr_model *model, const char *folder,
                             hr_model_form form, hr_error *err) {
  (void)form;
  hr_status status = HR_OK;
  const linear *l = linear_of(model);
  size_t pixels = model->pixels, count = model->variant_count;
  double *rows = NULL;
  char *path = NULL;
  const hr_npy_shape shape = {2, {count, 1 + pixels}};
  HR_TRY(hr_alloc(&rows, count * (1 + pixels), err));
  for (size_t r = 0; r < count; r++) {
    double *row = rows + r * (1 + pixels);
    row[0] = l->intercept[r];
    memcpy(row + 1, l->weights + r * pixels, pixels * sizeof *row);
  }
  HR_TRY(hr_join_path(folder, "model.npy", &path, err));
  HR_TRY(hr_npy_write_array(path, rows, &shape, err));
cleanup:
  hr_free(rows);
  hr_free(path);
  return status;
}

static hr_status check_shape(const char *path, const hr_npy_shape *shape,
                             const hr_model_place *place, hr_error *err) {
  size_t last = shape->dimensions - 1, columns = shape->extent[last];
  if (last == 1 && columns != 1 + place->pixels) {
    return hr_fail(
        err, HR_ERR_FORMAT,
        "%s is a linear model of %zu pixels, not of %zu: it belongs to another study",
        path, columns > 0 ? columns - 1 : 0, place->pixels);
  }
  if (last == 1 && shape->extent[0] > 0) return HR_OK;
  return hr_fail(err, HR_ERR_FORMAT, "%s holds no model: train it again", path);
}

/* NaN is an intercept that there is none of; nothing else is without a value. */
static hr_status check_values(const char *path, const double *values, size_t rows,
                              size_t columns, hr_error *err) {
  for (size_t r = 0; r < rows; r++) {
    const double *row = values + r * columns;
    bool good = !isinf(row[0]);
    for (size_t c = 1; good && c < columns; c++) good = isfinite(row[c]);
    if (good) continue;
    return hr_fail(err, HR_ERR_FORMAT,
                   "%s has a number in row %zu that is not finite: train it again", path,
                   r);
  }
  return HR_OK;
}

/* Takes the intercepts out of the rows, which close up. */
static void split_rows(double *rows, size_t count, size_t pixels, double *intercept) {
  for (size_t r = 0; r < count; r++) {
    const double *row = rows + r * (1 + pixels);
    intercept[r] = row[0];
    memmove(rows + r * pixels, row + 1, pixels * sizeof *rows);
  }
}

static hr_status linear_load(const hr_model_place *place, hr_model **out, hr_error *err) {
  hr_status status = HR_OK;
  double *values = NULL, *intercept = NULL;
  char *path = NULL;
  hr_npy_shape found;
  HR_TRY(hr_join_path(place->folder, "model.npy", &path, err));
  HR_TRY(hr_npy_read(path, most_bytes, &values, &found, err));
  HR_TRY(check_shape(path, &found, place, err));
  size_t rows = found.extent[0];
  HR_TRY(check_values(path, values, rows, 1 + place->pixels, err));
  HR_TRY(hr_alloc(&intercept, rows, err));
  split_rows(values, rows, place->pixels, intercept);
  const hr_linear_shape shape = {
      .slot = place->slots[0], .pixels = place->pixels, .variant_count = found.extent[0]};
  HR_TRY(hr_linear_create_take(&shape, &intercept, &values, out, err));
cleanup:
  hr_free(values);
  hr_free(intercept);
  hr_free(path);
  return status;
}

/* What the threads share. */
typedef struct predicting {
  const hr_spectra *spectra;
  const hr_request *requests; /* [request_count] */
  size_t request_count;
  double *wide; /* [threads][P] a row as doubles */
  size_t *next; /* [threads][request_count] places in the requests' lists of rows */
} predicting;

/* The first place in a request's list whose row is not before `row`. */
static size_t find_row(const hr_request *request, size_t row) {
  size_t first = 0, end = request->count;
  while (first < end) {
    size_t middle = first + (end - first) / 2;
    if (request->row[middle] < row) {
      first = middle + 1;
    } else {
      end = middle;
    }
  }
  return first;
}

HR_VECTOR_CLONES
static void widen(const float *x, size_t count, double *wide) {
  for (size_t i = 0; i < count; i++) wide[i] = (double)x[i];
}

/* Every variant that one request wants of one row. */
static void predict_row(const hr_request *request, const double *wide, size_t row) {
  const linear *l = linear_of(request->model);
  size_t pixels = l->model.pixels;
  double (*dot)(size_t, const double *, const double *) = hr_compute_default()->dot_f64;
  for (size_t v = 0; v < request->variants; v++) {
    size_t r = request->first_variant + v;
    double sum = dot(pixels, l->weights + r * pixels, wide);
    request->mean[v * request->variant_stride + row] = (float)(l->intercept[r] + sum);
  }
}

static void predict_piece(void *context, size_t piece, size_t thread) {
  const predicting *p = context;
  size_t pixels = p->spectra->pixels, first = piece * PIECE_ROWS;
  size_t left = p->spectra->rows - first;
  size_t end = first + (left < PIECE_ROWS ? left : PIECE_ROWS);
  double *wide = p->wide + thread * pixels;
  size_t *next = p->next + thread * p->request_count;
  for (size_t q = 0; q < p->request_count; q++) {
    next[q] = find_row(&p->requests[q], first);
  }
  for (size_t row = first; row < end; row++) {
    bool is_wide = false;
    for (size_t q = 0; q < p->request_count; q++) {
      const hr_request *request = &p->requests[q];
      if (next[q] == request->count || request->row[next[q]] != row) continue;
      next[q]++;
      if (!is_wide) widen(p->spectra->noisy + row * pixels, pixels, wide);
      is_wide = true;
      predict_row(request, wide, row);
    }
  }
}

static hr_status linear_predict(const hr_spectra *spectra, const hr_request *requests,
                                size_t request_count, hr_error *err) {
  hr_status status = HR_OK;
  size_t threads = hr_thread_count();
  size_t pieces = (spectra->rows + PIECE_ROWS - 1) / PIECE_ROWS;
  predicting p = {spectra, requests, request_count, NULL, NULL};
  for (size_t q = 0; q < request_count; q++) {
    size_t pixels = requests[q].model->pixels;
    if (pixels == spectra->pixels) continue;
    return hr_fail(err, HR_ERR_INTERNAL,
                   "a linear model of %zu pixels was given spectra of %zu", pixels,
                   spectra->pixels);
  }
  HR_TRY(hr_alloc(&p.wide, threads * spectra->pixels, err));
  HR_TRY(hr_alloc(&p.next, threads * request_count, err));
  hr_parallel_for(pieces, predict_piece, &p);
  for (size_t q = 0; q < request_count; q++) hr_request_fill_unknown(&requests[q]);
cleanup:
  hr_free(p.wide);
  hr_free(p.next);
  return status;
}

const hr_model_type hr_linear_type = {
    .kind = "linear",
    .save = linear_save,
    .load = linear_load,
    .predict = linear_predict,
    .destroy = linear_destroy,
};
