/* Trains the vision transformer of src/nn on batches that others made, for tests and
 * benchmarks in other languages.
 *
 *   tool_train_vit SHAPE ROWS STEPS RATE DECAY IN OUT [bf16|reference|fp32 [WEIGHTS]]
 *
 * SHAPE: "4096,16,256,6,8,1024,1,0.1", pixels, patch, width, layers, heads, hidden units,
 * outputs T, dropout, which is attention's, too, and optionally the width of the hidden
 * layer of an output's head. IN, fp32: the parameters, x
 * [STEPS][ROWS][PIXELS], y [STEPS][ROWS][T]. OUT, fp32: the loss of each step, the
 * outputs [ROWS][T] and the gradient of the first, the parameters after the last, and the
 * outputs [ROWS][T] of the first batch then, as in prediction. WEIGHTS: a
 * safetensors file whose weights take the place of those in IN. Prints the seconds of the
 * steps after the first, the rate of products of two 1024 x 1024 matrices on all threads,
 * in operations a second, the operations that a row takes to learn, and the processor
 * seconds of those steps, of all threads. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "compute/rate.h"
#include "core/alloc.h"
#include "core/clock.h"
#include "nn/adam.h"
#include "nn/vit.h"
#include "nn/vit_tensors.h"

typedef struct job {
  hr_vit_shape shape;
  size_t rows, steps, values; /* values: ROWS T */
  double rate, decay;
  hr_net *net;
  float *in, *out, *first, *second;
} job;

static void read_shape(const char *text, hr_vit_shape *shape) {
  enum { NUMBERS = 9 };
  double numbers[NUMBERS] = {0};
  for (size_t i = 0; i < NUMBERS && text; i++) {
    numbers[i] = strtod(text, NULL);
    text = strchr(text, ',');
    if (text) text++;
  }
  *shape = (hr_vit_shape){.pixels = (size_t)numbers[0],
                          .patch = (size_t)numbers[1],
                          .width = (size_t)numbers[2],
                          .layers = (size_t)numbers[3],
                          .heads = (size_t)numbers[4],
                          .hidden = (size_t)numbers[5],
                          .outputs = (size_t)numbers[6],
                          .dropout = numbers[7],
                          .attention_dropout = numbers[7],
                          .head_hidden = (size_t)numbers[8]};
}

static const hr_products *choose_products(const char *name) {
  const hr_products *bf16 = hr_products_bf16();
  if (strcmp(name, "bf16") == 0 && bf16) return bf16;
  return strcmp(name, "reference") == 0 ? &hr_products_compute : hr_products_fp32();
}

static hr_status prepare(job *j, const char *path, const char *products, hr_error *err) {
  hr_status status = HR_OK;
  const hr_vit_backend backend = {choose_products(products), hr_compute_default()};
  FILE *file = NULL;
  HR_TRY(hr_vit_create(&j->shape, &backend, &j->net, err));
  size_t parameters = j->net->parameter_count;
  j->values = j->rows * j->shape.outputs;
  size_t count = parameters + j->steps * (j->rows * j->shape.pixels + j->values);
  HR_TRY(hr_alloc(&j->in, count, err));
  HR_TRY(hr_alloc(&j->out, j->steps + 2 * parameters + 2 * j->values, err));
  HR_TRY(hr_alloc(&j->first, parameters, err));
  HR_TRY(hr_alloc(&j->second, parameters, err));
  file = fopen(path, "rbe");
  if (!file || fread(j->in, sizeof *j->in, count, file) != count) {
    status = hr_fail(err, HR_ERR_IO, "cannot read %zu values from %s", count, path);
    goto cleanup;
  }
  memcpy(j->net->parameters, j->in, parameters * sizeof *j->in);
cleanup:
  if (file) fclose(file);
  return status;
}

static hr_status take_weights(job *j, const char *path, hr_error *err) {
  hr_status status = HR_OK;
  hr_tensors tensors = {.bytes = NULL};
  HR_TRY(hr_tensors_read(path, &tensors, err));
  HR_TRY(hr_vit_take_tensors(&tensors, path, true, j->net, err));
cleanup:
  hr_tensors_fini(&tensors);
  return status;
}

static hr_status train(job *j, double *seconds, double *processor, hr_error *err) {
  hr_status status = HR_OK;
  size_t parameters = j->net->parameter_count;
  const float *x = j->in + parameters, *y = x + j->steps * j->rows * j->shape.pixels;
  float *loss = j->out, *first_out = loss + j->steps, *gradient = first_out + j->values;
  float *result = gradient + parameters, *outputs = result + parameters;
  const hr_adam adam = {parameters, j->net->parameters, j->net->gradient,
                        j->first,   j->second,          j->decay};
  for (size_t step = 0; step < j->steps; step++) {
    const hr_net_batch batch = {x + step * j->rows * j->shape.pixels,
                                y + step * j->values, j->rows, 1, step};
    if (step == 1) {
      *seconds = hr_clock_seconds();
      *processor = (double)clock() / CLOCKS_PER_SEC;
    }
    HR_TRY(j->net->type->learn(j->net, &batch, outputs, err));
    for (size_t i = 0; i < j->values; i++) {
      double d = (double)outputs[i] - (double)batch.target[i];
      loss[step] += (float)(d * d / (double)j->values);
    }
    if (step == 0) {
      memcpy(first_out, outputs, j->values * sizeof *outputs);
      memcpy(gradient, adam.gradient, parameters * sizeof *gradient);
    }
    hr_adam_step(&adam, step + 1, j->rate);
  }
  *seconds = hr_clock_seconds() - *seconds;
  *processor = (double)clock() / CLOCKS_PER_SEC - *processor;
  memcpy(result, adam.parameters, parameters * sizeof *result);
  HR_TRY(j->net->type->predict(j->net, x, j->rows, outputs, err));
cleanup:
  return status;
}

static hr_status write_out(const job *j, const char *path, hr_error *err) {
  size_t count = j->steps + 2 * j->net->parameter_count + 2 * j->values;
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
  if (count < 8 || count > 10) return 2;
  read_shape(words[1], &j.shape);
  j.rows = strtoul(words[2], NULL, 10);
  j.steps = strtoul(words[3], NULL, 10);
  j.rate = strtod(words[4], NULL);
  j.decay = strtod(words[5], NULL);
  HR_TRY(prepare(&j, words[6], count > 8 ? words[8] : "fp32", &err));
  if (count == 10) HR_TRY(take_weights(&j, words[9], &err));
  HR_TRY(train(&j, &seconds, &processor, &err));
  HR_TRY(write_out(&j, words[7], &err));
  printf("%.6f %.4g %.6g %.6f\n", seconds, hr_compute_rate(hr_compute_default()),
         3 * hr_vit_operations(&j.shape), processor);
cleanup:
  if (status != HR_OK) fprintf(stderr, "%s\n", err.message);
  if (j.net) j.net->type->destroy(&j.net);
  hr_free(j.in);
  hr_free(j.out);
  hr_free(j.first);
  hr_free(j.second);
  return status == HR_OK ? 0 : 1;
}
