/* A sweep as the library's own callers meet it. That its points are ordinary runs and its
 * table says what they say is told by tests/python/test_sweep.py; what goes wrong at
 * points, by tests/cli/test_verb_sweep.c. */
#include "headroom/sweep.h"

#include <unistd.h>

#include "core/alloc.h"
#include "support/check.h"
#include "support/study_files.h"

static scratch s;
static char yaml[512], out[160];
static hr_study_options study;
static hr_sweep_options options;
static char *dir, *text;
static hr_error err;
static size_t lines, looks;
static char told[256];

static int prepare(void **state) {
  (void)state;
  scratch_init(&s);
  study_files_write(&s);
  study_files_yaml(yaml, sizeof yaml, s.path);
  snprintf(out, sizeof out, "%s/out", s.path);
  study = hr_study_options_default();
  study.config_text = yaml;
  study.out_dir = out;
  options = hr_sweep_options_default();
  options.study = &study;
  options.key = "noise.level";
  static const char *const texts_1[] = {"1", "0"};
  options.values = texts_1;
  options.value_count = 2;
  lines = looks = 0;
  told[0] = '\0';
  return 0;
}

static void forget(void) {
  hr_text_free(dir);
  hr_text_free(text);
  dir = text = NULL;
}

static int tidy(void **state) {
  (void)state;
  forget();
  scratch_fini(&s);
  return 0;
}

static hr_status sweep(const hr_observer *observer) {
  forget();
  return hr_sweep_run(&options, observer, &dir, &text, &err);
}

static void check_refused(const char *sentence) {
  check_fails(sweep(NULL), HR_ERR_USAGE, sentence);
  assert_null(dir);
  assert_null(text);
  check_fails(hr_sweep_describe(&options, NULL, &text, &err), HR_ERR_USAGE, sentence);
  assert_null(text);
  assert_int_not_equal(access(out, F_OK), 0);
}

static void check_fails_with(hr_status status, hr_status expected, const char *start) {
  assert_int_equal(status, expected);
  assert_int_equal(strncmp(err.message, start, strlen(start)), 0);
}

static void options_that_are_none(void **state) {
  (void)state;
  study.element_count = 2;
  check_refused(
      "a sweep is no element of an array; leave element_count at 0, and divide its "
      "points");
  study.element_count = 0;
  study.size = 3;
  check_fails_with(sweep(NULL), HR_ERR_USAGE, "hr_study_options.size is 3, not ");
  options.study = NULL;
  check_refused("hr_sweep_options has no study; give one");
  options.size = 1;
  check_fails_with(sweep(NULL), HR_ERR_USAGE, "hr_sweep_options.size is 1, not ");
}

static void take_line(void *context, hr_log_level level, const char *line) {
  (void)context;
  if (level == HR_LOG_WARNING && strncmp(line, "noise.level=0", 13) == 0) {
    snprintf(told, sizeof told, "%.200s", line);
  }
  if (level == HR_LOG_INFO && strncmp(line, "point ", 6) == 0) lines++;
}

static bool say_enough(void *context) {
  (void)context;
  return ++looks > 1;
}

/* Without noise the posterior mean has no model: everything is written, and said. */
static void a_point_that_loses_an_expert_is_told(void **state) {
  (void)state;
  const hr_observer observer = {NULL, take_line, NULL, NULL};
  assert_int_equal(sweep(&observer), HR_ERR_LOST);
  assert_non_null(strstr(err.message,
                         "1 of 2 points failed or lost an expert; the first is "
                         "noise.level=0: no bin has a model of posterior ("));
  assert_string_equal(dir, out);
  assert_non_null(strstr(text, "noise.level"));
  assert_int_equal(lines, 2);
  assert_int_equal(strncmp(told, "noise.level=0: no bin has a model of posterior", 46),
                   0);
  assert_int_equal(access(scratch_name(&s, "out/sweep.csv"), F_OK), 0);
  assert_int_equal(access(scratch_name(&s, "out/points/noise.level=1/report.md"), F_OK),
                   0);
  study.mode = HR_STUDY_RESUME;
  static const char *const texts_2[] = {"2", "1"};
  options.values = texts_2;
  check_ok(sweep(NULL));
}

static void it_ends_where_the_caller_wants(void **state) {
  (void)state;
  const hr_observer observer = {NULL, NULL, NULL, say_enough};
  check_fails(sweep(&observer), HR_ERR_INTERRUPTED,
              "interrupted while checking the points");
  assert_null(dir);
  assert_int_not_equal(access(out, F_OK), 0);
}

static void plans_are_told(void **state) {
  (void)state;
  check_ok(hr_sweep_describe(&options, NULL, &text, &err));
  assert_int_equal(strncmp(text, "noise.level=1\n", 14), 0);
  assert_non_null(strstr(text, "\n\nnoise.level=0\n"));
  assert_int_not_equal(access(out, F_OK), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, prepare, tidy)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(options_that_are_none),
      TEST(a_point_that_loses_an_expert_is_told),
      TEST(it_ends_where_the_caller_wants),
      TEST(plans_are_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
