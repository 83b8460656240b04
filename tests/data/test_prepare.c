#include "data/prepare.h"

#include <stdbool.h>
#include <stdlib.h>

#include "support/check.h"

enum { PIXELS = 8 };

static const float no_error[PIXELS] = {1, 1, 1, 1, 1, 1, 1, 1};

static hr_row_report prepare(const hr_conditioning *conditioning, float *flux,
                             float *error, float *noisy) {
  const hr_pixels row = {
      .count = PIXELS, .flux = flux, .error = error, .noisy = noisy, .mask = NULL};
  hr_row_report report;
  hr_prepare_row(conditioning, &row, &report);
  return report;
}

static hr_row_report prepare_plain(float *flux, float *error) {
  const hr_conditioning plain = hr_conditioning_plain();
  return prepare(&plain, flux, error, NULL);
}

static void flux_below_zero_is_clipped_and_counted(void **state) {
  (void)state;
  float flux[PIXELS] = {1.5f, -1e-30f, -7, 0, -0.0f, 1e15f, 2, -1};
  const float expected[PIXELS] = {1.5f, 0, 0, 0, 0, 1e15f, 2, 0};
  float error[PIXELS];
  memcpy(error, no_error, sizeof error);
  hr_row_report report = prepare_plain(flux, error);
  assert_int_equal(report.fault, HR_ROW_GOOD);
  assert_memory_equal(flux, expected, sizeof expected);
  assert_memory_equal(error, no_error, sizeof error);
  assert_int_equal(report.clipped, 3); /* -0 is not below 0 */
  assert_int_equal(report.bad.all, 0);
}

static void flux_is_clipped_at_the_zero_of_the_files_or_not_at_all(void **state) {
  (void)state;
  const float flux[PIXELS] = {1.5f, -2, -7, 0, -0.0f, 3, 2, -1};
  const float at_base[PIXELS] = {1.5f, -1, -1, 0, -0.0f, 3, 2, -1};
  hr_conditioning conditioning = hr_conditioning_plain();
  float given[PIXELS], error[PIXELS];
  memcpy(given, flux, sizeof given);
  memcpy(error, no_error, sizeof error);
  conditioning.base = 1;
  hr_row_report report = prepare(&conditioning, given, error, NULL);
  assert_memory_equal(given, at_base, sizeof at_base);
  assert_int_equal(report.clipped, 2);
  memcpy(given, flux, sizeof given);
  conditioning.clip = false;
  report = prepare(&conditioning, given, error, NULL);
  assert_memory_equal(given, flux, sizeof flux);
  assert_int_equal(report.clipped, 0);
}

static void bad_pixels_take_the_stand_in_on_every_side(void **state) {
  (void)state;
  float flux[PIXELS] = {1, 2, NAN, 4, 5, 6, 7, 8};
  float noisy[PIXELS] = {1, 2, 3, 4, 5, INFINITY, 7, -8};
  float error[PIXELS] = {1, NAN, 1, -1, 1, 1, 1, 1e9f};
  float stand_in[PIXELS] = {10, 20, 30, 40, 50, 60, 70, 80};
  const float mended_flux[PIXELS] = {1, 20, 30, 40, 5, 60, 7, 80};
  const float mended_noisy[PIXELS] = {1, 20, 30, 40, 5, 60, 7, 80};
  const float mended_error[PIXELS] = {1, 0, 0, 0, 1, 0, 1, 0};
  hr_conditioning conditioning = hr_conditioning_plain();
  conditioning.stand_in = stand_in;
  hr_row_report report = prepare(&conditioning, flux, error, noisy);
  assert_int_equal(report.fault, HR_ROW_GOOD);
  assert_memory_equal(flux, mended_flux, sizeof flux);
  assert_memory_equal(noisy, mended_noisy, sizeof noisy);
  assert_memory_equal(error, mended_error, sizeof error);
  assert_int_equal(report.bad.all, 5);
  assert_int_equal(report.bad.flux, 2);
  assert_int_equal(report.bad.unknown, 1);
  assert_int_equal(report.bad.nonpositive, 1);
  assert_int_equal(report.bad.huge, 1);
}

