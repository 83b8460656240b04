/* The list of methods in results.json. */
#include "score/results_methods.h"

#include <jansson.h>
#include <string.h>

#include "score/fixture.h"
#include "support/check.h"

static fixture f;
static hr_error err;

static json_t *methods(void) {
  hr_text text;
  hr_text_init(&text);
  check_ok(hr_results_format(&f.input, &text, NULL, &err));
  json_t *root = json_loads(text.bytes, JSON_REJECT_DUPLICATES, NULL);
  json_t *list = json_incref(json_object_get(root, "methods"));
  assert_true(json_is_array(list));
  json_decref(root);
  hr_text_fini(&text);
  return list;
}

static void check_method(const json_t *list, size_t index, const char *expected) {
  char *text = json_dumps(json_array_get(list, index), JSON_COMPACT | JSON_SORT_KEYS);
  assert_non_null(text);
  assert_string_equal(text, expected);
  free(text);
}

static void test_every_method_says_what_it_is(void **state) {
  (void)state;
  fixture_init(&f);
  fixture_add_controls(&f, 0.6);
  f.control_fits[1].status = HR_FIT_SKIPPED;
  json_t *list = methods();
  assert_int_equal(json_array_size(list), 3 * 3 + 2 + 2);
  check_method(list, 0,
               "{\"expert\":\"ridge\",\"kind\":\"global\",\"listed\":true,"
               "\"name\":\"global_ridge\",\"selection\":\"cv\","
               "\"title\":\"Global Ridge\",\"versus\":\"ridge_oracle\"}");
  check_method(list, 7,
               "{\"expert\":\"forest\",\"kind\":\"oracle\",\"listed\":false,"
               "\"name\":\"forest_oracle_test\",\"selection\":\"test\","
               "\"title\":\"Forest-Oracle (test)\",\"versus\":\"ridge_oracle_test\"}");
  check_method(list, 9,
               "{\"expert\":null,\"kind\":\"hybrid\",\"listed\":true,"
               "\"name\":\"oracle_hybrid_cv\",\"selection\":\"cv\","
               "\"title\":\"Oracle-Hybrid\",\"versus\":\"ridge_oracle\"}");
  check_method(list, 12,
               "{\"expert\":null,\"kind\":\"control\",\"listed\":false,"
               "\"name\":\"leakage\",\"selection\":\"cv\","
               "\"title\":\"Error alone\",\"versus\":null}");
  json_decref(list);
}

static void test_without_controls_there_are_none(void **state) {
  (void)state;
  fixture_init(&f);
  json_t *list = methods();
  assert_int_equal(json_array_size(list), 3 * 3 + 2);
  json_decref(list);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_method_says_what_it_is),
      cmocka_unit_test(test_without_controls_there_are_none),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
