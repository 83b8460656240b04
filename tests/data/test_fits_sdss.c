/* `spec` files of SDSS. */
#include "support/check.h"

#if HR_FITS
#include "support/survey_spectra.h"

static void write_spec(const char *unit, bool has_ids) {
  static const survey_column columns[] = {{"flux", "E", ""},    {"loglam", "E", ""},
                                          {"ivar", "E", ""},    {"and_mask", "J", ""},
                                          {"or_mask", "J", ""}, {NULL, NULL, NULL}};
  static const survey_column labels[] = {{"THING_ID", "J", ""}, {NULL, NULL, NULL}};
  survey_file f = survey_begin(path);
  if (has_ids) {
    survey_whole(&f, "PLATEID", 7512);
    survey_whole(&f, "MJD", 56777);
    survey_whole(&f, "FIBERID", 396);
  }
  survey_text(&f, "BUNIT", unit);
  survey_table(&f, "COADD", 4, columns);
  survey_cells(&f, 1, 1, 4, (const double[]){1, 2, 3, 4});
  survey_cells(&f, 2, 1, 4, (const double[]){3.5, 3.75, 3.875, 4});
  survey_cells(&f, 3, 1, 4, (const double[]){4, 0, 1, 1});
  survey_cells(&f, 4, 1, 4, (const double[]){1 << 16, 0, 1 << 23, 0});
  survey_cells(&f, 5, 1, 4, (const double[]){0, 0, 0, 1 << 23});
  survey_table(&f, "SPALL", 1, labels);
  survey_cells(&f, 1, 1, 1, (const double[]){42});
  survey_end(&f);
}

static void what_is_bad_in_all_exposures_is_bad(void **state) {
  (void)state;
  write_spec("1E-17 erg/cm^2/s/Ang", true);
  open_file();
  assert_string_equal(info->layout, "spec of SDSS");
  assert_string_equal(info->masking, "FULLREJECT, NOSKY, BRIGHTSKY of and_mask");
  read_star(0);
  check_near(star.wave[0], pow(10, 3.5), 1e-9);
  check_near(star.flux[3], 4, 0);
  check_near(star.variance[0], 0.25, 0);
  assert_true(star.good[0] && star.good[3]);
  assert_false(star.good[1] || star.good[2]);
  assert_int_equal(info->id_count, 3);
  assert_int_equal(integer_of("PLATEID", 0), 7512);
  assert_int_equal(integer_of("THING_ID", 0), 42);
}

static void without_a_plate_there_are_no_ids(void **state) {
  (void)state;
  write_spec("1E-17 erg/cm^2/s/Ang", false);
  open_file();
  assert_int_equal(info->id_count, 0);
  assert_int_equal(integer_of("THING_ID", 0), 42);
}

static void the_unit_has_to_be_of_flux(void **state) {
  (void)state;
  write_spec("counts", true);
  check_refused(
      HR_ERR_DATA,
      ": BUNIT has the unit 'counts', which is none of a flux density; write it "
      "per wavelength or per frequency, as erg/s/cm2/Angstrom or nJy");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(what_is_bad_in_all_exposures_is_bad),
      TEST(without_a_plate_there_are_no_ids),
      TEST(the_unit_has_to_be_of_flux),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

#else
int main(void) {
  return 0;
}
#endif
