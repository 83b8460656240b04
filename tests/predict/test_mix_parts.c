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

/* What of the mixture is within h of its mean, by its definition. */
static double share(const hr_parts *parts, double mean, bool is_wide, double h) {
  double sum = 0;
  for (size_t r = 0; r < parts->count; r++) {
    const hr_spread *spread = &parts->spreads[r];
    double s = is_wide ? spread->half95 / 2 : spread->half68;
    double off = parts->moments[r].mean - mean;
    double up = 0.5 * (1 + erf((h - off) / s / sqrt(2)));
    double down = 0.5 * (1 + erf((-h - off) / s / sqrt(2)));
    sum += parts->weight[r] * (up - down);
  }
  return sum;
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
  check_near(share(&parts, mean, false, spread.half68), 0.6827, 1e-9);
  check_near(share(&parts, mean, true, spread.half95), 0.9545, 1e-9);
  assert_true(spread.half68 > 0.3 && spread.half95 > 1.5); /* the means are 2 apart */
}

/* Where the parts say the same, so does the mixture; far apart it holds both. */
static void parts_alike_and_apart(void **state) {
  (void)state;
  const double weight[] = {0.5, 0.5};
  const hr_spread spreads[] = {{0.2, 0.2, 0.4}, {0.2, 0.2, 0.4}};
  const hr_moments alike[] = {{1, 0.04}, {1, 0.04}}, apart[] = {{0, 0.04}, {2000, 0.04}};
  double mean = 0;
  hr_parts parts = {2, alike, spreads, weight};
  hr_spread spread = hr_mix_parts(&parts, &mean);
  check_near(spread.half68, 0.2, 1e-4); /* 68.27 % is 1 sigma to so much */
  check_near(spread.half95, 0.4, 1e-4);
  parts.moments = apart;
  spread = hr_mix_parts(&parts, &mean);
  check_near(mean, 1000, 0);
  check_near(spread.half68, 1000, 0.2);
  check_near(share(&parts, mean, true, spread.half95), 0.9545, 1e-9);
}

/* A part that knows nothing of itself counts as the others do, if it is a small one. */
static void a_small_part_may_know_nothing(void **state) {
  (void)state;
  const double none = (double)NAN;
  double weight[] = {0.05, 0.95};
  const hr_moments moments[] = {{1, none}, {3, 0.16}};
  const hr_spread spreads[] = {{none, none, none}, {0.4, 0.4, 0.8}};
  double mean = 0;
  const hr_parts parts = {2, moments, spreads, weight};
  hr_spread spread = hr_mix_parts(&parts, &mean);
  check_near(mean, 2.9, 1e-15);
  check_near(spread.sigma, sqrt(0.16 + 0.05 * 1.9 * 1.9 + 0.95 * 0.01), 1e-14);
  assert_true(spread.half68 > 0.4 && spread.half95 > 0.8);
  weight[0] = 0.2, weight[1] = 0.8;
  spread = hr_mix_parts(&parts, &mean);
  assert_true(isnan(spread.sigma) && isnan(spread.half68) && isnan(spread.half95));
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
      cmocka_unit_test(parts_alike_and_apart),
      cmocka_unit_test(a_small_part_may_know_nothing),
      cmocka_unit_test(none_says_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
