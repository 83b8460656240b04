#include "report/table.h"

#include "core/alloc.h"

#include "support/check.h"
#include "support/fail_alloc.h"

static const double none = (double)NAN;

static void check_cell(hr_cell_kind kind, hr_cell cell, const char *expected) {
  char buffer[HR_CELL_BYTES];
  assert_string_equal(hr_format_cell(kind, &cell, buffer), expected);
}

static hr_cell number(double value) {
  return (hr_cell){NULL, NULL, value, none, none, none};
}

static void test_numbers_as_they_are_shown(void **state) {
  (void)state;
  check_cell(HR_CELL_SCORE, number(0.61654), "0.6165");
  check_cell(HR_CELL_SCORE, number(-0.00001), "0.0000");
  check_cell(HR_CELL_SCORE, number(-1.5), "-1.5000");
  check_cell(HR_CELL_SCORE, number(-1.25e17), "-1.250e+17");
  check_cell(HR_CELL_SCORE, number(none), "-");
  check_cell(HR_CELL_DIFFERENCE, number(0.0123), "+0.0123");
  check_cell(HR_CELL_DIFFERENCE, number(-0.00004), "+0.0000");
  check_cell(HR_CELL_DIFFERENCE, number(-0.5), "-0.5000");
  check_cell(HR_CELL_COUNT, number(200000), "200000");
  check_cell(HR_CELL_COUNT, number(none), "");
  check_cell(HR_CELL_SCORE, number(-654989.73), "-6.550e+05");
  check_cell(HR_CELL_DIFFERENCE, number(645672.25), "+6.457e+05");
  check_cell(HR_CELL_SCORE, number(-9999.5), "-9999.5000");
  check_cell(HR_CELL_RATIO, number(12.5349), "12.53");
  check_cell(HR_CELL_RATIO, number(none), "-");
  check_cell(HR_CELL_TENTH, number(104.24), "104.2");
  check_cell(HR_CELL_TENTH, number(none), "-");
  check_cell(HR_CELL_TENTH_DIFFERENCE, number(-12.5), "-12.5");
  check_cell(HR_CELL_TENTH_DIFFERENCE, number(-0.04), "+0.0");
  check_cell(HR_CELL_PLAIN, number(0.05), "0.05");
  check_cell(HR_CELL_PLAIN, number(1000), "1000");
  check_cell(HR_CELL_PLAIN, number(10000), "1e4");
  check_cell(HR_CELL_PLAIN, number(1e6), "1e6");
  check_cell(HR_CELL_PLAIN, number(20000), "20000");
  check_cell(HR_CELL_PLAIN, number(1e-5), "1e-5");
  check_cell(HR_CELL_PLAIN, number(0), "0");
  check_cell(HR_CELL_PLAIN, number(none), "-");
  check_cell(HR_CELL_MARK, number(1), "yes");
  check_cell(HR_CELL_MARK, number(0), "");
  check_cell(HR_CELL_TEXT, number(none), "-");
}

static void test_ranges_as_they_are_shown(void **state) {
  (void)state;
  hr_cell cell = {NULL, NULL, 0.5, 0.25, 0.75, 1e5};
  check_cell(HR_CELL_SCORE_RANGE, cell, "0.5000 [0.2500, 0.7500]");
  check_cell(HR_CELL_DIFFERENCE_RANGE, cell, "+0.5000 [+0.2500, +0.7500]");
  check_cell(HR_CELL_TUNED_RANGE, cell, "0.5000 (1e5) [0.2500, 0.7500]");
  cell.low = cell.high = none;
  check_cell(HR_CELL_TUNED_RANGE, cell, "0.5000 (1e5)");
  cell.value = none;
  check_cell(HR_CELL_TUNED_RANGE, cell, "-");
}

