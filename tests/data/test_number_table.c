/* The same numbers from every kind of file. */
#include "data/number_table.h"

#include <math.h>
#include <sys/stat.h>

#include "core/npy.h"
#include "support/check.h"
#include "support/compound_file.h"
#include "support/fits_bytes.h"
#include "support/scratch.h"
#include "support/shards.h"

static scratch s;
static hr_number_table table;
static hr_error err;
static char place[HR_NUMBER_TABLE_PLACE];

static int prepare(void **state) {
  (void)state;
  scratch_init(&s);
  return 0;
}

static int tidy(void **state) {
  (void)state;
  hr_number_table_fini(&table);
  scratch_fini(&s);
  return 0;
}

static hr_status read_file(const char *name) {
  hr_number_table_fini(&table);
  return hr_number_table_read(scratch_name(&s, name), 1 << 20, NULL, &table, &err);
}

static void csv_has_names_and_lines(void **state) {
  (void)state;
  double number = 0;
  int64_t integer = 0;
  scratch_write(&s, "t", "row,x\n9007199254740993,1.5\n\n7,\n");
  check_ok(read_file("t"));
  assert_int_equal(table.rows, 2);
  assert_int_equal(table.columns, 2);
  int row = hr_number_table_find(&table, "row"), x = hr_number_table_find(&table, "x");
  assert_true(hr_number_table_integer(&table, 0, row, &integer));
  assert_true(integer == 9007199254740993);
  assert_true(hr_number_table_number(&table, 0, x, &number));
  check_near(number, 1.5, 0);
  assert_true(hr_number_table_number(&table, 1, x, &number));
  assert_true(isnan(number));
  assert_string_equal(hr_number_table_place(&table, 1, place), "line 4");
  assert_int_equal(hr_number_table_find(&table, "y"), HR_CSV_NO_COLUMN);
}

static void a_frame_has_names_and_rows(void **state) {
  (void)state;
  char path[256];
  double t_eff[] = {4000, 5000.5, (double)INFINITY}, log_g[] = {1, 2, (double)NAN};
  snprintf(path, sizeof path, "%s/t", s.path);
  shard_spec spec = shard_spec_default(path);
  spec.rows = 3;
  spec.columns[0] = (shard_column){"T_eff", t_eff};
  spec.columns[1] = (shard_column){"log_g", log_g};
  spec.column_count = 2;
  shard_write(&spec);
  check_ok(read_file("t"));
  assert_int_equal(table.rows, 3);
  int column = hr_number_table_find(&table, "T_eff");
  int other = hr_number_table_find(&table, "log_g");
  double number = 0;
  int64_t integer = 0;
  assert_true(hr_number_table_number(&table, 1, column, &number));
  check_near(number, 5000.5, 0);
  assert_true(hr_number_table_integer(&table, 0, column, &integer));
  assert_int_equal(integer, 4000);
  assert_false(hr_number_table_integer(&table, 1, column, &integer));
  assert_false(hr_number_table_number(&table, 2, column, &number));
  assert_true(hr_number_table_number(&table, 2, other, &number));
  assert_true(isnan(number));
  assert_false(hr_number_table_integer(&table, 2, other, &integer));
  assert_string_equal(hr_number_table_place(&table, 1, place), "row 1");
}

static void an_array_has_no_names(void **state) {
  (void)state;
  const double values[] = {1, 2, 3, 4, 5, 6};
  double number = 0;
  check_ok(hr_npy_write(scratch_name(&s, "t"), values, 3, 2, &err));
  check_ok(read_file("t"));
  assert_int_equal(table.rows, 3);
  assert_int_equal(table.columns, 2);
  assert_null(table.names);
  assert_int_equal(hr_number_table_find(&table, "row"), HR_CSV_NO_COLUMN);
  assert_true(hr_number_table_number(&table, 2, 1, &number));
  check_near(number, 6, 0);
  assert_string_equal(hr_number_table_place(&table, 2, place), "row 2");
}

/* Whole columns, as labels are taken. */
static hr_table_column column;

static void check_masked(void) {
  assert_int_equal(table.rows, 3);
  hr_table_column_fini(&column);
  check_ok(hr_number_table_take(&table, "id", &column, &err));
  assert_true(column.integers[0] == 4611686018427387905);
  assert_true(isnan(column.values[1]) && column.integers[1] == 0);
  assert_true(column.integers[2] == 4611686018427387904);
  hr_table_column_fini(&column);
  check_ok(hr_number_table_take(&table, "log_g", &column, &err));
  assert_null(column.integers);
  check_near(column.values[1], 2.5, 0);
  assert_true(isnan(column.values[2]));
  hr_table_column_fini(&column);
}

