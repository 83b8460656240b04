/* Trains the network of src/nn on batches that others made, for tests and benchmarks in
 * other languages.
 *
 *   tool_train_network PIXELS CHANNELS KERNEL POOL HIDDEN NORM ROWS STEPS RATE DECAY IN
 * OUT [bf16]
 *
 * CHANNELS: "32,64,32". HIDDEN: "64", or with T outputs "64,T". NORM: 1 with batch
 * normalisation, else 0. IN, fp32: the parameters, x [STEPS][ROWS][PIXELS], y
 * [STEPS][ROWS][T]. OUT, fp32: the loss of each step, the outputs [ROWS][T] and the
 * gradient of the first, the parameters and statistics after the last, and the outputs
 * [ROWS][T] of the first batch then, as in prediction. The loss is the mean squared error
 * over rows and outputs. Prints the
 * seconds of the steps after the first, the rate of products of two 1024 x 1024 matrices
 * on all threads, in operations a second, the operations a row takes, and the processor
 * seconds of those steps, of all threads. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "compute/rate.h"
#include "core/alloc.h"
#include "core/clock.h"
#include "nn/adam.h"
#include "nn/network.h"

typedef struct job {
  hr_network_shape shape;
  size_t rows, steps, values, parameters, statistics; /* values: ROWS T */
  double rate, decay;
  hr_network *network;
  float *in, *out, *first, *second, *dout;
} job;

static void read_shape(char **words, hr_network_shape *shape) {
  *shape = (hr_network_shape){.pixels = strtoul(words[1], NULL, 10),
                              .kernel = strtoul(words[3], NULL, 10),
                              .pool = strtoul(words[4], NULL, 10),
                              .hidden = strtoul(words[5], NULL, 10),
                              .batch_norm = strcmp(words[6], "1") == 0};
  const char *outputs = strchr(words[5], ',');
  if (outputs) shape->outputs = strtoul(outputs + 1, NULL, 10);
  for (const char *at = words[2]; at && shape->blocks < HR_MOST_BLOCKS;) {
    shape->channels[shape->blocks++] = strtoul(at, NULL, 10);
    at = strchr(at, ',');
    if (at) at++;
  }
}

static const hr_convolver *choose_convolver(bool bf16) {
  const hr_convolver *c = bf16 ? hr_convolver_bf16() : hr_convolver_fp32();
  return c ? c : &hr_convolver_reference;
}

static hr_status prepare(job *j, const char *path, bool bf16, hr_error *err) {
  hr_status status = HR_OK;
  const hr_network_backend backend = {choose_convolver(bf16), hr_compute_default()};
  FILE *file = NULL;
  HR_TRY(hr_network_create(&j->shape, j->rows, &backend, &j->network, err));
  j->parameters = hr_network_parameter_count(&j->shape);
  j->statistics = hr_network_statistic_count(&j->shape);
  j->values = j->rows * hr_network_outputs(&j->shape);
  size_t count = j->parameters + j->steps * (j->rows * j->shape.pixels + j->values);
  HR_TRY(hr_alloc(&j->in, count, err));
  HR_TRY(hr_alloc(&j->out, j->steps + 2 * j->parameters + j->statistics + 2 * j->values,
                  err));
  HR_TRY(hr_alloc(&j->first, j->parameters, err));
  HR_TRY(hr_alloc(&j->second, j->parameters, err));
  HR_TRY(hr_alloc(&j->dout, j->values, err));
  file = fopen(path, "rbe");
  if (!file || fread(j->in, sizeof *j->in, count, file) != count) {
    status = hr_fail(err, HR_ERR_IO, "cannot read %zu values from %s", count, path);
    goto cleanup;
  }
  hr_network_start(j->network, 1); /* for the statistics */
  memcpy(hr_network_parameters(j->network), j->in, j->parameters * sizeof *j->in);
cleanup:
  if (file) fclose(file);
  return status;
}

static hr_status train(job *j, double *seconds, double *processor, hr_error *err) {
  hr_status status = HR_OK;
  const float *x = j->in + j->parameters, *y = x + j->steps * j->rows * j->shape.pixels;
  float *loss = j->out, *first_out = loss + j->steps, *gradient = first_out + j->values;
  float *result = gradient + j->parameters, *outputs = j->dout;
  hr_adam adam = {j->parameters,
                  hr_network_parameters(j->network),
                  hr_network_gradient(j->network),
                  j->first,
                  j->second,
                  j->decay};
  for (size_t step = 0; step < j->steps; step++) {
    if (step == 1) {
      *seconds = hr_clock_seconds();
      *processor = (double)clock() / CLOCKS_PER_SEC;
    }
    double sum = 0;
    HR_TRY(hr_network_forward(j->network, x + step * j->rows * j->shape.pixels, j->rows,
                              true, outputs, err));
    if (step == 0) memcpy(first_out, outputs, j->values * sizeof *outputs);
    for (size_t i = 0; i < j->values; i++) {
      double d = (double)outputs[i] - (double)y[step * j->values + i];
      sum += d * d / (double)j->values;
      outputs[i] = (float)(2 * d / (double)j->values);
    }
    loss[step] = (float)sum;
    HR_TRY(hr_network_backward(j->network, outputs, err));
    if (step == 0) memcpy(gradient, adam.gradient, j->parameters * sizeof *gradient);
    hr_adam_step(&adam, step + 1, j->rate);
  }
  *seconds = hr_clock_seconds() - *seconds;
  *processor = (double)clock() / CLOCKS_PER_SEC - *processor;
  memcpy(result, adam.parameters, j->parameters * sizeof *result);
  result += j->parameters;
  memcpy(result, hr_network_statistics(j->network), j->statistics * sizeof *result);
  HR_TRY(hr_network_forward(j->network, x, j->rows, false, result + j->statistics, err));
cleanup:
  return status;
}

static hr_status write_out(const job *j, const char *path, hr_error *err) {
  size_t count = j->steps + 2 * j->parameters + j->statistics + 2 * j->values;
  FILE *file = fopen(path, "wbe");
  bool good = file && fwrite(j->out, sizeof *j->out, count, file) == count;
  if (file && fclose(file) != 0) good = false;
  return good ? HR_OK : hr_fail(err, HR_ERR_IO, "cannot write %s", path);
}

int main(int count, char **words) {
  hr_status status = HR_OK;
  hr_error err = {.status = HR_OK};
  job j = {.rows = 0};
  double seconds = 0, processor = 0;
  bool bf16 = count == 14 && strcmp(words[13], "bf16") == 0;
  if (count != 13 && !bf16) return 2;
  read_shape(words, &j.shape);
  j.rows = strtoul(words[7], NULL, 10);
  j.steps = strtoul(words[8], NULL, 10);
  j.rate = strtod(words[9], NULL);
  j.decay = strtod(words[10], NULL);
  HR_TRY(prepare(&j, words[11], bf16, &err));
  HR_TRY(train(&j, &seconds, &processor, &err));
  HR_TRY(write_out(&j, words[12], &err));
  printf("%.6f %.4g %.6g %.6f\n", seconds, hr_compute_rate(hr_compute_default()),
         3 * hr_network_operations(&j.shape), processor);
cleanup:
  if (status != HR_OK) fprintf(stderr, "%s\n", err.message);
  hr_network_destroy(&j.network);
  hr_free(j.in);
  hr_free(j.out);
  hr_free(j.first);
  hr_free(j.second);
  hr_free(j.dout);
  return status == HR_OK ? 0 : 1;
}
