/* Writing one dataset.h5 in the users' own layout, row block after row block. */
#ifndef HR_SIMULATE_WRITER_H
#define HR_SIMULATE_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "headroom/simulate.h"

/* Columns of the label frame, in the order of hr_writer_columns. */
enum {
  HR_COLUMN_T_EFF,
  HR_COLUMN_LOG_G,
  HR_COLUMN_M_H,
  HR_COLUMN_A_M,
  HR_COLUMN_C_M,
  HR_COLUMN_MAG,
  HR_COLUMN_REDSHIFT,
  HR_COLUMN_SNR,
  HR_COLUMN_SEEING,
  HR_COLUMN_ZENITH_ANGLE,
  HR_COLUMN_FIELD_ANGLE,
  HR_COLUMN_COUNT,
};

extern const char *const hr_writer_columns[HR_COLUMN_COUNT];

/* Sets of more rows than this are chunked, HR_WRITER_CHUNK_ROWS rows a chunk, as the
 * users' simulator does; smaller ones are contiguous. */
enum { HR_WRITER_MOST_CONTIGUOUS_ROWS = 65536, HR_WRITER_CHUNK_ROWS = 4096 };

typedef struct hr_writer_shape {
  uint64_t rows;
  size_t pixels;
  const double *wave; /* [pixels] angstrom, borrowed for the call */
  hr_simulate_dtype dtype;
  bool has_noisy;
} hr_writer_shape;

/* Some rows; arrays [rows][pixels] fp32. */
typedef struct hr_writer_rows {
  size_t rows;
  const float *flux, *error;
  const float *noisy;   /* NULL where the file holds none */
  const double *labels; /* [rows][HR_COLUMN_COUNT] */
} hr_writer_rows;

typedef struct hr_writer hr_writer;

/* Starts the file under a temporary name beside `path`; HR_ERR_IO where that fails. */
hr_status hr_writer_create(const char *path, const hr_writer_shape *shape,
                           hr_writer **out, hr_error *err) HR_MUST_CHECK;
hr_status hr_writer_append(hr_writer *writer, const hr_writer_rows *rows,
                           hr_error *err) HR_MUST_CHECK;

/* Closes the file, syncs it to disk and gives it its name, once all rows are there. */
hr_status hr_writer_finish(hr_writer *writer, hr_error *err) HR_MUST_CHECK;

/* Whether a writer made the file at `path`. */
bool hr_writer_wrote(const char *path);

/* Frees the writer; a file that is not finished is removed. */
void hr_writer_destroy(hr_writer **writer);

#endif
