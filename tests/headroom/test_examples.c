/* The programs of examples/ say what the library says of the same files. */
#include "headroom/results.h"
#include "headroom/spectra.h"

#include "support/program.h"
#include "support/study_files.h"

static scratch s;
static hr_error err;

static int prepare(void **state) {
  (void)state;
  scratch_init(&s);
  study_files_write(&s);
  return 0;
}

static int tidy(void **state) {
  (void)state;
  scratch_fini(&s);
  return 0;
}

static void run_example(const char *example, const char *file, const char *run_dir,
                        program *p) {
  const char *const arguments[] = {example, file, run_dir, NULL};
  program_finish(&s, program_start_file(&s, example, arguments), p);
}

/* What print_gate of train.c is to say. */
static void expect_gate(const hr_results *results, char *text, size_t size) {
  hr_results_info info = {.size = sizeof info};
  hr_results_criterion c = {.size = sizeof c};
  size_t used = 0;
  check_ok(hr_results_get_info(results, &info, &err));
  assert_true(info.criterion_count > 0);
  for (size_t i = 0; i < info.criterion_count; i++) {
    check_ok(hr_results_get_criterion(results, i, &c, &err));
    used += (size_t)snprintf(
        text + used, size - used, "%s %.4f [%.4f, %.4f], threshold %g: %s\n", c.name,
        c.value.value, c.value.low, c.value.high, c.threshold, c.verdict);
  }
  snprintf(text + used, size - used, "the gate %s\n",
           info.gate_passed ? "passed" : "did not pass");
}

/* What print_methods of read.c is to say. */
static void expect_methods(const hr_results *results, char *text, size_t size) {
  hr_results_info info = {.size = sizeof info};
  hr_results_method m = {.size = sizeof m};
  size_t used = 0;
  check_ok(hr_results_get_info(results, &info, &err));
  assert_true(info.method_count > 0);
  for (size_t i = 0; i < info.method_count; i++) {
    check_ok(hr_results_get_method(results, i, &m, &err));
    used +=
        (size_t)snprintf(text + used, size - used, "%s, %s rows: R2 %.4f [%.4f, %.4f]\n",
                         m.title, m.rows, m.r2.value, m.r2.low, m.r2.high);
  }
}

/* Of the spectra that study_files_write makes. */
static double mean_snr(void) {
  double sum = 0;
  for (size_t i = 0; i < STUDY_TEST_ROWS; i++) {
    double log_g = 1 + (double)(7 * i % 40) / 10;
    for (size_t p = 0; p < STUDY_PIXELS; p++) {
      sum += (1 + 0.1 * log_g * (double)(p + 1)) / 0.05;
    }
  }
  return sum / (STUDY_TEST_ROWS * STUDY_PIXELS);
}

static void a_study_is_trained_and_read(void **state) {
  (void)state;
  char config[sizeof s.name], test[sizeof s.name], run_dir[sizeof s.name];
  char expected[4096];
  program p;
  hr_results *results = NULL;
  snprintf(config, sizeof config, "%s", scratch_name(&s, "study.yaml"));
  snprintf(test, sizeof test, "%s", scratch_name(&s, "test.h5"));
  snprintf(run_dir, sizeof run_dir, "%s", scratch_name(&s, "run"));
  run_example("./example_train", config, run_dir, &p);
  assert_int_equal(p.exit_code, 0);
  check_ok(hr_results_open(run_dir, NULL, &results, &err));
  expect_gate(results, expected, sizeof expected);
  assert_string_equal(p.out, expected);
  run_example("./example_read", test, run_dir, &p);
  assert_int_equal(p.exit_code, 0);
  assert_string_equal(p.err, "");
  int used = snprintf(expected, sizeof expected, "%d spectra, mean SNR %.2f\n",
                      STUDY_TEST_ROWS, mean_snr());
  expect_methods(results, expected + used, sizeof expected - (size_t)used);
  assert_string_equal(p.out, expected);
  hr_results_close(&results);
}

static void spectra_are_written(void **state) {
  (void)state;
  char path[sizeof s.name], expected[2 * sizeof s.name];
  program p;
  hr_spectra_reader *reader = NULL;
  hr_spectra_info info = {.size = sizeof info};
  const double *log_g = NULL, *id = NULL;
  snprintf(path, sizeof path, "%s", scratch_name(&s, "stars.h5"));
  run_example("./example_write", path, NULL, &p);
  snprintf(expected, sizeof expected, "100 spectra of 50 pixels in %s\n", path);
  assert_int_equal(p.exit_code, 0);
  assert_string_equal(p.out, expected);
  const char *const paths[] = {path};
  check_ok(hr_spectra_open(paths, 1, NULL, &reader, &err));
  check_ok(hr_spectra_get_info(reader, &info, &err));
  assert_int_equal(info.rows, 100);
  assert_int_equal(info.pixels, 50);
  check_ok(hr_spectra_label(reader, "log_g", &log_g, &err));
  check_ok(hr_spectra_label(reader, "id", &id, &err));
  check_near(log_g[99], 4.96, 1e-12);
  check_near(id[99], 4295806819.0, 0);
  hr_spectra_close(&reader);
  run_example("./example_write", path, NULL, &p);
  snprintf(expected, sizeof expected,
           "%s is there already; give another name, remove it, or ask for it to be "
           "replaced (HR_ERR_USAGE)\n",
           path);
  assert_int_equal(p.exit_code, 2);
  assert_string_equal(p.err, expected);
}

static void what_goes_wrong_is_said(void **state) {
  (void)state;
  char expected[sizeof s.name + 128], missing[sizeof s.name];
  program p;
  snprintf(missing, sizeof missing, "%s", scratch_name(&s, "none"));
  snprintf(expected, sizeof expected,
           "cannot open %s: No such file or directory (HR_ERR_MISSING)\n", missing);
  run_example("./example_train", missing, missing, &p);
  assert_int_equal(p.exit_code, 3);
  assert_string_equal(p.err, expected);
  assert_string_equal(p.out, "");
  run_example("./example_read", missing, missing, &p);
  assert_int_equal(p.exit_code, 3);
  assert_string_equal(p.err, expected);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, prepare, tidy)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(a_study_is_trained_and_read),
      TEST(spectra_are_written),
      TEST(what_goes_wrong_is_said),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
