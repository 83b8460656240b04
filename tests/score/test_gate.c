/* Verdicts of the gate. */
#include "score/gate.h"

#include "support/check.h"

static const double none = (double)NAN;

static void test_verdicts(void **state) {
  (void)state;
  assert_int_equal(hr_gate_judge(0.72, (hr_interval){0.70, 0.74}, 0.70), HR_VERDICT_PASS);
  assert_int_equal(hr_gate_judge(0.66, (hr_interval){0.64, 0.69}, 0.70), HR_VERDICT_FAIL);
  assert_int_equal(hr_gate_judge(0.69, (hr_interval){0.66, 0.70}, 0.70),
                   HR_VERDICT_UNDECIDED);
  assert_int_equal(hr_gate_judge(0.72, (hr_interval){0.69, 0.74}, 0.70),
                   HR_VERDICT_UNDECIDED);
  assert_int_equal(hr_gate_judge(none, (hr_interval){0.9, 0.9}, 0.70),
                   HR_VERDICT_UNDECIDED);
  assert_int_equal(hr_gate_judge(0.72, (hr_interval){none, none}, 0.70),
                   HR_VERDICT_UNDECIDED);
  assert_string_equal(hr_verdict_name(HR_VERDICT_PASS), "pass");
  assert_string_equal(hr_verdict_name(HR_VERDICT_FAIL), "fail");
  assert_string_equal(hr_verdict_name(HR_VERDICT_UNDECIDED), "undecided");
}

static void test_criteria(void **state) {
  (void)state;
  const hr_gate_thresholds thresholds = {0.70, 0.05, 0.65, 0.05};
  const hr_gate_measures measures = {
      .oracle_r2 = 0.68,
      .delta_r2 = 0.08,
      .focus_delta_r2 = 0.01,
      .has_focus = true,
      .oracle_r2_interval = {0.66, 0.69},
      .delta_r2_interval = {0.06, 0.10},
      .focus_delta_r2_interval = {-0.01, 0.03},
  };
  hr_gate_criterion criteria[HR_GATE_CRITERIA];
  size_t count = 0;
  assert_false(hr_gate_evaluate(&thresholds, &measures, criteria, &count));
  assert_int_equal(count, 4);
  assert_string_equal(criteria[0].name, "oracle_r2");
  assert_int_equal(criteria[0].verdict, HR_VERDICT_FAIL);
  assert_string_equal(criteria[1].name, "delta_r2");
  assert_int_equal(criteria[1].verdict, HR_VERDICT_PASS);
  assert_string_equal(criteria[1].next, "the hybrid works");
  assert_string_equal(criteria[2].name, "insufficient");
  assert_int_equal(criteria[2].verdict, HR_VERDICT_PASS); /* it is not insufficient */
  check_near(criteria[2].threshold, 0.65, 0);
  assert_string_equal(criteria[3].name, "focus_bins");
  assert_int_equal(criteria[3].verdict, HR_VERDICT_FAIL);
  assert_string_equal(criteria[3].next, "caution: C1.1, metal-poor rescue");
}

static void test_all_pass(void **state) {
  (void)state;
  const hr_gate_thresholds thresholds = {0.70, 0.05, 0.65, 0.05};
  const hr_gate_measures measures = {.oracle_r2 = 0.8,
                                     .delta_r2 = 0.1,
                                     .focus_delta_r2 = 0.1,
                                     .has_focus = true,
                                     .oracle_r2_interval = {0.75, 0.85},
                                     .delta_r2_interval = {0.06, 0.14},
                                     .focus_delta_r2_interval = {0.06, 0.14}};
  hr_gate_criterion criteria[HR_GATE_CRITERIA];
  size_t count = 0;
  assert_true(hr_gate_evaluate(&thresholds, &measures, criteria, &count));
  assert_string_equal(criteria[0].next, "pass, level 1: go on to C2, keep rho");
}

/* A study that names no focus bins is not asked what they gain. */
static void test_no_focus(void **state) {
  (void)state;
  const hr_gate_thresholds thresholds = {0.70, 0.05, 0.65, 0.05};
  const hr_gate_measures measures = {.oracle_r2 = 0.8,
                                     .delta_r2 = 0.1,
                                     .focus_delta_r2 = none,
                                     .oracle_r2_interval = {0.75, 0.85},
                                     .delta_r2_interval = {0.06, 0.14},
                                     .focus_delta_r2_interval = {none, none}};
  hr_gate_criterion criteria[HR_GATE_CRITERIA];
  size_t count = 0;
  assert_true(hr_gate_evaluate(&thresholds, &measures, criteria, &count));
  assert_int_equal(count, 3);
  assert_string_equal(criteria[2].name, "insufficient");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_verdicts),
      cmocka_unit_test(test_criteria),
      cmocka_unit_test(test_all_pass),
      cmocka_unit_test(test_no_focus),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
