/* A scanner for the few pickle opcodes that lists of names are made of.
 *
 * A pickle is a program for a stack machine. This one knows lists, tuples, dictionaries,
 * strings and plain numbers, and refuses everything that could import or call (Python's
 * pickletools.py documents all opcodes). Memory is bounded: no opcode makes more than one
 * value, and values are moved between stack and lists, never copied. */
#include "data/pickle.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "data/frame.h"

typedef enum value_kind {
  VALUE_TEXT,
  VALUE_LIST,
  VALUE_TUPLE,
  VALUE_DICT,
  VALUE_NUMBER,
  VALUE_NONE
} value_kind;

#define NOTHING UINT32_MAX

typedef struct value {
  value_kind kind;
  size_t text, length;  /* VALUE_TEXT: where in `texts` */
  uint32_t first, last; /* VALUE_LIST and VALUE_TUPLE: cells, or NOTHING */
} value;

typedef struct cell { /* one item of a list or tuple */
  uint32_t value;
  uint32_t next; /* or NOTHING */
} cell;

/* All arrays have room for one entry per byte of the pickle (see room_for). */
typedef struct machine {
  const unsigned char *bytes;
  size_t size, at;
  value *values;
  uint32_t value_count;
  cell *cells;
  uint32_t cell_count;
  uint32_t *stack;
  uint32_t depth;
  uint32_t *marks; /* depths of the stack */
  uint32_t mark_count;
  uint32_t *memo; /* [size]: values, or NOTHING */
  uint32_t memo_count;
  char *texts; /* decoded, UTF-8 */
  size_t text_size;
  hr_error *err;
} machine;

/* Names are short; a pickle of more bytes holds something else. */
#define MOST_PICKLE_BYTES ((size_t)1 << 20)

static void machine_fini(machine *m) {
  hr_free(m->values);
  hr_free(m->cells);
  hr_free(m->stack);
  hr_free(m->marks);
  hr_free(m->memo);
  hr_free(m->texts);
}

static hr_status machine_init(machine *m, const char *bytes, size_t size, hr_error *err) {
  hr_status status = HR_OK;
  *m = (machine){.bytes = (const unsigned char *)bytes, .size = size, .err = err};
  if (size > MOST_PICKLE_BYTES) {
    return hr_fail(err, HR_ERR_FORMAT, "the pickle has %zu bytes, too many for names",
                   size);
  }
  HR_TRY(hr_alloc(&m->values, size, err));
  HR_TRY(hr_alloc(&m->cells, size, err));
  HR_TRY(hr_alloc(&m->stack, size, err));
  HR_TRY(hr_alloc(&m->marks, size, err));
  HR_TRY(hr_alloc(&m->memo, size, err));
  /* A character of Latin-1 takes two bytes in UTF-8; \uXXXX takes three of its six. */
  HR_TRY(hr_alloc(&m->texts, 2 * size + 1, err));
  for (size_t i = 0; i < size; i++) m->memo[i] = NOTHING;
cleanup:
  return status;
}

static hr_status damaged(machine *m) {
  return hr_fail(m->err, HR_ERR_FORMAT, "the pickle is damaged before byte %zu", m->at);
}

static hr_status push(machine *m, value item) {
  m->values[m->value_count] = item;
  m->stack[m->depth++] = m->value_count++;
  return HR_OK;
}

static hr_status push_kind(machine *m, value_kind kind) {
  return push(m, (value){.kind = kind, .first = NOTHING, .last = NOTHING});
}

/* Steps over `count` bytes of an argument; NULL where there are fewer. */
static const unsigned char *take(machine *m, size_t count) {
  if (count > m->size - m->at) return NULL;
  const unsigned char *start = m->bytes + m->at;
  m->at += count;
  return start;
}

/* Takes a little-endian number of `width` bytes, at most 8. */
static bool take_number(machine *m, size_t width, uint64_t *out) {
  const unsigned char *start = take(m, width);
  if (!start) return false;
  *out = 0;
  for (size_t i = 0; i < width; i++) *out |= (uint64_t)start[i] << (8 * i);
  return true;
}

