#include "core/text.h"

#include <ctype.h>
#include <glob.h>
#include <locale.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/file.h"
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

hr_status hr_text_status(const hr_text *text, hr_error *err) {
  if (text->status == HR_OK) return HR_OK;
  return hr_fail(err, text->status, "no memory for a text of %zu bytes", text->length);
}

void hr_strings_fini(hr_strings *list) {
  for (size_t i = 0; i < list->count; i++) hr_free(list->items[i]);
  hr_free(list->items);
  *list = (hr_strings){0};
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

enum { MOST_PATHS = 100000 }; /* shards; more is a slip of the pen */

/* The first of `characters` that no backslash stands before, or NULL. */
static const char *find_special(const char *pattern, const char *characters) {
  for (; *pattern; pattern++) {
    if (strchr(characters, *pattern)) return pattern;
    if (*pattern == '\\' && pattern[1]) pattern++;
  }
  return NULL;
}

/* The first brace group with a matching close: its open and close, or false. */
static bool find_braces(const char *pattern, size_t *open, size_t *close) {
  const char *start = find_special(pattern, "{");
  const char *end = start ? find_special(start, "}") : NULL;
  if (!end) return false;
  *open = (size_t)(start - pattern);
  *close = (size_t)(end - pattern);
  return true;
}

static hr_status expand_braces(const char *pattern, hr_strings *out, hr_error *err);

/* Replaces the brace group [open, close] of `pattern` by `choice` and expands the rest.
 */
static hr_status expand_choice(const char *pattern, size_t open, size_t close,
                               const char *choice, hr_strings *out, hr_error *err) {
  hr_text text;
  hr_text_init(&text);
  hr_text_append(&text, "%.*s%s%s", (int)open, pattern, choice, pattern + close + 1);
  hr_status status = hr_text_status(&text, err);
  if (status == HR_OK) status = expand_braces(text.bytes, out, err);
  hr_text_fini(&text);
  return status;
}

/* {8..11}: 8, 9, 10, 11; {08..11}: 08, 09, 10, 11, as the shell does. */
static hr_status expand_range(const char *pattern, size_t open, size_t close, long first,
                              long last, hr_strings *out, hr_error *err) {
  long step = first <= last ? 1 : -1;
  int digits = pattern[open + 1] == '0' ? (int)strcspn(pattern + open + 1, ".") : 0;
  for (long i = first;; i += step) {
    char number[32];
    snprintf(number, sizeof number, "%0*ld", digits, i);
    hr_status status = expand_choice(pattern, open, close, number, out, err);
    if (status != HR_OK || i == last) return status;
  }
}

static hr_status expand_list(const char *pattern, size_t open, size_t close,
                             hr_strings *out, hr_error *err) {
  hr_status status = HR_OK;
  for (size_t start = open + 1; start <= close;) {
    size_t end = start + strcspn(pattern + start, ",}");
    char choice[4096];
    if (end - start >= sizeof choice) {
      return hr_fail(err, HR_ERR_CONFIG, "a name in the braces is too long");
    }
    memcpy(choice, pattern + start, end - start);
    choice[end - start] = '\0';
    status = expand_choice(pattern, open, close, choice, out, err);
    if (status != HR_OK) return status;
    start = end + 1;
  }
  return status;
}

/* {0..} or {0..99999999999}: without a comma no list, and what names no folder is meant
 * to be a range. */
static bool is_failed_range(const char *pattern, size_t open, size_t close) {
  const char *start = pattern + open, *dots = strstr(start, "..");
  size_t length = close - open;
  return dots && dots < pattern + close && !memchr(start, ',', length) &&
         !memchr(start, '/', length);
}

static hr_status expand_braces(const char *pattern, hr_strings *out, hr_error *err) {
  size_t open = 0, close = 0;
  if (out->count >= MOST_PATHS) {
    return hr_fail(err, HR_ERR_CONFIG, "the braces give more than %d names", MOST_PATHS);
  }
  if (!find_braces(pattern, &open, &close)) return hr_strings_append(out, pattern, err);
  long first = 0, last = 0;
  int used = 0;
  if (sscanf(pattern + open, "{%9ld..%9ld}%n", &first, &last, &used) == 2 && used > 0) {
    return expand_range(pattern, open, close, first, last, out, err);
  }
  if (is_failed_range(pattern, open, close)) {
    return hr_fail(err, HR_ERR_CONFIG,
                   "the range %.*s is not understood; write it as {FIRST..LAST} with two "
                   "whole numbers of at most 9 digits",
                   (int)(close - open + 1), pattern + open);
  }
  return expand_list(pattern, open, close, out, err);
}

hr_status hr_escape_path(const char *path, char **out, hr_error *err) {
  hr_status status = hr_alloc(out, 2 * strlen(path) + 1, err);
  if (status != HR_OK) return status;
  char *end = *out;
  for (; *path; path++) {
    if (strchr("*?[]{}\\", *path)) *end++ = '\\';
    *end++ = *path;
  }
  return HR_OK;
}

/* Takes the backslashes out that keep characters from meaning more than themselves. */
static void unescape(char *path) {
  char *out = path;
  for (; *path; path++) {
    if (*path == '\\' && path[1]) path++;
    *out++ = *path;
  }
  *out = '\0';
}

static hr_status search(const char *root, const char *name, const char *path,
                        hr_strings *out, hr_error *err) {
  hr_status status = HR_OK;
  char *folder = NULL, *pattern = NULL;
  glob_t found = {0};
  HR_TRY(hr_escape_path(root ? root : "", &folder, err));
  HR_TRY(hr_join_path(folder, name, &pattern, err));
  int result = glob(pattern, 0, NULL, &found);
  if (result == GLOB_NOMATCH) {
    status = hr_fail(err, HR_ERR_MISSING, "no file matches '%s'", path);
  } else if (result != 0) {
    status = hr_fail(err, HR_ERR_IO, "cannot search for '%s'", path);
  }
  for (size_t i = 0; status == HR_OK && i < found.gl_pathc; i++) {
    status = hr_strings_append(out, found.gl_pathv[i], err);
  }
cleanup:
  globfree(&found);
  hr_free(pattern);
  hr_free(folder);
  return status;
}

static hr_status expand_glob(const char *root, const char *name, hr_strings *out,
                             hr_error *err) {
  hr_status status = HR_OK;
  char *path = NULL, *plain = NULL;
  HR_TRY(hr_join_path(root, name, &path, err));
  /* A file may have such characters in its own name. */
  if (find_special(name, "*?[") && access(path, F_OK) != 0) {
    HR_TRY(search(root, name, path, out, err));
    goto cleanup;
  }
  HR_TRY(hr_copy_text(name, &plain, err));
  if (!find_special(name, "*?[")) unescape(plain);
  hr_free(path);
  path = NULL;
  HR_TRY(hr_join_path(root, plain, &path, err));
  HR_TRY(hr_strings_append(out, path, err));
cleanup:
  hr_free(plain);
  hr_free(path);
  return status;
}

hr_status hr_expand_paths(const char *root, const char *pattern, hr_strings *out,
                          hr_error *err) {
  hr_status status = HR_OK;
  char *joined = NULL;
  hr_strings names = {0};
  HR_TRY(hr_join_path(root, pattern, &joined, err));
  if (access(joined, F_OK) == 0) {
    status = hr_strings_append(out, joined, err);
    goto cleanup;
  }
  HR_TRY(expand_braces(pattern, &names, err));
  for (size_t i = 0; i < names.count; i++) {
    HR_TRY(expand_glob(root, names.items[i], out, err));
  }
cleanup:
  hr_strings_fini(&names);
  hr_free(joined);
  return status;
}

bool hr_is_handle(const char *text) {
  static const char allowed[] =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
      "0123456789_-.";
  size_t length = strlen(text);
  return length > 0 && length <= 64 && strspn(text, allowed) == length;
}
