/* Finding the layout of a file of spectra, and what is refused. */
#include "support/check.h"
#include "support/fail_alloc.h"

#if HR_FITS
#include "support/survey_spectra.h"

static const survey_column columns[] = {
    {"wavelength", "D", "nm"}, {"flux", "E", ""}, {NULL, NULL, NULL}};

static void write_plain(long long rows) {
  survey_file f = survey_begin(path);
  survey_table(&f, NULL, rows, columns);
  for (long long i = 0; i < rows; i++) {
    survey_cells(&f, 1, i + 1, 1, (const double[]){800 + 0.1 * (double)i});
    survey_cells(&f, 2, i + 1, 1, (const double[]){1});
  }
  survey_end(&f);
}

static void what_is_no_layout_says_what_each_lacks(void **state) {
  (void)state;
  survey_file f = survey_begin(path);
  survey_image(&f, "FLUX", FLOAT_IMG, (long[3]){4, 0, 0}, NULL);
  survey_end(&f);
  assert_int_equal(hr_fits_spectra_open(path, &spectra, &err), HR_ERR_FORMAT);
  snprintf(expected, sizeof expected,
           "%s is laid out as no file of spectra that is known: ", path);
  assert_int_equal(strncmp(err.message, expected, strlen(expected)), 0);
  assert_non_null(strstr(err.message, "pfsObject of PFS (lacks the extension MASK), "));
  assert_non_null(strstr(err.message, ", a plain table (lacks a table)"));
}

static void files_of_nothing_are_refused(void **state) {
  (void)state;
  write_plain(0);
  check_refused(HR_ERR_EMPTY, " holds no spectra");
  write_plain(1);
  check_refused(HR_ERR_FORMAT, " has spectra of 1 pixels; from 2 to 1048576 are read");
}

static void files_know_whether_they_are_fits(void **state) {
  (void)state;
  write_plain(2);
  assert_true(hr_fits_is_fits(path));
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fputs("\211HDF\r\n\032\n", file);
  fclose(file);
  assert_false(hr_fits_is_fits(path));
  assert_false(hr_fits_is_fits("/no/such/file"));
}

static hr_status open_and_read(void) {
  hr_status status = hr_fits_spectra_open(path, &spectra, &err);
  if (status == HR_OK) status = hr_fits_spectra_read(spectra, 0, &star, &err);
  hr_fits_spectrum_fini(&star);
  hr_fits_spectra_close(&spectra);
  return status;
}

static void failing_allocations_are_reported(void **state) {
  (void)state;
  write_plain(5);
  check_alloc_failures(open_and_read());
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(what_is_no_layout_says_what_each_lacks),
      TEST(files_of_nothing_are_refused),
      TEST(files_know_whether_they_are_fits),
      TEST(failing_allocations_are_reported),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

#else
int main(void) {
  return 0;
}
#endif
