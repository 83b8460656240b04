/* Columns of files: predictions, and what a model says of their uncertainty. */
#include "study/outside_columns.h"

#include <math.h>

#include "core/npy.h"
#include "support/outside_plan.h"

/* An array of NumPy, "<f8", of `columns` columns; its numbers 0, 1 .. */
static hr_status make_array(size_t rows, size_t columns, bool last_is_infinite) {
  double values[4 * PLAN_TEST];
  hr_error reason;
  char place[256];
  assert_true(rows * columns <= sizeof values / sizeof *values);
  for (size_t i = 0; i < rows * columns; i++) values[i] = (double)i;
  if (last_is_infinite) values[rows * columns - 1] = (double)INFINITY;
  small_plan_configure("experts: {ridge: {}, cat: {predictions: v.npy}}\n");
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
           "x.yaml: experts.cat.column: %s/v.npy is an array of 2 columns, and the study "
           "has 1 target; save the one of the predictions alone",
           plan_scratch.path);
  check_fails(make_array(PLAN_TEST, 2, false), HR_ERR_DATA, expected);
  snprintf(expected, sizeof expected,
           "x.yaml: experts.cat.column: %s/v.npy: row 7 has an infinite prediction",
           plan_scratch.path);
  check_fails(make_array(PLAN_TEST, 1, true), HR_ERR_FORMAT, expected);
}

static void an_array_of_another_shape_is_told_both(void **state) {
  (void)state;
  char expected[512];
  snprintf(expected, sizeof expected,
           "x.yaml: experts.cat.predictions: %s/v.npy is an array of shape (1, 8), but "
           "that of the 8 test rows is (8,) or (8, 1); transpose it",
           plan_scratch.path);
  check_fails(make_array(1, PLAN_TEST, false), HR_ERR_DATA, expected);
  snprintf(
      expected, sizeof expected,
      "x.yaml: experts.cat.predictions: %s/v.npy is an array of shape (7, 1), but "
      "that of the 8 test rows is (8,) or (8, 1); save a row for each, or give a CSV "
      "file with a column row, their numbers from 0",
      plan_scratch.path);
  check_fails(make_array(PLAN_TEST - 1, 1, false), HR_ERR_DATA, expected);
}

static void what_is_no_prediction_is_refused(void **state) {
  (void)state;
  outside_refused(
      "row,log_g\n1,9\n4,12\n", "", HR_ERR_DATA,
      "column: FILE has the truth itself as log_g; name the column of the predictions");
  outside_refused("row,x\n1,2\n", "", HR_ERR_DATA,
                  "column: FILE has no column log_g, but row, x; name that of the "
                  "predictions as column");
  outside_refused("row,log_g\n1,high\n", "", HR_ERR_FORMAT,
                  "column: FILE: line 2 has 'high' as log_g, which is no number; "
                  "leave the cell empty where there is none");
}

/* As a catalogue in fp32 has it. */
static void the_truth_in_fp32_is_refused(void **state) {
  (void)state;
  outside_refused(
      "row,log_g\n1,9.0000001\n4,11.9999999\n", "", HR_ERR_DATA,
      "column: FILE has the truth itself as log_g; name the column of the predictions");
  check_ok(outside_make("row,log_g\n1,9.00001\n2,10\n3,11\n4,12\n", ""));
}

static const char with_sigma[] =
    "row,log_g,log_g_err\n0,1,.1\n1,2,\n2,3,0\n3,4,nan\n4,5,.5\n5,6,2\n9,7,-1\n";

/* An empty cell, 0 and nan say nothing; a line of no row is not looked at. */
static void a_sigma_has_its_column(void **state) {
  (void)state;
  const double none = (double)NAN;
  const double expected[PLAN_TEST] = {.1, none, none, none, .5, 2, none, none};
  check_ok(outside_make(with_sigma, ", sigma: '{target}_err'"));
  outside_check(outside_said()->sigma, expected, PLAN_TEST);
}

