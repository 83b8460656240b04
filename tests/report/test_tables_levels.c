/* From tasks that were validated at other levels, through results.json, to the table. */
#include "report/table_parts.h"
#include "report/tables.h"
#include "score/fixture.h"
#include "support/check.h"
#include "support/scratch.h"

enum { LEVELS = 2 };

static fixture f;
static scratch s;
static hr_error err;
static hr_table table;
static char path[128];
static double level[LEVELS] = {0.25, 1};

static int prepare(void **state) {
  (void)state;
  fixture_init(&f);
  scratch_init(&s);
  table = (hr_table){0};
  snprintf(path, sizeof path, "%s/results.json", s.path);
  return 0;
}

static int tidy(void **state) {
  (void)state;
  hr_table_fini(&table);
  scratch_fini(&s);
  return 0;
}

static void make(void) {
  hr_reader reader = {0};
  check_ok(hr_results_write(&f.input, path, NULL, &err));
  check_ok(hr_reader_init(&reader, path, &err));
  check_ok(hr_build_levels(&table, &reader, &err));
  check_ok(hr_reader_status(&reader, &err));
  hr_reader_fini(&reader);
}

static void none_is_an_empty_table(void **state) {
  (void)state;
  make();
  assert_int_equal(table.row_count, 0);
  json_t *root = json_load_file(path, 0, NULL);
  const json_t *levels = json_object_get(root, "noise_levels");
  assert_true(json_is_null(levels));
  json_decref(root);
}

static void a_row_is_a_model(void **state) {
  (void)state;
  static double r2[2][LEVELS] = {{0.9, (double)NAN}, {0.8, 0.5}};
  static double alpha[LEVELS] = {10, 1};
  hr_fit *fits[2] = {&f.ridge[1], &f.ridge[FIXTURE_BINS]};
  for (size_t t = 0; t < 2; t++) {
    fits[t]->level_count = LEVELS;
    fits[t]->level = level;
    fits[t]->level_cv_r2 = r2[t];
    fits[t]->level_value = alpha;
  }
  make();
  assert_int_equal(table.row_count, 2);
  assert_int_equal(table.column_count, 4);
  assert_string_equal(table.columns[2].key, "r2_cv_level_0.25");
  assert_string_equal(table.columns[2].header, "Level 0.25");
  assert_string_equal(table.cells[0].text, "1");
  check_near(table.cells[2].value, 0.9, 0);
  assert_true(isnan(table.cells[3].value));
  assert_string_equal(table.cells[4].text, "all");
  check_near(table.cells[7].value, 0.5, 0);
  assert_string_equal(table.notes.items[0],
                      "What cross-validation of Ridge on the training rows would give on "
                      "average if every error were that many times as large, from the "
                      "same pass over the data; no test row was used.");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(none_is_an_empty_table, prepare, tidy),
      cmocka_unit_test_setup_teardown(a_row_is_a_model, prepare, tidy),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
