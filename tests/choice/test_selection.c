/* Choosing by validation, which needs nothing of test rows, and on the test rows. */
#include "choice/selection.h"

#include "score/fixture.h"
#include "score/variant_scores.h"
#include "support/check.h"

static fixture f;

static hr_choice choices[FIXTURE_BINS + 1];
static hr_row_groups groups;
static hr_variant_scores scores;

/* By validation: from the tasks alone. */
static void select_by_cv(int expert) {
  const hr_candidates candidates = {f.outcomes, 3, FIXTURE_BINS, NULL};
  hr_select(&candidates, HR_SELECT_BY_CV, expert, choices);
}

/* On the test rows; `groups` and `scores` are for the test to look at. */
static void select_by_test(void) {
  hr_error err;
  hr_candidates candidates = {f.outcomes, 3, FIXTURE_BINS, NULL};
  check_ok(hr_row_groups_init(&groups, &f.test, NULL, FIXTURE_BINS, &err));
  check_ok(hr_variant_scores_init(&scores, &candidates, &groups, f.target, &err));
  hr_test_errors errors = hr_variant_scores_errors(&scores, &groups);
  candidates.test = &errors;
  hr_select(&candidates, HR_SELECT_BY_TEST, HR_ALL_EXPERTS, choices);
}

static void end(void) {
  hr_variant_scores_fini(&scores);
  hr_row_groups_fini(&groups);
}

static int prepare(void **state) {
  (void)state;
  fixture_init(&f);
  return 0;
}

static void check_choice(const hr_choice *choice, size_t expert, size_t variant) {
  assert_int_equal(choice->kind, HR_CHOICE_EXPERT);
  assert_int_equal(choice->expert, expert);
  assert_int_equal(choice->variant, variant);
}

static void test_validation_chooses(void **state) {
  (void)state;
  select_by_cv(HR_ALL_EXPERTS);
  check_choice(&choices[0], 0, 2);
  check_choice(&choices[1], 1, 0);
  check_choice(&choices[2], 0, 2);
  assert_int_equal(choices[3].kind, HR_CHOICE_NONE);
  end();
}

/* The forest is best in bin 1 by validation and on the test rows alike. */
static void test_what_did_not_converge_is_never_chosen(void **state) {
  (void)state;
  f.forest[1].convergence = HR_NOT_CONVERGED;
  f.forest[2].convergence = HR_CONVERGED;
  f.forest_cv[2] = 0.95;
  select_by_cv(HR_ALL_EXPERTS);
  check_choice(&choices[1], 0, 2);
  check_choice(&choices[2], 1, 0);
  select_by_test();
  assert_int_equal(choices[1].expert, 0);
  select_by_cv(1);
  check_choice(&choices[1], 1, 0); /* its own score, which is told with a mark */
  end();
}

/* The forest, which is best in bin 1, as a model from elsewhere. */
static void test_a_model_from_elsewhere_competes_where_it_was_validated(void **state) {
  (void)state;
  fixture_take_forest_elsewhere(&f);
  select_by_cv(HR_ALL_EXPERTS);
  check_choice(&choices[1], 1, 0);
  select_by_cv(HR_OWN_EXPERTS);
  check_choice(&choices[1], 0, 2);
  select_by_test();
  check_choice(&choices[1], 1, 0);
  end();
  f.forest_cv[1] = (double)NAN;
  assert_false(hr_outcome_competes(&f.outcomes[1], 1));
  assert_true(hr_outcome_competes(&f.outcomes[1], 0));
  select_by_cv(HR_ALL_EXPERTS);
  check_choice(&choices[1], 0, 2);
  select_by_test(); /* however good it is there */
  assert_int_equal(choices[1].expert, 0);
  select_by_cv(1);
  check_choice(&choices[1], 1, 0); /* its own score */
  /* Where there is nobody else, too. */
  fixture_end(&f, &f.ridge[1], HR_FIT_FAILED);
  select_by_cv(HR_ALL_EXPERTS);
  assert_int_equal(choices[1].kind, HR_CHOICE_NONE);
  end();
}

