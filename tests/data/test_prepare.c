#include "data/prepare.h"

#include <stdbool.h>
#include <stdlib.h>

#include "support/check.h"

enum { PIXELS = 8 };

static const float no_error[PIXELS] = {1, 1, 1, 1, 1, 1, 1, 1};

static void flux_below_zero_is_clipped_and_counted(void **state) {
  (void)state;
  float flux[PIXELS] = {1.5f, -1e-30f, -7, 0, -0.0f, 1e15f, 2, -1};
  const float expected[PIXELS] = {1.5f, 0, 0, 0, 0, 1e15f, 2, 0};
  float error[PIXELS];
  memcpy(error, no_error, sizeof error);
  hr_row_report report;
  hr_prepare_row(PIXELS, flux, error, &report);
  assert_int_equal(report.fault, HR_ROW_GOOD);
  assert_memory_equal(flux, expected, sizeof expected);
  assert_memory_equal(error, no_error, sizeof error);
  assert_int_equal(report.clipped, 3); /* -0 is not below 0 */
  assert_int_equal(report.filled, 0);
  assert_int_equal(report.nonpositive, 0);
}

static void nan_in_the_error_takes_the_nearest_valid_pixel(void **state) {
  (void)state;
  float flux[PIXELS] = {0};
  float error[PIXELS] = {NAN, NAN, 1, NAN, NAN, NAN, 2, NAN};
  const float expected[PIXELS] = {1, 1, 1, 1, 1, 2, 2, 2}; /* pixel 4: a tie, left */
  hr_row_report report;
  hr_prepare_row(PIXELS, flux, error, &report);
  assert_int_equal(report.fault, HR_ROW_GOOD);
  assert_memory_equal(error, expected, sizeof expected);
  assert_int_equal(report.filled, 6);
}

static void errors_not_above_zero_are_kept_and_counted_after_filling(void **state) {
  (void)state;
  float flux[PIXELS] = {0};
  float error[PIXELS] = {NAN, 0, -1, 1, NAN, 1, 1, 1};
  const float expected[PIXELS] = {0, 0, -1, 1, 1, 1, 1, 1};
  hr_row_report report;
  hr_prepare_row(PIXELS, flux, error, &report);
  assert_memory_equal(error, expected, sizeof expected);
  assert_int_equal(report.filled, 2);
  assert_int_equal(report.nonpositive, 3);
}

/* Against a search over all pixels, for every pattern of NaN in eight pixels. */
static void filling_agrees_with_a_search_for_every_pattern(void **state) {
  (void)state;
  for (unsigned mask = 1; mask < 256; mask++) {
    float flux[PIXELS] = {0}, error[PIXELS], expected[PIXELS];
    for (int p = 0; p < PIXELS; p++) {
      error[p] = mask & 1u << p ? (float)(p + 1) : NAN;
      int best = -1;
      for (int q = 0; q < PIXELS; q++) {
        if (mask & 1u << q && (best < 0 || abs(q - p) < abs(best - p))) best = q;
      }
      expected[p] = (float)(best + 1);
    }
    hr_row_report report;
    hr_prepare_row(PIXELS, flux, error, &report);
    assert_int_equal(report.fault, HR_ROW_GOOD);
    assert_memory_equal(error, expected, sizeof expected);
  }
}

static hr_row_report report_of(const float *flux, const float *error) {
  float flux_copy[PIXELS], error_copy[PIXELS];
  memcpy(flux_copy, flux, sizeof flux_copy);
  memcpy(error_copy, error, sizeof error_copy);
  hr_row_report report;
  hr_prepare_row(PIXELS, flux_copy, error_copy, &report);
  return report;
}

