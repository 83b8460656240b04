/* What frame.c shares with its two readers, frame_table.c and frame_fixed.c. */
#ifndef HR_DATA_FRAME_LAYOUT_H
#define HR_DATA_FRAME_LAYOUT_H

#include "data/frame.h"
#include "data/hdf5_file.h"

/* More columns than a frame of labels has; a damaged file may claim any number. */
enum { HR_FRAME_MOST_COLUMNS = 10000 };

/* And longer names than a column has. */
enum { HR_FRAME_MOST_NAME_BYTES = 4096 };

/* Bytes of rows that are read at a time while columns are pulled apart. */
enum { HR_FRAME_BUFFER_BYTES = 4 << 20 };

/* A frame's group in its file; all borrowed. */
typedef struct hr_frame_source {
  const hr_hdf5_file *file;
  const char *group; /* absolute path */
  const hr_observer *observer;
} hr_frame_source;

/* Looks at a type and at pandas' own name for it (NULL: none). */
hr_frame_values hr_frame_classify(hid_t type, const char *pandas_dtype);

/* Whether the values of the type are integers: an int64 holds them but for unsigned ones
 * of 2^63 and more, which HDF5 makes 2^63 - 1. */
bool hr_frame_is_whole(hid_t type);

/* In how many bits the type keeps a number. */
hr_precision hr_frame_precision(hid_t type);

/* Appends a column of frame->rows zeros for values of that type in the file, with room
 * for them as integers, too, where they are whole. */
hr_status hr_frame_add_column(const hr_frame_source *source, hr_frame *frame,
                              const char *name, hid_t type, hr_error *err) HR_MUST_CHECK;

/* Keeps the names of columns that are left out. HR_ERR_MEMORY. */
hr_status hr_frame_skip(hr_frame *frame, const hr_strings *names, hr_frame_values values,
                        hr_error *err) HR_MUST_CHECK;

/* Tells the observer of those from `first` on; columns of text are not worth a word. */
void hr_frame_tell_skipped(const hr_frame_source *source, const hr_frame *frame,
                           size_t first);

/* Fails with the reason why a dataset of the frame was not opened; of one that is not
 * there, says what may have become of it. */
hr_status hr_frame_fail_incomplete(const hr_frame_source *source, const hr_error *reason,
                                   hr_error *err);

/* How many rows of `row_bytes` to read at a time. */
size_t hr_frame_rows_at_once(size_t row_bytes);

/* Fill an empty frame; `order` gets the names in the frame's order where the file keeps
 * it. */
hr_status hr_frame_read_table(const hr_frame_source *source, hr_frame *frame,
                              hr_strings *order, hr_error *err) HR_MUST_CHECK;
hr_status hr_frame_read_fixed(const hr_frame_source *source, hr_frame *frame,
                              hr_strings *order, hr_error *err) HR_MUST_CHECK;

#endif
