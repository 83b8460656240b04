/* Labels of a study out of tables, and rows that have none. */
#include "study/labels.h"

#include "support/small_plan.h"

static char expected[1024];
static hr_labels_given given;

/* A row of the table for each of the training rows, with what stands behind the star. */
static void write_table(const char *name, const char *head, bool whole) {
  char text[2048];
  int length = snprintf(text, sizeof text, "%s\n", head);
  for (int i = 0; i < PLAN_TRAIN; i++) {
    const char *log_g = i == 3 && !whole ? "" : "5.5";
    length += snprintf(text + length, sizeof text - (size_t)length, "%d,%s,%d\n", i,
                       i == 4 ? "7.25" : log_g, i < 6 ? 1 : 3);
  }
  scratch_write(&plan_scratch, name, text);
}

static void open_train(const char *data, hr_dataset **out) {
  hr_error err = {0};
  small_plan_configure_target(data, "");
  check_ok(hr_dataset_open(&plan_config->data.train_paths,
                           hr_study_own_labels(plan_config, true), NULL, out, &err));
}

static void a_table_takes_the_place_of_labels(void **state) {
  (void)state;
  hr_error err = {0};
  hr_dataset *train = NULL;
  const double *values = NULL;
  write_table("t.csv", "row,log_g,T_eff", true);
  open_train("log_g, labels: {train: t.csv}", &train);
  assert_int_equal(hr_study_own_labels(plan_config, true), HR_LABELS_OPTIONAL);
  assert_int_equal(hr_study_own_labels(plan_config, false), HR_LABELS_NEEDED);
  check_ok(hr_study_take_labels(plan_config, false, train, NULL, &given, &err));
  assert_false(hr_dataset_is_from_table(train, "log_g"));
  assert_int_equal(given.rows, 0);
  check_ok(hr_study_take_labels(plan_config, true, train, NULL, &given, &err));
  check_ok(hr_dataset_label(train, "log_g", true, &values, &err));
  check_near(values[4], 7.25, 0);
  assert_int_equal(given.rows, PLAN_TRAIN);
  assert_int_equal(given.without, 0);
  assert_int_equal(given.names.count, 2);
  assert_string_equal(given.names.items[1], "log_g");
  assert_true(hr_dataset_is_from_table(train, "T_eff"));
  assert_false(hr_dataset_is_from_table(train, "M_H"));
  hr_labels_given_fini(&given);
  hr_dataset_destroy(&train);
}

static void check_refused(const char *data, const char *behind) {
  hr_error err = {0};
  hr_dataset *train = NULL;
  open_train(data, &train);
  snprintf(expected, sizeof expected, "x.yaml: data.labels: %s/%s", plan_scratch.path,
           behind);
  check_fails(hr_study_take_labels(plan_config, true, train, NULL, &given, &err),
              HR_ERR_DATA, expected);
  hr_labels_given_fini(&given);
  hr_dataset_destroy(&train);
}

static void labels_that_nobody_has_are_refused(void **state) {
  (void)state;
  write_table("t.csv", "row,logg,teff", true);
  check_refused(
      "rv, labels: {train: t.csv}",
      "t.csv has no column rv, nor have the files of spectra; it has row, logg, "
      "teff; say what it calls the label with data.columns");
  write_table("u.csv", "row,LOGG,TEFF", true);
  check_refused("log_g, labels: {train: u.csv}",
                "u.csv has no label columns T_eff, M_H, log_g; if that is what they are "
                "called there, write data.columns: {T_eff: TEFF, log_g: LOGG}");
  write_table("u.csv", "row,a,b", true);
  check_refused("log_g, labels: {train: u.csv}",
                "u.csv has none of the labels T_eff, M_H, log_g; it has row, a, b; say "
                "what it calls the label with data.columns");
  shard_spec spec = shard_spec_default(scratch_name(&plan_scratch, "train.h5"));
  spec.rows = PLAN_TRAIN;
  spec.frame = SHARD_NO_FRAME;
  shard_write(&spec);
  check_refused("log_g, labels: {train: t.csv}",
                "t.csv has no label columns T_eff, M_H, log_g; if that is what they are "
                "called there, write data.columns: {T_eff: teff, log_g: logg}");
}

