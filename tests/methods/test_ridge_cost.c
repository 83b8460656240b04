/* What Ridges are expected to take, added up on paper. */
#include "methods/ridge/cost.h"

#include "compute/dual.h"
#include "methods/held_rows.h"
#include "support/check.h"

enum { PIXELS = 50, FOLDS = 5, ALPHAS = 3, TESTS = 70 };

static double values[] = {1, 10, 100};
static const hr_numbers alphas = {values, ALPHAS};

/* Two bins, of more rows than pixels and of fewer, and all rows. */
static const size_t counts[3] = {200, 30, 260};

static hr_study_view study_of(hr_low_memory low_memory) {
  return (hr_study_view){.pixels = PIXELS,
                         .bin_count = 2,
                         .fold_count = FOLDS,
                         .test_rows = TESTS,
                         .memory_bytes = 1, /* one solver */
                         .low_memory = low_memory};
}

static hr_cost estimate(hr_low_memory low_memory, const hr_ridge_options *options) {
  hr_study_view study = study_of(low_memory);
  hr_cost cost = {0};
  hr_ridge_estimate(&study, options, counts, &cost);
  return cost;
}

static double weight_bytes(void) {
  return 8.0 * ALPHAS * 3 * PIXELS;
}

static void a_usual_study_keeps_the_sums_of_all_folds(void **state) {
  (void)state;
  const hr_ridge_options options = hr_ridge_options_default(&alphas);
  hr_cost cost = estimate(HR_LOW_MEMORY_NONE, &options);
  double sums = FOLDS * hr_scatter_bytes(PIXELS), rows = hr_dual_bytes(30, PIXELS);
  double turn = fmax(hr_scatter_bytes(PIXELS), hr_dual_kernel_bytes(30));
  check_near(cost.gathered_bytes, 2 * sums + rows, 0);
  check_near(cost.memory_bytes,
             2 * sums + rows + turn + weight_bytes() + hr_shifted_bytes(PIXELS), 1e-6);
  check_near(cost.disk_bytes, weight_bytes() + ALPHAS * (8.0 * 3 + 4.0 * 2 * TESTS),
             1e-6);
  double solves = (FOLDS + 1) * ALPHAS / 3.0;
  double products = 30.0 * PIXELS * 30 + 260.0 * PIXELS * PIXELS;
  check_near(cost.operations, products + solves * (2 * 125000.0 + 27000.0),
             1e-3); /* 50³, 30³ */
}

static void rows_on_disk_are_gathered_in_turn(void **state) {
  (void)state;
  const hr_ridge_options options = hr_ridge_options_default(&alphas);
  hr_cost usual = estimate(HR_LOW_MEMORY_NONE, &options);
  hr_cost rows = estimate(HR_LOW_MEMORY_ROWS, &options);
  double sums = FOLDS * hr_scatter_bytes(PIXELS);
  check_near(rows.gathered_bytes, sums, 0);
  check_near(rows.disk_bytes - usual.disk_bytes, 4.0 * PIXELS * (200 + 30), 1e-6);
  check_near(rows.operations, usual.operations, 0);
  hr_cost folds = estimate(HR_LOW_MEMORY_FOLDS, &options);
  check_near(folds.gathered_bytes, 0, 0);
  /* The global model has 60 rows that no bin sums up. */
  check_near(folds.disk_bytes - rows.disk_bytes, 4.0 * PIXELS * 60, 1e-6);
  check_near(folds.operations - usual.operations, 2.0 * 200 * PIXELS * PIXELS, 1e-3);
  assert_true(folds.memory_bytes < rows.memory_bytes);
  assert_true(rows.memory_bytes < usual.memory_bytes);
}

/* All rows are fewer than are held at most; the models without folds are one model's. */
static void sigma_takes_rows_and_models_of_folds(void **state) {
  (void)state;
  hr_ridge_options options = hr_ridge_options_default(&alphas);
  for (int low = HR_LOW_MEMORY_NONE; low <= HR_LOW_MEMORY_ROWS; low++) {
    options.learns_sigma = false;
    hr_cost usual = estimate((hr_low_memory)low, &options);
    options.learns_sigma = true;
    hr_cost cost = estimate((hr_low_memory)low, &options);
    double rows = 260 * hr_held_rows_bytes(PIXELS),
           models = 8.0 * FOLDS * ALPHAS * PIXELS;
    double kept = low == HR_LOW_MEMORY_NONE ? rows : 0;
    check_near(cost.gathered_bytes - usual.gathered_bytes, kept, 1e-6);
    check_near(cost.memory_bytes - usual.memory_bytes, kept + models, 1e-6);
    check_near(cost.disk_bytes - usual.disk_bytes, rows - kept, 1e-6);
  }
}

static void noise_takes_a_vector_a_fold(void **state) {
  (void)state;
  hr_ridge_options options = hr_ridge_options_default(&alphas);
  hr_cost usual = estimate(HR_LOW_MEMORY_NONE, &options);
  options.integrate_noise = true;
  options.levels = &alphas;
  hr_cost noisy = estimate(HR_LOW_MEMORY_NONE, &options);
  check_near(noisy.gathered_bytes - usual.gathered_bytes, 3.0 * FOLDS * 8 * PIXELS, 0);
  assert_true(noisy.operations > 3 * usual.operations - 2 * 260.0 * PIXELS * PIXELS);
}

/* A further target takes weights and predictions of its own, and no product of rows. */
static void a_further_target_takes_weights(void **state) {
  (void)state;
  const hr_ridge_options options = hr_ridge_options_default(&alphas);
  const hr_further_target further = {.name = "T_eff"};
  hr_study_view study = study_of(HR_LOW_MEMORY_NONE);
  hr_cost one = estimate(HR_LOW_MEMORY_NONE, &options), two = {0};
  study.further = &further;
  study.further_count = 1;
  hr_ridge_estimate(&study, &options, counts, &two);
  assert_true(two.memory_bytes - one.memory_bytes > weight_bytes());
  assert_true(two.disk_bytes - one.disk_bytes >= weight_bytes());
  check_near(two.gathered_bytes, one.gathered_bytes, 0);
  check_near(two.operations, one.operations, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_usual_study_keeps_the_sums_of_all_folds),
      cmocka_unit_test(rows_on_disk_are_gathered_in_turn),
      cmocka_unit_test(sigma_takes_rows_and_models_of_folds),
      cmocka_unit_test(noise_takes_a_vector_a_fold),
      cmocka_unit_test(a_further_target_takes_weights),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
