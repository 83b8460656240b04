/* Columns of FITS tables: types, scales, nulls, integers to the last digit. */
#include "data/fits/table.h"

#include <math.h>

#include "support/check.h"
#include "support/fail_alloc.h"
#include "support/fits_bytes.h"
#include "support/scratch.h"

#if HR_FITS

static scratch s;
static hr_error err;
static char path[256], expected[1024];
static hr_fits_table *table;
static hr_table_column column;

static int prepare(void **state) {
  (void)state;
  scratch_init(&s);
  snprintf(path, sizeof path, "%s/t.fits", s.path);
  return 0;
}

static int tidy(void **state) {
  (void)state;
  hr_fits_table_destroy(&table);
  hr_table_column_fini(&column);
  scratch_fini(&s);
  return 0;
}

/* A table of these rows, of `width` bytes each. */
static void open_rows(const char *const *columns, size_t width, const char *bytes,
                      size_t size) {
  fits_bytes f = fits_begin();
  fits_table(&f, NULL, size / width, width, columns);
  fits_data(&f, bytes, size);
  fits_write(&f, path);
  check_ok(hr_fits_table_create(path, NULL, &table, &err));
}

static void read_column(size_t number) {
  hr_table_column_fini(&column);
  check_ok(hr_fits_table_read(table, number, &column, &err));
}

static void integers_have_nulls_and_all_digits(void **state) {
  (void)state;
  static const char *const columns[] = {
      "TTYPE1  = 'id'", "TFORM1  = 'K'", "TNULL1  =                   -1",
      "TTYPE2  = 'n'",  "TFORM2  = 'I'", NULL};
  static const char rows[] =
      "\x40\0\0\0\0\0\0\x01\0\x07" /* 2^62 + 1 */
      "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe"
      "\x80\0\0\0\0\0\0\0\0\0"; /* -2^63 */
  size_t count = 0;
  open_rows(columns, 10, rows, 30);
  assert_int_equal(hr_fits_table_rows(table), 3);
  assert_string_equal(hr_fits_table_names(table, &count)[1], "n");
  assert_int_equal(count, 2);
  assert_int_equal(hr_fits_table_kind(table, 0), HR_VALUES_NUMBERS);
  read_column(0);
  assert_true(column.integers[0] == 4611686018427387905);
  assert_true(isnan(column.values[1]) && column.integers[1] == 0);
  assert_true(column.integers[2] == INT64_MIN);
  assert_int_equal(column.precision, HR_PRECISION_DOUBLE);
  read_column(1);
  check_near(column.values[0], 7, 0);
  check_near(column.values[1], -2, 0);
  assert_true(column.integers[1] == -2);
}

static void tables_of_text_are_read_too(void **state) {
  (void)state;
  static const char *const columns[] = {"TTYPE1  = 'id'",
                                        "TBCOL1  =                    1",
                                        "TFORM1  = 'I19'",
                                        "TTYPE2  = 'log_g'",
                                        "TBCOL2  =                   21",
                                        "TFORM2  = 'F7.4'",
                                        "TTYPE3  = 'name'",
                                        "TBCOL3  =                   29",
                                        "TFORM3  = 'A3'",
                                        NULL};
  static const char rows[] =
      "                  7  2.5000 abc"
      "                 -1 -0.1250 d  ";
  open_rows(columns, 31, rows, 62);
  assert_int_equal(hr_fits_table_rows(table), 2);
  assert_int_equal(hr_fits_table_kind(table, 1), HR_VALUES_NUMBERS);
  assert_int_equal(hr_fits_table_kind(table, 2), HR_VALUES_TEXT);
  read_column(0);
  check_near(column.values[1], -1, 0);
  read_column(1);
  check_near(column.values[0], 2.5, 0);
  check_near(column.values[1], -0.125, 0);
}

/* Names of stars are exact, and numbers those that a CSV file with their text has. */
static void text_keeps_every_digit(void **state) {
  (void)state;
  static const char *const columns[] = {"TTYPE1  = 'id'",
                                        "TBCOL1  =                    1",
                                        "TFORM1  = 'I20'",
                                        "TNULL1  = '-1'",
                                        "TTYPE2  = 'log_g'",
                                        "TBCOL2  =                   22",
                                        "TFORM2  = 'D24.16'",
                                        "TTYPE3  = 'old'",
                                        "TBCOL3  =                   47",
                                        "TFORM3  = 'F4.2'",
                                        NULL};
  static const char *const cells[][3] = {
      {"4611686018427387905", "1.152921504606847D+18", "250"},
      {"9007199254740993", "9007199254740991.0", "-25"},
      {"9223372036854775807", "0.1", "5"},
      {"-9223372036854775808", "-2.5E0", "1.25"},
      {"99999999999999999999", ".3", "0"},
      {"-1                  ", "5.0", "0"},
      {"", "", "1"}};
  char rows[7 * 50 + 1];
  for (size_t i = 0; i < 7; i++) {
    snprintf(rows + 50 * i, 51, "%20s %24s %4s", cells[i][0], cells[i][1], cells[i][2]);
  }
  open_rows(columns, 50, rows, 350);
  static const int64_t ids[] = {4611686018427387905,
                                9007199254740993,
                                INT64_MAX,
                                INT64_MIN,
                                INT64_MAX, /* and its value is more */
                                0,
                                0};
  static const double values[] = {0x1p60, 9007199254740991.0, 0.1, -2.5, 0.3, 5, 0};
  static const double old[] = {2.5, -0.25, 0.05, 1.25, 0, 0, 0.01};
  read_column(0);
  for (size_t i = 0; i < 7; i++) assert_true(column.integers[i] == ids[i]);
  check_near(column.values[4], 1e20, 0);
  assert_true(isnan(column.values[5]));
  check_near(column.values[6], 0, 0);
  read_column(1);
  for (size_t i = 0; i < 7; i++) check_near(column.values[i], values[i], 0);
  read_column(2);
  for (size_t i = 0; i < 7; i++) check_near(column.values[i], old[i], 1e-15);
}

