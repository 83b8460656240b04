/* Which bins are told, of which model from elsewhere. */
#include "study/elsewhere.h"

#include <math.h>

#include "support/outside_plan.h"
#include "support/warnings.h"

/* Of both bins Ridge and the model of v.csv. */
static hr_fit fits[2][2];
static double cv[2][2];
static hr_outcome outcomes[8];
static warnings warned;
static hr_observer observer;

static void prepare(void) {
  warned = (warnings){.count = 0};
  observer = warnings_observer(&warned);
  check_ok(outside_make_told("row,log_g\n0,1\n1,2\n2,3\n3,4\n4,5\n5,6\n6,7\n7,8\n",
                             ", bins: all", &observer));
  warned.count = 0;
  for (size_t e = 0; e < 2; e++) {
    outcomes[e] = (hr_outcome){
        .type = plan_config->experts[e].type, .fits = fits[e], .fit_count = 2};
    for (size_t k = 0; k < 2; k++) {
      cv[e][k] = 0.5;
      fits[e][k] = (hr_fit){
          .slot = (int)k, .status = HR_FIT_OK, .variant_count = 1, .cv_r2 = &cv[e][k]};
    }
  }
}

static void bins_that_it_has_are_told(void **state) {
  (void)state;
  prepare();
  check_ok(hr_study_tell_elsewhere(plan, outcomes, &err));
  assert_int_equal(warned.count, 0); /* the earlier of two that are equal stays */
  cv[1][1] = 0.6;
  check_ok(hr_study_tell_elsewhere(plan, outcomes, &err));
  assert_int_equal(warned.count, 1);
  assert_string_equal(
      warned.last,
      "experts.cat: validation chose it in bin 1; the model to predict "
      "with and the gates cannot hold it, and have the best of the study's "
      "own experts there");
  cv[1][0] = 0.6;
  check_ok(hr_study_tell_elsewhere(plan, outcomes, &err));
  assert_string_equal(
      warned.last,
      "experts.cat: validation chose it in bins 0, 1; the model to predict "
      "with and the gates cannot hold it, and have the best of the study's "
      "own experts there");
  cv[1][0] = cv[1][1] = (double)NAN;
  warned.count = 0;
  check_ok(hr_study_tell_elsewhere(plan, outcomes, &err));
  assert_int_equal(warned.count, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(bins_that_it_has_are_told, small_plan_set_up,
                                      outside_tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
