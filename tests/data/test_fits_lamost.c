/* LAMOST: the image of five rows, and the table. */
#include "support/check.h"

#if HR_FITS
#include "support/survey_spectra.h"

enum { PIXELS = 3 };
static const double rows[5 * PIXELS] = {1,    2,    3,    4, 0, 1,  /* flux, inverse */
                                        5000, 5001, 5002,           /* wavelength */
                                        0,    0,    32,   1, 1, 1}; /* and, or */

static void check_star(void) {
  read_star(0);
  check_near(star.wave[1], 5001, 0);
  check_near(star.flux[0], 1, 0);
  check_near(star.variance[0], 0.25, 0);
  assert_true(star.good[0] && !star.good[1] && !star.good[2]);
  assert_string_equal(info->unit, "no unit, taken per wavelength");
  assert_int_equal(integer_of("OBSID", 0), 101001);
}

static void five_rows_are_a_spectrum(void **state) {
  (void)state;
  survey_file f = {0};
  fits_create_diskfile(&f.fits, path, &f.code);
  survey_image(&f, NULL, FLOAT_IMG, (long[3]){PIXELS, 5, 0}, rows);
  survey_text(&f, "TELESCOP", "LAMOST");
  survey_whole(&f, "OBSID", 101001);
  survey_end(&f);
  open_file();
  assert_string_equal(info->layout, "LAMOST to DR7");
  check_star();
}

static void write_table(long long stars) {
  static const survey_column columns[] = {{"FLUX", "3E", ""},       {"IVAR", "3E", ""},
                                          {"WAVELENGTH", "3E", ""}, {"ANDMASK", "3E", ""},
                                          {"ORMASK", "3E", ""},     {NULL, NULL, NULL}};
  survey_file f = survey_begin(path);
  survey_whole(&f, "OBSID", 101001);
  survey_table(&f, "COADD", stars, columns);
  for (int c = 0; c < 5; c++) survey_cells(&f, c + 1, 1, PIXELS, rows + PIXELS * c);
  survey_end(&f);
}

static void a_row_of_arrays_is_one_too(void **state) {
  (void)state;
  write_table(1);
  open_file();
  assert_string_equal(info->layout, "LAMOST from DR8");
  check_star();
  write_table(2); /* which row is it? */
  check_refused(HR_ERR_EMPTY, " holds no spectra");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(five_rows_are_a_spectrum),
      TEST(a_row_of_arrays_is_one_too),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

#else
int main(void) {
  return 0;
}
#endif
