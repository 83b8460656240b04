/* pfsCoadd of PFS: many objects, as images and as tables of arrays. */
#include "support/check.h"

#if HR_FITS
#include "support/survey_spectra.h"

enum { PIXELS = 3, OBJECTS = 2 };
static const double wave[PIXELS] = {800, 800.1, 800.2};
static const double flux[PIXELS * OBJECTS] = {100, 200, 300, 10, 20, 30};
static const double mask[PIXELS * OBJECTS] = {0, 1, 0, 0, 1, 2};
/* Variances are the first of three rows of each object. */
static const double covar[PIXELS * 3 * OBJECTS] = {1, 2, 3, 9, 9, 9, 9, 9, 9,
                                                   4, 5, 6, 9, 9, 9, 9, 9, 9};
static const char *const bits[OBJECTS] = {"MP_BAD: 0\nMP_CR: 3\n",
                                          "MP_BAD: 1\nMP_CR: 3\n"};

static void write_target(survey_file *f) {
  static const survey_column columns[] = {
      {"catId", "J", ""}, {"objId", "K", ""}, {NULL, NULL, NULL}};
  survey_table(f, "TARGET", OBJECTS, columns);
  survey_cells(f, 1, 1, OBJECTS, (const double[]){5, 6});
  survey_cells(f, 2, 1, OBJECTS, (const double[]){1001, 1002});
}

static void write_metadata(survey_file *f) {
  static const survey_column columns[] = {{"metadata", "PA(60)", ""}, {NULL, NULL, NULL}};
  survey_table(f, "METADATA", OBJECTS, columns);
  for (int row = 0; row < OBJECTS; row++) {
    char text[64], *cell = text;
    snprintf(text, sizeof text, "%s", bits[row]);
    fits_write_col(f->fits, TSTRING, 1, row + 1, 1, 1, &cell, &f->code);
  }
}

static void write_images(bool is_shared, long covar_rows) {
  double waves[PIXELS * OBJECTS];
  for (int p = 0; p < PIXELS * OBJECTS; p++) {
    waves[p] = wave[p % PIXELS] + (p < PIXELS ? 0 : 0.01);
  }
  survey_file f = survey_begin(path);
  write_target(&f);
  survey_image(&f, "WAVELENGTH", DOUBLE_IMG,
               (long[3]){PIXELS, is_shared ? 0 : OBJECTS, 0}, waves);
  survey_image(&f, "FLUX", FLOAT_IMG, (long[3]){PIXELS, OBJECTS, 0}, flux);
  survey_image(&f, "MASK", LONG_IMG, (long[3]){PIXELS, OBJECTS, 0}, mask);
  survey_image(&f, "COVAR", FLOAT_IMG, (long[3]){PIXELS, covar_rows, OBJECTS}, covar);
  write_metadata(&f);
  survey_end(&f);
}

static void check_objects(bool is_shared, double shift) {
  open_file();
  assert_string_equal(info->layout, "pfsCoadd of PFS");
  assert_int_equal(info->objects, OBJECTS);
  assert_int_equal(info->is_shared, is_shared);
  read_star(1);
  double factor = 2997.92458 / star.wave[2] / star.wave[2];
  check_near(star.wave[2], 8002 + shift, 1e-9);
  check_near(star.flux[2], 30 * factor, 1e-12);
  check_near(star.variance[2], 6 * factor * factor, 1e-12);
  /* BAD is bit 1 of this object, and bit 0 of the other. */
  assert_true(star.good[0] && star.good[1] && !star.good[2]);
  read_star(0);
  check_near(star.wave[2], 8002, 1e-9);
  check_near(star.variance[0], pow(2997.92458 / 8000 / 8000, 2), 1e-12);
  assert_true(star.good[0] && !star.good[1] && star.good[2]);
  assert_int_equal(integer_of("objId", 1), 1002);
}

static void objects_are_rows_of_images(void **state) {
  (void)state;
  write_images(true, 3);
  check_objects(true, 0);
  write_images(false, 3);
  check_objects(false, 0.1);
}

/* Where lengths differ: here a third object's would. */
static void objects_are_rows_of_tables(void **state) {
  (void)state;
  static const survey_column value_d[] = {{"value", "PD(3)", ""}, {NULL, NULL, NULL}};
  static const survey_column value_e[] = {{"value", "PE(3)", ""}, {NULL, NULL, NULL}};
  static const survey_column value_j[] = {{"value", "PJ(3)", ""}, {NULL, NULL, NULL}};
  static const survey_column three[] = {{"row_0", "PE(3)", ""},
                                        {"row_1", "PE(3)", ""},
                                        {"row_2", "PE(3)", ""},
                                        {NULL, NULL, NULL}};
  survey_file f = survey_begin(path);
  write_target(&f);
  survey_table(&f, "WAVELENGTH", OBJECTS, value_d);
  for (int i = 0; i < OBJECTS; i++) survey_cells(&f, 1, i + 1, PIXELS, wave);
  survey_table(&f, "FLUX", OBJECTS, value_e);
  for (int i = 0; i < OBJECTS; i++) survey_cells(&f, 1, i + 1, PIXELS, flux + 3 * i);
  survey_table(&f, "MASK", OBJECTS, value_j);
  for (int i = 0; i < OBJECTS; i++) survey_cells(&f, 1, i + 1, PIXELS, mask + 3 * i);
  survey_table(&f, "COVAR", OBJECTS, three);
  for (int i = 0; i < 3 * OBJECTS; i++) {
    survey_cells(&f, i % 3 + 1, i / 3 + 1, PIXELS, covar + 3 * i);
  }
  write_metadata(&f);
  survey_end(&f);
  check_objects(false, 0);
}

static void rows_have_to_be_those_of_the_objects(void **state) {
  (void)state;
  write_images(true, 2);
  check_refused(HR_ERR_FORMAT,
                ": COVAR is neither an image nor a table with a row for each of the "
                "objects of TARGET; get the file again");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(objects_are_rows_of_images),
      TEST(objects_are_rows_of_tables),
      TEST(rows_have_to_be_those_of_the_objects),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

#else
int main(void) {
  return 0;
}
#endif
