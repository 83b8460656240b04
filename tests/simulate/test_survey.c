/* Instruments out of files of surveys. */
#include "simulate/survey.h"

#include <math.h>

#include "support/check.h"

#if HR_FITS
#include "data/dataset.h"
#include "data/stream.h"
#include "support/fail_alloc.h"
#include "support/survey_spectra.h"

enum { PIXELS = 40 };

static hr_simulate_options options;
static hr_definition *made;

static int begin(void **state) {
  prepare(state);
  options = hr_simulate_options_default();
  options.survey_file = path;
  options.fwhm = 2;
  return 0;
}

static int end(void **state) {
  hr_definition_destroy(&made);
  return tidy(state);
}

/* Four spectra: with errors of 1, of 2, of 1 with most pixels bad, and of 4; the flux is
 * 10, and the first pixel of the second one is bad. */
static void write_stars(double first_wave, bool has_errors) {
  static const survey_column columns[] = {{"wavelength", "40D", "Angstrom"},
                                          {"flux", "40E", ""},
                                          {"ivar", "40E", ""},
                                          {NULL, NULL, NULL}};
  static const survey_column bare[] = {
      {"wavelength", "40D", "Angstrom"}, {"flux", "40E", ""}, {NULL, NULL, NULL}};
  static const double errors[] = {1, 2, 1, 4};
  survey_file f = survey_begin(path);
  survey_table(&f, NULL, 4, has_errors ? columns : bare);
  for (int row = 0; row < 4; row++) {
    double wave[PIXELS], flux[PIXELS], ivar[PIXELS];
    for (size_t p = 0; p < PIXELS; p++) {
      bool is_bad = (row == 1 && p == 0) || (row == 2 && p < 30);
      wave[p] = first_wave + (double)p;
      flux[p] = 10;
      ivar[p] = is_bad ? 0 : 1 / (errors[row] * errors[row]);
    }
    survey_cells(&f, 1, row + 1, PIXELS, wave);
    survey_cells(&f, 2, row + 1, PIXELS, flux);
    if (has_errors) survey_cells(&f, 3, row + 1, PIXELS, ivar);
  }
  survey_end(&f);
}

static void pixels_and_errors_are_the_files(void **state) {
  (void)state;
  write_stars(8000, true);
  check_ok(hr_definition_from_survey(&options, &made, &err));
  assert_int_equal(made->pixels, PIXELS);
  check_near(made->wave[39], 8039, 0);
  check_near(made->fwhm[7], 2, 0);
  assert_int_equal(made->error_rows, 3);
  check_near(made->relative[5], 0.1, 1e-7);
  check_near(made->relative[PIXELS], 0, 0);
  check_near(made->relative[PIXELS + 1], 0.2, 1e-7);
  check_near(made->relative[2 * PIXELS], 0.4, 1e-7);
}

static void stars_have_them_in_turn(void **state) {
  (void)state;
  float flux[PIXELS], error[PIXELS], a[PIXELS], b[PIXELS];
  float *const room[2] = {a, b};
  double snr = 0;
  write_stars(8000, true);
  check_ok(hr_definition_from_survey(&options, &made, &err));
  for (uint64_t number = 0; number < 6; number++) {
    const hr_brightness brightness = {.number = number};
    for (size_t p = 0; p < PIXELS; p++) flux[p] = 3;
    hr_definition_observe(made, &brightness, room, flux, error, &snr);
    const double sigma[] = {0.1, 0.2, 0.4};
    check_near(flux[3], 0.5, 1e-7);
    check_near(error[3], 0.5 * sigma[number % 3], 1e-7);
    check_near(error[0], number % 3 == 1 ? 0 : 0.5 * sigma[number % 3], 1e-7);
    check_near(snr, 1 / sigma[number % 3], 1e-5);
  }
}

static void what_models_do_not_reach_is_cut_off(void **state) {
  (void)state;
  write_stars(7080, true);
  check_ok(hr_definition_from_survey(&options, &made, &err));
  assert_int_equal(made->pixels, 27);
  check_near(made->wave[0], 7093, 0);
  write_stars(6000, true);
  hr_definition_destroy(&made);
  snprintf(
      expected, sizeof expected,
      "%s has 0 pixels from 7091.9 to 8858.1 angstrom, where the built-in models are; "
      "2 to 65536 are possible",
      path);
  check_fails(hr_definition_from_survey(&options, &made, &err), HR_ERR_DATA, expected);
}

