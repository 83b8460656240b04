#include "report/terminal.h"

#include "core/alloc.h"
#include "support/check.h"

static void test_width(void **state) {
  (void)state;
  assert_int_equal(hr_text_width(""), 0);
  assert_int_equal(hr_text_width("ΔR² [95 %]"), 10);
  assert_int_equal(hr_text_width("贫金属。"), 8);
  assert_int_equal(hr_text_width("e\xcc\x81"), 1); /* e and a combining acute accent */
  assert_int_equal(hr_text_width("\xe8x"), 2);     /* cut off: a stray byte */
  assert_int_equal(hr_text_width("\xf0\x9f\x8c\x9f"), 2);
}

static void add_text(hr_cell *cell, const char *text) {
  hr_error err;
  check_ok(hr_copy_text(text, &cell->text, &err));
}

/* A key column and `columns` texts, each 30 wide. */
static void make_wide(hr_table *table, size_t columns) {
  hr_error err;
  hr_cell *cells = NULL;
  check_ok(hr_table_init(table, "wide", "Wide", &err));
  check_ok(hr_table_add_column(table, HR_CELL_COUNT, "bin", "Bin", &err));
  for (size_t c = 0; c < columns; c++) {
    check_ok(hr_table_add_column(table, HR_CELL_TEXT, "name", "Name", &err));
  }
  check_ok(hr_table_add_row(table, &cells, &err));
  cells[0].value = 4;
  for (size_t c = 0; c < columns; c++)
    add_text(&cells[1 + c], "123456789012345678901234567890");
}

static void test_aligned_columns(void **state) {
  (void)state;
  hr_table table;
  hr_text text;
  hr_error err;
  hr_cell *cells = NULL;
  hr_text_init(&text);
  check_ok(hr_table_init(&table, "narrow", "Narrow", &err));
  check_ok(hr_table_add_column(&table, HR_CELL_COUNT, "bin", "Bin", &err));
  check_ok(hr_table_add_column(&table, HR_CELL_TEXT, "name", "Name", &err));
  check_ok(hr_table_add_column(&table, HR_CELL_SCORE, "r2", "R²", &err));
  check_ok(hr_table_add_column(&table, HR_CELL_MARK, "at_risk", "At risk", &err));
  check_ok(hr_table_add_row(&table, &cells, &err));
  cells[0].value = 3;
  add_text(&cells[1], "中温贫");
  cells[2].value = 0.25;
  cells[3].value = 1;
  check_ok(hr_table_add_row(&table, &cells, &err));
  cells[0].value = 12;
  add_text(&cells[1], "Hot");
  check_ok(hr_strings_append(&table.notes, "A note.", &err));
  hr_table_write_terminal(&table, &text);
  assert_string_equal(text.bytes,
                      "Narrow\n"
                      "\n"
                      "Bin  Name        R²  At risk\n"
                      "────────────────────────────\n"
                      "  3  中温贫  0.2500  yes\n"
                      " 12  Hot          -\n"
                      "A note.\n"
                      "\n");
  hr_text_fini(&text);
  hr_table_fini(&table);
}

static void test_wide_tables_come_in_pieces(void **state) {
  (void)state;
  hr_table table;
  hr_text text;
  hr_text_init(&text);
  make_wide(&table, 4);
  hr_table_write_terminal(&table, &text);
  assert_string_equal(
      text.bytes,
      "Wide\n"
      "\n"
      "Bin  Name                            Name                            Name\n"
      "──────────────────────────────────────────────────────────────────────────────────"
      "─"
      "────────────────\n"
      "  4  123456789012345678901234567890  123456789012345678901234567890  "
      "123456789012345678901234567890\n"
      "\n"
      "Bin  Name\n"
      "───────────────────────────────────\n"
      "  4  123456789012345678901234567890\n"
      "\n");
  hr_text_fini(&text);
  hr_table_fini(&table);
}

static void test_nothing_to_show(void **state) {
  (void)state;
  hr_table table;
  hr_text text;
  hr_error err;
  hr_text_init(&text);
  check_ok(hr_table_init(&table, "empty", "Empty", &err));
  hr_table_write_terminal(&table, &text);
  assert_int_equal(text.length, 0);
  hr_table_fini(&table);
}

static void check_wrapped(const char *paragraph) {
  hr_text text;
  hr_text_init(&text);
  hr_wrap_text(paragraph, 2, &text);
  size_t lines = 0;
  for (char *rest = text.bytes, *line; (line = strsep(&rest, "\n"));) {
    assert_in_range(hr_text_width(line), 0, HR_TERMINAL_COLUMNS);
    if (line[0]) lines++;
  }
  assert_in_range(lines, 2, 10);
  hr_text_fini(&text);
}

static void test_wrapping(void **state) {
  (void)state;
  hr_text text;
  hr_text_init(&text);
  hr_wrap_text("short", 2, &text);
  assert_string_equal(text.bytes, "short\n");
  hr_text_fini(&text);
  check_wrapped(
      "Only one kind of expert is available, so the hybrid is that expert's oracle by "
      "construction, and words go on until the line is full and another is begun.");
  check_wrapped(
      "在没有任何专家模型的分箱中，由全局模型给出预测（对所有方法一视同仁）。在没有任何专"
      "家模型的"
      "分箱中，由全局模型给出预测（对所有方法一视同仁），the global model predicts。");
}

static void test_backslashes_of_markdown_are_left_out(void **state) {
  (void)state;
  hr_text text;
  hr_text_init(&text);
  hr_wrap_markdown("\\*a\\|b\\* \\\\ \\n of `x`", 2, &text);
  assert_string_equal(text.bytes, "*a|b* \\ \\n of `x`\n");
  hr_text_fini(&text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_width),
      cmocka_unit_test(test_aligned_columns),
      cmocka_unit_test(test_wide_tables_come_in_pieces),
      cmocka_unit_test(test_nothing_to_show),
      cmocka_unit_test(test_wrapping),
      cmocka_unit_test(test_backslashes_of_markdown_are_left_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
