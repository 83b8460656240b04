/* What is known of a study before the first spectrum is read. */
#include "core/alloc.h"
#include "core/file.h"
#include "study/estimate.h"
#include "support/fail_alloc.h"
#include "support/small_plan.h"

static char expected[1024];

static void rows_are_in_bins_and_folds(void **state) {
  (void)state;
  hr_error err = {0};
  hr_plan *plan = NULL;
  check_ok(hr_plan_create(plan_config, NULL, &plan, &err));
  assert_int_equal(plan->view.bin_count, 2);
  assert_int_equal(plan->view.train.rows, PLAN_TRAIN);
  assert_int_equal(plan->view.pixels, PLAN_PIXELS);
  assert_int_equal(plan->train_counts[0], 6);
  assert_int_equal(plan->train_counts[1], 5);
  assert_int_equal(plan->train_counts[2], 1); /* uncovered */
  assert_int_equal(plan->test_counts[0] + plan->test_counts[1], PLAN_TEST - 1);
  for (size_t i = 0; i < PLAN_TRAIN; i++) assert_in_range(plan->train_fold[i], 0, 4);
  hr_plan_destroy(&plan);
  assert_null(plan);
}

static void refuses(const char *after) {
  hr_error err = {0};
  hr_plan *plan = NULL;
  snprintf(expected, sizeof expected, "%s/test.h5%s", plan_scratch.path, after);
  check_fails(hr_plan_create(plan_config, NULL, &plan, &err), HR_ERR_DATA, expected);
  assert_null(plan);
}

static void both_splits_have_one_grid(void **state) {
  (void)state;
  small_plan_rows("test.h5", PLAN_TEST, PLAN_PIXELS - 1, 7100);
  refuses(
      " has 5 pixels a spectrum but the training shards have 6; give a test set on the "
      "same wavelength grid as data.test");
  small_plan_rows("test.h5", PLAN_TEST, PLAN_PIXELS, 7100.25);
  refuses(
      ": pixel 0 is at 7100.2500 angstrom but at 7100.0000 in the training shards; give "
      "a test set on the same wavelength grid as data.test");
}

/* The smallest budget there is, a MiB, is enough for so few rows; a byte is not. */
static void a_study_has_to_fit_its_memory(void **state) {
  (void)state;
  hr_error err = {0};
  hr_plan *plan = NULL;
  small_plan_configure("run: {memory_mib: 1}\n");
  check_ok(hr_plan_create(plan_config, NULL, &plan, &err));
  check_ok(hr_plan_check_memory(plan, &err));
  plan->view.memory_bytes = 1;
  check_fails(hr_plan_check_memory(plan, &err), HR_ERR_CONFIG,
              "x.yaml: the study does not fit into run.memory_mib: 1; it needs at least "
              "1, or fewer bins or folds");
  hr_plan_destroy(&plan);
}

/* The same study has the same fingerprint wherever its files lie; other labels change it.
 */
static void labels_are_in_the_fingerprint(void **state) {
  (void)state;
  hr_error err = {0};
  hr_plan *plan = NULL;
  char first[17];
  check_ok(hr_plan_create(plan_config, NULL, &plan, &err));
  snprintf(first, sizeof first, "%s", plan->origin.fingerprint);
  hr_plan_destroy(&plan);
  small_plan_configure("run: {block_rows: 3}\n");
  check_ok(hr_plan_create(plan_config, NULL, &plan, &err));
  assert_string_equal(plan->origin.fingerprint, first);
  hr_plan_destroy(&plan);
  small_plan_rows("test.h5", PLAN_TEST - 1, PLAN_PIXELS, 7100);
  check_ok(hr_plan_create(plan_config, NULL, &plan, &err));
  assert_string_not_equal(plan->origin.fingerprint, first);
  hr_plan_destroy(&plan);
}

/* One pixel's flux is changed in place: labels and size of the file are as before. */
static void change_a_pixel(void) {
  hr_error err = {0};
  char path[128], *bytes = NULL;
  size_t size = 0;
  double value = shard_flux(PLAN_TEST + 3, 2);
  snprintf(path, sizeof path, "%s/test.h5", plan_scratch.path);
  check_ok(hr_file_read(path, (size_t)1 << 24, &bytes, &size, &err));
  char *found = memmem(bytes, size, &value, sizeof value);
  assert_non_null(found);
  value *= 1.25;
  memcpy(found, &value, sizeof value);
  check_ok(hr_file_write(path, bytes, size, &err));
  hr_free(bytes);
}

