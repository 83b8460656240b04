/* The series against the mathematical library in fp64, over all that they are for. */
#include "nn/smooth.h"

#include "support/check.h"

static void exponentials_are_exact_to_two_units(void **state) {
  (void)state;
  double worst = 0;
  for (double x = -87.3; x <= 88; x += 1.7e-4) {
    float at = (float)x;
    double expected = exp((double)at);
    worst = fmax(worst, fabs((double)hr_exp_f32(at) - expected) / expected);
  }
  assert_true(worst > 0 && worst < 2e-7);
  check_near(hr_exp_f32(0), 1, 0);
  check_near(hr_exp_f32(-1e30F), exp(-87.3), 1e-43);
  check_near(hr_exp_f32(-INFINITY), exp(-87.3), 1e-43);
  check_near(hr_exp_f32(1e30F) / exp(88), 1, 2e-7);
  assert_true(isnan(hr_exp_f32(NAN)));
}

static void shares_and_densities_are_those_of_the_normal_distribution(void **state) {
  (void)state;
  double worst = 0, worst_tail = 0, worst_density = 0;
  for (double x = -14; x <= 14; x += 1e-4) {
    float at = (float)x, density = 0;
    double share = 0.5 * erfc(-(double)at / sqrt(2));
    double expected = exp(-0.5 * (double)at * (double)at) / sqrt(2 * acos(-1));
    double off = fabs((double)hr_normal_below_f32(at, &density) - share);
    worst = fmax(worst, off);
    if (x > -5) worst_tail = fmax(worst_tail, off / share);
    worst_density = fmax(worst_density, fabs((double)density - expected));
  }
  assert_true(worst > 0 && worst < 3e-7);
  assert_true(worst_tail < 2e-6);
  assert_true(worst_density < 3e-7);
  float density;
  check_near(hr_normal_below_f32(0, &density), 0.5, 1e-7);
  check_near(hr_normal_below_f32(INFINITY, &density), 1, 0);
  assert_true(isnan(hr_normal_below_f32(NAN, &density)) && isnan(density));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(exponentials_are_exact_to_two_units),
      cmocka_unit_test(shares_and_densities_are_those_of_the_normal_distribution),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
