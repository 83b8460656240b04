/* What is said of a file whose flux is on another scale. */
#include "predict/scale_tally.h"

#include <math.h>

#include "support/check.h"

static const hr_flux_scale normalised = {0.5, 0.5, 0.5, 0.13, 0.03, 0.25, 0.07};
static const hr_flux_scale counts = {10, 1, 100, 3, 0.3, 30, 1};
static const hr_flux_scale around_zero = {0, -0.01, 0.01, 0.2, 0.1, 0.3, 0.01};
static const hr_flux_scale raised = {1000.5, 1000.4, 1000.6, 0.2, 0.1, 0.3, 0.01};

static hr_scale_tally tally;

/* The sentence of a file of `rows` such rows; it stays until the next call. */
static const char *told_of(const hr_flux_scale *training, hr_row_scale row, size_t rows) {
  static char kept[512];
  hr_text text;
  tally = (hr_scale_tally){0};
  hr_text_init(&text);
  for (size_t i = 0; i < rows; i++) {
    int side = hr_flux_scale_compare(training, &row);
    hr_scale_tally_add(&tally, training, &row, side);
  }
  hr_scale_tally_describe(&tally, training, "new.h5", &text);
  snprintf(kept, sizeof kept, "%s", text.length > 0 ? text.bytes : "");
  hr_text_fini(&text);
  return kept;
}

static void test_files_like_the_training_rows(void **state) {
  (void)state;
  const double none = (double)NAN;
  assert_string_equal(told_of(&normalised, (hr_row_scale){0.5, 0.3, 0.07, 512}, 9), "");
  assert_string_equal(told_of(&normalised, (hr_row_scale){none, none, none, 0}, 9), "");
  assert_string_equal(told_of(&normalised, (hr_row_scale){0.5, 0.3, 0.07, 512}, 0), "");
  assert_string_equal(told_of(&counts, (hr_row_scale){90, 20, 2, 512}, 30), "");
}

static void test_another_unit(void **state) {
  (void)state;
  assert_string_equal(
      told_of(&normalised, (hr_row_scale){4.97, 1.4, 0.71, 512}, 9),
      "new.h5: the median flux of its spectra is 5, but 0.5 in the training spectra, "
      "as in another unit; predictions of it mean nothing: multiply flux and error by "
      "0.1 "
      "and predict again");
  assert_non_null(
      strstr(told_of(&normalised, (hr_row_scale){5e-18, 1e-18, 7e-19, 512}, 1),
             "multiply flux and error by 1e+17 and predict again"));
  assert_non_null(
      strstr(told_of(&normalised, (hr_row_scale){5, 1.4, (double)NAN, 512}, 1),
             "multiply flux by 0.1 and predict again"));
  assert_non_null(strstr(told_of(&normalised, (hr_row_scale){1, 0.3, 0.14, 512}, 1),
                         "multiply flux and error by 0.5 and predict again"));
  assert_non_null(strstr(told_of(&around_zero, (hr_row_scale){0, 2, 0.1, 512}, 1),
                         "the spread of the flux in its spectra is 2"));
}

static void test_flux_alone(void **state) {
  (void)state;
  assert_non_null(
      strstr(told_of(&normalised, (hr_row_scale){5, 1.4, 0.07, 512}, 9),
             "and the median error is 1 times theirs; predictions of it mean nothing: "
             "bring flux and error to the scale of the training spectra and predict "
             "again"));
}

/* A study would tell of such a test set: so is a file. */
static void test_somewhat_brighter(void **state) {
  (void)state;
  static const hr_flux_scale narrow = {0.5, 0.45, 0.55, 0.13, 0.03, 0.25, 0.07};
  assert_string_equal(
      told_of(&narrow, (hr_row_scale){0.75, 0.2, 0.105, 512}, 20),
      "new.h5: the median flux of its spectra is 0.75, but 0.5 in the training spectra, "
      "1.5 times as much, and farther off than these are from one another; unless these "
      "stars are so, multiply flux and error by 0.66 and predict again");
  assert_string_equal(told_of(&narrow, (hr_row_scale){0.75, 0.2, 0.105, 512}, 19), "");
  assert_string_equal(told_of(&narrow, (hr_row_scale){0.55, 0.2, 0.08, 512}, 20), "");
  assert_non_null(
      strstr(told_of(&narrow, (hr_row_scale){0.9, 0.2, 0.07, 512}, 20),
             "unless these stars are so, bring flux and error to the scale of "
             "the training spectra"));
}

/* By the scale that a file has in its own unit. */
static void test_a_file_that_looks_bad(void **state) {
  (void)state;
  hr_text text;
  hr_text_init(&text);
  hr_flux_scale far = {0.5e30, 0.5e30, 0.5e30, 0.13e30, 0.03e30, 0.25e30, 0.07e30};
  check_near(hr_scale_describe_file(&far, &normalised, "new.h5", &text), 1e30, 1e20);
  assert_string_equal(text.bytes,
                      "new.h5: the median flux of its spectra is 5e+29, but 0.5 in the "
                      "training spectra, as in another unit; predictions of it mean "
                      "nothing: multiply flux and error by 1e-30 and predict again");
  hr_text_fini(&text);
  hr_text_init(&text);
  hr_flux_scale unknown = hr_flux_scale_unknown();
  assert_true(isnan(hr_scale_describe_file(&unknown, &normalised, "new.h5", &text)));
  assert_true(isnan(hr_scale_describe_file(&normalised, &normalised, "new.h5", &text)));
  assert_int_equal(text.length, 0);
  hr_text_fini(&text);
}

/* Where rows are two decades apart ten times as much is within them: the file as a whole
 * tells it, if error and flux go together. */
static void test_rows_of_unlike_brightness(void **state) {
  (void)state;
  assert_non_null(strstr(told_of(&counts, (hr_row_scale){100, 30, 10, 512}, 20),
                         "multiply flux and error by 0.1"));
  assert_string_equal(told_of(&counts, (hr_row_scale){100, 30, 10, 512}, 19), "");
}

static void test_another_pedestal(void **state) {
  (void)state;
  assert_non_null(
      strstr(told_of(&raised, (hr_row_scale){1100, 0.2, 0.01, 512}, 3),
             "which stand on a pedestal; predictions of another one mean nothing: bring "
             "the flux to that level and predict again"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_files_like_the_training_rows),
      cmocka_unit_test(test_another_unit),
      cmocka_unit_test(test_flux_alone),
      cmocka_unit_test(test_somewhat_brighter),
      cmocka_unit_test(test_a_file_that_looks_bad),
      cmocka_unit_test(test_rows_of_unlike_brightness),
      cmocka_unit_test(test_another_pedestal),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
