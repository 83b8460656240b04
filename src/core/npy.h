/* NumPy's array file (NEP 1, format version 1.0), which numpy.load opens. */
#ifndef HR_CORE_NPY_H
#define HR_CORE_NPY_H

#include "core/file.h"

/* Writes fp64 values [rows][columns], row-major, atomically. Little-endian machines only.
 */
hr_status hr_npy_write(const char *path, const double *values, size_t rows,
                       size_t columns, hr_error *err) HR_MUST_CHECK;

/* Bytes of the file that hr_npy_write writes. */
size_t hr_npy_size(size_t rows, size_t columns);

#endif
