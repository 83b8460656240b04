#include "report/ticks.h"

#include "support/check.h"

static void check_labels(double low, double high, size_t wanted, const char *expected) {
  char all[512] = "", text[HR_TICK_BYTES];
  hr_ticks ticks = hr_ticks_choose(low, high, wanted);
  for (size_t i = 0; i < ticks.count; i++) {
    strcat(all, i > 0 ? " " : "");
    strcat(all, hr_ticks_label(&ticks, i, text));
    double value = hr_ticks_value(&ticks, i), slack = 1e-9 * ticks.step;
    assert_true(value >= low - slack && value <= high + slack);
  }
  assert_string_equal(all, expected);
}

static void test_ticks_are_round(void **state) {
  (void)state;
  check_labels(0, 1, 5, "0.0 0.2 0.4 0.6 0.8 1.0");
  check_labels(0, 0.7, 7, "0.0 0.1 0.2 0.3 0.4 0.5 0.6 0.7");
  check_labels(-0.07, 0.061, 5,
               "\xe2\x88\x92"
               "0.06 \xe2\x88\x92"
               "0.04 \xe2\x88\x92"
               "0.02 0.00 0.02 0.04 0.06");
  check_labels(2.8, 27.7, 5, "5 10 15 20 25");
  check_labels(3750, 6000, 5, "4000 4500 5000 5500 6000");
  check_labels(1e-7, 3e-7, 3, "0.0000001 0.0000002 0.0000003");
}

static void test_any_range_has_some(void **state) {
  (void)state;
  for (int i = 1; i < 2000; i++) {
    double low = -3.0 + 0.0031 * i, high = low + 1e-4 * i * i;
    for (size_t wanted = 2; wanted <= 12; wanted += 5) {
      hr_ticks ticks = hr_ticks_choose(low, high, wanted);
      assert_in_range(ticks.count, 2, HR_TICKS_MOST);
    }
  }
}

static void test_zero_is_zero(void **state) {
  (void)state;
  char text[HR_TICK_BYTES];
  hr_ticks ticks = {-0.3, 0.1, 7, 1};
  assert_true(hr_ticks_value(&ticks, 3) == 0.0);
  assert_string_equal(hr_ticks_label(&ticks, 3, text), "0.0");
}

static void test_numbers(void **state) {
  (void)state;
  char text[HR_TICK_BYTES];
  assert_string_equal(hr_ticks_number(0.12345, 3, 1, text), "+0.123");
  assert_string_equal(hr_ticks_number(-0.5, 1, 0, text),
                      "\xe2\x88\x92"
                      "0.5");
  assert_string_equal(hr_ticks_number(-0.0004, 3, 1, text), "0.000");
  assert_string_equal(hr_ticks_number(0.0, 3, 1, text), "0.000");
  assert_string_equal(hr_ticks_number(2.0, 0, 0, text), "2");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_ticks_are_round),
      cmocka_unit_test(test_any_range_has_some),
      cmocka_unit_test(test_zero_is_zero),
      cmocka_unit_test(test_numbers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
