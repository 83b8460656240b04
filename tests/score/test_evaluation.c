/* Every number of a made-up study that can be known on paper. */
#include "score/evaluation.h"

#include "score/fixture.h"
#include "support/check.h"
#include "support/fail_alloc.h"

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
  check_ok(hr_evaluation_create(&f.input, &evaluation, &err));
}

static const hr_method_score *oracle(size_t expert, hr_selection selection) {
  return &evaluation->methods[hr_evaluation_find(evaluation, HR_FORECAST_ORACLE, expert,
                                                 selection)];
}

static const hr_method_score *hybrid(hr_selection selection) {
  return &evaluation->methods[hr_evaluation_find(evaluation, HR_FORECAST_HYBRID,
                                                 HR_NO_METHOD, selection)];
}

static const hr_method_score *global_ridge(void) {
  return &evaluation->methods[hr_evaluation_find(evaluation, HR_FORECAST_GLOBAL, 0,
                                                 HR_SELECT_BY_CV)];
}

static void test_names_and_comparisons(void **state) {
  (void)state;
  evaluate();
  size_t cv = hr_evaluation_find(evaluation, HR_FORECAST_ORACLE, 0, HR_SELECT_BY_CV);
  size_t test = hr_evaluation_find(evaluation, HR_FORECAST_ORACLE, 0, HR_SELECT_BY_TEST);
  assert_string_equal(global_ridge()->forecast->name, "global_ridge");
  assert_string_equal(oracle(0, HR_SELECT_BY_CV)->forecast->name, "ridge_oracle");
  assert_string_equal(oracle(1, HR_SELECT_BY_TEST)->forecast->name, "forest_oracle_test");
  assert_string_equal(hybrid(HR_SELECT_BY_CV)->forecast->name, "oracle_hybrid_cv");
  assert_string_equal(hybrid(HR_SELECT_BY_TEST)->forecast->name, "oracle_hybrid_test");
  assert_true(oracle(0, HR_SELECT_BY_CV)->forecast->versus == HR_NO_METHOD);
  assert_int_equal(oracle(0, HR_SELECT_BY_TEST)->forecast->versus, cv);
  assert_int_equal(hybrid(HR_SELECT_BY_CV)->forecast->versus, cv);
  assert_int_equal(hybrid(HR_SELECT_BY_TEST)->forecast->versus, test);
  /* The forest has no settings to choose on the test rows, the CNN nothing at all. */
  assert_true(oracle(1, HR_SELECT_BY_CV)->forecast->listed);
  assert_false(oracle(1, HR_SELECT_BY_TEST)->forecast->listed);
  assert_false(oracle(2, HR_SELECT_BY_CV)->forecast->listed);
}

static void test_choosing_on_the_test_rows_is_never_worse(void **state) {
  (void)state;
  evaluate();
  double best = hybrid(HR_SELECT_BY_TEST)->pooled[HR_SCOPE_COVERED].r2;
  for (size_t m = 0; m < evaluation->method_count; m++) {
    const hr_method_score *method = &evaluation->methods[m];
    if (method->forecast->kind == HR_FORECAST_GLOBAL ||
        !method->complete[HR_SCOPE_COVERED])
      continue;
    assert_true(best >= method->pooled[HR_SCOPE_COVERED].r2);
  }
}

static void test_uncovered_rows_are_left_out(void **state) {
  (void)state;
  evaluate();
  assert_int_equal(hybrid(HR_SELECT_BY_CV)->pooled[HR_SCOPE_COVERED].rows, 206);
  assert_true(hybrid(HR_SELECT_BY_CV)->complete[HR_SCOPE_COVERED]);
  assert_false(hybrid(HR_SELECT_BY_CV)->complete[HR_SCOPE_ALL]);
  assert_true(global_ridge()->complete[HR_SCOPE_ALL]);
}

static void test_uncovered_rows_go_to_the_global_model(void **state) {
  (void)state;
  f.input.uncovered = "global";
  evaluate();
  const hr_method_score *method = oracle(1, HR_SELECT_BY_CV);
  assert_true(method->complete[HR_SCOPE_ALL]);
  assert_false(method->forecast->falls_back); /* that is said of bins only */
  check_near(method->forecast->prediction[6], global_ridge()->forecast->prediction[6], 0);
  check_near(method->groups[FIXTURE_BINS].sse, global_ridge()->groups[FIXTURE_BINS].sse,
             0);
}