/* TNULL is of what is stored, as the standard says, and not of what the scale makes. */
static void scaled_columns_have_nulls_too(void **state) {
  (void)state;
  static const char *const columns[] = {"TTYPE1  = 'log_g'",
                                        "TFORM1  = 'I'",
                                        "TSCAL1  =                 0.01",
                                        "TZERO1  =                  1.0",
                                        "TNULL1  =               -32768",
                                        NULL};
  open_rows(columns, 2, "\0\x64\x80\0\xff\x9c", 6);
  read_column(0);
  assert_null(column.integers);
  check_near(column.values[0], 2, 1e-15);
  assert_true(isnan(column.values[1]));
  check_near(column.values[2], 0, 1e-15);
}

static void unsigned_integers_are_whole(void **state) {
  (void)state;
  static const char *const columns[] = {"TTYPE1  = 'a'",
                                        "TFORM1  = 'K'",
                                        "TZERO1  =  9223372036854775808",
                                        "TTYPE2  = 'b'",
                                        "TFORM2  = 'J'",
                                        "TZERO2  =           2147483648",
                                        "TNULL2  =                    0",
                                        NULL};
  static const char rows[] =
      "\x80\0\0\0\0\0\0\x05\x80\0\0\x01"
      "\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0";
  open_rows(columns, 12, rows, 24);
  read_column(0);
  assert_true(column.integers[0] == 5);
  assert_true(column.integers[1] == INT64_MAX);
  check_near(column.values[1], 0x1p64, 0);
  read_column(1);
  assert_true(column.integers[0] == 1);
  assert_true(isnan(column.values[1]));
}

/* Infinities stay; asked for nulls, the library takes them for such. */
static void floats_are_what_they_are(void **state) {
  (void)state;
  static const char *const columns[] = {"TTYPE1  = 'x'", "TFORM1  = 'E'", "TTYPE2  = 'y'",
                                        "TFORM2  = 'D'", NULL};
  static const char rows[] =
      "\x3f\xc0\0\0\x40\x04\0\0\0\0\0\0"
      "\x7f\xc0\0\0\x7f\xf0\0\0\0\0\0\0"
      "\x7f\x80\0\0\0\0\0\0\0\0\0\x01";
  open_rows(columns, 12, rows, 36);
  read_column(0);
  check_near(column.values[0], 1.5, 0);
  assert_true(isnan(column.values[1]));
  assert_true(isinf(column.values[2]));
  assert_int_equal(column.precision, HR_PRECISION_SINGLE);
  assert_null(column.integers);
  read_column(1);
  check_near(column.values[0], 2.5, 0);
  assert_true(isinf(column.values[1]));
  assert_true(column.values[2] == 0x1p-1074);
  assert_int_equal(column.precision, HR_PRECISION_DOUBLE);
}

static void truth_values_are_one_and_nothing(void **state) {
  (void)state;
  static const char *const columns[] = {"TTYPE1  = 'ok'", "TFORM1  = 'L'", NULL};
  open_rows(columns, 1, "TF\0", 3);
  assert_int_equal(hr_fits_table_kind(table, 0), HR_VALUES_TRUTHS);
  read_column(0);
  check_near(column.values[0], 1, 0);
  check_near(column.values[1], 0, 0);
  assert_true(isnan(column.values[2]));
}

static void refuses(size_t number, const char *behind) {
  hr_table_column_fini(&column);
  snprintf(expected, sizeof expected, "%s: the column %s", path, behind);
  check_fails(hr_fits_table_read(table, number, &column, &err), HR_ERR_DATA, expected);
}

static void what_is_no_number_is_named(void **state) {
  (void)state;
  static const char *const columns[] = {
      "TTYPE1  = 'name'", "TFORM1  = '3A'", "TTYPE2  = 'mags'", "TFORM2  = '2B'",
      "TTYPE3  = 'z'",    "TFORM3  = 'C'",  "TFORM4  = 'B'",    NULL};
  size_t count = 0;
  open_rows(columns, 14, "abc\1\2\0\0\0\0\0\0\0\0\5", 14);
  refuses(0, "name holds text; name one of single numbers");
  refuses(1, "mags holds several values a row; name one of single numbers");
  refuses(2, "z holds something else than numbers; name one of single numbers");
  assert_string_equal(hr_fits_table_names(table, &count)[3], "");
  read_column(3);
  check_near(column.values[0], 5, 0);
}

