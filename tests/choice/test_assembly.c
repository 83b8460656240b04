/* Rows from the predictions that choices name, and the list of forecasts. */
#include "choice/assembly.h"

#include <math.h>
#include <string.h>

#include "support/check.h"
#include "support/fail_alloc.h"

/* Six rows: two bins, one row without a bin that nearest routing sends to bin 1, and one
 * that nobody predicts. */
static const int32_t bin[] = {1, 0, HR_UNCOVERED, 1, 0, HR_UNCOVERED};
static const int32_t route[] = {1, 0, 1, 1, 0, HR_UNCOVERED};
static const hr_split_view test = {.rows = 6, .bin = bin, .route = route};

/* Two variants, of which the model of bin 1 has but one. */
static double variance[] = {1, 2, 3, 4, 5, (double)NAN};
static float own[] = {30,         10, 31,         32,         11, (float)NAN,
                      (float)NAN, 20, (float)NAN, (float)NAN, 21, (float)NAN};
static float everywhere[] = {90, 91, 92, 93, 94, 95};
static const hr_fit fits[] = {
    {.slot = 0, .variant_count = 2},
    {.slot = 1, .variant_count = 1},
    {.slot = 2, .status = HR_FIT_SKIPPED},
    {.slot = HR_GLOBAL, .variant_count = 1},
};
static const hr_method type = {.name = "ridge", .title = "Ridge"};
static const hr_outcome outcome = {
    .type = &type,
    .fits = fits,
    .fit_count = 4,
    .own = {.rows = 6, .variants = 2, .mean = own, .variance = variance},
    .global = {.rows = 6, .variants = 1, .mean = everywhere},
};

static const hr_assembly assembly = {.candidates = {&outcome, 1, 2, NULL}, .test = &test};

static void check_numbers(const double *found, const double *expected) {
  for (size_t i = 0; i < 6; i++) {
    if (isnan(expected[i])) {
      assert_true(isnan(found[i]));
    } else {
      check_near(found[i], expected[i], 0);
    }
  }
}

static void check_predictions(const hr_choice *choices, const double *expected) {
  double prediction[6];
  hr_assemble(&assembly, choices, prediction, NULL);
  check_numbers(prediction, expected);
}

static void test_bins_predict_the_rows_routed_to_them(void **state) {
  (void)state;
  const hr_choice choices[] = {
      {HR_CHOICE_EXPERT, 0, 1}, {HR_CHOICE_EXPERT, 0, 0}, {HR_CHOICE_NONE, 0, 0}};
  const double expected[] = {30, 20, 31, 32, 21, (double)NAN};
  check_predictions(choices, expected);
}

static void test_global_model_predicts_what_it_is_given(void **state) {
  (void)state;
  const hr_choice choices[] = {
      {HR_CHOICE_GLOBAL, 0, 0}, {HR_CHOICE_EXPERT, 0, 0}, {HR_CHOICE_GLOBAL, 0, 0}};
  const double expected[] = {30, 91, 31, 32, 94, 95};
  check_predictions(choices, expected);
}

static void test_nobody_predicts_nan(void **state) {
  (void)state;
  /* An expert has no task for rows without a route. */
  const hr_choice choices[] = {
      {HR_CHOICE_NONE, 0, 0}, {HR_CHOICE_NONE, 0, 0}, {HR_CHOICE_EXPERT, 0, 0}};
  const double none = (double)NAN;
  const double expected[] = {none, none, none, none, none, none};
  check_predictions(choices, expected);
}

static void test_the_variance_follows_the_choice(void **state) {
  (void)state;
  const hr_choice choices[] = {
      {HR_CHOICE_EXPERT, 0, 1}, {HR_CHOICE_NONE, 0, 0}, {HR_CHOICE_GLOBAL, 0, 0}};
  const double none = (double)NAN;
  const double expected[] = {none, 2, none, none, 5, none};
  double prediction[6], found[6];
  hr_assemble(&assembly, choices, prediction, found);
  check_numbers(found, expected);
}

static void test_the_forecasts_of_one_expert(void **state) {
  (void)state;
  static const char *const names[] = {"global_ridge", "ridge_oracle", "ridge_oracle_test",
                                      "oracle_hybrid_cv", "oracle_hybrid_test"};
  static const char *const titles[] = {"Global Ridge", "Ridge-Oracle",
                                       "Ridge-Oracle (test)", "Oracle-Hybrid",
                                       "Oracle-Hybrid (test)"};
  static const size_t versus[] = {1, HR_NO_METHOD, 1, 1, 2};
  hr_forecasts forecasts;
  hr_error err;
  check_ok(hr_forecasts_init(&forecasts, &assembly, &err));
  assert_int_equal(forecasts.count, 5);
  for (size_t f = 0; f < 5; f++) {
    const hr_forecast *forecast = &forecasts.items[f];
    assert_string_equal(forecast->name, names[f]);
    assert_string_equal(forecast->title, titles[f]);
    assert_int_equal(forecast->versus, versus[f]);
    assert_int_equal(hr_forecasts_find(&forecasts, forecast->kind, forecast->method,
                                       forecast->selection),
                     f);
  }
  assert_int_equal(hr_forecasts_find(&forecasts, HR_FORECAST_ORACLE, 1, HR_SELECT_BY_CV),
                   HR_NO_METHOD);
  assert_string_equal(hr_forecast_kind_name(HR_FORECAST_HYBRID), "hybrid");
  assert_non_null(forecasts.items[1].variance);
  assert_null(forecasts.items[3].variance);
  hr_forecasts_fini(&forecasts);
  hr_forecasts_fini(&forecasts); /* again is harmless */
}

