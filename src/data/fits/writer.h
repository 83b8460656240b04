/* Writing one binary table as a FITS file, row by row: memory does not grow with the
 * rows. Ours and not CFITSIO's, so that a full disk is an error with its reason, the same
 * rows are the same bytes whatever is installed, and builds without CFITSIO write them,
 * too. The standard, 4.0, sections 4 and 7.3, asks for little of a writer. */
#ifndef HR_DATA_FITS_WRITER_H
#define HR_DATA_FITS_WRITER_H

#include "data/frame_writer.h"

typedef enum hr_fits_cell_kind {
  HR_FITS_CELL_NUMBER,  /* fp64, NaN: none */
  HR_FITS_CELL_INTEGER, /* of 64 bits */
  HR_FITS_CELL_TRUTH,   /* T or F, from integers */
  HR_FITS_CELL_TEXT,    /* padded with zeros; `_` for what is not ASCII */
} hr_fits_cell_kind;

typedef struct hr_fits_column {
  const char *name; /* at most 68 characters of ASCII; case does not tell names apart */
  const char *unit; /* "" or NULL: none */
  hr_fits_cell_kind kind;
  size_t text_bytes; /* the longest text, at least 1; longer ones are cut off */
  bool may_be_null;  /* an integer: where its `numbers` are NaN it is none (TNULL) */
} hr_fits_column;

typedef struct hr_fits_writer hr_fits_writer;

/* Begins the file with a table of that name; `path` and the names are copied or used at
 * once. HR_ERR_USAGE for a name that FITS cannot have, or two that are one there, or more
 * than 999 columns; HR_ERR_IO, HR_ERR_MEMORY. */
hr_status hr_fits_writer_create(const char *path, const char *table,
                                const hr_fits_column *columns, size_t count,
                                hr_fits_writer **out, hr_error *err) HR_MUST_CHECK;

/* Appends rows; cells: [count]. HR_ERR_IO. */
hr_status hr_fits_writer_append(hr_fits_writer *writer, size_t rows,
                                const hr_frame_cells *cells, hr_error *err) HR_MUST_CHECK;

/* Says in the file how many rows there are, and closes it. The writer is gone, on failure
 * too; the file is the caller's to sync and to name. */
hr_status hr_fits_writer_finish(hr_fits_writer **writer, hr_error *err) HR_MUST_CHECK;

/* Closes the file as it is; NULL is fine. */
void hr_fits_writer_close(hr_fits_writer **writer);

#endif
