/* Filling a slot's columns block by block, and joining the blocks. */
#include "methods/lightgbm/columns.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/parallel.h"

static size_t block_count(const hr_tree_slot *slot) {
  return (slot->pixels + HR_COLUMN_BLOCK - 1) / HR_COLUMN_BLOCK;
}

static size_t first_column(size_t block) {
  return block * HR_COLUMN_BLOCK;
}

static size_t width_of(const hr_tree_slot *slot, size_t block) {
  size_t left = slot->pixels - first_column(block);
  return left < HR_COLUMN_BLOCK ? left : HR_COLUMN_BLOCK;
}

static void free_dataset(const hr_lightgbm_api *api, void **dataset) {
  if (*dataset) api->dataset_free(*dataset);
  *dataset = NULL;
}

static void free_blocks(hr_tree_slot *slot) {
  for (size_t b = 0; slot->blocks && b < block_count(slot); b++) {
    free_dataset(slot->api, &slot->blocks[b]);
  }
  hr_free(slot->blocks);
  slot->blocks = NULL;
}

void hr_tree_slot_fini(hr_tree_slot *slot) {
  hr_free(slot->sample);
  hr_free(slot->residual);
  free_blocks(slot);
  free_dataset(slot->api, &slot->dataset);
  *slot = (hr_tree_slot){0};
}

void hr_tree_slot_close(hr_tree_slot *slot) {
  free_dataset(slot->api, &slot->dataset);
}

void hr_tree_slot_sample(hr_tree_slot *slot, const float *row) {
  if (slot->sampled >= slot->sample_rows) return;
  memcpy(slot->sample + slot->sampled++ * slot->pixels, row, slot->pixels * sizeof *row);
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

static hr_status make_columns(const hr_tree_slot *slot, columns *c, hr_error *err) {
  static const double zero_threshold = 1e-35;
  hr_status status = HR_OK;
  size_t pixels = slot->pixels, rows = slot->sampled;
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
      double value = (double)slot->sample[i * pixels + p];
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

/* LightGBM's own names of columns, as they are in a dataset of all. */
static hr_status name_columns(const hr_tree_slot *slot, size_t block, hr_error *err) {
  enum { NAME = 32 };
  char names[HR_COLUMN_BLOCK][NAME];
  const char *list[HR_COLUMN_BLOCK];
  size_t width = width_of(slot, block);
  for (size_t p = 0; p < width; p++) {
    snprintf(names[p], NAME, "Column_%zu", first_column(block) + p);
    list[p] = names[p];
  }
  int code = slot->api->dataset_set_feature_names(slot->blocks[block], list, (int)width);
  return hr_grower_check(slot->api, code, err);
}

hr_status hr_tree_slot_open(hr_tree_slot *slot, const hr_grower *grower,
                            const hr_tree_size *size, hr_error *err) {
  hr_status status = HR_OK;
  columns c = {0};
  hr_text text;
  hr_text_init(&text);
  HR_TRY(hr_grower_describe(grower, size, &text, err));
  HR_TRY(make_columns(slot, &c, err));
  HR_TRY(hr_alloc(&slot->blocks, block_count(slot), err));
  for (size_t b = 0; b < block_count(slot); b++) {
    size_t first = first_column(b);
    int code = slot->api->dataset_create_from_sampled_column(
        c.value_start + first, c.row_start + first, (int32_t)width_of(slot, b),
        c.count + first, (int32_t)slot->sampled, (int32_t)slot->rows, (int64_t)slot->rows,
        text.bytes, &slot->blocks[b]);
    HR_TRY(hr_grower_check(slot->api, code, err));
    HR_TRY(name_columns(slot, b, err));
  }
cleanup:
  hr_free(slot->sample);
  slot->sample = NULL;
  free_columns(&c);
  hr_text_fini(&text);
  return status;
}

typedef struct filling {
  hr_tree_slot *slot;
  const hr_column_rows *rows;
  float *scratch;
  atomic_flag failed; /* whoever sets it tells the reason */
  hr_error reason;
} filling;

static void fill_block(void *context, size_t b, size_t thread) {
  filling *f = context;
  hr_tree_slot *slot = f->slot;
  const hr_block *block = f->rows->block;
  size_t width = width_of(slot, b), count = f->rows->count;
  float *values = f->scratch + thread * HR_COLUMN_ROWS * HR_COLUMN_BLOCK;
  const float *from = block->noisy + first_column(b);
  for (size_t i = 0; i < count; i++) {
    memcpy(values + i * width, from + f->rows->row[i] * block->pixels,
           width * sizeof *values);
  }
  int code =
      slot->api->dataset_push_rows(slot->blocks[b], values, HR_LGBM_FLOAT32,
                                   (int32_t)count, (int32_t)width, (int32_t)slot->pushed);
  hr_error reason;
  if (hr_grower_check(slot->api, code, &reason) == HR_OK) return;
  if (!atomic_flag_test_and_set(&f->failed)) f->reason = reason;
}

/* Each block is freed as soon as it is copied. */
static hr_status join_blocks(hr_tree_slot *slot, hr_error *err) {
  hr_status status = HR_OK;
  slot->dataset = slot->blocks[0];
  slot->blocks[0] = NULL;
  for (size_t b = 1; b < block_count(slot); b++) {
    int code = slot->api->dataset_add_features_from(slot->dataset, slot->blocks[b]);
    HR_TRY(hr_grower_check(slot->api, code, err));
    free_dataset(slot->api, &slot->blocks[b]);
  }
cleanup:
  free_blocks(slot);
  return status;
}

hr_status hr_tree_slot_push(hr_tree_slot *slot, const hr_column_rows *rows,
                            float *scratch, hr_error *err) {
  hr_status status = HR_OK;
  filling f = {
      .slot = slot, .rows = rows, .scratch = scratch, .failed = ATOMIC_FLAG_INIT};
  hr_parallel_for(block_count(slot), fill_block, &f);
  if (f.reason.status != HR_OK) {
    return hr_fail(err, f.reason.status, "%s", f.reason.message);
  }
  slot->pushed += rows->count;
  if (slot->pushed == slot->rows) HR_TRY(join_blocks(slot, err));
cleanup:
  return status;
}
