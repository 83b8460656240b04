/* Tables in CSV files: what fields are, and what is no table. */
#include "data/csv_table.h"

#include <math.h>

#include "support/check.h"
#include "support/fail_alloc.h"
#include "support/scratch.h"

static scratch place;
static char path[256];
static hr_error err;

static int set_up(void **state) {
  (void)state;
  scratch_init(&place);
  snprintf(path, sizeof path, "%s/t.csv", place.path);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  scratch_fini(&place);
  return 0;
}

static hr_status read_bytes(const char *text, size_t size, hr_csv_table *out) {
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(text, 1, size, file), size);
  assert_int_equal(fclose(file), 0);
  return hr_csv_table_read(path, 1 << 20, out, &err);
}

static hr_status read_text(const char *text, hr_csv_table *out) {
  return read_bytes(text, strlen(text), out);
}

static void check_cells(const char *text, size_t columns, size_t rows,
                        const char *const *expected) {
  hr_csv_table table;
  check_ok(read_text(text, &table));
  assert_int_equal(table.columns, columns);
  assert_int_equal(table.rows, rows);
  for (size_t c = 0; c < columns; c++) assert_string_equal(table.names[c], expected[c]);
  for (size_t i = 0; i < rows * columns; i++) {
    assert_string_equal(table.cells[i], expected[columns + i]);
  }
  hr_csv_table_fini(&table);
}

static void fields_are_texts(void **state) {
  (void)state;
  static const char *const plain[] = {"a", "b", "1", "2", "3", ""};
  check_cells("a,b\n1,2\n3,\n", 2, 2, plain);
  check_cells("a,b\n1,2\n3,", 2, 2, plain);
  check_cells(
      "\xef\xbb\xbf"
      "a , b\r\n\r\n 1,2\r\n  \n3,\r\n\n",
      2, 2, plain);
  static const char *const quoted[] = {"a,b", "c\"d", "1\n2", "x"};
  check_cells("\"a,b\",\"c\"\"d\"\n\"1\n2\" , x\n", 2, 1, quoted);
  static const char *const names[] = {"only"};
  check_cells("only", 1, 0, names);
}

static void cells_are_numbers(void **state) {
  (void)state;
  hr_csv_table t;
  double number = 0;
  int64_t integer = 0;
  check_ok(read_text(
      "a,b\n1.5e3,9007199254740993\n,-7\nNaN,99999999999999999999\nx,2.0\n", &t));
  assert_int_equal(hr_csv_table_find(&t, "b"), 1);
  assert_int_equal(hr_csv_table_find(&t, "B"), HR_CSV_NO_COLUMN);
  assert_true(hr_csv_table_number(&t, 0, 0, &number));
  check_near(number, 1500, 0);
  assert_true(hr_csv_table_number(&t, 1, 0, &number) && isnan(number));
  assert_true(hr_csv_table_number(&t, 2, 0, &number) && isnan(number));
  assert_false(hr_csv_table_number(&t, 3, 0, &number));
  assert_true(hr_csv_table_integer(&t, 0, 1, &integer));
  assert_true(integer == 9007199254740993);
  assert_true(hr_csv_table_integer(&t, 1, 1, &integer) && integer == -7);
  assert_false(hr_csv_table_integer(&t, 2, 1, &integer));
  assert_true(hr_csv_table_integer(&t, 3, 1, &integer) && integer == 2);
  assert_int_equal(t.line[3], 5);
  hr_csv_table_fini(&t);
}

static void check_refused(const char *text, const char *sentence) {
  char expected[512];
  hr_csv_table table;
  snprintf(expected, sizeof expected, "%s%s", path, sentence);
  check_fails(read_text(text, &table), HR_ERR_FORMAT, expected);
  hr_csv_table_fini(&table);
}

/* As pandas writes whole numbers of a column in which one is missing. */
static void floats_are_whole_numbers_where_they_are_exact(void **state) {
  (void)state;
  hr_csv_table t;
  int64_t integer = 0;
  check_ok(
      read_text("a\n1234.0\n-1.234e3\n9007199254740991.0\n9007199254740992.0\n"
                "9007199254740993\n-9.007199254740992e15\n2.5\n1e400\n.\n",
                &t));
  assert_true(hr_csv_table_integer(&t, 0, 0, &integer) && integer == 1234);
  assert_true(hr_csv_table_integer(&t, 1, 0, &integer) && integer == -1234);
  assert_true(hr_csv_table_integer(&t, 2, 0, &integer));
  assert_true(integer == 9007199254740991);
  assert_false(hr_csv_table_integer(&t, 3, 0, &integer));
  assert_true(hr_csv_table_integer(&t, 4, 0, &integer));
  assert_true(integer == 9007199254740993);
  for (size_t i = 5; i < 9; i++) {
    assert_false(hr_csv_table_integer(&t, i, 0, &integer));
  }
  hr_csv_table_fini(&t);
}

