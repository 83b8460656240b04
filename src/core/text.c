/* Growing strings, lists of them, nearest names and numbers (core/text.h). */
#include "core/text.h"

#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/utf8.h"
#include "headroom/text.h"

void hr_text_free(char *text) {
  hr_free(text);
}

void hr_text_init(hr_text *text) {
  *text = (hr_text){.status = HR_OK};
}

void hr_text_fini(hr_text *text) {
  hr_free(text->bytes);
  hr_text_init(text);
}

static void reserve(hr_text *text, size_t extra) {
  size_t needed = text->length + extra + 1;
  if (needed <= text->capacity) return;
  size_t capacity = text->capacity ? text->capacity : 256;
  while (capacity < needed) capacity *= 2;
  text->status = hr_realloc(&text->bytes, text->capacity, capacity, NULL);
  if (text->status == HR_OK) text->capacity = capacity;
}

void hr_text_append(hr_text *text, const char *format, ...) {
  if (text->status != HR_OK) return;
  va_list arguments, again;
  va_start(arguments, format);
  va_copy(again, arguments);
  int length = vsnprintf(NULL, 0, format, arguments);
  if (length < 0) {
    text->status = HR_ERR_INTERNAL;
  } else {
    reserve(text, (size_t)length);
  }
  if (text->status == HR_OK) {
    vsnprintf(text->bytes + text->length, (size_t)length + 1, format, again);
    text->length += (size_t)length;
  }
  va_end(again);
  va_end(arguments);
}

void hr_text_append_visible(hr_text *text, const char *bytes) {
  while (*bytes) {
    size_t length = hr_visible_length(bytes);
    if (length > 0) {
      hr_text_append(text, "%.*s", (int)length, bytes);
      bytes += length;
    } else {
      hr_text_append(text, "\\x%02X", (unsigned)(unsigned char)*bytes++);
    }
  }
}

/* The bytes of the character at `bytes`, of what is no UTF-8 one. */
static size_t character_at(const char *bytes) {
  size_t length = hr_visible_length(bytes);
  return length > 0 ? length : 1;
}

void hr_text_append_short(hr_text *text, const char *bytes, size_t most) {
  size_t count = 0, kept = 0; /* characters, and bytes of all but the last that fit */
  for (const char *at = bytes; *at; at += character_at(at)) {
    if (count++ + 1 == most) kept = (size_t)(at - bytes);
  }
  if (count <= most) {
    hr_text_append(text, "%s", bytes);
  } else {
    hr_text_append(text, "%.*s…", (int)kept, bytes);
  }
}

hr_status hr_text_status(const hr_text *text, hr_error *err) {
  if (text->status == HR_OK) return HR_OK;
  return hr_fail(err, text->status, "no memory for a text of %zu bytes", text->length);
}

void hr_strings_fini(hr_strings *list) {
  for (size_t i = 0; i < list->count; i++) hr_free(list->items[i]);
  hr_free(list->items);
  *list = (hr_strings){0};
}

bool hr_strings_has(const hr_strings *list, const char *item) {
  for (size_t i = 0; i < list->count; i++) {
    if (strcmp(list->items[i], item) == 0) return true;
  }
  return false;
}

hr_status hr_strings_append(hr_strings *list, const char *item, hr_error *err) {
  hr_status status = HR_OK;
  char *copy = NULL;
  HR_TRY(hr_copy_text(item, &copy, err));
  /* Room for 2^k items at a time, so that appending n takes O(n) copies. */
  if ((list->count & (list->count - 1)) == 0) {
    size_t capacity = list->count ? 2 * list->count : 1;
    HR_TRY(hr_realloc(&list->items, list->count, capacity, err));
  }
  list->items[list->count++] = copy;
  copy = NULL;
cleanup:
  hr_free(copy);
  return status;
}

/* Levenshtein distance, case ignored; `b` has fewer than 64 characters. */
static size_t edit_distance(const char *a, const char *b) {
  size_t row[64];
  size_t length = strlen(b);
  for (size_t j = 0; j <= length; j++) row[j] = j;
  for (size_t i = 0; a[i]; i++) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < length; j++) {
      size_t above = row[j + 1];
      bool same = tolower((unsigned char)a[i]) == tolower((unsigned char)b[j]);
      size_t best = diagonal + (same ? 0 : 1);
      if (above + 1 < best) best = above + 1;
      if (row[j] + 1 < best) best = row[j] + 1;
      row[j + 1] = best;
      diagonal = above;
    }
  }
  return row[length];
}

const char *hr_nearest_name(const char *word, const char *const *names, size_t count) {
  const char *nearest = NULL;
  size_t length = strlen(word);
  /* Up to a third of the letters wrong, at least two, is a slip; more is another word. */
  size_t best = (length / 3 > 2 ? length / 3 : 2) + 1;
  for (size_t i = 0; i < count; i++) {
    if (strlen(names[i]) >= 64) continue;
    size_t distance = edit_distance(word, names[i]);
    if (distance < best && distance < length) {
      best = distance;
      nearest = names[i];
    }
  }
  return nearest;
}

const char *hr_plural(size_t count) {
  return count == 1 ? "" : "s";
}

const char *hr_decimals(double value, int decimals, char out[HR_DECIMALS_BYTES]) {
  if (fabs(value) < 0.5 * hr_power_of_ten(-decimals)) value = 0.0;
  bool is_large = isfinite(value) && fabs(value) >= 1e7;
  snprintf(out, HR_DECIMALS_BYTES, "%.*f", decimals, is_large ? 0.0 : value);
  if (is_large) snprintf(out, HR_DECIMALS_BYTES, "%.3e", value);
  return out;
}

bool hr_parse_number(const char *text, double *out) {
  size_t span = strspn(text, "+-.0123456789eE");
  if (span == 0 || text[span] != '\0') return false;
  locale_t c_locale = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
  if (c_locale == (locale_t)0) return false;
  char *end = NULL;
  double value = strtod_l(text, &end, c_locale);
  freelocale(c_locale);
  if (end == text || *end != '\0' || !isfinite(value)) return false;
  *out = value;
  return true;
}

bool hr_parse_integer(const char *text, int64_t *out) {
  char *end = NULL;
  if (text[strspn(text, "+-0123456789")] != '\0') return false;
  errno = 0;
  long long value = strtoll(text, &end, 10);
  if (end == text || *end != '\0' || errno != 0) return false;
  *out = (int64_t)value;
  return true;
}

bool hr_is_handle(const char *text) {
  static const char allowed[] =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
      "0123456789_-.";
  size_t length = strlen(text);
  return length > 0 && length <= 64 && strspn(text, allowed) == length;
}

double hr_power_of_ten(int exponent) {
  char text[16];
  snprintf(text, sizeof text, "1e%d", exponent); /* no decimal point, in any locale */
  return strtod(text, NULL);
}
