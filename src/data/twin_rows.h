/* Spectra that are there twice: in two training files, or in training and test set. */
#ifndef HR_DATA_TWIN_ROWS_H
#define HR_DATA_TWIN_ROWS_H

#include "data/doubts.h"
#include "data/stream.h"

/* Rows are known by a hash of their labels, rounded to fp32, in the columns that all
 * files have; of those found alike, up to HR_TWIN_PAIRS, spread over all, are read, and
 * count where flux and error are the same, pixel by pixel, or where the flux differs, but
 * by a fiftieth of the error, and the error by a five-hundredth: copies that were rounded
 * or written with fewer digits. Where none is found, columns that name or count rows,
 * whole numbers without one twice, are left out, as a copy may have another; where none
 * is found then, labels are taken alike in steps of a 256th of their range, and spectra
 * count to the bit alone, as stars of nearly the same labels have nearly the same clean
 * flux. So stars that merely share their labels, as on a grid, are no twins: their flux
 * is the same to the bit, and the error is not, or it has noise. Training rows among the
 * test rows are refused, rows that are twice in one of the sets told. `test` NULL: the
 * rows of `train` alone. `streaming` says how spectra are read, as for hr_look_at. Cost:
 * 16 bytes a row, two sorts, and the spectra of the pairs. HR_ERR_MEMORY, and as streams
 * fail. */
hr_status hr_doubt_twins(const hr_dataset *train, const hr_dataset *test,
                         const hr_stream_options *streaming, hr_doubts *doubts,
                         hr_error *err) HR_MUST_CHECK;

enum { HR_TWIN_PAIRS = 16 };

#endif
