/* A small grid of pixels, a table of features on it and a gate over three bins, which the
 * tests of gates share. */
#ifndef HR_TESTS_SMALL_GATE_H
#define HR_TESTS_SMALL_GATE_H

#include "core/random.h"
#include "routing/gate.h"
#include "support/check.h"

enum { GATE_PIXELS = 160, GATE_BINS = 3, GATE_FEATURES = 7, GATE_ROWS = 37 };

/* Two windows, one total, two components: PCA1, PCA2, a's mean, depth, ew, b's depth, and
 * the total. Pixels stand at 8000, 8001, .. angstrom. */
static const hr_gate_table small_table = {
    .name = "small",
    .components = 2,
    .window_count = 2,
    .total_count = 1,
    .window = {{"a", 8040, 8050, HR_GATE_MEAN | HR_GATE_DEPTH | HR_GATE_EW},
               {"b", 8100.5, 8104.5, HR_GATE_DEPTH}},
    .total = {{"both", 3}}};

static inline const double *small_wave(void) {
  static double wave[GATE_PIXELS];
  for (size_t p = 0; p < GATE_PIXELS; p++) wave[p] = 8000 + (double)p;
  return wave;
}

static inline hr_gate_grid small_grid(void) {
  return (hr_gate_grid){"key", small_wave(), GATE_PIXELS, 0};
}

/* Flux around 1, [GATE_ROWS][GATE_PIXELS]. */
static inline const float *small_flux(void) {
  static float flux[GATE_ROWS * GATE_PIXELS];
  hr_normal(3, HR_STREAM_NOISE_TRAIN, 0, 0, GATE_ROWS * GATE_PIXELS, flux);
  for (size_t i = 0; i < GATE_ROWS * GATE_PIXELS; i++) flux[i] = 1 + flux[i] / 4;
  return flux;
}

static inline hr_gate_features *small_features(void) {
  hr_error err;
  hr_gate_features *features = NULL;
  const hr_gate_grid grid = small_grid();
  check_ok(hr_gate_features_create(&small_table, &grid, &features, &err));
  double *components = hr_gate_features_components(features);
  for (size_t i = 0; i < 3 * GATE_PIXELS; i++) {
    components[i] = hr_uniform(4, HR_STREAM_NOISE_TRAIN, 0, (uint32_t)i) - 0.5;
  }
  return features;
}

/* With one hidden layer of four, or none. */
static inline hr_gate *small_gate(size_t layers) {
  const size_t deep[] = {GATE_FEATURES, 4, GATE_BINS};
  const size_t flat[] = {GATE_FEATURES, GATE_BINS};
  hr_error err;
  hr_gate *gate = NULL;
  hr_gate_features *features = small_features();
  check_ok(hr_gate_create(layers == 1 ? "logistic" : "mlp", &features, layers,
                          layers == 1 ? flat : deep, &gate, &err));
  assert_null(features);
  uint32_t n = 0;
  for (size_t l = 0; l < layers; l++) {
    hr_gate_layer *layer = &gate->layer[l];
    for (size_t i = 0; i < layer->inputs * layer->outputs; i++) {
      layer->weights[i] = 2 * hr_uniform(5, HR_STREAM_NOISE_TRAIN, 0, n++) - 1;
    }
    for (size_t i = 0; i < layer->outputs; i++) {
      layer->bias[i] = hr_uniform(5, HR_STREAM_NOISE_TRAIN, 0, n++);
    }
  }
  for (size_t f = 0; f < GATE_FEATURES; f++) {
    gate->centre[f] = 0.1 * (double)f;
    gate->scale[f] = 1 + (double)f;
  }
  return gate;
}

#endif
