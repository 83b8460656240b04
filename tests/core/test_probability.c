/* Distributions against scipy 1.x: scipy.special.gammaincc, scipy.stats.t.ppf. */
#include "core/probability.h"

#include <math.h>

#include "support/check.h"

static void test_upper_gamma(void **state) {
  (void)state;
  static const struct {
    double a, x, expected;
  } cases[] = {
      {0.5, 0.1, 0.6547208460185768},      {1, 1, 0.36787944117144245},
      {7.5, 3, 0.9797477467178134},        {7.5, 7.5, 0.4514172112257256},
      {7.5, 15, 0.011921495938159686},     {7.5, 40, 6.984655416662421e-11},
      {0.001, 1e-5, 0.010876955304217334}, {100, 90, 0.84177901081357},
      {100, 150, 5.924540335483916e-06},   {2.5, 1e-8, 1.0},
      {1000, 1000, 0.4957947558197845},
  };
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    double found = hr_gamma_upper(cases[c].a, cases[c].x);
    check_near(found, cases[c].expected, 1e-12);
    check_near(found / cases[c].expected, 1, 1e-10);
  }
}

static void test_its_ends(void **state) {
  (void)state;
  check_near(hr_gamma_upper(3, 0), 1, 0);
  check_near(hr_gamma_upper(3, (double)INFINITY), 0, 0);
  assert_true(isnan(hr_gamma_upper(0, 1)));
  assert_true(isnan(hr_gamma_upper(1, -1)));
  assert_true(isnan(hr_gamma_upper((double)NAN, 1)));
  assert_true(isnan(hr_gamma_upper(1, (double)NAN)));
}

static void test_student(void **state) {
  (void)state;
  const double z = 1.959963984540054;
  check_near(hr_student_quantile(z, 4), 2.7764451051977987, 1e-2);
  check_near(hr_student_quantile(z, 9), 2.2621571627409915, 1e-3);
  check_near(hr_student_quantile(z, 30), 2.0422724563012373, 1e-5);
  check_near(hr_student_quantile(z, 1000), 1.9623390808264074, 1e-9);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_upper_gamma),
      cmocka_unit_test(test_its_ends),
      cmocka_unit_test(test_student),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
