/* The head is a Python dict as text, of which three entries count. Nothing of it is
 * believed before it is held against the file's size. */
#include "data/npy_array.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"

const unsigned char hr_npy_magic[HR_NPY_MAGIC] = {0x93, 'N', 'U', 'M', 'P', 'Y'};

enum { MOST_HEAD = 65536, TYPE_BYTES = 8 };

/* What a head says. */
typedef struct head {
  size_t begin; /* of the values, byte of the file */
  char kind;    /* 'f', 'i', 'u', 'b' */
  size_t width; /* bytes of a value */
  bool is_big_endian, is_column_major;
  size_t extent[2], dimensions;
} head;

/* Behind `'key': ` in the text; NULL where it is not there. */
static const char *find_entry(const char *text, const char *key) {
  const char *at = strstr(text, key);
  if (!at) return NULL;
  at += strlen(key);
  while (*at == ':' || *at == ' ') at++;
  return at;
}

/* "'<f8'" */
static bool read_type(const char *at, head *h) {
  if (!at || at[0] != '\'' || !strchr("<>|=", at[1]) || !strchr("fiub", at[2])) {
    return false;
  }
  char *end = NULL;
  h->is_big_endian = at[1] == '>';
  h->kind = at[2];
  h->width = strtoul(at + 3, &end, 10);
  if (*end != '\'') return false;
  if (h->kind == 'f') return h->width == 2 || h->width == 4 || h->width == 8;
  if (h->kind == 'b') return h->width == 1;
  return h->width == 1 || h->width == 2 || h->width == 4 || h->width == 8;
}

/* "(240,)" or "(240, 2)" */
static bool read_shape(const char *at, head *h) {
  if (!at || *at++ != '(') return false;
  h->extent[1] = 1;
  while (*at >= '0' && *at <= '9') {
    char *end = NULL;
    if (h->dimensions == 2) return false;
    h->extent[h->dimensions++] = strtoull(at, &end, 10);
    for (at = end; *at == ',' || *at == ' ';) at++;
  }
  return *at == ')' && h->dimensions > 0;
}

static bool read_entries(const char *text, head *h) {
  const char *order = find_entry(text, "'fortran_order'");
  if (!order) return false;
  h->is_column_major = strncmp(order, "True", 4) == 0;
  if (!h->is_column_major && strncmp(order, "False", 5) != 0) return false;
  return read_type(find_entry(text, "'descr'"), h) &&
         read_shape(find_entry(text, "'shape'"), h);
}

/* The head's text, terminated; NULL where the bytes are no such file. */
static char *copy_text(const unsigned char *bytes, size_t size, size_t *begin) {
  if (size < 12 || memcmp(bytes, hr_npy_magic, HR_NPY_MAGIC) != 0) return NULL;
  bool is_long = bytes[6] > 1; /* the version; from 2 on lengths have four bytes */
  size_t prefix = is_long ? 12 : 10, length = bytes[8] | (size_t)bytes[9] << 8;
  if (is_long) length |= (size_t)bytes[10] << 16 | (size_t)bytes[11] << 24;
  if (length > MOST_HEAD || length > size - prefix) return NULL;
  char *text = NULL;
  if (hr_alloc(&text, length + 1, NULL) != HR_OK) return NULL;
  memcpy(text, bytes + prefix, length);
  *begin = prefix + length;
  return text;
}

/* Whether the values fill the file to its last byte; no product overflows. */
static bool fits(const head *h, size_t size) {
  size_t count = (size - h->begin) / h->width;
  if ((size - h->begin) % h->width != 0) return false;
  for (size_t d = 0; d < h->dimensions; d++) {
    if (h->extent[d] == 0) return size == h->begin;
    if (count % h->extent[d] != 0) return false;
    count /= h->extent[d];
  }
  return count == 1;
}

/* A float of two bytes: a sign, five bits of exponent, ten of fraction. */
static double value_of_half(uint64_t bits) {
  enum { FRACTION_BITS = 10, MOST_EXPONENT = 31, EXPONENT_OF_ONE = 15 };
  int exponent = (int)(bits >> FRACTION_BITS) & MOST_EXPONENT;
  double fraction = (double)(bits & ((1 << FRACTION_BITS) - 1)),
         sign = bits >> 15 ? -1 : 1;
  if (exponent == MOST_EXPONENT) {
    return fraction > 0 ? (double)NAN : sign * (double)INFINITY;
  }
  if (exponent == 0)
    exponent = 1; /* no leading 1 */
  else
    fraction += 1 << FRACTION_BITS;
  return sign * ldexp(fraction, exponent - EXPONENT_OF_ONE - FRACTION_BITS);
}

static double value_at(const head *h, const unsigned char *bytes) {
  unsigned char own[TYPE_BYTES] = {0};
  for (size_t i = 0; i < h->width; i++) {
    own[i] = bytes[h->is_big_endian ? h->width - 1 - i : i];
  }
  uint64_t whole = 0;
  for (size_t i = h->width; i-- > 0;) whole = whole << 8 | own[i];
  if (h->kind == 'f' && h->width == 2) return value_of_half(whole);
  if (h->kind == 'f' && h->width == 4) {
    uint32_t half = (uint32_t)whole;
    float value;
    memcpy(&value, &half, sizeof value);
    return (double)value;
  }
  if (h->kind == 'f') {
    double value;
    memcpy(&value, &whole, sizeof value);
    return value;
  }
  bool is_negative = h->kind == 'i' && (own[h->width - 1] & 0x80);
  if (!is_negative) return (double)whole;
  uint64_t mask = h->width == 8 ? 0 : UINT64_MAX << (8 * h->width);
  return -(double)(~(whole | mask) + 1);
}

static hr_status read_values(const head *h, const unsigned char *bytes, double **out,
                             hr_error *err) {
  size_t rows = h->extent[0], columns = h->extent[1];
  hr_status status = hr_alloc(out, rows * columns, err);
  if (status != HR_OK) return status;
  for (size_t i = 0; i < rows; i++) {
    for (size_t j = 0; j < columns; j++) {
      size_t at = h->is_column_major ? j * rows + i : i * columns + j;
      (*out)[i * columns + j] = value_at(h, bytes + h->begin + at * h->width);
    }
  }
  return HR_OK;
}

hr_status hr_npy_array_read(const char *path, size_t most_bytes, double **values,
                            size_t *rows, size_t *columns, hr_error *err) {
  hr_status status = HR_OK;
  char *bytes = NULL, *text = NULL;
  size_t size = 0;
  head h = {0};
  HR_TRY(hr_file_read(path, most_bytes, &bytes, &size, err));
  text = copy_text((const unsigned char *)bytes, size, &h.begin);
  if (!text || !read_entries(text, &h)) {
    status = hr_fail(err, HR_ERR_FORMAT,
                     "%s is no array of numbers in one or two dimensions as numpy.save "
                     "writes it; save one of floats, or write a table as CSV",
                     path);
    goto cleanup;
  }
  if (!fits(&h, size)) {
    status = hr_fail(err, HR_ERR_FORMAT,
                     "%s is damaged: its %zu bytes are not those of the array that its "
                     "head describes",
                     path, size);
    goto cleanup;
  }
  HR_TRY(read_values(&h, (const unsigned char *)bytes, values, err));
  *rows = h.extent[0];
  *columns = h.extent[1];
cleanup:
  hr_free(text);
  hr_free(bytes);
  return status;
}
