/* The report on a terminal: tables, criteria and notes within its width. */
#include "report/terminal.h"

#include <stdint.h>
#include <string.h>

static const size_t gap = 2; /* spaces between columns */

/* The character at `text` and how many bytes it has; a stray byte stands for itself. */
static uint32_t decode(const char *text, size_t *bytes) {
  const unsigned char *u = (const unsigned char *)text;
  size_t length = u[0] >= 0xf0 ? 4 : u[0] >= 0xe0 ? 3 : u[0] >= 0xc0 ? 2 : 1;
  uint32_t code = length == 1 ? u[0] : u[0] & (0xffU >> (length + 1));
  for (size_t i = 1; i < length; i++) {
    if ((u[i] & 0xc0) != 0x80) {
      length = i;
      break;
    }
    code = code << 6 | (u[i] & 0x3f);
  }
  *bytes = length;
  return code;
}

/* Unicode Standard Annex 11, as far as names and our own sentences need it. */
static size_t width_of(uint32_t code) {
  bool combining = code >= 0x300 && code <= 0x36f;
  if (combining) return 0;
  bool wide = (code >= 0x1100 && code <= 0x115f) || (code >= 0x2e80 && code <= 0xa4cf) ||
              (code >= 0xac00 && code <= 0xd7a3) || (code >= 0xf900 && code <= 0xfaff) ||
              (code >= 0xfe30 && code <= 0xfe6f) || (code >= 0xff00 && code <= 0xff60) ||
              (code >= 0xffe0 && code <= 0xffe6) || (code >= 0x1f300 && code <= 0x3fffd);
  return wide ? 2 : 1;
}

size_t hr_text_width(const char *text) {
  size_t width = 0, bytes = 0;
  for (; *text; text += bytes) width += width_of(decode(text, &bytes));
  return width;
}

static void append_spaces(hr_text *out, size_t count) {
  for (size_t i = 0; i < count; i++) hr_text_append(out, " ");
}

static const hr_cell *cell_at(const hr_table *table, size_t row, size_t column) {
  return &table->cells[row * table->column_count + column];
}

static size_t column_width(const hr_table *table, size_t column) {
  char buffer[HR_CELL_BYTES];
  hr_cell_kind kind = table->columns[column].kind;
  size_t width = hr_text_width(table->columns[column].header);
  for (size_t r = 0; r < table->row_count; r++) {
    const hr_cell *cell = cell_at(table, r, column);
    size_t own = hr_text_width(hr_format_cell(kind, cell, buffer));
    if (own > width) width = own;
  }
  return width;
}

/* One piece of a table: its key columns, and the columns first .. end-1. */
typedef struct piece {
  const hr_table *table;
  size_t first, end;
} piece;

static bool in_piece(const piece *part, size_t column) {
  if (column < part->table->key_columns) return true;
  return column >= part->first && column < part->end;
}

/* Takes as many columns as fit, at least one. */
static size_t end_of_piece(const hr_table *table, size_t first) {
  size_t width = 0, end = first;
  for (size_t c = 0; c < table->key_columns; c++) width += column_width(table, c) + gap;
  while (end < table->column_count) {
    width += column_width(table, end) + (end > first ? gap : 0);
    if (end > first && width > HR_TERMINAL_COLUMNS) break;
    end++;
  }
  return end;
}

/* Appends a text in its column. Spaces are written only before more text, so that no line
 * ends in one. */
static void append_aligned(hr_text *out, size_t *pending, const char *text, size_t width,
                           bool left) {
  size_t padding = width - hr_text_width(text);
  if (!left) *pending += padding;
  if (text[0]) {
    append_spaces(out, *pending);
    hr_text_append(out, "%s", text);
    *pending = 0;
  }
  if (left) *pending += padding;
  *pending += gap;
}

