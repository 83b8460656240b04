/* Files of surveys through headroom/survey_file.h. */
#include "headroom/survey_file.h"

#include "headroom/version.h"
#include "support/check.h"
#include "support/fail_alloc.h"

#if HR_FITS
#include "support/survey_spectra.h"

static hr_survey_file *file;
static hr_survey_file_info told;
static hr_survey_file_spectrum spectrum;

static int forget(void **state) {
  hr_survey_file_close(&file);
  return tidy(state);
}

/* Two stars on pixels of their own, the second a shorter one. */
static void write_table(const char *flux_unit) {
  static survey_column columns[] = {
      {"wavelength", "PD(3)", "nm"}, {"flux", "PE(3)", ""}, {"ivar", "PE(3)", ""},
      {"mask", "PJ(3)", ""},         {"star", "K", ""},     {NULL, NULL, NULL}};
  columns[1].unit = flux_unit;
  survey_file f = survey_begin(path);
  survey_table(&f, NULL, 2, columns);
  survey_cells(&f, 1, 1, 3, (const double[]){800, 801, 802});
  survey_cells(&f, 2, 1, 3, (const double[]){1, 2, 3});
  survey_cells(&f, 3, 1, 3, (const double[]){4, 0, 16});
  survey_cells(&f, 4, 1, 3, (const double[]){0, 0, 4});
  survey_cells(&f, 1, 2, 2, (const double[]){900, 901});
  survey_cells(&f, 2, 2, 2, (const double[]){5, 6});
  survey_cells(&f, 3, 2, 2, (const double[]){1, 1});
  survey_cells(&f, 4, 2, 2, (const double[]){0, 0});
  survey_cells(&f, 5, 1, 2, (const double[]){7, 8});
  survey_end(&f);
}

static void open_survey(const char *mask_bits) {
  hr_survey_file_close(&file);
  check_ok(hr_survey_file_open(path, mask_bits, &file, &err));
  told.size = sizeof told;
  check_ok(hr_survey_file_get_info(file, &told, &err));
}

static void read_object(uint64_t object) {
  spectrum.size = sizeof spectrum;
  check_ok(hr_survey_file_read(file, object, &spectrum, &err));
}

static void spectra_are_as_the_file_has_them(void **state) {
  (void)state;
  write_table("");
  assert_true(hr_survey_file_is(path));
  open_survey(NULL);
  assert_string_equal(told.layout, "a plain table");
  assert_int_equal(told.objects, 2);
  assert_int_equal(told.pixels, 3);
  assert_true(told.has_error);
  assert_false(told.is_shared || told.is_calibrated);
  read_object(0);
  assert_int_equal(spectrum.pixels, 3);
  check_near(spectrum.wave_angstrom[1], 8010, 1e-9);
  check_near(spectrum.flux[2], 3, 0);
  check_near(spectrum.error[0], 0.5, 0);
  check_near(spectrum.error[1], 0, 0);
  assert_true(spectrum.good[0]);
  assert_false(spectrum.good[1] || spectrum.good[2]);
  read_object(1);
  assert_int_equal(spectrum.pixels, 2);
  check_near(spectrum.wave_angstrom[0], 9000, 1e-9);
}

static void bits_are_chosen(void **state) {
  (void)state;
  write_table("");
  open_survey("none");
  read_object(0);
  assert_true(spectrum.good[2]);
  snprintf(expected, sizeof expected,
           "--mask-bits: 'zz' is no bit of a mask; give names as PFS has them "
           "(BAD,CR,SAT), numbers from 0 to 62, or none");
  hr_survey_file_close(&file);
  check_fails(hr_survey_file_open(path, "zz", &file, &err), HR_ERR_USAGE, expected);
  assert_null(file);
}

static void units_are_told(void **state) {
  (void)state;
  write_table("nJy");
  open_survey(NULL);
  assert_true(told.is_calibrated);
  assert_string_equal(told.unit, "nJy");
}

static void columns_are_exact(void **state) {
  (void)state;
  const double *values = NULL;
  const int64_t *whole = NULL;
  write_table("");
  open_survey(NULL);
  assert_int_equal(told.column_count, 1);
  assert_string_equal(told.columns[0], "star");
  assert_int_equal(told.id_count, 0);
  check_ok(hr_survey_file_column(file, "star", &values, &whole, &err));
  check_near(values[1], 8, 0);
  assert_int_equal(whole[1], 8);
  snprintf(expected, sizeof expected, "%s has no column ra of numbers; it has star",
           path);
  check_fails(hr_survey_file_column(file, "ra", &values, &whole, &err), HR_ERR_DATA,
              expected);
}

static void what_is_not_there_is_refused(void **state) {
  (void)state;
  write_table("");
  open_survey(NULL);
  check_fails(hr_survey_file_read(file, 2, &spectrum, &err), HR_ERR_USAGE,
              "object 2 was asked for, but the file has 2, counted from 0");
  spectrum.size = 1;
  snprintf(expected, sizeof expected,
           "hr_survey_file_spectrum.size is 1, not %zu as in version %s; set it to "
           "sizeof(hr_survey_file_spectrum), and build with the headers of the library "
           "that runs",
           sizeof spectrum, HR_VERSION);
  check_fails(hr_survey_file_read(file, 0, &spectrum, &err), HR_ERR_USAGE, expected);
  told.size = 1;
  snprintf(expected, sizeof expected,
           "hr_survey_file_info.size is 1, not %zu as in version %s; set it to "
           "sizeof(hr_survey_file_info), and build with the headers of the library that "
           "runs",
           sizeof told, HR_VERSION);
  check_fails(hr_survey_file_get_info(file, &told, &err), HR_ERR_USAGE, expected);
}

static hr_status open_and_read(void) {
  hr_survey_file *own = NULL;
  hr_survey_file_spectrum star_read = {.size = sizeof star_read};
  hr_status status = hr_survey_file_open(path, "2", &own, NULL);
  if (status == HR_OK) status = hr_survey_file_read(own, 0, &star_read, NULL);
  hr_survey_file_close(&own);
  return status;
}

static void failing_allocations_are_reported(void **state) {
  (void)state;
  write_table("");
  check_alloc_failures(open_and_read());
}

#define SURVEY_TEST(name) cmocka_unit_test_setup_teardown(name, prepare, forget)

int main(void) {
  const struct CMUnitTest tests[] = {
      SURVEY_TEST(spectra_are_as_the_file_has_them),
      SURVEY_TEST(bits_are_chosen),
      SURVEY_TEST(units_are_told),
      SURVEY_TEST(columns_are_exact),
      SURVEY_TEST(what_is_not_there_is_refused),
      SURVEY_TEST(failing_allocations_are_reported),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

static void without_cfitsio_nothing_is_opened(void **state) {
  (void)state;
  hr_survey_file *file = NULL;
  assert_int_equal(hr_survey_file_open("none.fits", NULL, &file, NULL), HR_ERR_FORMAT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(without_cfitsio_nothing_is_opened),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
