/* Against PyTorch in tests/python/test_gate.py; here its derivatives, and what training
 * does. */
#include "routing/gate_mlp.h"

#include "core/alloc.h"
#include "core/random.h"
#include "support/check.h"
#include "support/fail_alloc.h"

enum { ROWS = 300, FEATURES = 4, BINS = 3, MOST = 1000 };

static float z[ROWS * FEATURES], prediction[ROWS * BINS];
static double y[ROWS];

/* Expert k is right where feature k is the largest, and off by 1 elsewhere. */
static hr_mlp_rows make_rows(void) {
  hr_normal(3, HR_STREAM_NOISE_TRAIN, 0, 0, ROWS * FEATURES, z);
  for (size_t i = 0; i < ROWS; i++) {
    size_t best = 0;
    for (size_t k = 1; k < BINS; k++) {
      if (z[i * FEATURES + k] > z[i * FEATURES + best]) best = k;
    }
    y[i] = 3 + hr_uniform(3, HR_STREAM_FOLDS, i, 0);
    for (size_t k = 0; k < BINS; k++) {
      prediction[i * BINS + k] = (float)(y[i] + (k == best ? 0 : 1));
    }
  }
  return (hr_mlp_rows){ROWS, FEATURES, BINS, z, y, prediction};
}

static hr_mlp_options options(void) {
  hr_mlp_options o = hr_mlp_options_default();
  o.layer_count = 3;
  o.sizes[0] = FEATURES;
  o.sizes[1] = 6;
  o.sizes[2] = 5;
  o.sizes[3] = BINS;
  o.batch = 64;
  o.learning_rate = 0.01;
  o.compute = hr_compute_default();
  return o;
}

static double loss_at(const hr_mlp_options *o, const hr_mlp_rows *rows,
                      const double *parameters, double *gradient) {
  double loss = 0;
  hr_error err;
  check_ok(hr_mlp_loss(o, rows, parameters, &loss, gradient, &err));
  return loss;
}

static void derivatives_are_those_of_finite_differences(void **state) {
  (void)state;
  double parameters[MOST], gradient[MOST], ignored[MOST];
  const hr_mlp_options o = options();
  const hr_mlp_rows rows = make_rows();
  size_t count = hr_mlp_parameters(&o);
  assert_int_equal(count, 5 * 6 + 7 * 5 + 6 * 3);
  for (size_t i = 0; i < ROWS; i += 3) prediction[i * BINS + 1] = NAN;
  prediction[5 * BINS] = prediction[5 * BINS + 1] = prediction[5 * BINS + 2] = NAN;
  hr_mlp_start(&o, parameters);
  loss_at(&o, &rows, parameters, gradient);
  for (size_t i = 0; i < count; i++) {
    double kept = parameters[i], step = 1e-6;
    parameters[i] = kept + step;
    double above = loss_at(&o, &rows, parameters, NULL);
    parameters[i] = kept - step;
    double below = loss_at(&o, &rows, parameters, ignored);
    parameters[i] = kept;
    check_near(gradient[i], (above - below) / (2 * step), 1e-8);
  }
}

/* With all weights 0 every expert that there is has the same. */
static void rows_are_mixed_of_the_experts_that_there_are(void **state) {
  (void)state;
  double parameters[MOST] = {0};
  const float said[] = {1, NAN, 4, NAN, NAN, NAN};
  const double truth[] = {3, 9};
  const hr_mlp_options o = options();
  const hr_mlp_rows rows = {2, FEATURES, BINS, z, truth, said};
  make_rows();
  check_near(loss_at(&o, &rows, parameters, NULL), 0.25, 1e-15);
  const hr_mlp_rows none = {1, FEATURES, BINS, z, truth, said + BINS};
  assert_true(isnan(loss_at(&o, &none, parameters, parameters)));
}

