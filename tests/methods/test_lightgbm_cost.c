/* What is known of LightGBM's cost without running it. */
#include "methods/lightgbm/cost.h"

#include <math.h>
#include <omp.h>

#include "support/check.h"

enum { BINS = 9, ROWS = 900, PIXELS = 100 };

static const hr_lightgbm_parameters usual = {
    .n_estimators = 500,
    .max_depth = 5,
    .num_leaves = 20,
    .feature_fraction = 0.3,
    .bagging_fraction = 0.7,
    .min_child_samples = 5,
    .max_bin = 255,
    .subsample_for_bin = 2000,
    .device = (char[]){"cpu"},
};

/* 16 histograms of 100 pixels and 256 values, and 64 bytes for each of 200 rows. */
static const double growing = 16.0 * PIXELS * 256 * 16 + 64.0 * 200;

/* Bin 8 has 4 rows, bin 3 has 200, the others 90 to 102. */
static int32_t row_bin[ROWS];
static size_t counts[BINS + 1];

static hr_study_view make_view(size_t memory_bytes) {
  for (size_t i = 0; i < ROWS; i++) {
    row_bin[i] = i < 4 ? 8 : i < 204 ? 3 : (int32_t)(i % 7 + (i % 7 >= 3));
  }
  hr_count_bins(row_bin, ROWS, BINS, counts);
  return (hr_study_view){.compute = hr_compute_default(),
                         .pixels = PIXELS,
                         .bin_count = BINS,
                         .fold_count = 5,
                         .train = {.rows = ROWS, .bin = row_bin},
                         .memory_bytes = memory_bytes};
}

static hr_lightgbm_schedule schedule(int threads, size_t memory_bytes, bool on_cpu) {
  hr_study_view view = make_view(memory_bytes);
  omp_set_num_threads(threads);
  hr_lightgbm_schedule made = hr_lightgbm_make_schedule(&view, &usual, counts, on_cpu);
  omp_set_num_threads(2);
  return made;
}

static void leaves_at_the_bottom_need_no_histogram(void **state) {
  (void)state;
  assert_int_equal(hr_lightgbm_histograms(5, 20), 16);
  assert_int_equal(hr_lightgbm_histograms(5, 15), 15);
  assert_int_equal(hr_lightgbm_histograms(1, 20), 1);
  assert_int_equal(hr_lightgbm_histograms(0, 20), 20);
  assert_int_equal(hr_lightgbm_histograms(-1, 31), 31);
  assert_int_equal(hr_lightgbm_histograms(1000, 31), 31);
}

static void the_largest_bin_comes_first(void **state) {
  (void)state;
  hr_lightgbm_schedule made = schedule(2, (size_t)1 << 30, true);
  assert_int_equal(made.count, 8); /* four rows are too few */
  assert_int_equal(made.order[0], 3);
  for (size_t i = 1; i < made.count; i++) {
    assert_true(counts[made.order[i - 1]] >= counts[made.order[i]]);
  }
}

