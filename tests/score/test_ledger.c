/* Each check of the ledger holds, and can fail. */
#include "score/ledger.h"

#include "core/error.h"

#include "score/fixture.h"
#include "support/check.h"
#include "support/fail_alloc.h"

static fixture f;

static int prepare(void **state) {
  (void)state;
  fixture_init(&f);
  return 0;
}

/* The sentence of a broken ledger. */
#define BROKEN(check, detail)                         \
  "the accounts do not balance at " check ": " detail \
  "; the numbers are refused, please report this"

static void check_broken(hr_ledger *ledger, const char *sentence) {
  hr_error err;
  check_fails(hr_ledger_status(ledger, &err), HR_ERR_LEDGER, sentence);
  hr_ledger_fini(ledger);
}

static void test_a_sound_study_balances(void **state) {
  (void)state;
  hr_ledger ledger = {0};
  hr_error err;
  check_ok(hr_ledger_check_train(&ledger, f.train_counts, FIXTURE_BINS, 3300, &err));
  check_ok(hr_ledger_check_test(&ledger, &f.test, FIXTURE_BINS, &err));
  check_ok(hr_ledger_check_tasks(&ledger, &f.outcomes[0], &(hr_tested){&f.test, NULL},
                                 f.train_counts, FIXTURE_BINS, &err));
  check_ok(hr_ledger_status(&ledger, &err));
  assert_int_equal(ledger.count, 6);
  assert_string_equal(ledger.checks[0].detail,
                      "3000 training rows in bins and 300 uncovered, 3300 in the split");
  assert_string_equal(ledger.checks[5].name, "predictions_finite/ridge");
  hr_ledger_fini(&ledger);
}

static void test_training_rows_are_lost(void **state) {
  (void)state;
  hr_ledger ledger = {0};
  hr_error err;
  check_ok(hr_ledger_check_train(&ledger, f.train_counts, FIXTURE_BINS, 3301, &err));
  check_broken(&ledger, BROKEN("train_rows",
                               "3000 training rows in bins and 300 "
                               "uncovered, 3301 in the split"));
}

static void test_a_bin_that_does_not_exist(void **state) {
  (void)state;
  hr_ledger ledger = {0};
  hr_error err;
  f.bin[0] = FIXTURE_BINS;
  check_ok(hr_ledger_check_test(&ledger, &f.test, FIXTURE_BINS, &err));
  check_broken(&ledger, BROKEN("test_rows",
                               "205 test rows in bins and 34 uncovered, 240 "
                               "in the split"));
}

static void test_a_row_goes_astray(void **state) {
  (void)state;
  hr_ledger ledger = {0};
  hr_error err;
  f.route[0] = 1;
  f.route[6] = -2;
  check_ok(hr_ledger_check_test(&ledger, &f.test, FIXTURE_BINS, &err));
  check_broken(&ledger, BROKEN("test_routes",
                               "2 of 240 test rows are routed elsewhere "
                               "than to their own bin"));
}

static void check_other_rows(size_t expert, const char *sentence) {
  hr_ledger ledger = {0};
  hr_error err;
  check_ok(hr_ledger_check_tasks(&ledger, &f.outcomes[expert],
                                 &(hr_tested){&f.test, NULL}, f.train_counts,
                                 FIXTURE_BINS, &err));
  check_broken(&ledger, sentence);
}

static void test_rows_are_predicted_that_were_not_routed(void **state) {
  (void)state;
  f.ridge_own[1][6] = 3; /* of no bin */
  check_other_rows(0, BROKEN("task_test_rows/ridge",
                             "1 of 4 models predict other test "
                             "rows than those routed to them"));
  f.forest[1].status = HR_FIT_FAILED; /* and its predictions are still there */
  check_other_rows(1, BROKEN("task_test_rows/forest",
                             "1 of 2 models predict other test "
                             "rows than those routed to them"));
}

