#include "choice/oracle.h"

#include "support/check.h"
#include "support/fail_alloc.h"

/* Six rows: two bins, one row without a bin that nearest routing sends to bin 1, and one
 * that nobody predicts. */
static const double target[] = {1, 2, 3, 4, 5, 6};
static const int32_t bin[] = {1, 0, HR_UNCOVERED, 1, 0, HR_UNCOVERED};
static const int32_t route[] = {1, 0, 1, 1, 0, HR_UNCOVERED};
static const hr_split_view test = {
    .rows = 6, .target = target, .bin = bin, .route = route};

/* Two variants, of which the model of bin 1 has but one. */
static float own[] = {30,         10, 31,         32,         11, (float)NAN,
                      (float)NAN, 20, (float)NAN, (float)NAN, 21, (float)NAN};
static float everywhere[] = {90, 91, 92, 93, 94, 95};
static const hr_task tasks[] = {
    {.bin = 0, .variant_count = 2},
    {.bin = 1, .variant_count = 1},
    {.bin = 2, .status = HR_FIT_SKIPPED},
    {.bin = HR_GLOBAL, .variant_count = 1},
};
static const hr_method type = {.name = "ridge"};
static const hr_outcome outcome = {
    .type = &type,
    .tasks = tasks,
    .task_count = 4,
    .own = {.rows = 6, .targets = 1, .variants = 2, .mean = own},
    .global = {.rows = 6, .targets = 1, .variants = 1, .mean = everywhere},
};

static hr_oracle *make_oracle(void) {
  hr_oracle *oracle = NULL;
  hr_error err;
  check_ok(hr_oracle_create(&test, 2, &outcome, 1, &oracle, &err));
  return oracle;
}

static void check_predictions(const hr_choice *choices, const double *expected) {
  hr_oracle *oracle = make_oracle();
  double prediction[6];
  hr_oracle_assemble(oracle, choices, prediction);
  for (size_t i = 0; i < 6; i++) {
    if (isnan(expected[i])) {
      assert_true(isnan(prediction[i]));
    } else {
      check_near(prediction[i], expected[i], 0);
    }
  }
  hr_oracle_destroy(&oracle);
}

static void test_rows_are_sorted_by_bin(void **state) {
  (void)state;
  static const size_t rows[] = {1, 4, 0, 3, 2, 5}, start[] = {0, 2, 4, 6};
  hr_oracle *oracle = make_oracle();
  assert_memory_equal(oracle->row_list, rows, sizeof rows);
  assert_memory_equal(oracle->group_start, start, sizeof start);
  assert_int_equal(hr_oracle_covered(oracle), 4);
  hr_oracle_destroy(&oracle);
  hr_oracle_destroy(&oracle); /* again is harmless */
}

static void test_bins_predict_the_rows_routed_to_them(void **state) {
  (void)state;
  const hr_choice choices[] = {
      {HR_CHOICE_EXPERT, 0, 1}, {HR_CHOICE_EXPERT, 0, 0}, {HR_CHOICE_NONE, 0, 0}};
  const double expected[] = {30, 20, 31, 32, 21, (double)NAN};
  check_predictions(choices, expected);
}

static void test_global_model_predicts_what_it_is_given(void **state) {
  (void)state;
  const hr_choice choices[] = {
      {HR_CHOICE_GLOBAL, 0, 0}, {HR_CHOICE_EXPERT, 0, 0}, {HR_CHOICE_GLOBAL, 0, 0}};
  const double expected[] = {30, 91, 31, 32, 94, 95};
  check_predictions(choices, expected);
}

static void test_nobody_predicts_nan(void **state) {
  (void)state;
  /* An expert has no task for rows without a route. */
  const hr_choice choices[] = {
      {HR_CHOICE_NONE, 0, 0}, {HR_CHOICE_NONE, 0, 0}, {HR_CHOICE_EXPERT, 0, 0}};
  const double none = (double)NAN;
  const double expected[] = {none, none, none, none, none, none};
  check_predictions(choices, expected);
}

static hr_status create_and_destroy(void) {
  hr_oracle *oracle = NULL;
  hr_status status = hr_oracle_create(&test, 2, &outcome, 1, &oracle, NULL);
  hr_oracle_destroy(&oracle);
  return status;
}

static void test_memory_can_run_out(void **state) {
  (void)state;
  check_alloc_failures(create_and_destroy());
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rows_are_sorted_by_bin),
      cmocka_unit_test(test_bins_predict_the_rows_routed_to_them),
      cmocka_unit_test(test_global_model_predicts_what_it_is_given),
      cmocka_unit_test(test_nobody_predicts_nan),
      cmocka_unit_test(test_memory_can_run_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
