/* Shows Python what gates measure and learn. Arrays are NumPy's, fp64.
 *
 *   tool_gate features TABLE WAVE FLUX COMPONENTS OUT    [rows][F]; COMPONENTS [1 + C][P]
 *   tool_gate components FLUX COUNT plain|weighted OUT                  [1 + COUNT][P]
 *   tool_gate logistic Z BIN BINS C OUT                  [BINS][1 + F], bias first
 *   tool_gate mlp Z Y PREDICTION START STEPS OUT         [STEPS + 1][1 + parameters]:
 * loss and parameters before each step START [1][parameters] are those of a network
 * F-32-16-K; the rate is 1e-3. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/npy.h"
#include "features/gate_components.h"
#include "features/gate_features.h"
#include "routing/gate_logistic.h"
#include "routing/gate_mlp.h"

static void require(hr_status status, const hr_error *err) {
  if (status == HR_OK) return;
  fprintf(stderr, "tool_gate: %s\n", err->message);
  exit(1);
}

typedef struct array {
  double *x;
  size_t rows, columns;
} array;

static array read_array(const char *path) {
  hr_error err;
  hr_npy_shape shape;
  array a = {0};
  require(hr_npy_read(path, (size_t)1 << 34, &a.x, &shape, &err), &err);
  a.rows = shape.extent[0];
  a.columns = shape.extent[1];
  return a;
}

static float *narrow(const array *a) {
  hr_error err;
  float *x = NULL;
  require(hr_alloc(&x, a->rows * a->columns, &err), &err);
  for (size_t i = 0; i < a->rows * a->columns; i++) x[i] = (float)a->x[i];
  return x;
}

static double *make(size_t count) {
  hr_error err;
  double *x = NULL;
  require(hr_alloc(&x, count, &err), &err);
  return x;
}

static void write_array(const char *path, const double *x, size_t rows, size_t columns) {
  hr_error err;
  require(hr_npy_write(path, x, rows, columns, &err), &err);
}

static void show_features(char **argument) {
  hr_error err;
  array wave = read_array(argument[1]), flux = read_array(argument[2]);
  array components = read_array(argument[3]);
  hr_gate_table table = *hr_gate_table_find(argument[0]);
  hr_gate_features *features = NULL;
  table.components = components.rows - 1;
  const hr_gate_grid grid = {"features", wave.x, wave.columns, 0};
  require(hr_gate_features_create(&table, &grid, &features, &err), &err);
  memcpy(hr_gate_features_components(features), components.x,
         components.rows * components.columns * sizeof(double));
  size_t count = hr_gate_features_count(features);
  double *out = make(flux.rows * count);
  float *noisy = narrow(&flux);
  require(hr_gate_features_fill(features, flux.rows, NULL, noisy, out, &err), &err);
  write_array(argument[4], out, flux.rows, count);
  hr_gate_features_destroy(&features);
  hr_free(noisy);
  hr_free(out);
  hr_free(wave.x);
  hr_free(flux.x);
  hr_free(components.x);
}

static void show_components(char **argument) {
  hr_error err;
  array flux = read_array(argument[0]);
  size_t count = (size_t)atoi(argument[1]);
  float *sample = narrow(&flux);
  double *out = make((1 + count) * flux.columns);
  const hr_gate_sample of = {hr_compute_default(),
                             flux.rows,
                             flux.columns,
                             sample,
                             42,
                             strcmp(argument[2], "weighted") == 0};
  require(hr_gate_components_find(&of, count, out, &err), &err);
  write_array(argument[3], out, 1 + count, flux.columns);
  hr_free(sample);
  hr_free(out);
  hr_free(flux.x);
}

static void show_logistic(char **argument) {
  hr_error err;
  array z = read_array(argument[0]), truth = read_array(argument[1]);
  size_t bins = (size_t)atoi(argument[2]), columns = 1 + z.columns;
  float *x = narrow(&z);
  double *weights = make(bins * z.columns), *bias = make(bins);
  double *out = make(bins * columns);
  int32_t *bin = NULL;
  bool *present = NULL;
  hr_logistic_result result;
  require(hr_alloc(&bin, z.rows, &err), &err);
  require(hr_alloc(&present, bins, &err), &err);
  for (size_t i = 0; i < z.rows; i++) bin[i] = (int32_t)truth.x[i];
  const hr_logistic_problem problem = {.compute = hr_compute_default(),
                                       .rows = z.rows,
                                       .features = z.columns,
                                       .bins = bins,
                                       .z = x,
                                       .bin = bin,
                                       .C = atof(argument[3])};
  require(hr_logistic_fit(&problem, weights, bias, present, &result, &err), &err);
  for (size_t k = 0; k < bins; k++) {
    out[k * columns] = bias[k];
    memcpy(out + k * columns + 1, weights + k * z.columns, z.columns * sizeof *out);
  }
  write_array(argument[4], out, bins, columns);
  printf("%zu %d %.17g\n", result.iterations, result.converged, result.objective);
  hr_free(x);
  hr_free(weights);
  hr_free(bias);
  hr_free(out);
  hr_free(bin);
  hr_free(present);
  hr_free(z.x);
  hr_free(truth.x);
}

static void show_mlp(char **argument) {
  hr_error err;
  array z = read_array(argument[0]), y = read_array(argument[1]);
  array prediction = read_array(argument[2]), start = read_array(argument[3]);
  size_t steps = (size_t)atoi(argument[4]), count = start.columns, columns = 1 + count;
  float *x = narrow(&z), *said = narrow(&prediction);
  double *gradient = make(count), *moments = make(2 * count);
  double *out = make((steps + 1) * columns), *now = start.x;
  hr_mlp_options options = hr_mlp_options_default();
  options.sizes[0] = z.columns;
  options.sizes[3] = prediction.columns;
  options.compute = hr_compute_default();
  const hr_mlp_rows rows = {z.rows, z.columns, prediction.columns, x, y.x, said};
  for (size_t s = 0; s <= steps; s++) {
    double *line = out + s * columns;
    require(hr_mlp_loss(&options, &rows, now, line, gradient, &err), &err);
    memcpy(line + 1, now, count * sizeof *now);
    hr_mlp_step(count, s + 1, options.learning_rate, gradient, moments, now);
  }
  write_array(argument[5], out, steps + 1, columns);
  hr_free(x);
  hr_free(said);
  hr_free(gradient);
  hr_free(moments);
  hr_free(out);
  hr_free(z.x);
  hr_free(y.x);
  hr_free(prediction.x);
  hr_free(start.x);
}

int main(int count, char **argument) {
  const char *verb = count > 1 ? argument[1] : "";
  if (strcmp(verb, "features") == 0 && count == 7) {
    show_features(argument + 2);
  } else if (strcmp(verb, "components") == 0 && count == 6) {
    show_components(argument + 2);
  } else if (strcmp(verb, "logistic") == 0 && count == 7) {
    show_logistic(argument + 2);
  } else if (strcmp(verb, "mlp") == 0 && count == 8) {
    show_mlp(argument + 2);
  } else {
    fprintf(stderr, "usage: tool_gate features|components|logistic|mlp ARRAYS\n");
    return 2;
  }
  return 0;
}
