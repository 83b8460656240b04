/* Plain tables of wavelengths, flux and errors. */
#include "support/check.h"

#if HR_FITS
#include "support/survey_spectra.h"

static const double flux[3] = {1, 2, 3}, error[3] = {0.5, 0, 0.25};

static void write_table(const survey_column *columns, const double *wave,
                        const double *noise) {
  survey_file f = survey_begin(path);
  survey_table(&f, NULL, 3, columns);
  survey_cells(&f, 1, 1, 3, wave);
  survey_cells(&f, 2, 1, 3, flux);
  if (noise) survey_cells(&f, 3, 1, 3, noise);
  survey_end(&f);
}

static void rows_are_pixels(void **state) {
  (void)state;
  static const survey_column columns[] = {{"wavelength", "D", "nm"},
                                          {"flux", "E", "10**-16 erg/(s cm2 Angstrom)"},
                                          {"error", "E", "10**-17 erg/(s cm2 Angstrom)"},
                                          {NULL, NULL, NULL}};
  write_table(columns, (const double[]){710, 711, 712}, error);
  open_file();
  assert_string_equal(info->layout, "a plain table");
  assert_int_equal(info->objects, 1);
  assert_string_equal(info->waves, "the column wavelength, nm");
  assert_string_equal(info->unit, "10**-16 erg/(s cm2 Angstrom)");
  assert_string_equal(info->masking, "no mask");
  read_star(0);
  assert_int_equal(star.pixels, 3);
  check_near(star.wave[1], 7110, 0);
  check_near(star.flux[1], 20, 0);
  check_near(star.variance[0], 0.25, 1e-15);
  assert_true(star.good[0] && !star.good[1] && star.good[2]); /* an error of 0 */
}

/* As specutils writes a spectrum per frequency, and from red to blue. */
static void flux_per_frequency_is_taken_over(void **state) {
  (void)state;
  static const survey_column columns[] = {{"wavelength", "D", "Angstrom"},
                                          {"flux", "D", "mJy"},
                                          {"uncertainty", "D", "mJy"},
                                          {NULL, NULL, NULL}};
  write_table(columns, (const double[]){8002, 8001, 8000}, error);
  open_file();
  read_star(0);
  check_near(star.wave[0], 8000, 0);
  check_near(star.flux[0], 3e6 * 2997.92458 / 8000 / 8000, 1e-9);
  check_near(star.variance[0] / star.flux[0] / star.flux[0], 0.25 * 0.25 / 9, 1e-15);
  assert_true(star.good[0] && !star.good[1]);
}

static void logarithms_inverses_and_no_unit_are_fine(void **state) {
  (void)state;
  static const survey_column columns[] = {
      {"loglam", "D", ""}, {"flux", "E", ""}, {"ivar", "E", ""}, {NULL, NULL, NULL}};
  const double inverse[] = {4, 0, INFINITY};
  write_table(columns, (const double[]){3.9, 3.91, 3.92}, inverse);
  open_file();
  assert_string_equal(info->unit, "no unit, taken per wavelength");
  assert_string_equal(info->waves, "the column loglam, log10 of Angstrom");
  read_star(0);
  check_near(star.wave[0], 7943.282347242815, 1e-8);
  check_near(star.flux[0], 1, 0);
  check_near(star.variance[0], 0.25, 0);
  assert_true(star.good[0] && !star.good[1] && !star.good[2]);
}

static void air_is_made_vacuum(void **state) {
  (void)state;
  static const survey_column columns[] = {
      {"wavelength_air", "D", "Angstrom"}, {"flux", "E", ""}, {NULL, NULL, NULL}};
  write_table(columns, (const double[]){6056.125, 6057, 6058}, NULL);
  open_file();
  assert_string_equal(info->waves, "the column wavelength_air, Angstrom, air");
  assert_false(info->has_variance);
  read_star(0);
  check_near(star.wave[0], 6057.8019, 5e-5);
  assert_true(star.good[0]);
}

