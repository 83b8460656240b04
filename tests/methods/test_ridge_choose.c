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

static hr_fit_edge edge_of(const double *r2) {
  return hr_ridge_edge_of(alpha, r2, ALPHAS);
}

static void a_best_alpha_at_an_end_is_found(void **state) {
  (void)state;
  const double inside[] = {0.3, 0.1, 0.5, 0.4}, smallest[] = {0.6, 0.2, 0.5, 0.3};
  const double largest[] = {0, 0.5, 0.1, 0.2}, without[] = {NAN, 0.3, 0.5, 0.4};
  const double nothing[] = {NAN, NAN, NAN, NAN}, alone[] = {0.5, NAN, NAN, NAN};
  assert_int_equal(edge_of(inside), HR_EDGE_NONE);
  assert_int_equal(edge_of(smallest), HR_EDGE_SMALLEST);
  assert_int_equal(edge_of(largest), HR_EDGE_LARGEST);
  assert_int_equal(edge_of(without), HR_EDGE_NONE); /* a smaller one has no solution */
  assert_int_equal(edge_of(nothing), HR_EDGE_NONE);
  assert_int_equal(edge_of(alone), HR_EDGE_NONE);
  assert_int_equal(hr_ridge_edge_of(alpha, smallest, 1), HR_EDGE_ONLY);
}

static void a_flat_curve_has_no_end(void **state) {
  (void)state;
  const double flat[] = {0.5 + 1e-5, 0.3, 0.5, 0.4}, equal[] = {0.5, 0.5, 0.5, 0.5};
  assert_int_equal(edge_of(flat), HR_EDGE_NONE);
  assert_int_equal(edge_of(equal), HR_EDGE_NONE);
  /* Far above what the spectra hold against it, every decade brings ten times as much. */
  const double far[] = {1e-7, 0, 1e-8, 1e-9};
  assert_int_equal(edge_of(far), HR_EDGE_SMALLEST);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_largest_merit_wins),
      cmocka_unit_test(the_simpler_model_wins_where_two_are_equal),
      cmocka_unit_test(what_is_not_usable_is_never_chosen),
      cmocka_unit_test(a_best_alpha_at_an_end_is_found),
      cmocka_unit_test(a_flat_curve_has_no_end),
      cmocka_unit_test(r2_is_undefined_where_there_is_nothing_to_explain),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
