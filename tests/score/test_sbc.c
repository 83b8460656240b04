/* Ranks of posteriors that are right, too narrow, too wide and off to one side. */
#include "score/sbc.h"

#include <math.h>

#include "core/random.h"
#include "support/check.h"

enum { ROWS = 480, DRAWS = 256 };
static float draws[ROWS][DRAWS];
static double target[2 * ROWS];
static size_t rows[ROWS];

/* Truths are standard normal; draws have the mean and the sigma given. Every other row of
 * the split has draws. */
static hr_sbc rank(double mean, double sigma, size_t count) {
  for (size_t i = 0; i < ROWS; i++) {
    float truth = 0;
    rows[i] = 2 * i;
    hr_normal(3, HR_STREAM_NOISE_TEST, i, 0, 1, &truth);
    target[rows[i]] = (double)truth;
    hr_normal(4, HR_STREAM_NOISE_TEST, i, 0, DRAWS, draws[i]);
    for (size_t d = 0; d < DRAWS; d++) {
      draws[i][d] = (float)(mean + sigma * (double)draws[i][d]);
    }
  }
  const hr_sbc_input input = {draws[0], rows, target, NULL, count, DRAWS, 42};
  return hr_sbc_compute(&input);
}

static size_t total(const hr_sbc *found) {
  size_t sum = 0;
  for (size_t b = 0; b < HR_SBC_BINS; b++) sum += found->histogram[b];
  return sum;
}

static void test_a_right_posterior_is_uniform(void **state) {
  (void)state;
  hr_sbc found = rank(0, 1, ROWS);
  assert_int_equal(found.rows, ROWS);
  assert_int_equal(total(&found), ROWS);
  assert_true(found.p > HR_SBC_THRESHOLD);
}

static void test_others_are_not(void **state) {
  (void)state;
  size_t last = HR_SBC_BINS - 1;
  hr_sbc narrow = rank(0, 0.7, ROWS);
  assert_true(narrow.p < 1e-4);
  assert_true(narrow.histogram[0] > 45 && narrow.histogram[last] > 45);
  hr_sbc wide = rank(0, 1.5, ROWS);
  assert_true(wide.p < 1e-4);
  assert_true(wide.histogram[0] < 15 && wide.histogram[last] < 15);
  hr_sbc shifted = rank(0.5, 1, ROWS);
  assert_true(shifted.p < 1e-4);
  assert_true(shifted.histogram[0] > 45 && shifted.histogram[last] < 15);
}

/* Known counts: a truth below or above all draws. */
static void test_the_statistic(void **state) {
  (void)state;
  rank(0, 1, ROWS);
  for (size_t i = 0; i < 160; i++) target[rows[i]] = i < 80 ? -100 : 100;
  const hr_sbc_input input = {draws[0], rows, target, NULL, 160, DRAWS, 42};
  hr_sbc found = hr_sbc_compute(&input);
  assert_int_equal(found.histogram[0], 80);
  assert_int_equal(found.histogram[HR_SBC_BINS - 1], 80);
  /* Expected 10: 14 bins of 0 and two of 80. */
  check_near(found.chi2, 14 * 10.0 + 2 * 490.0, 1e-9);
  assert_true(found.p < 1e-100);
}

/* A truth that is equal to every draw may stand anywhere. */
static void test_ties_are_shared_out(void **state) {
  (void)state;
  rank(0, 1, ROWS);
  for (size_t i = 0; i < ROWS; i++) {
    target[rows[i]] = 1.1; /* as fp32, what the draws are */
    for (size_t d = 0; d < DRAWS; d++) draws[i][d] = 1.1f;
  }
  const hr_sbc_input input = {draws[0], rows, target, NULL, ROWS, DRAWS, 42};
  hr_sbc found = hr_sbc_compute(&input), again = hr_sbc_compute(&input);
  assert_true(found.p > HR_SBC_THRESHOLD);
  assert_memory_equal(found.histogram, again.histogram, sizeof found.histogram);
}

static void test_few_rows_have_no_chance(void **state) {
  (void)state;
  hr_sbc found = rank(0, 1, HR_SBC_FEWEST_ROWS - 1);
  assert_int_equal(total(&found), HR_SBC_FEWEST_ROWS - 1);
  assert_true(isnan(found.p) && isnan(found.chi2));
  found = rank(0, 1, HR_SBC_FEWEST_ROWS);
  assert_true(found.p >= 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_right_posterior_is_uniform),
      cmocka_unit_test(test_others_are_not),
      cmocka_unit_test(test_the_statistic),
      cmocka_unit_test(test_ties_are_shared_out),
      cmocka_unit_test(test_few_rows_have_no_chance),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