static void test_uncovered_rows_go_to_the_nearest_bin(void **state) {
  (void)state;
  f.input.uncovered = "nearest";
  for (size_t i = 0; i < FIXTURE_ROWS; i++) {
    if (f.bin[i] == HR_UNCOVERED) f.route[i] = 0;
  }
  fixture_fits(&f);
  evaluate();
  const hr_method_score *method = oracle(1, HR_SELECT_BY_CV);
  assert_true(method->complete[HR_SCOPE_ALL]);
  check_near(method->forecast->prediction[6], (double)f.forest_own[6], 0);
  assert_int_equal(method->pooled[HR_SCOPE_COVERED].rows, 206);
}

static void test_a_bin_without_any_model(void **state) {
  (void)state;
  fixture_end(&f, &f.ridge[1], HR_FIT_SKIPPED);
  fixture_end(&f, &f.forest[1], HR_FIT_FAILED);
  evaluate();
  for (hr_selection s = HR_SELECT_BY_CV; s <= HR_SELECT_BY_TEST; s++) {
    assert_true(hybrid(s)->forecast->falls_back);
    assert_true(hybrid(s)->complete[HR_SCOPE_COVERED]);
    check_near(hybrid(s)->groups[1].sse, global_ridge()->groups[1].sse, 0);
  }
}

static void test_a_bin_without_any_model_and_no_global_one(void **state) {
  (void)state;
  fixture_end(&f, &f.ridge[1], HR_FIT_SKIPPED);
  fixture_end(&f, &f.ridge[FIXTURE_BINS], HR_FIT_FAILED);
  fixture_end(&f, &f.forest[1], HR_FIT_FAILED);
  evaluate();
  assert_false(hybrid(HR_SELECT_BY_CV)->complete[HR_SCOPE_COVERED]);
  assert_true(isnan(hybrid(HR_SELECT_BY_CV)->pooled[HR_SCOPE_COVERED].r2));
  assert_int_equal(evaluation->gate[0].verdict, HR_VERDICT_UNDECIDED);
  assert_false(global_ridge()->forecast->listed);
}

/* It has numbers, and the hybrid, of which it may be no part, has none. */
static void test_the_only_expert_of_a_bin_did_not_converge(void **state) {
  (void)state;
  fixture_end(&f, &f.ridge[1], HR_FIT_SKIPPED);
  fixture_end(&f, &f.ridge[FIXTURE_BINS], HR_FIT_FAILED);
  f.forest[1].convergence = HR_NOT_CONVERGED;
  evaluate();
  assert_true(oracle(1, HR_SELECT_BY_CV)->complete[HR_SCOPE_COVERED]);
  assert_false(hybrid(HR_SELECT_BY_TEST)->complete[HR_SCOPE_COVERED]);
  check_ok(hr_ledger_status(&evaluation->ledger, &err));
}

static void test_an_expert_that_lacks_a_bin_is_not_listed(void **state) {
  (void)state;
  fixture_end(&f, &f.forest[1], HR_FIT_SKIPPED);
  evaluate();
  assert_false(oracle(1, HR_SELECT_BY_CV)->forecast->listed);
  assert_true(hybrid(HR_SELECT_BY_CV)->complete[HR_SCOPE_COVERED]);
  assert_false(hybrid(HR_SELECT_BY_CV)->forecast->falls_back);
  check_near(hybrid(HR_SELECT_BY_CV)->pooled[HR_SCOPE_COVERED].r2,
             oracle(0, HR_SELECT_BY_CV)->pooled[HR_SCOPE_COVERED].r2, 0);
}

static void test_the_baseline_lacks_a_bin(void **state) {
  (void)state;
  fixture_end(&f, &f.ridge[1], HR_FIT_SKIPPED);
  evaluate();
  assert_true(oracle(0, HR_SELECT_BY_CV)->forecast->listed);
  assert_true(isnan(oracle(0, HR_SELECT_BY_CV)->pooled[HR_SCOPE_COVERED].r2));
  assert_true(!isnan(evaluation->gate[0].value));
  assert_true(isnan(evaluation->gate[1].value));
  assert_int_equal(evaluation->gate[1].verdict, HR_VERDICT_UNDECIDED);
}

static void test_without_ridge_the_first_expert_is_the_baseline(void **state) {
  (void)state;
  f.outcomes[0] = (hr_outcome){.type = &fixture_cnn};
  f.input.outcome_count = 2;
  evaluate();
  assert_int_equal(evaluation->forecasts.baseline, 1);
}

static void test_all_rows_uncovered(void **state) {
  (void)state;
  for (size_t i = 0; i < FIXTURE_ROWS; i++) f.bin[i] = f.route[i] = HR_UNCOVERED;
  fixture_fits(&f);
  evaluate();
  const hr_method_score *method = hybrid(HR_SELECT_BY_CV);
  assert_int_equal(method->pooled[HR_SCOPE_COVERED].rows, 0);
  assert_true(isnan(method->pooled[HR_SCOPE_COVERED].r2));
  assert_true(!isnan(global_ridge()->pooled[HR_SCOPE_ALL].r2));
  assert_true(isnan(evaluation->octiles.edges[0]));
}

