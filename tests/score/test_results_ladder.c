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
  json_decref(root);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_the_ladder_in_json, prepare, tidy),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
