/* Coadds of DESI: arms that are joined. */
#include "support/check.h"

#if HR_FITS
#include "support/survey_spectra.h"

/* Two arms of four pixels for two objects, which share two pixels. */
static const double wave_b[4] = {5000, 5000.8, 5001.6, 5002.4};
static double wave_r[4];
static const double flux_b[8] = {1, 2, 3, 4, 1, 2, 3, 4};
static const double flux_r[8] = {7, 8, 9, 10, 7, 8, 9, 10};
static const double ivar_b[8] = {1, 1, 1, 1, 1, 1, 0, 1};
static const double ivar_r[8] = {3, 3, 3, 3, 3, 3, 3, 3};
static const double mask_r[8] = {0, 2, 0, 0, 0, 2, 0, 4};

static void write_coadd(double shift, long ivar_rows) {
  static const survey_column columns[] = {
      {"TARGETID", "K", ""}, {"TARGET_RA", "D", "deg"}, {NULL, NULL, NULL}};
  for (int p = 0; p < 4; p++) wave_r[p] = 5001.6 + shift + 0.8 * p;
  survey_file f = survey_begin(path);
  survey_table(&f, "FIBERMAP", 2, columns);
  survey_cells(&f, 1, 1, 2, (const double[]){39633, 39634});
  survey_cells(&f, 2, 1, 2, (const double[]){10.5, 11.5});
  survey_image(&f, "B_WAVELENGTH", DOUBLE_IMG, (long[3]){4, 0, 0}, wave_b);
  survey_image(&f, "B_FLUX", FLOAT_IMG, (long[3]){4, 2, 0}, flux_b);
  survey_image(&f, "B_IVAR", FLOAT_IMG, (long[3]){4, ivar_rows, 0}, ivar_b);
  survey_image(&f, "R_WAVELENGTH", DOUBLE_IMG, (long[3]){4, 0, 0}, wave_r);
  survey_text(&f, "BUNIT", "Angstrom");
  survey_image(&f, "R_FLUX", FLOAT_IMG, (long[3]){4, 2, 0}, flux_r);
  survey_text(&f, "BUNIT", "10**-17 erg/(s cm2 Angstrom)");
  survey_image(&f, "R_IVAR", FLOAT_IMG, (long[3]){4, 2, 0}, ivar_r);
  survey_image(&f, "R_MASK", LONG_IMG, (long[3]){4, 2, 0}, mask_r);
  survey_end(&f);
}

/* Where bit 1 does not count the pixel is that of both arms. */
static void bits_of_arms_are_chosen(void **state) {
  (void)state;
  const hr_fits_bits fourth = {.numbers = 4};
  write_coadd(0, 2);
  open_file();
  check_ok(hr_fits_spectra_choose_bits(spectra, &fourth, &err));
  read_star(0);
  check_near(star.flux[3], (4 + 3 * 8) / 4.0, 1e-14);
  read_star(1);
  assert_false(star.good[5]);
}

static void arms_are_joined(void **state) {
  (void)state;
  write_coadd(0, 2);
  open_file();
  assert_string_equal(info->layout, "a coadd of DESI");
  assert_int_equal(info->objects, 2);
  assert_true(info->is_shared);
  for (int turn = 0; turn < 2; turn++) { /* wavelengths of the arms stay apart */
    read_star(0);
    assert_int_equal(star.pixels, 6);
    for (size_t p = 0; p < 6; p++) check_near(star.wave[p], 5000 + 0.8 * (double)p, 1e-9);
    check_near(star.flux[1], 2, 0);
    check_near(star.flux[2], (3 + 3 * 7) / 4.0, 1e-14); /* of both */
    check_near(star.variance[2], 0.25, 1e-14);
    check_near(star.flux[3], 4, 0); /* the other arm is masked */
    check_near(star.variance[3], 1, 0);
    check_near(star.flux[5], 10, 0);
    for (size_t p = 0; p < 6; p++) assert_true(star.good[p]);
    read_star(1);
    check_near(star.flux[2], 7, 0); /* the first arm has nothing */
    check_near(star.variance[2], 1 / 3.0, 1e-14);
    assert_false(star.good[5]);
  }
  assert_int_equal(integer_of("TARGETID", 1), 39634);
}

static void arms_have_to_meet(void **state) {
  (void)state;
  write_coadd(0.4, 2);
  open_file();
  snprintf(expected, sizeof expected,
           "%s: its arms overlap at 5002 angstrom, and their pixels are not the same "
           "there; resample them to one grid first",
           path);
  check_fails(hr_fits_spectra_read(spectra, 0, &star, &err), HR_ERR_DATA, expected);
}

static void arrays_have_to_go_together(void **state) {
  (void)state;
  write_coadd(0, 1);
  check_refused(
      HR_ERR_FORMAT,
      ": B_IVAR is no image of 4 x 2 x 1, as the flux asks for; the arrays of a "
      "file have to go together");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(arms_are_joined),
      TEST(bits_of_arms_are_chosen),
      TEST(arms_have_to_meet),
      TEST(arrays_have_to_go_together),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

#else
int main(void) {
  return 0;
}
#endif
