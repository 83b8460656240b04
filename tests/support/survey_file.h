/* Small survey files for tests, written through CFITSIO.
 *
 *   survey_file f = survey_begin(path);
 *   survey_image(&f, "FLUX", FLOAT_IMG, (long[3]){4, 2, 0}, values);
 *   survey_table(&f, "TARGET", 2, (const survey_column[]){{"objId", "K", ""}, {NULL}});
 *   survey_cells(&f, 1, 1, 2, values);
 *   survey_end(&f); */
#ifndef HR_TESTS_SURVEY_FILE_H
#define HR_TESTS_SURVEY_FILE_H

#include <fitsio.h>
#include <unistd.h>

#include "support/check.h"

typedef struct survey_file {
  fitsfile *fits;
  int code;
} survey_file;

typedef struct survey_column {
  const char *name, *form, *unit;
} survey_column;

static inline survey_file survey_begin(const char *path) {
  survey_file f = {0};
  unlink(path);
  fits_create_diskfile(&f.fits, path, &f.code);
  fits_create_img(f.fits, BYTE_IMG, 0, NULL, &f.code);
  return f;
}

/* axis: as many as are above 0; values: NULL for none. */
static inline void survey_image(survey_file *f, const char *name, int type, long axis[3],
                                const double *values) {
  int axes = 0;
  LONGLONG count = 1;
  while (axes < 3 && axis[axes] > 0) count *= axis[axes++];
  fits_create_img(f->fits, type, axes, axis, &f->code);
  if (name) fits_update_key_str(f->fits, "EXTNAME", name, NULL, &f->code);
  if (values) {
    fits_write_img(f->fits, TDOUBLE, 1, count, (void *)(uintptr_t)values, &f->code);
  }
}

static inline void survey_number(survey_file *f, const char *key, double value) {
  fits_update_key_dbl(f->fits, key, value, 15, NULL, &f->code);
}

static inline void survey_whole(survey_file *f, const char *key, long long value) {
  fits_update_key_lng(f->fits, key, value, NULL, &f->code);
}

static inline void survey_text(survey_file *f, const char *key, const char *value) {
  fits_update_key_str(f->fits, key, value, NULL, &f->code);
}

static inline void survey_table(survey_file *f, const char *name, long long rows,
                                const survey_column *columns) {
  fits_create_tbl(f->fits, BINARY_TBL, rows, 0, NULL, NULL, NULL, name, &f->code);
  for (int i = 0; columns[i].name; i++) {
    char key[16];
    fits_insert_col(f->fits, i + 1, (char *)(uintptr_t)columns[i].name,
                    (char *)(uintptr_t)columns[i].form, &f->code);
    snprintf(key, sizeof key, "TUNIT%d", i + 1);
    if (columns[i].unit[0]) survey_text(f, key, columns[i].unit);
  }
}

/* `count` numbers from row `row` of column `column` on, both from 1. */
static inline void survey_cells(survey_file *f, int column, long long row,
                                long long count, const double *values) {
  fits_write_col(f->fits, TDOUBLE, column, row, 1, count, (void *)(uintptr_t)values,
                 &f->code);
}

static inline void survey_end(survey_file *f) {
  fits_close_file(f->fits, &f->code);
  assert_int_equal(f->code, 0);
}

/* Cuts the file to so many bytes. */
static inline void survey_cut(const char *path, long bytes) {
  assert_int_equal(truncate(path, bytes), 0);
}

#endif
