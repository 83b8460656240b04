/* Reading the labels: a pandas DataFrame as DataFrame.to_hdf wrote it (PyTables 'table'
 * or 'fixed' format), taken apart without pandas. Never executes a pickle. Layout:
 * docs/formats.md. */
#ifndef HR_DATA_FRAME_H
#define HR_DATA_FRAME_H

#include <stdint.h>

#include "core/text.h"
#include "data/bins.h"
#include "data/frame_other.h"
#include "headroom/observer.h"

/* The numeric columns of a frame. Integers and booleans are converted to fp64; integers
 * that an int64 holds are kept as they are, too. */
typedef struct hr_frame {
  size_t rows;
  hr_strings names;         /* columns in the frame's order where the file keeps it */
  double **columns;         /* [names.count][rows] */
  int64_t **integers;       /* [names.count][rows]; NULL for a column of other numbers */
  hr_precision *precisions; /* [names.count] in which the file keeps them */
  int64_t *index;           /* [rows]; NULL where it is not one of whole numbers */
  hr_frame_others others;   /* columns that are no numbers */
} hr_frame;

/* Reads the frame of the HDF5 file `path`: /dataset/params if it is one, else the only
 * group with the attribute `pandas_type`; otherwise HR_ERR_MISSING with a list of those
 * there are. Text and object columns are skipped; the object ones with a warning.
 * HR_ERR_FORMAT for MultiIndex columns and for anything not laid out as documented. */
hr_status hr_frame_read(const char *path, const hr_observer *observer, hr_frame *out,
                        hr_error *err) HR_MUST_CHECK;

/* The same of the frame at `place` and no other, where that is not NULL. HR_ERR_MISSING
 * where there is nothing, HR_ERR_FORMAT where that is no frame. */
hr_status hr_frame_read_at(const char *path, const char *place,
                           const hr_observer *observer, hr_frame *out,
                           hr_error *err) HR_MUST_CHECK;
void hr_frame_fini(hr_frame *frame);

/* Column names held in a pickled list of strings (protocols 0 and 2 to 5), by scanning
 * the known opcodes only; HR_ERR_FORMAT for any other pickle. */
hr_status hr_pickle_strings(const char *bytes, size_t size, hr_strings *out,
                            hr_error *err) HR_MUST_CHECK;

#endif
