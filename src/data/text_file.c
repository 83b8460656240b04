/* What a file is in says its byte order mark; UTF-16 without one is told by its zeros. */
#include "data/text_file.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"

/* The 16 bits at `at`. */
static uint32_t unit_at(const char *at, bool is_big) {
  const unsigned char *bytes = (const unsigned char *)at;
  return is_big ? (uint32_t)bytes[0] << 8 | bytes[1] : (uint32_t)bytes[1] << 8 | bytes[0];
}

static bool is_high(uint32_t unit) {
  return unit >= 0xD800 && unit < 0xDC00;
}

static bool is_low(uint32_t unit) {
  return unit >= 0xDC00 && unit < 0xE000;
}

/* The character's UTF-8, up to four bytes; how many. */
static size_t put_character(uint32_t code, char *out) {
  if (code < 0x80) {
    out[0] = (char)code;
    return 1;
  }
  size_t length = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  static const unsigned first[] = {0, 0, 0xC0, 0xE0, 0xF0};
  for (size_t i = length; i-- > 1; code >>= 6) out[i] = (char)(0x80 | (code & 0x3F));
  out[0] = (char)(first[length] | code);
  return length;
}

/* Two bytes become three at most. */
static hr_status read_utf16(const char *path, char **bytes, size_t *size, bool is_big,
                            hr_error *err) {
  hr_status status = HR_OK;
  char *text = NULL;
  size_t length = 0;
  HR_TRY(hr_alloc(&text, *size / 2 * 3 + 1, err));
  for (size_t at = 2; at < *size; at += 2) {
    bool is_whole = at + 1 < *size;
    uint32_t code = is_whole ? unit_at(*bytes + at, is_big) : 0xDC00;
    uint32_t next =
        is_high(code) && at + 3 < *size ? unit_at(*bytes + at + 2, is_big) : 0;
    if (is_low(next)) {
      code = 0x10000 + ((code - 0xD800) << 10) + (next - 0xDC00);
      at += 2;
    } else if (is_high(code) || is_low(code)) {
      status = hr_fail(err, HR_ERR_FORMAT,
                       "%s is damaged UTF-16 at byte %zu; write it as UTF-8", path, at);
      goto cleanup;
    }
    length += put_character(code, text + length);
  }
  text[length] = '\0';
  hr_free(*bytes);
  *bytes = text;
  *size = length;
  text = NULL;
cleanup:
  hr_free(text);
  return status;
}

static bool begins_with(const char *bytes, size_t size, const char *mark, size_t length) {
  return size >= length && memcmp(bytes, mark, length) == 0;
}

static hr_status decode(const char *path, char **bytes, size_t *size, hr_error *err) {
  if (begins_with(*bytes, *size, "\xff\xfe\0\0", 4) ||
      begins_with(*bytes, *size, "\0\0\xfe\xff", 4)) {
    return hr_fail(err, HR_ERR_FORMAT, "%s is in UTF-32; write it as UTF-8", path);
  }
  if (begins_with(*bytes, *size, "\xff\xfe", 2)) {
    return read_utf16(path, bytes, size, false, err);
  }
  if (begins_with(*bytes, *size, "\xfe\xff", 2)) {
    return read_utf16(path, bytes, size, true, err);
  }
  if (begins_with(*bytes, *size, "\xef\xbb\xbf", 3)) {
    *size -= 3;
    memmove(*bytes, *bytes + 3, *size + 1);
  }
  return HR_OK;
}

/* Where no line ends otherwise, as on a Macintosh of old. */
static void end_lines(char *bytes, size_t size) {
  if (memchr(bytes, '\n', size)) return;
  for (size_t i = 0; i < size; i++) {
    if (bytes[i] == '\r') bytes[i] = '\n';
  }
}

hr_status hr_text_file_read(const char *path, size_t most_bytes, char **out, size_t *size,
                            hr_error *err) {
  hr_status status = HR_OK;
  char *bytes = NULL;
  *out = NULL;
  HR_TRY(hr_file_read(path, most_bytes, &bytes, size, err));
  HR_TRY(decode(path, &bytes, size, err));
  if (memchr(bytes, '\0', *size)) {
    status = hr_fail(err, HR_ERR_FORMAT,
                     "%s is no text in UTF-8; a table is read from CSV in that", path);
    goto cleanup;
  }
  end_lines(bytes, *size);
  *out = bytes;
  bytes = NULL;
cleanup:
  hr_free(bytes);
  return status;
}
