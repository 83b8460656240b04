/* Gates as results.json has them: of a gate that is made up. */
#include "score/results_gates.h"

#include <string.h>

#include "score/fixture.h"
#include "score/rungs.h"
#include "support/check.h"

enum { SLOTS = FIXTURE_BINS + 1 };

static fixture f;
static hr_evaluation *evaluation;
static hr_error err;
static double weight[FIXTURE_ROWS][SLOTS];
static double gated_mean[2][FIXTURE_ROWS];

/* Bin 0 is always known, with all of the weight; of the others the next one is said with
 * 0.6 and the right one with 0.3, the rest being no bin. The forecasts miss by what is
 * given. */
static void give_gate(double error) {
  static hr_gated gated[2];
  static hr_results_gate gate;
  for (size_t i = 0; i < FIXTURE_ROWS; i++) {
    size_t bin = f.bin[i] < 0 ? 0 : (size_t)f.bin[i];
    memset(weight[i], 0, sizeof weight[i]);
    weight[i][bin] = bin == 0 ? 1 : 0.3;
    if (bin > 0) weight[i][(bin + 1) % FIXTURE_BINS] = 0.6;
    if (bin > 0) weight[i][FIXTURE_BINS] = 0.1;
    gated_mean[0][i] = f.target[i] + (i % 2 ? error : -error);
    gated_mean[1][i] = f.target[i];
  }
  for (size_t g = 0; g < 2; g++) {
    gated[g] = (hr_gated){.gate = "made",
                          .title = "Made-up gate",
                          .mixing = g == 0 ? "soft" : "hard",
                          .is_own_mixing = g == 0,
                          .method = g == 0 ? HR_NO_METHOD : 0,
                          .prediction = gated_mean[g]};
  }
  gate = (hr_results_gate){.name = "made",
                           .title = "Made-up gate",
                           .mixing = "soft",
                           .uses_error = true,
                           .temperature = 1.5,
                           .weight = weight[0]};
  f.input.gated = gated;
  f.input.gated_count = 2;
  f.input.gates = &gate;
  f.input.gate_count = 1;
}

static json_t *write(void) {
  hr_json_builder json = {0};
  json_t *root = json_object();
  check_ok(hr_evaluation_create(&f.input, &evaluation, &err));
  check_ok(hr_results_write_gates(&json, evaluation, root, &err));
  return root;
}

static double number(const json_t *object, const char *key) {
  return json_number_value(json_object_get(object, key));
}

static int prepare(void **state) {
  (void)state;
  fixture_init(&f);
  return 0;
}

static int tidy(void **state) {
  (void)state;
  hr_evaluation_destroy(&evaluation);
  return 0;
}

static void test_without_gates_the_list_is_empty(void **state) {
  (void)state;
  json_t *root = write();
  assert_int_equal(json_array_size(json_object_get(root, "gates")), 0);
  json_decref(root);
}

static void test_a_gate_against_the_true_bins(void **state) {
  (void)state;
  give_gate(0.3);
  json_t *root = write();
  const json_t *gate = json_array_get(json_object_get(root, "gates"), 0);
  double rows[FIXTURE_BINS] = {0};
  for (size_t i = 0; i < FIXTURE_ROWS; i++) {
    if (f.bin[i] >= 0) rows[f.bin[i]]++;
  }
  double all = rows[0] + rows[1] + rows[2];
  check_near(number(gate, "n"), all, 0);
  check_near(number(gate, "accuracy"), rows[0] / all, 1e-15);
  /* Of 0.3 and 0.6, given that there is a bin: a third. */
  check_near(number(gate, "log_loss"), (rows[1] + rows[2]) * log(3) / all, 1e-12);
  check_near(number(gate, "temperature"), 1.5, 0);
  const json_t *confusion = json_object_get(gate, "confusion");
  for (size_t k = 0; k < FIXTURE_BINS; k++) {
    size_t said = k == 0 ? 0 : (k + 1) % FIXTURE_BINS;
    const json_t *cell = json_array_get(json_array_get(confusion, k), said);
    check_near(json_number_value(cell), rows[k], 0);
  }
  double octiles = 0;
  for (size_t j = 0; j < HR_SNR_OCTILES; j++) {
    octiles += number(json_array_get(json_object_get(gate, "octiles"), j), "n");
  }
  check_near(octiles, all, 0);
  json_decref(root);
}

