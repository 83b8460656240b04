#include "data/rest.h"

#include <string.h>

#include "core/alloc.h"
#include "support/check.h"

enum { P = 1000 };

static double wave[P];
static float flux[P], noisy[P], error[P];
static uint8_t mask[P];
static hr_rest rest;
static hr_rest_scratch scratch;

static double spectrum(double at) {
  double off = (at - 8200) / 0.7;
  return 1 + 1e-4 * (at - 8000) - 0.5 * exp(-0.5 * off * off);
}

static int set_up(void **state) {
  (void)state;
  hr_error err;
  const double range[2] = {-200, 300};
  for (size_t p = 0; p < P; p++) wave[p] = 8000 + 0.43 * (double)p;
  check_ok(hr_rest_init(wave, P, range, &rest, &err));
  check_ok(hr_rest_scratch_init(&rest, &scratch, &err));
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  hr_rest_scratch_fini(&scratch);
  hr_rest_fini(&rest);
  return 0;
}

static hr_pixels moved_row(double velocity) {
  double factor = hr_doppler_factor(velocity);
  for (size_t p = 0; p < P; p++) {
    flux[p] = (float)spectrum(wave[p] / factor);
    noisy[p] = 2 * flux[p];
    error[p] = 0.1f + 1e-4f * (float)p;
  }
  memset(mask, 0, sizeof mask);
  return (hr_pixels){.count = P, .flux = flux, .noisy = noisy, .error = error};
}

/* 200 km/s are 13 pixels here, 300 are 20. */
static void the_ends_are_bad_in_every_row(void **state) {
  (void)state;
  assert_in_range(rest.first, 12, 14);
  assert_in_range(rest.end, P - 21, P - 18);
  const double velocities[] = {-200, 0, 50, 300};
  for (size_t v = 0; v < sizeof velocities / sizeof *velocities; v++) {
    hr_pixels row = moved_row(velocities[v]);
    hr_rest_bring(&rest, &scratch, velocities[v], &row, NULL, true);
    for (size_t p = 0; p < P; p++) {
      bool is_kept = p >= rest.first && p < rest.end;
      assert_true((error[p] > 0) == is_kept);
      if (is_kept) check_near(flux[p], spectrum(wave[p]), 3e-4);
      if (is_kept) check_near(noisy[p], 2 * spectrum(wave[p]), 6e-4);
    }
  }
}

static void velocities_that_are_not_known_are_none(void **state) {
  (void)state;
  hr_pixels row = moved_row(0);
  hr_rest_bring(&rest, &scratch, NAN, &row, NULL, true);
  check_near(flux[P / 2], spectrum(wave[P / 2]), 1e-6);
  check_near(error[P / 2], 0.1 + 1e-4 * P / 2, 1e-6);
}

static void bad_pixels_go_along(void **state) {
  (void)state;
  hr_pixels row = moved_row(150);
  flux[500] = NAN;   /* unusable by itself */
  error[600] = 0;    /* by its error */
  noisy[700] = 1e9f; /* by the mask */
  mask[700] = 1;
  hr_rest_bring(&rest, &scratch, 150, &row, mask, true);
  size_t bad = 0;
  for (size_t p = rest.first; p < rest.end; p++) {
    bad += mask[p];
    if (mask[p]) continue;
    check_near(flux[p], spectrum(wave[p]), 1e-3);
    check_near(noisy[p], 2 * spectrum(wave[p]), 2e-3);
    assert_true(error[p] > 0.09f);
  }
  assert_in_range(bad, 3, 12);
  assert_true(mask[0] && mask[P - 1]);
}

static void without_errors_and_mask_flux_says_what_is_bad(void **state) {
  (void)state;
  hr_pixels row = moved_row(150);
  row.error = NULL;
  flux[500] = INFINITY;
  hr_rest_bring(&rest, &scratch, 150, &row, NULL, false);
  size_t bad = 0;
  for (size_t p = rest.first; p < rest.end; p++) bad += isnan(flux[p]) != 0;
  assert_in_range(bad, 1, 4);
  assert_true(isnan(flux[0]) && isnan(noisy[P - 1]));
  /* Where nothing is good nothing is done. */
  row = moved_row(0);
  memset(mask, 1, sizeof mask);
  hr_rest_bring(&rest, &scratch, 150, &row, mask, true);
  assert_true(mask[P / 2] == 1 && flux[P / 2] == (float)spectrum(wave[P / 2]));
}

/* Under a line of the sky. */
static void large_errors_are_bad_or_cut(void **state) {
  (void)state;
  for (int clean = 0; clean < 2; clean++) {
    hr_pixels row = moved_row(0);
    for (size_t p = 0; p < P; p++) error[p] = p == 500 ? 3.5f : 1;
    rest.are_clean = clean == 1;
    hr_rest_bring(&rest, &scratch, 0, &row, NULL, true);
    check_near(error[500], clean ? HR_REST_MOST_ERROR : 0, 0);
    check_near(error[499], 1, 0);
    check_near(flux[500], spectrum(wave[500]), 1e-3);
  }
  rest.are_clean = false;
}

static void ranges_that_leave_nothing_are_refused(void **state) {
  (void)state;
  hr_error err;
  hr_rest none;
  const double wide[2] = {-3000, 3000}, few[3] = {8000, 8001, 8002};
  check_fails(hr_rest_init(few, 3, wide, &none, &err), HR_ERR_DATA,
              "velocities from -3000 to 3000 km/s move every pixel of the spectra out of "
              "their range; see whether they are in km/s");
  hr_rest_fini(&none);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_ends_are_bad_in_every_row),
      cmocka_unit_test(velocities_that_are_not_known_are_none),
      cmocka_unit_test(bad_pixels_go_along),
      cmocka_unit_test(without_errors_and_mask_flux_says_what_is_bad),
      cmocka_unit_test(large_errors_are_bad_or_cut),
      cmocka_unit_test(ranges_that_leave_nothing_are_refused),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
