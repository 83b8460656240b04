/* What stands on the rungs of a made-up study. */
#include "score/ladder.h"

#include "score/evaluation.h"
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

static const char *name_on(hr_rung rung) {
  size_t at = evaluation->ladder.forecast[rung];
  return at == HR_NO_METHOD ? NULL : evaluation->forecasts.items[at].name;
}

static void test_the_rungs_of_a_study(void **state) {
  (void)state;
  evaluate();
  assert_string_equal(name_on(HR_RUNG_BASELINE), "global_ridge");
  assert_string_equal(name_on(HR_RUNG_SINGLE), "global_ridge");
  assert_string_equal(name_on(HR_RUNG_ORACLE), "oracle_hybrid_cv");
  assert_null(name_on(HR_RUNG_DEPLOYED));
  /* The forest is taken in one bin and has no model of all rows. */
  assert_int_equal(evaluation->ladder.without_global, 2);
}

static void test_the_single_model_is_the_best_of_validation(void **state) {
  (void)state;
  fixture_give_global_forest(&f, 0.1, 0.6); /* above Ridge's 0.52 */
  evaluate();
  assert_string_equal(name_on(HR_RUNG_BASELINE), "global_ridge");
  assert_string_equal(name_on(HR_RUNG_SINGLE), "global_forest");
  assert_int_equal(evaluation->ladder.without_global, 0);
  f.forest_global_cv = 0.4; /* better on the test rows, but who knows that? */
  evaluate();
  assert_string_equal(name_on(HR_RUNG_SINGLE), "global_ridge");
  f.forest_global_cv = (double)NAN;
  evaluate();
  assert_string_equal(name_on(HR_RUNG_SINGLE), "global_ridge");
  f.forest_global_cv = 0.9;
  f.all_forests[FIXTURE_BINS].convergence = HR_NOT_CONVERGED;
  evaluate();
  assert_string_equal(name_on(HR_RUNG_SINGLE), "global_ridge");
}

/* The forest is best in bin 1, and there not without validation. */
static void test_models_from_elsewhere_are_named(void **state) {
  (void)state;
  fixture_take_forest_elsewhere(&f);
  evaluate();
  assert_int_equal(evaluation->ladder.from_elsewhere, 2);
  f.forest_cv[1] = (double)NAN;
  evaluate();
  assert_int_equal(evaluation->ladder.from_elsewhere, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_the_rungs_of_a_study, prepare, tidy),
      cmocka_unit_test_setup_teardown(test_the_single_model_is_the_best_of_validation,
                                      prepare, tidy),
      cmocka_unit_test_setup_teardown(test_models_from_elsewhere_are_named, prepare,
                                      tidy),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
