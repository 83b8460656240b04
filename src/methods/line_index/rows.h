/* The features of one bin's training rows, measured on the noisy spectra as they are
 * shown; the spectra are not kept. */
#ifndef HR_METHODS_LINE_INDEX_ROWS_H
#define HR_METHODS_LINE_INDEX_ROWS_H

#include "data/stream.h"
#include "features/gate_features.h"

/* Spectra of a bin that its components are found from. */
enum { HR_LINE_SAMPLE_ROWS = 2048 };

typedef struct hr_line_rows {
  int32_t bin;                /* of the rows, as hr_line_rows_observe is told */
  hr_gate_features *features; /* its components are known when the first row has come */
  size_t most, count;         /* rows that there will be, and that have come */
  size_t *row;                /* [count] numbers in the study, ascending */
  float *value;               /* [count][F] */
  double *snr;                /* [count] measured, NaN: not known */
  float *sample;              /* [most_sampled][P], until the components are known */
  size_t most_sampled, sampled;
  uint64_t seed;
  const hr_compute *compute;
  bool is_begun;
} hr_line_rows;

/* What they stand on; borrowed for the call, but for `compute`. */
typedef struct hr_line_plan {
  const hr_compute *compute;
  hr_gate_grid grid;
  const hr_gate_table *table;
  uint64_t seed;
} hr_line_plan;

/* Room for `most` rows of bin `bin`. To be followed by hr_line_rows_fini, on failure too.
 * HR_ERR_CONFIG as hr_gate_table_place; HR_ERR_MEMORY. */
hr_status hr_line_rows_init(hr_line_rows *rows, const hr_line_plan *plan, int32_t bin,
                            size_t most, hr_error *err) HR_MUST_CHECK;
void hr_line_rows_fini(hr_line_rows *rows);

/* A spectrum [P] of the bin, one of a random sample; more than are wanted are fine. */
void hr_line_rows_sample(hr_line_rows *rows, const float *noisy);

/* Measures the rows of the block whose `bin`, [rows of the block], is theirs; blocks come
 * in order. HR_ERR_MEMORY, HR_ERR_NUMERIC. */
hr_status hr_line_rows_observe(hr_line_rows *rows, const hr_block *block,
                               const int32_t *bin, hr_error *err) HR_MUST_CHECK;

/* The place of the study's row `row` among them, or SIZE_MAX. */
size_t hr_line_rows_find(const hr_line_rows *rows, size_t row);

/* Bytes of so many rows, and of the sample before them. */
double hr_line_rows_bytes(const hr_gate_table *table, size_t rows);
double hr_line_sample_bytes(const hr_gate_table *table, size_t pixels);

#endif
