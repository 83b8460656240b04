/* What several models say of a row, by hand. */
#include "predict/mix_parts.h"

#include <math.h>

#include "support/check.h"

static void one_part_stays_what_it_is(void **state) {
  (void)state;
  const double weight[] = {1};
  const hr_moments moments[] = {{2.5, 0.04}};
  const hr_spread spreads[] = {{0.2, 0.19, 0.41}};
  double mean = 0;
  const hr_parts parts = {1, moments, spreads, weight};
  hr_spread spread = hr_mix_parts(&parts, &mean);
  check_near(mean, 2.5, 0);
  check_near(spread.sigma, 0.2, 0);
  check_near(spread.half68, 0.19, 0);
  check_near(spread.half95, 0.41, 0);
}

/* The variance of the mixture holds the distance of the means. */
static void two_parts(void **state) {
  (void)state;
  const double weight[] = {0.25, 0.75};
  const hr_moments moments[] = {{1, 0.04}, {3, 0.16}};
  const hr_spread spreads[] = {{0.2, 0.2, 0.4}, {0.4, 0.3, 0.8}};
  double mean = 0;
  const hr_parts parts = {2, moments, spreads, weight};
  hr_spread spread = hr_mix_parts(&parts, &mean);
  check_near(mean, 2.5, 1e-15);
  double variance = 0.25 * (0.04 + 2.25) + 0.75 * (0.16 + 0.25);
  check_near(spread.sigma, sqrt(variance), 1e-15);
  check_near(spread.half68, 0.275, 1e-15);
  check_near(spread.half95, 0.7, 1e-15);
}

static void none_says_nothing(void **state) {
  (void)state;
  double mean = 0;
  const hr_parts parts = {0, NULL, NULL, NULL};
  hr_spread spread = hr_mix_parts(&parts, &mean);
  assert_true(isnan(mean) && isnan(spread.sigma) && isnan(spread.half68));
  assert_true(isnan(spread.half95));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_part_stays_what_it_is),
      cmocka_unit_test(two_parts),
      cmocka_unit_test(none_says_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
