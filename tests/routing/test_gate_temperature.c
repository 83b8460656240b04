#include "routing/gate_temperature.h"

#include "core/random.h"
#include "support/check.h"

enum { ROWS = 4000, BINS = 4 };

static double logits[ROWS * BINS];
static int32_t bin[ROWS];

/* Bins drawn from softmax(logits / temperature). */
static void draw(double temperature) {
  for (size_t i = 0; i < ROWS; i++) {
    double p[BINS], sum = 0, u = hr_uniform(1, HR_STREAM_FOLDS, i, 9);
    for (uint32_t k = 0; k < BINS; k++) {
      logits[i * BINS + k] = 6 * hr_uniform(1, HR_STREAM_FOLDS, i, k);
      p[k] = exp(logits[i * BINS + k] / temperature);
      sum += p[k];
    }
    bin[i] = 0;
    for (double below = p[0]; bin[i] < BINS - 1 && u * sum > below; below += p[bin[i]]) {
      bin[i]++;
    }
  }
}

static double loss_at(double temperature) {
  double loss = 0;
  for (size_t i = 0; i < ROWS; i++) {
    double sum = 0;
    for (size_t k = 0; k < BINS; k++) sum += exp(logits[i * BINS + k] / temperature);
    loss += log(sum) - logits[i * BINS + (size_t)bin[i]] / temperature;
  }
  return loss;
}

static void the_temperature_that_rows_were_drawn_at_is_found(void **state) {
  (void)state;
  static const double truths[] = {0.3, 1, 4};
  for (size_t t = 0; t < 3; t++) {
    draw(truths[t]);
    double found = hr_gate_temperature_fit(ROWS, BINS, logits, bin);
    check_near(found / truths[t], 1, 0.15);
    assert_true(loss_at(found) < loss_at(found * 1.001));
    assert_true(loss_at(found) < loss_at(found / 1.001));
  }
}

static void rows_that_say_nothing(void **state) {
  (void)state;
  const double inf = (double)INFINITY;
  const double flat[] = {1, 1, 1, 1}, absent[] = {1, -inf, 2, 0};
  const int32_t first = 0, second = 1, none = -1, beyond = 4;
  check_near(hr_gate_temperature_fit(0, BINS, NULL, NULL), 1, 0);
  check_near(hr_gate_temperature_fit(1, BINS, flat, &first), 1, 0);
  check_near(hr_gate_temperature_fit(1, BINS, absent, &second), 1, 0);
  check_near(hr_gate_temperature_fit(1, BINS, flat, &none), 1, 0);
  check_near(hr_gate_temperature_fit(1, BINS, flat, &beyond), 1, 0);
}

static void rows_that_are_all_right_or_wrong_end_at_the_limits(void **state) {
  (void)state;
  const double l[] = {3, 1, -(double)INFINITY, 0};
  const int32_t right = 0, wrong = 3;
  check_near(hr_gate_temperature_fit(1, BINS, l, &right), 1.0 / 20, 1e-9);
  check_near(hr_gate_temperature_fit(1, BINS, l, &wrong), 20, 1e-9);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_temperature_that_rows_were_drawn_at_is_found),
      cmocka_unit_test(rows_that_say_nothing),
      cmocka_unit_test(rows_that_are_all_right_or_wrong_end_at_the_limits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