static void test_one_row_and_no_variance(void **state) {
  (void)state;
  bool first = true;
  for (size_t i = 0; i < FIXTURE_ROWS; i++) {
    if (f.bin[i] == 2) f.target[i] = 4.1;
    if (f.bin[i] != 0) continue;
    if (!first) f.bin[i] = f.route[i] = HR_UNCOVERED;
    first = false;
  }
  fixture_fits(&f);
  evaluate();
  const hr_method_score *method = hybrid(HR_SELECT_BY_TEST);
  assert_int_equal(method->groups[0].rows, 1);
  assert_true(isnan(method->groups[0].r2));
  assert_true(isnan(method->groups[2].r2));
  assert_true(!isnan(method->pooled[HR_SCOPE_COVERED].r2));
  check_near(method->weighted_r2[HR_SCOPE_COVERED], method->groups[1].r2, 1e-15);
}

static void test_the_gate_takes_the_worst_focus_bin(void **state) {
  (void)state;
  static const double focus[] = {1, 2};
  f.input.focus = focus;
  f.input.focus_count = 2;
  evaluate();
  /* In bin 2 the hybrid is Ridge, so there is no gain. */
  check_near(evaluation->gate[3].value, 0, 0);
  assert_int_equal(evaluation->gate[3].verdict, HR_VERDICT_FAIL);
}

static void test_the_headline_follows_the_selection(void **state) {
  (void)state;
  f.input.selection = HR_SELECT_BY_TEST;
  evaluate();
  check_near(evaluation->gate[0].value,
             hybrid(HR_SELECT_BY_TEST)->pooled[HR_SCOPE_COVERED].r2, 0);
  check_near(evaluation->gate[1].value,
             hybrid(HR_SELECT_BY_TEST)->pooled[HR_SCOPE_COVERED].r2 -
                 oracle(0, HR_SELECT_BY_TEST)->pooled[HR_SCOPE_COVERED].r2,
             0);
}

static void test_senseless_input(void **state) {
  (void)state;
  static const double focus[] = {3};
  f.input.focus = focus;
  check_fails(hr_evaluation_create(&f.input, &evaluation, &err), HR_ERR_USAGE,
              "focus bin 3 is not one of the bins 0 to 2");
  f.input.outcome_count = 0;
  check_fails(hr_evaluation_create(&f.input, &evaluation, &err), HR_ERR_USAGE,
              "a study needs at least one expert and one bin");
}

static void test_a_doctored_task_is_refused(void **state) {
  (void)state;
  f.ridge_own[0][0] = INFINITY;
  check_fails(
      hr_evaluation_create(&f.input, &evaluation, &err), HR_ERR_LEDGER,
      "the accounts do not balance at predictions_finite/ridge: 1 predictions are "
      "not finite; the numbers are refused, please report this");
  f.bin[0] = 77;
  check_fails(hr_evaluation_create(&f.input, &evaluation, &err), HR_ERR_LEDGER,
              "the accounts do not balance at test_rows: 205 test rows in bins and 34 "
              "uncovered, 240 in the split; the numbers are refused, please report this");
}

static hr_status create_and_destroy(void) {
  hr_evaluation *local = NULL;
  hr_status status = hr_evaluation_create(&f.input, &local, NULL);
  hr_evaluation_destroy(&local);
  return status;
}

static void test_memory_can_run_out(void **state) {
  (void)state;
  f.input.bootstrap_draws = 2;
  check_alloc_failures(create_and_destroy());
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, prepare, tidy)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_names_and_comparisons),
      TEST(test_choosing_on_the_test_rows_is_never_worse),
      TEST(test_uncovered_rows_are_left_out),
      TEST(test_uncovered_rows_go_to_the_global_model),
      TEST(test_uncovered_rows_go_to_the_nearest_bin),
      TEST(test_a_bin_without_any_model),
      TEST(test_a_bin_without_any_model_and_no_global_one),
      TEST(test_the_only_expert_of_a_bin_did_not_converge),
      TEST(test_an_expert_that_lacks_a_bin_is_not_listed),
      TEST(test_the_baseline_lacks_a_bin),
      TEST(test_without_ridge_the_first_expert_is_the_baseline),
      TEST(test_all_rows_uncovered),
      TEST(test_one_row_and_no_variance),
      TEST(test_the_gate_takes_the_worst_focus_bin),
      TEST(test_the_headline_follows_the_selection),
      TEST(test_senseless_input),
      TEST(test_a_doctored_task_is_refused),
      TEST(test_memory_can_run_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
