/* Files of models from elsewhere, joined to the test rows. */
#include "study/outside.h"

#include <math.h>

#include "core/npy.h"
#include "support/check.h"
#include "support/small_plan.h"

static hr_error err;
static hr_plan *plan;

/* Test rows have log_g 8, 9 .. 15 and, but for the last, a T_eff of 1 or 3. */
enum { FIRST = PLAN_TEST };

static int tear_down(void **state) {
  hr_plan_destroy(&plan);
  return small_plan_tear_down(state);
}

static void write_file(const char *text) {
  char path[256];
  snprintf(path, sizeof path, "%s/v.csv", plan_scratch.path);
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  assert_true(fputs(text, file) >= 0);
  assert_int_equal(fclose(file), 0);
}

/* A study with v.csv, read as `more` says. */
static hr_status make(const char *text, const char *more) {
  char rest[512];
  write_file(text);
  snprintf(rest, sizeof rest, "experts: {ridge: {}, vit: {predictions: v.csv%s}}\n",
           more);
  small_plan_configure(rest);
  return hr_plan_create(plan_config, NULL, &plan, &err);
}

static const double *said(void) {
  assert_int_equal(plan_config->expert_count - plan_config->control_count, 2);
  assert_null(plan->outside[0]);
  return plan->outside[1];
}

static void check_said(const double *expected) {
  for (size_t i = 0; i < PLAN_TEST; i++) {
    double value = said()[i];
    assert_true(isnan(expected[i]) ? isnan(value) != 0 : value == expected[i]);
  }
}

static const double all[PLAN_TEST] = {.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5};

static void line_by_line(void **state) {
  (void)state;
  check_ok(make("log_g\n.5\n1.5\n2.5\n3.5\n4.5\n5.5\n6.5\n7.5\n", ""));
  check_said(all);
}

static void by_the_number_of_the_row(void **state) {
  (void)state;
  const double none = (double)NAN;
  const double some[PLAN_TEST] = {.5, 1.5, 2.5, none, none, none, 6.5, 7.5};
  check_ok(make("predicted,row\n7.5,7\n1.5,1\n9,8\nnan,3\n.5,0\n6.5,6\n2.5,2\n", ""));
  check_said(some);
}

