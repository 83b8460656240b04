/* A look at a file of a survey, to the letter. */
#include "headroom/inspect.h"

#include <stdlib.h>

#include "support/check.h"
#include "support/fail_alloc.h"
#include "support/scratch.h"

#if HR_FITS
#include "support/survey_file.h"

static scratch s;
static hr_error err;
static char path[256], expected[2048];
static hr_inspection *inspection;

static int prepare(void **state) {
  (void)state;
  scratch_init(&s);
  snprintf(path, sizeof path, "%s/s.fits", s.path);
  return 0;
}

static int tidy(void **state) {
  (void)state;
  hr_inspection_destroy(&inspection);
  scratch_fini(&s);
  return 0;
}

static void write_stars(int rows) {
  static const survey_column columns[] = {{"wavelength", "4D", "nm"},
                                          {"flux", "4E", "nJy"},
                                          {"ivar", "4E", ""},
                                          {"star", "K", ""},
                                          {NULL, NULL, NULL}};
  survey_file f = survey_begin(path);
  survey_table(&f, NULL, rows, columns);
  for (int row = 1; row <= rows; row++) {
    survey_cells(&f, 1, row, 4, (const double[]){800, 800.1, 800.2, 800.3 + row});
    survey_cells(&f, 2, row, 4, (const double[]){1, 2, 3, 4});
    survey_cells(&f, 3, row, 4, (const double[]){1, 0, 1, 1});
    survey_cells(&f, 4, row, 1, (const double[]){row});
  }
  survey_end(&f);
}

static void the_account(void **state) {
  (void)state;
  hr_inspect_info info = {.size = sizeof info};
  write_stars(2);
  check_ok(hr_inspect(path, NULL, &inspection, &err));
  check_ok(hr_inspection_get_info(inspection, &info, &err));
  assert_true(info.is_usable && !info.is_dataset);
  assert_int_equal(info.rows, 2);
  snprintf(expected, sizeof expected,
           "%s (8.6 kB)\n"
           "2 spectra of 4 pixels, 8000.00 to 8023.00 A\n"
           "\n"
           "Survey\n"
           "  layout       a plain table\n"
           "  wavelengths  the column wavelength, nm\n"
           "  grids        one a spectrum\n"
           "  flux         nJy\n"
           "  errors       known\n"
           "  masks        no mask\n"
           "  ids          none\n"
           "  columns      star\n"
           "  good         75.00 %% of the pixels of 2 spectra\n",
           path);
  assert_string_equal(info.text, expected);
}

static void for_programs(void **state) {
  (void)state;
  hr_inspect_info info = {.size = sizeof info};
  hr_inspect_options options = hr_inspect_options_default();
  options.as_json = true;
  write_stars(100);
  check_ok(hr_inspect(path, &options, &inspection, &err));
  check_ok(hr_inspection_get_info(inspection, &info, &err));
  assert_non_null(strstr(info.text, "\"layout\": \"a plain table\""));
  assert_non_null(strstr(info.text, "\"looked_at\": 25"));
  assert_non_null(strstr(info.text, "\"good_share\": 0.75"));
  assert_non_null(strstr(info.text, "\"rows\": 100"));
}

static void by_a_child_it_is_the_same(void **state) {
  (void)state;
  bool is_usable = false;
  char *text = NULL;
  write_stars(2);
  check_ok(hr_inspect_guarded(path, NULL, &is_usable, &text, &err));
  assert_true(is_usable);
  assert_non_null(strstr(text, "  layout       a plain table\n"));
  hr_text_free(text);
}

static void what_is_none_is_refused(void **state) {
  (void)state;
  survey_file f = survey_begin(path);
  survey_end(&f);
  assert_int_equal(hr_inspect(path, NULL, &inspection, &err), HR_ERR_FORMAT);
  assert_non_null(
      strstr(err.message, " is laid out as no file of spectra that is known"));
}

static hr_status look(void) {
  hr_status status = hr_inspect(path, NULL, &inspection, &err);
  hr_inspection_destroy(&inspection);
  return status;
}

static void failing_allocations_are_reported(void **state) {
  (void)state;
  write_stars(2);
  check_alloc_failures(look());
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, prepare, tidy)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(the_account),
      TEST(for_programs),
      TEST(by_a_child_it_is_the_same),
      TEST(what_is_none_is_refused),
      TEST(failing_allocations_are_reported),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

#else
int main(void) {
  return 0;
}
#endif
