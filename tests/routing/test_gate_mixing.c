#include "routing/gate_mixing.h"

#include "support/check.h"

enum { SLOTS = 4 };

static void check_mixed(hr_gate_mixing mixing, const double *weight,
                        const bool *has_model, const double *expected) {
  double mixed[SLOTS];
  memcpy(mixed, weight, sizeof mixed);
  hr_gate_mix(mixing, 0.5, SLOTS, has_model, mixed);
  for (size_t s = 0; s < SLOTS; s++) check_near(mixed[s], expected[s], 1e-15);
}

static void soft_drops_what_is_small(void **state) {
  (void)state;
  check_mixed(HR_MIXING_SOFT, (double[]){0.9991, 0.0009, 0, 0}, NULL,
              (double[]){1, 0, 0, 0});
  check_mixed(HR_MIXING_SOFT, (double[]){0.6, 0.3, 0.1, 0}, NULL,
              (double[]){0.6, 0.3, 0.1, 0});
  check_mixed(HR_MIXING_SOFT, (double[]){0.5991, 0.4, 0.0009, 0}, NULL,
              (double[]){0.5991 / 0.9991, 0.4 / 0.9991, 0, 0});
}

static void hard_takes_the_first_of_the_largest(void **state) {
  (void)state;
  check_mixed(HR_MIXING_HARD, (double[]){0.2, 0.4, 0.4, 0}, NULL, (double[]){0, 1, 0, 0});
}

static void doubt_falls_back_on_the_model_of_all_rows(void **state) {
  (void)state;
  check_mixed(HR_MIXING_FALLBACK, (double[]){0.4, 0.3, 0.3, 0}, NULL,
              (double[]){0, 0, 0, 1});
  check_mixed(HR_MIXING_FALLBACK, (double[]){0.5, 0.3, 0.2, 0}, NULL,
              (double[]){0.5, 0.3, 0.2, 0});
}

static void what_is_no_weight_goes_to_the_model_of_all_rows(void **state) {
  (void)state;
  const double last[] = {0, 0, 0, 1}, nan = (double)NAN, inf = (double)INFINITY;
  for (hr_gate_mixing m = HR_MIXING_SOFT; m < HR_MIXINGS; m++) {
    check_mixed(m, (double[]){0, 0, 0, 0}, NULL, last);
    check_mixed(m, (double[]){0.5, nan, 0.5, 0}, NULL, last);
    check_mixed(m, (double[]){1.5, -0.5, 0, 0}, NULL, last);
    check_mixed(m, (double[]){inf, 0, 0, 0}, NULL, last);
  }
}

static void the_model_of_all_rows_stands_in_for_a_missing_one(void **state) {
  (void)state;
  const bool has[] = {true, false, true, true};
  check_mixed(HR_MIXING_SOFT, (double[]){0.6, 0.3, 0.1, 0}, has,
              (double[]){0.6, 0, 0.1, 0.3});
  check_mixed(HR_MIXING_HARD, (double[]){0.1, 0.8, 0.1, 0}, has, (double[]){0, 0, 0, 1});
}

static void mixings_have_names(void **state) {
  (void)state;
  for (hr_gate_mixing m = HR_MIXING_SOFT; m < HR_MIXINGS; m++) {
    assert_int_equal(hr_gate_mixing_find(hr_gate_mixing_name(m)), m);
    assert_non_null(strstr(HR_MIXING_CHOICES, hr_gate_mixing_name(m)));
  }
  assert_int_equal(hr_gate_mixing_find("medium"), HR_MIXINGS);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(soft_drops_what_is_small),
      cmocka_unit_test(hard_takes_the_first_of_the_largest),
      cmocka_unit_test(doubt_falls_back_on_the_model_of_all_rows),
      cmocka_unit_test(what_is_no_weight_goes_to_the_model_of_all_rows),
      cmocka_unit_test(the_model_of_all_rows_stands_in_for_a_missing_one),
      cmocka_unit_test(mixings_have_names),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
