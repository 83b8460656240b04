/* One HDF5 shard of a dataset: what is where in it. Internal to data/: dataset.c fills
 * the descriptions, stream.c opens the files again by them (data/hdf5_file.h) and reads
 * rows. File layout: docs/formats.md. */
#ifndef HR_DATA_SHARD_H
#define HR_DATA_SHARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/dataset.h"
#include "data/places.h"

/* Paths inside a shard, where a study does not name others (data/places.h). */
#define HR_SHARD_WAVE       "/spectrumdataset/wave"       /* (P,), angstrom */
#define HR_SHARD_FWHM       "/spectrumdataset/fwhm"       /* (P,), angstrom, optional */
#define HR_SHARD_FLUX       "/dataset/arrays/flux/value"  /* (N, P) */
#define HR_SHARD_ERROR      "/dataset/arrays/error/value" /* (N, P), one sigma */
#define HR_SHARD_NOISY      "/dataset/arrays/noisy/value" /* (N, P), optional */
#define HR_SHARD_NOISY_ROOT "/noisy"                      /* the same, in older files */
#define HR_SHARD_MASK       "/dataset/arrays/mask/value"  /* (N, P), optional */
#define HR_SHARD_PARAMS     "/dataset/params"             /* the labels' frame */

/* The limits within which a shape is believed; more is a damaged file. */
enum { HR_SHARD_MOST_PIXELS = 1 << 24 };
#define HR_SHARD_MOST_ROWS ((size_t)1 << 36)

/* Flux, error and noisy are all (rows, pixels) and floating point of 2, 4 or 8 bytes in
 * any byte order, chunked or contiguous: checked when the shard was opened. */
typedef struct hr_shard {
  char *path;               /* of the file, owned */
  size_t file;              /* number of its file among those of the dataset */
  size_t first_row;         /* number of its first row in the dataset */
  size_t rows;              /* N, those that are used */
  size_t *kept;             /* [rows] their numbers in the file, increasing, owned; NULL:
                               all of its rows are used */
  size_t file_rows;         /* of the file */
  size_t pixels;            /* P */
  bool has_flux, has_error; /* false only where hr_shard_read_observed said so */
  const char *noisy_path;   /* of its place, or HR_SHARD_NOISY_ROOT; NULL: none */
  bool has_mask;            /* not looked at before it is read: it may be left out */
  hr_places places;         /* of its arrays; hr_shard_place */
  double *wave;             /* [P] angstrom, owned */
  double *fwhm;             /* [P] of the line spread, angstrom, owned; NULL: not told */
  uint64_t file_bytes;
  uint64_t device, inode; /* the same for all names of one file */
  bool is_unlocked;       /* read without a lock (data/hdf5_file.h) */
  hr_strings notes;       /* what to warn of, a sentence each: arrays that are rounded */
  hr_strings chinese_notes; /* the same in Chinese */
} hr_shard;

/* Opens the file, checks its arrays and closes it again; `first_row` is left 0. places:
 * NULL: the usual ones; its texts are borrowed as long as the shard lives. Statuses as
 * hr_dataset_create. Freed with hr_shard_fini, on failure too. */
hr_status hr_shard_read(const char *path, const hr_places *places, hr_shard *out,
                        hr_error *err) HR_MUST_CHECK;

/* The same of a file to predict, which may lack the error, and the flux where it has
 * noisy spectra, and may have any array in its usual place instead. */
hr_status hr_shard_read_observed(const char *path, const hr_places *places, hr_shard *out,
                                 hr_error *err) HR_MUST_CHECK;

/* Where an array stands in the file. */
const char *hr_shard_place(const hr_shard *shard, hr_place place);

/* The same of the array that says how many rows there are: the flux, or what stands in
 * its place. */
const char *hr_shard_rows_of(const hr_shard *shard);
void hr_shard_fini(hr_shard *shard);

/* The number in the file of row `row` of the shard. */
static inline size_t hr_shard_file_row(const hr_shard *shard, size_t row) {
  return shard->kept ? shard->kept[row] : row;
}

/* The shards of a dataset in row order, borrowed: [*count]. */
const hr_shard *hr_dataset_shards(const hr_dataset *dataset, size_t *count);

#endif
