/* Columns are read one at a time and only when they are asked for: a catalogue of a
 * survey has hundreds. */
#include "data/fits/table.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "data/fits/file.h"

#if HR_FITS
#include <fitsio.h>

struct hr_fits_table {
  hr_fits_file file;
  size_t rows, columns;
  hr_strings names;      /* [columns] */
  hr_values_kind *kinds; /* [columns] */
  int *types;            /* [columns] CFITSIO's, of the numbers behind TSCAL and TZERO */
  bool *may_be_null;     /* [columns] some number stands for none, beside NaN */
};

/* More columns than the standard allows, 999, are a damaged file. */
enum { MOST_COLUMNS = 999 };

void hr_fits_table_destroy(hr_fits_table **table) {
  hr_fits_table *self = *table;
  if (!self) return;
  hr_fits_close(&self->file);
  hr_strings_fini(&self->names);
  hr_free(self->kinds);
  hr_free(self->types);
  hr_free(self->may_be_null);
  hr_free(self);
  *table = NULL;
}

/* Columns of variable length have the negative of their type. */
static hr_values_kind kind_of(int type, LONGLONG repeat) {
  if (type == TSTRING) return HR_VALUES_TEXT;
  if (type < 0 || repeat != 1) return HR_VALUES_LISTS;
  if (type == TLOGICAL) return HR_VALUES_TRUTHS;
  if (type == TBIT || type == TCOMPLEX || type == TDBLCOMPLEX) return HR_VALUES_OTHER;
  return HR_VALUES_NUMBERS;
}

/* A name as the header has it; CFITSIO's own search takes patterns and no case. */
static hr_status read_name(hr_fits_table *self, int number, hr_error *err) {
  char key[FLEN_KEYWORD], name[FLEN_VALUE] = "";
  int code = 0;
  fits_make_keyn("TTYPE", number, key, &code);
  if (fits_read_key_str(self->file.handle, key, name, NULL, &code)) name[0] = '\0';
  fits_clear_errmsg();
  for (size_t i = 0; name[0] && i < self->names.count; i++) {
    if (strcmp(self->names.items[i], name) != 0) continue;
    return hr_fail(err, HR_ERR_FORMAT, "%s has two columns called '%.60s'",
                   self->file.path, name);
  }
  return hr_strings_append(&self->names, name, err);
}

static hr_status read_type(hr_fits_table *self, size_t i, hr_error *err) {
  fitsfile *handle = self->file.handle;
  int code = 0, own = 0, table = 0, number = (int)i + 1;
  LONGLONG repeat = 0, unused = 0, width = 0; /* CFITSIO 4.2 writes the width of a column
                                                 of text to wherever it is told */
  double zero = 0;
  if (fits_get_hdu_type(handle, &table, &code) ||
      fits_get_coltypell(handle, number, &own, &unused, &width, &code) ||
      fits_get_bcolparmsll(handle, number, NULL, NULL, NULL, NULL, NULL, &zero, NULL,
                           NULL, &code) ||
      fits_get_eqcoltypell(handle, number, &self->types[i], &repeat, &width, &code)) {
    return hr_fits_fail_header(&self->file, self->file.extension, err);
  }
  /* Behind any other TZERO an integer may not fit, and CFITSIO does not say so. */
  bool is_moved = self->types[i] == TLONGLONG && zero != 0;
  if (is_moved) self->types[i] = TDOUBLE;
  self->kinds[i] = kind_of(self->types[i], repeat);
  self->may_be_null[i] = table == ASCII_TBL || (own != TFLOAT && own != TDOUBLE);
  return HR_OK;
}

static hr_status read_columns(hr_fits_table *self, hr_error *err) {
  hr_status status = HR_OK;
  LONGLONG rows = 0;
  int columns = 0, code = 0;
  fits_get_num_rowsll(self->file.handle, &rows, &code);
  fits_get_num_cols(self->file.handle, &columns, &code);
  if (code || rows < 0 || columns < 0 || columns > MOST_COLUMNS) {
    return hr_fits_fail_header(&self->file, self->file.extension, err);
  }
  self->rows = (size_t)rows;
  HR_TRY(hr_alloc(&self->kinds, (size_t)columns, err));
  HR_TRY(hr_alloc(&self->types, (size_t)columns, err));
  HR_TRY(hr_alloc(&self->may_be_null, (size_t)columns, err));
  for (; self->columns < (size_t)columns; self->columns++) {
    HR_TRY(read_name(self, (int)self->columns + 1, err));
    HR_TRY(read_type(self, self->columns, err));
  }
cleanup:
  return status;
}

