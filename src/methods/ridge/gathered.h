/* The file in which a part of a study leaves the sums that it gathered, for the Ridge of
 * all rows: of a bin those of each fold; of all rows those of each fold's rows that are
 * in no bin's sums, what the noise of all sums up to where it is integrated out, and the
 * rows that are held. It is read by the program that wrote it, on machines that compute
 * alike, and its last word is the fingerprint of all before. */
#ifndef HR_METHODS_RIDGE_GATHERED_H
#define HR_METHODS_RIDGE_GATHERED_H

#include <stdint.h>
#include <stdio.h>

#include "compute/scatter.h"

/* What tells whether a file is what is looked for. */
typedef struct hr_gathered_shape {
  size_t pixels, targets, folds;
  size_t rows; /* in the sums */
  size_t held; /* rows that are held, each of [P] fp32 and its ratio */
  bool has_noise;
} hr_gathered_shape;

/* A file that is written or read, from its first byte to its last. */
typedef struct hr_gathered {
  FILE *file;
  char *path, *part; /* part: under which it is written; NULL: it is read */
  uint64_t print;
} hr_gathered;

/* Begins a file. HR_ERR_IO, HR_ERR_MEMORY. To be followed by hr_gathered_fini, on failure
 * too, which removes what was not committed. */
hr_status hr_gathered_create(const char *path, const hr_gathered_shape *shape,
                             hr_gathered *out, hr_error *err) HR_MUST_CHECK;
void hr_gathered_fini(hr_gathered *gathered);

hr_status hr_gathered_put(hr_gathered *gathered, const void *bytes, size_t size,
                          hr_error *err) HR_MUST_CHECK;

/* Sums that are finished; of no rows only that. */
hr_status hr_gathered_put_sums(hr_gathered *gathered, hr_scatter *sums,
                               hr_error *err) HR_MUST_CHECK;

/* Ends it, durably. */
hr_status hr_gathered_commit(hr_gathered *gathered, hr_error *err) HR_MUST_CHECK;

/* Whether the whole file is what was written, of that shape: HR_ERR_DATA where it is not,
 * HR_ERR_IO where there is none or it cannot be read. */
hr_status hr_gathered_check(const char *path, const hr_gathered_shape *shape,
                            hr_error *err) HR_MUST_CHECK;

/* Opens one to be read. The same failures. */
hr_status hr_gathered_open(const char *path, const hr_gathered_shape *shape,
                           hr_gathered *out, hr_error *err) HR_MUST_CHECK;
hr_status hr_gathered_get(hr_gathered *gathered, void *bytes, size_t size,
                          hr_error *err) HR_MUST_CHECK;

/* Sums into ones of no rows, finished. */
hr_status hr_gathered_get_sums(hr_gathered *gathered, hr_scatter *sums,
                               hr_error *err) HR_MUST_CHECK;

/* Behind the last: HR_ERR_DATA where a bit is not what was written. */
hr_status hr_gathered_end(hr_gathered *gathered, hr_error *err) HR_MUST_CHECK;

/* Bytes of a file whose folds all have rows. */
double hr_gathered_bytes(const hr_gathered_shape *shape);

#endif
