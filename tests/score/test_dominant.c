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
  json_decref(root);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(usual_errors_are_no_alarm),
      cmocka_unit_test(one_row_is_named_with_what_r2_is_without_it),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