hr_status hr_fits_table_create(const char *path, const char *name, hr_fits_table **out,
                               hr_error *err) {
  hr_status status = HR_OK;
  hr_fits_table *self = NULL;
  HR_TRY(hr_alloc(&self, 1, err));
  HR_TRY(hr_fits_open(path, &self->file, err));
  HR_TRY(hr_fits_move_to_table(&self->file, name, err));
  HR_TRY(read_columns(self, err));
  *out = self;
  self = NULL;
cleanup:
  hr_fits_table_destroy(&self);
  return status;
}

size_t hr_fits_table_rows(const hr_fits_table *table) {
  return table->rows;
}

const char *const *hr_fits_table_names(const hr_fits_table *table, size_t *count) {
  *count = table->columns;
  return (const char *const *)table->names.items;
}

hr_values_kind hr_fits_table_kind(const hr_fits_table *table, size_t column) {
  return table->kinds[column];
}

/* --- reading --- */

/* One column on its way; `missing` [rows] is not 0 where there is no value. */
typedef struct reading {
  hr_fits_table *table;
  int number; /* of the column, from 1 */
  char *missing;
  int code;
} reading;

static bool read_as(reading *r, int type, void *values) {
  int any = 0;
  fits_read_colnull(r->table->file.handle, type, r->number, 1, 1,
                    (LONGLONG)r->table->rows, values, r->missing, &any, &r->code);
  return r->code == 0;
}

static hr_precision precision_of(int type) {
  return type == TFLOAT ? HR_PRECISION_SINGLE : HR_PRECISION_DOUBLE;
}

/* Looking for nulls, CFITSIO takes an infinity for one and a denormal number for 0. */
static void read_floats(reading *r, int type, hr_table_column *out) {
  out->precision = precision_of(type);
  if (!r->table->may_be_null[r->number - 1]) {
    fits_read_col(r->table->file.handle, TDOUBLE, r->number, 1, 1,
                  (LONGLONG)r->table->rows, NULL, out->values, NULL, &r->code);
    return;
  }
  if (!read_as(r, TDOUBLE, out->values)) return;
  for (size_t i = 0; i < r->table->rows; i++) {
    if (r->missing[i]) out->values[i] = (double)NAN;
  }
}

static void take_integers(const reading *r, hr_table_column *out) {
  for (size_t i = 0; i < r->table->rows; i++) {
    if (r->missing[i]) out->integers[i] = 0;
    out->values[i] = r->missing[i] ? (double)NAN : (double)out->integers[i];
  }
}

static hr_status read_integers(reading *r, hr_table_column *out, hr_error *err) {
  hr_status status = hr_alloc(&out->integers, r->table->rows, err);
  if (status == HR_OK && read_as(r, TLONGLONG, out->integers)) take_integers(r, out);
  return status;
}

/* Integers without a sign are kept as K with TZERO 2^63. */
static hr_status read_unsigned(reading *r, hr_table_column *out, hr_error *err) {
  hr_status status = HR_OK;
  uint64_t *own = NULL;
  HR_TRY(hr_alloc(&own, r->table->rows, err));
  HR_TRY(hr_alloc(&out->integers, r->table->rows, err));
  if (!read_as(r, TULONGLONG, own)) goto cleanup;
  for (size_t i = 0; i < r->table->rows; i++) {
    out->integers[i] = own[i] > INT64_MAX ? INT64_MAX : (int64_t)own[i];
  }
  take_integers(r, out);
  for (size_t i = 0; i < r->table->rows; i++) {
    if (!r->missing[i]) out->values[i] = (double)own[i];
  }
cleanup:
  hr_free(own);
  return status;
}

static hr_status read_truths(reading *r, hr_table_column *out, hr_error *err) {
  char *own = NULL;
  hr_status status = hr_alloc(&own, r->table->rows, err);
  if (status == HR_OK && read_as(r, TLOGICAL, own)) {
    for (size_t i = 0; i < r->table->rows; i++) {
      out->values[i] = r->missing[i] ? (double)NAN : own[i] != 0;
    }
  }
  hr_free(own);
  return status;
}

static hr_status read_values(reading *r, int type, hr_table_column *out, hr_error *err) {
  switch (type) {
    case TLOGICAL:
      return read_truths(r, out, err);
    case TULONGLONG:
      return read_unsigned(r, out, err);
    case TFLOAT:
    case TDOUBLE:
      read_floats(r, type, out);
      return HR_OK;
    default:
      return read_integers(r, out, err);
  }
}

/* --- columns of text --- */

/* Where a column of a table of text stands in its rows. */
typedef struct text_place {
  long first; /* character, from 1 */
  LONGLONG width;
} text_place;

