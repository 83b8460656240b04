/* NumPy's array file. Its head is text, of which there is one right form for every shape:
 * reading takes the extents from it, writes the head that belongs to them, and compares.
 */
#include "core/npy.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"

/* Magic, version and length take 10 bytes; the header is padded with blanks to a whole
 * number of 64 bytes and ends with a newline. */
enum { NPY_HEADER = 128, NPY_PREFIX = 10, NPY_TEXT = NPY_HEADER - NPY_PREFIX };

static const char text_start[] = "{'descr': '<f8', 'fortran_order': False, 'shape': (";

size_t hr_npy_size(size_t rows, size_t columns) {
  return NPY_HEADER + rows * columns * sizeof(double);
}

static size_t value_count(const hr_npy_shape *shape) {
  size_t count = 1;
  for (size_t d = 0; d < shape->dimensions; d++) count *= shape->extent[d];
  return count;
}

static void write_header(const hr_npy_shape *shape, char header[NPY_HEADER]) {
  static const unsigned char prefix[NPY_PREFIX] = {0x93, 'N', 'U', 'M',      'P',
                                                   'Y',  1,   0,   NPY_TEXT, 0};
  const size_t *extent = shape->extent;
  char text[160];
  int length = shape->dimensions == 2
                   ? snprintf(text, sizeof text, "%s%zu, %zu), }", text_start, extent[0],
                              extent[1])
                   : snprintf(text, sizeof text, "%s%zu, %zu, %zu), }", text_start,
                              extent[0], extent[1], extent[2]);
  size_t used = length < NPY_TEXT ? (size_t)length : NPY_TEXT;
  memset(header, ' ', NPY_HEADER);
  memcpy(header, prefix, NPY_PREFIX);
  memcpy(header + NPY_PREFIX, text, used);
  header[NPY_HEADER - 1] = '\n';
}

hr_status hr_npy_write_array(const char *path, const double *values,
                             const hr_npy_shape *shape, hr_error *err) {
  hr_status status = HR_OK;
  char *bytes = NULL;
  size_t values_size = value_count(shape) * sizeof *values;
  HR_TRY(hr_alloc(&bytes, NPY_HEADER + values_size, err));
  write_header(shape, bytes);
  if (values_size > 0) memcpy(bytes + NPY_HEADER, values, values_size);
  HR_TRY(hr_file_write(path, bytes, NPY_HEADER + values_size, err));
cleanup:
  hr_free(bytes);
  return status;
}

hr_status hr_npy_write(const char *path, const double *values, size_t rows,
                       size_t columns, hr_error *err) {
  return hr_npy_write_array(path, values, &(hr_npy_shape){2, {rows, columns}}, err);
}

/* The extents that the text of a header gives, as far as they can be read. */
static hr_npy_shape read_extents(const char *text) {
  hr_npy_shape shape = {0};
  const char *at = text + sizeof text_start - 1;
  while (shape.dimensions < HR_NPY_MOST_DIMENSIONS && *at >= '0' && *at <= '9') {
    char *end = NULL;
    shape.extent[shape.dimensions++] = strtoull(at, &end, 10);
    at = end[0] == ',' && end[1] == ' ' ? end + 2 : end;
  }
  return shape;
}

/* Whether the first bytes are the header that we would write; *shape is what it says. */
static bool read_header(const char *bytes, size_t size, hr_npy_shape *shape) {
  char text[NPY_TEXT + 1] = "", expected[NPY_HEADER];
  if (size < NPY_HEADER) return false;
  memcpy(text, bytes + NPY_PREFIX, NPY_TEXT);
  if (strncmp(text, text_start, sizeof text_start - 1) != 0) return false;
  *shape = read_extents(text);
  if (shape->dimensions < 2) return false;
  write_header(shape, expected);
  return memcmp(bytes, expected, NPY_HEADER) == 0;
}

/* Whether there are as many values as the shape says; no product overflows. */
static bool has_values(const hr_npy_shape *shape, size_t size) {
  size_t count = (size - NPY_HEADER) / sizeof(double);
  if (size % sizeof(double) != 0) return false;
  for (size_t d = 0; d < shape->dimensions; d++) {
    if (shape->extent[d] == 0) return count == 0;
    if (count % shape->extent[d] != 0) return false;
    count /= shape->extent[d];
  }
  return count == 1;
}

hr_status hr_npy_read(const char *path, size_t most_bytes, double **values,
                      hr_npy_shape *shape, hr_error *err) {
  hr_status status = HR_OK;
  char *bytes = NULL;
  size_t size = 0;
  status = hr_file_read(path, most_bytes, &bytes, &size, err);
  if (status == HR_ERR_DATA) { /* too large */
    status = HR_ERR_FORMAT;
    if (err) err->status = status;
  }
  if (status != HR_OK) goto cleanup;
  if (!read_header(bytes, size, shape)) {
    status = hr_fail(err, HR_ERR_FORMAT,
                     "%s is not an array of fp64 numbers as numpy.save writes it in two "
                     "or three dimensions",
                     path);
    goto cleanup;
  }
  if (!has_values(shape, size)) {
    status = hr_fail(err, HR_ERR_FORMAT,
                     "%s is damaged: its %zu bytes are not those of the array that its "
                     "head describes",
                     path, size);
    goto cleanup;
  }
  memmove(bytes, bytes + NPY_HEADER, size - NPY_HEADER);
  memcpy(values, &bytes, sizeof bytes);
  bytes = NULL;
cleanup:
  hr_free(bytes);
  return status;
}

hr_status hr_npy_read_matrix(const char *path, const size_t extent[2], const char *owner,
                             double **values, hr_error *err) {
  const size_t most_bytes = (size_t)1
                            << 30; /* 64 components of a million pixels: 0.5 GB */
  hr_npy_shape shape;
  double *read = NULL;
  hr_status status = hr_npy_read(path, most_bytes, &read, &shape, err);
  if (status != HR_OK) return status;
  bool good = shape.dimensions == 2 && shape.extent[0] == extent[0] &&
              shape.extent[1] == extent[1];
  for (size_t i = 0; good && i < extent[0] * extent[1]; i++) good = isfinite(read[i]);
  if (good) {
    *values = read;
    return HR_OK;
  }
  hr_free(read);
  return hr_fail(err, HR_ERR_FORMAT,
                 "%s is not the %zu by %zu numbers of its %s; train it again", path,
                 extent[0], extent[1], owner);
}
