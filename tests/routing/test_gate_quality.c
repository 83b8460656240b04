#include "routing/gate_quality.h"

#include "data/bins.h"
#include "support/check.h"

static const double weight[] = {
    0.8, 0.1, 0.1, 9, /* right; the fourth column is not looked at */
    0.6, 0.3, 0.1, 9, /* wrong */
    0.0, 0.0, 1.0, 9, /* right, without a doubt */
    0.2, 0.2, 0.6, 9, /* of no bin */
};
static const int32_t bin[] = {0, 1, 2, HR_UNCOVERED};
static const int32_t group[] = {0, 1, 1, 1};
static const hr_gate_rows rows = {4, 3, 4, weight, bin, NULL};
static const hr_gate_rows grouped = {4, 3, 4, weight, bin, group};

static void a_gate_on_paper(void **state) {
  (void)state;
  hr_gate_quality q;
  hr_gate_quality_measure(&rows, 0, &q);
  assert_int_equal(q.rows, 3);
  check_near(q.accuracy, 2.0 / 3, 1e-15);
  check_near(q.log_loss, -(log(0.8) + log(0.3)) / 3, 1e-15);
  /* cells of the confidence: .8 -> (.733, .8] or its neighbour, .6 and 1 in theirs */
  check_near(q.ece, (0.2 + 0.6 + 0) / 3, 1e-15);
  double first = -(0.8 * log(0.8) + 0.2 * log(0.1));
  double second = -(0.6 * log(0.6) + 0.3 * log(0.3) + 0.1 * log(0.1));
  check_near(q.mean_entropy, (first + second) / 3, 1e-15);
}

static void groups_are_judged_apart(void **state) {
  (void)state;
  hr_gate_quality q;
  hr_gate_quality_measure(&grouped, 1, &q);
  assert_int_equal(q.rows, 2);
  check_near(q.accuracy, 0.5, 0);
  hr_gate_quality_measure(&grouped, 7, &q);
  assert_int_equal(q.rows, 0);
  assert_true(isnan(q.accuracy) && isnan(q.log_loss) && isnan(q.ece));
  assert_true(isnan(q.mean_entropy));
}

static void confusion_has_the_truth_in_rows(void **state) {
  (void)state;
  size_t counts[9];
  const size_t all[] = {1, 0, 0, 1, 0, 0, 0, 0, 1};
  const size_t some[] = {0, 0, 0, 1, 0, 0, 0, 0, 1};
  hr_gate_quality_confusion(&rows, 0, counts);
  assert_memory_equal(counts, all, sizeof all);
  hr_gate_quality_confusion(&grouped, 1, counts);
  assert_memory_equal(counts, some, sizeof some);
}

/* Two rows of one cell, one right: what they say together is what counts. */
static void doubt_that_is_deserved_costs_nothing(void **state) {
  (void)state;
  const double half[] = {0.5, 0.5, 0.5, 0.5};
  const int32_t truth[] = {0, 1};
  const hr_gate_rows even = {2, 2, 2, half, truth, NULL};
  hr_gate_quality q;
  hr_gate_quality_measure(&even, 0, &q);
  check_near(q.ece, 0, 1e-15);
  check_near(q.log_loss, log(2), 1e-15);
  check_near(hr_gate_quality_entropy(2, half), log(2), 1e-15);
}

static void a_weight_of_0_for_the_truth_is_finite(void **state) {
  (void)state;
  const double sure[] = {1, 0};
  const int32_t truth[] = {1};
  const hr_gate_rows one = {1, 2, 2, sure, truth, NULL};
  hr_gate_quality q;
  hr_gate_quality_measure(&one, 0, &q);
  check_near(q.log_loss, -log(1e-15), 1e-12);
  check_near(q.ece, 1, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_gate_on_paper),
      cmocka_unit_test(groups_are_judged_apart),
      cmocka_unit_test(confusion_has_the_truth_in_rows),
      cmocka_unit_test(doubt_that_is_deserved_costs_nothing),
      cmocka_unit_test(a_weight_of_0_for_the_truth_is_finite),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
