/* Text in place of numbers mostly comes from a table with "--" or "NaN " in some rows: so
 * the first value that is no number is what a user has to see. */
#include "data/frame_other.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"

hr_status hr_frame_others_add(hr_frame_others *others, const char *name,
                              hr_frame_values values, hr_error *err) {
  hr_status status = HR_OK;
  size_t count = others->count;
  if ((count & (count - 1)) == 0) {
    HR_TRY(hr_realloc(&others->items, count, count ? 2 * count : 1, err));
  }
  others->items[count] = (hr_frame_other){.values = values};
  HR_TRY(hr_copy_text(name, &others->items[count].name, err));
  others->count++;
cleanup:
  return status;
}

void hr_frame_others_fini(hr_frame_others *others) {
  for (size_t i = 0; i < others->count; i++) hr_free(others->items[i].name);
  hr_free(others->items);
  *others = (hr_frame_others){0};
}

const hr_frame_other *hr_frame_others_find(const hr_frame_others *others,
                                           const char *name) {
  for (size_t i = 0; i < others->count; i++) {
    if (strcmp(others->items[i].name, name) == 0) return &others->items[i];
  }
  return NULL;
}

/* strtod takes hexadecimal digits, which Python's float does not. */
static bool is_number(const char *text) {
  char *end = NULL;
  strtod(text, &end);
  return end != text && *end == '\0' && !strpbrk(text, "xX(");
}

static bool is_blank(char byte) {
  return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/* Longer than what is shown of it is no number either. */
void hr_frame_other_judge(hr_frame_other *other, const char *text, size_t length,
                          size_t row) {
  char word[HR_FRAME_SHOWN_BYTES];
  other->is_judged = true;
  if (other->has_word) return;
  const char *end = memchr(text, '\0', length);
  if (end) length = (size_t)(end - text);
  while (length > 0 && is_blank(text[length - 1])) length--;
  for (; length > 0 && is_blank(*text); length--) text++;
  bool is_long = length >= sizeof word;
  snprintf(word, sizeof word, "%.*s", is_long ? (int)sizeof word - 1 : (int)length, text);
  if (!is_long && is_number(word)) return;
  other->has_word = true;
  other->row = row;
  memcpy(other->word, word, sizeof word);
}

static void describe_text(const hr_frame_other *other, hr_text *out) {
  const char *name = other->name;
  hr_text_append(out, "the label %s is text", name);
  if (other->has_word) {
    hr_text_append(
        out,
        ", and '%s' in row %zu (counted from 0) is no number; write the column "
        "with pandas.to_numeric(frame['%s'], errors='coerce') and leave out "
        "the rows that have none",
        other->word, other->row, name);
  } else if (other->is_judged) {
    hr_text_append(out,
                   ", though all of it numbers; write the column with "
                   "frame['%s'].astype(float)",
                   name);
  } else {
    hr_text_append(out, "; write the column as numbers, with pandas.to_numeric");
  }
}

void hr_frame_other_describe(const hr_frame_other *other, hr_text *out) {
  switch (other->values) {
    case HR_FRAME_TEXT:
      describe_text(other, out);
      return;
    case HR_FRAME_DATES:
      hr_text_append(out,
                     "the label %s holds dates or durations; write the column as a "
                     "number, such as of days",
                     other->name);
      return;
    case HR_FRAME_CATEGORIES:
      hr_text_append(out,
                     "the label %s holds categories; write the column as numbers, with "
                     "frame['%s'].astype(float) where they are some",
                     other->name, other->name);
      return;
    default:
      hr_text_append(out,
                     "the label %s holds objects of Python; write the column as numbers, "
                     "with frame['%s'].astype(float) where they are some",
                     other->name, other->name);
  }
}

/* --- pickles --- */

/* Of the array's items, which one is next, and where in the pickle. */
typedef struct scanner {
  const unsigned char *bytes;
  size_t size, at, item;
  hr_frame_other *others;
  size_t columns;
} scanner;

static bool skip(scanner *s, size_t count) {
  if (count > s->size - s->at) return false;
  s->at += count;
  return true;
}

/* Steps over a number that is an item. */
static bool take_number(scanner *s, size_t count) {
  s->item++;
  return skip(s, count);
}

/* A text behind its length of `width` bytes. */
static bool take_text(scanner *s, size_t width) {
  uint64_t length = 0;
  size_t start = s->at;
  if (!skip(s, width)) return false;
  for (size_t i = 0; i < width; i++) length |= (uint64_t)s->bytes[start + i] << (8 * i);
  start = s->at;
  if (length > s->size || !skip(s, (size_t)length)) return false;
  hr_frame_other_judge(&s->others[s->item % s->columns], (const char *)s->bytes + start,
                       (size_t)length, s->item / s->columns);
  s->item++;
  return true;
}

static bool take_none(scanner *s) {
  hr_frame_other_judge(&s->others[s->item % s->columns], "None", 4, s->item / s->columns);
  s->item++;
  return true;
}

/* One opcode between the items or with one; false where it is none that is known. What
 * the memo gives was judged when it came first. */
static bool step(scanner *s, unsigned char opcode) {
  switch (opcode) {
    case '(':  /* MARK */
    case 'a':  /* APPEND */
    case 'e':  /* APPENDS */
    case 0x94: /* MEMOIZE */
      return true;
    case 'q': /* BINPUT */
      return skip(s, 1);
    case 'r': /* LONG_BINPUT */
      return skip(s, 4);
    case 0x95: /* FRAME */
      return skip(s, 8);
    case 0x8c: /* SHORT_BINUNICODE */
      return take_text(s, 1);
    case 'X': /* BINUNICODE */
      return take_text(s, 4);
    case 'N':
      return take_none(s);
    case 'G': /* BINFLOAT */
      return take_number(s, 8);
    case 'K': /* BININT1 */
    case 'h': /* BINGET */
      return take_number(s, 1);
    case 'M': /* BININT2 */
      return take_number(s, 2);
    case 'J': /* BININT */
    case 'j': /* LONG_BINGET */
      return take_number(s, 4);
    default:
      return false;
  }
}

/* Where the list of the items begins, behind "not in Fortran's order"; 0: nowhere. Arrays
 * of one column are in both orders. */
static size_t find_items(const unsigned char *bytes, size_t size, bool any_order) {
  enum { HEAD = 512 };
  for (size_t i = 0; i + 2 < size && i < HEAD; i++) {
    bool is_flag = bytes[i] == 0x89 || (any_order && bytes[i] == 0x88);
    if (is_flag && bytes[i + 1] == ']') return i + 2;
  }
  return 0;
}

void hr_frame_other_judge_pickle(hr_frame_other *others, size_t columns, bool by_rows,
                                 const unsigned char *bytes, size_t size) {
  scanner s = {.bytes = bytes, .size = size, .others = others, .columns = columns};
  bool is_known = columns == 1 || by_rows;
  s.at = is_known ? find_items(bytes, size, columns == 1) : 0;
  if (s.at == 0) return;
  while (s.at < size && bytes[s.at] != 't') {
    s.at++;
    is_known = is_known && step(&s, bytes[s.at - 1]);
    if (!is_known) break;
  }
  for (size_t k = 0; k < columns; k++) {
    if (is_known) others[k].values = HR_FRAME_TEXT;
    if (!is_known) others[k].is_judged = others[k].has_word = false;
  }
}
