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

static const hr_gate_thresholds thresholds = {0.70, 0.05, 0.65, 0.05, none, none};

static void test_criteria(void **state) {
  (void)state;
  const hr_gate_measures measures = {
      .oracle_r2 = {0.68, {0.66, 0.69}, NULL},
      .delta_r2 = {0.08, {0.06, 0.10}, NULL},
      .focus_delta_r2 = {0.01, {-0.01, 0.03}, NULL},
      .has_focus = true,
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
  assert_string_equal(criteria[3].next, "not every focus bin improves");
}

static hr_gate_measures good_measures(void) {
  return (hr_gate_measures){.oracle_r2 = {0.8, {0.75, 0.85}, NULL},
                            .delta_r2 = {0.1, {0.06, 0.14}, NULL},
                            .focus_delta_r2 = {0.1, {0.06, 0.14}, NULL},
                            .mixture_delta_r2 = {0.006, {0.003, 0.010}, NULL},
                            .rho = {0.9, {0.86, 0.93}, NULL},
                            .has_focus = true};
}

static void test_all_pass(void **state) {
  (void)state;
  const hr_gate_measures measures = good_measures();
  hr_gate_criterion criteria[HR_GATE_CRITERIA];
  size_t count = 0;
  assert_true(hr_gate_evaluate(&thresholds, &measures, criteria, &count));
  assert_string_equal(criteria[0].next, "the hybrid's R2 is high enough");
}

/* A study that names no focus bins is not asked what they gain. */
static void test_no_focus(void **state) {
  (void)state;
  hr_gate_measures measures = good_measures();
  measures.has_focus = false;
  measures.focus_delta_r2 = (hr_gate_value){none, {none, none}, NULL};
  hr_gate_criterion criteria[HR_GATE_CRITERIA];
  size_t count = 0;
  assert_true(hr_gate_evaluate(&thresholds, &measures, criteria, &count));
  assert_int_equal(count, 3);
  assert_string_equal(criteria[2].name, "insufficient");
}

/* What is judged only where it is asked for; without focus bins before it. */
static void test_mixture_and_rho(void **state) {
  (void)state;
  hr_gate_thresholds asked = thresholds;
  hr_gate_measures measures = good_measures();
  hr_gate_criterion criteria[HR_GATE_CRITERIA];
  size_t count = 0;
  measures.has_focus = false;
  asked.mixture_delta_r2 = 0;
  assert_true(hr_gate_evaluate(&asked, &measures, criteria, &count));
  assert_int_equal(count, 4);
  assert_string_equal(criteria[3].name, "mixture_delta_r2");
  assert_int_equal(criteria[3].subject, HR_GATE_MIXTURE);
  assert_string_equal(criteria[3].next, "the mixture beats every single model");
  asked.mixture_delta_r2 = 0.02;
  asked.rho = 0.85;
  assert_false(hr_gate_evaluate(&asked, &measures, criteria, &count));
  assert_int_equal(count, 5);
  assert_string_equal(criteria[3].next, "no gain worth a mixture");
  assert_string_equal(criteria[4].name, "rho");
  assert_int_equal(criteria[4].verdict, HR_VERDICT_PASS);
  check_near(criteria[4].threshold, 0.85, 0);
}

/* What is undefined says why. */
static void test_undefined(void **state) {
  (void)state;
  static const char *const reasons[][2] = {
      {"no_single", "no single model of all rows to compare with"},
      {"no_gate", "no gate routes the hybrid"},
      {"no_baseline", "the baseline has no model of all rows to count from"},
      {"no_gain", "perfect routing gains too little for a share of it"},
      {"from_elsewhere", "perfect routing takes a model from elsewhere, no gate does"},
      {NULL, "no score: see the tables"}};
  hr_gate_thresholds asked = thresholds;
  hr_gate_measures measures = good_measures();
  hr_gate_criterion criteria[HR_GATE_CRITERIA];
  size_t count = 0;
  asked.rho = 0.85;
  for (size_t i = 0; i < 6; i++) {
    measures.rho = (hr_gate_value){none, {none, none}, reasons[i][0]};
    assert_false(hr_gate_evaluate(&asked, &measures, criteria, &count));
    assert_int_equal(criteria[4].verdict, HR_VERDICT_UNDECIDED);
    assert_string_equal(criteria[4].next, reasons[i][1]);
    assert_ptr_equal(criteria[4].why, reasons[i][0]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_verdicts),        cmocka_unit_test(test_criteria),
      cmocka_unit_test(test_all_pass),        cmocka_unit_test(test_no_focus),
      cmocka_unit_test(test_mixture_and_rho), cmocka_unit_test(test_undefined),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