static void test_rows_without_route_go_where_they_are_asked_to(void **state) {
  (void)state;
  hr_forecasts forecasts;
  hr_error err;
  hr_assembly asked = assembly;
  asked.global_uncovered = true;
  check_ok(hr_forecasts_init(&forecasts, &asked, &err));
  check_near(forecasts.items[1].prediction[5], 95, 0);
  assert_false(forecasts.items[1].falls_back); /* that is said of bins only */
  hr_forecasts_fini(&forecasts);
  check_ok(hr_forecasts_init(&forecasts, &assembly, &err));
  assert_true(isnan(forecasts.items[1].prediction[5]));
  hr_forecasts_fini(&forecasts);
}

/* Two fits know a sigma, that of bin 1 by its own variance. */
static const hr_fit sigma_fits[] = {
    {.slot = 0, .variant_count = 2, .sigma = {.rows = 50, .all = {(double)NAN, 3, 2, 7}}},
    {.slot = 1,
     .variant_count = 1,
     .sigma = {.rows = 50, .scales_own = true, .all = {(double)NAN, 1, 0.5, 2}}},
    {.slot = 2, .status = HR_FIT_SKIPPED},
    {.slot = HR_GLOBAL,
     .variant_count = 1,
     .sigma = {.rows = 50,
               .all = {(double)NAN, 9, 8, 20},
               .class_count = 2,
               .classes = {{1, 10, 9, 21}, {100, 4, 3, 11}}}},
};

static void test_the_spread_follows_the_choice(void **state) {
  (void)state;
  const double none = (double)NAN, snr[] = {1, 1, 1, 10, 1000, none};
  hr_outcome knows = outcome;
  knows.fits = sigma_fits;
  hr_assembly asked = assembly;
  asked.candidates.outcomes = &knows;
  asked.global_uncovered = true;
  asked.snr = snr;
  hr_forecasts forecasts;
  hr_error err;
  check_ok(hr_forecasts_init(&forecasts, &asked, &err));
  const double global[] = {10, 10, 10, 7, 4, 9};
  check_numbers(forecasts.items[0].sigma, global);
  const double oracle[] = {1, 3, sqrt(3), 2, 3, 9};
  const double half68[] = {0.5, 2, 0.5 * sqrt(3), 1, 2, 8};
  const double half95[] = {2, 7, 2 * sqrt(3), 4, 7, 20};
  for (size_t i = 0; i < 6; i++) {
    check_near(forecasts.items[1].sigma[i], oracle[i], 1e-12);
    check_near(forecasts.items[1].half68[i], half68[i], 1e-12);
    check_near(forecasts.items[1].half95[i], half95[i], 1e-12);
    check_near(forecasts.items[3].sigma[i], oracle[i], 1e-12); /* the hybrid */
  }
  hr_forecasts_fini(&forecasts);
  /* Without a measured ratio: as over all rows. */
  asked.snr = NULL;
  check_ok(hr_forecasts_init(&forecasts, &asked, &err));
  check_near(forecasts.items[0].sigma[0], 9, 1e-12);
  hr_forecasts_fini(&forecasts);
}

static void test_nothing_is_known_without_a_sigma(void **state) {
  (void)state;
  hr_outcome knows_not = outcome;
  knows_not.own.variance = NULL;
  hr_assembly asked = assembly;
  asked.candidates.outcomes = &knows_not;
  hr_forecasts forecasts;
  hr_error err;
  check_ok(hr_forecasts_init(&forecasts, &asked, &err));
  for (size_t f = 0; f < forecasts.count; f++) assert_null(forecasts.items[f].sigma);
  hr_forecasts_fini(&forecasts);
  /* A variance alone is a sigma, without half-widths. */
  check_ok(hr_forecasts_init(&forecasts, &assembly, &err));
  assert_null(forecasts.items[0].sigma);
  check_near(forecasts.items[1].sigma[1], sqrt(2), 1e-12);
  assert_true(isnan(forecasts.items[1].half68[1]));
  hr_forecasts_fini(&forecasts);
}

static hr_status init_and_fini(void) {
  hr_forecasts forecasts;
  hr_status status = hr_forecasts_init(&forecasts, &assembly, NULL);
  hr_forecasts_fini(&forecasts);
  return status;
}

static void test_memory_can_run_out(void **state) {
  (void)state;
  check_alloc_failures(init_and_fini());
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_bins_predict_the_rows_routed_to_them),
      cmocka_unit_test(test_global_model_predicts_what_it_is_given),
      cmocka_unit_test(test_nobody_predicts_nan),
      cmocka_unit_test(test_the_variance_follows_the_choice),
      cmocka_unit_test(test_the_forecasts_of_one_expert),
      cmocka_unit_test(test_rows_without_route_go_where_they_are_asked_to),
      cmocka_unit_test(test_the_spread_follows_the_choice),
      cmocka_unit_test(test_nothing_is_known_without_a_sigma),
      cmocka_unit_test(test_memory_can_run_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
