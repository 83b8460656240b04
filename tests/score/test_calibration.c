/* Counts, intervals and verdicts that are known on paper. */
#include "score/calibration.h"

#include <math.h>

#include "core/random.h"
#include "support/check.h"

enum { ROWS = 4000 };
static double target[ROWS], prediction[ROWS], sigma[ROWS], half68[ROWS], half95[ROWS];
static size_t row_list[ROWS];

/* Gaussian residuals of 0.5, and what is said of them. */
static hr_calibration_rows made(double said) {
  for (size_t i = 0; i < ROWS; i++) {
    float noise = 0;
    hr_normal(7, HR_STREAM_NOISE_TEST, i, 0, 1, &noise);
    target[i] = 4.0;
    prediction[i] = 4.0 + 0.5 * (double)noise;
    sigma[i] = half68[i] = said;
    half95[i] = 2 * said;
    row_list[i] = i;
  }
  return (hr_calibration_rows){.target = target,
                               .prediction = prediction,
                               .sigma = sigma,
                               .half68 = half68,
                               .half95 = half95,
                               .row_list = row_list,
                               .count = ROWS};
}

static void check_measure(const hr_calibration *found, hr_calibration_measure m,
                          double value, double low, double high) {
  check_near(found->measure[m].value, value, 1e-12);
  check_near(found->measure[m].low, low, 1e-4);
  check_near(found->measure[m].high, high, 1e-4);
}

/* Ten residuals, of which eight are within one sigma. */
static void test_shares_and_their_intervals(void **state) {
  (void)state;
  static const double residual[] = {0, 0.5, -0.5, 1, -1, 0.25, 0, 0.1, 2, 3};
  hr_calibration_rows rows = made(1);
  rows.count = 10;
  for (size_t i = 0; i < 10; i++) {
    prediction[i] = 0;
    target[i] = residual[i];
  }
  hr_calibration found = hr_calibration_compute(&rows);
  assert_int_equal(found.rows, 10);
  assert_int_equal(found.half_rows, 10);
  /* Wilson's interval of 8 and of 9 in 10. */
  check_measure(&found, HR_WITHIN_1_SIGMA, 0.8, 0.4902, 0.9433);
  check_measure(&found, HR_WITHIN_2_SIGMA, 0.9, 0.5958, 0.9821);
  check_measure(&found, HR_WITHIN_HALF68, 0.8, 0.4902, 0.9433);
  check_measure(&found, HR_WITHIN_HALF95, 0.9, 0.5958, 0.9821);
  /* 15.5725 / 10; numpy: std(ddof=1) of the squares is 2.884417. */
  check_near(found.measure[HR_MEAN_CHI2].value, 1.55725, 1e-12);
  check_near(found.measure[HR_MEAN_CHI2].high - 1.55725, 2.2621572 * 2.884417 / sqrt(10),
             1e-3);
  check_near(found.measure[HR_MEAN_CHI2].low, 0, 0); /* no mean of squares is below */
}

static void test_none_and_all(void **state) {
  (void)state;
  hr_calibration_rows rows = made(1);
  rows.count = 10;
  for (size_t i = 0; i < 10; i++) prediction[i] = 0, target[i] = i < 10 ? 5 : 0;
  hr_calibration found = hr_calibration_compute(&rows);
  check_measure(&found, HR_WITHIN_1_SIGMA, 0, 0, 0.2775);
  for (size_t i = 0; i < 10; i++) target[i] = 0;
  found = hr_calibration_compute(&rows);
  check_measure(&found, HR_WITHIN_1_SIGMA, 1, 0.7225, 1);
  check_measure(&found, HR_MEAN_CHI2, 0, 0, 0);
}

static void test_rows_without_are_left_out(void **state) {
  (void)state;
  hr_calibration_rows rows = made(1);
  rows.count = 6;
  for (size_t i = 0; i < 6; i++) prediction[i] = 0, target[i] = 0.5;
  prediction[0] = (double)NAN;
  sigma[1] = (double)NAN;
  sigma[2] = 0;
  half68[3] = (double)NAN;
  half95[4] = (double)NAN;
  hr_calibration found = hr_calibration_compute(&rows);
  assert_int_equal(found.rows, 3);
  assert_int_equal(found.half_rows, 3);
  check_near(found.measure[HR_MEAN_CHI2].value, 0.25, 1e-15);
  rows.half95 = NULL;
  found = hr_calibration_compute(&rows);
  assert_int_equal(found.half_rows, 0);
  assert_true(isnan(found.measure[HR_WITHIN_HALF68].value));
  assert_true(isnan(found.measure[HR_WITHIN_HALF68].low));
  rows.count = 1; /* its prediction is not there */
  found = hr_calibration_compute(&rows);
  assert_int_equal(found.rows, 0);
  for (size_t m = 0; m < HR_CALIBRATION_MEASURES; m++) {
    assert_true(isnan(found.measure[m].value));
  }
  assert_int_equal(hr_calibration_judge(&found, 0.05), HR_CALIBRATION_UNKNOWN);
}

