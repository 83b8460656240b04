/* Writing labels so that pandas.read_hdf opens them: a DataFrame of fp64 columns in
 * PyTables' 'table' format, as DataFrame.to_hdf(format="table") of pandas 1 and 2 lays it
 * out, without the search index that PyTables adds and readers do not need. */
#ifndef HR_SIMULATE_FRAME_WRITER_H
#define HR_SIMULATE_FRAME_WRITER_H

#include <hdf5.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

enum { HR_FRAME_WRITER_MOST_COLUMNS = 32 };

typedef struct hr_frame_writer {
  const char *path;  /* of the file, for messages; borrowed */
  hid_t table, type; /* invalid when closed */
  size_t columns;
  uint64_t rows, written;
} hr_frame_writer;

#define HR_FRAME_WRITER_CLOSED \
  { .table = H5I_INVALID_HID, .type = H5I_INVALID_HID }

/* Makes the group `group` (its parent exists) of the open file with a frame of `rows`
 * rows, index 0 .. rows-1. names: [columns], ASCII without control characters. */
hr_status hr_frame_writer_create(hid_t file, const char *path, const char *group,
                                 const char *const *names, size_t columns, uint64_t rows,
                                 hr_frame_writer *out, hr_error *err) HR_MUST_CHECK;

/* Appends rows. values: [rows][columns]. */
hr_status hr_frame_writer_append(hr_frame_writer *writer, size_t rows,
                                 const double *values, hr_error *err) HR_MUST_CHECK;
void hr_frame_writer_close(hr_frame_writer *writer);

/* Gives an HDF5 object the text attribute `name`; an empty text has no value, as
 * PyTables writes it. `utf8`: the character set that is declared. */
hr_status hr_frame_writer_text(hid_t object, const char *path, const char *name,
                               const char *text, bool utf8, hr_error *err) HR_MUST_CHECK;

#endif
