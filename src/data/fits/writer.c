/* A FITS file of an empty primary header and one binary table: cards of 80 characters in
 * blocks of 2880 bytes, rows of big-endian values behind them. */
#include "data/fits/writer.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/alloc.h"
#include "core/text.h"

enum {
  CARD = 80,
  BLOCK = 2880,
  MOST_COLUMNS = 999,
  LONGEST_TEXT = 68, /* of a card */
  CELL = 8,          /* bytes of a number */
};

struct hr_fits_writer {
  FILE *file;
  char *path;
  hr_fits_column *columns; /* [count]; their names are not looked at any more */
  size_t count;
  size_t row_bytes;
  unsigned char *row; /* [row_bytes] */
  uint64_t rows;
  long rows_at; /* where the card of NAXIS2 is */
};

/* --- cards --- */

/* Fills the card that began at `begin` of the text with blanks. */
static void end_card(hr_text *out, size_t begin) {
  size_t used = out->length - begin;
  if (used < CARD) hr_text_append(out, "%*s", (int)(CARD - used), "");
}

static void append_card(hr_text *out, const char *text) {
  hr_text_append(out, "%-*.*s", CARD, CARD, text);
}

static void append_value(hr_text *out, const char *key, const char *value,
                         const char *comment) {
  size_t begin = out->length;
  hr_text_append(out, "%-8s= %20s / %s", key, value, comment);
  end_card(out, begin);
}

static void append_count(hr_text *out, const char *key, uint64_t value,
                         const char *comment) {
  char text[24];
  snprintf(text, sizeof text, "%" PRIu64, value);
  append_value(out, key, text, comment);
}

/* A text in quotes, of at least eight characters; quotes in it are doubled. */
static void append_quoted(hr_text *out, const char *key, const char *value) {
  char quoted[2 * LONGEST_TEXT + 2];
  size_t at = 0, begin = out->length;
  for (const char *c = value; *c && at < 2 * LONGEST_TEXT; c++) {
    if (*c == '\'') quoted[at++] = '\'';
    quoted[at++] = *c;
  }
  quoted[at] = '\0';
  hr_text_append(out, "%-8s= '%-8s'", key, quoted);
  end_card(out, begin);
}

static void append_end(hr_text *out) {
  append_card(out, "END");
  while (out->length % BLOCK != 0 && out->status == HR_OK) append_card(out, "");
}

static bool is_plain(const char *text) {
  size_t length = 0;
  for (const char *c = text; *c; c++) {
    if (*c < ' ' || *c > '~') return false;
    length += *c == '\'' ? 2 : 1;
  }
  return length > 0 && length <= LONGEST_TEXT;
}

static size_t width_of(const hr_fits_column *column) {
  if (column->kind == HR_FITS_CELL_TRUTH) return 1;
  return column->kind == HR_FITS_CELL_TEXT ? column->text_bytes : CELL;
}

static void append_column(hr_text *out, const hr_fits_column *column, size_t number) {
  char key[32], form[32];
  static const char letters[] = {'D', 'K', 'L', 'A'};
  bool is_text = column->kind == HR_FITS_CELL_TEXT;
  snprintf(key, sizeof key, "TTYPE%zu", number);
  append_quoted(out, key, column->name);
  snprintf(key, sizeof key, "TFORM%zu", number);
  snprintf(form, sizeof form, "%zu%c", is_text ? column->text_bytes : 1,
           letters[column->kind]);
  append_quoted(out, key, form);
  if (column->unit && is_plain(column->unit)) {
    snprintf(key, sizeof key, "TUNIT%zu", number);
    append_quoted(out, key, column->unit);
  }
  if (column->kind != HR_FITS_CELL_INTEGER || !column->may_be_null) return;
  snprintf(key, sizeof key, "TNULL%zu", number);
  snprintf(form, sizeof form, "%" PRId64, INT64_MIN);
  append_value(out, key, form, "no value");
}

