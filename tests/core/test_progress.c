#include "core/progress.h"

#include "support/check.h"

static void check_description(const hr_progress *progress, double seconds, bool is_over,
                              const char *expected) {
  hr_error err = {0};
  hr_text text;
  hr_text_init(&text);
  hr_progress_describe(progress, seconds, is_over, &text);
  check_ok(hr_text_status(&text, &err));
  assert_string_equal(text.bytes, expected);
  hr_text_fini(&text);
}

static void test_under_way(void **state) {
  (void)state;
  hr_progress p = {.stage = "reading", .unit = "rows", .total = 20000};
  check_description(&p, 5.0, false, "reading: 0% of 20000 rows");
  p.done = 5000;
  check_description(&p, 0.1, false, "reading: 25% of 20000 rows");
  check_description(&p, 2.0, false,
                    "reading: 25% of 20000 rows, 2500 rows/s, 6.0 s left");
  p.bytes = 100000000;
  check_description(&p, 2.0, false,
                    "reading: 25% of 20000 rows, 2500 rows/s, 50.0 MB/s, 6.0 s left");
  p.done = 100;
  p.bytes = 0;
  check_description(&p, 100.0, false,
                    "reading: 0% of 20000 rows, 1.00 rows/s, 5 h 31 min left");
}

/* Taken up at half its way, or ended early: no rate is made of what took no time. */
static void test_skipped(void **state) {
  (void)state;
  hr_progress p = {
      .stage = "training", .unit = "rows", .done = 500, .total = 1000, .skipped = 500};
  check_description(&p, 5.0, false, "training: 50% of 1000 rows");
  p.done = 600;
  check_description(&p, 5.0, false, "training: 60% of 1000 rows, 20.0 rows/s, 20 s left");
  p.done = 1000;
  p.skipped = 800;
  check_description(&p, 5.0, true, "training: 1000 rows in 5.0 s, 40.0 rows/s");
}

static void test_without_a_total(void **state) {
  (void)state;
  const hr_progress p = {.stage = "solving", .unit = "systems", .done = 30};
  check_description(&p, 2.0, false, "solving: 30 systems, 15.0 systems/s");
  check_description(&p, 2.0, true, "solving: 30 systems in 2.0 s, 15.0 systems/s");
}

static void test_over(void **state) {
  (void)state;
  hr_progress p = {.stage = "reading", .unit = "rows", .done = 600, .total = 600};
  check_description(&p, 0.25, true, "reading: 600 rows in 0.2 s");
  check_description(&p, 60.0, true, "reading: 600 rows in 60 s, 10.0 rows/s");
  check_description(&p, 600.0, true, "reading: 600 rows in 10 min 00 s, 1.00 rows/s");
  p.done = 300;
  check_description(&p, 1.0, true, "reading: 50% of 600 rows in 1.0 s, 300 rows/s");
}

static void test_durations(void **state) {
  (void)state;
  static const struct {
    double seconds;
    const char *text;
  } cases[] = {{0, "0.0 s"},          {9.94, "9.9 s"},         {9.96, "10 s"},
               {99.6, "1 min 39 s"},  {3599.9, "59 min 59 s"}, {3600, "1 h 00 min"},
               {90061, "25 h 01 min"}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    hr_text text;
    hr_text_init(&text);
    hr_seconds_describe(cases[i].seconds, &text);
    assert_string_equal(text.bytes, cases[i].text);
    hr_text_fini(&text);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_under_way),       cmocka_unit_test(test_skipped),
      cmocka_unit_test(test_without_a_total), cmocka_unit_test(test_over),
      cmocka_unit_test(test_durations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
