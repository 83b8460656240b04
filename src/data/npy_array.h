/* Arrays that numpy.save wrote, of any type of numbers: NEP 1, versions 1 to 3. */
#ifndef HR_DATA_NPY_ARRAY_H
#define HR_DATA_NPY_ARRAY_H

#include <stddef.h>

#include "core/error.h"

/* Reads numbers of one or two dimensions, [rows] or [rows][columns], in either order of
 * bytes and of axes, as fp64: floats of 2, 4 and 8 bytes, integers of 1 to 8 with or
 * without a sign (beyond 2^53 rounded). *values is freed with hr_free. HR_ERR_MISSING,
 * HR_ERR_IO, HR_ERR_MEMORY; HR_ERR_FORMAT for a file of more than `most_bytes`, other
 * types, more dimensions, and where the bytes are not those of the array that the head
 * describes. */
hr_status hr_npy_array_read(const char *path, size_t most_bytes, double **values,
                            size_t *rows, size_t *columns, hr_error *err) HR_MUST_CHECK;

/* Whether bytes begin as such a file does. */
enum { HR_NPY_MAGIC = 6 };
extern const unsigned char hr_npy_magic[HR_NPY_MAGIC];

#endif
