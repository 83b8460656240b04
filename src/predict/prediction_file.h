/* Where predictions go: a table that grows block by block and is whole or not there, as
 * CSV or as a frame that pandas.read_hdf opens. Memory does not grow with the rows. */
#ifndef HR_PREDICT_PREDICTION_FILE_H
#define HR_PREDICT_PREDICTION_FILE_H

#include "data/frame_writer.h"

typedef enum hr_prediction_file_format {
  HR_PREDICTION_CSV,
  HR_PREDICTION_HDF5,
  HR_PREDICTION_FITS,
  HR_PREDICTION_PFSSTAR, /* FITS, as a catalogue of stars of PFS has it */
} hr_prediction_file_format;

/* A column; its numbers read back the same from every format. */
typedef struct hr_prediction_file_column {
  hr_frame_column frame;
  bool may_be_null; /* of whole numbers: one is none where its `numbers` are NaN */
  bool is_truth;    /* of whole numbers in FITS: T where they are not 0 */
  const char *unit; /* in FITS; NULL: none. Borrowed while the file is made */
} hr_prediction_file_column;

typedef struct hr_prediction_file hr_prediction_file;

/* Begins the file under a temporary name beside `path`; names of columns are borrowed.
 * HR_ERR_USAGE where HDF5 or FITS cannot have a column of that name; HR_ERR_IO,
 * HR_ERR_MEMORY. */
hr_status hr_prediction_file_create(hr_prediction_file_format format, const char *path,
                                    const hr_prediction_file_column *columns,
                                    size_t count, hr_prediction_file **out,
                                    hr_error *err) HR_MUST_CHECK;

/* Appends rows; cells: [count], NaN is an empty field in CSV. */
hr_status hr_prediction_file_append(hr_prediction_file *file, size_t rows,
                                    const hr_frame_cells *cells,
                                    hr_error *err) HR_MUST_CHECK;

/* Gives the file its name: it is whole and on disk. The file is gone, on failure too. */
hr_status hr_prediction_file_finish(hr_prediction_file **file,
                                    hr_error *err) HR_MUST_CHECK;

/* Leaves nothing behind; NULL is fine. */
void hr_prediction_file_discard(hr_prediction_file **file);

#endif