static void the_line_spread_is_said_once(void **state) {
  (void)state;
  write_stars(8000, true);
  options.fwhm = 0;
  snprintf(expected, sizeof expected,
           "%s does not tell the line spread of its spectra: give fwhm, in angstrom, "
           "resolving_power, or the instrument that has it (pfs-mr, desi-z, sdss, "
           "lamost-red, gaia-rvs or a file FILE.yaml)",
           path);
  check_fails(hr_definition_from_survey(&options, &made, &err), HR_ERR_USAGE, expected);
  options.instrument = "sdss";
  check_ok(hr_definition_from_survey(&options, &made, &err));
  check_near(made->fwhm[0], 8000 / 2257.4, 0.01);
  hr_definition_destroy(&made);
  options.instrument = "pfs-mr";
  check_ok(hr_definition_from_survey(&options, &made, &err));
  check_near(made->fwhm[0], 1.6, 1e-9);
  hr_definition_destroy(&made);
  options.resolving_power = 2000;
  snprintf(
      expected, sizeof expected,
      "fwhm, resolving_power and instrument all say which line spread the spectra of "
      "%s have: give one of them",
      path);
  check_fails(hr_definition_from_survey(&options, &made, &err), HR_ERR_USAGE, expected);
  options.instrument = NULL;
  check_ok(hr_definition_from_survey(&options, &made, &err));
  check_near(made->fwhm[0], 4, 1e-9);
}

static void errors_have_to_be_there(void **state) {
  (void)state;
  write_stars(8000, false);
  snprintf(expected, sizeof expected,
           "%s has no errors to take; define an instrument in a file FILE.yaml", path);
  check_fails(hr_definition_from_survey(&options, &made, &err), HR_ERR_DATA, expected);
  static const survey_column columns[] = {{"wavelength", "2D", "Angstrom"},
                                          {"flux", "2E", ""},
                                          {"ivar", "2E", ""},
                                          {NULL, NULL, NULL}};
  survey_file f = survey_begin(path);
  survey_table(&f, NULL, 1, columns);
  survey_cells(&f, 1, 1, 2, (const double[]){8000, 8001});
  survey_cells(&f, 2, 1, 2, (const double[]){-1, -2});
  survey_cells(&f, 3, 1, 2, (const double[]){1, 1});
  survey_end(&f);
  snprintf(expected, sizeof expected,
           "no spectrum of %s has errors and a flux above 0 in three quarters of its "
           "pixels; take another file, or define an instrument in a file FILE.yaml",
           path);
  check_fails(hr_definition_from_survey(&options, &made, &err), HR_ERR_DATA, expected);
}

/* Pixels, errors and line spread stand in what is simulated. */
static void stars_are_simulated_with_them(void **state) {
  (void)state;
  char folder[300];
  const double *snr = NULL;
  hr_dataset *test = NULL;
  hr_strings paths = {0};
  write_stars(8000, true);
  snprintf(folder, sizeof folder, "%s/made", s.path);
  options.folder = folder;
  options.train_rows = 0;
  options.test_rows = 7;
  check_ok(hr_simulate(&options, NULL, &err));
  check_ok(hr_strings_append(&paths, scratch_name(&s, "made/test/dataset.h5"), &err));
  check_ok(hr_dataset_open(&paths, HR_LABELS_NEEDED, NULL, &test, &err));
  assert_int_equal(hr_dataset_rows(test), 7);
  check_near(hr_dataset_wave(test)[1], 8001, 0);
  check_ok(hr_dataset_label(test, "snr", true, &snr, &err));
  for (size_t i = 0; i < 4; i++) assert_true(snr[i + 3] > 0.7 * snr[i]);
  assert_true(snr[0] > snr[1] && snr[1] > snr[2] && snr[3] > snr[4]);
  hr_dataset_destroy(&test);
  hr_strings_fini(&paths);
  options.mag = (hr_simulate_range){20, 21};
  snprintf(expected, sizeof expected,
           "mag has no effect on the errors of %s, which are as they are: leave it out",
           path);
  check_fails(hr_simulate(&options, NULL, &err), HR_ERR_USAGE, expected);
}

static hr_status make_one(void) {
  hr_definition *own = NULL;
  hr_status status = hr_definition_from_survey(&options, &own, NULL);
  hr_definition_destroy(&own);
  return status;
}

static void failing_allocations_are_reported(void **state) {
  (void)state;
  write_stars(8000, true);
  check_alloc_failures(make_one());
}

#define FROM_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
  const struct CMUnitTest tests[] = {
      FROM_TEST(pixels_and_errors_are_the_files),
      FROM_TEST(stars_have_them_in_turn),
      FROM_TEST(what_models_do_not_reach_is_cut_off),
      FROM_TEST(the_line_spread_is_said_once),
      FROM_TEST(errors_have_to_be_there),
      FROM_TEST(stars_are_simulated_with_them),
      FROM_TEST(failing_allocations_are_reported),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

#else
int main(void) {
  return 0;
}
#endif
