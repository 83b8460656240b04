/* The table of verbs. What verbs print is test_program.c's. */
#include "cli/verb.h"

#include "core/alloc.h"
#include "headroom/simulate.h"
#include "support/check.h"

static void every_verb_is_found_and_described(void **state) {
  (void)state;
  hr_error err = {0};
  size_t count = 0;
  const hr_verb *const *verbs = hr_verbs(&count);
  assert_true(count >= 9);
  for (size_t i = 0; i < count; i++) {
    const hr_verb *found = NULL;
    check_ok(hr_verb_find(verbs[i]->grammar.verb, &found, &err));
    assert_ptr_equal(found, verbs[i]);
    assert_non_null(found->run);
    assert_true(strlen(found->summary) > 10);
    for (size_t j = 0; j < found->grammar.option_count; j++) {
      assert_true(found->grammar.options[j].offset < found->values_size);
    }
  }
}

static void verbs_that_are_none_are_refused(void **state) {
  (void)state;
  hr_error err = {0};
  const hr_verb *found = NULL;
  check_fails(hr_verb_find("simulat", &found, &err), HR_ERR_USAGE,
              "there is no verb 'simulat'; did you mean 'simulate'?");
  check_fails(hr_verb_find("dance", &found, &err), HR_ERR_USAGE,
              "there is no verb 'dance'; `headroom help` lists them");
  assert_null(found);
}

static void values_begin_as_the_defaults(void **state) {
  (void)state;
  hr_error err = {0};
  void *values = NULL;
  hr_simulate_options defaults = hr_simulate_options_default();
  check_ok(hr_verb_values(&hr_verb_simulate, &values, &err));
  assert_int_equal(((hr_simulate_options *)values)->train_rows, defaults.train_rows);
  hr_free(values);
  check_ok(hr_verb_values(&hr_verb_version, &values, &err)); /* it has none */
  hr_free(values);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_verb_is_found_and_described),
      cmocka_unit_test(verbs_that_are_none_are_refused),
      cmocka_unit_test(values_begin_as_the_defaults),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
