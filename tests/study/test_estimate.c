/* What a study takes, the least budget it fits, and what is done where memory is short.
 */
#include "study/estimate.h"

#include "support/small_plan.h"

static hr_plan *make_plan(void) {
  hr_error err = {0};
  hr_plan *plan = NULL;
  small_plan_configure("experts: {ridge: }\n");
  check_ok(hr_plan_create(plan_config, NULL, &plan, &err));
  return plan;
}

/* As if spectra had so many pixels: sums of products need their square. */
static hr_plan *make_wide_plan(void) {
  hr_plan *plan = make_plan();
  plan->view.pixels = 2000;
  return plan;
}

static void more_experts_than_there_is_room_for(void **state) {
  (void)state;
  hr_error err = {0};
  hr_plan *plan = make_plan();
  hr_config many = *plan_config;
  many.expert_count = HR_MEMORY_PLAN_MOST + 1;
  plan->config = &many;
  check_fails(hr_plan_fit_memory(plan, &err), HR_ERR_INTERNAL,
              "a study of 17 experts has more than 16");
  plan->config = plan_config;
  check_ok(hr_plan_fit_memory(plan, &err));
  assert_int_equal(plan->memory.count, plan_config->expert_count);
  hr_plan_destroy(&plan);
}

static bool fits(hr_plan *plan, int64_t mebibytes) {
  hr_error err = {0};
  plan->view.memory_bytes = (size_t)mebibytes << 20;
  return hr_plan_check_memory(plan, &err) == HR_OK;
}

static void the_smallest_budget_is_the_smallest(void **state) {
  (void)state;
  hr_plan *plan = make_wide_plan();
  int64_t least = hr_plan_smallest_budget(plan);
  plan->view.low_memory = HR_LOW_MEMORY_FOLDS;
  assert_true(least > 8); /* a matrix of 2,000 by 2,000 floats is 15 MiB */
  assert_true(fits(plan, least));
  assert_false(fits(plan, least - 1));
  hr_plan_destroy(&plan);
}

static void memory_is_saved_only_where_it_is_short(void **state) {
  (void)state;
  hr_error err = {0};
  hr_plan *plan = make_wide_plan();
  plan->view.low_memory = HR_LOW_MEMORY_NONE;
  plan->view.memory_bytes = (size_t)64 << 30;
  check_ok(hr_plan_fit_memory(plan, &err));
  assert_int_equal(plan->view.low_memory, HR_LOW_MEMORY_NONE);
  plan->view.memory_bytes = 1;
  check_ok(hr_plan_fit_memory(plan, &err));
  assert_int_equal(plan->view.low_memory, HR_LOW_MEMORY_FOLDS);
  hr_plan_destroy(&plan);
}

static void what_is_done_costs_nothing_more(void **state) {
  (void)state;
  hr_plan *plan = make_wide_plan();
  const bool none[HR_MEMORY_PLAN_MOST] = {false};
  bool every[HR_MEMORY_PLAN_MOST];
  hr_cost all = {0}, none_done = {0}, rest = {0};
  for (size_t i = 0; i < HR_MEMORY_PLAN_MOST; i++) every[i] = true;
  hr_plan_estimate(plan, &all);
  hr_plan_estimate_rest(plan, none, &none_done);
  hr_plan_estimate_rest(plan, every, &rest);
  assert_true(all.operations > 0);
  check_near(none_done.operations, all.operations, 0);
  check_near(none_done.memory_bytes, all.memory_bytes, 0);
  check_near(none_done.disk_bytes, all.disk_bytes, 0);
  check_near(rest.operations, 0, 0);
  assert_true(rest.memory_bytes < all.memory_bytes);
  assert_true(rest.disk_bytes < all.disk_bytes);
  hr_plan_destroy(&plan);
}

static void no_operations_take_no_time(void **state) {
  (void)state;
  const hr_cost none = {0}, some = {.operations = 1e9};
  check_near(hr_plan_seconds(&none), 0, 0);
  assert_true(hr_plan_seconds(&some) >= 0);
}

int main(void) {
#define TEST_CASE(name) \
  cmocka_unit_test_setup_teardown(name, small_plan_set_up, small_plan_tear_down)
  const struct CMUnitTest tests[] = {
      TEST_CASE(more_experts_than_there_is_room_for),
      TEST_CASE(the_smallest_budget_is_the_smallest),
      TEST_CASE(memory_is_saved_only_where_it_is_short),
      TEST_CASE(what_is_done_costs_nothing_more),
      TEST_CASE(no_operations_take_no_time),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
