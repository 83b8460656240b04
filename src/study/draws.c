/* Draws of some test rows: chosen, gathered block by block, kept with their task. */
#include "study/draws.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/npy.h"

static const char values_name[] = "draws.f32", rows_name[] = "draw_rows.npy";

enum { WIDTH = HR_PREDICT_DRAWS, ROW_BYTES = WIDTH * sizeof(float) };

hr_status hr_test_draws_init(hr_test_draws *draws, const hr_split_view *test,
                             size_t targets, hr_error *err) {
  hr_status status = HR_OK;
  size_t covered = 0, seen = 0;
  *draws = (hr_test_draws){.targets = targets};
  for (size_t i = 0; i < test->rows; i++) covered += test->bin[i] != HR_UNCOVERED;
  size_t count = covered < HR_MOST_DRAWN_ROWS ? covered : HR_MOST_DRAWN_ROWS;
  HR_TRY(hr_alloc(&draws->row, count, err));
  HR_TRY(hr_alloc(&draws->is_drawn, test->rows, err));
  HR_TRY(hr_alloc(&draws->value, targets * count * WIDTH, err));
  for (size_t i = 0; i < targets * count * WIDTH; i++) draws->value[i] = NAN;
  for (size_t i = 0; i < test->rows && draws->count < count; i++) {
    if (test->bin[i] == HR_UNCOVERED) continue;
    if (seen++ < draws->count * covered / count) continue;
    draws->row[draws->count++] = i;
    draws->is_drawn[i] = true;
  }
cleanup:
  return status;
}

void hr_test_draws_fini(hr_test_draws *draws) {
  hr_free(draws->row);
  hr_free(draws->is_drawn);
  hr_free(draws->value);
  hr_free(draws->block);
  *draws = (hr_test_draws){0};
}

float *hr_test_draws_block(const hr_test_draws *draws, size_t target) {
  return draws->block + target * draws->block_rows * WIDTH;
}

hr_status hr_test_draws_open(hr_test_draws *draws, size_t first, size_t rows,
                             hr_error *err) {
  if (rows > draws->block_rows) {
    hr_free(draws->block);
    draws->block = NULL;
    draws->block_rows = 0;
    hr_status status = hr_alloc(&draws->block, draws->targets * rows * WIDTH, err);
    if (status != HR_OK) return status;
    draws->block_rows = rows;
  }
  for (size_t t = 0; t < draws->targets; t++) {
    float *block = hr_test_draws_block(draws, t);
    for (size_t i = 0; i < rows; i++) {
      for (size_t d = 0; draws->is_drawn[first + i] && d < WIDTH; d++) {
        block[i * WIDTH + d] = NAN;
      }
    }
  }
  return HR_OK;
}

void hr_test_draws_take(hr_test_draws *draws, size_t first, size_t rows) {
  for (size_t n = 0; n < draws->count; n++) {
    if (draws->row[n] < first || draws->row[n] >= first + rows) continue;
    for (size_t t = 0; t < draws->targets; t++) {
      memcpy(draws->value + (t * draws->count + n) * WIDTH,
             hr_test_draws_block(draws, t) + (draws->row[n] - first) * WIDTH, ROW_BYTES);
    }
  }
}

void hr_row_draws_fini(hr_row_draws *draws) {
  hr_free(draws->row);
  hr_free(draws->value);
  *draws = (hr_row_draws){0};
}

/* Room for `most` rows, of which there are none yet. */
static hr_status init_rows(hr_row_draws *draws, size_t most, hr_error *err) {
  hr_status status = HR_OK;
  *draws = (hr_row_draws){0};
  HR_TRY(hr_alloc(&draws->row, most, err));
  HR_TRY(hr_alloc(&draws->value, most * WIDTH, err));
cleanup:
  return status;
}

static void add_row(hr_row_draws *draws, size_t row, const float *value) {
  memcpy(draws->value + draws->count * WIDTH, value, ROW_BYTES);
  draws->row[draws->count++] = row;
}

hr_status hr_test_draws_of_slot(const hr_test_draws *draws, const hr_split_view *test,
                                size_t target, int slot, hr_row_draws *out,
                                hr_error *err) {
  hr_status status = init_rows(out, draws->count, err);
  for (size_t n = 0; status == HR_OK && n < draws->count; n++) {
    const float *value = draws->value + (target * draws->count + n) * WIDTH;
    bool is_its = test->route[draws->row[n]] == slot && !isnan(value[0]);
    if (is_its) add_row(out, draws->row[n], value);
  }
  return status;
}