/* Whether it is one whose text is its number. */
static bool find_text(const reading *r, text_place *out) {
  fitsfile *handle = r->table->file.handle;
  int code = 0, kind = 0, type = 0;
  LONGLONG repeat = 0;
  double scale = 1, zero = 0;
  if (fits_get_hdu_type(handle, &kind, &code) || kind != ASCII_TBL) return false;
  fits_get_acolparms(handle, r->number, NULL, &out->first, NULL, NULL, &scale, &zero,
                     NULL, NULL, &code);
  fits_get_coltypell(handle, r->number, &type, &repeat, &out->width, &code);
  return code == 0 && scale == 1 && zero == 0 && out->width > 0;
}

/* Without the blanks around it. */
static char *strip(char *text) {
  text += strspn(text, " ");
  size_t length = strlen(text);
  while (length > 0 && text[length - 1] == ' ') length--;
  text[length] = '\0';
  return text;
}

/* A cell as what it says; what is not written as usual, as a blank for 0 or a number
 * without its point, stays as CFITSIO has it. */
static void take_text(char *text, size_t row, hr_table_column *out) {
  double value = 0;
  char *mark = strpbrk(text, "Dd"); /* of an exponent in Fortran */
  if (mark) *mark = 'E';
  if (!hr_parse_number(text, &value)) return;
  if (!out->integers) {
    if (strchr(text, '.')) out->values[row] = value;
    return;
  }
  out->values[row] = value;
  bool fits = hr_parse_integer(text, &out->integers[row]);
  if (!fits) out->integers[row] = INT64_MAX;
}

/* CFITSIO (4.2) puts the digits of text together in doubles, which have 15 or 16 of them,
 * and turns what does not fit into another number. */
static hr_status read_digits(reading *r, hr_table_column *out, hr_error *err) {
  hr_status status = HR_OK;
  char *text = NULL;
  text_place place = {0};
  bool is_too_large = r->code == NUM_OVERFLOW && out->integers; /* all were read */
  if ((r->code && !is_too_large) || !find_text(r, &place)) return HR_OK;
  if (is_too_large) take_integers(r, out);
  r->code = 0;
  fits_clear_errmsg();
  HR_TRY(hr_alloc(&text, (size_t)place.width + 1, err));
  for (size_t row = 0; row < r->table->rows; row++) {
    if (r->missing[row]) continue;
    if (fits_read_tblbytes(r->table->file.handle, (LONGLONG)row + 1, place.first,
                           place.width, (unsigned char *)text, &r->code)) {
      goto cleanup;
    }
    text[place.width] = '\0';
    take_text(strip(text), row, out);
  }
cleanup:
  hr_free(text);
  return status;
}

hr_status hr_fits_table_read(hr_fits_table *table, size_t column, hr_table_column *out,
                             hr_error *err) {
  hr_status status = HR_OK;
  const char *name = table->names.items[column], *path = table->file.path;
  reading r = {.table = table, .number = (int)column + 1};
  *out = (hr_table_column){.precision = HR_PRECISION_DOUBLE};
  if (table->kinds[column] > HR_VALUES_TRUTHS) {
    return hr_fail(err, HR_ERR_DATA,
                   "%s: the column %.60s holds %s; name one of single numbers", path,
                   name, hr_values_text(table->kinds[column]));
  }
  HR_TRY(hr_alloc(&r.missing, table->rows, err));
  HR_TRY(hr_alloc(&out->values, table->rows, err));
  if (table->rows > 0) HR_TRY(read_values(&r, table->types[column], out, err));
  HR_TRY(read_digits(&r, out, err));
  if (r.code) {
    status = hr_fits_fail(err, HR_ERR_FORMAT, r.code,
                          "%s: the column %.60s cannot be read; make the file anew or "
                          "get it again",
                          path, name);
  }
cleanup:
  hr_free(r.missing);
  return status;
}

#else

hr_status hr_fits_table_create(const char *path, const char *name, hr_fits_table **out,
                               hr_error *err) {
  hr_fits_file file;
  (void)name, (void)out;
  return hr_fits_open(path, &file, err);
}

void hr_fits_table_destroy(hr_fits_table **table) {
  *table = NULL;
}

size_t hr_fits_table_rows(const hr_fits_table *table) {
  (void)table;
  return 0;
}

const char *const *hr_fits_table_names(const hr_fits_table *table, size_t *count) {
  (void)table;
  *count = 0;
  return NULL;
}

hr_values_kind hr_fits_table_kind(const hr_fits_table *table, size_t column) {
  (void)table, (void)column;
  return HR_VALUES_OTHER;
}

hr_status hr_fits_table_read(hr_fits_table *table, size_t column, hr_table_column *out,
                             hr_error *err) {
  hr_fits_file file;
  (void)table, (void)column;
  *out = (hr_table_column){0};
  return hr_fits_open("", &file, err);
}

#endif
