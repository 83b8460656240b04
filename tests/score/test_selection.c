#include "score/selection.h"

#include "score/fixture.h"
#include "support/check.h"
#include "support/fail_alloc.h"

static fixture f;

typedef struct selected {
  hr_oracle *oracle;
  hr_variant_scores *scores;
  hr_choice choices[FIXTURE_BINS + 1];
} selected;

static void begin(selected *s) {
  hr_error err;
  *s = (selected){0};
  check_ok(hr_oracle_create(&f.test, FIXTURE_BINS, f.outcomes, 3, &s->oracle, &err));
  check_ok(hr_variant_scores_create(s->oracle, &s->scores, &err));
}

static void end(selected *s) {
  hr_variant_scores_destroy(&s->scores);
  hr_oracle_destroy(&s->oracle);
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
  selected s;
  begin(&s);
  hr_select(s.scores, HR_SELECT_BY_CV, HR_ALL_EXPERTS, s.choices);
  check_choice(&s.choices[0], 0, 2);
  check_choice(&s.choices[1], 1, 0);
  check_choice(&s.choices[2], 0, 2);
  assert_int_equal(s.choices[3].kind, HR_CHOICE_NONE);
  end(&s);
}

/* The forest is best in bin 1 by validation and on the test rows alike. */
static void test_what_did_not_converge_is_never_chosen(void **state) {
  (void)state;
  selected s;
  f.forest[1].convergence = HR_NOT_CONVERGED;
  f.forest[2].convergence = HR_CONVERGED;
  f.forest_cv[2] = 0.95;
  begin(&s);
  hr_select(s.scores, HR_SELECT_BY_CV, HR_ALL_EXPERTS, s.choices);
  check_choice(&s.choices[1], 0, 2);
  check_choice(&s.choices[2], 1, 0);
  hr_select(s.scores, HR_SELECT_BY_TEST, HR_ALL_EXPERTS, s.choices);
  assert_int_equal(s.choices[1].expert, 0);
  hr_select(s.scores, HR_SELECT_BY_CV, 1, s.choices);
  check_choice(&s.choices[1], 1, 0); /* its own score, which is told with a mark */
  end(&s);
}

static void test_scores_are_those_of_the_rows(void **state) {
  (void)state;
  selected s;
  begin(&s);
  double sse = 0;
  for (size_t i = 0; i < FIXTURE_ROWS; i++) {
    if (f.bin[i] != 1) continue;
    double e = f.target[i] - (double)f.ridge_own[1][i];
    sse += e * e;
  }
  check_near(hr_variant_scores_at(s.scores, 0, 1)[1].sse, sse, 1e-12 * sse);
  end(&s);
}

static void test_test_rows_choose_the_least_error(void **state) {
  (void)state;
  selected s;
  begin(&s);
  hr_select(s.scores, HR_SELECT_BY_TEST, HR_ALL_EXPERTS, s.choices);
  for (size_t k = 0; k < FIXTURE_BINS; k++) {
    const hr_choice *c = &s.choices[k];
    double best = hr_variant_scores_at(s.scores, c->expert, k)[c->variant].sse;
    for (size_t v = 0; v < FIXTURE_ALPHAS; v++) {
      assert_true(best <= hr_variant_scores_at(s.scores, 0, k)[v].sse);
    }
    assert_true(best <= hr_variant_scores_at(s.scores, 1, k)[0].sse);
  }
  check_choice(&s.choices[1], 1, 0);
  end(&s);
}

static void test_one_expert_alone(void **state) {
  (void)state;
  selected s;
  begin(&s);
  hr_select(s.scores, HR_SELECT_BY_CV, 1, s.choices);
  for (size_t k = 0; k < FIXTURE_BINS; k++) check_choice(&s.choices[k], 1, 0);
  hr_select(s.scores, HR_SELECT_BY_CV, 2, s.choices); /* not in this build */
  for (size_t k = 0; k < FIXTURE_BINS; k++) {
    assert_int_equal(s.choices[k].kind, HR_CHOICE_NONE);
  }
  end(&s);
}

static void test_ties_go_to_the_earlier(void **state) {
  (void)state;
  f.forest_cv[0] = f.ridge_cv[0][2];
  selected s;
  begin(&s);
  hr_select(s.scores, HR_SELECT_BY_CV, HR_ALL_EXPERTS, s.choices);
  check_choice(&s.choices[0], 0, 2);
  end(&s);
}

static void test_undefined_validation_is_worst(void **state) {
  (void)state;
  f.ridge_cv[0][2] = (double)NAN;
  f.forest_cv[0] = -5.0;
  f.ridge[2].cv_r2 = NULL;
  fixture_end(&f, &f.forest[2], HR_FIT_FAILED);
  selected s;
  begin(&s);
  hr_select(s.scores, HR_SELECT_BY_CV, HR_ALL_EXPERTS, s.choices);
  check_choice(&s.choices[0], 1, 0);
  check_choice(&s.choices[2], 0, 2); /* the worst is still better than nobody */
  end(&s);
}

static void test_no_test_rows_leave_it_to_validation(void **state) {
  (void)state;
  for (size_t i = 0; i < FIXTURE_ROWS; i++) {
    if (f.bin[i] == 1) f.bin[i] = f.route[i] = HR_UNCOVERED;
  }
  fixture_tasks(&f);
  selected s;
  begin(&s);
  hr_select(s.scores, HR_SELECT_BY_TEST, HR_ALL_EXPERTS, s.choices);
  check_choice(&s.choices[1], 1, 0);
  end(&s);
}

static hr_status score_all(const hr_oracle *oracle) {
  hr_variant_scores *scores = NULL;
  hr_status status = hr_variant_scores_create(oracle, &scores, NULL);
  hr_variant_scores_destroy(&scores);
  return status;
}

static void test_memory_can_run_out(void **state) {
  (void)state;
  selected s;
  begin(&s);
  check_alloc_failures(score_all(s.oracle));
  end(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(test_validation_chooses, prepare),
      cmocka_unit_test_setup(test_what_did_not_converge_is_never_chosen, prepare),
      cmocka_unit_test_setup(test_scores_are_those_of_the_rows, prepare),
      cmocka_unit_test_setup(test_test_rows_choose_the_least_error, prepare),
      cmocka_unit_test_setup(test_one_expert_alone, prepare),
      cmocka_unit_test_setup(test_ties_go_to_the_earlier, prepare),
      cmocka_unit_test_setup(test_undefined_validation_is_worst, prepare),
      cmocka_unit_test_setup(test_no_test_rows_leave_it_to_validation, prepare),
      cmocka_unit_test_setup(test_memory_can_run_out, prepare),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