static void test_a_task_predicts_with_variants_that_it_does_not_have(void **state) {
  (void)state;
  f.ridge[0].variant_count = 2; /* and the third one was chosen */
  f.ridge[1].variant_count = 2;
  f.ridge[1].chosen = 1;
  check_other_rows(0, BROKEN("task_test_rows/ridge",
                             "2 of 4 models predict other test "
                             "rows than those routed to them"));
}

static void test_predictions_of_another_split(void **state) {
  (void)state;
  f.outcomes[1].own.rows--;
  check_other_rows(1, BROKEN("task_test_rows/forest",
                             "3 of 3 models predict other test "
                             "rows than those routed to them"));
}

static void test_a_task_predicts_too_few_rows(void **state) {
  (void)state;
  size_t last = fixture_row(&f, 2, 60);
  for (size_t v = 0; v < FIXTURE_ALPHAS; v++) f.ridge_own[v][last] = NAN;
  check_other_rows(0, BROKEN("predictions_finite/ridge", "1 predictions are not finite"));
}

static void test_a_task_saw_too_many_rows(void **state) {
  (void)state;
  hr_ledger ledger = {0};
  hr_error err;
  f.forest[0].train_rows = 901;
  check_ok(hr_ledger_check_tasks(&ledger, &f.outcomes[1], &(hr_tested){&f.test, NULL},
                                 f.train_counts, FIXTURE_BINS, &err));
  check_broken(&ledger, BROKEN("task_train_rows/forest",
                               "1 of 3 models saw more training "
                               "rows than their bin has"));
}

static void test_a_prediction_is_not_a_number(void **state) {
  (void)state;
  hr_ledger ledger = {0};
  hr_error err;
  f.forest_own[fixture_row(&f, 1, 3)] = NAN;
  f.forest_own[fixture_row(&f, 2, 0)] = INFINITY;
  check_ok(hr_ledger_check_tasks(&ledger, &f.outcomes[1], &(hr_tested){&f.test, NULL},
                                 f.train_counts, FIXTURE_BINS, &err));
  check_broken(&ledger,
               BROKEN("predictions_finite/forest", "2 predictions are not finite"));
}

/* Where the rows are known to be missing, the accounts balance with them. */
static void test_missing_rows_are_accounted_for(void **state) {
  (void)state;
  hr_ledger ledger = {0};
  hr_error err;
  bool is_missing[FIXTURE_ROWS] = {false};
  size_t row = fixture_row(&f, 1, 3);
  f.forest_own[row] = NAN;
  is_missing[row] = true;
  check_ok(hr_ledger_check_tasks(&ledger, &f.outcomes[1],
                                 &(hr_tested){&f.test, is_missing}, f.train_counts,
                                 FIXTURE_BINS, &err));
  check_ok(hr_ledger_check_missing(&ledger, FIXTURE_ROWS - 1, 1, FIXTURE_ROWS, &err));
  check_ok(hr_ledger_status(&ledger, &err));
  assert_string_equal(ledger.checks[ledger.count - 1].detail,
                      "239 test rows are scored and 1 have no prediction, 240 in the "
                      "split");
  check_ok(hr_ledger_check_missing(&ledger, FIXTURE_ROWS, 1, FIXTURE_ROWS, &err));
  check_broken(&ledger, BROKEN("missing_rows",
                               "240 test rows are scored and 1 have no prediction, 240 "
                               "in the split"));
}

static void test_squared_errors_do_not_add_up(void **state) {
  (void)state;
  hr_ledger ledger = {0};
  hr_error err;
  const double sse[] = {1.0, 2.0, 4.0};
  check_ok(hr_ledger_check_sse(&ledger, "ridge_oracle", sse, 3, 7.0 + 5e-12, &err));
  check_ok(hr_ledger_status(&ledger, &err));
  check_ok(hr_ledger_check_sse(&ledger, "ridge_oracle", sse, 3, 7.5, &err));
  check_broken(&ledger,
               BROKEN("sse_adds_up/ridge_oracle",
                      "squared errors of the bins add up to 7, those of all rows "
                      "to 7.5"));
  check_ok(hr_ledger_check_sse(&ledger, "ridge_oracle", sse, 3, (double)NAN, &err));
  assert_int_equal(hr_ledger_status(&ledger, &err), HR_ERR_LEDGER);
  hr_ledger_fini(&ledger);
}

