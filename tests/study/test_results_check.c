/* Results that may stay when a run is resumed, and everything that they have to be. */
#include "study/results_check.h"

#include "core/file.h"
#include "core/json_file.h"
#include "core/npy.h"
#include "core/seal.h"
#include "support/fail_alloc.h"
#include "support/scratch.h"

enum { TEST_ROWS = 3 };
static const char study[] = "0123456789abcdef", csv[] = "row,bin\n0,1\n";
static scratch s;
static char expected[1024];

/* Sealed results that say what predictions.csv is, with the Fisher bound. */
static void write_results(void) {
  hr_error err = {0};
  hr_json_builder builder = {0};
  char print[HR_SEAL_SIZE], seal[HR_SEAL_SIZE];
  json_t *root = json_object();
  json_t *experiment = hr_json_put(&builder, root, "experiment", json_object());
  hr_json_put_text(&builder, experiment, "fingerprint", study);
  json_t *predictions = hr_json_put(&builder, root, "predictions", json_object());
  hr_seal_bytes(csv, strlen(csv), print);
  hr_json_put_text(&builder, predictions, "fingerprint", print);
  json_t *ceiling = hr_json_put(&builder, root, "ceiling", json_object());
  hr_json_put(&builder, ceiling, "fisher", json_object());
  check_ok(hr_seal_compute(root, seal, &err));
  hr_json_put_text(&builder, root, "seal", seal);
  check_ok(
      hr_json_file_write(&builder, root, s.path, "results.json", hr_file_write, &err));
  json_decref(root);
}

static int set_up(void **state) {
  (void)state;
  hr_error err = {0};
  const double bound[TEST_ROWS * 2] = {0};
  scratch_init(&s);
  write_results();
  scratch_write(&s, "predictions.csv", csv);
  check_ok(hr_npy_write(scratch_name(&s, "fisher.npy"), bound, TEST_ROWS, 2, &err));
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  scratch_fini(&s);
  return 0;
}

static void refuses(const char *after) {
  hr_error err = {0};
  snprintf(expected, sizeof expected, "%s/%s", s.path, after);
  check_fails(hr_results_check(s.path, study, TEST_ROWS, &err), HR_ERR_FORMAT, expected);
}

static void sound_results_stay(void **state) {
  (void)state;
  hr_error err = {0};
  check_ok(hr_results_check(s.path, study, TEST_ROWS, &err));
}

static void other_studies_do_not(void **state) {
  (void)state;
  hr_error err = {0};
  snprintf(expected, sizeof expected, "%s/results.json is not what this study wrote",
           s.path);
  check_fails(hr_results_check(s.path, "fedcba9876543210", TEST_ROWS, &err),
              HR_ERR_FORMAT, expected);
}

static void changed_files_do_not(void **state) {
  (void)state;
  scratch_write(&s, "fisher.npy", "short");
  refuses("fisher.npy is gone or damaged");
  scratch_write(&s, "predictions.csv", "row,bin\n0,2\n");
  refuses("predictions.csv is not what results.json was written with");
  scratch_write(&s, "results.json", "{\"seal\": \"0000000000000000\"}");
  refuses("results.json is not what this study wrote");
  scratch_write(&s, "results.json", "{");
  refuses("results.json cannot be read");
}

static void files_that_are_gone_are_told(void **state) {
  (void)state;
  assert_int_equal(unlink(scratch_name(&s, "fisher.npy")), 0);
  refuses("fisher.npy is gone or damaged");
  assert_int_equal(unlink(scratch_name(&s, "predictions.csv")), 0);
  refuses("predictions.csv is not what results.json was written with");
}

/* Of the target and of the axes, as the configuration has them. */
static void other_units_are_told(void **state) {
  (void)state;
  hr_error err = {0};
  hr_config *usual = NULL, *other = NULL;
  static const char plain[] = "experiment: {id: x}\ndata: {train: [a], test: b}\n";
  static const char own[] =
      "experiment: {id: x}\ndata: {train: [a], test: b, units: {T_eff: kK}}\n";
  check_ok(hr_config_parse(plain, strlen(plain), "s.yaml", "", &usual, &err));
  check_ok(hr_config_parse(own, strlen(own), "s.yaml", "", &other, &err));
  check_ok(hr_results_check_units(s.path, other, "T_eff", &err)); /* none are told */
  scratch_write(&s, "results.json",
                "{\"experiment\": {\"unit\": \"dex\"}, \"binning\": {\"axes\": "
                "[{\"label\": \"T_eff\", \"unit\": \"K\"}]}}");
  check_ok(hr_results_check_units(s.path, usual, "log_g", &err));
  snprintf(expected, sizeof expected, "%s/results.json has other units", s.path);
  check_fails(hr_results_check_units(s.path, usual, "T_eff", &err), HR_ERR_FORMAT,
              expected);
  check_fails(hr_results_check_units(s.path, other, "log_g", &err), HR_ERR_FORMAT,
              expected);
  hr_config_destroy(&usual);
  hr_config_destroy(&other);
}

static void memory_may_run_out(void **state) {
  (void)state;
  check_alloc_failures(hr_results_check(s.path, study, TEST_ROWS, NULL));
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(sound_results_stay),   TEST(other_studies_do_not),
      TEST(changed_files_do_not), TEST(files_that_are_gone_are_told),
      TEST(other_units_are_told), TEST(memory_may_run_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