static void by_the_name_of_the_star(void **state) {
  (void)state;
  check_ok(make(
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
  check_ok(make("age,log_g\n3,7.5\n10,.5\n7,3.5\n9,1\n6,4.5\n4,6.5\n", ", id: age"));
  check_said(some);
}

/* An array of NumPy, "<f8", of `columns` columns; its numbers 0, 1 .. */
static hr_status make_array(size_t rows, size_t columns, bool last_is_infinite) {
  double values[4 * PLAN_TEST];
  hr_error reason;
  char place[256];
  assert_true(rows * columns <= sizeof values / sizeof *values);
  for (size_t i = 0; i < rows * columns; i++) values[i] = (double)i;
  if (last_is_infinite) values[rows * columns - 1] = (double)INFINITY;
  small_plan_configure("experts: {ridge: {}, vit: {predictions: v.npy}}\n");
  snprintf(place, sizeof place, "%s/v.npy", plan_scratch.path);
  check_ok(hr_npy_write(place, values, rows, columns, &reason));
  return hr_plan_create(plan_config, NULL, &plan, &err);
}

static void an_array_has_a_row_a_test_row(void **state) {
  (void)state;
  const double counted[PLAN_TEST] = {0, 1, 2, 3, 4, 5, 6, 7};
  char expected[512];
  check_ok(make_array(PLAN_TEST, 1, false));
  check_said(counted);
  hr_plan_destroy(&plan);
  snprintf(expected, sizeof expected,
           "x.yaml: experts.vit.column: %s/v.npy is an array of 2 columns, and the study "
           "has 1 target",
           plan_scratch.path);
  check_fails(make_array(PLAN_TEST, 2, false), HR_ERR_DATA, expected);
  snprintf(expected, sizeof expected,
           "x.yaml: experts.vit.column: %s/v.npy: row 7 has an infinite prediction",
           plan_scratch.path);
  check_fails(make_array(PLAN_TEST, 1, true), HR_ERR_FORMAT, expected);
}

static void other_predictions_are_another_study(void **state) {
  (void)state;
  char print[32];
  check_ok(make("row,predicted\n0,1\n1,2\n2,3\n3,4\n", ""));
  snprintf(print, sizeof print, "%s", plan->origin.fingerprint);
  hr_plan_destroy(&plan);
  check_ok(make("predicted,row\n1,0\n2,1\n4,3\n3,2\n", ""));
  assert_string_equal(plan->origin.fingerprint, print);
  hr_plan_destroy(&plan);
  check_ok(make("row,predicted\n0,1.0000001\n1,2\n2,3\n3,4\n", ""));
  assert_string_not_equal(plan->origin.fingerprint, print);
}

static void check_refused(const char *text, const char *more, hr_status status,
                          const char *sentence) {
  char expected[768], file[256], *at;
  snprintf(file, sizeof file, "%s/v.csv", plan_scratch.path);
  snprintf(expected, sizeof expected, "x.yaml: experts.vit.%s", sentence);
  /* FILE stands for the file's path. */
  while ((at = strstr(expected, "FILE")) != NULL) {
    char rest[512];
    snprintf(rest, sizeof rest, "%s", at + 4);
    snprintf(at, sizeof expected - (size_t)(at - expected), "%s%s", file, rest);
  }
  check_fails(make(text, more), status, expected);
  assert_null(plan);
}

static void what_does_not_meet_is_refused(void **state) {
  (void)state;
  check_refused(
      "log_g\n1\n2\n", "", HR_ERR_DATA,
      "id: FILE has 2 rows and the test set 8; give it a column row, the number "
      "in the test file from 0, or name a label that both have as id");
  check_refused(
      "row,log_g\n1,9\n4,12\n", "", HR_ERR_DATA,
      "column: FILE has the truth itself as log_g; name the column of the predictions");
  check_refused(
      "row,x\n1,2\n", "", HR_ERR_DATA,
      "column: FILE has no column log_g; name that of the predictions as column");
  check_refused("row,log_g\n1,2\n3,4\n1,5\n", "", HR_ERR_DATA,
                "id: line 2 and line 4 of FILE are the same test row; keep one of them");
  check_refused("row,log_g\n8,2\n", "", HR_ERR_DATA,
                "id: no line of FILE is a row of the test set");
  check_refused("age,log_g\n8,2\n", ", id: M_H", HR_ERR_DATA,
                "id: FILE has no column M_H");
  check_refused("M_H,log_g\n8,2\n", ", id: M_H", HR_ERR_DATA,
                "id: test rows 0 and 1 have the same M_H; join by another label, or by "
                "the column row");
  check_refused("x,log_g\n8,2\n", ", id: log_g, column: x", HR_ERR_DATA,
                "id: no line of FILE is a row of the test set by its log_g");
  check_refused("x,log_g\n8,\n", ", id: log_g, column: x", HR_ERR_FORMAT,
                "id: FILE: line 2 has no log_g that is a number");
  check_refused("row,log_g\n-1,2\n", "", HR_ERR_FORMAT,
                "id: FILE: line 2 has no row that is a number of 0 or more");
  check_refused("row,log_g\n1,high\n", "", HR_ERR_FORMAT,
                "column: FILE: line 2 has 'high' as log_g, which is no number");
}

/* Row 7 is in no bin. */
static void few_predictions_are_refused(void **state) {
  (void)state;
  check_refused("row,log_g\n1,2\n7,3\n3,\n4,5\n5,6\n", "", HR_ERR_DATA,
                "predictions: FILE has predictions of log_g for 3 of the 7 test rows in "
                "the bins, and every method is compared on these alone; give those of "
                "more than half, or a test set of the rows that it has as data.test");
  check_refused("row,log_g\n7,3\n", "", HR_ERR_DATA,
                "predictions: FILE has predictions of log_g for 0 of the 7 test rows in "
                "the bins, and every method is compared on these alone; give those of "
                "more than half, or a test set of the rows that it has as data.test");
  check_ok(make("row,log_g\n1,2\n3,4\n4,5\n5,6\n", ""));
}

static void rows_counted_from_one_are_refused(void **state) {
  (void)state;
  check_refused("row,log_g\n2,0\n1,0\n3,0\n4,0\n5,0\n6,0\n8,0\n7,0\n", "", HR_ERR_DATA,
                "predictions: FILE counts rows from 1; they count from 0, so take 1 off "
                "its column row");
  check_ok(make("row,log_g\n1,0\n2,0\n3,0\n4,0\n5,0\n6,0\n7,0\n", ""));
  hr_plan_destroy(&plan);
  check_ok(make("row,log_g\n0,0\n1,0\n2,0\n3,0\n4,0\n5,0\n6,0\n8,0\n", ""));
}

/* As a catalogue in fp32 has it. */
static void the_truth_in_fp32_is_refused(void **state) {
  (void)state;
  check_refused(
      "row,log_g\n1,9.0000001\n4,11.9999999\n", "", HR_ERR_DATA,
      "column: FILE has the truth itself as log_g; name the column of the predictions");
  check_ok(make("row,log_g\n1,9.00001\n2,10\n3,11\n4,12\n", ""));
}

#define TEST(function) \
  cmocka_unit_test_setup_teardown(function, small_plan_set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(line_by_line),
      TEST(by_the_number_of_the_row),
      TEST(by_the_name_of_the_star),
      TEST(by_a_name_that_some_lack),
      TEST(an_array_has_a_row_a_test_row),
      TEST(other_predictions_are_another_study),
      TEST(what_does_not_meet_is_refused),
      TEST(few_predictions_are_refused),
      TEST(the_truth_in_fp32_is_refused),
      TEST(rows_counted_from_one_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
