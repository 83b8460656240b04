/* Whether a spectrum is on the scale of the training spectra. */
#include "data/flux_scale.h"

#include <math.h>

#include "core/random.h"
#include "support/check.h"

enum { P = 1024 };

/* Spectra normalised to 0.5, as the simulator's. */
static const hr_flux_scale normalised = {0.5, 0.5, 0.5, 0.13, 0.03, 0.25, 0.07};
/* As counts are: rows two decades apart. */
static const hr_flux_scale counts = {10, 1, 100, 3, 0.3, 30, 1};
/* Around 0, and on a pedestal. */
static const hr_flux_scale around_zero = {0.001, -0.01, 0.01, 0.2, 0.1, 0.3, 0.01};
static const hr_flux_scale raised = {1000.5, 1000.4, 1000.6, 0.2, 0.1, 0.3, 0.01};

static float noisy[P], error[P];

/* level + a slope of 0.1 and noise, as conditioned with a scale of 1. */
static hr_row_scale measure(double unit, double level, double noise, bool has_error) {
  hr_conditioning c = hr_conditioning_plain();
  c.scale = unit;
  hr_normal(7, HR_STREAM_NOISE_TEST, 3, 0, P, noisy);
  for (size_t p = 0; p < P; p++) {
    double slope = 0.1 * ((double)p / P - 0.5);
    noisy[p] = (float)(level + slope + noise * (double)noisy[p]);
    error[p] = (float)noise;
  }
  return hr_flux_scale_measure(&c, P, noisy, has_error ? error : NULL);
}

static void test_measures_in_the_unit_of_the_file(void **state) {
  (void)state;
  hr_row_scale row = measure(1e-17, 0.5, 0.01, true);
  check_near(row.level / 1e-17, 0.5, 0.005);
  check_near(row.spread / 1e-17, 0.1, 0.01);
  check_near(row.error / 1e-17, 0.01, 1e-6);
  assert_int_equal(row.pixels, 512);
  hr_conditioning c = hr_conditioning_plain();
  c.base = 1000;
  row = hr_flux_scale_measure(&c, P, noisy, NULL);
  check_near(row.level, 1000.5, 0.005);
  assert_true(isnan(row.error));
}

/* Bad pixels hold what stands in for them, which has the scale of training. */
static void test_bad_pixels_say_nothing(void **state) {
  (void)state;
  hr_conditioning c = hr_conditioning_plain();
  measure(1, 50, 0.1, true);
  for (size_t p = 0; p < P; p++) {
    if (p % 10 < 7) noisy[p] = 0.5, error[p] = 0;
  }
  hr_row_scale row = hr_flux_scale_measure(&c, P, noisy, error);
  check_near(row.level, 50, 0.1);
  assert_int_equal(hr_flux_scale_compare(&normalised, &row), 1);
  c.knows_errors = false;
  check_near(hr_flux_scale_measure(&c, P, noisy, error).level, 0.5, 0.01);
  for (size_t p = 0; p < P; p++) error[p] = 0;
  c.knows_errors = true;
  row = hr_flux_scale_measure(&c, P, noisy, error);
  assert_int_equal(row.pixels, 0);
  assert_int_equal(hr_flux_scale_compare(&normalised, &row), 0);
}

static int side_of(const hr_flux_scale *training, double level, double noise) {
  hr_row_scale row = measure(1, level, noise, true);
  return hr_flux_scale_compare(training, &row);
}

static void test_another_unit(void **state) {
  (void)state;
  assert_int_equal(side_of(&normalised, 0.5, 0.05), 0);
  assert_int_equal(side_of(&normalised, 0.6, 0.05), 0);
  assert_int_equal(side_of(&normalised, 5, 0.5), 1);
  assert_int_equal(side_of(&normalised, 1, 0.1), 1);
  assert_int_equal(side_of(&normalised, 0.05, 0.005), -1);
  assert_int_equal(side_of(&normalised, 5e-18, 5e-19), -1);
  assert_int_equal(side_of(&normalised, -0.5, 0.05), -1);
  hr_row_scale row = measure(1e6, 0.5, 0.05, false);
  assert_int_equal(hr_flux_scale_compare(&normalised, &row), 1);
}