static void test_test_rows_choose_the_least_error(void **state) {
  (void)state;
  select_by_test();
  for (size_t k = 0; k < FIXTURE_BINS; k++) {
    const hr_choice *c = &choices[k];
    double best = hr_variant_scores_at(&scores, c->expert, k)[c->variant].sse;
    for (size_t v = 0; v < FIXTURE_ALPHAS; v++) {
      assert_true(best <= hr_variant_scores_at(&scores, 0, k)[v].sse);
    }
    assert_true(best <= hr_variant_scores_at(&scores, 1, k)[0].sse);
  }
  check_choice(&choices[1], 1, 0);
  end();
}

static void test_one_expert_alone(void **state) {
  (void)state;
  select_by_cv(1);
  for (size_t k = 0; k < FIXTURE_BINS; k++) check_choice(&choices[k], 1, 0);
  select_by_cv(2); /* not in this build */
  for (size_t k = 0; k < FIXTURE_BINS; k++) {
    assert_int_equal(choices[k].kind, HR_CHOICE_NONE);
  }
  end();
}

static void test_ties_go_to_the_earlier(void **state) {
  (void)state;
  f.forest_cv[0] = f.ridge_cv[0][2];
  select_by_cv(HR_ALL_EXPERTS);
  check_choice(&choices[0], 0, 2);
  end();
}

static void test_undefined_validation_is_worst(void **state) {
  (void)state;
  f.ridge_cv[0][2] = (double)NAN;
  f.forest_cv[0] = -5.0;
  f.ridge[2].cv_r2 = NULL;
  fixture_end(&f, &f.forest[2], HR_FIT_FAILED);
  select_by_cv(HR_ALL_EXPERTS);
  check_choice(&choices[0], 1, 0);
  check_choice(&choices[2], 0, 2); /* the worst is still better than nobody */
  end();
}

static void test_no_test_rows_leave_it_to_validation(void **state) {
  (void)state;
  for (size_t i = 0; i < FIXTURE_ROWS; i++) {
    if (f.bin[i] == 1) f.bin[i] = f.route[i] = HR_UNCOVERED;
  }
  fixture_fits(&f);
  select_by_test();
  check_choice(&choices[1], 1, 0);
  end();
}

static void test_without_test_scores_validation_chooses(void **state) {
  (void)state;
  const hr_candidates candidates = {f.outcomes, 3, FIXTURE_BINS, NULL};
  hr_choice others[FIXTURE_BINS + 1];
  f.forest_cv[0] = 0.51; /* between the settings of Ridge */
  select_by_cv(HR_ALL_EXPERTS);
  hr_select(&candidates, HR_SELECT_BY_TEST, HR_ALL_EXPERTS, others);
  for (size_t k = 0; k < FIXTURE_BINS; k++) {
    check_choice(&others[k], choices[k].expert, choices[k].variant);
  }
  assert_string_equal(hr_selection_name(HR_SELECT_BY_CV), "cv");
  assert_string_equal(hr_selection_name(HR_SELECT_BY_TEST), "test");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(test_validation_chooses, prepare),
      cmocka_unit_test_setup(test_what_did_not_converge_is_never_chosen, prepare),
      cmocka_unit_test_setup(test_a_model_from_elsewhere_competes_where_it_was_validated,
                             prepare),
      cmocka_unit_test_setup(test_test_rows_choose_the_least_error, prepare),
      cmocka_unit_test_setup(test_one_expert_alone, prepare),
      cmocka_unit_test_setup(test_ties_go_to_the_earlier, prepare),
      cmocka_unit_test_setup(test_undefined_validation_is_worst, prepare),
      cmocka_unit_test_setup(test_no_test_rows_leave_it_to_validation, prepare),
      cmocka_unit_test_setup(test_without_test_scores_validation_chooses, prepare),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