static void what_is_no_sigma_is_refused(void **state) {
  (void)state;
  outside_refused("row,log_g,s\n0,1,.1\n1,2,-9999\n2,3,1\n3,4,1\n", ", sigma: s",
                  HR_ERR_DATA,
                  "sigma: FILE: line 3 has -9999 as s, which is no standard deviation; "
                  "leave the cell empty where sigma is not known");
  outside_refused("row,log_g,s\n0,1,.1\n1,2,1e16\n2,3,1\n3,4,1\n", ", sigma: s",
                  HR_ERR_DATA,
                  "sigma: FILE: line 3 has 1e+16 as s, which is no standard deviation; "
                  "leave the cell empty where sigma is not known");
  outside_refused("row,log_g,s\n0,1,.1\n1,2,big\n2,3,1\n3,4,1\n", ", sigma: s",
                  HR_ERR_FORMAT,
                  "sigma: FILE: line 3 has 'big' as s, which is no number; "
                  "leave the cell empty where there is none");
  outside_refused("row,log_g,s\n0,1,.1\n1,2,1\n2,3,1\n3,4,1\n", ", sigma: t", HR_ERR_DATA,
                  "sigma: FILE has no column t, but row, log_g, s; name that of the "
                  "model's own sigma, or "
                  "leave sigma out");
}

static void an_array_has_no_sigma(void **state) {
  (void)state;
  double values[PLAN_TEST] = {0};
  char place[256], expected[512];
  small_plan_configure("experts: {ridge: {}, cat: {predictions: v.npy, sigma: s}}\n");
  snprintf(place, sizeof place, "%s/v.npy", plan_scratch.path);
  check_ok(hr_npy_write(place, values, PLAN_TEST, 1, &err));
  snprintf(expected, sizeof expected,
           "x.yaml: experts.cat.sigma: %s is an array, whose columns have no names; give "
           "predictions and sigma in a CSV file, or leave sigma out",
           place);
  check_fails(hr_plan_create(plan_config, NULL, &plan, &err), HR_ERR_DATA, expected);
}

static void validation_that_is_the_truth_is_refused(void **state) {
  (void)state;
  outside_write("o.csv", "row,log_g\n0,12\n1,13\n");
  outside_refused("row,log_g\n0,1\n1,1\n2,1\n3,1\n", ", validation: o.csv", HR_ERR_DATA,
                  "validation: OTHER has the truth itself as log_g; name the column of "
                  "the predictions");
  outside_write("o.csv", "row,x\n0,12\n1,13\n");
  outside_refused("row,log_g\n0,1\n1,1\n2,1\n3,1\n", ", validation: o.csv", HR_ERR_DATA,
                  "validation: OTHER has no column log_g, but row, x; name that of the "
                  "predictions as "
                  "column");
}

static void one_column_is_not_for_several_targets(void **state) {
  (void)state;
  static const char *const cases[][2] = {
      {"experts: {ridge: {}, cat: {predictions: v.csv, column: log_g}}\n",
       "x.yaml: experts.cat.column: the column 'log_g' would be that of all 2 targets; "
       "put "
       "{target} where the target's name stands in it"},
      {"experts: {ridge: {}, cat: {predictions: v.csv, sigma: s}}\n",
       "x.yaml: experts.cat.sigma: the sigma 's' would be that of all 2 targets; put "
       "{target} where the target's name stands in it"},
  };
  outside_write("v.csv", "row,log_g,age,s\n0,1,2,1\n1,2,3,1\n2,3,4,1\n3,4,5,1\n");
  for (size_t i = 0; i < 2; i++) {
    small_plan_configure_target("[log_g, age]", cases[i][0]);
    check_fails(hr_plan_create(plan_config, NULL, &plan, &err), HR_ERR_CONFIG,
                cases[i][1]);
  }
}

/* Without names row i of the test set would be row i of the training set. */
static void one_file_for_both_needs_names(void **state) {
  (void)state;
  outside_refused("row,log_g\n0,1\n1,1\n2,1\n3,1\n", ", validation: v.csv", HR_ERR_CONFIG,
                  "validation: FILE has the predictions of the test rows, too, and its "
                  "rows have no names; name a label that both sets have as id, or give "
                  "the training rows a file of their own");
}

