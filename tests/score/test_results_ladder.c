/* The ladder as results.json has it. */
#include "score/results_ladder.h"

#include "score/fixture.h"
#include "support/check.h"

static fixture f;
static hr_evaluation *evaluation;
static hr_error err;

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

static void evaluate(void) {
  hr_evaluation_destroy(&evaluation);
  check_ok(hr_evaluation_create(&f.input, &evaluation, &err));
}

static void test_the_ladder_in_json(void **state) {
  (void)state;
  fixture_give_global_forest(&f, 0.5, 0.6);
  fixture_give_variance(&f, 1);
  evaluate();
  hr_json_builder json = {0};
  json_t *root = json_object();
  hr_results_write_ladder(&json, evaluation, root);
  const json_t *ladder = json_object_get(root, "ladder");
  const json_t *steps = json_object_get(ladder, "steps");
  assert_int_equal(json_array_size(json_object_get(ladder, "rungs")), 4);
  assert_int_equal(json_array_size(steps), 3);
  static const char *const names[] = {"better_model", "mixture", "noise"};
  for (size_t s = 0; s < 3; s++) {
    const json_t *step = json_array_get(steps, s);
    assert_string_equal(json_string_value(json_object_get(step, "step")), names[s]);
  }
  assert_int_equal(json_array_size(json_object_get(ladder, "bins")), FIXTURE_BINS);
  assert_int_equal(json_array_size(json_object_get(ladder, "octiles")), HR_SNR_OCTILES);
  assert_null(json_object_get(ladder, "all")); /* no gate: nothing is deployed */
  json_decref(root);
}

/* What needs no truth, over the uncovered rows too. */
static void test_all_rows(void **state) {
  (void)state;
  fixture_give_global_forest(&f, 0.5, 0.6);
  float gated_float[FIXTURE_ROWS];
  double gated[FIXTURE_ROWS];
  fixture_predict(&f, HR_GLOBAL, 0.45, 31, gated_float);
  for (size_t i = 0; i < FIXTURE_ROWS; i++) gated[i] = (double)gated_float[i];
  const hr_gated gate = {.gate = "logistic",
                         .title = "logistic gate",
                         .mixing = "soft",
                         .is_own_mixing = true,
                         .method = HR_NO_METHOD,
                         .prediction = gated};
  f.input.gated = &gate;
  f.input.gated_count = 1;
  evaluate();
  hr_json_builder json = {0};
  json_t *root = json_object();
  hr_results_write_ladder(&json, evaluation, root);
  const json_t *all = json_object_get(json_object_get(root, "ladder"), "all");
  const json_t *rungs = json_object_get(all, "rungs");
  const json_t *steps = json_object_get(all, "steps");
  assert_int_equal(json_integer_value(json_object_get(all, "n")), FIXTURE_ROWS);
  assert_int_equal(json_array_size(rungs), 3);
  assert_int_equal(json_array_size(steps), 2);
  const json_t *single = json_array_get(rungs, 1), *last = json_array_get(rungs, 2);
  const json_t *step = json_array_get(steps, 1);
  double mean = 0, sse = 0, sst = 0;
  for (size_t i = 0; i < FIXTURE_ROWS; i++) mean += f.input.test->target[i];
  mean /= FIXTURE_ROWS;
  for (size_t i = 0; i < FIXTURE_ROWS; i++) {
    double y = f.input.test->target[i];
    sse += (y - gated[i]) * (y - gated[i]);
    sst += (y - mean) * (y - mean);
  }
  double r2 = json_number_value(json_object_get(last, "r2"));
  check_near(r2, 1 - sse / sst, 1e-12);
  assert_string_equal(json_string_value(json_object_get(step, "step")), "specialists");
  check_near(json_number_value(json_object_get(step, "delta_r2")),
             r2 - json_number_value(json_object_get(single, "r2")), 1e-12);
  json_decref(root);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_the_ladder_in_json, prepare, tidy),
      cmocka_unit_test_setup_teardown(test_all_rows, prepare, tidy),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
