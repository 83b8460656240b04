/* What a study makes of its section gates before and beside the methods. */
#include "study/gates.h"

#include <string.h>

#include "support/small_plan.h"
#include "support/warnings.h"

static void check_refused(const char *rest, const char *sentence) {
  hr_error err = {0};
  hr_plan *plan = NULL;
  small_plan_configure(rest);
  assert_int_equal(hr_plan_create(plan_config, NULL, &plan, &err), HR_ERR_CONFIG);
  if (!strstr(err.message, sentence)) print_error("%s\n", err.message);
  assert_non_null(strstr(err.message, sentence));
  assert_null(plan);
}

static void gates_that_cannot_be_are_refused(void **state) {
  (void)state;
  check_refused("experts: {ridge: {}}\ngates: {logistic: {}}\nrun: {model: none}\n",
                ": gates mix what the models of the bundle say, and run.model: none "
                "keeps none; take compact");
  /* Six pixels near 7100 angstrom have no calcium triplet. */
  check_refused("experts: {ridge: {}}\ngates: {logistic: {}}\n",
                "gates.logistic.features");
}

static void without_the_section_nothing_happens(void **state) {
  (void)state;
  hr_error err = {0};
  hr_plan *plan = NULL;
  hr_study_gates gates;
  hr_cost cost = {0};
  small_plan_configure("experts: {ridge: {}}\n");
  check_ok(hr_plan_create(plan_config, NULL, &plan, &err));
  check_ok(hr_study_gates_init(&gates, plan, &err));
  hr_study_gates_estimate(plan, &cost);
  check_near(cost.memory_bytes, 0, 0);
  assert_false(hr_study_gates_want_rows(&gates));
  check_ok(hr_study_gates_train(&gates, plan_scratch.path, &err));
  check_ok(hr_study_gates_predict(&gates, &(hr_gated_known){0}, plan_scratch.path, &err));
  assert_int_equal(gates.trained_count, 0);
  hr_study_gates_fini(&gates);
  hr_plan_destroy(&plan);
}

/* The templates' gate learns nothing, and is there all the same. */
static void the_bayes_gate_needs_no_rows(void **state) {
  (void)state;
  hr_error err = {0};
  hr_plan *plan = NULL;
  hr_study_gates gates;
  hr_cost cost = {0};
  small_plan_configure(
      "experts: {ridge: {}, posterior: {}}\n"
      "gates: {bayes: {mixing: hard}}\n");
  check_ok(hr_plan_create(plan_config, NULL, &plan, &err));
  check_ok(hr_study_gates_init(&gates, plan, &err));
  hr_study_gates_estimate(plan, &cost);
  assert_true(cost.memory_bytes > 0);
  assert_false(hr_study_gates_want_rows(&gates));
  check_ok(hr_study_gates_train(&gates, plan_scratch.path, &err));
  assert_int_equal(gates.trained_count, 1);
  assert_string_equal(gates.trained[0].name, "bayes");
  assert_string_equal(gates.trained[0].folder, "");
  assert_string_equal(gates.trained[0].mixing, "hard");
  assert_true(gates.uses_error[0]);
  check_near(gates.temperature[0], 1, 0);
  hr_study_gates_fini(&gates);
  hr_plan_destroy(&plan);
}

/* Posterior means take long to ask, Ridges do not. */
static double operations_of(const char *rest) {
  hr_error err = {0};
  hr_plan *plan = NULL;
  hr_cost cost = {0};
  small_plan_configure(rest);
  check_ok(hr_plan_create(plan_config, NULL, &plan, &err));
  hr_study_gates_estimate(plan, &cost);
  hr_plan_destroy(&plan);
  return cost.operations;
}

static void asking_experts_takes_time(void **state) {
  (void)state;
  double bayes = operations_of("experts: {posterior: {}}\ngates: {bayes: {}}\n");
  /* Test rows times templates by 128 components at the least. */
  assert_true(bayes > 2.0 * PLAN_TEST * PLAN_TRAIN * PLAN_PIXELS);
  check_near(operations_of("experts: {ridge: {}}\n"), 0, 0);
  /* The expert of the other bin, about all test rows and all training rows. */
  double mlp = operations_of(
      "experts: {posterior: {}}\n"
      "gates: {mlp: {components: 0, windows: [{name: x, low: 7100.5, high: 7101.5}]}}\n");
  check_near(mlp / bayes, (double)(PLAN_TEST + PLAN_TRAIN) / PLAN_TEST, 1e-9);
}