static void bins_share_the_threads(void **state) {
  (void)state;
  const size_t plenty = (size_t)1 << 30;
  const struct {
    int threads;
    size_t at_once, shared;
  } cases[] = {
      {1, 1, 0},            /* nothing to share */
      {2, 2, 8}, {3, 3, 8}, /* two of three busy at the end */
      {5, 5, 8}, {6, 6, 6}, /* four of six would be idle at the end */
      {7, 7, 7}, {8, 8, 8}, {15, 8, 8}, {16, 1, 0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    hr_lightgbm_schedule made = schedule(cases[i].threads, plenty, true);
    assert_int_equal(made.at_once, cases[i].at_once);
    assert_int_equal(made.shared, cases[i].shared);
  }
  assert_int_equal(schedule(2, plenty, false).at_once, 1);
}

static void memory_limits_what_grows_at_once(void **state) {
  (void)state;
  /* 896 rows and 8 times the boundaries of 100 pixels are kept beside what grows. */
  double stored = 8.0 * ROWS + 896.0 * PIXELS + 8.0 * PIXELS * (256 * 8 + 400);
  for (size_t fits = 1; fits <= 4; fits++) {
    size_t room = (size_t)(2 * (stored + ((double)fits + 0.5) * growing));
    assert_int_equal(schedule(4, room, true).at_once, fits < 3 ? 1 : fits);
  }
}

static void the_estimate_counts_every_growing_model(void **state) {
  (void)state;
  hr_study_view view = make_view((size_t)1 << 30);
  hr_cost one = {0}, two = {0}, held_out = {0};
  omp_set_num_threads(1);
  hr_lightgbm_estimate(&view, &usual, &one);
  omp_set_num_threads(2);
  hr_lightgbm_estimate(&view, &usual, &two);
  check_near(two.memory_bytes - one.memory_bytes, growing, 1);
  hr_lightgbm_parameters validated = usual;
  validated.folds = 1;
  hr_lightgbm_estimate(&view, &validated, &held_out);
  /* A copy of the largest bin's rows for each. */
  check_near(held_out.memory_bytes - two.memory_bytes, 2.0 * 200 * PIXELS, 1);
  check_near(held_out.operations, 2 * two.operations, 1);
}

/* Its columns stand beside the bins' until theirs are gone; its trees are as many as of
 * all bins together, where these have all rows. */
static void a_model_of_all_rows_has_its_cost(void **state) {
  (void)state;
  hr_study_view view = make_view((size_t)1 << 30);
  hr_cost bins = {0}, with = {0}, few = {0};
  hr_lightgbm_estimate(&view, &usual, &bins);
  hr_lightgbm_parameters p = usual;
  p.global = true;
  hr_lightgbm_estimate(&view, &p, &with);
  double boundaries = PIXELS * (256 * 8 + 400), own = boundaries + (double)ROWS * PIXELS;
  check_near(with.gathered_bytes - bins.gathered_bytes, own + 4.0 * ROWS, 1);
  check_near(with.memory_bytes - bins.memory_bytes, own + 4.0 * ROWS, 1);
  check_near(with.sampled_bytes - bins.sampled_bytes,
             PIXELS * (4.0 * ROWS + 12.0 * (ROWS - 200)), 1);
  check_near(with.bundle_bytes / bins.bundle_bytes, 10.0 / 9, 1e-12);
  /* A tree adds up its rows once and half of them on every level, and goes through 256
   * values of 20 leaves; of a bin no more values than rows, and of five rows a leaf. */
  double of_bins = 0, of_all = 900 * 0.7 * (1 + log2(20) / 2) + 256.0 * 20;
  for (size_t k = 0; k < 8; k++) {
    double rows = (double)counts[k] * 0.7, leaves = fmin(20, floor(rows / 5));
    of_bins += rows * (1 + log2(leaves) / 2) + rows * leaves;
  }
  check_near(with.operations / bins.operations, 1 + of_all / of_bins, 1e-6);
  p.global_rows = 300;
  hr_lightgbm_estimate(&view, &p, &few);
  check_near(with.gathered_bytes - few.gathered_bytes, 600.0 * PIXELS, 1);
  /* Where it holds out a fold, growing it takes more than growing the bins. */
  p.global_rows = 0;
  p.folds = 1;
  omp_set_num_threads(1);
  hr_lightgbm_estimate(&view, &p, &with);
  omp_set_num_threads(2);
  double trees = growing + 64.0 * (ROWS - 200) + (double)ROWS * PIXELS;
  double gone = 896.0 * PIXELS + 8 * boundaries;
  double most =
      trees - gone > growing + 200.0 * PIXELS ? trees - gone : growing + 200.0 * PIXELS;
  check_near(with.memory_bytes - with.gathered_bytes,
             most > with.sampled_bytes ? most : with.sampled_bytes, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(leaves_at_the_bottom_need_no_histogram),
      cmocka_unit_test(the_largest_bin_comes_first),
      cmocka_unit_test(bins_share_the_threads),
      cmocka_unit_test(memory_limits_what_grows_at_once),
      cmocka_unit_test(the_estimate_counts_every_growing_model),
      cmocka_unit_test(a_model_of_all_rows_has_its_cost),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
