/* Settings as results.json has them. */
#include "score/settings_json.h"

#include "methods/ridge/ridge.h"
#include "routing/gate_kinds.h"
#include "support/check.h"

static hr_json_builder builder;
static json_t *root;

static int prepare(void **state) {
  (void)state;
  builder = (hr_json_builder){0};
  root = json_object();
  return 0;
}

static int tidy(void **state) {
  (void)state;
  json_decref(root);
  return 0;
}

static const char *setting(const char *key) {
  return json_string_value(json_object_get(json_object_get(root, "settings"), key));
}

static void as_the_configuration_writes_them(void **state) {
  (void)state;
  double values[] = {0.5, 100};
  const hr_ridge_parameters ridge = {.alpha = {values, 2}};
  const hr_settings settings = {hr_ridge_method.fields, hr_ridge_method.field_count,
                                &ridge};
  hr_settings_put(&builder, root, &settings);
  assert_false(builder.failed);
  assert_string_equal(setting("alpha"), "[0.5, 100]");
}

/* The threshold of a mixing that is not meant has no effect. */
static void without_those_of_no_effect(void **state) {
  (void)state;
  char soft[] = "soft", fallback[] = "fallback";
  const hr_gate_kind *kind = &hr_gate_bayes_kind;
  hr_gate_bayes_parameters bayes = {.common = {soft, 0.5}};
  const hr_settings settings = {kind->fields, kind->field_count, &bayes};
  hr_settings_put(&builder, root, &settings);
  assert_string_equal(setting("mixing"), "soft");
  assert_null(setting("fallback_below"));
  bayes.common.mixing = fallback;
  hr_settings_put(&builder, root, &settings);
  assert_string_equal(setting("fallback_below"), "0.5");
}

static void nothing_of_what_is_not_known(void **state) {
  (void)state;
  const hr_settings settings = {hr_ridge_method.fields, hr_ridge_method.field_count,
                                NULL};
  hr_settings_put(&builder, root, &settings);
  assert_null(json_object_get(root, "settings"));
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, prepare, tidy)
  const struct CMUnitTest tests[] = {
      TEST(as_the_configuration_writes_them),
      TEST(without_those_of_no_effect),
      TEST(nothing_of_what_is_not_known),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
