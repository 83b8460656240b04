/* Rows without a prediction are left out of every score, and counted. */
#include "score/missing.h"

#include <jansson.h>

#include "score/evaluation.h"
#include "score/fixture.h"
#include "support/check.h"
#include "support/warnings.h"

static fixture f;
static warnings told;

static int prepare(void **state) {
  (void)state;
  fixture_init(&f);
  memset(&told, 0, sizeof told);
  return 0;
}

static hr_evaluation *evaluate(void) {
  hr_evaluation *evaluation = NULL;
  hr_error err;
  check_ok(hr_evaluation_create(&f.input, &evaluation, &err));
  return evaluation;
}

static json_t *results(void) {
  hr_text text;
  hr_error err;
  const hr_observer observer = warnings_observer(&told);
  f.input.observer = &observer;
  f.input.test_file = "test.h5";
  hr_text_init(&text);
  check_ok(hr_results_format(&f.input, &text, NULL, &err));
  json_t *root = json_loads(text.bytes, JSON_REJECT_DUPLICATES, NULL);
  hr_text_fini(&text);
  f.input.observer = NULL;
  return root;
}

static const hr_method_score *method_of(const hr_evaluation *evaluation,
                                        const char *name) {
  for (size_t m = 0; m < evaluation->method_count; m++) {
    if (strcmp(evaluation->methods[m].forecast->name, name) == 0) {
      return &evaluation->methods[m];
    }
  }
  fail_msg("no method %s", name);
  return NULL;
}

/* R² of a method over the covered rows but one, on paper. */
static double r2_without(const double *prediction, size_t left_out) {
  double mean = 0, n = 0, total = 0, missed = 0;
  for (size_t i = 0; i < FIXTURE_ROWS; i++) {
    if (f.bin[i] < 0 || i == left_out) continue;
    mean += f.target[i];
    n++;
  }
  mean /= n;
  for (size_t i = 0; i < FIXTURE_ROWS; i++) {
    if (f.bin[i] < 0 || i == left_out) continue;
    double y = f.target[i];
    total += (y - mean) * (y - mean);
    missed += (y - prediction[i]) * (y - prediction[i]);
  }
  return 1 - missed / total;
}

/* One expert says nothing of a row: no method is scored on it. */
static void check_left_out(size_t row) {
  hr_evaluation *evaluation = evaluate();
  assert_int_equal(evaluation->missing.count, 1);
  assert_true(evaluation->missing.is_missing[row]);
  static const char *const names[] = {"ridge_oracle", "forest_oracle", "oracle_hybrid_cv",
                                      "oracle_hybrid_test", "global_ridge"};
  size_t n = hr_row_groups_covered(&evaluation->groups);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    const hr_method_score *method = method_of(evaluation, names[i]);
    assert_true(method->forecast->listed);
    assert_true(method->complete[HR_SCOPE_COVERED]);
    assert_int_equal(method->pooled[HR_SCOPE_COVERED].rows, n);
    check_near(method->pooled[HR_SCOPE_COVERED].r2,
               r2_without(method->forecast->prediction, row), 1e-12);
  }
  hr_evaluation_destroy(&evaluation);
}

static void a_row_that_one_expert_lacks_is_left_out_of_all(void **state) {
  (void)state;
  size_t row = fixture_row(&f, 1, 4);
  f.forest_own[row] = (float)NAN;
  check_left_out(row);
  fixture_init(&f);
  for (size_t v = 0; v < FIXTURE_ALPHAS; v++) f.ridge_global[v][row] = (float)INFINITY;
  check_left_out(row);
}

/* What nobody chose may lack a row: the variant alone has no score. */
static void a_variant_that_nobody_chose_costs_no_row(void **state) {
  (void)state;
  size_t row = fixture_row(&f, 0, 2);
  f.ridge_own[0][row] = (float)NAN; /* the third is chosen */
  hr_evaluation *evaluation = evaluate();
  assert_int_equal(evaluation->missing.count, 0);
  assert_true(isnan(hr_variant_scores_at(&evaluation->variants, 0, 0)[0].r2));
  assert_true(!isnan(hr_variant_scores_at(&evaluation->variants, 0, 0)[2].r2));
  hr_evaluation_destroy(&evaluation);
}

static size_t count_of(const json_t *object, const char *key) {
  return (size_t)json_integer_value(json_object_get(object, key));
}

static void missing_rows_are_named_and_the_ledger_balances(void **state) {
  (void)state;
  size_t row = fixture_row(&f, 1, 4), other = 6; /* the second is not covered */
  assert_int_equal(f.bin[other], HR_UNCOVERED);
  f.forest_own[row] = (float)NAN;
  for (size_t v = 0; v < FIXTURE_ALPHAS; v++) f.ridge_global[v][other] = (float)NAN;
  json_t *root = results();
  const json_t *missing = json_object_get(root, "missing");
  const json_t *ledger = json_object_get(root, "ledger");
  assert_int_equal(count_of(missing, "n"), 2);
  assert_int_equal(count_of(ledger, "missing"), 2);
  assert_int_equal(count_of(ledger, "covered") + count_of(ledger, "uncovered") + 2,
                   FIXTURE_ROWS);
  const json_t *rows = json_object_get(missing, "rows");
  size_t first = row < other ? row : other;
  assert_int_equal(json_array_size(rows), 2);
  assert_int_equal(json_integer_value(json_array_get(rows, 0)), first);
  const json_t *methods = json_object_get(missing, "methods");
  assert_int_equal(json_array_size(methods), 2);
  for (size_t i = 0; i < 2; i++) {
    assert_int_equal(count_of(json_array_get(methods, i), "n"), 1);
  }
  assert_non_null(strstr(told.last, "2 of "));
  assert_non_null(strstr(told.last, "of test.h5 (see predictions.csv)"));
  const json_t *warning = json_array_get(json_object_get(root, "warnings"), 0);
  const char *chinese = json_string_value(json_object_get(warning, "text_zh"));
  assert_string_equal(json_string_value(json_object_get(warning, "code")), "missing");
  assert_string_equal(json_string_value(json_object_get(warning, "text")), told.last);
  assert_non_null(
      strstr(chinese, "至少有一种方法给不出数值，不计入任何评分：test.h5 第 "));
  json_decref(root);
}

static void a_row_that_a_control_lacks_is_left_out_too(void **state) {
  (void)state;
  fixture_add_controls(&f, 0.6);
  size_t row = fixture_row(&f, 2, 3);
  f.placebo[row] = (float)NAN;
  hr_evaluation *evaluation = evaluate();
  assert_int_equal(evaluation->missing.count, 1);
  assert_true(!isnan(evaluation->controls.covered[HR_CONTROL_PLACEBO].r2));
  hr_evaluation_destroy(&evaluation);
}

static void no_row_missing_says_nothing(void **state) {
  (void)state;
  json_t *root = results();
  assert_null(json_object_get(root, "missing"));
  assert_null(json_object_get(json_object_get(root, "ledger"), "missing"));
  json_decref(root);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(a_row_that_one_expert_lacks_is_left_out_of_all, prepare),
      cmocka_unit_test_setup(a_variant_that_nobody_chose_costs_no_row, prepare),
      cmocka_unit_test_setup(missing_rows_are_named_and_the_ledger_balances, prepare),
      cmocka_unit_test_setup(a_row_that_a_control_lacks_is_left_out_too, prepare),
      cmocka_unit_test_setup(no_row_missing_says_nothing, prepare),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