static void observed_flux_is_not_clipped(void **state) {
  (void)state;
  float noisy[PIXELS] = {-1, 2, NAN, 4, 5, 6, 7, 8}, error[PIXELS];
  float stand_in[PIXELS] = {0, 0, 3, 0, 0, 0, 0, 0};
  const float mended[PIXELS] = {-1, 2, 3, 4, 5, 6, 7, 8};
  hr_conditioning conditioning = hr_conditioning_plain();
  conditioning.stand_in = stand_in;
  memcpy(error, no_error, sizeof error);
  hr_row_report report = prepare(&conditioning, NULL, error, noisy);
  assert_memory_equal(noisy, mended, sizeof mended);
  assert_int_equal(report.bad.all, 1);
  assert_true(error[2] == 0);
  /* And where no error is known. */
  noisy[2] = NAN;
  report = prepare(&conditioning, NULL, NULL, noisy);
  assert_memory_equal(noisy, mended, sizeof mended);
  assert_int_equal(report.bad.flux, 1);
}

static void errors_that_are_not_known_mask_nothing(void **state) {
  (void)state;
  float flux[PIXELS] = {1, 2, 3, 4, 5, 6, 7, 8};
  float error[PIXELS] = {0, 0, -1, NAN, 0, INFINITY, 0.5f, 0};
  const float left[PIXELS] = {0, 0, 0, 0, 0, 0, 0.5f, 0};
  hr_conditioning conditioning = hr_conditioning_plain();
  conditioning.knows_errors = false;
  hr_row_report report = prepare(&conditioning, flux, error, NULL);
  assert_int_equal(report.fault, HR_ROW_GOOD);
  assert_int_equal(report.bad.all, 0);
  assert_memory_equal(error, left, sizeof left);
  assert_true(flux[0] == 1 && flux[7] == 8);
}

static void a_row_without_a_good_pixel_is_the_stand_in(void **state) {
  (void)state;
  float flux[PIXELS] = {1, 2, 3, 4, 5, 6, 7, 8};
  float error[PIXELS] = {NAN, 0, -1, NAN, INFINITY, 1e20f, -0.0f, -INFINITY};
  float stand_in[PIXELS] = {8, 7, 6, 5, 4, 3, 2, 1};
  const float none[PIXELS] = {0};
  hr_conditioning conditioning = hr_conditioning_plain();
  conditioning.stand_in = stand_in;
  hr_row_report report = prepare(&conditioning, flux, error, NULL);
  assert_int_equal(report.fault, HR_ROW_EMPTY);
  assert_int_equal(report.bad.all, PIXELS);
  assert_memory_equal(flux, stand_in, sizeof flux);
  assert_memory_equal(error, none, sizeof error);
}

static hr_row_report report_of(const float *flux, const float *error) {
  float flux_copy[PIXELS], error_copy[PIXELS];
  memcpy(flux_copy, flux, sizeof flux_copy);
  memcpy(error_copy, error, sizeof error_copy);
  return prepare_plain(flux_copy, error_copy);
}

static void without_a_stand_in_faults_are_found_at_their_first_pixel(void **state) {
  (void)state;
  const float good[PIXELS] = {1, 2, 3, 4, 5, 6, 7, 8};
  const float nan_flux[PIXELS] = {1, 2, 3, NAN, 5, INFINITY, 7, 8};
  const float infinite_flux[PIXELS] = {1, 2, 3, 4, 5, 6, 7, -INFINITY};
  const float infinite_error[PIXELS] = {NAN, 2, INFINITY, NAN, 5, -INFINITY, 7, 8};
  const float large = nextafterf(1e15f, INFINITY);
  const float above[PIXELS] = {1, 2, large, 4, 1e30f, 6, 7, 8};
  hr_row_report report = report_of(nan_flux, infinite_error);
  assert_int_equal(report.fault, HR_ROW_FLUX);
  assert_int_equal(report.pixel, 3);
  assert_true(isnan(report.value));
  report = report_of(infinite_flux, good);
  assert_int_equal(report.fault, HR_ROW_FLUX);
  assert_int_equal(report.pixel, 7);
  assert_true(report.value == -INFINITY);
  report = report_of(above, good);
  assert_int_equal(report.fault, HR_ROW_FLUX);
  assert_int_equal(report.pixel, 2);
  assert_true(report.value == large);
  assert_int_equal(report_of(good, infinite_error).fault, HR_ROW_GOOD);
  report = report_of(good, good);
  hr_prepare_check_noisy(PIXELS, good, &report);
  assert_int_equal(report.fault, HR_ROW_GOOD);
  hr_prepare_check_noisy(PIXELS, nan_flux, &report);
  assert_int_equal(report.fault, HR_ROW_NOISY);
  assert_int_equal(report.pixel, 3);
  report = report_of(good, good);
  hr_prepare_check_noisy(PIXELS, above, &report);
  assert_int_equal(report.fault, HR_ROW_NOISY);
  assert_true(report.value == large);
}

