#include "core/npy.h"

#include <stdio.h>
#include <string.h>

#include "core/alloc.h"

/* Magic, version and length take 10 bytes; the header is padded with blanks to a whole
 * number of 64 bytes and ends with a newline. */
enum { NPY_HEADER = 128, NPY_PREFIX = 10 };

size_t hr_npy_size(size_t rows, size_t columns) {
  return NPY_HEADER + rows * columns * sizeof(double);
}

hr_status hr_npy_write(const char *path, const double *values, size_t rows,
                       size_t columns, hr_error *err) {
  hr_status status = HR_OK;
  char *bytes = NULL, header[NPY_HEADER + 1];
  size_t size = hr_npy_size(rows, columns);
  HR_TRY(hr_alloc(&bytes, size, err));
  char description[NPY_HEADER - NPY_PREFIX];
  snprintf(description, sizeof description,
           "{'descr': '<f8', 'fortran_order': False, 'shape': (%zu, %zu), }", rows,
           columns);
  snprintf(header, sizeof header, "%-*s\n", NPY_HEADER - NPY_PREFIX - 1, description);
  static const unsigned char magic[NPY_PREFIX] = {
      0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, NPY_HEADER - NPY_PREFIX, 0};
  memcpy(bytes, magic, NPY_PREFIX);
  memcpy(bytes + NPY_PREFIX, header, NPY_HEADER - NPY_PREFIX);
  if (size > NPY_HEADER) memcpy(bytes + NPY_HEADER, values, size - NPY_HEADER);
  HR_TRY(hr_file_write(path, bytes, size, err));
cleanup:
  hr_free(bytes);
  return status;
}