/* Takes a line: *length without its newline. NULL where none ends. */
static const unsigned char *take_line(machine *m, size_t *length) {
  const unsigned char *start = m->bytes + m->at;
  const unsigned char *end = memchr(start, '\n', m->size - m->at);
  if (!end) return NULL;
  *length = (size_t)(end - start);
  m->at += *length + 1;
  return start;
}

/* A decimal line, as protocol 0 numbers its memo. */
static bool take_decimal(machine *m, uint64_t *out) {
  size_t length = 0;
  const unsigned char *line = take_line(m, &length);
  if (!line || length == 0 || length > 9) return false;
  *out = 0;
  for (size_t i = 0; i < length; i++) {
    if (line[i] < '0' || line[i] > '9') return false;
    *out = 10 * *out + (uint64_t)(line[i] - '0');
  }
  return true;
}

/* --- texts --- */

static void put_utf8(machine *m, uint32_t c) {
  char *out = m->texts + m->text_size;
  if (c < 0x80) {
    out[0] = (char)c;
    m->text_size += 1;
  } else if (c < 0x800) {
    out[0] = (char)(0xc0 | c >> 6);
    out[1] = (char)(0x80 | (c & 0x3f));
    m->text_size += 2;
  } else if (c < 0x10000) {
    out[0] = (char)(0xe0 | c >> 12);
    out[1] = (char)(0x80 | (c >> 6 & 0x3f));
    out[2] = (char)(0x80 | (c & 0x3f));
    m->text_size += 3;
  } else {
    out[0] = (char)(0xf0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3f));
    out[2] = (char)(0x80 | (c >> 6 & 0x3f));
    out[3] = (char)(0x80 | (c & 0x3f));
    m->text_size += 4;
  }
}

