#include "routing/gate_kinds.h"

#include "support/check.h"

static void kinds_are_found_by_name(void **state) {
  (void)state;
  size_t count = 0;
  const hr_gate_kind *const *kinds = hr_gate_kinds(&count);
  assert_int_equal(count, 3);
  for (size_t i = 0; i < count; i++) {
    assert_ptr_equal(hr_gate_kind_find(kinds[i]->name), kinds[i]);
    assert_non_null(hr_fields_find(kinds[i]->fields, kinds[i]->field_count, "mixing"));
  }
  assert_null(hr_gate_kind_find("oracle"));
}

static void inputs_ask_for_a_table(void **state) {
  (void)state;
  char users[] = "users_13";
  hr_gate_logistic_parameters logistic = {.inputs = {users, -1, 1000, 0}};
  hr_gate_mlp_parameters mlp = {.inputs = {users, 7, 1000, 0}};
  assert_null(hr_gate_kind_inputs(&hr_gate_bayes_kind, NULL));
  const hr_gate_inputs *inputs = hr_gate_kind_inputs(&hr_gate_logistic_kind, &logistic);
  assert_int_equal(hr_gate_inputs_table(inputs).components, 4);
  inputs = hr_gate_kind_inputs(&hr_gate_mlp_kind, &mlp);
  hr_gate_table table = hr_gate_inputs_table(inputs);
  assert_int_equal(table.components, 7);
  assert_int_equal(hr_gate_table_features(&table), 16);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(kinds_are_found_by_name),
      cmocka_unit_test(inputs_ask_for_a_table),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