static void test_what_is_left_of_the_gain(void **state) {
  (void)state;
  give_gate(0.3);
  json_t *root = write();
  const json_t *gate = json_array_get(json_object_get(root, "gates"), 0);
  const json_t *list = json_object_get(gate, "forecasts");
  const json_t *soft = json_array_get(list, 0), *hard = json_array_get(list, 1);
  double baseline = evaluation->methods[0].pooled[HR_SCOPE_COVERED].r2;
  size_t oracle =
      hr_evaluation_find(evaluation, HR_FORECAST_HYBRID, HR_NO_METHOD, HR_SELECT_BY_CV);
  double gain = evaluation->methods[oracle].pooled[HR_SCOPE_COVERED].r2 - baseline;
  assert_string_equal(json_string_value(json_object_get(soft, "method")),
                      "hybrid_made_soft");
  assert_string_equal(json_string_value(json_object_get(hard, "models")), "ridge");
  check_near(number(soft, "rho"), (number(soft, "r2") - baseline) / gain, 1e-12);
  const json_t *interval = json_object_get(soft, "rho_ci");
  assert_true(json_number_value(json_array_get(interval, 0)) < number(soft, "rho"));
  assert_true(json_number_value(json_array_get(interval, 1)) > number(soft, "rho"));
  check_near(number(hard, "r2"), 1, 1e-12);
  json_decref(root);
}

/* Where perfect routing gains nothing there is nothing to be left. */
static void test_no_gain_no_rho(void **state) {
  (void)state;
  give_gate(0.3);
  for (size_t v = 0; v < FIXTURE_ALPHAS; v++) {
    for (size_t i = 0; i < FIXTURE_ROWS; i++) {
      if (f.bin[i] >= 0) f.ridge_global[v][i] = f.ridge_own[v][i];
    }
  }
  f.input.outcome_count = 1;
  json_t *root = write();
  const json_t *gate = json_array_get(json_object_get(root, "gates"), 0);
  const json_t *soft = json_array_get(json_object_get(gate, "forecasts"), 0);
  assert_true(json_is_null(json_object_get(soft, "rho")));
  assert_true(json_is_number(json_object_get(soft, "r2")));
  json_decref(root);
}

/* What is deployed stands on the ladder, and is judged on all rows: it knows no bin. */
static void test_the_gates_hybrid_is_deployed(void **state) {
  (void)state;
  give_gate(0.3);
  check_ok(hr_evaluation_create(&f.input, &evaluation, &err));
  size_t at = evaluation->ladder.forecast[HR_RUNG_DEPLOYED];
  assert_true(at != HR_NO_METHOD);
  const hr_forecast *forecast = &evaluation->forecasts.items[at];
  assert_string_equal(forecast->name, "hybrid_made_soft");
  assert_string_equal(forecast->title, "Hybrid, Made-up gate");
  assert_false(hr_forecast_is_told_bin(forecast));
  assert_false(evaluation->forecasts.items[at + 1].listed);
}

static const hr_gate_criterion *criterion(const char *name) {
  for (size_t c = 0; c < evaluation->gate_count; c++) {
    if (strcmp(evaluation->gate[c].name, name) == 0) return &evaluation->gate[c];
  }
  return NULL;
}

