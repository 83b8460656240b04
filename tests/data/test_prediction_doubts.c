/* Predictions that are no labels. */
#include "data/prediction_doubts.h"

#include <math.h>

#include "support/check.h"

enum { ROWS = 40 };

static hr_error err;
static hr_doubts doubts;
static double labels[ROWS], values[ROWS], truth[ROWS];
static hr_predicted predicted;

/* Labels and predictions from 4000 to 7900. */
static int set_up(void **state) {
  (void)state;
  for (size_t i = 0; i < ROWS; i++) {
    labels[i] = 4000 + 100 * (double)i;
    truth[i] = labels[i];
    values[i] = labels[i] + 30 * sin((double)i);
  }
  predicted = (hr_predicted){.expert = "vit",
                             .target = "T_eff",
                             .source = "vit.csv",
                             .values = values,
                             .rows = ROWS,
                             .labels = labels,
                             .label_rows = ROWS,
                             .truth = truth};
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  hr_doubts_fini(&doubts);
  return 0;
}

static void check_told_as(hr_doubt_code code, const char *sentence) {
  hr_doubts_fini(&doubts);
  check_ok(hr_doubt_predictions(&predicted, &doubts, &err));
  assert_int_equal(doubts.count, 1);
  assert_string_equal(doubts.items[0].sentence, sentence);
  assert_int_equal(doubts.items[0].code, code);
  assert_false(doubts.items[0].refuses);
  assert_non_null(doubts.items[0].chinese);
}

static void check_told(const char *sentence) {
  check_told_as(HR_DOUBT_OUTSIDE_VALUES, sentence);
}

static void check_silent(void) {
  check_ok(hr_doubt_predictions(&predicted, &doubts, &err));
  assert_int_equal(doubts.count, 0);
}

static void good_ones_are_not_doubted(void **state) {
  (void)state;
  check_silent();
  for (size_t i = 0; i < ROWS; i += 3) values[i] = (double)NAN;
  values[1] = 3000; /* beyond the labels, as what is extrapolated may be */
  values[2] = values[4] = 9000;
  check_silent();
  values[5] = 90000; /* one wild row is no mark */
  check_silent();
}

static void marks_are_told(void **state) {
  (void)state;
  values[3] = values[7] = values[20] = -9999;
  check_told(
      "experts.vit: the prediction of T_eff in vit.csv is -9999 in 3 of 40 rows, "
      "outside of the training labels (4000 to 7900): does it stand for a missing "
      "prediction? Leave these cells empty");
  assert_non_null(strstr(doubts.items[0].chinese, "在 3 行（共 40 行）中为 -9999，"));
  values[3] = values[7] = (double)NAN; /* one such row is enough */
  predicted.is_network = true;
  check_told(
      "experts.vit: the prediction of T_eff in vit.csv is -9999 in 1 of 40 rows, "
      "outside of the training labels (4000 to 7900): does it stand for a missing "
      "prediction? Have the network give NaN there");
}

static void most_rows_may_be_marked(void **state) {
  (void)state;
  for (size_t i = 0; i < 28; i++) values[i] = -9999;
  check_told(
      "experts.vit: the prediction of T_eff in vit.csv is -9999 in 28 of 40 rows, "
      "outside of the training labels (4000 to 7900): does it stand for a missing "
      "prediction? Leave these cells empty");
}

static void marks_with_digits_are_one(void **state) {
  (void)state;
  values[3] = -9999.5, values[7] = -9999, values[20] = -9998.5;
  check_told(
      "experts.vit: the prediction of T_eff in vit.csv is about -9999 (-9999.5 to "
      "-9998.5) in 3 of 40 rows, outside of the training labels (4000 to 7900): "
      "does it stand for a missing prediction? Leave these cells empty");
}

static void another_unit_is_told(void **state) {
  (void)state;
  for (size_t i = 0; i < ROWS; i++) values[i] = labels[i] * 1000;
  check_told(
      "experts.vit: 40 of 40 predictions of T_eff in vit.csv are farther from the "
      "training labels (4000 to 7900) than those are from each other; they are "
      "4e+06 to 7.9e+06: are they in another unit? Give them in the label's");
  assert_non_null(strstr(doubts.items[0].chinese, "40 个预测（共 40 个，"));
  for (size_t i = 0; i < ROWS; i++) values[i] = labels[i] / 1000;
  predicted.is_network = true;
  check_told(
      "experts.vit: 40 of 40 predictions of T_eff in vit.csv are farther from the "
      "training labels (4000 to 7900) than those are from each other; they are "
      "4 to 7.9: are they in another unit? Give them in the label's, by scale");
}

static void a_mark_and_another_unit_are_two(void **state) {
  (void)state;
  for (size_t i = 0; i < ROWS; i++) values[i] = labels[i] / 1000;
  values[0] = values[1] = -9999;
  check_ok(hr_doubt_predictions(&predicted, &doubts, &err));
  assert_int_equal(doubts.count, 2);
  assert_non_null(strstr(doubts.items[0].sentence, "is -9999 in 2 of 40 rows"));
  assert_non_null(strstr(doubts.items[1].sentence, "38 of 38 predictions"));
}

static void labels_without_a_range_tell_nothing(void **state) {
  (void)state;
  values[0] = -9999;
  for (size_t i = 0; i < ROWS; i++) labels[i] = 5000;
  check_silent();
}

/* A column of the label in tens of kelvin; one row that is off, and few rows, are none.
 */
static void the_truth_in_fewer_digits_is_told(void **state) {
  (void)state;
  for (size_t i = 0; i < ROWS; i++) {
    truth[i] = labels[i] + (double)(i % 9) - 4;
    values[i] = 10 * round(truth[i] / 10);
  }
  values[3] = truth[3] = (double)NAN;
  const char *const sentence =
      "experts.vit: the predictions of T_eff in vit.csv are the truth to within 4 in all "
      "39 rows: are they the label itself, rounded? Name the column of the predictions";
  check_told_as(HR_DOUBT_OUTSIDE_TRUTH, sentence);
  predicted.is_network = true;
  check_told_as(
      HR_DOUBT_OUTSIDE_TRUTH,
      "experts.vit: the predictions of T_eff in vit.csv are the truth to within 4 in all "
      "39 rows: are they the label itself, rounded? Train the network on other rows");
  hr_doubts_fini(&doubts);
  values[7] += 20;
  check_silent();
  values[7] -= 20;
  predicted.rows = 10; /* nine that are known */
  check_silent();
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(the_truth_in_fewer_digits_is_told),
      TEST(good_ones_are_not_doubted),
      TEST(marks_are_told),
      TEST(most_rows_may_be_marked),
      TEST(marks_with_digits_are_one),
      TEST(another_unit_is_told),
      TEST(a_mark_and_another_unit_are_two),
      TEST(labels_without_a_range_tell_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
