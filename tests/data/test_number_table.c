/* The same numbers from three kinds of file. */
#include "data/number_table.h"

#include <math.h>

#include "core/npy.h"
#include "support/check.h"
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
      cmocka_unit_test_setup_teardown(what_is_not_there_is_named, prepare, tidy),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