/* One row has a mean and no interval, and is never off by more than chance. */
static void test_one_row(void **state) {
  (void)state;
  hr_calibration_rows rows = made(1);
  rows.count = 1;
  prediction[0] = 4.1;
  hr_calibration found = hr_calibration_compute(&rows);
  check_near(found.measure[HR_MEAN_CHI2].value, 0.01, 1e-12);
  assert_true(isnan(found.measure[HR_MEAN_CHI2].low));
  assert_int_equal(hr_calibration_judge(&found, 0.05), HR_CALIBRATED);
}

static hr_calibration_verdict judge(double said) {
  hr_calibration_rows rows = made(said);
  hr_calibration found = hr_calibration_compute(&rows);
  return hr_calibration_judge(&found, 0.0025);
}

static void test_verdicts(void **state) {
  (void)state;
  assert_int_equal(judge(0.5), HR_CALIBRATED);
  assert_int_equal(judge(0.4), HR_SIGMA_TOO_SMALL);
  assert_int_equal(judge(0.6), HR_SIGMA_TOO_LARGE);
  /* 2 % is surely off in so many rows, but does not matter. */
  assert_int_equal(judge(0.49), HR_CALIBRATED);
  /* What may be chance is not told. */
  hr_calibration_rows rows = made(0.4);
  rows.count = 12;
  hr_calibration found = hr_calibration_compute(&rows);
  assert_int_equal(hr_calibration_judge(&found, 0.0025), HR_CALIBRATED);
}

/* Heavy tails: most rows well within, some far beyond. */
static void test_too_small_is_told_first(void **state) {
  (void)state;
  hr_calibration_rows rows = made(1);
  for (size_t i = 0; i < ROWS; i++) prediction[i] = 4.0 + (i % 10 == 0 ? 6.0 : 0.1);
  hr_calibration found = hr_calibration_compute(&rows);
  assert_true(found.measure[HR_WITHIN_HALF68].value > 0.89);
  assert_true(found.measure[HR_MEAN_CHI2].value > 3);
  assert_int_equal(hr_calibration_judge(&found, 0.0025), HR_SIGMA_TOO_SMALL);
}

static void test_chances(void **state) {
  (void)state;
  hr_calibration found = {.rows = 100, .half_rows = 400};
  found.measure[HR_WITHIN_1_SIGMA].value = 0.6827 + 1.959963984540054 * 0.0465436;
  found.measure[HR_WITHIN_HALF68].value = 0.6827 - 1.959963984540054 * 0.0465436 / 2;
  check_near(hr_calibration_chance(&found, HR_WITHIN_1_SIGMA), 0.05, 1e-5);
  check_near(hr_calibration_chance(&found, HR_WITHIN_HALF68), 0.05, 1e-5);
  found.measure[HR_MEAN_CHI2] = (hr_measured){1.4, 1.0, 1.8};
  /* At the end of the interval; the normal beside Student's of 99 degrees. */
  check_near(hr_calibration_chance(&found, HR_MEAN_CHI2), 0.0472, 1e-4);
  /* As many rows to learn from as to judge on: twice the variance. */
  found.learnt = 0.01;
  found.half_rows = 100;
  found.measure[HR_WITHIN_HALF68].value =
      0.6827 - 1.959963984540054 * 0.0465436 * sqrt(2);
  check_near(hr_calibration_chance(&found, HR_WITHIN_HALF68), 0.05, 1e-5);
  found.learnt = 0;
  /* No surer than Gaussian residuals can be: 0.2 / sqrt(0.02). */
  found.measure[HR_MEAN_CHI2] = (hr_measured){0.8, 0.79, 0.81};
  check_near(hr_calibration_chance(&found, HR_MEAN_CHI2), 0.1573, 1e-4);
}