static void spectra_are_in_the_fingerprint(void **state) {
  (void)state;
  hr_error err = {0};
  hr_plan *plan = NULL;
  char first[17];
  check_ok(hr_plan_create(plan_config, NULL, &plan, &err));
  snprintf(first, sizeof first, "%s", plan->origin.fingerprint);
  hr_plan_destroy(&plan);
  change_a_pixel();
  check_ok(hr_plan_create(plan_config, NULL, &plan, &err));
  assert_string_not_equal(plan->origin.fingerprint, first);
  hr_plan_destroy(&plan);
}

/* A plan of log_g and age. */
static hr_plan *plan_two(void) {
  hr_error err = {0};
  hr_plan *plan = NULL;
  small_plan_configure_target("[log_g, age]", "");
  check_ok(hr_plan_create(plan_config, NULL, &plan, &err));
  return plan;
}

static void several_targets_are_planned(void **state) {
  (void)state;
  hr_plan *plan = plan_two();
  assert_int_equal(hr_study_targets(&plan->view), 2);
  assert_string_equal(hr_study_target_name(&plan->view, 0), "log_g");
  assert_string_equal(hr_study_target_name(&plan->view, 1), "age");
  check_near(hr_study_target(&plan->view, 0)[2], PLAN_TRAIN + 2, 0);
  check_near(hr_study_target(&plan->view, 1)[2], plan_age[2], 0);
  assert_ptr_equal(plan->view.train.target, hr_study_target(&plan->view, 0));
  assert_string_equal(plan->targets[0].unit, "dex");
  assert_string_equal(plan->targets[1].name, "age");
  assert_string_equal(plan->targets[1].unit, "Gyr");
  check_near(plan->targets[0].test.target[3], PLAN_TEST + 3, 0);
  check_near(plan->targets[1].test.target[3], plan_age[3], 0);
  assert_ptr_equal(plan->test_split.target, plan->targets[0].test.target);
  assert_ptr_equal(plan->targets[1].test.route, plan->test_route);
  hr_plan_destroy(&plan);
}

static void each_target_has_a_folder(void **state) {
  (void)state;
  hr_error err = {0};
  char *dir = NULL;
  hr_plan *plan = plan_two();
  check_ok(hr_plan_target_dir(plan, "/run", 0, &dir, &err));
  assert_string_equal(dir, "/run");
  hr_free(dir);
  check_ok(hr_plan_target_dir(plan, "/run", 1, &dir, &err));
  assert_string_equal(dir, "/run/targets/age");
  hr_free(dir);
  hr_plan_destroy(&plan);
}

static void check_target_refused(const char *sentence) {
  hr_error err = {0};
  hr_plan *plan = NULL;
  check_fails(hr_plan_create(plan_config, NULL, &plan, &err), HR_ERR_DATA, sentence);
  assert_null(plan);
}

/* What is wrong with the second target alone is told of it. */
static void every_target_is_checked(void **state) {
  (void)state;
  hr_error err = {0};
  hr_plan *plan = NULL;
  small_plan_configure_target("[log_g, age]", "");
  plan_age[5] = (double)NAN;
  small_plan_rows("train.h5", PLAN_TRAIN, PLAN_PIXELS, 7100);
  snprintf(expected, sizeof expected,
           "%s/train.h5: label age is NaN in row 5 (counted from 0); remove the row or "
           "repair the label, or leave such rows out with data.unlabelled: exclude",
           plan_scratch.path);
  check_target_refused(expected);
  small_plan_configure(""); /* a study that does not predict it is fine */
  check_ok(hr_plan_create(plan_config, NULL, &plan, &err));
  hr_plan_destroy(&plan);
  small_plan_configure_target("[log_g, age]", "");
  plan_age[5] = 2e15;
  small_plan_rows("train.h5", PLAN_TRAIN, PLAN_PIXELS, 7100);
  check_target_refused(
      "the label age reaches 2e+15, beyond 1e+15; rescale the column, "
      "or name another one as data.target");
  for (size_t i = 0; i < PLAN_TRAIN; i++) plan_age[i] = 1e9 + (double)(i % 2);
  small_plan_rows("train.h5", PLAN_TRAIN, PLAN_PIXELS, 7100);
  check_target_refused(
      "the label age varies by only 0.5 around 1e+09, too little for "
      "fp32 predictions; subtract a constant from the column");
  small_plan_configure_target("[log_g, mass]", "");
  snprintf(expected, sizeof expected,
           "%s/train.h5 has no label column mass; it has T_eff, log_g, M_H, age",
           plan_scratch.path);
  check_target_refused(expected);
}

/* A target that is the same in all rows, of one split or of both, whatever the value: one
 * that fp64 adds up exactly, one that it does not, and 0. One row less is fine. */