static void append_primary(hr_text *out) {
  append_value(out, "SIMPLE", "T", "as the FITS standard 4.0 has it");
  append_value(out, "BITPIX", "8", "of an image that there is none of");
  append_value(out, "NAXIS", "0", "no image");
  append_value(out, "EXTEND", "T", "a table follows");
  append_end(out);
}

static void append_table(hr_fits_writer *self, const char *name, hr_text *out) {
  append_card(out, "XTENSION= 'BINTABLE'           / binary table");
  append_value(out, "BITPIX", "8", "bytes");
  append_value(out, "NAXIS", "2", "rows of bytes");
  append_count(out, "NAXIS1", self->row_bytes, "bytes of a row");
  self->rows_at = (long)out->length;
  append_count(out, "NAXIS2", 0, "rows");
  append_value(out, "PCOUNT", "0", "no heap");
  append_value(out, "GCOUNT", "1", "one group");
  append_count(out, "TFIELDS", self->count, "columns");
  append_quoted(out, "EXTNAME", name);
  for (size_t c = 0; c < self->count; c++) append_column(out, &self->columns[c], c + 1);
  append_end(out);
}

/* --- the file --- */

static hr_status check_columns(const hr_fits_column *columns, size_t count,
                               hr_error *err) {
  if (count > MOST_COLUMNS) {
    return hr_fail(err, HR_ERR_USAGE,
                   "a table of FITS has at most %d columns, and this one would have %zu; "
                   "keep fewer of them",
                   MOST_COLUMNS, count);
  }
  for (size_t c = 0; c < count; c++) {
    if (!is_plain(columns[c].name)) {
      return hr_fail(err, HR_ERR_USAGE,
                     "a column of FITS cannot be called '%s'; its name may have up to %d "
                     "ASCII letters, digits and signs; keep it with --format csv",
                     columns[c].name, LONGEST_TEXT);
    }
    for (size_t i = 0; i < c; i++) {
      if (strcasecmp(columns[i].name, columns[c].name) != 0) continue;
      return hr_fail(err, HR_ERR_USAGE,
                     "the columns %s and %s have one name in FITS, where case does not "
                     "count; keep one of them, or both with --format csv",
                     columns[i].name, columns[c].name);
    }
  }
  return HR_OK;
}

static hr_status put(hr_fits_writer *self, const void *bytes, size_t size,
                     hr_error *err) {
  if (fwrite(bytes, 1, size, self->file) == size) return HR_OK;
  return hr_fail_errno(err, HR_ERR_IO, errno, "cannot write %s", self->path);
}

static hr_status put_headers(hr_fits_writer *self, const char *name, hr_error *err) {
  hr_status status = HR_OK;
  hr_text text;
  hr_text_init(&text);
  append_primary(&text);
  append_table(self, name, &text);
  HR_TRY(hr_text_status(&text, err));
  HR_TRY(put(self, text.bytes, text.length, err));
cleanup:
  hr_text_fini(&text);
  return status;
}

hr_status hr_fits_writer_create(const char *path, const char *table,
                                const hr_fits_column *columns, size_t count,
                                hr_fits_writer **out, hr_error *err) {
  hr_status status = HR_OK;
  hr_fits_writer *self = NULL;
  HR_TRY(check_columns(columns, count, err));
  HR_TRY(hr_alloc(&self, 1, err));
  HR_TRY(hr_copy_text(path, &self->path, err));
  HR_TRY(hr_alloc(&self->columns, count, err));
  memcpy(self->columns, columns, count * sizeof *columns);
  self->count = count;
  for (size_t c = 0; c < count; c++) self->row_bytes += width_of(&columns[c]);
  HR_TRY(hr_alloc(&self->row, self->row_bytes, err));
  self->file = fopen(path, "wbe");
  if (!self->file) {
    status = hr_fail_errno(err, HR_ERR_IO, errno, "cannot create %s", path);
    goto cleanup;
  }
  HR_TRY(put_headers(self, table, err));
  *out = self;
  self = NULL;
cleanup:
  hr_fits_writer_close(&self);
  return status;
}

