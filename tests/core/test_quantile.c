#include "core/quantile.h"

#include "support/check.h"

/* numpy.quantile([1, 2, 4, 8], p) gives the same. */
static void test_known_quantiles(void **state) {
  (void)state;
  const double values[] = {1, 2, 4, 8};
  check_near(hr_quantile(values, 4, 0), 1, 0);
  check_near(hr_quantile(values, 4, 0.25), 1.75, 1e-15);
  check_near(hr_quantile(values, 4, 0.5), 3, 1e-15);
  check_near(hr_quantile(values, 4, 0.9), 6.8, 1e-14);
  check_near(hr_quantile(values, 4, 1), 8, 0);
}

static void test_few_values(void **state) {
  (void)state;
  const double one[] = {-3.5};
  check_near(hr_quantile(one, 1, 0), -3.5, 0);
  check_near(hr_quantile(one, 1, 0.7), -3.5, 0);
  check_near(hr_quantile(one, 1, 1), -3.5, 0);
  assert_true(isnan(hr_quantile(one, 0, 0.5)));
}

static void test_sorting(void **state) {
  (void)state;
  double values[] = {3, -1, (double)INFINITY, 3, 0, (double)-INFINITY};
  const double sorted[] = {(double)-INFINITY, -1, 0, 3, 3, (double)INFINITY};
  hr_sort_numbers(values, 6);
  assert_memory_equal(values, sorted, sizeof sorted);
  hr_sort_numbers(values, 0);
  assert_memory_equal(values, sorted, sizeof sorted);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_known_quantiles),
      cmocka_unit_test(test_few_values),
      cmocka_unit_test(test_sorting),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
