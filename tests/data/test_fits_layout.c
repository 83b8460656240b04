/* What the readers of all layouts share: what a file lacks, lengths that go together. */
#include "data/fits/layout.h"

#include "support/check.h"

static const hr_fits_hdus none;

static void what_is_lacking_is_said(void **state) {
  (void)state;
  char lacks[HR_FITS_LACKS];
  assert_false(hr_fits_needs_hdu(&none, "MASK", lacks));
  assert_string_equal(lacks, "the extension MASK");
  assert_false(hr_fits_needs_column(&none, HR_FITS_NONE, "ivar", lacks));
  assert_string_equal(lacks, "the column ivar");
}

#if HR_FITS
#include "support/survey_spectra.h"

static void lengths_have_to_go_together(void **state) {
  (void)state;
  static const survey_column columns[] = {
      {"wavelength", "PD(5)", "nm"}, {"flux", "PE(5)", ""}, {NULL, NULL, NULL}};
  survey_file f = survey_begin(path);
  survey_table(&f, NULL, 2, columns);
  survey_cells(&f, 1, 1, 3, (const double[]){800, 801, 802});
  survey_cells(&f, 2, 1, 3, (const double[]){1, 2, 3});
  survey_cells(&f, 1, 2, 2, (const double[]){800, 801});
  survey_cells(&f, 2, 2, 3, (const double[]){1, 2, 3});
  survey_end(&f);
  open_file();
  read_star(0);
  assert_int_equal(star.pixels, 3);
  snprintf(
      expected, sizeof expected,
      "%s: object 1 (counted from 0) has 3 values of flux and 2 in extension 1; they "
      "have to be as many",
      path);
  check_fails(hr_fits_spectra_read(spectra, 1, &star, &err), HR_ERR_FORMAT, expected);
}

static void spectra_have_two_pixels_and_more(void **state) {
  (void)state;
  static const survey_column columns[] = {
      {"wavelength", "PD(5)", "nm"}, {"flux", "PE(5)", ""}, {NULL, NULL, NULL}};
  survey_file f = survey_begin(path);
  survey_table(&f, NULL, 2, columns);
  survey_cells(&f, 1, 1, 2, (const double[]){800, 801});
  survey_cells(&f, 2, 1, 2, (const double[]){1, 2});
  survey_cells(&f, 1, 2, 1, (const double[]){800});
  survey_cells(&f, 2, 2, 1, (const double[]){1});
  survey_end(&f);
  open_file();
  snprintf(expected, sizeof expected,
           "%s: object 1 (counted from 0) has 1 pixels; from 2 to 1048576 are read",
           path);
  check_fails(hr_fits_spectra_read(spectra, 1, &star, &err), HR_ERR_FORMAT, expected);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_lacking_is_said),
      TEST(lengths_have_to_go_together),
      TEST(spectra_have_two_pixels_and_more),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_lacking_is_said),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
