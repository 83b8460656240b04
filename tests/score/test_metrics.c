/* Scores and octiles known on paper. */
#include "core/quantile.h"
#include "score/metrics.h"

#include "support/check.h"
#include "support/fail_alloc.h"

static void test_scores_by_hand(void **state) {
  (void)state;
  const double y[] = {1, 2, 3, 6}, p[] = {1, 3, 3, 4};
  hr_metrics m = hr_metrics_compute(y, p, NULL, 4);
  assert_int_equal(m.rows, 4);
  check_near(m.sse, 5, 0);
  check_near(m.sst, 14, 1e-15);
  check_near(m.r2, 1.0 - 5.0 / 14.0, 1e-15);
  check_near(m.mae, 0.75, 0);
  check_near(m.rmse, sqrt(1.25), 1e-15);
  check_near(m.bias, -0.25, 0);
}

static void test_only_listed_rows_count(void **state) {
  (void)state;
  const double y[] = {1, 99, 3}, p[] = {2, (double)NAN, 3};
  const size_t rows[] = {2, 0};
  hr_metrics m = hr_metrics_compute(y, p, rows, 2);
  check_near(m.sse, 1, 0);
  check_near(m.r2, 0.5, 1e-15);
}

static void test_undefined_where_it_has_no_meaning(void **state) {
  (void)state;
  /* 0.1 three times: the mean is not 0.1, so the squares about it do not vanish. */
  const double y[] = {0.1, 0.1, 0.1}, p[] = {0.1, 0.2, 0.1};
  hr_metrics same = hr_metrics_compute(y, p, NULL, 3);
  assert_true(isnan(same.r2));
  check_near(same.sst, 0, 0);
  check_near(same.mae, 0.1 / 3, 1e-15);
  hr_metrics one = hr_metrics_compute(y, p, NULL, 1);
  assert_true(isnan(one.r2));
  check_near(one.sse, 0, 0);
  hr_metrics none = hr_metrics_compute(y, p, NULL, 0);
  assert_true(isnan(none.r2) && isnan(none.sse) && isnan(none.mae));
  assert_int_equal(none.rows, 0);
  const double varied[] = {1, 2}, missing[] = {1, (double)NAN};
  hr_metrics gap = hr_metrics_compute(varied, missing, NULL, 2);
  assert_true(isnan(gap.r2) && isnan(gap.sse) && isnan(gap.bias));
  check_near(gap.sst, 0.5, 0);
}

static void test_squares_of_groups_add_up(void **state) {
  (void)state;
  enum { ROWS = 30000, GROUPS = 3 };
  static double y[ROWS], p[ROWS];
  for (size_t i = 0; i < ROWS; i++) {
    y[i] = 1e8 + (double)(i * 7919 % 1000) / 997.0;
    p[i] = y[i] + (double)(i % 13) * 1e-3 * (i % 2 ? 1 : -1);
  }
  hr_sum sum = {0};
  size_t each = ROWS / GROUPS;
  for (size_t g = 0; g < GROUPS; g++) {
    hr_sum_add(&sum, hr_metrics_compute(y + g * each, p + g * each, NULL, each).sse);
  }
  double pooled = hr_metrics_compute(y, p, NULL, ROWS).sse;
  check_near(hr_sum_value(&sum), pooled, 1e-15 * pooled);
}

static void test_sum_keeps_what_a_plain_one_loses(void **state) {
  (void)state;
  hr_sum sum = {0};
  hr_sum_add(&sum, 1.0);
  hr_sum_add(&sum, 1e100);
  hr_sum_add(&sum, 1.0);
  hr_sum_add(&sum, -1e100);
  check_near(hr_sum_value(&sum), 2.0, 0);
}

static void test_weighted_r2(void **state) {
  (void)state;
  hr_metrics groups[] = {{.rows = 10, .sst = 1, .r2 = 0.5},
                         {.rows = 30, .sst = 1, .r2 = 0.9},
                         {.rows = 1, .sst = 0, .r2 = (double)NAN},
                         {.rows = 5, .sst = 0, .r2 = (double)NAN}};
  check_near(hr_metrics_weighted_r2(groups, 4), 0.8, 1e-15);
  assert_true(isnan(hr_metrics_weighted_r2(groups + 2, 2)));
  groups[0].r2 = (double)NAN; /* a bin that has an R2 but no prediction */
  assert_true(isnan(hr_metrics_weighted_r2(groups, 4)));
}

static void test_quantiles(void **state) {
  (void)state;
  double values[] = {4, 1, 3, 2};
  hr_sort_numbers(values, 4);
  check_near(hr_quantile(values, 4, 0.0), 1, 0);
  check_near(hr_quantile(values, 4, 0.5), 2.5, 1e-15);
  check_near(hr_quantile(values, 4, 0.1), 1.3, 1e-15);
  check_near(hr_quantile(values, 4, 1.0), 4, 0);
  check_near(hr_quantile(values, 1, 0.3), 1, 0);
  assert_true(isnan(hr_quantile(values, 0, 0.5)));
}

static void test_octiles(void **state) {
  (void)state;
  enum { ROWS = 18 };
  double snr[ROWS];
  size_t rows[ROWS];
  for (size_t i = 0; i < ROWS; i++) {
    snr[i] = (double)(i * 5 % 17); /* 0 .. 16 */
    rows[i] = i;
  }
  snr[ROWS - 1] = (double)NAN;
  hr_octiles octiles;
  hr_error err;
  check_ok(hr_octiles_init(&octiles, snr, rows, ROWS, &err));
  assert_int_equal(octiles.left_out, 1);
  check_near(octiles.edges[0], 0, 0);
  check_near(octiles.edges[3], 6, 0);
  check_near(octiles.edges[8], 16, 0);
  for (size_t j = 0; j < HR_SNR_OCTILES; j++) {
    size_t count = octiles.start[j + 1] - octiles.start[j];
    assert_int_equal(count, j + 1 < HR_SNR_OCTILES ? 2 : 3); /* the last one is closed */
    for (size_t i = octiles.start[j]; i < octiles.start[j + 1]; i++) {
      double value = snr[octiles.row_list[i]];
      assert_true(value >= octiles.edges[j] && value <= octiles.edges[j + 1]);
    }
  }
  hr_octiles_fini(&octiles);
}

static void test_octiles_of_nothing(void **state) {
  (void)state;
  hr_octiles octiles;
  hr_error err;
  check_ok(hr_octiles_init(&octiles, NULL, NULL, 0, &err));
  assert_true(isnan(octiles.edges[0]));
  assert_int_equal(octiles.start[HR_SNR_OCTILES], 0);
  hr_octiles_fini(&octiles);
}

static hr_status make_octiles(void) {
  const double snr[] = {1, 2, 3};
  const size_t rows[] = {0, 1, 2};
  hr_octiles octiles;
  hr_status status = hr_octiles_init(&octiles, snr, rows, 3, NULL);
  hr_octiles_fini(&octiles);
  return status;
}

static void test_memory_can_run_out(void **state) {
  (void)state;
  check_alloc_failures(make_octiles());
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_scores_by_hand),
      cmocka_unit_test(test_only_listed_rows_count),
      cmocka_unit_test(test_undefined_where_it_has_no_meaning),
      cmocka_unit_test(test_squares_of_groups_add_up),
      cmocka_unit_test(test_sum_keeps_what_a_plain_one_loses),
      cmocka_unit_test(test_weighted_r2),
      cmocka_unit_test(test_quantiles),
      cmocka_unit_test(test_octiles),
      cmocka_unit_test(test_octiles_of_nothing),
      cmocka_unit_test(test_memory_can_run_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