static void names_differ(void **state) {
  (void)state;
  static const char *const columns[] = {"TTYPE1  = 'x'", "TFORM1  = 'B'", "TTYPE2  = 'x'",
                                        "TFORM2  = 'B'", NULL};
  fits_bytes f = fits_begin();
  fits_table(&f, NULL, 1, 2, columns);
  fits_data(&f, "ab", 2);
  fits_write(&f, path);
  snprintf(expected, sizeof expected, "%s has two columns called 'x'", path);
  check_fails(hr_fits_table_create(path, NULL, &table, &err), HR_ERR_FORMAT, expected);
}

static void damaged_types_are_named(void **state) {
  (void)state;
  static const char *const columns[] = {"TTYPE1  = 'x'", "TFORM1  = '?'", NULL};
  fits_bytes f = fits_begin();
  fits_table(&f, NULL, 1, 1, columns);
  fits_data(&f, "a", 1);
  fits_write(&f, path);
  snprintf(
      expected, sizeof expected,
      "%s is damaged or cut off in the header of its extension 1; make it anew or get "
      "it again",
      path);
  check_fails(hr_fits_table_create(path, NULL, &table, &err), HR_ERR_FORMAT, expected);
}

static void what_is_gone_meanwhile_cannot_be_read(void **state) {
  (void)state;
  static const char *const columns[] = {"TTYPE1  = 'x'", "TFORM1  = 'D'", NULL};
  open_rows(columns, 8, "\x3f\xf0\0\0\0\0\0\0", 8);
  assert_int_equal(truncate(path, FITS_BLOCK), 0);
  snprintf(expected, sizeof expected,
           "%s: the column x cannot be read; make the file anew or get it again: CFITSIO "
           "says 'error reading from FITS file'",
           path);
  check_fails(hr_fits_table_read(table, 0, &column, &err), HR_ERR_FORMAT, expected);
}

static void moved_integers_are_no_longer_whole(void **state) {
  (void)state;
  static const char *const columns[] = {"TTYPE1  = 'x'", "TFORM1  = 'K'",
                                        "TZERO1  =                    5", NULL};
  open_rows(columns, 8, "\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0\0\0\0\1", 16);
  read_column(0);
  assert_null(column.integers);
  check_near(column.values[0], 0x1p63, 0);
  check_near(column.values[1], 6, 0);
}

static void no_rows_are_a_table_too(void **state) {
  (void)state;
  static const char *const columns[] = {"TTYPE1  = 'x'", "TFORM1  = 'D'", NULL};
  fits_bytes f = fits_begin();
  fits_table(&f, NULL, 0, 8, columns);
  fits_write(&f, path);
  check_ok(hr_fits_table_create(path, NULL, &table, &err));
  assert_int_equal(hr_fits_table_rows(table), 0);
  read_column(0);
}

static hr_status read_all(void) {
  hr_status status = hr_fits_table_create(path, NULL, &table, NULL);
  for (size_t i = 0; status == HR_OK && i < 2; i++) {
    hr_table_column_fini(&column);
    status = hr_fits_table_read(table, i, &column, NULL);
  }
  hr_fits_table_destroy(&table);
  return status;
}

static void memory_can_run_out(void **state) {
  (void)state;
  static const char *const columns[] = {
      "TTYPE1  = 'x'", "TFORM1  = 'K'", "TZERO1  =  9223372036854775808",
      "TTYPE2  = 'y'", "TFORM2  = 'L'", NULL};
  open_rows(columns, 9, "\0\0\0\0\0\0\0\0T", 9);
  hr_fits_table_destroy(&table);
  check_alloc_failures(read_all());
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, prepare, tidy)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(integers_have_nulls_and_all_digits),
      TEST(tables_of_text_are_read_too),
      TEST(text_keeps_every_digit),
      TEST(scaled_columns_have_nulls_too),
      TEST(unsigned_integers_are_whole),
      TEST(floats_are_what_they_are),
      TEST(truth_values_are_one_and_nothing),
      TEST(what_is_no_number_is_named),
      TEST(names_differ),
      TEST(damaged_types_are_named),
      TEST(what_is_gone_meanwhile_cannot_be_read),
      TEST(moved_integers_are_no_longer_whole),
      TEST(no_rows_are_a_table_too),
      TEST(memory_can_run_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

static void a_build_without_the_library_has_no_table(void **state) {
  (void)state;
  hr_error err = {0};
  hr_fits_table *table = NULL;
  assert_int_equal(hr_fits_table_create("t.fits", NULL, &table, &err), HR_ERR_FORMAT);
  assert_null(table);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_build_without_the_library_has_no_table),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