static void a_mask_takes_numbers_away(void **state) {
  (void)state;
  char path[256];
  snprintf(path, sizeof path, "%s/t", s.path);
  compound_write(path, "/stars", compound_stars, 3);
  check_ok(read_file("t"));
  check_masked();
  int id = hr_number_table_find(&table, "id");
  int64_t integer = 0;
  check_ok(hr_number_table_load(&table, id, &err));
  assert_true(hr_number_table_integer(&table, 2, id, &integer));
  assert_true(integer == 4611686018427387904);
  assert_false(hr_number_table_integer(&table, 1, id, &integer));
  assert_string_equal(hr_number_table_place(&table, 1, place), "row 1");
  scratch_write(&s, "e",
                "# %ECSV 1.0\n# ---\nid id.mask log_g log_g.mask\n"
                "4611686018427387905 False 1.5 False\n7 True 2.5 False\n"
                "4611686018427387904 False -9999.0 True\n");
  check_ok(read_file("e"));
  check_masked();
  assert_false(hr_number_table_integer(&table, 1, 0, &integer));
  scratch_write(&s, "c", "x,x.mask\n1,1\n");
  check_ok(read_file("c"));
  check_ok(hr_number_table_take(&table, "x", &column, &err));
  check_near(column.values[0], 1, 0);
  hr_table_column_fini(&column);
}

static void refuses(const char *name, hr_status status, const char *behind) {
  char expected[1024];
  hr_number_table_fini(&table);
  snprintf(expected, sizeof expected, "%s/%s", s.path, behind);
  check_fails(hr_number_table_read(scratch_name(&s, name), 1 << 20, NULL, &table, &err),
              status, expected);
}

static void fits_is_read_where_it_can_be(void **state) {
  (void)state;
#if HR_FITS
  static const char *const columns[] = {"TTYPE1  = 'x'", "TFORM1  = 'I'",
                                        "TTYPE2  = 'x.mask'", "TFORM2  = 'L'", NULL};
  fits_bytes f = fits_begin();
  fits_table(&f, "STARS", 2, 3, columns);
  fits_data(&f, "\0\5F\0\6T", 6);
  fits_write(&f, scratch_name(&s, "t"));
  check_ok(read_file("t::stars"));
  check_ok(hr_number_table_take(&table, "x", &column, &err));
  assert_true(column.integers[0] == 5);
  assert_true(isnan(column.values[1]));
  hr_table_column_fini(&column);
#else
  scratch_write(&s, "t", "SIMPLE  =                    T");
  refuses("t", HR_ERR_FORMAT,
          "t is a FITS file, and this program was built without CFITSIO; install "
          "libcfitsio-dev and build it anew, or write the table as ECSV");
#endif
}

static void one_of_several_tables_is_named(void **state) {
  (void)state;
  char path[256], expected[1024];
  snprintf(path, sizeof path, "%s/t", s.path);
  compound_write(path, "/b", compound_stars, 3);
  compound_write(path, "/a", compound_stars, 3);
  snprintf(
      expected, sizeof expected,
      "%s has several tables: /a, /b; name one of them behind the file, as in %s::/a",
      path, path);
  check_fails(read_file("t"), HR_ERR_DATA, expected);
  check_ok(read_file("t::b"));
  check_ok(read_file("t::/a"));
  refuses("t::/c", HR_ERR_MISSING, "t has no /c: / holds a, b");
  scratch_write(&s, "c", "x\n1\n");
  refuses("c::x", HR_ERR_DATA,
          "c is one table, and has none called 'x'; leave '::x' out");
  shard_spec spec = shard_spec_default(path);
  spec.frame = SHARD_NO_FRAME;
  shard_write(&spec);
  refuses(
      "t", HR_ERR_MISSING,
      "t holds no table: neither a pandas DataFrame nor a dataset of named columns, as "
      "DataFrame.to_hdf and astropy's Table.write write them; write it so");
}

static void a_folder_is_no_table(void **state) {
  (void)state;
  char folder[256];
  snprintf(folder, sizeof folder, "%s/d", s.path);
  assert_int_equal(mkdir(folder, 0700), 0);
  refuses("d", HR_ERR_MISSING, "d is a folder; name the file with the table");
}

static void refuses_column(const char *name, const char *behind) {
  char expected[1024];
  snprintf(expected, sizeof expected, "%s/%s", s.path, behind);
  check_fails(hr_number_table_take(&table, name, &column, &err), HR_ERR_DATA, expected);
  hr_table_column_fini(&column);
}

static void columns_that_are_none_are_named(void **state) {
  (void)state;
  scratch_write(&s, "c", "log_g,T_eff,n\n1.5,4000,1\ngiant,5000,\n");
  check_ok(read_file("c"));
  refuses_column("logg",
                 "c has no column logg; it has log_g, T_eff, n; did you mean log_g?");
  refuses_column(
      "log_g",
      "c: line 3 has 'giant' as log_g, which is no number; leave the cell empty "
      "where there is none");
  check_ok(hr_number_table_take(&table, "n", &column, &err));
  assert_non_null(column.integers);
  assert_true(isnan(column.values[1]));
  hr_table_column_fini(&column);
  hr_text names;
  hr_text_init(&names);
  for (size_t i = 0; i < 25; i++) hr_text_append(&names, "%sc%zu", i ? "," : "", i);
  scratch_write(&s, "many", names.bytes);
  hr_text_fini(&names);
  check_ok(read_file("many"));
  refuses_column(
      "surface_gravity",
      "many has no column surface_gravity; it has c0, c1, c2, c3, c4, c5, c6, "
      "c7, c8, c9, c10, c11, c12, c13, c14, c15, c16, c17, c18, c19 and 5 more");
}

