/* Labels that are nearly all outside the bins: which axis, its range and the edges. */
#include "study/uncovered.h"

#include "support/small_plan.h"

static hr_plan *make_plan(void) {
  hr_error err = {0};
  hr_plan *plan = NULL;
  check_ok(hr_plan_create(plan_config, NULL, &plan, &err));
  return plan;
}

/* Two axes, of which one is beside all labels; T_eff is 1, 3 or 9. */
static void the_axis_is_named(void **state) {
  (void)state;
  small_plan_bin("T_eff: [1000, 2000, 9000], M_H: [0, 1]", "");
  hr_plan *plan = make_plan();
  assert_int_equal(plan->doubts.count, 2);
  assert_int_equal(plan->doubts.items[0].code, HR_DOUBT_UNCOVERED);
  assert_false(plan->doubts.items[0].refuses);
  assert_string_equal(
      plan->doubts.items[0].sentence,
      "12 of the 12 training rows are outside all bins: the label T_eff is 1 to 9, and "
      "binning.T_eff has edges from 1000 to 9000, with 0 of the rows between; check that "
      "both are in the same unit, or give other edges");
  assert_string_equal(
      plan->doubts.items[1].sentence,
      "8 of the 8 test rows are outside all bins: the label T_eff is 1 to 9, and "
      "binning.T_eff has edges from 1000 to 9000, with 0 of the rows between; check that "
      "both are in the same unit, or give other edges");
  hr_plan_destroy(&plan);
}

/* One row of 12 is between the edges, one of 8: nine in ten are outside in one set. */
static void nearly_all_are_nine_in_ten(void **state) {
  (void)state;
  small_plan_bin("axes: {T_eff: [8, 10]}", "");
  hr_plan *plan = make_plan();
  assert_int_equal(plan->doubts.count, 1);
  assert_string_equal(
      plan->doubts.items[0].sentence,
      "11 of the 12 training rows are outside all bins: the label T_eff is 1 to 9, and "
      "binning.axes.T_eff has edges from 8 to 10, with 1 of the rows between; check that "
      "both are in the same unit, or give other edges");
  assert_non_null(strstr(plan->doubts.items[0].chinese, "binning.axes.T_eff"));
  hr_plan_destroy(&plan);
}

static void fewer_are_not_doubted(void **state) {
  (void)state;
  hr_plan *plan = make_plan();
  assert_int_equal(plan->doubts.count, 0);
  hr_plan_destroy(&plan);
}

static void results_tell_it_of_training_rows(void **state) {
  (void)state;
  json_t *root =
      json_pack("{s{sisi}s[{ssss}]}", "ledger", "train_covered", 0, "train_uncovered", 5,
                "warnings", "code", "uncovered", "text", "all of them");
  assert_string_equal(hr_uncovered_training(root), "all of them");
  json_object_set_new(root, "warnings", json_array());
  assert_null(hr_uncovered_training(root));
  json_decref(root);
}

int main(void) {
#define TEST_CASE(name) \
  cmocka_unit_test_setup_teardown(name, small_plan_set_up, small_plan_tear_down)
  const struct CMUnitTest tests[] = {
      TEST_CASE(the_axis_is_named),
      TEST_CASE(nearly_all_are_nine_in_ten),
      TEST_CASE(fewer_are_not_doubted),
      TEST_CASE(results_tell_it_of_training_rows),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
