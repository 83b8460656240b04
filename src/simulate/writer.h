/* The label columns of simulated stars, and how their files are known again. */
#ifndef HR_SIMULATE_WRITER_H
#define HR_SIMULATE_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "headroom/simulate.h"
#include "headroom/spectra_writer.h"

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
  HR_COLUMN_RV, /* where stars move */
  HR_COLUMN_COUNT,
};

extern const char *const hr_writer_columns[HR_COLUMN_COUNT];

typedef struct hr_writer_shape {
  uint64_t rows;
  size_t pixels;
  const double *wave; /* [pixels] angstrom, borrowed for the call */
  hr_simulate_dtype dtype;
  bool has_noisy;
  const double *fwhm; /* [pixels] of the line spread, borrowed; NULL: not told */
  /* [column_count] those of the columns above that there are, borrowed; NULL: all but
   * rv. */
  const size_t *columns;
  size_t column_count;
} hr_writer_shape;

/* Starts the file; what is there is replaced. Closed with hr_spectra_writer_close. */
hr_status hr_writer_create(const char *path, const hr_writer_shape *shape,
                           hr_spectra_writer **out, hr_error *err) HR_MUST_CHECK;

/* Whether such a writer made the file at `path`. */
bool hr_writer_wrote(const char *path);

#endif
