/* The tables of a comparison: a row a line of numbers, columns by run. */
#include "compare/tables.h"

#include <math.h>

#include "compare/compared.h"
#include "support/fail_alloc.h"

static compared k;
static hr_comparison_tables tables;
static hr_error err;

static int prepare(void **state) {
  (void)state;
  compared_init(&k, "en");
  return 0;
}

static int tidy(void **state) {
  (void)state;
  hr_comparison_tables_fini(&tables);
  compared_fini(&k);
  return 0;
}

static hr_status build(void) {
  hr_comparison_tables_fini(&tables);
  return hr_comparison_tables_init(&tables, k.comparison, &err);
}

static const hr_cell *cell(const hr_table *table, size_t row, const char *key) {
  for (size_t c = 0; c < table->column_count; c++) {
    if (strcmp(table->columns[c].key, key) == 0) {
      return &table->cells[row * table->column_count + c];
    }
  }
  return NULL;
}

static void check_scores(const hr_table *table, const hr_compared_lines *lines) {
  assert_int_equal(table->row_count, lines->count);
  assert_true(lines->count > 0);
  for (size_t i = 0; i < lines->count; i++) {
    const hr_compared *a = &lines->items[i].of[0], *b = &lines->items[i].of[1];
    check_near(cell(table, i, "a_r2")->value, a->r2.value, 0);
    check_near(cell(table, i, "b_r2")->low, b->r2.low, 0);
    if (isnan(b->delta.value)) continue;
    check_near(cell(table, i, "b_delta_r2")->value, b->delta.value, 0);
    check_near(cell(table, i, "b_delta_r2")->high, b->delta.high, 0);
  }
}

static void every_line_is_a_row(void **state) {
  (void)state;
  check_ok(build());
  check_scores(&tables.items[HR_COMPARISON_LADDER], &k.comparison->rungs);
  check_scores(&tables.items[HR_COMPARISON_METHODS], &k.comparison->methods);
  check_scores(&tables.items[HR_COMPARISON_BINS], &k.comparison->bins);
  check_scores(&tables.items[HR_COMPARISON_SNR], &k.comparison->octiles);
}

static void runs_and_settings_are_told(void **state) {
  (void)state;
  check_ok(build());
  const hr_table *runs = &tables.items[HR_COMPARISON_RUNS];
  assert_int_equal(runs->row_count, 2);
  assert_string_equal(cell(runs, 1, "run")->text, "B");
  assert_string_equal(cell(runs, 1, "directory")->text, k.runs.s[1].path);
  assert_string_equal(cell(runs, 1, "study")->text, "TEST-02");
  check_near(cell(runs, 0, "test_rows")->value, FIXTURE_ROWS, 0);
  const hr_table *settings = &tables.items[HR_COMPARISON_SETTINGS];
  assert_int_equal(settings->row_count, 1);
  assert_string_equal(cell(settings, 0, "key")->text, "data.folds");
  assert_string_equal(cell(settings, 0, "a_value")->text, "5");
  assert_string_equal(cell(settings, 0, "b_value")->text, "10");
}

static void memory_may_run_out(void **state) {
  (void)state;
  check_alloc_failures(build());
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(every_line_is_a_row, prepare, tidy),
      cmocka_unit_test_setup_teardown(runs_and_settings_are_told, prepare, tidy),
      cmocka_unit_test_setup_teardown(memory_may_run_out, prepare, tidy),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