static void a_comma_is_no_decimal_point(void **state) {
  (void)state;
  scratch_write(&s, "c", "row;log_g\n0;1,5\n");
  check_ok(read_file("c"));
  refuses_column(
      "log_g",
      "c: line 2 has '1,5' as log_g, which is no number; write decimals behind "
      "a point");
  assert_string_equal(hr_number_table_remedy("1.5?"),
                      "leave the cell empty where there is none");
}

static void check_order_fails(const char *sentence) {
  char expected[512];
  snprintf(expected, sizeof expected, "%s/%s", s.path, sentence);
  check_fails(hr_number_table_check_order(&table, &err), HR_ERR_DATA, expected);
}

/* pandas writes its index as a column without a name; frames have theirs. */
static void lines_that_were_shuffled_are_told(void **state) {
  (void)state;
  static const char *const fine[] = {",x\n0,1\n1,2\n2,3\n",      ",x\n5,1\n7,2\n8,3\n",
                                     ",x\n0,1\n0,2\n1,3\n",      "n,x\n2,1\n0,2\n1,3\n",
                                     ",x\nb,1\na,2\n1,3\n",      "x\n3\n1\n2\n",
                                     ",x\n0,1\n1,1\n0,1\n1,1\n", ",x\n"};
  for (size_t i = 0; i < sizeof fine / sizeof fine[0]; i++) {
    scratch_write(&s, "t", fine[i]);
    check_ok(read_file("t"));
    check_ok(hr_number_table_check_order(&table, &err));
  }
  scratch_write(&s, "t", ",x\n2,1\n\n0,2\n1,3\n");
  check_ok(read_file("t"));
  check_order_fails(
      "t is not in the order of its index, the column without a name: line 4 has 0 "
      "behind "
      "2; make the index a column row where it is the number of the row, or write the "
      "table without it");
  const double index[] = {4, 9, 6};
  char path[256];
  snprintf(path, sizeof path, "%s/f", s.path);
  shard_spec spec = shard_spec_default(path);
  spec.rows = 3;
  spec.frame = SHARD_FIXED;
  spec.index = index;
  shard_write(&spec);
  check_ok(read_file("f"));
  check_order_fails(
      "f is not in the order of its index: row 2 has 6 behind 9; make the "
      "index a column row where it is the number of the row, or write the "
      "table without it");
}

/* From 2^24 on floats of 4 bytes leave whole numbers out. */
static void floats_name_stars_where_they_are_exact(void **state) {
  (void)state;
  const double id[] = {16777215, 16777216, 2.5};
  char path[256];
  int64_t integer = 0;
  snprintf(path, sizeof path, "%s/f", s.path);
  for (int wide = 0; wide < 2; wide++) {
    shard_spec spec = shard_spec_default(path);
    spec.rows = 3;
    spec.label_dtype = wide ? SHARD_F64 : SHARD_F32;
    spec.columns[0] = (shard_column){"id", id};
    spec.column_count = 1;
    shard_write(&spec);
    check_ok(read_file("f"));
    assert_true(hr_number_table_integer(&table, 0, 0, &integer) && integer == 16777215);
    assert_int_equal(hr_number_table_integer(&table, 1, 0, &integer), wide);
    assert_false(hr_number_table_integer(&table, 2, 0, &integer));
  }
}

static void what_is_not_there_is_named(void **state) {
  (void)state;
  assert_int_equal(read_file("nowhere"), HR_ERR_MISSING);
  assert_non_null(strstr(err.message, "nowhere"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(csv_has_names_and_lines, prepare, tidy),
      cmocka_unit_test_setup_teardown(a_frame_has_names_and_rows, prepare, tidy),
      cmocka_unit_test_setup_teardown(an_array_has_no_names, prepare, tidy),
      cmocka_unit_test_setup_teardown(a_mask_takes_numbers_away, prepare, tidy),
      cmocka_unit_test_setup_teardown(fits_is_read_where_it_can_be, prepare, tidy),
      cmocka_unit_test_setup_teardown(one_of_several_tables_is_named, prepare, tidy),
      cmocka_unit_test_setup_teardown(columns_that_are_none_are_named, prepare, tidy),
      cmocka_unit_test_setup_teardown(a_folder_is_no_table, prepare, tidy),
      cmocka_unit_test_setup_teardown(a_comma_is_no_decimal_point, prepare, tidy),
      cmocka_unit_test_setup_teardown(lines_that_were_shuffled_are_told, prepare, tidy),
      cmocka_unit_test_setup_teardown(floats_name_stars_where_they_are_exact, prepare,
                                      tidy),
      cmocka_unit_test_setup_teardown(what_is_not_there_is_named, prepare, tidy),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