static hr_status fill(hr_table *table, hr_error *err) {
  hr_status status = HR_OK;
  hr_cell *cells = NULL;
  HR_TRY(hr_table_init(table, "example", "An example", err));
  HR_TRY(hr_table_add_column(table, HR_CELL_COUNT, "bin", "Bin", err));
  HR_TRY(hr_table_add_column(table, HR_CELL_TEXT, "name", "Name", err));
  HR_TRY(hr_table_add_column(table, HR_CELL_TUNED_RANGE, "ridge_r2", "Ridge", err));
  HR_TRY(hr_copy_text("ridge_alpha", &table->columns[2].setting_key, err));
  HR_TRY(hr_table_add_column(table, HR_CELL_MARK, "at_risk", "At risk", err));
  HR_TRY(hr_table_add_row(table, &cells, err));
  cells[0].value = 0;
  HR_TRY(hr_copy_text("Cool, \"old\" | poor", &cells[1].text, err));
  cells[2] = (hr_cell){NULL, NULL, 0.1, 0.05, 0.15, 1e4};
  cells[3].value = 1;
  HR_TRY(hr_table_add_row(table, &cells, err));
  HR_TRY(hr_copy_text("Shown", &cells[1].text, err));
  HR_TRY(hr_copy_text("code", &cells[1].code, err));
  cells[3].value = 0;
  HR_TRY(hr_table_add_row(table, &cells, err));
  HR_TRY(hr_strings_append(&table->notes, "A note.", err));
cleanup:
  return status;
}

static void test_csv(void **state) {
  (void)state;
  hr_table table;
  hr_text text;
  hr_error err;
  hr_text_init(&text);
  check_ok(fill(&table, &err));
  hr_table_write_csv(&table, &text);
  assert_string_equal(text.bytes,
                      "bin,name,ridge_r2,ridge_r2_low,ridge_r2_high,ridge_alpha,at_risk\n"
                      "0,\"Cool, \"\"old\"\" | poor\",0.10000000000000001,"
                      "0.050000000000000003,0.14999999999999999,10000,True\n"
                      ",code,,,,,False\n"
                      ",,,,,,\n");
  hr_text_fini(&text);
  hr_table_fini(&table);
}

static void test_markdown(void **state) {
  (void)state;
  hr_table table;
  hr_text text;
  hr_error err;
  hr_text_init(&text);
  check_ok(fill(&table, &err));
  hr_table_write_markdown(&table, &text);
  assert_string_equal(
      text.bytes,
      "**An example**\n\n"
      "| Bin | Name | Ridge | At risk |\n"
      "|---:|---|---:|---|\n"
      "| 0 | Cool, \"old\" \\| poor | 0.1000 (1e4) [0.0500, 0.1500] | yes |\n"
      "|  | Shown | - |  |\n"
      "|  | - | - |  |\n\n"
      "- A note.\n\n");
  hr_text_fini(&text);
  hr_table_fini(&table);
}

static void names_are_no_markdown(void **state) {
  (void)state;
  hr_text text;
  hr_text_init(&text);
  hr_append_markdown("<b>R&D</b> `a` *b* c|d\\ [0.1, 0.2]\nZ_1 \xc3\xa9", &text);
  assert_string_equal(text.bytes,
                      "\\<b>R\\&D\\</b> \\`a\\` \\*b\\* c\\|d\\\\ [0.1, 0.2] Z_1 "
                      "\xc3\xa9");
  hr_text_fini(&text);
}

static hr_status fill_and_empty(void) {
  hr_table table;
  hr_status status = fill(&table, NULL);
  hr_table_fini(&table);
  return status;
}

static void test_memory_can_run_out(void **state) {
  (void)state;
  check_alloc_failures(fill_and_empty());
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_numbers_as_they_are_shown),
      cmocka_unit_test(test_ranges_as_they_are_shown),
      cmocka_unit_test(test_csv),
      cmocka_unit_test(test_markdown),
      cmocka_unit_test(names_are_no_markdown),
      cmocka_unit_test(test_memory_can_run_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
