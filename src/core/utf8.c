/* Which bytes are a character that may be shown (core/utf8.h). RFC 3629's ranges, byte by
 * byte: the C library's own functions depend on the locale. */
#include "core/utf8.h"

#include <stdbool.h>

/* The bytes of the UTF-8 character at `text`, 0 where there is none: neither overlong nor
 * a surrogate nor beyond U+10FFFF. */
static size_t character_length(const char *text) {
  const unsigned char *c = (const unsigned char *)text;
  if (c[0] < 0x80) return 1;
  size_t length = c[0] >= 0xF0 ? 4 : c[0] >= 0xE0 ? 3 : 2;
  if (c[0] < 0xC2 || c[0] > 0xF4) return 0;
  for (size_t i = 1; i < length; i++) {
    if ((c[i] & 0xC0) != 0x80) return 0; /* also stops at the end */
  }
  if ((c[0] == 0xE0 && c[1] < 0xA0) || (c[0] == 0xED && c[1] > 0x9F)) return 0;
  if ((c[0] == 0xF0 && c[1] < 0x90) || (c[0] == 0xF4 && c[1] > 0x8F)) return 0;
  return length;
}

/* U+0000 to U+001F, U+007F to U+009F: terminals obey them. */
static bool is_control(const char *text) {
  const unsigned char *c = (const unsigned char *)text;
  return c[0] < 0x20 || c[0] == 0x7F || (c[0] == 0xC2 && c[1] < 0xA0);
}

size_t hr_visible_length(const char *text) {
  return is_control(text) ? 0 : character_length(text);
}