/* Missing in one row, which is not in the other set. */
static void rows_without_a_label_are_left_out(void **state) {
  (void)state;
  hr_error err = {0};
  hr_dataset *train = NULL;
  hr_doubts doubts = {0};
  size_t row = 0;
  write_table("t.csv", "row,log_g,T_eff", false);
  open_train("log_g, labels: {train: t.csv}, unlabelled: exclude", &train);
  check_ok(hr_study_take_labels(plan_config, true, train, NULL, &given, &err));
  check_ok(hr_study_leave_out_unlabelled(plan_config, true, train, NULL, &doubts, &err));
  assert_int_equal(hr_dataset_rows(train), PLAN_TRAIN - 1);
  hr_dataset_locate(train, 3, &row);
  assert_int_equal(row, 4);
  assert_int_equal(doubts.count, 1);
  assert_string_equal(
      doubts.items[0].sentence,
      "1 of the 12 training rows has no number for a target or an axis of "
      "the bins and is left out (data.unlabelled)");
  assert_non_null(strstr(doubts.items[0].chinese, "训练行（共 12 行）"));
  check_ok(hr_study_leave_out_unlabelled(plan_config, true, train, NULL, &doubts, &err));
  assert_int_equal(doubts.count, 1);
  hr_doubts_fini(&doubts);
  hr_labels_given_fini(&given);
  hr_dataset_destroy(&train);
}

/* Of the training rows alone: what is learnt beside the targets. */
static void labels_beside_are_taken_and_needed(void **state) {
  (void)state;
  hr_error err = {0};
  hr_dataset *train = NULL;
  hr_doubts doubts = {0};
  hr_strings beside = {0};
  const double *values = NULL;
  scratch_write(&plan_scratch, "t.csv",
                "row,log_g,age\n0,1,5\n1,2,\n2,3,7\n3,1,\n4,2,9\n");
  small_plan_configure_target(
      "log_g, labels: {train: t.csv}, unlabelled: exclude",
      "experts: {ridge: {}, vit: {auxiliary: [age, age]}, cnn: {}}\n");
  check_ok(hr_study_list_beside(plan_config, &beside, &err));
  assert_int_equal(beside.count, 1);
  assert_string_equal(beside.items[0], "age");
  hr_strings_fini(&beside);
  check_ok(hr_dataset_open(&plan_config->data.train_paths,
                           hr_study_own_labels(plan_config, true), NULL, &train, &err));
  check_ok(hr_study_take_labels(plan_config, true, train, NULL, &given, &err));
  check_ok(hr_dataset_label(train, "age", false, &values, &err));
  check_near(values[4], 9, 0);
  check_ok(hr_study_leave_out_unlabelled(plan_config, true, train, NULL, &doubts, &err));
  assert_int_equal(hr_dataset_rows(train), 3);
  check_ok(hr_dataset_label(train, "age", true, &values, &err));
  hr_doubts_fini(&doubts);
  hr_dataset_destroy(&train);
}

static void some_rows_have_to_be_left(void **state) {
  (void)state;
  hr_error err = {0};
  hr_dataset *train = NULL;
  hr_doubts doubts = {0};
  scratch_write(&plan_scratch, "t.csv", "row,log_g\n0,\n");
  open_train("log_g, labels: {train: t.csv}, unlabelled: exclude", &train);
  check_ok(hr_study_take_labels(plan_config, true, train, NULL, &given, &err));
  check_fails(
      hr_study_leave_out_unlabelled(plan_config, true, train, NULL, &doubts, &err),
      HR_ERR_EMPTY,
      "none of the 12 training rows has a number for every target and axis of the bins; "
      "see where the labels come from (data.labels)");
  hr_doubts_fini(&doubts);
  hr_labels_given_fini(&given);
  hr_dataset_destroy(&train);
}

/* Before this process reads it, where the study asks for that. */
static void tables_are_vetted_too(void **state) {
  (void)state;
  hr_error err = {0};
  scratch_write(&plan_scratch, "t.csv", "row,log_g\n0,1,2\n");
  small_plan_configure_target("log_g, labels: {train: t.csv}", "");
  check_ok(hr_study_vet_labels(plan_config, NULL, &err));
  small_plan_configure_target("log_g, labels: {train: t.csv}, untrusted: true", "");
  snprintf(expected, sizeof expected,
           "%s/t.csv: line 2 has 3 fields, the line of names has 2", plan_scratch.path);
  check_fails(hr_study_vet_labels(plan_config, NULL, &err), HR_ERR_FORMAT, expected);
  scratch_write(&plan_scratch, "t.csv", "row,log_g\n0,1\n");
  check_ok(hr_study_vet_labels(plan_config, NULL, &err));
}

#define TEST(function) \
  cmocka_unit_test_setup_teardown(function, small_plan_set_up, small_plan_tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(a_table_takes_the_place_of_labels), TEST(labels_that_nobody_has_are_refused),
      TEST(rows_without_a_label_are_left_out), TEST(labels_beside_are_taken_and_needed),
      TEST(some_rows_have_to_be_left),         TEST(tables_are_vetted_too),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
