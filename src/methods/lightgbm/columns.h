/* One slot's dataset in LightGBM: 8-bit columns whose values are the bins of its
 * histograms, filled as rows come.
 *
 * LightGBM takes whole rows and looks up each value among the boundaries of its column:
 * 8 MiB of them at 4096 pixels and 255 values, more than a core's cache holds. So the
 * columns are filled in blocks, each a dataset of its own that one thread fills, and are
 * put together when the last row has come: the same dataset, bit by bit. */
#ifndef HR_METHODS_LIGHTGBM_COLUMNS_H
#define HR_METHODS_LIGHTGBM_COLUMNS_H

#include "data/stream.h"
#include "methods/lightgbm/trees.h"

enum {
  HR_COLUMN_BLOCK = 128, /* columns: 256 KiB of boundaries */
  HR_COLUMN_ROWS = 256,  /* rows at a time */
};

typedef struct hr_tree_slot {
  const hr_lightgbm_api *api;
  size_t pixels;
  size_t rows;        /* training rows that it waits for or has; 0: it trains nothing */
  size_t sample_rows; /* that the boundaries of the histogram bins are made from */
  float *sample;      /* [sample_rows][pixels]; freed with the boundaries made */
  size_t sampled;
  void *
      *blocks; /* [hr_tree_slot_blocks] LightGBM's datasets; NULL: not begun, or joined */
  void *dataset; /* of all columns, pixels x rows bytes */
  size_t pushed;
  double cv_r2; /* of the validation, NaN where there was none */
  size_t validated_rows;
  double validation_seconds;
  double
      *residual; /* [rows] of the validation, NaN: not held out; NULL: there was none */
  int64_t grown; /* trees of the model */
} hr_tree_slot;

void hr_tree_slot_fini(hr_tree_slot *slot);

/* Frees the dataset, when all is grown. */
void hr_tree_slot_close(hr_tree_slot *slot);

/* Keeps one row of the sample. */
void hr_tree_slot_sample(hr_tree_slot *slot, const float *row);

/* Turns the sample into boundaries of histogram bins, and makes room for all rows. */
hr_status hr_tree_slot_open(hr_tree_slot *slot, const hr_grower *grower,
                            const hr_tree_size *size, hr_error *err) HR_MUST_CHECK;

/* Rows of a block, by number, at most HR_COLUMN_ROWS; borrowed. */
typedef struct hr_column_rows {
  const hr_block *block;
  const uint32_t *row; /* [count] */
  size_t count;
} hr_column_rows;

/* The slot's next rows. scratch: [threads][HR_COLUMN_ROWS][HR_COLUMN_BLOCK]. */
hr_status hr_tree_slot_push(hr_tree_slot *slot, const hr_column_rows *rows,
                            float *scratch, hr_error *err) HR_MUST_CHECK;

#endif
