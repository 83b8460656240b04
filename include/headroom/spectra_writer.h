/* Spectra and labels of your own, written as the HDF5 files that a study reads
 * (docs/formats.md, "Data files"), block by block: data larger than memory. What
 * headroom/spectra.h reads of such a file is what was written, as a study sees it.
 *
 * The file appears under its name when all rows are in it, whole, and not before.
 *
 * Threads: one writer by one thread at a time; two writers of different files by two
 * threads where HDF5 was built thread-safe (headroom/library.h). Process: as
 * headroom/library.h says of files. */
#ifndef HEADROOM_SPECTRA_WRITER_H
#define HEADROOM_SPECTRA_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "headroom/dtype.h"
#include "headroom/export.h"
#include "headroom/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What is to be in the file; borrowed while opening. */
typedef struct hr_spectra_writer_options {
  size_t size;
  uint64_t rows;               /* N, how many will be appended */
  uint64_t pixels;             /* P */
  const double *wave_angstrom; /* [pixels] centres, above 0, increasing */
  hr_dtype dtype; /* of flux, error and noisy in the file; a study takes off any pedestal
                     in fp64 and computes in fp32 */
  bool has_noisy; /* flux with noise stands beside the clean one: a study's test set */
  const char *const *labels; /* [label_count] names such as "log_g": ASCII, none twice */
  size_t label_count;        /* 0: spectra to predict */
  const bool *is_integer;    /* [label_count] int64 in place of fp64, for names of stars;
                                NULL: none is */
  bool replace;              /* a file of that name, which is refused otherwise */
  const char *written_by;    /* the file's attribute of that name; NULL: "headroom" */
  const double *fwhm_angstrom; /* [pixels] full width at half maximum of the instrument's
                                  Gaussian line spread; NULL: it is not told */
} hr_spectra_writer_options;

static inline hr_spectra_writer_options hr_spectra_writer_options_default(void) {
  hr_spectra_writer_options options = {sizeof(hr_spectra_writer_options),
                                       0,
                                       0,
                                       NULL,
                                       HR_FLOAT32,
                                       false,
                                       NULL,
                                       0,
                                       NULL,
                                       false,
                                       NULL,
                                       NULL};
  return options;
}

/* Some rows; borrowed for the call, rows next to each other. */
typedef struct hr_spectra_rows {
  size_t size;
  uint64_t rows;
  const void *flux;  /* [rows][pixels] in any unit, the same in all files of a study;
                        NaN: a bad pixel */
  const void *error; /* [rows][pixels] one sigma, in the unit of the flux; not above 0 or
                        not finite: a bad pixel. NULL: 0 is written, which a study takes
                        for errors that are not known where no row has any */
  const void *noisy; /* [rows][pixels]; looked at with has_noisy alone */
  hr_dtype dtype;    /* of the three, as they lie here */
  const void *const *labels; /* [label_count] each [rows] of double, or of int64_t where
                                the label is of integers */
} hr_spectra_rows;

static inline hr_spectra_rows hr_spectra_rows_default(void) {
  hr_spectra_rows rows = {sizeof(hr_spectra_rows), 0, NULL, NULL, NULL, HR_FLOAT32, NULL};
  return rows;
}

typedef struct hr_spectra_writer hr_spectra_writer;

/* Begins the file `path` under a temporary name beside it. HR_ERR_USAGE: a file of that
 * name is there, pixels or labels that a file cannot have, or options of another size
 * than a known one; HR_ERR_EMPTY without rows; HR_ERR_DATA for wavelengths that do not
 * increase; HR_ERR_IO; HR_ERR_MEMORY. *out is given back with hr_spectra_writer_close. */
HR_API hr_status hr_spectra_writer_open(const char *path,
                                        const hr_spectra_writer_options *options,
                                        hr_spectra_writer **out,
                                        hr_error *err) HR_MUST_CHECK;

/* Appends rows behind those that are there. HR_ERR_USAGE for more than the file was to
 * have, for missing flux, noisy flux or labels, or for rows of another size than a known
 * one; HR_ERR_IO; HR_ERR_MEMORY. Cost: no copy but what HDF5 converts. */
HR_API hr_status hr_spectra_writer_append(hr_spectra_writer *writer,
                                          const hr_spectra_rows *rows,
                                          hr_error *err) HR_MUST_CHECK;

/* Closes the file, syncs it to disk and gives it its name. HR_ERR_USAGE where rows are
 * missing; HR_ERR_IO. */
HR_API hr_status hr_spectra_writer_finish(hr_spectra_writer *writer,
                                          hr_error *err) HR_MUST_CHECK;

/* Frees the writer; a file that is not finished is removed. */
HR_API void hr_spectra_writer_close(hr_spectra_writer **writer);

#ifdef __cplusplus
}
#endif
#endif