/* What is no number is not looked at. */
static void test_only_numbers_count(void **state) {
  (void)state;
  const float flux[] = {1, NAN, 2, INFINITY, 3, 5}, errors[] = {1, 1, 1, 1, 1, INFINITY};
  const hr_conditioning c = hr_conditioning_plain();
  hr_row_scale row = hr_flux_scale_measure(&c, 6, flux, errors);
  assert_int_equal(row.pixels, 3);
  check_near(row.level, 2, 0);
  check_near(row.error, 1, 0);
  row = hr_flux_scale_measure(&c, 2, flux + 3, errors + 3);
  assert_int_equal(row.pixels, 1);
}

/* However faint the star: its median is known as well as its noise lets it be. */
static void test_noise_is_no_other_scale(void **state) {
  (void)state;
  for (double noise = 0.001; noise < 1e4; noise *= 10) {
    assert_int_equal(side_of(&normalised, 0.5, noise), 0);
    if (noise > 0.1) assert_int_equal(side_of(&around_zero, 0, noise), 0);
  }
}

static void test_rows_of_unlike_brightness(void **state) {
  (void)state;
  assert_int_equal(side_of(&counts, 0.2, 0.01), 0);
  assert_int_equal(side_of(&counts, 900, 1), 0);
  assert_int_equal(side_of(&counts, 2000, 1), 1);
  assert_int_equal(side_of(&counts, 0.01, 0.0001), -1);
}

static void test_flux_around_zero(void **state) {
  (void)state;
  hr_row_scale alike = {0, 0.2, 0.01, 512}, tenfold = {0, 2, 0.1, 512};
  hr_row_scale less = {0, 0.02, 0.001, 512}, bare = {0, 2, (double)NAN, 512};
  assert_int_equal(hr_flux_scale_compare(&around_zero, &alike), 0);
  assert_int_equal(hr_flux_scale_compare(&around_zero, &tenfold), 1);
  assert_int_equal(hr_flux_scale_compare(&around_zero, &less), -1);
  assert_int_equal(hr_flux_scale_compare(&around_zero, &bare), 1);
}

static void test_another_pedestal(void **state) {
  (void)state;
  assert_true(hr_flux_scale_is_pedestal(&raised));
  assert_false(hr_flux_scale_is_pedestal(&normalised));
  assert_int_equal(side_of(&raised, 1000.7, 0.01), 0);
  assert_int_equal(side_of(&raised, 1010, 0.01), 1);
  assert_int_equal(side_of(&raised, 990, 0.01), -1);
  assert_int_equal(side_of(&raised, 0.5, 0.01), -1);
}

static void test_what_is_not_known(void **state) {
  (void)state;
  hr_flux_scale unknown = hr_flux_scale_unknown();
  assert_int_equal(side_of(&unknown, 50, 0.1), 0);
  unknown.level = 0.5; /* all that older bundles have */
  assert_int_equal(side_of(&unknown, 50, 0.1), 0);
}

static void test_ratio(void **state) {
  (void)state;
  hr_row_scale row = {5, 2, 0.1, 512};
  hr_flux_ratio levels = hr_flux_scale_ratio(&normalised, &row);
  assert_true(levels.of_levels);
  check_near(levels.flux / levels.training, 10, 1e-12);
  hr_flux_ratio spreads = hr_flux_scale_ratio(&around_zero, &row);
  assert_false(spreads.of_levels);
  check_near(spreads.flux / spreads.training, 10, 0.2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_measures_in_the_unit_of_the_file),
      cmocka_unit_test(test_bad_pixels_say_nothing),
      cmocka_unit_test(test_another_unit),
      cmocka_unit_test(test_only_numbers_count),
      cmocka_unit_test(test_noise_is_no_other_scale),
      cmocka_unit_test(test_rows_of_unlike_brightness),
      cmocka_unit_test(test_flux_around_zero),
      cmocka_unit_test(test_another_pedestal),
      cmocka_unit_test(test_what_is_not_known),
      cmocka_unit_test(test_ratio),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
