/* What is known of a study before the first spectrum is read. */
#include "study/plan.h"

#include "support/scratch.h"
#include "support/shards.h"

enum { TRAIN = 12, TEST = 8, PIXELS = 6 };

static scratch s;
static hr_config *config;
static char expected[1024];

/* Half of the rows in each of two bins, but for the last, which is in none. */
static void write_rows(const char *name, size_t rows, size_t pixels, double first_wave) {
  char path[128];
  double labels[3][TRAIN], wave[PIXELS + 1];
  snprintf(path, sizeof path, "%s/%s", s.path, name);
  shard_spec spec = shard_spec_default(path);
  spec.rows = rows;
  spec.pixels = pixels;
  spec.first_row = rows; /* so that the two files differ */
  for (size_t p = 0; p < pixels; p++) wave[p] = first_wave + 0.5 * (double)p;
  spec.wave = wave;
  for (size_t i = 0; i < rows; i++) {
    labels[0][i] = i + 1 == rows ? 9 : i < rows / 2 ? 1 : 3;
    labels[1][i] = (double)(rows + i);
    labels[2][i] = 0.5;
  }
  for (size_t c = 0; c < 3; c++) spec.columns[c].values = labels[c];
  shard_write(&spec);
}

static void configure(const char *rest) {
  char yaml[1024];
  hr_error err = {0};
  hr_config_destroy(&config);
  snprintf(yaml, sizeof yaml,
           "experiment: {id: x}\n"
           "data: {train: [train.h5], test: test.h5, noise: {test: generated}}\n"
           "binning: {T_eff: [0, 2, 4], M_H: [0, 1]}\n%s",
           rest);
  check_ok(hr_config_parse(yaml, strlen(yaml), "x.yaml", s.path, &config, &err));
}

static int set_up(void **state) {
  (void)state;
  scratch_init(&s);
  write_rows("train.h5", TRAIN, PIXELS, 7100);
  write_rows("test.h5", TEST, PIXELS, 7100);
  configure("");
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  hr_config_destroy(&config);
  scratch_fini(&s);
  return 0;
}

static void rows_are_in_bins_and_folds(void **state) {
  (void)state;
  hr_error err = {0};
  hr_plan *plan = NULL;
  check_ok(hr_plan_create(config, NULL, &plan, &err));
  assert_int_equal(plan->view.bin_count, 2);
  assert_int_equal(plan->view.train.rows, TRAIN);
  assert_int_equal(plan->view.pixels, PIXELS);
  assert_int_equal(plan->train_counts[0], 6);
  assert_int_equal(plan->train_counts[1], 5);
  assert_int_equal(plan->train_counts[2], 1); /* uncovered */
  assert_int_equal(plan->test_counts[0] + plan->test_counts[1], TEST - 1);
  for (size_t i = 0; i < TRAIN; i++) assert_in_range(plan->train_fold[i], 0, 4);
  hr_plan_destroy(&plan);
  assert_null(plan);
}

static void refuses(const char *after) {
  hr_error err = {0};
  hr_plan *plan = NULL;
  snprintf(expected, sizeof expected, "%s/test.h5%s", s.path, after);
  check_fails(hr_plan_create(config, NULL, &plan, &err), HR_ERR_DATA, expected);
  assert_null(plan);
}

static void both_splits_have_one_grid(void **state) {
  (void)state;
  write_rows("test.h5", TEST, PIXELS - 1, 7100);
  refuses(
      " has 5 pixels a spectrum but the training shards have 6; give a test set on the "
      "same wavelength grid as data.test");
  write_rows("test.h5", TEST, PIXELS, 7100.25);
  refuses(
      ": pixel 0 is at 7100.2500 angstrom but at 7100.0000 in the training shards; give "
      "a test set on the same wavelength grid as data.test");
}

/* The smallest budget there is, a MiB, is enough for so few rows; a byte is not. */
static void a_study_has_to_fit_its_memory(void **state) {
  (void)state;
  hr_error err = {0};
  hr_plan *plan = NULL;
  configure("run: {memory_mib: 1}\n");
  check_ok(hr_plan_create(config, NULL, &plan, &err));
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
  check_ok(hr_plan_create(config, NULL, &plan, &err));
  snprintf(first, sizeof first, "%s", plan->origin.fingerprint);
  hr_plan_destroy(&plan);
  configure("run: {block_rows: 3}\n");
  check_ok(hr_plan_create(config, NULL, &plan, &err));
  assert_string_equal(plan->origin.fingerprint, first);
  hr_plan_destroy(&plan);
  write_rows("test.h5", TEST - 1, PIXELS, 7100);
  check_ok(hr_plan_create(config, NULL, &plan, &err));
  assert_string_not_equal(plan->origin.fingerprint, first);
  hr_plan_destroy(&plan);
}

int main(void) {
#define TEST_CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST_CASE(rows_are_in_bins_and_folds),
      TEST_CASE(both_splits_have_one_grid),
      TEST_CASE(a_study_has_to_fit_its_memory),
      TEST_CASE(labels_are_in_the_fingerprint),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
