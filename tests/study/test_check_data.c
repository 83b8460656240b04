/* What makes a study meaningless refuses it, unless it is allowed. */
#include "study/check_data.h"

#include "support/small_plan.h"

/* A copy of a training row among the test rows. */
static void write_test_with_a_training_row(void) {
  char path[128];
  static double labels[4][PLAN_TEST], flux[PLAN_TEST * PLAN_PIXELS];
  static double error[PLAN_TEST * PLAN_PIXELS];
  snprintf(path, sizeof path, "%s/test.h5", plan_scratch.path);
  shard_spec spec = shard_spec_default(path);
  spec.rows = PLAN_TEST;
  spec.pixels = PLAN_PIXELS;
  for (size_t i = 0; i < PLAN_TEST; i++) {
    size_t row = i == 2 ? 5 : 100 + i; /* row 5 of the training rows */
    labels[0][i] = row == 5 ? 1 : 3;
    labels[1][i] = (double)(PLAN_TRAIN + row);
    labels[2][i] = 0.5;
    labels[3][i] = row == 5 ? plan_age[5] : 1;
    for (size_t p = 0; p < PLAN_PIXELS; p++) {
      flux[i * PLAN_PIXELS + p] = shard_flux(PLAN_TRAIN + row, p);
      error[i * PLAN_PIXELS + p] = shard_error(PLAN_TRAIN + row, p);
    }
  }
  spec.flux = flux;
  spec.error = error;
  static const char *const names[] = {"T_eff", "log_g", "M_H", "age"};
  double wave[PLAN_PIXELS];
  for (size_t p = 0; p < PLAN_PIXELS; p++) wave[p] = 7100 + 0.5 * (double)p;
  spec.wave = wave;
  for (size_t c = 0; c < 4; c++) spec.columns[c] = (shard_column){names[c], labels[c]};
  spec.column_count = 4;
  shard_write(&spec);
}

static void a_test_row_that_is_trained_on_refuses_the_study(void **state) {
  (void)state;
  hr_error err = {0};
  hr_plan *plan = NULL;
  char expected[1024];
  write_test_with_a_training_row();
  snprintf(expected, sizeof expected,
           "%s/test.h5: row 2 is also row 5 of %s/train.h5 (counted from 0), with the "
           "same labels, flux and error; 1 row of the test set has the labels of an "
           "earlier one, and the spectra of 1 of the 1 pairs compared are the same; test "
           "on stars that are not trained on; where it is meant, data.allow: "
           "[test_in_training] lets it be",
           plan_scratch.path, plan_scratch.path);
  check_fails(hr_plan_create(plan_config, NULL, &plan, &err), HR_ERR_DATA, expected);
  assert_null(plan);
}

static void what_is_allowed_is_told(void **state) {
  (void)state;
  hr_error err = {0};
  hr_plan *plan = NULL;
  write_test_with_a_training_row();
  check_ok(hr_strings_append(&plan_config->data.allow, "test_in_training", &err));
  check_ok(hr_plan_create(plan_config, NULL, &plan, &err));
  assert_int_equal(plan->doubts.count, 1);
  assert_int_equal(plan->doubts.items[0].code, HR_DOUBT_TEST_IN_TRAINING);
  assert_false(plan->doubts.items[0].refuses);
  hr_plan_destroy(&plan);
}

static void sound_data_are_not_doubted(void **state) {
  (void)state;
  hr_error err = {0};
  hr_plan *plan = NULL;
  check_ok(hr_plan_create(plan_config, NULL, &plan, &err));
  assert_int_equal(plan->doubts.count, 0);
  hr_plan_destroy(&plan);
}

static size_t looked_at_within(hr_plan *plan, uint64_t most_bytes) {
  hr_error err = {0};
  size_t looked_at = 0;
  check_ok(hr_plan_look_for_wild(plan, most_bytes, &looked_at, &err));
  return looked_at;
}

/* All rows where the files are small, some of them else. */
static void wild_rows_are_looked_for_within_a_bound(void **state) {
  (void)state;
  hr_error err = {0};
  hr_plan *plan = NULL;
  check_ok(hr_plan_create(plan_config, NULL, &plan, &err));
  assert_int_equal(looked_at_within(plan, (uint64_t)1 << 30), PLAN_TRAIN);
  assert_int_equal(looked_at_within(plan, 1), 1);
  assert_int_equal(plan->doubts.count, 0);
  /* As if the sample had been of far fainter rows. */
  plan->conditions.rows.wild_beyond = 1e-6F;
  assert_int_equal(looked_at_within(plan, 1), 1);
  assert_int_equal(plan->doubts.count, 1);
  assert_int_equal(plan->doubts.items[0].code, HR_DOUBT_OUTLIERS);
  assert_non_null(strstr(plan->doubts.items[0].sentence,
                         "the flux of 1 training row is far beyond that of all others, "
                         "which may spoil every model; the first is row 0 of "));
  hr_plan_destroy(&plan);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(a_test_row_that_is_trained_on_refuses_the_study,
                                      small_plan_set_up, small_plan_tear_down),
      cmocka_unit_test_setup_teardown(wild_rows_are_looked_for_within_a_bound,
                                      small_plan_set_up, small_plan_tear_down),
      cmocka_unit_test_setup_teardown(what_is_allowed_is_told, small_plan_set_up,
                                      small_plan_tear_down),
      cmocka_unit_test_setup_teardown(sound_data_are_not_doubted, small_plan_set_up,
                                      small_plan_tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
