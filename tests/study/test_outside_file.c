/* Lines of files joined to test rows, and to training rows. */
#include "study/outside_file.h"

#include <math.h>

#include "support/outside_plan.h"

static const double all[PLAN_TEST] = {.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5};

static void line_by_line(void **state) {
  (void)state;
  check_ok(outside_make("log_g\n.5\n1.5\n2.5\n3.5\n4.5\n5.5\n6.5\n7.5\n", ""));
  check_said(all);
}

static void by_the_number_of_the_row(void **state) {
  (void)state;
  const double none = (double)NAN;
  const double some[PLAN_TEST] = {.5, 1.5, 2.5, none, none, none, 6.5, 7.5};
  check_ok(
      outside_make("predicted,row\n7.5,7\n1.5,1\n9,8\nnan,3\n.5,0\n6.5,6\n2.5,2\n", ""));
  check_said(some);
}

static void by_the_name_of_the_star(void **state) {
  (void)state;
  check_ok(outside_make(
      "x,log_g\n7.5,15\n.5,8\n1.5,9\n2.5,10\n3.5,11\n4.5,12.0\n5.5,13\n6.5,14\n1,1\n",
      ", id: log_g, column: x"));
  check_said(all);
}

/* Two rows without a name are not the same star, and nobody's. */
static void by_a_name_that_some_lack(void **state) {
  (void)state;
  const double none = (double)NAN;
  const double some[PLAN_TEST] = {.5, none, none, 3.5, 4.5, none, 6.5, 7.5};
  double before[PLAN_TRAIN];
  memcpy(before, plan_age, sizeof before);
  for (size_t i = 0; i < PLAN_TEST; i++) plan_age[i] = 10 - (double)i;
  plan_age[1] = plan_age[2] = plan_age[5] = none;
  small_plan_rows("test.h5", PLAN_TEST, PLAN_PIXELS, 7100);
  memcpy(plan_age, before, sizeof before);
  check_ok(
      outside_make("age,log_g\n3,7.5\n10,.5\n7,3.5\n9,1\n6,4.5\n4,6.5\n", ", id: age"));
  check_said(some);
}

static void what_does_not_meet_is_refused(void **state) {
  (void)state;
  outside_refused(
      "log_g\n1\n2\n", "", HR_ERR_DATA,
      "id: FILE has 2 rows and the test set 8; give it a column row, the number "
      "in the test file from 0, or name a label that both have as id");
  outside_refused(
      "log_g\n1\n", "", HR_ERR_DATA,
      "id: FILE has 1 row and the test set 8; give it a column row, the number "
      "in the test file from 0, or name a label that both have as id");
  outside_refused(
      "row,log_g\n1,2\n3,4\n1,5\n", "", HR_ERR_DATA,
      "id: line 2 and line 4 of FILE are the same test row; keep one of them");
  outside_refused("row,log_g\n8,2\n", "", HR_ERR_DATA,
                  "id: no line of FILE is a row of the test set");
  outside_refused("age,log_g\n8,2\n", ", id: M_H", HR_ERR_DATA,
                  "id: FILE has no column M_H, but age, log_g");
  outside_refused("M_H,log_g\n8,2\n", ", id: M_H", HR_ERR_DATA,
                  "id: test rows 0 and 1 have the same M_H; join by another label, or by "
                  "the column row");
  outside_refused("x,log_g\n8,2\n", ", id: log_g, column: x", HR_ERR_DATA,
                  "id: no line of FILE is a row of the test set by its log_g");
  outside_refused("x,log_g\n8,\n", ", id: log_g, column: x", HR_ERR_FORMAT,
                  "id: FILE: line 2 has no log_g that is a number");
  outside_refused("row,log_g\n-1,2\n", "", HR_ERR_FORMAT,
                  "id: FILE: line 2 has no row that is a number of 0 or more");
}