/* --- rows --- */

static void put_big_endian(uint64_t value, unsigned char *out) {
  for (size_t i = 0; i < CELL; i++)
    out[i] = (unsigned char)(value >> (8 * (CELL - 1 - i)));
}

static void put_text(const char *text, size_t width, unsigned char *out) {
  memset(out, 0, width);
  for (size_t i = 0; i < width && text[i]; i++) {
    bool is_ascii = text[i] >= ' ' && text[i] <= '~';
    out[i] = is_ascii ? (unsigned char)text[i] : '_';
  }
}

static void put_cell(const hr_fits_column *column, const hr_frame_cells *cells,
                     size_t row, unsigned char *out) {
  uint64_t bits = 0;
  int64_t whole = 0;
  switch (column->kind) {
    case HR_FITS_CELL_NUMBER:
      memcpy(&bits, &cells->numbers[row], sizeof bits);
      put_big_endian(bits, out);
      break;
    case HR_FITS_CELL_INTEGER:
      whole = cells->integers[row];
      if (column->may_be_null && cells->numbers && isnan(cells->numbers[row])) {
        whole = INT64_MIN;
      }
      put_big_endian((uint64_t)whole, out);
      break;
    case HR_FITS_CELL_TRUTH:
      *out = cells->integers[row] ? 'T' : 'F';
      break;
    case HR_FITS_CELL_TEXT:
      put_text(cells->texts[row], column->text_bytes, out);
  }
}

hr_status hr_fits_writer_append(hr_fits_writer *writer, size_t rows,
                                const hr_frame_cells *cells, hr_error *err) {
  hr_status status = HR_OK;
  for (size_t i = 0; i < rows; i++) {
    size_t at = 0;
    for (size_t c = 0; c < writer->count; c++) {
      put_cell(&writer->columns[c], &cells[c], i, writer->row + at);
      at += width_of(&writer->columns[c]);
    }
    HR_TRY(put(writer, writer->row, writer->row_bytes, err));
    writer->rows++;
  }
cleanup:
  return status;
}

static hr_status put_end(hr_fits_writer *self, hr_error *err) {
  hr_status status = HR_OK;
  static const unsigned char zeros[BLOCK] = {0};
  size_t over = (size_t)(self->rows % BLOCK * self->row_bytes % BLOCK);
  hr_text card;
  hr_text_init(&card);
  if (over > 0) HR_TRY(put(self, zeros, BLOCK - over, err));
  append_count(&card, "NAXIS2", self->rows, "rows");
  HR_TRY(hr_text_status(&card, err));
  if (fseek(self->file, self->rows_at, SEEK_SET) != 0) {
    status = hr_fail_errno(err, HR_ERR_IO, errno, "cannot write %s", self->path);
    goto cleanup;
  }
  HR_TRY(put(self, card.bytes, card.length, err));
cleanup:
  hr_text_fini(&card);
  return status;
}

hr_status hr_fits_writer_finish(hr_fits_writer **writer, hr_error *err) {
  hr_status status = HR_OK;
  hr_fits_writer *self = *writer;
  HR_TRY(put_end(self, err));
  FILE *file = self->file;
  self->file = NULL;
  if (fclose(file) != 0) {
    status = hr_fail_errno(err, HR_ERR_IO, errno, "cannot write %s", self->path);
  }
cleanup:
  hr_fits_writer_close(writer);
  return status;
}

void hr_fits_writer_close(hr_fits_writer **writer) {
  hr_fits_writer *self = *writer;
  if (!self) return;
  if (self->file) fclose(self->file);
  hr_free(self->path);
  hr_free(self->columns);
  hr_free(self->row);
  hr_free(self);
  *writer = NULL;
}