/* Whichever the line of names has most of, outside of quotes. */
static void semicolons_and_tabs_part_fields_too(void **state) {
  (void)state;
  static const char *const cells[] = {"a", "b,c", "1,5", "", "2", "x\ty"};
  check_cells("a;\"b,c\"\n1,5;\n2;x\ty\n", 2, 2, cells);
  static const char *const tabs[] = {"", "T_eff, K", "c", "1", "", "2", "", "", ""};
  check_cells("\tT_eff, K\tc\r\n1\t\t2 \r\n\t \t\n\r\n", 3, 2, tabs);
  static const char *const one[] = {"a b", "1\t2"};
  check_cells("\n\n a b\n1\t2\n", 1, 1, one);
  static const char *const macintosh[] = {"a", "b", "1", "2"};
  check_cells("a,b\r1,2\r", 2, 1, macintosh);
  check_refused("a;b;c\n1;2\n", ": line 2 has 2 fields, the line of names has 3");
}

static void what_is_no_table_is_refused(void **state) {
  (void)state;
  hr_csv_table table;
  check_refused("", " is empty; a table begins with a line of column names");
  check_refused(" \n\r\n", " is empty; a table begins with a line of column names");
  check_refused("a,b,a\n", " has two columns called 'a'");
  check_refused(",,a\n",
                " has several columns without a name; name them in the first line");
  check_refused("a,b\n1,2\n\n3\n", ": line 4 has 1 field, the line of names has 2");
  check_refused("a,b\n\"1\n2\",3\n4,5,6\n",
                ": line 4 has 3 fields, the line of names has 2");
  check_refused("a,b\n\"1\"2,3\n", ": line 2 has text behind a closed quote");
  check_refused("a,b\n1,2\n\"3,4\n", ": the quote that opens in line 3 is not closed");
  char expected[512];
  snprintf(expected, sizeof expected,
           "%s is no text in UTF-8; a table is read from CSV in that", path);
  check_fails(read_bytes("a,b\n1,\0002\n", 9, &table), HR_ERR_FORMAT, expected);
  hr_csv_table_fini(&table);
}

#define ECSV "# %ECSV 1.0\n# ---\n# datatype:\n# - {name: a, datatype: int64}\n"

/* As astropy writes it: blanks unless the head says comma, "" for what is masked. */
static void ecsv_has_a_head_and_blanks(void **state) {
  (void)state;
  static const char *const cells[] = {"a", "b c", "1", "", "2", "x y", "3", "#"};
  check_cells(ECSV "a \"b c\"\n1 \"\"\n2 \"x y\"\n# no row\n3  \"#\" \r\n", 2, 3, cells);
  check_cells(ECSV "# delimiter: ','\na,b c\n1,\n2,x y\n3,#", 2, 3, cells);
  check_cells(ECSV "# delimiter: ' '\n a \"b c\"\n1 \"\"\n2 \"x y\"\n3 #", 2, 3, cells);
  check_refused(
      ECSV "# delimiter: '|'\na|b\n",
      ": line 5 names a delimiter that ECSV does not have; write it with a comma "
      "or a blank");
  check_refused(ECSV, " is empty; a table begins with a line of column names");
  check_refused(ECSV "a b\n\"1\"2 3\n", ": line 6 has text behind a closed quote");
}

static void truth_is_a_number_in_ecsv_alone(void **state) {
  (void)state;
  hr_csv_table t;
  double number = 0;
  check_ok(read_text(ECSV "a\nTrue\nFalse\nTruth\n", &t));
  assert_true(t.is_ecsv);
  assert_true(hr_csv_table_number(&t, 0, 0, &number));
  check_near(number, 1, 0);
  assert_true(hr_csv_table_number(&t, 1, 0, &number));
  check_near(number, 0, 0);
  assert_false(hr_csv_table_number(&t, 2, 0, &number));
  assert_int_equal(t.line[0], 6);
  hr_csv_table_fini(&t);
  check_ok(read_text("a\nTrue\n", &t));
  assert_false(t.is_ecsv);
  assert_false(hr_csv_table_number(&t, 0, 0, &number));
  hr_csv_table_fini(&t);
}

static hr_status read_and_fini(void) {
  hr_csv_table table;
  hr_status status = hr_csv_table_read(path, 1 << 20, &table, NULL);
  hr_csv_table_fini(&table);
  return status;
}

static void memory_can_run_out(void **state) {
  (void)state;
  hr_csv_table table;
  check_ok(read_text("a,b\n1,2\n", &table));
  hr_csv_table_fini(&table);
  check_alloc_failures(read_and_fini());
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(fields_are_texts),
      TEST(cells_are_numbers),
      TEST(floats_are_whole_numbers_where_they_are_exact),
      TEST(semicolons_and_tabs_part_fields_too),
      TEST(what_is_no_table_is_refused),
      TEST(ecsv_has_a_head_and_blanks),
      TEST(truth_is_a_number_in_ecsv_alone),
      TEST(memory_can_run_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
