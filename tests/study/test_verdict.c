/* Whether a study passed its own criteria, as its run directory says. */
#include "headroom/study.h"

#include "core/file.h"
#include "support/scratch.h"

static scratch s;
static char expected[256];

static int set_up(void **state) {
  (void)state;
  scratch_init(&s);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  scratch_fini(&s);
  return 0;
}

static void results_tell_whether_it_passed(void **state) {
  (void)state;
  hr_error err = {0};
  bool passed = false;
  scratch_write(&s, "results.json", "{\"gate_passed\": true}");
  check_ok(hr_study_gate(s.path, &passed, &err));
  assert_true(passed);
  scratch_write(&s, "results.json", "{\"gate_passed\": false}");
  check_ok(hr_study_gate(s.path, &passed, &err));
  assert_false(passed);
}

static void results_that_do_not_say_are_refused(void **state) {
  (void)state;
  hr_error err = {0};
  bool passed = false;
  snprintf(expected, sizeof expected, "%s has no results.json that can be read", s.path);
  check_fails(hr_study_gate(s.path, &passed, &err), HR_ERR_MISSING, expected);
  scratch_write(&s, "results.json", "[]");
  check_fails(hr_study_gate(s.path, &passed, &err), HR_ERR_MISSING, expected);
  scratch_write(&s, "results.json", "{\"gate_passed\": \"yes\"}");
  snprintf(expected, sizeof expected, "%s/results.json does not say gate_passed", s.path);
  check_fails(hr_study_gate(s.path, &passed, &err), HR_ERR_FORMAT, expected);
}

/* It passes where that of every target does. */
static void every_target_has_to_pass(void **state) {
  (void)state;
  hr_error err = {0};
  bool passed = false;
  scratch_write(&s, "results.json",
                "{\"gate_passed\": true, \"experiment\": {\"targets\": [\"log_g\", "
                "\"T_eff\"]}}");
  check_ok(hr_make_folders(scratch_name(&s, "targets/T_eff"), &err));
  scratch_write(&s, "targets/T_eff/results.json", "{\"gate_passed\": true}");
  check_ok(hr_study_gate(s.path, &passed, &err));
  assert_true(passed);
  scratch_write(&s, "targets/T_eff/results.json", "{\"gate_passed\": false}");
  check_ok(hr_study_gate(s.path, &passed, &err));
  assert_false(passed);
}

static const char two_experts[] =
    "{\"experts\": [{\"name\": \"ridge\"}, {\"name\": \"lightgbm\"}], \"bins\": ["
    "{\"experts\": {\"ridge\": {\"status\": \"skipped\", \"note\": \"few rows\"}, "
    "\"lightgbm\": {\"status\": \"%s\", \"note\": \"no library\"}}}, "
    "{\"experts\": {\"ridge\": {\"status\": \"ok\", \"note\": \"\"}, "
    "\"lightgbm\": {\"status\": \"unavailable\", \"note\": \"no library\"}}}]}";

/* One bin is enough for an expert not to be lost. */
static void experts_without_any_bin_are_lost(void **state) {
  (void)state;
  hr_error err = {0};
  char results[1024], *lost = NULL;
  snprintf(results, sizeof results, two_experts, "ok");
  scratch_write(&s, "results.json", results);
  check_ok(hr_study_lost(s.path, &lost, &err));
  assert_null(lost);
  snprintf(results, sizeof results, two_experts, "unavailable");
  scratch_write(&s, "results.json", results);
  check_ok(hr_study_lost(s.path, &lost, &err));
  assert_string_equal(lost, "lightgbm (no library)");
  hr_text_free(lost);
}

/* Why nothing could be trained is said with it. */
static void labels_outside_all_bins_are_told(void **state) {
  (void)state;
  hr_error err = {0};
  char *lost = NULL;
  static const char results[] =
      "{\"ledger\": {\"train_covered\": %d, \"train_uncovered\": 9}, \"warnings\": ["
      "{\"code\": \"clip\", \"text\": \"no\"}, "
      "{\"code\": \"uncovered\", \"text\": \"9 of them\"}, "
      "{\"code\": \"uncovered\", \"text\": \"test rows\"}], "
      "\"experts\": [{\"name\": \"ridge\"}], \"bins\": [{\"experts\": {\"ridge\": "
      "{\"status\": \"skipped\", \"note\": \"0 rows\"}}}]}";
  char text[512];
  for (int covered = 1; covered < 3; covered++) {
    snprintf(text, sizeof text, results, covered);
    scratch_write(&s, "results.json", text);
    check_ok(hr_study_lost(s.path, &lost, &err));
    assert_string_equal(lost,
                        covered == 1 ? "ridge (0 rows): 9 of them" : "ridge (0 rows)");
    hr_text_free(lost);
  }
}

/* One of all rows alone is lost where it has no model. */
static void models_of_all_rows_are_lost(void **state) {
  (void)state;
  hr_error err = {0};
  char *lost = NULL;
  static const char results[] =
      "{\"experts\": [{\"name\": \"vit\", \"only_global\": true, \"status\": \"%s\", "
      "\"note\": \"no runtime\"}], \"bins\": []}";
  char text[256];
  snprintf(text, sizeof text, results, "ok");
  scratch_write(&s, "results.json", text);
  check_ok(hr_study_lost(s.path, &lost, &err));
  assert_null(lost);
  snprintf(text, sizeof text, results, "unavailable");
  scratch_write(&s, "results.json", text);
  check_ok(hr_study_lost(s.path, &lost, &err));
  assert_string_equal(lost, "vit (no runtime)");
  hr_text_free(lost);
}

static void results_that_do_not_tell_experts_are_refused(void **state) {
  (void)state;
  hr_error err = {0};
  char *lost = NULL;
  snprintf(expected, sizeof expected, "%s has no results.json that can be read", s.path);
  check_fails(hr_study_lost(s.path, &lost, &err), HR_ERR_MISSING, expected);
  scratch_write(&s, "results.json", "{\"experts\": []}");
  snprintf(expected, sizeof expected, "%s/results.json does not say experts and bins",
           s.path);
  check_fails(hr_study_lost(s.path, &lost, &err), HR_ERR_FORMAT, expected);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(results_tell_whether_it_passed, set_up, tear_down),
      cmocka_unit_test_setup_teardown(labels_outside_all_bins_are_told, set_up,
                                      tear_down),
      cmocka_unit_test_setup_teardown(experts_without_any_bin_are_lost, set_up,
                                      tear_down),
      cmocka_unit_test_setup_teardown(models_of_all_rows_are_lost, set_up, tear_down),
      cmocka_unit_test_setup_teardown(results_that_do_not_tell_experts_are_refused,
                                      set_up, tear_down),
      cmocka_unit_test_setup_teardown(every_target_has_to_pass, set_up, tear_down),
      cmocka_unit_test_setup_teardown(results_that_do_not_say_are_refused, set_up,
                                      tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