static void faults_are_found_at_their_first_pixel(void **state) {
  (void)state;
  const float good[PIXELS] = {1, 2, 3, 4, 5, 6, 7, 8};
  const float nan_flux[PIXELS] = {1, 2, 3, NAN, 5, INFINITY, 7, 8};
  const float infinite_flux[PIXELS] = {1, 2, 3, 4, 5, 6, 7, -INFINITY};
  const float infinite_error[PIXELS] = {NAN, 2, INFINITY, NAN, 5, -INFINITY, 7, 8};
  const float empty[PIXELS] = {NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
  hr_row_report report = report_of(nan_flux, infinite_error);
  assert_int_equal(report.fault, HR_ROW_FLUX); /* flux is looked at first */
  assert_int_equal(report.pixel, 3);
  assert_true(isnan(report.value));
  report = report_of(infinite_flux, good);
  assert_int_equal(report.fault, HR_ROW_FLUX);
  assert_int_equal(report.pixel, 7);
  assert_true(report.value == -INFINITY);
  report = report_of(good, infinite_error);
  assert_int_equal(report.fault, HR_ROW_ERROR);
  assert_int_equal(report.pixel, 2);
  assert_true(report.value == INFINITY);
  report = report_of(good, empty);
  assert_int_equal(report.fault, HR_ROW_ERROR_EMPTY);
  report = report_of(good, good);
  hr_prepare_check_noisy(PIXELS, good, &report);
  assert_int_equal(report.fault, HR_ROW_GOOD);
  hr_prepare_check_noisy(PIXELS, nan_flux, &report);
  assert_int_equal(report.fault, HR_ROW_NOISY);
  assert_int_equal(report.pixel, 3);
}

/* 1e15 itself is allowed (flux_below_zero_is_clipped_and_counted). */
static void values_beyond_the_largest_are_faults(void **state) {
  (void)state;
  const float large = nextafterf(1e15f, INFINITY);
  const float good[PIXELS] = {1, 2, 3, 4, 5, 6, 7, 8};
  const float above[PIXELS] = {1, 2, large, 4, 1e30f, 6, 7, 8};
  const float below[PIXELS] = {1, 2, 3, 4, 5, 6, 7, -large};
  hr_row_report report = report_of(above, good);
  assert_int_equal(report.fault, HR_ROW_FLUX);
  assert_int_equal(report.pixel, 2);
  assert_true(report.value == large);
  assert_int_equal(report_of(below, good).fault, HR_ROW_FLUX);
  report = report_of(good, below);
  assert_int_equal(report.fault, HR_ROW_ERROR);
  assert_int_equal(report.pixel, 7);
  hr_prepare_check_noisy(PIXELS, below, &report);
  assert_int_equal(report.fault, HR_ROW_NOISY);
  assert_true(report.value == -large);
}

static void rows_without_flux_are_dark(void **state) {
  (void)state;
  const float nothing[PIXELS] = {0, 0, -1, 0, -0.0f, 0, 0, 0};
  const float little[PIXELS] = {0, 0, -1, 0, 0, 0, 0, 1e-30f};
  assert_true(report_of(nothing, no_error).dark);
  assert_false(report_of(little, no_error).dark);
}

static void noise_is_flux_plus_level_times_sigma_times_z(void **state) {
  (void)state;
  const float flux[PIXELS] = {0, 0.5f, 1, 2, 3, 0.25f, 7, 8};
  const float error[PIXELS] = {1, 0.1f, 0.01f, 1e-9f, 3, 0, -1, 5};
  hr_noise noise = {HR_NOISE_GENERATED, 0.7, 42, HR_STREAM_NOISE_TEST};
  float noisy[PIXELS], z[PIXELS];
  hr_prepare_noise(&noise, 5000000000u, PIXELS, flux, error, noisy);
  hr_normal(42, HR_STREAM_NOISE_TEST, 5000000000u, 0, PIXELS, z);
  for (int p = 0; p < PIXELS; p++) {
    double sigma = error[p] > 0 ? (double)error[p] : 0;
    float expected = (float)((double)flux[p] + 0.7 * sigma * (double)z[p]);
    assert_memory_equal(&noisy[p], &expected, sizeof expected);
  }
  assert_true(noisy[5] == 0.25f && noisy[6] == 7.0f); /* no error, no noise */
  assert_true(noisy[0] != flux[0] && noisy[7] != flux[7]);
}

static void level_zero_gives_the_bytes_of_the_flux(void **state) {
  (void)state;
  const float flux[PIXELS] = {0, 0.5f, 1, 2, 3, 0.25f, 7, 8};
  hr_noise noise = {HR_NOISE_GENERATED, 0.0, 42, HR_STREAM_NOISE_TRAIN};
  float noisy[PIXELS];
  hr_prepare_noise(&noise, 1, PIXELS, flux, no_error, noisy);
  assert_memory_equal(noisy, flux, sizeof flux);
}

static void observed_rows_keep_their_flux_and_count_masked_pixels(void **state) {
  (void)state;
  const float flux[4] = {-1, 2, 0, 3};
  float error[4] = {0.5f, NAN, 1e20f, -1};
  const float filled[4] = {0.5f, 0.5f, 0, -1};
  hr_row_report report;
  hr_prepare_observed(4, flux, error, &report);
  assert_int_equal(report.fault, HR_ROW_GOOD);
  assert_int_equal(report.masked, 3);
  assert_memory_equal(error, filled, sizeof filled);
  hr_prepare_observed(4, flux, NULL, &report);
  assert_int_equal(report.fault, HR_ROW_GOOD);
  assert_int_equal(report.masked, 0);
}

static void observed_rows_that_cannot_be_used(void **state) {
  (void)state;
  const float flux[2] = {1, 2}, hole[2] = {1, NAN};
  float masked[2] = {NAN, 0}, good[2] = {1, 1};
  hr_row_report report;
  hr_prepare_observed(2, flux, masked, &report);
  assert_int_equal(report.fault, HR_ROW_ERROR_EMPTY);
  assert_int_equal(report.masked, 2);
  hr_prepare_observed(2, hole, good, &report);
  assert_int_equal(report.fault, HR_ROW_NOISY);
  assert_int_equal(report.pixel, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(flux_below_zero_is_clipped_and_counted),
      cmocka_unit_test(nan_in_the_error_takes_the_nearest_valid_pixel),
      cmocka_unit_test(errors_not_above_zero_are_kept_and_counted_after_filling),
      cmocka_unit_test(filling_agrees_with_a_search_for_every_pattern),
      cmocka_unit_test(faults_are_found_at_their_first_pixel),
      cmocka_unit_test(values_beyond_the_largest_are_faults),
      cmocka_unit_test(rows_without_flux_are_dark),
      cmocka_unit_test(noise_is_flux_plus_level_times_sigma_times_z),
      cmocka_unit_test(level_zero_gives_the_bytes_of_the_flux),
      cmocka_unit_test(observed_rows_keep_their_flux_and_count_masked_pixels),
      cmocka_unit_test(observed_rows_that_cannot_be_used),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
