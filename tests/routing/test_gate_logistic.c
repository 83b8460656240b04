/* Against scikit-learn in tests/python/test_gate.py. */
#include "routing/gate_logistic.h"

#include "core/alloc.h"
#include "core/random.h"
#include "support/check.h"
#include "support/fail_alloc.h"

enum { ROWS = 500, FEATURES = 3, BINS = 4 };

static float z[ROWS * FEATURES];
static int32_t bin[ROWS];
static double weights[BINS * FEATURES], bias[BINS];
static bool present[BINS];
static hr_logistic_result result;

/* Bin 2 has no rows. */
static hr_logistic_problem problem(void) {
  hr_normal(3, HR_STREAM_NOISE_TRAIN, 0, 0, ROWS * FEATURES, z);
  for (size_t i = 0; i < ROWS; i++) {
    double u = hr_uniform(3, HR_STREAM_FOLDS, i, 0) - 0.5, x = (double)z[i * FEATURES];
    bin[i] = x + u > 0.4 ? 3 : x + u > -0.4 ? 1 : 0;
  }
  return (hr_logistic_problem){.compute = hr_compute_default(),
                               .rows = ROWS,
                               .features = FEATURES,
                               .bins = BINS,
                               .z = z,
                               .bin = bin,
                               .C = 10};
}

static hr_status fit(const hr_logistic_problem *p, hr_error *err) {
  return hr_logistic_fit(p, weights, bias, present, &result, err);
}

/* At the end the derivatives are 0: C sum (p - y) x + W for weights, without W for the
 * intercepts. */
static void derivatives_vanish(void **state) {
  (void)state;
  double gradient[BINS][1 + FEATURES] = {{0}};
  hr_error err;
  const hr_logistic_problem p = problem();
  check_ok(fit(&p, &err));
  assert_true(result.converged);
  assert_in_range(result.iterations, 2, 30);
  for (size_t i = 0; i < ROWS; i++) {
    double said[BINS], sum = 0;
    const float *x = z + i * FEATURES;
    for (size_t k = 0; k < BINS; k++) {
      said[k] = bias[k];
      for (size_t f = 0; f < FEATURES; f++) {
        said[k] += weights[k * FEATURES + f] * (double)x[f];
      }
      said[k] = present[k] ? exp(said[k]) : 0;
      sum += said[k];
    }
    for (size_t k = 0; k < BINS; k++) {
      double away = p.C * (said[k] / sum - ((size_t)bin[i] == k));
      gradient[k][0] += away;
      for (size_t f = 0; f < FEATURES; f++) gradient[k][1 + f] += away * (double)x[f];
    }
  }
  for (size_t k = 0; k < BINS; k++) {
    check_near(gradient[k][0], 0, 1e-5);
    for (size_t f = 0; f < FEATURES; f++) {
      check_near(gradient[k][1 + f] + weights[k * FEATURES + f], 0, 1e-5);
    }
  }
}

static void a_bin_without_rows_is_not_present(void **state) {
  (void)state;
  hr_error err;
  const hr_logistic_problem p = problem();
  check_ok(fit(&p, &err));
  for (size_t k = 0; k < BINS; k++) assert_int_equal(present[k], k != 2);
  check_near(bias[2], 0, 0);
  check_near(weights[2 * FEATURES], 0, 0);
}

static void one_bin_alone_needs_no_training(void **state) {
  (void)state;
  hr_error err;
  hr_logistic_problem p = problem();
  for (size_t i = 0; i < ROWS; i++) bin[i] = 1;
  check_ok(fit(&p, &err));
  assert_true(present[1] && !present[0] && result.converged);
  check_near(bias[1], 0, 0);
  p.rows = 0;
  check_ok(fit(&p, &err));
  assert_false(present[1]);
}

static void too_many_numbers_are_refused(void **state) {
  (void)state;
  enum { MANY = 2000 };
  static float none[MANY * FEATURES];
  static int32_t each[MANY];
  static double many_weights[MANY * FEATURES], many_bias[MANY];
  static bool many_present[MANY];
  hr_error err;
  const hr_logistic_problem p = {
      hr_compute_default(), MANY, FEATURES, MANY, none, each, 1, NULL};
  for (int32_t i = 0; i < MANY; i++) each[i] = i;
  check_fails(hr_logistic_fit(&p, many_weights, many_bias, many_present, &result, &err),
              HR_ERR_NUMERIC,
              "a logistic gate of 2000 bins and 3 features has 8000 numbers to fit, more "
              "than 6000; take fewer bins, or the MLP gate");
}

static void features_that_are_no_numbers_lead_nowhere(void **state) {
  (void)state;
  hr_error err;
  const hr_logistic_problem p = problem();
  z[5] = NAN;
  check_fails(fit(&p, &err), HR_ERR_NUMERIC,
              "the logistic gate cannot be trained: no step leads down after 0");
}

static bool always(void *context) {
  (void)context;
  return true;
}

static void it_can_be_stopped(void **state) {
  (void)state;
  const hr_observer observer = {.interrupted = always};
  hr_error err;
  hr_logistic_problem p = problem();
  p.observer = &observer;
  assert_int_equal(fit(&p, &err), HR_ERR_INTERRUPTED);
}

static hr_status fit_alone(void) {
  hr_error err;
  const hr_logistic_problem p = problem();
  return fit(&p, &err);
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  check_alloc_failures(fit_alone());
  assert_true(hr_logistic_bytes(37, 9) > 342 * 342 * 8);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(derivatives_vanish),
      cmocka_unit_test(a_bin_without_rows_is_not_present),
      cmocka_unit_test(one_bin_alone_needs_no_training),
      cmocka_unit_test(too_many_numbers_are_refused),
      cmocka_unit_test(features_that_are_no_numbers_lead_nowhere),
      cmocka_unit_test(it_can_be_stopped),
      cmocka_unit_test(every_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
