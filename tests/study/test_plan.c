/* What is known of a study before the first spectrum is read. */
#include "study/estimate.h"
#include "support/small_plan.h"

static char expected[1024];

static void rows_are_in_bins_and_folds(void **state) {
  (void)state;
  hr_error err = {0};
  hr_plan *plan = NULL;
  check_ok(hr_plan_create(plan_config, NULL, &plan, &err));
  assert_int_equal(plan->view.bin_count, 2);
  assert_int_equal(plan->view.train.rows, PLAN_TRAIN);
  assert_int_equal(plan->view.pixels, PLAN_PIXELS);
  assert_int_equal(plan->train_counts[0], 6);
  assert_int_equal(plan->train_counts[1], 5);
  assert_int_equal(plan->train_counts[2], 1); /* uncovered */
  assert_int_equal(plan->test_counts[0] + plan->test_counts[1], PLAN_TEST - 1);
  for (size_t i = 0; i < PLAN_TRAIN; i++) assert_in_range(plan->train_fold[i], 0, 4);
  hr_plan_destroy(&plan);
  assert_null(plan);
}

static void refuses(const char *after) {
  hr_error err = {0};
  hr_plan *plan = NULL;
  snprintf(expected, sizeof expected, "%s/test.h5%s", plan_scratch.path, after);
  check_fails(hr_plan_create(plan_config, NULL, &plan, &err), HR_ERR_DATA, expected);
  assert_null(plan);
}

static void both_splits_have_one_grid(void **state) {
  (void)state;
  small_plan_rows("test.h5", PLAN_TEST, PLAN_PIXELS - 1, 7100);
  refuses(
      " has 5 pixels a spectrum but the training shards have 6; give a test set on the "
      "same wavelength grid as data.test");
  small_plan_rows("test.h5", PLAN_TEST, PLAN_PIXELS, 7100.25);
  refuses(
      ": pixel 0 is at 7100.2500 angstrom but at 7100.0000 in the training shards; give "
      "a test set on the same wavelength grid as data.test");
}

/* The smallest budget there is, a MiB, is enough for so few rows; a byte is not. */
static void a_study_has_to_fit_its_memory(void **state) {
  (void)state;
  hr_error err = {0};
  hr_plan *plan = NULL;
  small_plan_configure("run: {memory_mib: 1}\n");
  check_ok(hr_plan_create(plan_config, NULL, &plan, &err));
  check_ok(hr_plan_check_memory(plan, &err));
  plan->view.memory_bytes = 1;
  check_fails(hr_plan_check_memory(plan, &err), HR_ERR_CONFIG,
              "x.yaml: the study does not fit into run.memory_mib: 1; it needs at least "
              "1, or fewer bins or folds");
  hr_plan_destroy(&plan);
}

/* The same study has the same fingerprint wherever its files lie; other labels change it.
 */
static void labels_are_in_the_fingerprint(void **state) {
  (void)state;
  hr_error err = {0};
  hr_plan *plan = NULL;
  char first[17];
  check_ok(hr_plan_create(plan_config, NULL, &plan, &err));
  snprintf(first, sizeof first, "%s", plan->origin.fingerprint);
  hr_plan_destroy(&plan);
  small_plan_configure("run: {block_rows: 3}\n");
  check_ok(hr_plan_create(plan_config, NULL, &plan, &err));
  assert_string_equal(plan->origin.fingerprint, first);
  hr_plan_destroy(&plan);
  small_plan_rows("test.h5", PLAN_TEST - 1, PLAN_PIXELS, 7100);
  check_ok(hr_plan_create(plan_config, NULL, &plan, &err));
  assert_string_not_equal(plan->origin.fingerprint, first);
  hr_plan_destroy(&plan);
}

int main(void) {
#define TEST_CASE(name) \
  cmocka_unit_test_setup_teardown(name, small_plan_set_up, small_plan_tear_down)
  const struct CMUnitTest tests[] = {
      TEST_CASE(rows_are_in_bins_and_folds),
      TEST_CASE(both_splits_have_one_grid),
      TEST_CASE(a_study_has_to_fit_its_memory),
      TEST_CASE(labels_are_in_the_fingerprint),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
