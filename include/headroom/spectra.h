/* Spectra and labels from HDF5 files, block by block: data larger than memory.
 *
 * Files are laid out as docs/formats.md says; the labels may be missing. Several files
 * are one table, whose rows run on from file to file. Rows come as a study sees them:
 * flux clipped at 0 from below, NaN in the error replaced by the nearest valid pixel of
 * the row, everything in fp32.
 *
 * Threads: two readers may be used by two threads at the same time where HDF5 was built
 * thread-safe (headroom/library.h); hr_spectra_next and hr_spectra_rewind of one reader
 * by one thread at a time, all else by any number. Rows of a block are prepared on OpenMP
 * threads. Process: as headroom/library.h says of files. */
#ifndef HEADROOM_SPECTRA_H
#define HEADROOM_SPECTRA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "headroom/export.h"
#include "headroom/observer.h"
#include "headroom/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct hr_spectra_options {
  size_t size;
  uint64_t
      memory_bytes;    /* budget for the blocks and what they are read through; 0: 256
                          MiB. One row has to fit, and compressed chunks are read whole */
  uint64_t block_rows; /* rows a block; 0: as the budget allows, never more than that */
  bool skip_labels;    /* do not look for labels at all */
  bool untrusted;      /* a child process reads the files first, within limits of time
                          and memory: for files that may come from anywhere */
  const hr_observer *observer; /* told of columns that are skipped; borrowed while
                                  opening; may be NULL */
} hr_spectra_options;

static inline hr_spectra_options hr_spectra_options_default(void) {
  hr_spectra_options options = {sizeof(hr_spectra_options), 0, 0, false, false, NULL};
  return options;
}

typedef struct hr_spectra_reader hr_spectra_reader;

/* Arrays and texts are borrowed from the reader. */
typedef struct hr_spectra_info {
  size_t size;
  uint64_t rows, pixels;
  const double *wave_angstrom; /* [pixels] centres, increasing */
  bool has_noisy;              /* every file holds flux with noise beside the clean one */
  const char *const *labels;   /* [label_count] columns of numbers that every file has */
  size_t label_count;          /* 0 also where a file has no labels */
  size_t file_count;
  uint64_t file_bytes; /* of all files together */
} hr_spectra_info;

/* Rows first_row .. first_row + rows - 1; arrays [rows][pixels], row by row, borrowed
 * until the next call of hr_spectra_next, _rewind or _close. */
typedef struct hr_spectra_block {
  size_t size;
  uint64_t first_row;
  uint64_t rows; /* 0: the end */
  uint64_t pixels;
  const float *flux;  /* without noise, or as observed where the file has nothing else */
  const float *error; /* one sigma; values not above 0 are masked pixels, but
                         where all are 0: then errors are not known */
  const float *noisy; /* flux with noise as stored; NULL: has_noisy is false */
} hr_spectra_block;

/* Opens the files `paths` [path_count] as one table, in this order; labels go into
 * memory, spectra stay on disk. options: NULL for the defaults. HR_ERR_MISSING,
 * HR_ERR_FORMAT, HR_ERR_DATA for files that are not there, damaged, or do not go
 * together; HR_ERR_EMPTY without a spectrum; HR_ERR_USAGE without a path, or for options
 * of another size than a known one; HR_ERR_IO; HR_ERR_MEMORY. *out is given back with
 * hr_spectra_close. */
HR_API hr_status hr_spectra_open(const char *const *paths, size_t path_count,
                                 const hr_spectra_options *options,
                                 hr_spectra_reader **out, hr_error *err) HR_MUST_CHECK;
HR_API void hr_spectra_close(hr_spectra_reader **reader);

/* Fills *info, whose size is set. HR_ERR_USAGE for another size than a known one. */
HR_API hr_status hr_spectra_get_info(const hr_spectra_reader *reader,
                                     hr_spectra_info *info, hr_error *err) HR_MUST_CHECK;

/* The column `name`: *values [rows], in the unit of the file, borrowed from the reader;
 * integers and booleans are converted, which rounds those beyond 2^53. HR_ERR_DATA where
 * a file has no such column. */
HR_API hr_status hr_spectra_label(const hr_spectra_reader *reader, const char *name,
                                  const double **values, hr_error *err) HR_MUST_CHECK;

/* The same to the last digit: *values [rows], or NULL where a file has other numbers than
 * integers and booleans (which are 0 and 1) in that column. HR_ERR_DATA where a file has
 * no such column, or one of unsigned integers that goes to 2^63 - 1 or beyond. */
HR_API hr_status hr_spectra_label_whole(const hr_spectra_reader *reader, const char *name,
                                        const int64_t **values,
                                        hr_error *err) HR_MUST_CHECK;

/* The next block, of rows of one file, into *block, whose size is set. Refuses, naming
 * file, row and pixel, a flux that is NaN or beyond 1e15, and a row whose error is all
 * NaN (HR_ERR_DATA): such a row stays refused until hr_spectra_rewind. HR_ERR_FORMAT for
 * bytes that cannot be read; HR_ERR_USAGE for a block of another size than a known one;
 * HR_ERR_IO; HR_ERR_MEMORY. Each chunk of a file is read once. */
HR_API hr_status hr_spectra_next(hr_spectra_reader *reader, hr_spectra_block *block,
                                 hr_error *err) HR_MUST_CHECK;

/* The next block is the first one again. */
HR_API void hr_spectra_rewind(hr_spectra_reader *reader);

#ifdef __cplusplus
}
#endif
#endif
