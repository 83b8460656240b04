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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(results_tell_whether_it_passed, set_up, tear_down),
      cmocka_unit_test_setup_teardown(every_target_has_to_pass, set_up, tear_down),
      cmocka_unit_test_setup_teardown(results_that_do_not_say_are_refused, set_up,
                                      tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
