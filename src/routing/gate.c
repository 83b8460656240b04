/* Weighing spectra: features, layers, softmax. Rows are taken one by one, so that a row's
 * bytes do not depend on its neighbours, and in plain loops: layers are so small that a
 * call of BLAS costs more than its work. */
#include "routing/gate.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/parallel.h"

enum { PIECE_ROWS = 64 };

static hr_status create_layers(hr_gate *gate, const size_t *sizes, hr_error *err) {
  hr_status status = HR_OK;
  for (size_t l = 0; l < gate->layer_count; l++) {
    hr_gate_layer *layer = &gate->layer[l];
    layer->inputs = sizes[l];
    layer->outputs = sizes[l + 1];
    HR_TRY(hr_alloc(&layer->weights, layer->inputs * layer->outputs, err));
    HR_TRY(hr_alloc(&layer->bias, layer->outputs, err));
  }
cleanup:
  return status;
}

hr_status hr_gate_create(const char *kind, hr_gate_features **features,
                         size_t layer_count, const size_t *sizes, hr_gate **out,
                         hr_error *err) {
  hr_status status = HR_OK;
  hr_gate *gate = NULL;
  size_t bins = sizes[layer_count];
  HR_TRY(hr_alloc(&gate, 1, err));
  snprintf(gate->kind, sizeof gate->kind, "%s", kind);
  gate->layer_count = layer_count;
  gate->temperature = 1;
  HR_TRY(create_layers(gate, sizes, err));
  HR_TRY(hr_alloc(&gate->centre, sizes[0], err));
  HR_TRY(hr_alloc(&gate->scale, sizes[0], err));
  HR_TRY(hr_alloc(&gate->present, bins, err));
  for (size_t f = 0; f < sizes[0]; f++) gate->scale[f] = 1;
  for (size_t k = 0; k < bins; k++) gate->present[k] = true;
  gate->features = *features;
  *features = NULL;
  *out = gate;
  gate = NULL;
cleanup:
  hr_gate_destroy(&gate);
  return status;
}

void hr_gate_destroy(hr_gate **out) {
  hr_gate *gate = *out;
  if (!gate) return;
  hr_gate_features_destroy(&gate->features);
  hr_gate_trunk_destroy(&gate->trunk);
  for (size_t l = 0; l < gate->layer_count; l++) {
    hr_free(gate->layer[l].weights);
    hr_free(gate->layer[l].bias);
  }
  hr_free(gate->centre);
  hr_free(gate->scale);
  hr_free(gate->present);
  hr_free(gate);
  *out = NULL;
}

size_t hr_gate_bins(const hr_gate *gate) {
  return gate->layer[gate->layer_count - 1].outputs;
}

double hr_gate_bytes(const hr_gate *gate) {
  size_t components = hr_gate_features_table(gate->features)->components;
  size_t pixels = hr_gate_features_pixels(gate->features);
  size_t numbers = (1 + components) * pixels + 2 * gate->layer[0].inputs;
  if (gate->trunk) numbers += (1 + gate->trunk->components) * gate->trunk->width;
  for (size_t l = 0; l < gate->layer_count; l++) {
    numbers += gate->layer[l].outputs * (1 + gate->layer[l].inputs);
  }
  return (double)(numbers * sizeof(double) + sizeof *gate + hr_gate_bins(gate));
}

void hr_gate_softmax(size_t bins, double temperature, double *logits) {
  double largest = -(double)INFINITY, sum = 0;
  for (size_t k = 0; k < bins; k++) largest = fmax(largest, logits[k]);
  for (size_t k = 0; k < bins; k++) {
    logits[k] = exp((logits[k] - largest) / temperature);
    sum += logits[k];
  }
  for (size_t k = 0; k < bins; k++) {
    logits[k] = isfinite(sum) && sum > 0 ? logits[k] / sum : 0;
  }
}

/* What the threads share. */
typedef struct weighing {
  const hr_gate *gate;
  size_t rows, width;
  const double *features;
  double *out;
  double *layers; /* [threads][2][width] */
} weighing;

static size_t widest(const hr_gate *gate) {
  size_t width = gate->layer[0].inputs;
  for (size_t l = 0; l < gate->layer_count; l++) {
    if (gate->layer[l].outputs > width) width = gate->layer[l].outputs;
  }
  return width;
}

static void pass_row(const hr_gate *gate, const double *features, double *a, double *b,
                     double *out) {
  size_t last = gate->layer_count - 1;
  for (size_t f = 0; f < gate->layer[0].inputs; f++) {
    a[f] = (features[f] - gate->centre[f]) / gate->scale[f];
  }
  for (size_t l = 0; l <= last; l++) {
    const hr_gate_layer *layer = &gate->layer[l];
    double *to = l == last ? out : b;
    for (size_t o = 0; o < layer->outputs; o++) {
      const double *weights = layer->weights + o * layer->inputs;
      double sum = layer->bias[o];
      for (size_t i = 0; i < layer->inputs; i++) sum += weights[i] * a[i];
      to[o] = l == last || sum > 0 ? sum : 0;
    }
    b = a;
    a = to;
  }
}

static void pass_piece(void *context, size_t piece, size_t thread) {
  const weighing *w = context;
  const hr_gate *gate = w->gate;
  size_t bins = hr_gate_bins(gate), inputs = gate->layer[0].inputs;
  size_t first = piece * PIECE_ROWS, end = first + PIECE_ROWS;
  double *a = w->layers + 2 * thread * w->width, *b = a + w->width;
  for (size_t i = first; i < end && i < w->rows; i++) {
    double *out = w->out + i * bins;
    pass_row(gate, w->features + i * inputs, a, b, out);
    for (size_t k = 0; k < bins; k++) {
      if (!gate->present[k]) out[k] = -(double)INFINITY;
    }
  }
}

hr_status hr_gate_logits(const hr_gate *gate, size_t rows, const double *features,
                         double *logits, hr_error *err) {
  weighing w = {gate, rows, widest(gate), features, logits, NULL};
  hr_status status = hr_alloc(&w.layers, 2 * hr_thread_count() * w.width, err);
  if (status != HR_OK) return status;
  hr_parallel_for((rows + PIECE_ROWS - 1) / PIECE_ROWS, pass_piece, &w);
  hr_free(w.layers);
  return HR_OK;
}

hr_status hr_gate_weigh_features(const hr_gate *gate, size_t rows, const double *features,
                                 double *weight, hr_error *err) {
  size_t bins = hr_gate_bins(gate);
  hr_status status = hr_gate_logits(gate, rows, features, weight, err);
  for (size_t i = 0; status == HR_OK && i < rows; i++) {
    hr_gate_softmax(bins, gate->temperature, weight + i * bins);
  }
  return status;
}

hr_status hr_gate_weigh(const hr_gate *gate, size_t rows, const float *noisy,
                        double *weight, hr_error *err) {
  hr_status status = HR_OK;
  double *features = NULL;
  HR_TRY(hr_alloc(&features, rows * gate->layer[0].inputs, err));
  HR_TRY(hr_gate_features_fill(gate->features, rows, NULL, noisy, features, err));
  if (gate->trunk) {
    size_t before = hr_gate_features_count(gate->features);
    HR_TRY(hr_gate_trunk_append(gate->trunk, rows, noisy, before, features, err));
  }
  HR_TRY(hr_gate_weigh_features(gate, rows, features, weight, err));
cleanup:
  hr_free(features);
  return status;
}
