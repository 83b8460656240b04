#include "routing/gate.h"

#include "core/alloc.h"
#include "support/check.h"
#include "support/fail_alloc.h"
#include "support/small_gate.h"

/* Layer by layer, as the header writes it. */
static void on_paper(const hr_gate *gate, const double *features, double *weight) {
  double h[16], next[16], sum = 0;
  for (size_t f = 0; f < GATE_FEATURES; f++) {
    h[f] = (features[f] - gate->centre[f]) / gate->scale[f];
  }
  for (size_t l = 0; l < gate->layer_count; l++) {
    const hr_gate_layer *layer = &gate->layer[l];
    for (size_t o = 0; o < layer->outputs; o++) {
      next[o] = layer->bias[o];
      for (size_t i = 0; i < layer->inputs; i++) {
        next[o] += layer->weights[o * layer->inputs + i] * h[i];
      }
      if (l + 1 < gate->layer_count) next[o] = fmax(next[o], 0);
    }
    memcpy(h, next, sizeof h);
  }
  for (size_t k = 0; k < GATE_BINS; k++) {
    weight[k] = gate->present[k] ? exp(h[k] / gate->temperature) : 0;
    sum += weight[k];
  }
  for (size_t k = 0; k < GATE_BINS; k++) weight[k] /= sum;
}

static void check_weights(hr_gate *gate) {
  double features[GATE_ROWS * GATE_FEATURES], weight[GATE_ROWS * GATE_BINS];
  double expected[GATE_BINS];
  hr_error err;
  check_ok(hr_gate_features_fill(gate->features, GATE_ROWS, NULL, small_flux(), features,
                                 &err));
  check_ok(hr_gate_weigh(gate, GATE_ROWS, small_flux(), weight, &err));
  for (size_t i = 0; i < GATE_ROWS; i++) {
    on_paper(gate, features + i * GATE_FEATURES, expected);
    for (size_t k = 0; k < GATE_BINS; k++) {
      check_near(weight[i * GATE_BINS + k], expected[k], 1e-12);
    }
  }
  hr_gate_destroy(&gate);
  assert_null(gate);
}

static void weights_are_those_on_paper(void **state) {
  (void)state;
  check_weights(small_gate(1));
  check_weights(small_gate(2));
}

static void a_temperature_and_a_bin_that_is_not_there(void **state) {
  (void)state;
  hr_gate *gate = small_gate(2);
  gate->temperature = 1.7;
  gate->present[1] = false;
  check_weights(gate);
}

static void rows_know_nothing_of_each_other(void **state) {
  (void)state;
  double all[GATE_ROWS * GATE_BINS], one[GATE_BINS];
  hr_error err;
  hr_gate *gate = small_gate(2);
  check_ok(hr_gate_weigh(gate, GATE_ROWS, small_flux(), all, &err));
  for (size_t i = 0; i < GATE_ROWS; i++) {
    check_ok(hr_gate_weigh(gate, 1, small_flux() + i * GATE_PIXELS, one, &err));
    assert_memory_equal(one, all + i * GATE_BINS, sizeof one);
  }
  hr_gate_destroy(&gate);
}

static void logits_without_a_number_weigh_nothing(void **state) {
  (void)state;
  const double inf = (double)INFINITY;
  double a[] = {1, inf, 2}, b[] = {-inf, -inf, -inf}, c[] = {1, -inf, 1};
  hr_gate_softmax(3, 1, a);
  hr_gate_softmax(3, 1, b);
  hr_gate_softmax(3, 1, c);
  for (size_t k = 0; k < 3; k++) {
    check_near(a[k], 0, 0);
    check_near(b[k], 0, 0);
    check_near(c[k], k == 1 ? 0 : 0.5, 0);
  }
}

static void a_gate_knows_its_size(void **state) {
  (void)state;
  hr_gate *gate = small_gate(1);
  assert_int_equal(hr_gate_bins(gate), GATE_BINS);
  size_t numbers = 3 * GATE_PIXELS + 2 * GATE_FEATURES + GATE_BINS * (1 + GATE_FEATURES);
  check_near(hr_gate_bytes(gate),
             (double)(numbers * sizeof(double) + sizeof *gate + GATE_BINS), 0);
  hr_gate_destroy(&gate);
}

static hr_status make_and_weigh(void) {
  const size_t sizes[] = {GATE_FEATURES, 4, GATE_BINS};
  double weight[GATE_BINS];
  hr_error err;
  hr_gate *gate = NULL;
  hr_gate_features *features = NULL;
  const hr_gate_grid grid = small_grid();
  hr_status status = hr_gate_features_create(&small_table, &grid, &features, &err);
  if (status == HR_OK) status = hr_gate_create("mlp", &features, 2, sizes, &gate, &err);
  if (status == HR_OK) status = hr_gate_weigh(gate, 1, small_flux(), weight, &err);
  hr_gate_features_destroy(&features);
  hr_gate_destroy(&gate);
  return status;
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  check_alloc_failures(make_and_weigh());
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(weights_are_those_on_paper),
      cmocka_unit_test(a_temperature_and_a_bin_that_is_not_there),
      cmocka_unit_test(rows_know_nothing_of_each_other),
      cmocka_unit_test(logits_without_a_number_weigh_nothing),
      cmocka_unit_test(a_gate_knows_its_size),
      cmocka_unit_test(every_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