/* It is trained when the bundle is there, and left out where nothing is in it. */
static void the_mlp_gate_needs_experts(void **state) {
  (void)state;
  hr_error err = {0};
  hr_plan *plan = NULL;
  hr_study_gates gates;
  warnings warned = {0};
  hr_observer observer = warnings_observer(&warned);
  small_plan_configure(
      "experts: {ridge: {}}\n"
      "gates: {mlp: {components: 0, windows: [{name: x, low: 7100.5, high: 7101.5}]}}\n");
  check_ok(hr_plan_create(plan_config, &observer, &plan, &err));
  assert_true(plan->view.keeps_validation);
  assert_true(hr_study_keeps_validation(&plan->view, 0, 1));
  assert_false(hr_study_keeps_validation(&plan->view, 1, 1));
  assert_false(hr_study_keeps_validation(&plan->view, 0, HR_GLOBAL));
  check_ok(hr_study_gates_init(&gates, plan, &err));
  assert_true(hr_study_gates_want_rows(&gates));
  assert_true(hr_study_gates_want_experts(&gates));
  check_ok(hr_study_gates_train(&gates, plan_scratch.path, &err));
  size_t before = warned.count;
  const hr_study_bundle none = {NULL, 0, NULL, 0};
  check_ok(hr_study_gates_train_on_experts(&gates, plan_scratch.path, &none, &err));
  assert_int_equal(gates.trained_count, 0);
  assert_int_equal(warned.count, before + 1);
  assert_string_equal(warned.last, "MLP gate is left out: there is no expert to ask");
  hr_study_gates_fini(&gates);
  hr_plan_destroy(&plan);
}

/* A gate that looks at a trunk waits for it, whatever its kind. */
static void without_a_trunk_a_gate_is_left_out(void **state) {
  (void)state;
  hr_error err = {0};
  hr_plan *plan = NULL;
  hr_study_gates gates;
  hr_cost cost = {0};
  warnings warned = {0};
  hr_observer observer = warnings_observer(&warned);
  small_plan_configure(
      "experts: {vit: {heads: bins, patch_size: 3, hidden_size: 8}}\n"
      "gates: {logistic: {components: 0, trunk: 3, windows: [{name: x, low: 7100.5, "
      "high: 7101.5}]}}\n");
  check_ok(hr_plan_create(plan_config, &observer, &plan, &err));
  assert_false(plan->view.keeps_validation);
  hr_study_gates_estimate(plan, &cost);
  assert_true(cost.operations > 0);
  check_ok(hr_study_gates_init(&gates, plan, &err));
  assert_true(hr_study_gates_want_experts(&gates));
  check_ok(hr_study_gates_train(&gates, plan_scratch.path, &err));
  assert_non_null(gates.learners[0]);
  size_t before = warned.count;
  const hr_study_bundle none = {NULL, 0, NULL, 0};
  check_ok(hr_study_gates_train_on_experts(&gates, plan_scratch.path, &none, &err));
  assert_int_equal(gates.trained_count, 0);
  assert_int_equal(warned.count, before + 1);
  assert_string_equal(warned.last,
                      "Logistic gate is left out: there is no trunk to look at");
  hr_study_gates_fini(&gates);
  hr_plan_destroy(&plan);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(gates_that_cannot_be_are_refused, small_plan_set_up,
                                      small_plan_tear_down),
      cmocka_unit_test_setup_teardown(without_the_section_nothing_happens,
                                      small_plan_set_up, small_plan_tear_down),
      cmocka_unit_test_setup_teardown(the_bayes_gate_needs_no_rows, small_plan_set_up,
                                      small_plan_tear_down),
      cmocka_unit_test_setup_teardown(asking_experts_takes_time, small_plan_set_up,
                                      small_plan_tear_down),
      cmocka_unit_test_setup_teardown(without_a_trunk_a_gate_is_left_out,
                                      small_plan_set_up, small_plan_tear_down),
      cmocka_unit_test_setup_teardown(the_mlp_gate_needs_experts, small_plan_set_up,
                                      small_plan_tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
