/* Controls in results.json, and the warning of a leak. */
#include "score/controls_json.h"

#include "score/fixture.h"
#include "support/check.h"

static fixture f;
static hr_error err;
static json_t *root;
static hr_text text;

static int prepare(void **state) {
  (void)state;
  fixture_init(&f);
  return 0;
}

static int tidy(void **state) {
  (void)state;
  json_decref(root);
  root = NULL;
  hr_text_fini(&text);
  return 0;
}

/* What results.json holds of a control. */
static json_t *written(const char *name) {
  hr_text_init(&text);
  check_ok(hr_results_format(&f.input, &text, NULL, &err));
  root = json_loads(text.bytes, 0, NULL);
  json_t *controls = json_object_get(root, "controls");
  assert_non_null(controls);
  return json_object_get(controls, name);
}

static double number(const json_t *object, const char *key) {
  assert_true(json_is_real(json_object_get(object, key)));
  return json_real_value(json_object_get(object, key));
}

static void check_null_pair(const json_t *object, const char *key) {
  assert_int_equal(json_array_size(json_object_get(object, key)), 2);
  assert_true(json_is_null(json_array_get(json_object_get(object, key), 0)));
}

static void test_none_is_null(void **state) {
  (void)state;
  const json_t *placebo = written("placebo"); /* jansson's macros look twice */
  assert_true(json_is_null(placebo));
  assert_true(
      json_is_null(json_object_get(json_object_get(root, "controls"), "leakage")));
}

static void test_gains_add_up(void **state) {
  (void)state;
  fixture_add_controls(&f, 0.6);
  const json_t *placebo = written("placebo");
  const json_t *overall = json_object_get(root, "overall");
  double global = number(json_array_get(overall, 0), "r2_pooled");
  double oracle = number(json_array_get(overall, 1), "r2_pooled");
  double r2 = number(placebo, "r2_pooled");
  assert_string_equal(json_string_value(json_object_get(placebo, "status")), "ok");
  assert_string_equal(json_string_value(json_object_get(placebo, "global")),
                      "global_ridge");
  assert_string_equal(json_string_value(json_object_get(placebo, "oracle")),
                      "ridge_oracle");
  check_near(number(placebo, "partition_gain"), r2 - global, 1e-15);
  check_near(number(placebo, "oracle_gain"), oracle - r2, 1e-15);
  check_near(number(placebo, "seconds"), 0.5, 0);
}

static void test_who_has_no_ridge_has_nothing_to_compare(void **state) {
  (void)state;
  fixture_add_controls(&f, 0.6);
  f.input.outcomes = f.outcomes + 1;
  f.input.outcome_count = 1;
  const json_t *placebo = written("placebo");
  assert_non_null(json_object_get(placebo, "r2_pooled"));
  assert_null(json_object_get(placebo, "oracle_gain"));
}

static void test_a_skipped_control_says_why(void **state) {
  (void)state;
  fixture_add_controls(&f, 0.6);
  f.control_fits[0].status = HR_FIT_SKIPPED;
  snprintf(f.control_fits[0].note, sizeof f.control_fits[0].note, "no bins");
  const json_t *placebo = written("placebo");
  assert_string_equal(json_string_value(json_object_get(placebo, "status")), "skipped");
  assert_string_equal(json_string_value(json_object_get(placebo, "note")), "no bins");
  assert_true(json_is_null(json_object_get(placebo, "r2_pooled")));
  assert_true(json_is_null(json_object_get(placebo, "oracle_gain")));
  check_null_pair(placebo, "r2_pooled_ci");
  check_null_pair(placebo, "oracle_gain_ci");
}

static void keep_line(void *context, hr_log_level level, const char *line) {
  assert_int_equal(level, HR_LOG_WARNING);
  snprintf(context, 512, "%s", line);
}

static void test_a_leak_is_told(void **state) {
  (void)state;
  char line[512] = "";
  const hr_observer observer = {.context = line, .log = keep_line};
  f.input.observer = &observer;
  fixture_add_controls(&f, 3.0);
  const json_t *leakage = written("leakage");
  assert_true(json_is_false(json_object_get(leakage, "warning")));
  assert_string_equal(line, "");
  tidy(NULL);
  fixture_add_controls(&f, 0.1);
  leakage = written("leakage");
  assert_true(json_is_true(json_object_get(leakage, "warning")));
  check_near(number(leakage, "threshold"), 0.05, 0);
  const json_t *interval = json_object_get(leakage, "r2_pooled_ci");
  char expected[512];
  snprintf(expected, sizeof expected,
           "the error alone, without the flux, predicts log_g with R2 %.3f [%.3f, %.3f]: "
           "an expert that took it as an input would read the answer (see Controls in "
           "the report)",
           number(leakage, "r2_pooled"), json_real_value(json_array_get(interval, 0)),
           json_real_value(json_array_get(interval, 1)));
  assert_string_equal(line, expected);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, prepare, tidy)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_none_is_null),
      TEST(test_gains_add_up),
      TEST(test_who_has_no_ridge_has_nothing_to_compare),
      TEST(test_a_skipped_control_says_why),
      TEST(test_a_leak_is_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