static void test_names(void **state) {
  (void)state;
  assert_string_equal(hr_calibration_key(HR_WITHIN_HALF95), "within_half95");
  assert_string_equal(hr_calibration_interval_key(HR_MEAN_CHI2), "chi2_ci");
  check_near(hr_calibration_expected(HR_WITHIN_2_SIGMA), 0.9545, 0);
  check_near(hr_calibration_margin(HR_MEAN_CHI2), 0.1, 0);
  assert_null(hr_calibration_verdict_name(HR_CALIBRATION_UNKNOWN));
  assert_string_equal(hr_calibration_verdict_name(HR_CALIBRATED), "calibrated");
  assert_string_equal(hr_calibration_verdict_name(HR_SIGMA_TOO_SMALL), "sigma_too_small");
  assert_string_equal(hr_calibration_verdict_name(HR_SIGMA_TOO_LARGE), "sigma_too_large");
}

/* One row that is off by 3e6 sigma makes the mean chi2 what it is, and its error too: by
 * chance alone any mean would be as far. */
static void test_far_rows_are_counted_and_judged_without(void **state) {
  (void)state;
  hr_calibration_rows rows = made(0.5);
  prediction[17] = 4 + 1.5e6;
  hr_calibration found = hr_calibration_compute(&rows);
  assert_int_equal(found.far_rows, 1);
  assert_int_equal(found.far_row, 17);
  check_near(found.far_sigma, 3e6, 1e-3);
  assert_true(found.measure[HR_MEAN_CHI2].value > 1e9);
  assert_true(fabs(found.near_chi2.value - 1) < 0.1);
  assert_int_equal(hr_calibration_judge(&found, 1e-3), HR_CALIBRATED);
  rows = made(0.35);
  prediction[17] = 4 + 1.5e6;
  found = hr_calibration_compute(&rows);
  assert_int_equal(hr_calibration_judge(&found, 1e-3), HR_SIGMA_TOO_SMALL);
  rows = made(0.5);
  prediction[3] = 4 + 0.5 * 9.99;
  prediction[4] = 4 - 0.5 * 10.01;
  prediction[5] = 4 + 0.5 * 12;
  found = hr_calibration_compute(&rows);
  assert_int_equal(found.far_rows, 2);
  assert_int_equal(found.far_row, 5);
}

/* sigma is twice what it ought to be, and the 68 % interval holds too few: the interval
 * is what is believed. */
static void test_an_interval_too_narrow_is_not_called_wide(void **state) {
  (void)state;
  hr_calibration_rows rows = made(1);
  for (size_t i = 0; i < ROWS; i++) half68[i] = 0.4;
  rows.count = 320;
  hr_calibration found = hr_calibration_compute(&rows);
  found.learnt = 0.01; /* chance may have made the half-width */
  assert_true(found.measure[HR_MEAN_CHI2].value < 0.3);
  assert_true(found.measure[HR_WITHIN_HALF68].high < 0.6827);
  assert_true(hr_calibration_chance(&found, HR_WITHIN_HALF68) > 0.002);
  assert_int_equal(hr_calibration_judge(&found, 0.002), HR_SIGMA_TOO_SMALL);
  for (size_t i = 0; i < ROWS; i++) half68[i] = 0.5;
  found = hr_calibration_compute(&rows);
  found.learnt = 0.01;
  assert_int_equal(hr_calibration_judge(&found, 0.002), HR_SIGMA_TOO_LARGE);
}

/* Chance, to learn from few rows, is no excuse where rows are ten sigma off as well. */
static void test_far_rows_and_a_narrow_interval(void **state) {
  (void)state;
  hr_calibration_rows rows = made(0.5);
  for (size_t i = 0; i < ROWS; i++) half68[i] = 0.4;
  rows.count = 320;
  hr_calibration found = hr_calibration_compute(&rows);
  found.learnt = 0.01;
  assert_int_equal(hr_calibration_judge(&found, 0.002), HR_CALIBRATED);
  prediction[17] = 4 + 1.5e6;
  found = hr_calibration_compute(&rows);
  found.learnt = 0.01;
  assert_int_equal(found.far_rows, 1);
  assert_int_equal(hr_calibration_judge(&found, 0.002), HR_SIGMA_TOO_SMALL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_shares_and_their_intervals),
      cmocka_unit_test(test_none_and_all),
      cmocka_unit_test(test_rows_without_are_left_out),
      cmocka_unit_test(test_one_row),
      cmocka_unit_test(test_verdicts),
      cmocka_unit_test(test_too_small_is_told_first),
      cmocka_unit_test(test_chances),
      cmocka_unit_test(test_names),
      cmocka_unit_test(test_an_interval_too_narrow_is_not_called_wide),
      cmocka_unit_test(test_far_rows_and_a_narrow_interval),
      cmocka_unit_test(test_far_rows_are_counted_and_judged_without),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
