/* Pages of stars that are named, out of whole files. */
#include "headroom/predict.h"
#include "support/fail_alloc.h"
#include "support/linear_bundle.h"
#include "support/shards.h"
#include "support/warnings.h"

static scratch s;
static hr_error err;
static char model[128], file[128], pages[128], expected[512];
static const char *files[] = {file, file};
static hr_predict_options options;

static int prepare(void **state) {
  (void)state;
  scratch_init(&s);
  snprintf(model, sizeof model, "%s/run/model", s.path);
  snprintf(file, sizeof file, "%s/stars.h5", s.path);
  snprintf(pages, sizeof pages, "%s/pages", s.path);
  linear_bundle_write(model, "exclude");
  shard_spec spec = shard_spec_default(file);
  spec.pixels = FIXTURE_PIXELS;
  shard_write(&spec);
  options = hr_predict_options_default();
  options.model = model;
  options.files = files;
  options.file_count = 1;
  options.router = "global";
  return 0;
}

static int tidy(void **state) {
  (void)state;
  scratch_fini(&s);
  return 0;
}

static void check_there(const char *name) {
  char path[256];
  snprintf(path, sizeof path, "%s/%s", pages, name);
  assert_int_equal(access(path, F_OK), 0);
}

static void a_row_is_drawn(void **state) {
  (void)state;
  char *text = NULL;
  check_ok(hr_predict_plot(&options, "2,0", pages, NULL, &text, &err));
  snprintf(expected, sizeof expected, "%s/star_2.png\n%s/star_0.png\n", pages, pages);
  assert_string_equal(text, expected);
  hr_text_free(text);
  check_there("star_2.png");
  check_there("star_2.svg");
  check_there("star_0.pdf");
  check_there("star_0.csv");
}

static void stars_that_are_not_there_are_told(void **state) {
  (void)state;
  check_fails(hr_predict_plot(&options, "2,99", pages, NULL, NULL, &err), HR_ERR_DATA,
              "--plot: no file has a row 99, counted from 0; name a column of ids with "
              "--keep to look for one");
  options.keep = "id";
  assert_int_not_equal(access(pages, F_OK), 0);
  check_fails(hr_predict_plot(&options, "x", pages, NULL, NULL, &err), HR_ERR_USAGE,
              "--plot: 'x' is no whole number; name stars by an id of their files, or by "
              "rows that count from 0");
  check_fails(hr_predict_plot(&options, ",", pages, NULL, NULL, &err), HR_ERR_USAGE,
              "--plot names no star; give ids, as in 17,18");
}

static void columns_that_are_kept_are_looked_in(void **state) {
  (void)state;
  options.keep = "log_g";
  check_fails(hr_predict_plot(&options, "2", pages, NULL, NULL, &err), HR_ERR_DATA,
              "--plot: no star of the files is 2 by log_g; --keep names other columns to "
              "look in");
}

static void of_several_the_first_is_drawn(void **state) {
  (void)state;
  warnings w = {0};
  const hr_observer observer = warnings_observer(&w);
  options.file_count = 2;
  check_ok(hr_predict_plot(&options, "1", pages, &observer, NULL, &err));
  snprintf(expected, sizeof expected,
           "--plot: 2 rows are 1; the first, row 1 of %s, is drawn", file);
  assert_string_equal(w.last, expected);
}

static void runs_are_left_as_they_are(void **state) {
  (void)state;
  snprintf(expected, sizeof expected,
           "figures would stand in %s, which is a run or its model and vouches for its "
           "files; name another folder with --plot-dir",
           model);
  check_fails(hr_predict_plot(&options, "1", model, NULL, NULL, &err), HR_ERR_USAGE,
              expected);
}

static hr_status plot(void) {
  return hr_predict_plot(&options, "1", pages, NULL, NULL, NULL);
}

static void failing_allocations_are_reported(void **state) {
  (void)state;
  check_alloc_failures(plot());
}

#define PAGES_TEST(name) cmocka_unit_test_setup_teardown(name, prepare, tidy)

int main(void) {
  const struct CMUnitTest tests[] = {
      PAGES_TEST(a_row_is_drawn),
      PAGES_TEST(stars_that_are_not_there_are_told),
      PAGES_TEST(columns_that_are_kept_are_looked_in),
      PAGES_TEST(of_several_the_first_is_drawn),
      PAGES_TEST(runs_are_left_as_they_are),
      PAGES_TEST(failing_allocations_are_reported),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
