/* The one rule by which alphas are chosen. */
#include "methods/ridge/choose.h"

#include "support/check.h"

enum { ALPHAS = 4 };

static const double alpha[ALPHAS] = {1, 1000, 10, 100};

static void the_largest_merit_wins(void **state) {
  (void)state;
  const double merit[ALPHAS] = {0.2, 0.1, 0.5, -3};
  assert_int_equal(hr_ridge_best_alpha(alpha, merit, ALPHAS), 2);
}

static void the_simpler_model_wins_where_two_are_equal(void **state) {
  (void)state;
  const double merit[ALPHAS] = {0.5, 0.4, 0.5, 0.5};
  assert_int_equal(hr_ridge_best_alpha(alpha, merit, ALPHAS), 3);
  const double unknown[ALPHAS] = {-INFINITY, -INFINITY, -INFINITY, -INFINITY};
  assert_int_equal(hr_ridge_best_alpha(alpha, unknown, ALPHAS), 1);
}

static void what_is_not_usable_is_never_chosen(void **state) {
  (void)state;
  const double merit[ALPHAS] = {NAN, -INFINITY, NAN, NAN};
  assert_int_equal(hr_ridge_best_alpha(alpha, merit, ALPHAS), 1);
  const double none[ALPHAS] = {NAN, NAN, NAN, NAN};
  assert_int_equal(hr_ridge_best_alpha(alpha, none, ALPHAS), ALPHAS);
}

static void r2_is_undefined_where_there_is_nothing_to_explain(void **state) {
  (void)state;
  check_near(hr_ridge_r2(1, 4), 0.75, 1e-15);
  assert_true(isnan(hr_ridge_r2(1, 0)));
  assert_true(isnan(hr_ridge_r2((double)INFINITY, 4)));
  assert_true(isnan(hr_ridge_r2((double)NAN, 4)));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_largest_merit_wins),
      cmocka_unit_test(the_simpler_model_wins_where_two_are_equal),
      cmocka_unit_test(what_is_not_usable_is_never_chosen),
      cmocka_unit_test(r2_is_undefined_where_there_is_nothing_to_explain),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
