/* A row that makes most of a method's squared error is told of, and changes nothing. */
#include "score/dominant.h"

#include <jansson.h>

#include "score/fixture.h"
#include "support/check.h"
#include "support/warnings.h"

static fixture f;

static json_t *results(warnings *told) {
  hr_text text;
  hr_error err;
  const hr_observer observer = warnings_observer(told);
  f.input.observer = &observer;
  f.input.test_file = "test.h5";
  hr_text_init(&text);
  check_ok(hr_results_format(&f.input, &text, NULL, &err));
  json_t *root = json_loads(text.bytes, JSON_REJECT_DUPLICATES, NULL);
  hr_text_fini(&text);
  return root;
}

static void usual_errors_are_no_alarm(void **state) {
  (void)state;
  warnings told = {0};
  fixture_init(&f);
  json_t *root = results(&told);
  assert_null(json_object_get(root, "dominated"));
  json_decref(root);
}

static void one_row_is_named_with_what_r2_is_without_it(void **state) {
  (void)state;
  warnings told = {0};
  fixture_init(&f);
  size_t row = fixture_row(&f, 1, 4);
  f.forest_own[row] = 1000;
  json_t *root = results(&told);
  const json_t *list = json_object_get(root, "dominated");
  assert_true(json_array_size(list) > 0);
  for (size_t i = 0; i < json_array_size(list); i++) {
    const json_t *one = json_array_get(list, i);
    assert_int_equal(json_integer_value(json_object_get(one, "row")), row);
    assert_true(json_number_value(json_object_get(one, "share")) > 0.99);
    assert_true(json_number_value(json_object_get(one, "r2")) < -10);
    assert_true(json_number_value(json_object_get(one, "r2_without")) > 0);
    const char *method = json_string_value(json_object_get(one, "method"));
    assert_null(strstr(method, "ridge"));
  }
  assert_non_null(strstr(told.last, "of test.h5 alone makes 100 % of the squared error"));
  const json_t *sentences = json_object_get(root, "warnings");
  const json_t *last = json_array_get(sentences, json_array_size(sentences) - 1);
  const char *chinese = json_string_value(json_object_get(last, "text_zh"));
  assert_string_equal(json_string_value(json_object_get(last, "code")), "one_row");
  assert_string_equal(json_string_value(json_object_get(last, "text")), told.last);
  assert_non_null(strstr(chinese, "行一行就占平方误差的 100 %；R² 含该行 "));
  json_decref(root);
}

static const json_t *find_delta(const json_t *root) {
  const json_t *gate = json_object_get(root, "gate");
  for (size_t c = 0; c < json_array_size(gate); c++) {
    const json_t *one = json_array_get(gate, c);
    const char *name = json_string_value(json_object_get(one, "criterion"));
    if (strcmp(name, "delta_r2") == 0) return one;
  }
  fail_msg("no criterion delta_r2");
  return NULL;
}

static void check_text(const json_t *one, const char *key, const char *expected) {
  assert_string_equal(json_string_value(json_object_get(one, key)), expected);
}

/* More rows are no cure for one that decides. */
static void the_gate_knows_of_it(void **state) {
  (void)state;
  warnings told = {0};
  fixture_init(&f);
  for (size_t v = 0; v < FIXTURE_ALPHAS; v++) {
    f.ridge_own[v][fixture_row(&f, 1, 4)] = 1000;
  }
  json_t *root = results(&told);
  const json_t *delta = find_delta(root);
  check_text(delta, "verdict", "undecided");
  check_text(delta, "caution", "one_row");
  check_text(delta, "next", "one test row decides");
  json_decref(root);
}

static void check_passed(const json_t *root, bool expected) {
  const json_t *passed = json_object_get(root, "gate_passed");
  assert_true(json_is_boolean(passed));
  assert_int_equal(json_boolean_value(passed), expected);
}

/* All thresholds are cleared, and the gate is not passed: a gain over a baseline that
 * wild training rows spoilt is none. */
static void the_gate_knows_of_wild_training_rows(void **state) {
  (void)state;
  warnings told = {0};
  hr_preparation train = {.wild_rows = 0};
  fixture_init(&f);
  f.input.train_preparation = &train;
  static char worked[] = "publish";
  static char *const on_pass[HR_GATE_CRITERIA] = {[HR_GATE_DELTA_R2] = worked};
  f.input.gate_on_pass = on_pass;
  f.input.gate.delta_r2 = f.input.gate.oracle_r2 = f.input.gate.insufficient_below = -9;
  f.input.gate.mixture_delta_r2 = f.input.gate.focus_delta_r2 = -9;
  f.input.gate.rho = (double)NAN;
  json_t *root = results(&told);
  check_text(find_delta(root), "verdict", "pass");
  check_text(find_delta(root), "then", "publish");
  assert_null(json_object_get(find_delta(root), "caution"));
  check_passed(root, true);
  json_decref(root);
  train.wild_rows = 1;
  root = results(&told);
  check_text(find_delta(root), "caution", "wild_training_rows");
  check_text(find_delta(root), "verdict", "undecided");
  check_text(find_delta(root), "next", "training rows far beyond all others");
  assert_null(json_object_get(find_delta(root), "then"));
  check_passed(root, false);
  json_decref(root);
  f.input.gate.delta_r2 = 9; /* what fails all the same has failed */
  root = results(&told);
  check_text(find_delta(root), "verdict", "fail");
  json_decref(root);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(usual_errors_are_no_alarm),
      cmocka_unit_test(the_gate_knows_of_it),
      cmocka_unit_test(the_gate_knows_of_wild_training_rows),
      cmocka_unit_test(one_row_is_named_with_what_r2_is_without_it),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
