#include "data/bins.h"

#include <stdbool.h>
#include <stdlib.h>

#include "support/check.h"

static const double T_eff_edges[] = {3750, 4500, 5250, 6000};
static const double M_H_edges[] = {-2.0, -1.0, 0.0, 0.5};
static const hr_axis study[] = {{"T_eff", T_eff_edges, 4}, {"M_H", M_H_edges, 4}};

static int32_t bin_of(double T_eff, double M_H) {
  const hr_bin_column columns[] = {{&T_eff, HR_PRECISION_DOUBLE},
                                   {&M_H, HR_PRECISION_DOUBLE}};
  int32_t bin = -2;
  hr_assign_bins(study, 2, columns, 1, &bin);
  return bin;
}

static int32_t nearest_bin_of(double T_eff, double M_H) {
  const hr_bin_column columns[] = {{&T_eff, HR_PRECISION_DOUBLE},
                                   {&M_H, HR_PRECISION_DOUBLE}};
  int32_t bin = -2;
  hr_assign_nearest_bins(study, 2, columns, 1, &bin);
  return bin;
}

static void the_study_has_nine_bins_numbered_3_T_plus_M(void **state) {
  (void)state;
  assert_int_equal(hr_bin_count(study, 2), 9);
  assert_int_equal(hr_bin_count(study, 1), 3);
  assert_int_equal(hr_bin_count(study, 0), 1);
  for (int t = 0; t < 3; t++) {
    for (int m = 0; m < 3; m++) {
      double T_eff = 0.5 * (T_eff_edges[t] + T_eff_edges[t + 1]);
      double M_H = 0.5 * (M_H_edges[m] + M_H_edges[m + 1]);
      assert_int_equal(bin_of(T_eff, M_H), 3 * t + m);
      assert_int_equal(nearest_bin_of(T_eff, M_H), 3 * t + m);
    }
  }
}

static void intervals_are_half_open_and_the_last_is_closed(void **state) {
  (void)state;
  assert_int_equal(bin_of(3750, -2), 0);
  assert_int_equal(bin_of(4500, -2), 3);
  assert_int_equal(bin_of(nextafter(4500, 0), -2), 0);
  assert_int_equal(bin_of(5250, -1), 7);
  assert_int_equal(bin_of(5250, nextafter(-1, -2)), 6);
  assert_int_equal(bin_of(6000, 0.5), 8);
  assert_int_equal(bin_of(6000, 0.0), 8);
  assert_int_equal(bin_of(nextafter(6000, 7000), 0.5), HR_UNCOVERED);
  assert_int_equal(bin_of(6000, nextafter(0.5, 1)), HR_UNCOVERED);
  assert_int_equal(bin_of(nextafter(3750, 0), 0), HR_UNCOVERED);
  assert_int_equal(bin_of(4000, nextafter(-2, -3)), HR_UNCOVERED);
  assert_int_equal(bin_of(NAN, 0), HR_UNCOVERED);
}

/* 0.3 of fp32 is larger than 0.3 of fp64, and 0.7 smaller: such labels would leave the
 * last bin, and the first. */
static void edges_are_compared_in_the_precision_of_the_column(void **state) {
  (void)state;
  static const double edges[] = {0.7, 1.1, 2.3};
  static const hr_axis axis = {"M_H", edges, 3};
  static const struct {
    double value;
    int32_t single, wide; /* its bin where the column is fp32, and where it is fp64 */
  } cases[] = {
      {(double)0.7F, 0, HR_UNCOVERED},
      {(double)1.1F, 1, 1},
      {(double)2.3F, 1, 1},
      {(double)0.69999F, -1, -1},
      {(double)2.30001F, -1, -1},
      {(double)1.09999F, 0, 0},
      {2.2999999523162842, 1, 1},
      {2.3000001907348633, -1, -1},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    hr_bin_column column = {&cases[i].value, HR_PRECISION_SINGLE};
    int32_t bin = -2;
    hr_assign_bins(&axis, 1, &column, 1, &bin);
    assert_int_equal(bin, cases[i].single);
    column.precision = HR_PRECISION_DOUBLE;
    hr_assign_bins(&axis, 1, &column, 1, &bin);
    assert_int_equal(bin, cases[i].wide);
  }
  static const double last[] = {-1.9, 0.3};
  static const hr_axis closed = {"M_H", last, 2};
  const double top = (double)0.3F;
  for (int narrow = 0; narrow < 2; narrow++) {
    hr_bin_column column = {&top, narrow ? HR_PRECISION_SINGLE : HR_PRECISION_DOUBLE};
    int32_t bin = -2;
    hr_assign_bins(&closed, 1, &column, 1, &bin);
    assert_int_equal(bin, narrow ? 0 : HR_UNCOVERED);
  }
}

static void rounding_is_to_the_nearest_number_of_the_precision(void **state) {
  (void)state;
  check_near(hr_round_to(HR_PRECISION_DOUBLE, 0.1), 0.1, 0);
  check_near(hr_round_to(HR_PRECISION_SINGLE, 0.1), (double)0.1F, 0);
  check_near(hr_round_to(HR_PRECISION_HALF, 0.1), 0.0999755859375, 0); /* of numpy */
  check_near(hr_round_to(HR_PRECISION_HALF, -0.7), -0.7001953125, 0);
  check_near(hr_round_to(HR_PRECISION_HALF, 5250), 5248, 0);    /* a tie: to even */
  check_near(hr_round_to(HR_PRECISION_HALF, 5254), 5256, 0);    /* 1313.5 steps of 4 */
  check_near(hr_round_to(HR_PRECISION_HALF, 1e-7), 0x1p-23, 0); /* 1.68 steps of 2^-24 */
  check_near(hr_round_to(HR_PRECISION_HALF, 0), 0, 0);
  check_near(hr_round_to(HR_PRECISION_HALF, 65504), 65504, 0);
  assert_true(hr_round_to(HR_PRECISION_HALF, 65520) == HUGE_VAL);
  assert_true(hr_round_to(HR_PRECISION_HALF, -1e9) == -HUGE_VAL);
  assert_true(isnan(hr_round_to(HR_PRECISION_HALF, (double)NAN)));
}

