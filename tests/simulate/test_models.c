#include "simulate/models.h"

#include <math.h>

#include "core/alloc.h"
#include "core/pixel_quantile.h"
#include "support/check.h"

/* A view of constant steps and line spread; freed with hr_free of wave and fwhm. */
static hr_model_view view_of(double first, double step, size_t pixels, double fwhm) {
  hr_error err;
  double *wave = NULL, *wide = NULL;
  check_ok(hr_alloc(&wave, pixels, &err));
  check_ok(hr_alloc(&wide, pixels, &err));
  for (size_t p = 0; p < pixels; p++) {
    wave[p] = first + step * (double)p;
    wide[p] = fwhm;
  }
  return (hr_model_view){pixels, wave, wide};
}

static void view_free(hr_model_view *view) {
  hr_free((void *)(uintptr_t)view->wave);
  hr_free((void *)(uintptr_t)view->fwhm);
}

/* The arm as it is built in beside, at R = 5000: both were computed from the same model
 * atmospheres, and put into bins apart. */
static void the_pfs_arm_is_that_of_the_coarser_grid(void **state) {
  (void)state;
  hr_error err;
  hr_grid_tables *coarse = NULL, *fine = NULL;
  float *sorting = NULL;
  check_ok(hr_tables_create(&coarse, &err));
  size_t pixels = coarse->pixels, beyond = 0;
  hr_model_view view = view_of(0, 1, pixels, 0);
  double *fwhm = (void *)(uintptr_t)view.fwhm;
  for (size_t p = 0; p < pixels; p++) fwhm[p] = coarse->wave[p] / HR_GRID_RESOLVING_POWER;
  const hr_model_view arm = {pixels, coarse->wave, fwhm};
  check_ok(hr_models_see(&arm, &fine, &err));
  check_ok(hr_alloc(&sorting, pixels, &err));
  assert_int_equal(fine->spectra, coarse->spectra);
  assert_int_equal(fine->pixels, pixels);
  assert_memory_equal(fine->nodes, coarse->nodes, sizeof fine->nodes);
  double worst = 0, worst_star = 0;
  for (size_t g = 0; g < coarse->spectra; g++) {
    const float *a = coarse->flux + g * pixels, *b = fine->flux + g * pixels;
    double median = hr_pixel_quantile(a, pixels, 0.5, sorting), sum = 0;
    for (size_t p = 0; p < pixels; p++) {
      double d = ((double)b[p] - (double)a[p]) / median;
      worst = fmax(worst, fabs(d));
      beyond += fabs(d) > 1e-4;
      sum += d * d;
    }
    worst_star = fmax(worst_star, sqrt(sum / (double)pixels));
  }
  /* Measured: 7.6e-5 rms in the worst spectrum, 1.1 % of the values beyond 1e-4, in
   * strong lines, none beyond 3.2e-4: noise of how either was put into bins, which no
   * line spread could take away. */
  assert_true(worst_star < 1e-4);
  assert_true((double)beyond < 0.012 * (double)(coarse->spectra * pixels));
  assert_true(worst < 3.5e-4);
  hr_free(sorting);
  view_free(&view);
  hr_tables_destroy(&coarse);
  hr_tables_destroy(&fine);
}

/* Pixels twice as wide hold the means of two. */
static void flux_is_conserved(void **state) {
  (void)state;
  hr_error err;
  hr_grid_tables *narrow = NULL, *wide = NULL;
  hr_model_view fine = view_of(8400, 0.2, 1000, 1.5),
                twice = view_of(8400.1, 0.4, 500, 1.5);
  check_ok(hr_models_see(&fine, &narrow, &err));
  check_ok(hr_models_see(&twice, &wide, &err));
  for (size_t g = 0; g < narrow->spectra; g += 7) {
    for (size_t p = 0; p < twice.pixels; p++) {
      const float *two = narrow->flux + g * fine.pixels + 2 * p;
      double mean = 0.5 * ((double)two[0] + (double)two[1]);
      check_near(wide->flux[g * twice.pixels + p], mean, 1e-6 * mean);
    }
  }
  view_free(&fine);
  view_free(&twice);
  hr_tables_destroy(&narrow);
  hr_tables_destroy(&wide);
}

/* A Gaussian of 1 angstrom and one of sqrt(3) make one of 2: the spectrum with the former
 * is convolved by hand, and is that with the latter. Held against widths that are 1 %
 * off, the difference is thousands of times as large. */