static void constant_targets_are_refused(void **state) {
  (void)state;
  static const double values[] = {1, 14.62, 0, 1e-30};
  static const char *const files[] = {"train.h5", "test.h5"};
  static const size_t rows[] = {PLAN_TRAIN, PLAN_TEST};
  for (size_t v = 0; v < 4; v++) {
    for (size_t f = 0; f < 2; f++) {
      char sentence[256];
      for (size_t i = 0; i < PLAN_TRAIN; i++) plan_age[i] = values[v];
      small_plan_rows(files[f], rows[f], PLAN_PIXELS, 7100);
      small_plan_configure_target("[log_g, age]", "");
      snprintf(sentence, sizeof sentence,
               "the label age is %.10g in all %zu %s rows, so that there is nothing to "
               "predict; name another one as data.target",
               values[v], rows[f], f == 0 ? "training" : "test");
      check_target_refused(sentence);
      for (size_t i = 0; i < PLAN_TRAIN; i++) plan_age[i] = (double)(i % 5);
      small_plan_rows(files[f], rows[f], PLAN_PIXELS, 7100);
    }
  }
  hr_error err = {0};
  hr_plan *plan = NULL;
  for (size_t i = 0; i < PLAN_TRAIN; i++) plan_age[i] = i == 7 ? 1 : 0;
  small_plan_rows("train.h5", PLAN_TRAIN, PLAN_PIXELS, 7100);
  check_ok(hr_plan_create(plan_config, NULL, &plan, &err));
  hr_plan_destroy(&plan);
}

/* Another order of targets is another study, and so is another unit. */
static void targets_are_in_the_fingerprint(void **state) {
  (void)state;
  hr_error err = {0};
  static const char *const targets[] = {"log_g", "[log_g]", "[log_g, age]",
                                        "[age, log_g]", "age"};
  char prints[5][17];
  for (size_t i = 0; i < 5; i++) {
    hr_plan *plan = NULL;
    small_plan_configure_target(targets[i], "");
    check_ok(hr_plan_create(plan_config, NULL, &plan, &err));
    snprintf(prints[i], sizeof prints[i], "%s", plan->origin.fingerprint);
    hr_plan_destroy(&plan);
  }
  assert_string_equal(prints[0], prints[1]);
  for (size_t i = 1; i < 5; i++) {
    for (size_t j = i + 1; j < 5; j++) assert_string_not_equal(prints[i], prints[j]);
  }
}

static hr_status create_and_destroy(void) {
  hr_plan *plan = NULL;
  hr_status status = hr_plan_create(plan_config, NULL, &plan, NULL);
  hr_plan_destroy(&plan);
  return status;
}

static void memory_may_run_out(void **state) {
  (void)state;
  small_plan_configure_target("[log_g, age]", "");
  check_alloc_failures(create_and_destroy());
}

/* With the key that names it, and the labels that there are. */
static void a_label_beside_that_is_not_there_is_refused(void **state) {
  (void)state;
  static const char *const targets[] = {"log_g", "log_g, unlabelled: exclude"};
  hr_error err = {0};
  hr_plan *plan = NULL;
  char sentence[256];
  snprintf(sentence, sizeof sentence,
           "experts.vit.auxiliary: %s/train.h5 has no label column foo; it has T_eff, "
           "log_g, M_H, age",
           plan_scratch.path);
  for (size_t i = 0; i < 2; i++) {
    small_plan_configure_target(targets[i], "experts: {vit: {auxiliary: [foo]}}\n");
    check_fails(hr_plan_create(plan_config, NULL, &plan, &err), HR_ERR_DATA, sentence);
  }
}

int main(void) {
#define TEST_CASE(name) \
  cmocka_unit_test_setup_teardown(name, small_plan_set_up, small_plan_tear_down)
  const struct CMUnitTest tests[] = {
      TEST_CASE(rows_are_in_bins_and_folds),
      TEST_CASE(both_splits_have_one_grid),
      TEST_CASE(a_study_has_to_fit_its_memory),
      TEST_CASE(labels_are_in_the_fingerprint),
      TEST_CASE(several_targets_are_planned),
      TEST_CASE(each_target_has_a_folder),
      TEST_CASE(every_target_is_checked),
      TEST_CASE(constant_targets_are_refused),
      TEST_CASE(targets_are_in_the_fingerprint),
      TEST_CASE(memory_may_run_out),
      TEST_CASE(a_label_beside_that_is_not_there_is_refused),
      TEST_CASE(spectra_are_in_the_fingerprint),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