static void a_row_beyond_all_others_is_wild(void **state) {
  (void)state;
  float flux[PIXELS] = {1, 2, 3, 4, 5, 6, 7, 50}, error[PIXELS];
  hr_conditioning conditioning = hr_conditioning_plain();
  memcpy(error, no_error, sizeof error);
  assert_false(prepare(&conditioning, flux, error, NULL).wild);
  conditioning.wild_beyond = 50;
  assert_false(prepare(&conditioning, flux, error, NULL).wild);
  conditioning.wild_beyond = 49;
  assert_true(prepare(&conditioning, flux, error, NULL).wild);
  flux[7] = -50;
  conditioning.clip = false;
  assert_true(prepare(&conditioning, flux, error, NULL).wild);
}

static void rows_without_flux_are_dark(void **state) {
  (void)state;
  const float nothing[PIXELS] = {0, 0, -1, 0, -0.0f, 0, 0, 0};
  const float little[PIXELS] = {0, 0, -1, 0, 0, 0, 0, 1e-30f};
  assert_true(report_of(nothing, no_error).dark);
  assert_false(report_of(little, no_error).dark);
}

/* Half of the pixels are within 0.6745 errors where the error is what the noise is. */
static void stored_noise_is_held_against_its_error(void **state) {
  (void)state;
  enum { MANY = 4096 };
  static float flux[MANY], noisy[MANY], error[MANY], z[MANY];
  static const struct {
    float size;
    double level;
    bool is_off;
  } cases[] = {{1, 1, false},   {2, 1, false},     {0.5F, 1, false}, {4, 1, true},
               {0.2F, 1, true}, {0, 1, true},      {4, 2, false},    {8, 2, true},
               {1, 2, false},   {0.2F, 0.5, false}};
  hr_normal(3, HR_STREAM_NOISE_TEST, 1, 0, MANY, z);
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    hr_row_report report = {.fault = HR_ROW_GOOD};
    for (size_t p = 0; p < MANY; p++) {
      error[p] = p % 4 == 0 ? 0 : 0.1F + 0.0001F * (float)p;
      noisy[p] = flux[p] + cases[k].size * z[p] * error[p];
    }
    const hr_pixels row = {.count = MANY, .flux = flux, .noisy = noisy, .error = error};
    hr_prepare_count_noise(&row, &report);
    assert_int_equal(report.noisy, MANY / 4 * 3);
    if (k == 0) check_near(report.calm / (MANY * 0.75), 0.5, 0.03);
    assert_int_equal(hr_prepare_is_noise_off(&report, cases[k].level), cases[k].is_off);
  }
  const hr_row_report few = {.noisy = 63, .calm = 0}, enough = {.noisy = 64, .calm = 0};
  assert_false(hr_prepare_is_noise_off(&few, 1));
  assert_true(hr_prepare_is_noise_off(&enough, 1));
  assert_true(hr_prepare_is_noise_off(&enough, 0));
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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(flux_below_zero_is_clipped_and_counted),
      cmocka_unit_test(flux_is_clipped_at_the_zero_of_the_files_or_not_at_all),
      cmocka_unit_test(bad_pixels_take_the_stand_in_on_every_side),
      cmocka_unit_test(observed_flux_is_not_clipped),
      cmocka_unit_test(errors_that_are_not_known_mask_nothing),
      cmocka_unit_test(a_row_without_a_good_pixel_is_the_stand_in),
      cmocka_unit_test(without_a_stand_in_faults_are_found_at_their_first_pixel),
      cmocka_unit_test(a_row_beyond_all_others_is_wild),
      cmocka_unit_test(rows_without_flux_are_dark),
      cmocka_unit_test(stored_noise_is_held_against_its_error),
      cmocka_unit_test(noise_is_flux_plus_level_times_sigma_times_z),
      cmocka_unit_test(level_zero_gives_the_bytes_of_the_flux),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
