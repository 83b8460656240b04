/* Validation rows: their life and their file. */
#include "methods/validation_rows.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/npy.h"

enum { COLUMNS = 2 }; /* row number, prediction: both are exact in fp64 */

hr_status hr_validation_rows_init(hr_validation_rows *rows, size_t most, hr_error *err) {
  hr_status status = HR_OK;
  *rows = (hr_validation_rows){0};
  HR_TRY(hr_alloc(&rows->row, most, err));
  HR_TRY(hr_alloc(&rows->prediction, most, err));
cleanup:
  return status;
}

void hr_validation_rows_fini(hr_validation_rows *rows) {
  hr_free(rows->row);
  hr_free(rows->prediction);
  *rows = (hr_validation_rows){0};
}

void hr_validation_rows_add(hr_validation_rows *rows, size_t row, double prediction) {
  float single = (float)prediction;
  if (!isfinite(single)) return;
  rows->row[rows->count] = row;
  rows->prediction[rows->count++] = single;
}

hr_status hr_validation_rows_copy(const hr_validation_rows *from, hr_validation_rows *out,
                                  hr_error *err) {
  hr_status status = HR_OK;
  *out = (hr_validation_rows){0};
  if (from->count == 0) return HR_OK;
  HR_TRY(hr_validation_rows_init(out, from->count, err));
  out->count = from->count;
  memcpy(out->row, from->row, from->count * sizeof *out->row);
  memcpy(out->prediction, from->prediction, from->count * sizeof *out->prediction);
cleanup:
  if (status != HR_OK) hr_validation_rows_fini(out);
  return status;
}

hr_status hr_validation_rows_write(const hr_validation_rows *rows, const char *folder,
                                   hr_error *err) {
  hr_status status = HR_OK;
  char *path = NULL;
  double *values = NULL;
  if (rows->count == 0) return HR_OK;
  HR_TRY(hr_join_path(folder, HR_VALIDATION_FILE, &path, err));
  HR_TRY(hr_alloc(&values, rows->count * COLUMNS, err));
  for (size_t i = 0; i < rows->count; i++) {
    values[i * COLUMNS] = (double)rows->row[i];
    values[i * COLUMNS + 1] = (double)rows->prediction[i];
  }
  HR_TRY(hr_npy_write(path, values, rows->count, COLUMNS, err));
cleanup:
  hr_free(values);
  hr_free(path);
  return status;
}

/* A row number of the study that has not been there before, and a number of fp32. */
static bool is_good(const double *values, size_t training_rows, bool *seen) {
  double row = values[0], prediction = values[1];
  if (!(row >= 0 && row < (double)training_rows) || row != floor(row)) return false;
  if (!isfinite(prediction) || fabs(prediction) > 3.4e38 || seen[(size_t)row]) {
    return false;
  }
  seen[(size_t)row] = true;
  return true;
}

static hr_status take(const double *values, size_t count, size_t training_rows,
                      hr_validation_rows *out, bool *good, hr_error *err) {
  hr_status status = HR_OK;
  bool *seen = NULL;
  HR_TRY(hr_alloc(&seen, training_rows, err));
  HR_TRY(hr_validation_rows_init(out, count, err));
  *good = true;
  for (size_t i = 0; *good && i < count; i++) {
    const double *row = values + i * COLUMNS;
    *good = is_good(row, training_rows, seen);
    if (*good) hr_validation_rows_add(out, (size_t)row[0], row[1]);
  }
cleanup:
  hr_free(seen);
  if (status != HR_OK || !*good) hr_validation_rows_fini(out);
  return status;
}

hr_status hr_validation_rows_read(const char *folder, size_t training_rows,
                                  hr_validation_rows *out, bool *good, hr_error *err) {
  hr_status status = HR_OK;
  char *path = NULL;
  double *values = NULL;
  hr_npy_shape shape = {.dimensions = 0};
  hr_error reason = {.status = HR_OK};
  *out = (hr_validation_rows){0};
  *good = false;
  HR_TRY(hr_join_path(folder, HR_VALIDATION_FILE, &path, err));
  hr_status found =
      hr_npy_read(path, hr_npy_size(training_rows, COLUMNS), &values, &shape, &reason);
  if (found == HR_ERR_IO || found == HR_ERR_MEMORY) {
    status = hr_fail(err, found, "%s", reason.message);
    goto cleanup;
  }
  if (found != HR_OK || shape.dimensions != 2 || shape.extent[1] != COLUMNS) goto cleanup;
  HR_TRY(take(values, shape.extent[0], training_rows, out, good, err));
cleanup:
  hr_free(values);
  hr_free(path);
  return status;
}