static void nearest_bins_cover_everything(void **state) {
  (void)state;
  assert_int_equal(nearest_bin_of(1000, -2.5), 0);
  assert_int_equal(nearest_bin_of(9000, 0.75), 8);
  assert_int_equal(nearest_bin_of(5000, -2.5), 3);
  assert_int_equal(nearest_bin_of(5000, 0.75), 5);
  assert_int_equal(nearest_bin_of(3000, 0.0), 2);
}

static void counts_balance(void **state) {
  (void)state;
  const int32_t bin[] = {0, 2, HR_UNCOVERED, 2, 2, HR_UNCOVERED, 0};
  size_t counts[4] = {9, 9, 9, 9};
  hr_count_bins(bin, 7, 3, counts);
  const size_t expected[] = {2, 0, 3, 2};
  assert_memory_equal(counts, expected, sizeof expected);
}

enum { ROWS = 1003, FOLDS = 5 };

/* Every hand of FOLDS rows of one bin holds each fold once. */
static void check_hands(const int32_t *bin, const uint8_t *fold, int32_t k) {
  unsigned seen = 0;
  size_t in_hand = 0;
  for (size_t i = 0; i < ROWS; i++) {
    if (bin[i] != k) continue;
    assert_true(fold[i] < FOLDS);
    assert_int_equal(seen & 1u << fold[i], 0);
    seen |= 1u << fold[i];
    if (++in_hand == FOLDS) {
      assert_int_equal(seen, (1u << FOLDS) - 1);
      seen = 0;
      in_hand = 0;
    }
  }
}

static void folds_are_balanced_within_every_bin(void **state) {
  (void)state;
  int32_t bin[ROWS];
  uint8_t fold[ROWS];
  for (size_t i = 0; i < ROWS; i++) bin[i] = (int32_t)(i * i % 11) - 1;
  hr_assign_folds(bin, ROWS, 10, FOLDS, 42, fold);
  for (int32_t k = HR_UNCOVERED; k < 10; k++) check_hands(bin, fold, k);
}

static void folds_are_random_and_keyed_by_seed_and_bin(void **state) {
  (void)state;
  int32_t ones[ROWS], twos[ROWS];
  uint8_t a[ROWS], b[ROWS], c[ROWS], d[ROWS];
  for (size_t i = 0; i < ROWS; i++) ones[i] = 1, twos[i] = 2;
  hr_assign_folds(ones, ROWS, 3, FOLDS, 42, a);
  hr_assign_folds(ones, ROWS, 9, FOLDS, 42, b);
  hr_assign_folds(ones, ROWS, 3, FOLDS, 43, c);
  hr_assign_folds(twos, ROWS, 3, FOLDS, 42, d);
  assert_memory_equal(a, b, ROWS); /* other bins have no say */
  assert_memory_not_equal(a, c, ROWS);
  assert_memory_not_equal(a, d, ROWS);
  size_t pairs[FOLDS][FOLDS] = {{0}}; /* by place in the hand: all about equally often */
  for (size_t i = 0; i < ROWS; i++) pairs[i % FOLDS][a[i]]++;
  for (size_t j = 0; j < FOLDS; j++) {
    for (size_t k = 0; k < FOLDS; k++) {
      check_near((double)pairs[j][k], 40, 4 * sqrt(32.0)); /* binomial, n 200, p 1/5 */
    }
  }
}

/* A seed must keep its meaning: these are written down, not computed. */
static void folds_keep_their_meaning(void **state) {
  (void)state;
  const int32_t bin[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, HR_UNCOVERED, 3, 3};
  const uint8_t expected[] = {2, 3, 4, 0, 1, 4, 3, 2, 1, 0, 4, 0, 3};
  uint8_t fold[13];
  hr_assign_folds(bin, 13, 9, FOLDS, 42, fold);
  assert_memory_equal(fold, expected, sizeof expected);
}

static void the_most_folds_and_bins_work(void **state) {
  (void)state;
  enum { MANY = 2 * HR_MOST_FOLDS };
  int32_t bin[MANY];
  uint8_t fold[MANY];
  size_t seen[HR_MOST_FOLDS] = {0};
  for (size_t i = 0; i < MANY; i++) bin[i] = HR_MOST_BINS - 1;
  hr_assign_folds(bin, MANY, HR_MOST_BINS, HR_MOST_FOLDS, 1, fold);
  for (size_t i = 0; i < MANY; i++) seen[fold[i]]++;
  for (size_t k = 0; k < HR_MOST_FOLDS; k++) assert_int_equal(seen[k], 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_study_has_nine_bins_numbered_3_T_plus_M),
      cmocka_unit_test(intervals_are_half_open_and_the_last_is_closed),
      cmocka_unit_test(edges_are_compared_in_the_precision_of_the_column),
      cmocka_unit_test(rounding_is_to_the_nearest_number_of_the_precision),
      cmocka_unit_test(nearest_bins_cover_everything),
      cmocka_unit_test(counts_balance),
      cmocka_unit_test(folds_are_balanced_within_every_bin),
      cmocka_unit_test(folds_are_random_and_keyed_by_seed_and_bin),
      cmocka_unit_test(folds_keep_their_meaning),
      cmocka_unit_test(the_most_folds_and_bins_work),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