/* The two criteria of the ladder: the same numbers as there, judged where asked for. */
static void test_criteria_of_the_ladder(void **state) {
  (void)state;
  static char *pass[HR_GATE_CRITERIA], *fail[HR_GATE_CRITERIA];
  static char kept[] = "deploy it", lost[] = "C2.1";
  pass[HR_GATE_MIXTURE] = kept;
  fail[HR_GATE_RHO] = lost;
  give_gate(0.3);
  json_decref(write());
  assert_null(criterion("mixture_delta_r2"));
  assert_null(criterion("rho"));
  hr_evaluation_destroy(&evaluation);
  f.input.gate.mixture_delta_r2 = 0;
  f.input.gate.rho = 3;
  f.input.gate_on_pass = pass;
  f.input.gate_on_fail = fail;
  json_t *root = write();
  const json_t *forecast = json_array_get(
      json_object_get(json_array_get(json_object_get(root, "gates"), 0), "forecasts"), 0);
  const hr_gate_criterion *rho = criterion("rho"), *gain = criterion("mixture_delta_r2");
  check_near(rho->value, number(forecast, "rho"), 0);
  assert_int_equal(rho->verdict, HR_VERDICT_FAIL);
  assert_string_equal(rho->then, "C2.1");
  assert_int_equal(gain->verdict, HR_VERDICT_PASS);
  assert_string_equal(gain->then, "deploy it");
  const hr_rungs rungs = hr_rungs_of(evaluation);
  const hr_rung_rows rows = hr_rungs_covered(&rungs);
  check_near(gain->value,
             hr_rungs_step(&rungs, HR_RUNG_SINGLE, HR_RUNG_ORACLE, &rows).value, 0);
  assert_null(criterion("oracle_r2")->then);
  json_decref(root);
}

/* Without a gate, and where perfect routing gains nothing, they say so. */
static void test_criteria_without_a_gate(void **state) {
  (void)state;
  f.input.gate.rho = 0.85;
  json_decref(write());
  assert_int_equal(criterion("rho")->verdict, HR_VERDICT_UNDECIDED);
  assert_string_equal(criterion("rho")->next, "no gate routes the hybrid");
  hr_evaluation_destroy(&evaluation);
  give_gate(0.3);
  for (size_t v = 0; v < FIXTURE_ALPHAS; v++) {
    for (size_t i = 0; i < FIXTURE_ROWS; i++) {
      if (f.bin[i] >= 0) f.ridge_global[v][i] = f.ridge_own[v][i];
    }
  }
  f.input.outcome_count = 1;
  json_decref(write());
  assert_string_equal(criterion("rho")->why, "no_gain");
  assert_false(evaluation->gate_passed);
}

/* Perfect routing takes the forest in bin 1, and no gate can: the share of one gain in
 * another is none. */
static void test_no_rho_against_models_from_elsewhere(void **state) {
  (void)state;
  f.input.gate.rho = 0.85;
  fixture_take_forest_elsewhere(&f);
  give_gate(0.3);
  json_t *root = write();
  const json_t *list =
      json_object_get(json_array_get(json_object_get(root, "gates"), 0), "forecasts");
  assert_true(json_is_null(json_object_get(json_array_get(list, 0), "rho")));
  assert_true(json_is_number(json_object_get(json_array_get(list, 1), "r2")));
  assert_string_equal(criterion("rho")->why, "from_elsewhere");
  assert_string_equal(criterion("rho")->next,
                      "perfect routing takes a model from elsewhere, no gate does");
  size_t deployed = evaluation->ladder.forecast[HR_RUNG_DEPLOYED];
  assert_int_equal(evaluation->forecasts.items[deployed].choices[1].expert, 0);
  json_decref(root);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_without_gates_the_list_is_empty, prepare,
                                      tidy),
      cmocka_unit_test_setup_teardown(test_a_gate_against_the_true_bins, prepare, tidy),
      cmocka_unit_test_setup_teardown(test_what_is_left_of_the_gain, prepare, tidy),
      cmocka_unit_test_setup_teardown(test_no_gain_no_rho, prepare, tidy),
      cmocka_unit_test_setup_teardown(test_the_gates_hybrid_is_deployed, prepare, tidy),
      cmocka_unit_test_setup_teardown(test_no_rho_against_models_from_elsewhere, prepare,
                                      tidy),
      cmocka_unit_test_setup_teardown(test_criteria_of_the_ladder, prepare, tidy),
      cmocka_unit_test_setup_teardown(test_criteria_without_a_gate, prepare, tidy),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
