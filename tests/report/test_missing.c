/* Rows without a prediction, from results.json to the report: told, and audited. */
#include "report/missing.h"

#include "report/rows.h"
#include "score/fixture.h"
#include "support/check.h"
#include "support/scratch.h"

static fixture f;
static scratch s;
static char path[128], rows_path[160];

static int prepare(void **state) {
  (void)state;
  fixture_init(&f);
  scratch_init(&s);
  snprintf(path, sizeof path, "%s/results.json", s.path);
  snprintf(rows_path, sizeof rows_path, "%s/predictions.csv", s.path);
  f.input.test_file = "test.h5";
  return 0;
}

static int tidy(void **state) {
  (void)state;
  scratch_fini(&s);
  return 0;
}

static void make(const char *language, hr_text *out) {
  hr_reader reader = {0};
  hr_rows rows;
  hr_error err;
  f.input.language = language;
  check_ok(hr_results_write(&f.input, path, NULL, &err));
  check_ok(hr_reader_init(&reader, path, &err));
  check_ok(hr_rows_init(&rows, rows_path, &reader, &err));
  check_ok(hr_rows_audit(&rows, &reader, &err)); /* it finds the same numbers */
  hr_missing_tell(&reader, out);
  check_ok(hr_reader_status(&reader, &err));
  hr_rows_fini(&rows);
  hr_reader_fini(&reader);
}

static void all_is_there(void **state) {
  (void)state;
  hr_text out;
  hr_text_init(&out);
  make("en", &out);
  assert_int_equal(out.length, 0);
  hr_text_fini(&out);
}

static void rows_are_named_and_counted(void **state) {
  (void)state;
  hr_text out;
  char expected[160];
  size_t row = fixture_row(&f, 1, 4);
  f.forest_own[row] = (float)NAN;
  fixture_give_sigma(&f, 1);
  hr_text_init(&out);
  make("en", &out);
  snprintf(expected, sizeof expected,
           "**Warning: 1 of %d test rows have no prediction** that is a finite number by "
           "some method (Forest: 1). Row numbers in `test.h5`: %zu. They are left out",
           FIXTURE_ROWS, row);
  assert_memory_equal(out.bytes, expected, strlen(expected));
  hr_text_fini(&out);
  hr_text_init(&out);
  make("zh", &out);
  assert_non_null(strstr(out.bytes, "缺少预测"));
  assert_non_null(strstr(out.bytes, "Forest：1"));
  hr_text_fini(&out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(all_is_there, prepare, tidy),
      cmocka_unit_test_setup_teardown(rows_are_named_and_counted, prepare, tidy),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