/* A row of one of several parts. */
typedef struct part_row {
  size_t row;
  const float *value;
} part_row;

static int compare_rows(const void *left, const void *right) {
  const part_row *a = left, *b = right;
  return a->row < b->row ? -1 : a->row > b->row;
}

hr_status hr_row_draws_merge(const hr_row_draws *parts, size_t count, hr_row_draws *out,
                             hr_error *err) {
  hr_status status = HR_OK;
  size_t total = 0, at = 0;
  part_row *all = NULL;
  *out = (hr_row_draws){0};
  for (size_t p = 0; p < count; p++) total += parts[p].count;
  if (total == 0) return HR_OK;
  HR_TRY(hr_alloc(&all, total, err));
  HR_TRY(init_rows(out, total, err));
  for (size_t p = 0; p < count; p++) {
    for (size_t n = 0; n < parts[p].count; n++) {
      all[at++] = (part_row){parts[p].row[n], parts[p].value + n * WIDTH};
    }
  }
  qsort(all, total, sizeof *all, compare_rows);
  for (size_t n = 0; n < total; n++) add_row(out, all[n].row, all[n].value);
cleanup:
  hr_free(all);
  return status;
}

hr_status hr_row_draws_write(const hr_row_draws *draws, const char *folder,
                             hr_error *err) {
  hr_status status = HR_OK;
  double *rows = NULL;
  char *values_path = NULL, *rows_path = NULL;
  if (draws->count == 0) return HR_OK;
  HR_TRY(hr_alloc(&rows, draws->count, err));
  for (size_t n = 0; n < draws->count; n++) rows[n] = (double)draws->row[n];
  HR_TRY(hr_join_path(folder, values_name, &values_path, err));
  HR_TRY(hr_join_path(folder, rows_name, &rows_path, err));
  HR_TRY(hr_file_write(values_path, draws->value, draws->count * ROW_BYTES, err));
  HR_TRY(hr_npy_write(rows_path, rows, draws->count, 1, err));
cleanup:
  hr_free(rows);
  hr_free(values_path);
  hr_free(rows_path);
  return status;
}

/* Row numbers that ascend and are below `split_rows`. */
static bool take_rows(const double *values, size_t count, size_t split_rows,
                      size_t *rows) {
  double least = 0;
  for (size_t n = 0; n < count; n++) {
    bool good = values[n] >= least && values[n] < (double)split_rows &&
                values[n] <= floor(values[n]);
    if (!good) return false;
    rows[n] = (size_t)values[n];
    least = values[n] + 1;
  }
  return true;
}

static bool are_finite(const float *values, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (!isfinite(values[i])) return false;
  }
  return true;
}

/* Statuses that say of a file that it is not what was written. */
static bool is_other(hr_status status) {
  return status == HR_ERR_MISSING || status == HR_ERR_FORMAT || status == HR_ERR_DATA;
}

hr_status hr_row_draws_read(const char *folder, size_t split_rows, hr_row_draws *out,
                            bool *good, hr_error *err) {
  hr_status status = HR_OK;
  hr_npy_shape shape = {0};
  double *rows = NULL;
  char *path = NULL, *bytes = NULL;
  size_t size = 0;
  *out = (hr_row_draws){0};
  *good = false;
  HR_TRY(hr_join_path(folder, rows_name, &path, err));
  HR_TRY(hr_npy_read(path, hr_npy_size(HR_MOST_DRAWN_ROWS, 1), &rows, &shape, err));
  size_t count = shape.extent[0];
  if (shape.dimensions != 2 || shape.extent[1] != 1) goto cleanup;
  hr_free(path);
  path = NULL;
  HR_TRY(hr_join_path(folder, values_name, &path, err));
  HR_TRY(hr_file_read(path, (size_t)HR_MOST_DRAWN_ROWS * ROW_BYTES, &bytes, &size, err));
  if (size != count * ROW_BYTES) goto cleanup;
  HR_TRY(init_rows(out, count, err));
  memcpy(out->value, bytes, size);
  out->count = count;
  *good = take_rows(rows, count, split_rows, out->row) &&
          are_finite(out->value, count * WIDTH);
cleanup:
  if (is_other(status)) status = HR_OK;
  if (!*good) hr_row_draws_fini(out);
  hr_free(rows);
  hr_free(path);
  hr_free(bytes);
  return status;
}