static void test_two_arms_over_different_rows(void **state) {
  (void)state;
  hr_ledger ledger = {0};
  hr_error err;
  const double a[] = {1, 2, (double)NAN}, b[] = {1, (double)NAN, (double)NAN};
  const size_t rows[] = {0, 1, 2};
  const hr_arm arms[2] = {{"oracle_hybrid_cv", a}, {"ridge_oracle", b}};
  check_ok(hr_ledger_check_same_rows(&ledger, arms, rows, 1, &err));
  check_ok(hr_ledger_status(&ledger, &err));
  check_ok(hr_ledger_check_same_rows(&ledger, arms, rows, 3, &err));
  check_broken(&ledger, BROKEN("same_rows/oracle_hybrid_cv",
                               "1 of 3 rows are predicted by only one of "
                               "oracle_hybrid_cv and ridge_oracle"));
}

static void test_a_hybrid_worse_than_a_part_of_it(void **state) {
  (void)state;
  hr_ledger ledger = {0};
  hr_error err;
  check_ok(hr_ledger_check_best(&ledger, "oracle_hybrid_test", 2.0, "ridge_oracle", 2.0,
                                &err));
  check_ok(hr_ledger_status(&ledger, &err));
  check_ok(hr_ledger_check_best(&ledger, "oracle_hybrid_test", 2.5, "ridge_oracle", 2.0,
                                &err));
  check_broken(&ledger, BROKEN("no_worse_than/ridge_oracle",
                               "squared error of oracle_hybrid_test is 2.5, of "
                               "ridge_oracle 2"));
}

static hr_status audit(void) {
  hr_ledger ledger = {0};
  hr_status status = HR_OK;
  HR_TRY(hr_ledger_check_train(&ledger, f.train_counts, FIXTURE_BINS, 3300, NULL));
  HR_TRY(hr_ledger_check_test(&ledger, &f.test, FIXTURE_BINS, NULL));
  HR_TRY(hr_ledger_check_tasks(&ledger, &f.outcomes[1], &(hr_tested){&f.test, NULL},
                               f.train_counts, FIXTURE_BINS, NULL));
cleanup:
  hr_ledger_fini(&ledger);
  return status;
}

static void test_memory_can_run_out(void **state) {
  (void)state;
  check_alloc_failures(audit());
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(test_a_sound_study_balances, prepare),
      cmocka_unit_test_setup(test_training_rows_are_lost, prepare),
      cmocka_unit_test_setup(test_a_bin_that_does_not_exist, prepare),
      cmocka_unit_test_setup(test_a_row_goes_astray, prepare),
      cmocka_unit_test_setup(test_rows_are_predicted_that_were_not_routed, prepare),
      cmocka_unit_test_setup(test_a_task_predicts_with_variants_that_it_does_not_have,
                             prepare),
      cmocka_unit_test_setup(test_predictions_of_another_split, prepare),
      cmocka_unit_test_setup(test_a_task_predicts_too_few_rows, prepare),
      cmocka_unit_test_setup(test_a_task_saw_too_many_rows, prepare),
      cmocka_unit_test_setup(test_a_prediction_is_not_a_number, prepare),
      cmocka_unit_test_setup(test_missing_rows_are_accounted_for, prepare),
      cmocka_unit_test_setup(test_squared_errors_do_not_add_up, prepare),
      cmocka_unit_test_setup(test_two_arms_over_different_rows, prepare),
      cmocka_unit_test_setup(test_a_hybrid_worse_than_a_part_of_it, prepare),
      cmocka_unit_test_setup(test_memory_can_run_out, prepare),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
