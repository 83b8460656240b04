/* NumPy's array file (NEP 1, format version 1.0), which numpy.load opens and numpy.save
 * writes: fp64 numbers in two or three dimensions, row-major. Little-endian machines
 * only. */
#ifndef HR_CORE_NPY_H
#define HR_CORE_NPY_H

#include "core/file.h"

enum { HR_NPY_MOST_DIMENSIONS = 3 };

/* How many numbers there are along each dimension. */
typedef struct hr_npy_shape {
  size_t dimensions; /* 2 or 3 */
  size_t extent[HR_NPY_MOST_DIMENSIONS];
} hr_npy_shape;

/* Writes fp64 values [rows][columns] atomically. HR_ERR_IO, HR_ERR_MEMORY. */
hr_status hr_npy_write(const char *path, const double *values, size_t rows,
                       size_t columns, hr_error *err) HR_MUST_CHECK;

/* The same for values of any shape that there can be. */
hr_status hr_npy_write_array(const char *path, const double *values,
                             const hr_npy_shape *shape, hr_error *err) HR_MUST_CHECK;

/* Reads such a file, of at most `most_bytes`. *values: as many as the shape says, to be
 * freed with hr_free; no more memory is taken than the file has bytes. HR_ERR_MISSING,
 * HR_ERR_IO, HR_ERR_MEMORY; HR_ERR_FORMAT where it is larger, or not as these functions
 * write it. */
hr_status hr_npy_read(const char *path, size_t most_bytes, double **values,
                      hr_npy_shape *shape, hr_error *err) HR_MUST_CHECK;

/* The same of finite numbers [extent[0]][extent[1]], and nothing else: HR_ERR_FORMAT
 * names the file and `owner`, whose numbers they should be. */
hr_status hr_npy_read_matrix(const char *path, const size_t extent[2], const char *owner,
                             double **values, hr_error *err) HR_MUST_CHECK;

/* Bytes of the file that hr_npy_write writes. */
size_t hr_npy_size(size_t rows, size_t columns);

#endif
