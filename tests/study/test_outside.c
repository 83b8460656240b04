/* Models from elsewhere in a plan: what is told of their files, and what a study is. */
#include "study/outside.h"

#include <math.h>

#include "support/outside_plan.h"

static void other_predictions_are_another_study(void **state) {
  (void)state;
  char print[32];
  check_ok(outside_make("row,predicted\n0,1\n1,2\n2,3\n3,4\n", ""));
  snprintf(print, sizeof print, "%s", plan->origin.fingerprint);
  hr_plan_destroy(&plan);
  check_ok(outside_make("predicted,row\n1,0\n2,1\n4,3\n3,2\n", ""));
  assert_string_equal(plan->origin.fingerprint, print);
  hr_plan_destroy(&plan);
  check_ok(outside_make("row,predicted\n0,1.0000001\n1,2\n2,3\n3,4\n", ""));
  assert_string_not_equal(plan->origin.fingerprint, print);
}

/* Row 7 is in no bin. */
static void few_predictions_are_refused(void **state) {
  (void)state;
  outside_refused(
      "row,log_g\n1,2\n7,3\n3,\n4,5\n5,6\n", "", HR_ERR_DATA,
      "predictions: FILE has predictions of log_g for 3 of the 7 test rows in "
      "the bins, and every method is compared on these alone; give those of "
      "more than half, or a test set of the rows that it has as data.test");
  outside_refused(
      "row,log_g\n7,3\n", "", HR_ERR_DATA,
      "predictions: FILE has predictions of log_g for 0 of the 7 test rows in "
      "the bins, and every method is compared on these alone; give those of "
      "more than half, or a test set of the rows that it has as data.test");
  check_ok(outside_make("row,log_g\n1,2\n3,4\n4,5\n5,6\n", ""));
}

/* Of bin 1, which has test rows 4, 5 and 6, rows of the others need no prediction. */
static void a_model_of_bins_is_asked_about_their_rows(void **state) {
  (void)state;
  outside_refused(
      "row,log_g\n0,1\n1,2\n2,3\n4,5\n", ", bins: [1]", HR_ERR_DATA,
      "predictions: FILE has predictions of log_g for 1 of the 3 test rows in "
      "its bins, and every method is compared on these alone; give those of "
      "more than half, or a test set of the rows that it has as data.test");
  check_ok(outside_make("row,log_g\n4,5\n5,5\n", ", bins: [1]"));
  assert_int_equal(outside_said()->asked, 3);
  hr_plan_destroy(&plan);
  check_ok(outside_make("row,log_g\n4,5\n5,5\n0,1\n1,1\n", ""));
  assert_int_equal(outside_said()->asked, PLAN_TEST);
}

static char told[2048];

static void keep_warning(void *context, hr_log_level level, const char *message) {
  (void)context;
  size_t length = strlen(told);
  if (level != HR_LOG_WARNING || !strstr(message, "experts.cat")) return;
  snprintf(told + length, sizeof told - length, "%s\n", message);
}

static void what_does_not_meet_is_told(void **state) {
  (void)state;
  const hr_observer observer = {.log = keep_warning};
  char expected[2048];
  const char *folder = plan_scratch.path;
  told[0] = '\0';
  outside_write("o.csv", "row,log_g\n6,1\n7,2\n8,3\n40,3\n");
  check_ok(outside_make_told("row,log_g,s\n4,5,1\n5,5,\n9,5,1\n",
                             ", bins: [1], sigma: s, validation: o.csv", &observer));
  snprintf(
      expected, sizeof expected,
      "experts.cat: 1 of 3 lines of %s/v.csv are no test rows and are not used\n"
      "experts.cat: its predictions in %s/v.csv were made before the noise of level 1 "
      "that is drawn for the test spectra here (data.noise.test: generated), which "
      "the other methods have to see through; judge it with data.noise.test: "
      "stored, or give the network as onnx\n"
      "experts.cat: 1 of 3 test rows of its bins have no prediction of log_g in "
      "%s/v.csv; they are left out of what is compared\n"
      "experts.cat: 1 of 2 predictions of log_g in %s/v.csv have no sigma above 0; "
      "whether sigma holds is asked of the others\n"
      "experts.cat: 1 of 4 lines of %s/o.csv are no training rows and are not used\n"
      "experts.cat: 2 of 5 training rows of its bins have no prediction of log_g in "
      "%s/o.csv; its validation is that of the others, which should not be the "
      "easier ones\n",
      folder, folder, folder, folder, folder, folder);
  assert_string_equal(told, expected);
  assert_int_equal(plan->doubts.count, 3); /* for the report, and not told again */
  assert_int_equal(plan->doubts.items[0].code, HR_DOUBT_OUTSIDE_NOISE);
  assert_true(plan->doubts.items[0].is_told && plan->doubts.items[0].chinese);
  for (size_t i = 1; i < 3; i++) {
    const hr_doubt *doubt = &plan->doubts.items[i];
    assert_int_equal(doubt->code, HR_DOUBT_OUTSIDE);
    assert_true(doubt->is_told && !doubt->refuses);
    assert_non_null(strstr(expected, doubt->sentence));
    assert_non_null(doubt->chinese);
  }
  assert_non_null(strstr(plan->doubts.items[1].chinese, "1 个预测（共 2 个）"));
  assert_non_null(strstr(plan->doubts.items[2].chinese, "2 个其分箱的训练行（共 5 行）"));
}