/* A copy has the numbers, too, and so has the file under another name. */
static void a_copy_of_the_predictions_is_no_validation(void **state) {
  (void)state;
  static const char sentence[] =
      "validation: OTHER has the very predictions of the test rows, which are in FILE; "
      "give those of the training rows, by models that had not seen them, or leave "
      "validation out";
  static const char said[] = "row,log_g\n0,1\n1,2\n2,3\n3,4\n4,5\n";
  outside_write("o.csv", said);
  outside_refused(said, ", validation: o.csv", HR_ERR_DATA, sentence);
  outside_write("o.csv", "row,log_g\n0,1\n1,2\n2,3\n3,4\n4,6\n"); /* one differs */
  check_ok(outside_make(said, ", validation: o.csv"));
  hr_plan_destroy(&plan);
  outside_write("o.csv", "row,log_g\n0,2\n1,2\n2,2\n3,2\n4,2\n"); /* a mean is one */
  check_ok(outside_make("row,log_g\n0,2\n1,2\n2,2\n3,2\n4,2\n", ", validation: o.csv"));
}

/* A column is not passed over where there are no names. */
static void an_array_has_no_column(void **state) {
  (void)state;
  char expected[512];
  check_ok(make_array(PLAN_TEST, 1, false));
  hr_plan_destroy(&plan);
  small_plan_configure("experts: {ridge: {}, cat: {predictions: v.npy, column: a}}\n");
  snprintf(expected, sizeof expected,
           "x.yaml: experts.cat.column: %s/v.npy is an array, whose columns have no "
           "names; leave column out, or give the predictions in a CSV file",
           plan_scratch.path);
  check_fails(hr_plan_create(plan_config, NULL, &plan, &err), HR_ERR_DATA, expected);
  small_plan_configure("experts: {ridge: {}, cat: {predictions: v.npy, id: M_H}}\n");
  snprintf(expected, sizeof expected,
           "x.yaml: experts.cat.id: %s/v.npy has no column M_H, as an array has none; "
           "give a CSV file, or leave id out",
           plan_scratch.path);
  check_fails(hr_plan_create(plan_config, NULL, &plan, &err), HR_ERR_DATA, expected);
  small_plan_configure_target("[log_g, age]",
                              "experts: {ridge: {}, cat: {predictions: v.npy}}\n");
  snprintf(expected, sizeof expected,
           "x.yaml: experts.cat.column: %s/v.npy is an array of 1 column, and the study "
           "has 2 targets; save a column a target, in the order of data.target",
           plan_scratch.path);
  check_fails(hr_plan_create(plan_config, NULL, &plan, &err), HR_ERR_DATA, expected);
}

/* It has no key `column`. */
static void validation_of_a_network_is_called_as_the_target(void **state) {
  (void)state;
  static const char *const targets[] = {"log_g", "[log_g, age]"};
  static const char *const remedies[] = {"so, or predicted", "so"};
  hr_outside_parameters network = {.onnx = plan_scratch.path};
  char expected[512], path[256];
  snprintf(path, sizeof path, "%s/o.csv", plan_scratch.path);
  outside_write("o.csv", "row,y\n0,12.5\n");
  for (size_t i = 0; i < 2; i++) {
    double said[PLAN_TRAIN];
    const char *key = NULL;
    small_plan_configure_target(targets[i], "experts: {ridge: {}}\n");
    check_ok(hr_plan_create(plan_config, NULL, &plan, &err));
    hr_outside_file file = {
        .plan = plan, .parameters = &network, .path = path, .has_training = true};
    check_ok(hr_outside_file_read(&file, NULL, &key, &err));
    snprintf(expected, sizeof expected,
             "%s has no column log_g, but row, y; call that of the predictions %s", path,
             remedies[i]);
    check_fails(hr_outside_take_predictions(&file, 0, said, &err), HR_ERR_DATA, expected);
    hr_outside_file_fini(&file);
    hr_plan_destroy(&plan);
  }
}

#define TEST(function) \
  cmocka_unit_test_setup_teardown(function, small_plan_set_up, outside_tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(an_array_has_a_row_a_test_row),
      TEST(an_array_of_another_shape_is_told_both),
      TEST(what_is_no_prediction_is_refused),
      TEST(the_truth_in_fp32_is_refused),
      TEST(a_sigma_has_its_column),
      TEST(what_is_no_sigma_is_refused),
      TEST(an_array_has_no_sigma),
      TEST(validation_that_is_the_truth_is_refused),
      TEST(one_column_is_not_for_several_targets),
      TEST(one_file_for_both_needs_names),
      TEST(a_copy_of_the_predictions_is_no_validation),
      TEST(an_array_has_no_column),
      TEST(validation_of_a_network_is_called_as_the_target),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
