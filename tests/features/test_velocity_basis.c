#include "features/velocity_basis.h"

#include "core/alloc.h"
#include "simulate/tables.h"
#include "support/check.h"

static void ten_components_stand_for_the_grid(void **state) {
  (void)state;
  hr_error err;
  hr_velocity_basis basis;
  hr_grid_tables *tables = NULL;
  check_ok(hr_tables_create(&tables, &err));
  size_t pixels = tables->pixels;
  check_ok(hr_velocity_basis_init(tables->wave, pixels, &basis, &err));
  double mean = 0, worst = 0;
  for (size_t p = 0; p < pixels; p++) mean += (double)basis.spectra[p] / (double)pixels;
  check_near(mean, 1, 1e-5);
  for (size_t k = 1; k < HR_VELOCITY_SPECTRA; k++) {
    assert_true(basis.spread[k] > 0);
    assert_true(k == 1 || basis.spread[k] <= basis.spread[k - 1]);
    double norm = 0;
    for (size_t p = 0; p < pixels; p++) {
      norm += pow((double)basis.spectra[k * pixels + p], 2);
    }
    check_near(norm, 1, 1e-4);
  }
  /* What is left of spectra that took no part: every seventh. */
  for (size_t i = 3; i < tables->spectra; i += 7) {
    const float *flux = tables->flux + i * pixels;
    double sum = 0, left = 0, amplitude[HR_VELOCITY_SPECTRA] = {0};
    for (size_t p = 0; p < pixels; p++) sum += (double)flux[p] / (double)pixels;
    for (size_t p = 0; p < pixels; p++) {
      double x = (double)flux[p] / sum - (double)basis.spectra[p];
      for (size_t k = 1; k < HR_VELOCITY_SPECTRA; k++) {
        amplitude[k] += x * (double)basis.spectra[k * pixels + p];
      }
    }
    for (size_t p = 0; p < pixels; p++) {
      double x = (double)flux[p] / sum - (double)basis.spectra[p];
      for (size_t k = 1; k < HR_VELOCITY_SPECTRA; k++) {
        x -= amplitude[k] * (double)basis.spectra[k * pixels + p];
      }
      left += x * x / (double)pixels;
    }
    worst = fmax(worst, sqrt(left));
  }
  check_near(worst, 0, 0.01);
  print_message("the worst is left with %.4f rms\n", worst);
  hr_velocity_basis_fini(&basis);
  hr_tables_destroy(&tables);
}

static void other_pixels_are_refused(void **state) {
  (void)state;
  hr_error err;
  hr_velocity_basis basis;
  const double wave[3] = {7000, 7001, 7002};
  check_fails(hr_velocity_basis_init(wave, 3, &basis, &err), HR_ERR_MISSING,
              "the spectra have 3 pixels and the built-in model grid has 4096");
  hr_velocity_basis_fini(&basis);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ten_components_stand_for_the_grid),
      cmocka_unit_test(other_pixels_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