static void line_spreads_are_as_wide_as_asked_for(void **state) {
  (void)state;
  enum { PIXELS = 800, HALF = 60 };
  hr_error err;
  hr_grid_tables *seen[3] = {NULL};
  const double fwhm[] = {1.0, 2.0, 2.02}, step = 0.1;
  for (size_t i = 0; i < 3; i++) {
    hr_model_view view = view_of(8460, step, PIXELS, fwhm[i]);
    check_ok(hr_models_see(&view, &seen[i], &err));
    view_free(&view);
  }
  double kernel[2 * HALF + 1], total = 0, right = 0, wrong = 0;
  for (int n = -HALF; n <= HALF; n++) {
    double z = n * step / (sqrt(3.0) / 2.3548200450309493);
    total += kernel[HALF + n] = exp(-0.5 * z * z);
  }
  size_t g = 700; /* anywhere */
  const float *narrow = seen[0]->flux + g * PIXELS;
  for (size_t p = HALF; p + HALF < PIXELS; p++) {
    double sum = 0;
    for (size_t n = 0; n < 2 * HALF + 1; n++) {
      sum += kernel[n] * (double)narrow[p - HALF + n] / total;
    }
    right = fmax(right, fabs(sum / (double)seen[1]->flux[g * PIXELS + p] - 1));
    wrong = fmax(wrong, fabs(sum / (double)seen[2]->flux[g * PIXELS + p] - 1));
  }
  assert_true(right < 2e-6);
  assert_true(wrong > 1e-3);
  for (size_t i = 0; i < 3; i++) hr_tables_destroy(&seen[i]);
}

static void views_that_the_models_do_not_have_are_refused(void **state) {
  (void)state;
  hr_error err;
  hr_grid_tables *seen = NULL;
  hr_model_view early = view_of(7091, 1, 100, 2), late = view_of(8800, 1, 100, 2);
  hr_model_view sharp = view_of(8000, 1, 100, 0.2), blunt = view_of(8000, 1, 100, 90);
  hr_model_view one = view_of(8000, 1, 1, 2);
  check_fails(hr_models_see(&early, &seen, &err), HR_ERR_MISSING,
              "the pixels reach from 7090.5 to 7190.5 angstrom, and the built-in models "
              "from 7091.9 to 8858.1");
  check_fails(hr_models_see(&late, &seen, &err), HR_ERR_MISSING,
              "the pixels reach from 8799.5 to 8899.5 angstrom, and the built-in models "
              "from 7091.9 to 8858.1");
  check_fails(hr_models_check(&sharp, &err), HR_ERR_MISSING,
              "the line spread is 0.2 angstrom (FWHM) at 8000.0 angstrom, and the "
              "built-in models can be seen with 0.25 to 80");
  check_fails(hr_models_check(&blunt, &err), HR_ERR_MISSING,
              "the line spread is 90 angstrom (FWHM) at 8000.0 angstrom, and the "
              "built-in models can be seen with 0.25 to 80");
  check_fails(hr_models_check(&one, &err), HR_ERR_MISSING,
              "spectra of fewer than 2 pixels have no steps");
  assert_null(seen);
  view_free(&early);
  view_free(&late);
  view_free(&sharp);
  view_free(&blunt);
  view_free(&one);
}

/* Two pixels of 4 angstrom, whose means were taken of the original file in fp64. */
static void means_are_those_of_the_original(void **state) {
  (void)state;
  const double first = 734145.184, last = 6266278.110;
  hr_error err;
  hr_grid_tables *seen = NULL;
  hr_model_view view = view_of(8000, 4, 2, HR_MODELS_LEAST_FWHM);
  check_ok(hr_models_see(&view, &seen, &err));
  check_near(seen->flux[0], first, 3e-5 * first);
  check_near(seen->flux[1259 * 2 + 1], last, 3e-5 * last);
  assert_true(hr_models_bytes(2) > 2e7 && hr_models_bytes(4096) < 1e8);
  view_free(&view);
  hr_tables_destroy(&seen);
}

/* What a study's spectra are held against. */
static void spectra_of_a_study_find_their_grid(void **state) {
  (void)state;
  hr_error err;
  hr_grid_tables *arm = NULL, *seen = NULL;
  hr_model_view view = view_of(8400, 1, 100, 2);
  check_ok(hr_models_find(&view, &err));
  check_ok(hr_models_grid(&view, &seen, &err));
  assert_int_equal(seen->pixels, 100);
  check_near(seen->wave[99], 8499, 0);
  assert_true(hr_models_grid_bytes(&view) > 2e7);
  hr_tables_destroy(&seen);
  const hr_model_view unknown = {100, view.wave, NULL};
  check_fails(hr_models_grid(&unknown, &seen, &err), HR_ERR_MISSING,
              "the spectra have 100 pixels and the built-in model grid has 4096");
  check_ok(hr_tables_create(&arm, &err));
  const hr_model_view of_arm = {arm->pixels, arm->wave, NULL};
  check_ok(hr_models_grid(&of_arm, &seen, &err));
  assert_memory_equal(seen->flux, arm->flux, 4096 * sizeof(float));
  assert_true(hr_models_grid_bytes(&of_arm) > 4e7);
  hr_tables_destroy(&seen);
  hr_tables_destroy(&arm);
  view_free(&view);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_pfs_arm_is_that_of_the_coarser_grid),
      cmocka_unit_test(flux_is_conserved),
      cmocka_unit_test(line_spreads_are_as_wide_as_asked_for),
      cmocka_unit_test(views_that_the_models_do_not_have_are_refused),
      cmocka_unit_test(means_are_those_of_the_original),
      cmocka_unit_test(spectra_of_a_study_find_their_grid),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