/* Of both files, for the log and the report. */
static void predictions_that_are_no_labels_are_told(void **state) {
  (void)state;
  const hr_observer observer = {.log = keep_warning};
  char expected[2048];
  const char *folder = plan_scratch.path;
  told[0] = '\0';
  outside_write("o.csv", "log_g\n12\n13\n14\n15\n16\n17\n18\n19\n20\n21\n22\n-9999\n");
  check_ok(
      outside_make_told("log_g\n8000\n9000\n10000\n11000\n12000\n13000\n14000\n15000\n",
                        ", validation: o.csv", &observer));
  snprintf(
      expected, sizeof expected,
      "experts.cat: its predictions in %s/v.csv were made before the noise of level 1 "
      "that is drawn for the test spectra here (data.noise.test: generated), which "
      "the other methods have to see through; judge it with data.noise.test: "
      "stored, or give the network as onnx\n"
      "experts.cat: 8 of 8 predictions of log_g in %s/v.csv are farther from the "
      "training labels (12 to 23) than those are from each other; they are 8000 to "
      "15000: are they in another unit? Give them in the label's\n"
      "experts.cat: the prediction of log_g in %s/o.csv is -9999 in 1 of 12 rows, "
      "outside of the training labels (12 to 23): does it stand for a missing "
      "prediction? Leave these cells empty\n",
      folder, folder, folder);
  assert_string_equal(told, expected);
  size_t count = 0;
  for (size_t i = 0; i < plan->doubts.count; i++) {
    if (plan->doubts.items[i].code != HR_DOUBT_OUTSIDE_VALUES) continue;
    count++;
    assert_true(plan->doubts.items[i].is_told && !plan->doubts.items[i].refuses);
  }
  assert_int_equal(count, 2);
}

/* Neither is noise drawn that the predictions would lack where the level is 0. */
static void no_noise_is_unseen(void **state) {
  (void)state;
  outside_write("v.csv", "log_g\n12\n13\n14\n15\n16\n17\n18\n19\n");
  small_plan_configure("experts: {ridge: {}, cat: {predictions: v.csv}}\n");
  plan_config->data.noise.level = 0;
  check_ok(hr_plan_create(plan_config, NULL, &plan, &err));
  assert_int_equal(plan->doubts.count, 0);
}

static uint64_t print_of(const char *more) {
  check_ok(outside_make("row,log_g,s,t\n0,1,1,2\n1,2,1,2\n2,3,1,2\n3,4,1,2\n", more));
  uint64_t print = hr_outside_fingerprint(plan, 1);
  hr_plan_destroy(&plan);
  return print;
}

static void sigma_and_validation_are_part_of_the_study(void **state) {
  (void)state;
  outside_write("o.csv", "row,log_g\n6,1\n");
  uint64_t plain = print_of(""), one = print_of(", sigma: s"),
           two = print_of(", sigma: t");
  uint64_t validated = print_of(", validation: o.csv");
  outside_write("o.csv", "row,log_g\n6,1.5\n");
  assert_true(plain != one && one != two && plain != validated);
  assert_true(print_of(", validation: o.csv") != validated);
  assert_true(print_of("") == plain);
}

#define TEST(function) \
  cmocka_unit_test_setup_teardown(function, small_plan_set_up, outside_tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(other_predictions_are_another_study),
      TEST(few_predictions_are_refused),
      TEST(a_model_of_bins_is_asked_about_their_rows),
      TEST(what_does_not_meet_is_told),
      TEST(sigma_and_validation_are_part_of_the_study),
      TEST(predictions_that_are_no_labels_are_told),
      TEST(no_noise_is_unseen),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
