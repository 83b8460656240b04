/* pfsObject of PFS, both layouts. */
#include "support/check.h"

#if HR_FITS
#include "support/survey_spectra.h"

enum { PIXELS = 4 };
static const double flux[PIXELS] = {100, 200, NAN, 400};
static const double covar[3 * PIXELS] = {1, 4, 9, INFINITY};
static const double bits[PIXELS] = {0, 8, 0, 0};
static const survey_column photometry[] = {
    {"filterName", "5A", ""}, {"fiberFlux", "E", "nJy"}, {NULL, NULL, NULL}};

/* The header that says where the wavelengths are; NULL: an extension does. */
static void write_object(void (*linear)(survey_file *), const double *mask) {
  survey_file f = survey_begin(path);
  survey_image(&f, "FLUX", FLOAT_IMG, (long[3]){PIXELS, 0, 0}, flux);
  if (linear) linear(&f);
  survey_image(&f, "MASK", LONG_IMG, (long[3]){PIXELS, 0, 0}, mask);
  survey_whole(&f, "MP_BAD", 0);
  survey_whole(&f, "MP_INTRP", 2);
  survey_whole(&f, "MP_CR", 3);
  if (!linear) {
    survey_image(&f, "WAVELENGTH", DOUBLE_IMG, (long[3]){PIXELS, 0, 0},
                 (const double[]){800, 800.1, 800.2, 800.3});
  }
  survey_table(&f, "TARGET", 0, photometry);
  survey_whole(&f, "CATID", 10091);
  survey_whole(&f, "OBJID", 4611686018427387905);
  survey_number(&f, "RA", 150.25);
  survey_image(&f, "COVAR", FLOAT_IMG, (long[3]){PIXELS, 3, 0}, covar);
  survey_end(&f);
}

static void flux_is_per_wavelength_and_bits_go_by_name(void **state) {
  (void)state;
  write_object(NULL, bits);
  open_file();
  assert_string_equal(info->layout, "pfsObject of PFS");
  assert_string_equal(info->waves, "the extension WAVELENGTH, nm");
  assert_string_equal(info->masking, "BAD, SAT, CR, NO_DATA, UNMASKEDNAN of MASK");
  assert_int_equal(info->id_count, 2);
  read_star(0);
  double factor = 2997.92458 / 8000 / 8000;
  check_near(star.wave[0], 8000, 0);
  check_near(star.flux[0], 100 * factor, 1e-12);
  check_near(star.variance[0], factor * factor, 1e-15);
  assert_true(star.good[0]);
  assert_false(star.good[1]); /* a cosmic ray */
  assert_false(star.good[2]); /* no number */
  assert_false(star.good[3]); /* a variance that is infinite */
  assert_int_equal(integer_of("objId", 0), 4611686018427387905);
  assert_int_equal(integer_of("catId", 0), 10091);
  write_object(NULL, (const double[]){4, 0, 0, 0}); /* interpolated alone */
  open_file();
  read_star(0);
  assert_true(star.good[0]);
}

static void write_theirs(survey_file *f) {
  survey_text(f, "CTYPE1", "WAVE");
  survey_text(f, "CNAME1", "Wavelength");
  survey_text(f, "CUNIT1", "m");
  survey_number(f, "CRPIX1", 0.5 * PIXELS + 1.5);
  survey_number(f, "CRVAL1", 8.0015e-7);
  survey_number(f, "CDELT1", 1e-10);
}

static void write_standard(survey_file *f) {
  survey_number(f, "CRPIX1", 1);
  survey_number(f, "CRVAL1", 800);
  survey_number(f, "CD1_1", 0.1);
}

/* Their header says 800.15 nm is at pixel 3.5, and means the middle of four pixels, which
 * is 2.5 where pixels are counted from 1. */
static void wavelengths_of_headers_are_as_their_writer_means(void **state) {
  (void)state;
  write_object(write_theirs, bits);
  open_file();
  assert_string_equal(info->waves, "the header of FLUX, m");
  read_star(0);
  for (size_t p = 0; p < PIXELS; p++) check_near(star.wave[p], 8000 + (double)p, 1e-8);
  write_object(write_standard, bits);
  open_file();
  assert_string_equal(info->waves, "the header of FLUX, nm");
  read_star(0);
  for (size_t p = 0; p < PIXELS; p++) check_near(star.wave[p], 8000 + (double)p, 1e-8);
}

static void write_nothing(survey_file *f) {
  (void)f;
}

static void without_wavelengths_it_is_refused(void **state) {
  (void)state;
  write_object(write_nothing, bits);
  check_refused(HR_ERR_FORMAT,
                " has no wavelengths: neither an extension WAVELENGTH nor CRVAL1, CRPIX1 "
                "and CDELT1 of FLUX");
}

static void arrays_have_to_go_together(void **state) {
  (void)state;
  survey_file f = survey_begin(path);
  survey_image(&f, "FLUX", FLOAT_IMG, (long[3]){PIXELS, 0, 0}, flux);
  survey_image(&f, "MASK", LONG_IMG, (long[3]){PIXELS, 0, 0}, bits);
  survey_image(&f, "COVAR", FLOAT_IMG, (long[3]){PIXELS, 2, 0}, covar);
  survey_table(&f, "TARGET", 0, photometry);
  survey_end(&f);
  check_refused(HR_ERR_FORMAT,
                ": COVAR is no image of 4 x 3 x 1, as the flux asks for; the arrays of a "
                "file have to go together");
}

static void the_old_layout_is_read_by_its_table(void **state) {
  (void)state;
  static const survey_column columns[] = {{"lambda", "E", ""},
                                          {"flux", "E", ""},
                                          {"fluxVariance", "E", ""},
                                          {"mask", "J", ""},
                                          {NULL, NULL, NULL}};
  survey_file f = survey_begin(path);
  survey_whole(&f, "OBJID", 12);
  survey_image(&f, "FLUX", FLOAT_IMG, (long[3]){PIXELS, 0, 0}, flux);
  survey_table(&f, "FLUXTBL", 3, columns);
  survey_cells(&f, 1, 1, 3, (const double[]){800, 800.5, 801});
  survey_cells(&f, 2, 1, 3, (const double[]){0.25, 0.5, 0.75});
  survey_cells(&f, 3, 1, 3, (const double[]){1, 2, 0});
  survey_cells(&f, 4, 1, 3, (const double[]){0, 1, 0});
  survey_end(&f);
  open_file();
  assert_string_equal(info->layout, "pfsObject of PFS as of 2017");
  read_star(0);
  check_near(star.wave[1], 8005, 0);
  check_near(star.flux[1], 0.5, 0);
  check_near(star.variance[0], 1, 0);
  assert_true(star.good[0] && !star.good[1] && !star.good[2]);
  assert_int_equal(integer_of("objId", 0), 12);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(flux_is_per_wavelength_and_bits_go_by_name),
      TEST(wavelengths_of_headers_are_as_their_writer_means),
      TEST(without_wavelengths_it_is_refused),
      TEST(arrays_have_to_go_together),
      TEST(the_old_layout_is_read_by_its_table),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

#else
int main(void) {
  return 0;
}
#endif
