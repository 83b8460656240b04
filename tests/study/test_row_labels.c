/* Labels of the test rows: of the bins, and of who a star is. */
#include "study/row_labels.h"

#include "support/check.h"
#include "support/fail_alloc.h"
#include "support/small_plan.h"

static hr_error err;
static hr_plan *plan;
static hr_row_labels labels;

static int tear_down(void **state) {
  hr_row_labels_fini(&labels);
  hr_plan_destroy(&plan);
  return small_plan_tear_down(state);
}

static void make(const char *id) {
  char yaml[512];
  hr_config_destroy(&plan_config);
  snprintf(yaml, sizeof yaml,
           "experiment: {id: x}\n"
           "data: {train: [train.h5], test: test.h5, id: %s, noise: {test: generated}}\n"
           "binning: {T_eff: [0, 2, 4], M_H: [0, 1]}\n",
           id);
  check_ok(hr_config_parse(yaml, strlen(yaml), "x.yaml", plan_scratch.path, &plan_config,
                           &err));
  check_ok(hr_plan_create(plan_config, NULL, &plan, &err));
}

static void labels_of_the_bins(void **state) {
  (void)state;
  make("[]");
  check_ok(hr_row_labels_init(&labels, plan, &err));
  assert_string_equal(labels.axes[0].name, "T_eff");
  assert_string_equal(labels.axes[1].name, "M_H");
  assert_null(labels.axes[0].integers);
  for (size_t i = 0; i < PLAN_TEST; i++) {
    check_near(labels.axes[0].values[i], i + 1 == PLAN_TEST ? 9 : i < 4 ? 1 : 3, 0);
    check_near(labels.axes[1].values[i], 0.5, 0);
  }
}

static void who_a_star_is(void **state) {
  (void)state;
  make("log_g");
  check_ok(hr_row_labels_init(&labels, plan, &err));
  assert_string_equal(labels.ids[0].name, "log_g");
  check_near(labels.ids[0].values[3], PLAN_TEST + 3, 0);
}

static void a_label_that_is_not_there(void **state) {
  (void)state;
  char sentence[512];
  make("[log_g, KIC]");
  snprintf(sentence, sizeof sentence,
           "data.id: %s/test.h5 has no label column KIC; it has T_eff, log_g, M_H, age",
           plan_scratch.path);
  hr_status status = hr_row_labels_init(&labels, plan, &err);
  check_fails(status, HR_ERR_DATA, sentence);
}

/* Rows that are left out leave the numbers of the others behind. */
static void rows_keep_their_number_in_the_file(void **state) {
  (void)state;
  make("[]");
  check_ok(hr_row_labels_init(&labels, plan, &err));
  assert_int_equal(labels.id_count, 0);
  hr_row_labels_fini(&labels);
  hr_plan_destroy(&plan);
  scratch_write(&plan_scratch, "t.csv", "row,log_g\n0,1\n1,2\n3,4\n4,3\n5,4\n6,2\n7,3\n");
  make("log_g, labels: {test: t.csv}, unlabelled: exclude");
  check_ok(hr_row_labels_init(&labels, plan, &err));
  assert_int_equal(labels.id_count, 2);
  assert_string_equal(labels.ids[1].name, "file_row");
  assert_true(labels.ids[1].integers[1] == 1 && labels.ids[1].integers[2] == 3);
  check_near(labels.ids[1].values[6], 7, 0);
}

static hr_status init_and_fini(void) {
  hr_row_labels own;
  hr_status status = hr_row_labels_init(&own, plan, NULL);
  hr_row_labels_fini(&own);
  return status;
}

static void memory_can_run_out(void **state) {
  (void)state;
  make("log_g");
  check_alloc_failures(init_and_fini());
}

#define TEST(function) \
  cmocka_unit_test_setup_teardown(function, small_plan_set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(labels_of_the_bins),
      TEST(who_a_star_is),
      TEST(rows_keep_their_number_in_the_file),
      TEST(a_label_that_is_not_there),
      TEST(memory_can_run_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