static void rows_counted_from_one_are_refused(void **state) {
  (void)state;
  outside_refused(
      "row,log_g\n2,0\n1,0\n3,0\n4,0\n5,0\n6,0\n8,0\n7,0\n", "", HR_ERR_DATA,
      "predictions: FILE counts rows from 1, as it has a row 8 and no row 0 of 8 test "
      "rows; they count from 0, so take 1 off its column row");
  outside_refused(/* some of them missing */
                  "row,log_g\n2,0\n1,0\n3,0\n5,0\n6,0\n8,0\n", "", HR_ERR_DATA,
                  "predictions: FILE counts rows from 1, as it has a row 8 and no row 0 "
                  "of 8 test "
                  "rows; they count from 0, so take 1 off its column row");
  check_ok(outside_make("row,log_g\n1,0\n2,0\n3,0\n4,0\n5,0\n6,0\n7,0\n", ""));
  hr_plan_destroy(&plan);
  check_ok(outside_make("row,log_g\n0,0\n1,0\n2,0\n3,0\n4,0\n5,0\n6,0\n8,0\n", ""));
}

static const char good[] = "log_g\n.5\n1.5\n2.5\n3.5\n4.5\n5.5\n6.5\n7.5\n";

/* A study of two training files, twelve rows and eight more. */
static void make_of_two_files(const char *validation) {
  static const char yaml[] =
      "experiment: {id: x}\n"
      "data: {train: [train.h5, more.h5], test: test.h5, noise: {test: generated}}\n"
      "binning: {T_eff: [0, 2, 4], M_H: [0, 1]}\n"
      "experts: {ridge: {}, cat: {predictions: v.csv, validation: o.csv}}\n";
  outside_write("v.csv", good);
  outside_write("o.csv", validation);
  small_plan_rows("more.h5", PLAN_TEST - 1, PLAN_PIXELS, 7100);
  hr_config_destroy(&plan_config);
  check_ok(hr_config_parse(yaml, strlen(yaml), "x.yaml", plan_scratch.path, &plan_config,
                           &err));
  check_ok(hr_plan_create(plan_config, NULL, &plan, &err));
}

/* Numbers run on from file to file. */
static void training_rows_are_numbered_over_all_files(void **state) {
  (void)state;
  const double none = (double)NAN;
  double expected[PLAN_TRAIN + PLAN_TEST - 1];
  for (size_t i = 0; i < PLAN_TRAIN + PLAN_TEST - 1; i++) expected[i] = none;
  expected[0] = 5;
  expected[PLAN_TRAIN] = 6;
  expected[PLAN_TRAIN + PLAN_TEST - 2] = 7;
  make_of_two_files("row,log_g\n18,7\n12,6\n0,5\n19,8\n");
  outside_check(outside_said()->validation, expected, PLAN_TRAIN + PLAN_TEST - 1);
  assert_null(outside_said()->sigma);
}

static void training_rows_go_line_by_line(void **state) {
  (void)state;
  double expected[PLAN_TRAIN];
  for (size_t i = 0; i < PLAN_TRAIN; i++) expected[i] = (double)i;
  outside_write("o.csv", "log_g\n0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n");
  check_ok(outside_make(good, ", validation: o.csv"));
  outside_check(outside_said()->validation, expected, PLAN_TRAIN);
  check_said(all);
}

static void training_rows_are_told_from_test_rows(void **state) {
  (void)state;
  static const char more[] = ", validation: o.csv";
  outside_write("o.csv", good);
  outside_refused(
      good, more, HR_ERR_DATA,
      "validation: OTHER has 8 rows and the training set 12; give it a column "
      "row, the number over all training files from 0, or name a label that "
      "both have as id");
  outside_write("o.csv", "row,log_g\n1,2\n1,3\n");
  outside_refused(
      good, more, HR_ERR_DATA,
      "validation: line 2 and line 3 of OTHER are the same training row; keep "
      "one of them");
  outside_write("o.csv", "row,log_g\n12,3\n");
  outside_refused(good, more, HR_ERR_DATA,
                  "validation: no line of OTHER is a row of the training set");
  outside_write("o.csv", "M_H,log_g\n1,2\n");
  outside_refused("M_H,log_g,y\n1,2,3\n", ", id: log_g, column: y, validation: o.csv",
                  HR_ERR_DATA,
                  "id: no line of FILE is a row of the test set by its log_g");
}

#define TEST(function) \
  cmocka_unit_test_setup_teardown(function, small_plan_set_up, outside_tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(line_by_line),
      TEST(by_the_number_of_the_row),
      TEST(by_the_name_of_the_star),
      TEST(by_a_name_that_some_lack),
      TEST(what_does_not_meet_is_refused),
      TEST(rows_counted_from_one_are_refused),
      TEST(training_rows_are_numbered_over_all_files),
      TEST(training_rows_go_line_by_line),
      TEST(training_rows_are_told_from_test_rows),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