static void append_header(const piece *part, hr_text *out) {
  size_t pending = 0, line = 0;
  for (size_t c = 0; c < part->table->column_count; c++) {
    if (!in_piece(part, c)) continue;
    size_t width = column_width(part->table, c);
    append_aligned(out, &pending, part->table->columns[c].header, width,
                   hr_cell_is_left(part->table->columns[c].kind));
    line += width + (line > 0 ? gap : 0);
  }
  hr_text_append(out, "\n");
  for (size_t i = 0; i < line; i++) hr_text_append(out, "─");
  hr_text_append(out, "\n");
}

static void append_rows(const piece *part, hr_text *out) {
  char buffer[HR_CELL_BYTES];
  for (size_t r = 0; r < part->table->row_count; r++) {
    size_t pending = 0;
    for (size_t c = 0; c < part->table->column_count; c++) {
      if (!in_piece(part, c)) continue;
      hr_cell_kind kind = part->table->columns[c].kind;
      append_aligned(out, &pending,
                     hr_format_cell(kind, cell_at(part->table, r, c), buffer),
                     column_width(part->table, c), hr_cell_is_left(kind));
    }
    hr_text_append(out, "\n");
  }
}

void hr_table_write_terminal(const hr_table *table, hr_text *out) {
  if (table->row_count == 0) return;
  hr_text_append(out, "%s\n", table->title);
  size_t first = table->key_columns;
  do {
    piece part = {table, first, end_of_piece(table, first)};
    hr_text_append(out, "\n");
    append_header(&part, out);
    append_rows(&part, out);
    first = part.end;
  } while (first < table->column_count);
  for (size_t n = 0; n < table->notes.count; n++) {
    hr_wrap_markdown(table->notes.items[n], 2, out);
  }
  hr_text_append(out, "\n");
}

/* The bytes and width of the piece of text that must not be broken: a word with the
 * spaces before it, or one wide character. */
static size_t next_word(const char *text, size_t *width) {
  size_t length = strspn(text, " "), bytes = 0;
  *width = length;
  while (text[length] && text[length] != ' ') {
    size_t own = width_of(decode(text + length, &bytes));
    bool alone = own == 2;
    if (alone && *width > strspn(text, " ")) break;
    length += bytes;
    *width += own;
    if (alone) break;
  }
  return length;
}

/* Full stops and commas stay with what they close. */
static bool closes(const char *text) {
  static const char *const marks[] = {"。", "，", "：", "；", "）", "、", "」"};
  for (size_t m = 0; m < sizeof marks / sizeof *marks; m++) {
    if (strncmp(text, marks[m], strlen(marks[m])) == 0) return true;
  }
  return false;
}

void hr_wrap_text(const char *paragraph, size_t indent, hr_text *out) {
  size_t column = 0, width = 0;
  while (*paragraph) {
    size_t length = next_word(paragraph, &width);
    /* Two columns are kept free for a mark that closes a wide line. */
    size_t room = closes(paragraph) ? HR_TERMINAL_COLUMNS : HR_TERMINAL_COLUMNS - 2;
    if (column > indent && column + width > room) {
      hr_text_append(out, "\n");
      append_spaces(out, indent);
      size_t spaces = strspn(paragraph, " ");
      column = indent;
      paragraph += spaces;
      length -= spaces;
      width -= spaces;
    }
    hr_text_append(out, "%.*s", (int)length, paragraph);
    column += width;
    paragraph += length;
  }
  hr_text_append(out, "\n");
}

void hr_wrap_markdown(const char *paragraph, size_t indent, hr_text *out) {
  hr_text plain;
  hr_text_init(&plain);
  for (const char *c = paragraph; *c; c++) {
    if (*c == '\\' && hr_is_markdown(c[1])) c++;
    hr_text_append(&plain, "%c", *c);
  }
  if (plain.status != HR_OK) out->status = plain.status;
  hr_wrap_text(plain.bytes ? plain.bytes : "", indent, out);
  hr_text_fini(&plain);
}
