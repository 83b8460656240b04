/* Measuring rows as they come. */
#include "methods/line_index/rows.h"

#include <string.h>

#include "core/alloc.h"
#include "features/gate_components.h"

hr_status hr_line_rows_init(hr_line_rows *rows, const hr_line_plan *plan, int32_t bin,
                            size_t most, hr_error *err) {
  hr_status status = HR_OK;
  size_t sample = plan->table->components > 0 ? HR_LINE_SAMPLE_ROWS : 0;
  *rows = (hr_line_rows){.bin = bin,
                         .most = most,
                         .most_sampled = sample < most ? sample : most,
                         .seed = plan->seed,
                         .compute = plan->compute};
  HR_TRY(hr_gate_features_create(plan->table, &plan->grid, &rows->features, err));
  HR_TRY(hr_alloc(&rows->row, most, err));
  HR_TRY(hr_alloc(&rows->value, most * hr_gate_features_count(rows->features), err));
  HR_TRY(hr_alloc(&rows->snr, most, err));
  HR_TRY(hr_alloc(&rows->sample, rows->most_sampled * plan->grid.pixels, err));
cleanup:
  return status;
}

void hr_line_rows_fini(hr_line_rows *rows) {
  hr_gate_features_destroy(&rows->features);
  hr_free(rows->row);
  hr_free(rows->value);
  hr_free(rows->snr);
  hr_free(rows->sample);
  *rows = (hr_line_rows){.count = 0};
}

void hr_line_rows_sample(hr_line_rows *rows, const float *noisy) {
  size_t pixels = hr_gate_features_pixels(rows->features);
  if (rows->sampled >= rows->most_sampled) return;
  memcpy(rows->sample + rows->sampled++ * pixels, noisy, pixels * sizeof *noisy);
}

static hr_status find_components(hr_line_rows *rows, hr_error *err) {
  hr_status status = HR_OK;
  const hr_gate_table *table = hr_gate_features_table(rows->features);
  const hr_gate_sample sample = {.compute = rows->compute,
                                 .rows = rows->sampled,
                                 .pixels = hr_gate_features_pixels(rows->features),
                                 .flux = rows->sample,
                                 .seed = rows->seed,
                                 .weighted = table->weighted};
  rows->is_begun = true;
  if (table->components > 0) {
    status = hr_gate_components_find(&sample, table->components,
                                     hr_gate_features_components(rows->features), err);
  }
  hr_free(rows->sample);
  rows->sample = NULL;
  rows->most_sampled = 0;
  return status;
}

hr_status hr_line_rows_observe(hr_line_rows *rows, const hr_block *block,
                               const int32_t *bin, hr_error *err) {
  hr_status status = HR_OK;
  size_t features = hr_gate_features_count(rows->features), count = 0;
  uint32_t *number = NULL;
  double *value = NULL;
  if (!rows->is_begun) HR_TRY(find_components(rows, err));
  HR_TRY(hr_alloc(&number, block->rows, err));
  for (size_t i = 0; i < block->rows; i++) {
    if (bin[i] == rows->bin) number[count++] = (uint32_t)i;
  }
  if (rows->count + count > rows->most) count = rows->most - rows->count;
  HR_TRY(hr_alloc(&value, count * features, err));
  HR_TRY(hr_gate_features_fill(rows->features, count, number, block->noisy, value, err));
  for (size_t i = 0; i < count; i++) {
    rows->row[rows->count + i] = block->first_row + number[i];
    rows->snr[rows->count + i] = hr_block_snr(block, number[i]);
  }
  for (size_t i = 0; i < count * features; i++) {
    rows->value[rows->count * features + i] = (float)value[i];
  }
  rows->count += count;
cleanup:
  hr_free(number);
  hr_free(value);
  return status;
}

size_t hr_line_rows_find(const hr_line_rows *rows, size_t row) {
  size_t low = 0, high = rows->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (rows->row[middle] < row) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low < rows->count && rows->row[low] == row ? low : SIZE_MAX;
}

double hr_line_rows_bytes(const hr_gate_table *table, size_t rows) {
  size_t row = hr_gate_table_features(table) * sizeof(float) + sizeof(size_t);
  return (double)(rows * (row + sizeof(double)));
}

/* The components are found in a few arrays of the directions beside the sample. */
double hr_line_sample_bytes(const hr_gate_table *table, size_t pixels) {
  size_t directions = table->components + HR_GATE_SPARE;
  if (table->components == 0) return 0;
  return (double)((HR_LINE_SAMPLE_ROWS + 16 * directions) * pixels * sizeof(float));
}
