/* The life of a comparison: what it refuses, and what it writes. */
#include "headroom/compare.h"

#include <sys/stat.h>

#include "compare/compared.h"
#include "support/fail_alloc.h"

static compared k;
static scratch place;
static hr_comparison *c;
static hr_error err;

static int prepare(void **state) {
  (void)state;
  compared_init(&k, "en");
  scratch_init(&place);
  return 0;
}

static int tidy(void **state) {
  (void)state;
  hr_comparison_close(&c);
  scratch_fini(&place);
  compared_fini(&k);
  return 0;
}

static void check_is_there(const char *name) {
  struct stat info;
  char path[256];
  snprintf(path, sizeof path, "%s/%s", place.path, name);
  assert_int_equal(stat(path, &info), 0);
  assert_true(info.st_size > 0);
}

static void a_folder_gets_page_tables_and_figure(void **state) {
  (void)state;
  char folder[128];
  snprintf(folder, sizeof folder, "%s/deep/there", place.path);
  check_ok(hr_comparison_write(k.comparison, folder, NULL, &err));
  check_is_there("deep/there/comparison.md");
  check_is_there("deep/there/comparison.json");
  check_is_there("deep/there/tables/ladder.csv");
  check_is_there("deep/there/tables/settings.csv");
  check_is_there("deep/there/figures/comparison.png");
  check_is_there("deep/there/figures/comparison.csv");
  check_ok(hr_comparison_write(k.comparison, folder, NULL, &err));
}

static void a_runs_directory_is_left_alone(void **state) {
  (void)state;
  char expected[256];
  snprintf(expected, sizeof expected,
           "%s holds other files; give the comparison a folder of its own",
           k.runs.s[1].path);
  check_fails(hr_comparison_write(k.comparison, k.runs.s[1].path, NULL, &err),
              HR_ERR_USAGE, expected);
}

static void too_few_or_too_many_are_refused(void **state) {
  (void)state;
  const char *many[HR_COMPARE_MOST_RUNS + 1] = {k.runs.s[0].path};
  check_fails(hr_compare(many, 1, NULL, &c, &err), HR_ERR_USAGE,
              "2 to 16 runs can be compared, not 1");
  check_fails(hr_compare(many, HR_COMPARE_MOST_RUNS + 1, NULL, &c, &err), HR_ERR_USAGE,
              "2 to 16 runs can be compared, not 17");
}

static void a_run_and_itself_are_refused(void **state) {
  (void)state;
  char expected[256];
  const char *dirs[] = {k.runs.s[0].path, k.runs.s[0].path};
  snprintf(expected, sizeof expected, "%s is to be compared with itself", dirs[0]);
  check_fails(hr_compare(dirs, 2, NULL, &c, &err), HR_ERR_USAGE, expected);
  char other[128];
  snprintf(other, sizeof other, "%s/.", dirs[0]);
  dirs[1] = other;
  snprintf(expected, sizeof expected, "%s is to be compared with itself", other);
  check_fails(hr_compare(dirs, 2, NULL, &c, &err), HR_ERR_USAGE, expected);
}

static void a_target_that_a_run_lacks_is_refused(void **state) {
  (void)state;
  char expected[256];
  const char *dirs[] = {k.runs.s[0].path, k.runs.s[1].path};
  hr_compare_options options = hr_compare_options_default();
  options.target = "T_eff";
  snprintf(expected, sizeof expected,
           "%s predicts log_g and not T_eff; give --target a label that all runs predict",
           dirs[0]);
  check_fails(hr_compare(dirs, 2, &options, &c, &err), HR_ERR_USAGE, expected);
}

static void options_of_another_size_are_refused(void **state) {
  (void)state;
  const char *dirs[] = {k.runs.s[0].path, k.runs.s[1].path};
  hr_compare_options options = {.size = 3};
  assert_int_equal(hr_compare(dirs, 2, &options, &c, &err), HR_ERR_USAGE);
}

static void a_folder_that_is_no_run_is_named(void **state) {
  (void)state;
  const char *dirs[] = {k.runs.s[0].path, place.path};
  assert_int_equal(hr_compare(dirs, 2, NULL, &c, &err), HR_ERR_MISSING);
  assert_non_null(strstr(err.message, place.path));
}

static char *text_of(const hr_comparison *comparison) {
  char *text = NULL;
  check_ok(hr_comparison_text(comparison, HR_COMPARISON_TEXT, &text, &err));
  return text;
}

/* The words of the first run, also for the methods of a run in another language. */
static void one_language_is_spoken(void **state) {
  (void)state;
  const char *dirs[] = {k.runs.s[0].path, k.runs.s[1].path};
  const char *back[] = {k.runs.s[1].path, k.runs.s[0].path};
  char *english = text_of(k.comparison);
  k.runs.f[1].input.language = "zh";
  two_runs_write(&k.runs, 1);
  check_ok(hr_compare(dirs, 2, NULL, &c, &err));
  char *mixed = text_of(c);
  assert_string_equal(mixed, english);
  assert_null(strstr(mixed, "全局"));
  hr_text_free(mixed);
  hr_text_free(english);
  hr_comparison_close(&c);
  check_ok(hr_compare(back, 2, NULL, &c, &err));
  char *chinese = text_of(c);
  assert_non_null(strstr(chinese, "全局"));
  assert_null(strstr(chinese, "Global"));
  hr_text_free(chinese);
}

static hr_status write_again(void) {
  return hr_comparison_write(k.comparison, place.path, NULL, &err);
}

static void memory_may_run_out(void **state) {
  (void)state;
  check_alloc_failures(write_again());
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(a_folder_gets_page_tables_and_figure, prepare,
                                      tidy),
      cmocka_unit_test_setup_teardown(a_runs_directory_is_left_alone, prepare, tidy),
      cmocka_unit_test_setup_teardown(too_few_or_too_many_are_refused, prepare, tidy),
      cmocka_unit_test_setup_teardown(a_run_and_itself_are_refused, prepare, tidy),
      cmocka_unit_test_setup_teardown(a_target_that_a_run_lacks_is_refused, prepare,
                                      tidy),
      cmocka_unit_test_setup_teardown(options_of_another_size_are_refused, prepare, tidy),
      cmocka_unit_test_setup_teardown(a_folder_that_is_no_run_is_named, prepare, tidy),
      cmocka_unit_test_setup_teardown(one_language_is_spoken, prepare, tidy),
      cmocka_unit_test_setup_teardown(memory_may_run_out, prepare, tidy),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
