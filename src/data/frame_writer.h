/* Writing tables so that pandas.read_hdf opens them: a DataFrame in PyTables' 'table'
 * format, as DataFrame.to_hdf(format="table") of pandas 1 and 2 lays it out, without the
 * search index that PyTables adds and readers do not need. Columns of one kind lie in one
 * block, as pandas has it; rows are appended, and memory does not grow with them. */
#ifndef HR_DATA_FRAME_WRITER_H
#define HR_DATA_FRAME_WRITER_H

#include <hdf5.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

/* The kinds of cells, in the order of their blocks. */
typedef enum hr_frame_cell_kind {
  HR_FRAME_CELL_NUMBER,  /* fp64 */
  HR_FRAME_CELL_INTEGER, /* int64 */
  HR_FRAME_CELL_TEXT,    /* UTF-8, padded with zeros */
  HR_FRAME_CELL_KINDS,
} hr_frame_cell_kind;

typedef struct hr_frame_column {
  const char *name; /* ASCII without control characters or backslash */
  hr_frame_cell_kind kind;
  size_t text_bytes; /* the longest text, at least 1; longer ones are cut off */
} hr_frame_column;

/* The cells of one column; the member of its kind. */
typedef struct hr_frame_cells {
  const double *numbers;
  const int64_t *integers;
  const char *const *texts;
} hr_frame_cells;

/* The columns of one kind, within a row. */
typedef struct hr_frame_block {
  size_t columns; /* 0: there is no such block */
  size_t width;   /* bytes of a cell */
  size_t offset;  /* of the first cell in a row */
} hr_frame_block;

typedef struct hr_frame_writer {
  const char *path;         /* of the file, for messages; borrowed */
  hid_t table, type;        /* invalid when closed */
  hr_frame_column *columns; /* [column_count] copies, their names borrowed */
  size_t column_count;
  hr_frame_block blocks[HR_FRAME_CELL_KINDS];
  size_t row_bytes;
  uint64_t rows, written; /* rows: there is room for */
} hr_frame_writer;

#define HR_FRAME_WRITER_CLOSED \
  { .table = H5I_INVALID_HID, .type = H5I_INVALID_HID }

/* Where a frame is to be; borrowed, the path until it is closed. */
typedef struct hr_frame_place {
  hid_t file;        /* open */
  const char *path;  /* of the file, for messages */
  const char *group; /* to be made; its parent exists */
} hr_frame_place;

/* Makes a frame of `rows` rows, index 0 .. rows-1; more may be appended, and
 * hr_frame_writer_finish then says how many there are. Names are borrowed until closed.
 */
hr_status hr_frame_writer_create_table(const hr_frame_place *place,
                                       const hr_frame_column *columns, size_t count,
                                       uint64_t rows, hr_frame_writer *out,
                                       hr_error *err) HR_MUST_CHECK;

/* The same of columns of numbers. names: [columns]. */
hr_status hr_frame_writer_create(const hr_frame_place *place, const char *const *names,
                                 size_t columns, uint64_t rows, hr_frame_writer *out,
                                 hr_error *err) HR_MUST_CHECK;

/* Appends rows; cells: [column_count], in the order of the columns. */
hr_status hr_frame_writer_append_cells(hr_frame_writer *writer, size_t rows,
                                       const hr_frame_cells *cells,
                                       hr_error *err) HR_MUST_CHECK;

/* The same where all columns are numbers. values: [rows][columns]. */
hr_status hr_frame_writer_append(hr_frame_writer *writer, size_t rows,
                                 const double *values, hr_error *err) HR_MUST_CHECK;

/* Says in the file how many rows were appended. */
hr_status hr_frame_writer_finish(hr_frame_writer *writer, hr_error *err) HR_MUST_CHECK;
void hr_frame_writer_close(hr_frame_writer *writer);

/* Gives an HDF5 object the text attribute `name`; an empty text has no value, as
 * PyTables writes it. `utf8`: the character set that is declared. */
hr_status hr_frame_writer_text(hid_t object, const char *path, const char *name,
                               const char *text, bool utf8, hr_error *err) HR_MUST_CHECK;

#endif
