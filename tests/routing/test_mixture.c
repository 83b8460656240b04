/* The moments of a mixture, against sums written out by hand. */
#include "routing/mixture.h"

#include "support/check.h"

static void test_a_weight_of_one_copies(void **state) {
  (void)state;
  const hr_moments part[] = {{(double)NAN, 1}, {0.1, -0.0}, {3, (double)INFINITY}};
  const hr_moments copy = hr_mixture(3, (double[]){0, 1, 0}, part, 1);
  assert_memory_equal(&copy, &part[1], sizeof copy);
}

static void test_two_parts(void **state) {
  (void)state;
  /* mean 0.25 1 + 0.75 3 = 2.5; variance 0.25 (4 + 2.25) + 0.75 (8 + 0.25) = 7.75 */
  const hr_moments part[] = {{1, 4}, {9, 9}, {3, 8}, {9, 9}};
  const hr_moments mixed = hr_mixture(2, (double[]){0.25, 0.75}, part, 2);
  check_near(mixed.mean, 2.5, 1e-15);
  check_near(mixed.variance, 7.75, 1e-15);
}

static void test_what_is_not_known(void **state) {
  (void)state;
  const hr_moments part[] = {{1, (double)NAN}, {3, 8}};
  hr_moments mixed = hr_mixture(2, (double[]){0.5, 0.5}, part, 1);
  check_near(mixed.mean, 2, 0);
  assert_true(isnan(mixed.variance));
  mixed = hr_mixture(2, (double[]){0, 0}, part, 1);
  assert_true(isnan(mixed.mean) && isnan(mixed.variance));
  mixed = hr_mixture(0, NULL, NULL, 1);
  assert_true(isnan(mixed.mean));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_weight_of_one_copies),
      cmocka_unit_test(test_two_parts),
      cmocka_unit_test(test_what_is_not_known),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
