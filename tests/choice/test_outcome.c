/* Predictions by row number begin undefined; tasks are found by bin. */
#include "choice/outcome.h"

#include "support/check.h"
#include "support/fail_alloc.h"

static const hr_fit fits[] = {
    {.slot = 0},
    {.slot = 1},
    {.slot = 2, .status = HR_FIT_SKIPPED},
    {.slot = HR_GLOBAL},
};
static const hr_outcome outcome = {.fits = fits, .fit_count = 4};

static void test_tasks_are_found_by_bin(void **state) {
  (void)state;
  assert_ptr_equal(hr_outcome_fit(&outcome, 1), &fits[1]);
  assert_ptr_equal(hr_outcome_fit(&outcome, HR_GLOBAL), &fits[3]);
  assert_ptr_equal(hr_outcome_fit(&outcome, 2), &fits[2]);
  assert_null(hr_outcome_usable(&outcome, 2));
  assert_null(hr_outcome_fit(&outcome, 7));
}

static void test_predictions_begin_undefined(void **state) {
  (void)state;
  hr_predictions p;
  hr_error err;
  check_ok(hr_predictions_init(&p, 2, 3, true, &err));
  for (size_t i = 0; i < 6; i++) assert_true(isnan((double)p.mean[i]));
  for (size_t i = 0; i < 3; i++) assert_true(isnan(p.variance[i]));
  p.mean[5] = 4;
  check_near((double)hr_predictions_at(&p, 1, 2), 4, 0);
  hr_predictions_fini(&p);
  check_ok(hr_predictions_init(&p, 2, 3, false, &err));
  assert_null(p.variance);
  hr_predictions_fini(&p);
  hr_predictions_fini(&p); /* again is harmless */
}

static hr_status init_and_fini(void) {
  hr_predictions p;
  hr_status status = hr_predictions_init(&p, 2, 3, true, NULL);
  hr_predictions_fini(&p);
  return status;
}

static void test_memory_can_run_out(void **state) {
  (void)state;
  check_alloc_failures(init_and_fini());
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_tasks_are_found_by_bin),
      cmocka_unit_test(test_predictions_begin_undefined),
      cmocka_unit_test(test_memory_can_run_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