static void it_learns_who_is_right(void **state) {
  (void)state;
  double parameters[MOST], again[MOST];
  hr_mlp_result result;
  hr_error err;
  hr_mlp_options o = options();
  const hr_mlp_rows rows = make_rows();
  const hr_mlp_rows train = {200, FEATURES, BINS, z, y, prediction};
  const hr_mlp_rows held = {
      100, FEATURES, BINS, z + 200 * FEATURES, y + 200, prediction + 200 * BINS};
  hr_mlp_start(&o, parameters);
  double before = loss_at(&o, &held, parameters, NULL);
  check_ok(hr_mlp_fit(&o, &train, &held, parameters, &result, &err));
  assert_true(result.held_out_mse < 0.2 * before);
  check_near(loss_at(&o, &held, parameters, NULL), result.held_out_mse, 1e-15);
  check_near(loss_at(&o, &train, parameters, NULL), result.train_mse, 1e-15);
  check_ok(hr_mlp_fit(&o, &train, &held, again, &result, &err));
  assert_memory_equal(parameters, again, hr_mlp_parameters(&o) * sizeof *again);
  o.seed++;
  check_ok(hr_mlp_fit(&o, &train, &held, again, &result, &err));
  assert_true(parameters[0] != again[0]);
  (void)rows;
}

/* Held-out rows that ask for the opposite: the start is best, and patience ends it. */
static void it_stops_where_held_out_rows_say_so(void **state) {
  (void)state;
  double parameters[MOST], start[MOST], opposite[ROWS];
  hr_mlp_result result;
  hr_error err;
  hr_mlp_options o = options();
  const hr_mlp_rows train = make_rows();
  hr_mlp_rows held = train;
  for (size_t i = 0; i < ROWS; i++) opposite[i] = y[i] + 10;
  held.y = opposite;
  o.patience = 4;
  hr_mlp_start(&o, start);
  check_ok(hr_mlp_fit(&o, &train, &held, parameters, &result, &err));
  assert_true(result.stopped_early);
  assert_int_equal(result.epochs, result.best_epoch + 4);
  held.rows = 0; /* then all rows decide */
  o.epochs = 3;
  check_ok(hr_mlp_fit(&o, &train, &held, parameters, &result, &err));
  assert_int_equal(result.epochs, 3);
  check_near(result.held_out_mse, result.train_mse, 1e-15);
}

static void an_error_that_is_no_number_is_told(void **state) {
  (void)state;
  double parameters[MOST];
  hr_mlp_result result;
  hr_error err;
  const hr_mlp_options o = options();
  const hr_mlp_rows rows = make_rows();
  y[7] = (double)INFINITY;
  check_fails(hr_mlp_fit(&o, &rows, &rows, parameters, &result, &err), HR_ERR_NUMERIC,
              "the MLP gate cannot be trained: its error is no number after epoch 1");
}

static bool always(void *context) {
  (void)context;
  return true;
}

static void it_can_be_stopped(void **state) {
  (void)state;
  double parameters[MOST];
  const hr_observer observer = {.interrupted = always};
  hr_mlp_result result;
  hr_error err;
  hr_mlp_options o = options();
  const hr_mlp_rows rows = make_rows();
  o.observer = &observer;
  assert_int_equal(hr_mlp_fit(&o, &rows, &rows, parameters, &result, &err),
                   HR_ERR_INTERRUPTED);
}

static hr_status fit_alone(void) {
  double parameters[MOST];
  hr_mlp_result result;
  hr_error err;
  hr_mlp_options o = options();
  const hr_mlp_rows rows = make_rows();
  o.epochs = 1;
  return hr_mlp_fit(&o, &rows, &rows, parameters, &result, &err);
}

static hr_status measure_alone(void) {
  double parameters[MOST] = {0}, loss;
  hr_error err;
  const hr_mlp_options o = options();
  const hr_mlp_rows rows = make_rows();
  return hr_mlp_loss(&o, &rows, parameters, &loss, NULL, &err);
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  check_alloc_failures(fit_alone());
  check_alloc_failures(measure_alone());
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(derivatives_are_those_of_finite_differences),
      cmocka_unit_test(rows_are_mixed_of_the_experts_that_there_are),
      cmocka_unit_test(it_learns_who_is_right),
      cmocka_unit_test(it_stops_where_held_out_rows_say_so),
      cmocka_unit_test(an_error_that_is_no_number_is_told),
      cmocka_unit_test(it_can_be_stopped),
      cmocka_unit_test(every_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