static int hex_digit(unsigned char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/* Decodes \uXXXX or \UXXXXXXXX at line[i]; its length, or 0, *out untouched, where it is
 * neither. */
static size_t decode_escape(const unsigned char *line, size_t length, uint32_t *out) {
  if (length < 2 || line[0] != '\\' || (line[1] != 'u' && line[1] != 'U')) return 0;
  size_t digits = line[1] == 'u' ? 4 : 8;
  if (length < 2 + digits) return 0;
  uint32_t c = 0;
  for (size_t i = 0; i < digits; i++) {
    int digit = hex_digit(line[2 + i]);
    if (digit < 0) return 0;
    c = c << 4 | (uint32_t)digit;
  }
  if (c > 0x10ffff) return 0;
  *out = c;
  return 2 + digits;
}

static hr_status push_text(machine *m, size_t start) {
  return push(m, (value){.kind = VALUE_TEXT,
                         .text = start,
                         .length = m->text_size - start,
                         .first = NOTHING,
                         .last = NOTHING});
}

/* V: a line in Python's raw-unicode-escape, which is Latin-1 with \u and \U escapes. */
static hr_status push_unicode_line(machine *m) {
  size_t length = 0, start = m->text_size;
  const unsigned char *line = take_line(m, &length);
  if (!line) return damaged(m);
  for (size_t i = 0; i < length;) {
    uint32_t c = line[i];
    size_t used = decode_escape(line + i, length - i, &c);
    put_utf8(m, c);
    i += used ? used : 1;
  }
  return push_text(m, start);
}

static hr_status push_utf8(machine *m, const unsigned char *bytes, size_t length) {
  size_t start = m->text_size;
  if (!bytes) return damaged(m);
  memcpy(m->texts + start, bytes, length);
  m->text_size += length;
  return push_text(m, start);
}

/* S: a line in quotes, as Python 2 wrote byte strings. Escapes do not occur in names. */
static hr_status push_quoted_line(machine *m) {
  size_t length = 0;
  const unsigned char *line = take_line(m, &length);
  if (!line || length < 2 || (line[0] != '\'' && line[0] != '"') ||
      line[length - 1] != line[0] || memchr(line, '\\', length)) {
    return damaged(m);
  }
  return push_utf8(m, line + 1, length - 2);
}

static hr_status push_counted_text(machine *m, size_t width) {
  uint64_t length = 0;
  if (!take_number(m, width, &length) || length > m->size) return damaged(m);
  return push_utf8(m, take(m, (size_t)length), (size_t)length);
}

/* --- numbers, whose values no name needs --- */

static hr_status push_number_line(machine *m) {
  size_t length = 0;
  if (!take_line(m, &length)) return damaged(m);
  return push_kind(m, VALUE_NUMBER);
}

static hr_status push_number_bytes(machine *m, size_t width) {
  if (!take(m, width)) return damaged(m);
  return push_kind(m, VALUE_NUMBER);
}

/* --- lists, tuples, dictionaries --- */

/* Items on the stack above `floor` become the last items of `container`. */
static void append_from(machine *m, uint32_t floor, uint32_t container) {
  value *list = &m->values[container];
  for (uint32_t i = floor; i < m->depth; i++) {
    uint32_t fresh = m->cell_count++;
    m->cells[fresh] = (cell){.value = m->stack[i], .next = NOTHING};
    if (list->last == NOTHING) {
      list->first = fresh;
    } else {
      m->cells[list->last].next = fresh;
    }
    list->last = fresh;
  }
  m->depth = floor;
}

/* The items from `floor` up become one list or tuple. */
static hr_status collect(machine *m, uint32_t floor, value_kind kind) {
  uint32_t container = m->value_count++;
  m->values[container] = (value){.kind = kind, .first = NOTHING, .last = NOTHING};
  append_from(m, floor, container);
  m->stack[m->depth++] = container;
  return HR_OK;
}

static bool pop_mark(machine *m, uint32_t *floor) {
  if (m->mark_count == 0) return false;
  *floor = m->marks[--m->mark_count];
  return *floor <= m->depth;
}

static hr_status collect_marked(machine *m, value_kind kind) {
  uint32_t floor = 0;
  return pop_mark(m, &floor) ? collect(m, floor, kind) : damaged(m);
}

static hr_status collect_last(machine *m, uint32_t count) {
  return count <= m->depth ? collect(m, m->depth - count, VALUE_TUPLE) : damaged(m);
}

/* Items from `floor` up go into the container below them. */
static hr_status append_items(machine *m, uint32_t floor, value_kind kind) {
  if (floor == 0 || floor > m->depth) return damaged(m);
  uint32_t container = m->stack[floor - 1];
  if (m->values[container].kind != kind) return damaged(m);
  append_from(m, floor, container);
  return HR_OK;
}

static hr_status append_last(machine *m, uint32_t count, value_kind kind) {
  return count < m->depth ? append_items(m, m->depth - count, kind) : damaged(m);
}

static hr_status append_marked(machine *m, value_kind kind) {
  uint32_t floor = 0;
  return pop_mark(m, &floor) ? append_items(m, floor, kind) : damaged(m);
}

/* --- memo --- */

static hr_status put_memo(machine *m, bool known, uint64_t slot) {
  /* Python numbers its memo from 0 on, one entry an opcode at most. */
  if (!known || slot >= m->size || m->depth == 0) return damaged(m);
  m->memo[slot] = m->stack[m->depth - 1];
  m->memo_count++;
  return HR_OK;
}

static hr_status get_memo(machine *m, bool known, uint64_t slot) {
  if (!known || slot >= m->size || m->memo[slot] == NOTHING) return damaged(m);
  m->stack[m->depth++] = m->memo[slot];
  return HR_OK;
}

static hr_status memo_text(machine *m, char opcode) {
  uint64_t slot = 0;
  bool known = take_decimal(m, &slot);
  return opcode == 'p' ? put_memo(m, known, slot) : get_memo(m, known, slot);
}

static hr_status memo_binary(machine *m, bool put, size_t width) {
  uint64_t slot = 0;
  bool known = take_number(m, width, &slot);
  return put ? put_memo(m, known, slot) : get_memo(m, known, slot);
}

static hr_status skip(machine *m, size_t width) {
  return take(m, width) ? HR_OK : damaged(m);
}

static hr_status push_mark(machine *m) {
  m->marks[m->mark_count++] = m->depth;
  return HR_OK;
}

/* --- the machine --- */

/* Opcodes of the text protocol 0. */
static hr_status step_text(machine *m, unsigned char opcode) {
  switch (opcode) {
    case '(':
      return push_mark(m);
    case 'l':
      return collect_marked(m, VALUE_LIST);
    case 't':
      return collect_marked(m, VALUE_TUPLE);
    case 'd':
      return collect_marked(m, VALUE_DICT);
    case 'p':
    case 'g':
      return memo_text(m, (char)opcode);
    case 'a':
      return append_last(m, 1, VALUE_LIST);
    case 's':
      return append_last(m, 2, VALUE_DICT);
    case 'V':
      return push_unicode_line(m);
    case 'S':
      return push_quoted_line(m);
    case 'I':
    case 'L':
    case 'F':
      return push_number_line(m);
    case 'N':
      return push_kind(m, VALUE_NONE);
    default:
      return hr_fail(
          m->err, HR_ERR_FORMAT,
          "opcode 0x%02x at byte %zu of the pickle is none that lists of names "
          "are made of; it is not executed",
          opcode, m->at - 1);
  }
}

/* Opcodes of the binary protocols 1 to 5. */
static hr_status step(machine *m, unsigned char opcode) {
  switch (opcode) {
    case 0x80:
      return skip(m, 1); /* PROTO */
    case 0x95:
      return skip(m, 8); /* FRAME */
    case ']':
      return push_kind(m, VALUE_LIST);
    case ')':
      return push_kind(m, VALUE_TUPLE);
    case '}':
      return push_kind(m, VALUE_DICT);
    case 'e':
      return append_marked(m, VALUE_LIST);
    case 'u':
      return append_marked(m, VALUE_DICT);
    case 0x85:
      return collect_last(m, 1); /* TUPLE1 */
    case 0x86:
      return collect_last(m, 2);
    case 0x87:
      return collect_last(m, 3);
    case 'U': /* SHORT_BINSTRING */
    case 0x8c:
      return push_counted_text(m, 1); /* SHORT_BINUNICODE */
    case 'T':                         /* BINSTRING */
    case 'X':
      return push_counted_text(m, 4); /* BINUNICODE */
    case 0x8d:
      return push_counted_text(m, 8); /* BINUNICODE8 */
    case 'q':
      return memo_binary(m, true, 1); /* BINPUT */
    case 'r':
      return memo_binary(m, true, 4); /* LONG_BINPUT */
    case 'h':
      return memo_binary(m, false, 1); /* BINGET */
    case 'j':
      return memo_binary(m, false, 4); /* LONG_BINGET */
    case 0x94:
      return put_memo(m, true, m->memo_count); /* MEMOIZE */
    case 'K':
      return push_number_bytes(m, 1); /* BININT1 */
    case 'M':
      return push_number_bytes(m, 2); /* BININT2 */
    case 'J':
      return push_number_bytes(m, 4); /* BININT */
    case 'G':
      return push_number_bytes(m, 8); /* BINFLOAT */
    case 0x88:                        /* NEWTRUE */
    case 0x89:
      return push_kind(m, VALUE_NUMBER);
    default:
      return step_text(m, opcode);
  }
}

/* Runs to the STOP opcode; *root is the one value then left. */
static hr_status run(machine *m, const value **root) {
  while (m->at < m->size) {
    unsigned char opcode = m->bytes[m->at++];
    if (opcode == '.') {
      if (m->depth != 1 || m->mark_count != 0) return damaged(m);
      *root = &m->values[m->stack[0]];
      return HR_OK;
    }
    hr_status status = step(m, opcode);
    if (status != HR_OK) return status;
  }
  return damaged(m);
}

static const value *item_of(const machine *m, uint32_t cell_index) {
  return &m->values[m->cells[cell_index].value];
}

static const char *kind_name(value_kind kind) {
  switch (kind) {
    case VALUE_TEXT:
      return "a text";
    case VALUE_LIST:
      return "a list";
    case VALUE_TUPLE:
      return "a tuple";
    case VALUE_DICT:
      return "a dictionary";
    case VALUE_NUMBER:
      return "a number";
    case VALUE_NONE:
      return "None";
  }
  return "unknown";
}

static hr_status append_name(const machine *m, const value *item, size_t index,
                             hr_strings *out, hr_error *err) {
  hr_status status = HR_OK;
  char *name = NULL;
  if (item->kind == VALUE_TUPLE) {
    return hr_fail(err, HR_ERR_FORMAT,
                   "column %zu has a name of several levels (MultiIndex); flatten the "
                   "columns before writing",
                   index);
  }
  if (item->kind != VALUE_TEXT) {
    return hr_fail(err, HR_ERR_FORMAT,
                   "the name of column %zu is %s; give columns text names before writing",
                   index, kind_name(item->kind));
  }
  if (memchr(m->texts + item->text, '\0', item->length)) {
    return hr_fail(err, HR_ERR_FORMAT, "the name of column %zu holds a zero byte", index);
  }
  HR_TRY(hr_alloc(&name, item->length + 1, err));
  memcpy(name, m->texts + item->text, item->length);
  HR_TRY(hr_strings_append(out, name, err));
cleanup:
  hr_free(name);
  return status;
}

static hr_status append_names(const machine *m, const value *list, hr_strings *out,
                              hr_error *err) {
  if (list->kind != VALUE_LIST) {
    return hr_fail(err, HR_ERR_FORMAT, "the pickle holds %s, not a list of names",
                   kind_name(list->kind));
  }
  size_t index = 0;
  for (uint32_t i = list->first; i != NOTHING; i = m->cells[i].next) {
    hr_status status = append_name(m, item_of(m, i), index++, out, err);
    if (status != HR_OK) return status;
  }
  return HR_OK;
}

hr_status hr_pickle_strings(const char *bytes, size_t size, hr_strings *out,
                            hr_error *err) {
  hr_status status = HR_OK;
  machine m;
  const value *root = NULL;
  HR_TRY(machine_init(&m, bytes, size, err));
  HR_TRY(run(&m, &root));
  HR_TRY(append_names(&m, root, out, err));
cleanup:
  machine_fini(&m);
  return status;
}

/* The second item of the tuple that is the only item of the list `root`, or NULL. */
static const value *axis_names(const machine *m, const value *root) {
  if (root->kind != VALUE_LIST || root->first == NOTHING || root->first != root->last) {
    return NULL;
  }
  const value *pair = item_of(m, root->first);
  if (pair->kind != VALUE_TUPLE || pair->first == NOTHING) return NULL;
  uint32_t second = m->cells[pair->first].next;
  return second != NOTHING && second == pair->last ? item_of(m, second) : NULL;
}

hr_status hr_pickle_axis_names(const char *bytes, size_t size, hr_strings *out,
                               hr_error *err) {
  hr_status status = HR_OK;
  machine m;
  const value *root = NULL, *names = NULL;
  HR_TRY(machine_init(&m, bytes, size, err));
  HR_TRY(run(&m, &root));
  names = axis_names(&m, root);
  if (!names) {
    status = hr_fail(err, HR_ERR_FORMAT, "the pickle does not hold one axis of names");
    goto cleanup;
  }
  HR_TRY(append_names(&m, names, out, err));
cleanup:
  machine_fini(&m);
  return status;
}
