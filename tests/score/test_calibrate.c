/* The calibration of a made-up study whose residuals are known. */
#include "score/evaluation_parts.h"

#include "score/fixture.h"
#include "support/check.h"
#include "support/fail_alloc.h"

static fixture f;
static hr_evaluation *evaluation;
static hr_error err;

static int prepare(void **state) {
  (void)state;
  fixture_init(&f);
  return 0;
}

static int tidy(void **state) {
  (void)state;
  hr_evaluation_destroy(&evaluation);
  return 0;
}

static const hr_method_calibration *of(hr_forecast_kind kind, size_t method) {
  size_t m = hr_evaluation_find(evaluation, kind, method, HR_SELECT_BY_CV);
  return &evaluation->calibrations.methods[m];
}

static void evaluate(double scale) {
  fixture_give_sigma(&f, scale);
  check_ok(hr_evaluation_create(&f.input, &evaluation, &err));
}

static size_t covered(void) {
  return hr_row_groups_covered(&evaluation->groups);
}

static void test_without_sigma_there_is_none(void **state) {
  (void)state;
  check_ok(hr_evaluation_create(&f.input, &evaluation, &err));
  assert_null(evaluation->calibrations.methods);
}

static void test_an_honest_sigma(void **state) {
  (void)state;
  evaluate(1);
  const hr_method_calibration *forest = of(HR_FORECAST_ORACLE, 1);
  assert_int_equal(forest->verdict, HR_CALIBRATED);
  assert_int_equal(forest->pooled.rows, covered());
  check_near(forest->pooled.measure[HR_MEAN_CHI2].value, 1, 0.3);
  check_near(forest->pooled.measure[HR_WITHIN_1_SIGMA].value, 0.6827, 0.1);
  assert_int_equal(of(HR_FORECAST_HYBRID, HR_NO_METHOD)->verdict, HR_CALIBRATED);
  /* The CNN is not listed. */
  assert_null(of(HR_FORECAST_ORACLE, 2)->bins);
}

/* Octiles and bins share the rows out. */
static void test_parts_add_up(void **state) {
  (void)state;
  evaluate(1);
  const hr_method_calibration *forest = of(HR_FORECAST_ORACLE, 1);
  size_t by_octile = 0, by_bin = 0;
  double within = 0;
  for (size_t j = 0; j < HR_SNR_OCTILES; j++) {
    by_octile += forest->octiles[j].rows;
    within += (double)forest->octiles[j].rows *
              forest->octiles[j].measure[HR_WITHIN_HALF68].value;
  }
  for (size_t k = 0; k < FIXTURE_BINS; k++) by_bin += forest->bins[k].rows;
  assert_int_equal(by_octile, covered());
  assert_int_equal(by_bin, covered());
  check_near(within / (double)covered(), forest->pooled.measure[HR_WITHIN_HALF68].value,
             1e-12);
}

/* Who is not told the bin is judged on uncovered rows, too. */
static void test_global_models_are_judged_on_all_rows(void **state) {
  (void)state;
  evaluate(1);
  assert_int_equal(of(HR_FORECAST_GLOBAL, 0)->pooled.rows, FIXTURE_ROWS);
  assert_true(covered() < FIXTURE_ROWS);
}

static void test_sigmas_that_are_off(void **state) {
  (void)state;
  evaluate(0.6);
  assert_int_equal(of(HR_FORECAST_ORACLE, 1)->verdict, HR_SIGMA_TOO_SMALL);
  hr_evaluation_destroy(&evaluation);
  evaluate(1.8);
  assert_int_equal(of(HR_FORECAST_ORACLE, 1)->verdict, HR_SIGMA_TOO_LARGE);
}

/* The measured ratio stands in for the label, and alone tells the sigma. */
static void test_the_measured_ratio(void **state) {
  (void)state;
  f.input.measured_snr = f.snr;
  evaluate(1);
  assert_ptr_equal(evaluation->calibrations.octiles, &evaluation->octiles);
  hr_calibration with_label = of(HR_FORECAST_ORACLE, 1)->octiles[3];
  hr_evaluation_destroy(&evaluation);
  f.input.snr = NULL;
  evaluate(1);
  assert_ptr_equal(evaluation->calibrations.octiles, &evaluation->octiles);
  assert_memory_equal(&of(HR_FORECAST_ORACLE, 1)->octiles[3], &with_label,
                      sizeof with_label);
  hr_evaluation_destroy(&evaluation);
  f.input.measured_snr = NULL;
  evaluate(1);
  assert_null(evaluation->calibrations.octiles);
  assert_int_equal(of(HR_FORECAST_ORACLE, 1)->octiles[3].rows, 0);
}

static hr_status create_and_destroy(void) {
  hr_evaluation *own = NULL;
  hr_status status = hr_evaluation_create(&f.input, &own, NULL);
  hr_evaluation_destroy(&own);
  return status;
}

static void test_memory_can_run_out(void **state) {
  (void)state;
  fixture_give_sigma(&f, 1);
  f.input.measured_snr = f.snr;
  f.input.snr = NULL;
  f.input.bootstrap_draws = 2;
  check_alloc_failures(create_and_destroy());
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, prepare, tidy)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_without_sigma_there_is_none),
      TEST(test_an_honest_sigma),
      TEST(test_parts_add_up),
      TEST(test_global_models_are_judged_on_all_rows),
      TEST(test_sigmas_that_are_off),
      TEST(test_the_measured_ratio),
      TEST(test_memory_can_run_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
