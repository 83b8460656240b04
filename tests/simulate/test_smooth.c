#include "simulate/smooth.h"

#include "core/alloc.h"
#include "support/check.h"

static void kernels_have_unit_sum_and_the_variance_asked_for(void **state) {
  (void)state;
  hr_error err;
  const double variances[] = {0, 1e-15, 1e-9, 1e-3, 0.1, 0.5, 1, 3, 10, 100, 6400};
  for (size_t i = 0; i < sizeof variances / sizeof *variances; i++) {
    double t = variances[i], sum = 0.0, variance = 0.0, *weights = NULL;
    size_t half = hr_smooth_half_width(t);
    check_ok(hr_alloc(&weights, half + 1, &err));
    hr_smooth_kernel(t, weights);
    for (size_t n = 0; n <= half; n++) {
      assert_true(weights[n] >= 0.0);
      sum += (n > 0 ? 2.0 : 1.0) * weights[n];
      variance += 2.0 * (double)(n * n) * weights[n];
    }
    check_near(sum, 1, 1e-12);
    check_near(variance, t, 3e-7 * t + 1e-14);
    hr_free(weights);
  }
}

/* exp(-t) I_n(t) for t = 0.5, from scipy.special.ive. */
static void narrow_kernels_are_bessel_functions(void **state) {
  (void)state;
  double weights[16];
  assert_true(hr_smooth_half_width(0.5) < 16);
  hr_smooth_kernel(0.5, weights);
  check_near(weights[0], 0.6450352704491501, 1e-15);
  check_near(weights[1], 0.15642080318487167, 1e-15);
  check_near(weights[2], 0.01935205770966328, 1e-15);
}

/* A grid of one spectrum: a line of the grid's profile on a continuum of 1. */
static void lines_get_the_width_asked_for(void **state) {
  (void)state;
  hr_error err;
  enum { P = 4096 };
  static double wave[P];
  static float flux[P];
  const double sharp = HR_GRID_RESOLVING_POWER, sigma_factor = 2.3548200450309493;
  const double wanted[2][2] = {{2000.0, 0.0}, {0.0, 3.0}};
  for (int c = 0; c < 2; c++) {
    hr_grid_tables tables = {.pixels = P, .spectra = 1, .wave = wave, .flux = flux};
    for (size_t p = 0; p < P; p++) wave[p] = 7100.2136 + 0.42724597 * (double)p;
    double centre = wave[2000], own = centre / sharp / sigma_factor;
    for (size_t p = 0; p < P; p++) {
      double x = (wave[p] - centre) / own;
      flux[p] = (float)(1.0 - 0.5 * exp(-0.5 * x * x));
    }
    check_ok(hr_smooth_grid(&tables, wanted[c][0], wanted[c][1], &err));
    double fwhm = wanted[c][0] > 0.0 ? centre / wanted[c][0] : wanted[c][1];
    double sigma = fwhm / sigma_factor;
    for (size_t p = 0; p < P; p++) {
      double x = (wave[p] - centre) / sigma;
      check_near(flux[p], 1.0 - 0.5 * own / sigma * exp(-0.5 * x * x), 5e-5);
    }
    check_near(flux[0], 1, 1e-6); /* the ends keep the continuum */
  }
}

static void the_grids_own_resolution_changes_nothing(void **state) {
  (void)state;
  hr_error err;
  double wave[] = {7100, 7100.4, 7100.8, 7101.2};
  float flux[] = {1, 2, 3, 5};
  hr_grid_tables tables = {.pixels = 4, .spectra = 1, .wave = wave, .flux = flux};
  check_ok(hr_smooth_grid(&tables, HR_GRID_RESOLVING_POWER, 0.0, &err));
  assert_true(flux[0] == 1 && flux[1] == 2 && flux[2] == 3 && flux[3] == 5);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(kernels_have_unit_sum_and_the_variance_asked_for),
      cmocka_unit_test(narrow_kernels_are_bessel_functions),
      cmocka_unit_test(lines_get_the_width_asked_for),
      cmocka_unit_test(the_grids_own_resolution_changes_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