/* Cells of several numbers: every row is a spectrum, with columns beside it. */
static void cells_are_spectra(void **state) {
  (void)state;
  static const survey_column columns[] = {{"wave", "3D", "Angstrom"}, {"flux", "3E", ""},
                                          {"variance", "3E", ""},     {"mask", "3J", ""},
                                          {"source_id", "K", ""},     {NULL, NULL, NULL}};
  survey_file f = survey_begin(path);
  survey_table(&f, "STARS", 2, columns);
  for (int row = 1; row <= 2; row++) {
    survey_cells(&f, 1, row, 3, (const double[]){5000, 5001, 5002});
    survey_cells(&f, 2, row, 3, (const double[]){row, row, row});
    survey_cells(&f, 3, row, 3, (const double[]){1, 2, 3});
    survey_cells(&f, 4, row, 3, (const double[]){0, row - 1, 0});
    survey_cells(&f, 5, row, 1, (const double[]){100 + row});
  }
  survey_end(&f);
  open_file();
  assert_int_equal(info->objects, 2);
  assert_string_equal(info->masking, "any bit of mask");
  read_star(1);
  check_near(star.flux[2], 2, 0);
  check_near(star.variance[2], 3, 0);
  assert_true(star.good[0] && !star.good[1]);
  read_star(0);
  assert_true(star.good[1]);
  assert_int_equal(integer_of("source_id", 1), 102);
  hr_table_column column;
  snprintf(expected, sizeof expected,
           "%s has no column TARGETID of numbers; it has source_id", path);
  check_fails(hr_fits_spectra_column(spectra, "TARGETID", &column, &err), HR_ERR_DATA,
              expected);
}

static void units_have_to_be_known(void **state) {
  (void)state;
  const double wave[] = {710, 711, 712};
  survey_column columns[] = {{"wavelength", "D", ""},
                             {"flux", "E", "nJy"},
                             {"error", "E", ""},
                             {NULL, NULL, NULL}};
  write_table(columns, wave, error);
  check_refused(HR_ERR_DATA,
                ": the column wavelength has no unit, so that it may be anything; write "
                "TUNIT1, as Angstrom, nm or um");
  columns[0].unit = "Hz";
  write_table(columns, wave, error);
  check_refused(HR_ERR_DATA,
                ": the column wavelength has the unit 'Hz', which is none of a "
                "wavelength; write it in Angstrom, nm or um");
  columns[0].unit = "nm";
  columns[1].unit = "electron";
  write_table(columns, wave, error);
  check_refused(HR_ERR_DATA,
                ": the column of flux has the unit 'electron', which is none of a flux "
                "density; write it per wavelength or per frequency, as "
                "erg/s/cm2/Angstrom or nJy");
  columns[1].unit = "nJy";
  columns[2].unit = "nJy2";
  write_table(columns, wave, error);
  check_refused(HR_ERR_DATA,
                ": the column error has the unit 'nJy2', and the flux 'nJy'; an error "
                "has that of the flux, a variance its square");
}

static void wavelengths_have_to_be_in_order(void **state) {
  (void)state;
  static const survey_column columns[] = {
      {"wavelength", "D", "nm"}, {"flux", "E", ""}, {NULL, NULL, NULL}};
  write_table(columns, (const double[]){710, 712, 711}, NULL);
  open_file();
  snprintf(
      expected, sizeof expected,
      "%s: the wavelengths of object 0 (counted from 0) are not above 0 and in order "
      "at pixel 2: 7110 angstrom by the column wavelength, nm",
      path);
  check_fails(hr_fits_spectra_read(spectra, 0, &star, &err), HR_ERR_DATA, expected);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(rows_are_pixels),
      TEST(flux_per_frequency_is_taken_over),
      TEST(logarithms_inverses_and_no_unit_are_fine),
      TEST(air_is_made_vacuum),
      TEST(cells_are_spectra),
      TEST(units_have_to_be_known),
      TEST(wavelengths_have_to_be_in_order),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

#else
int main(void) {
  return 0;
}
#endif
