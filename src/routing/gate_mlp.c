/* The regression gate. With logits l of the experts that a row has, q = softmax(l) and
 * yhat = sum q e, the derivative of (y - yhat)^2 along l_k is 2 (yhat - y) q_k (e_k -
 * yhat); the rest is the usual backward pass. All in fp64: the network is small, and what
 * is compared with PyTorch to 1e-5 after ten steps of Adam, which divides by the size of
 * each derivative, must not hang on rounding.
 *
 * Rows of a step are cut into slices by their number alone; gradients of slices are added
 * in their order. */
#include "routing/gate_mlp.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "core/alloc.h"
#include "core/observe.h"
#include "core/parallel.h"
#include "core/random.h"

enum { BLOCK_ROWS = 64, MOST_SLICES = 16 };

hr_mlp_options hr_mlp_options_default(void) {
  return (hr_mlp_options){.layer_count = 3,
                          .sizes = {0, 32, 16, 0},
                          .learning_rate = 1e-3,
                          .batch = 256,
                          .epochs = 100,
                          .patience = 10,
                          .seed = 42};
}

size_t hr_mlp_parameters(const hr_mlp_options *options) {
  size_t count = 0;
  for (size_t l = 0; l < options->layer_count; l++) {
    count += (1 + options->sizes[l]) * options->sizes[l + 1];
  }
  return count;
}

void hr_mlp_start(const hr_mlp_options *options, double *parameters) {
  for (size_t l = 0; l < options->layer_count; l++) {
    size_t inputs = options->sizes[l], count = (1 + inputs) * options->sizes[l + 1];
    double bound = 1 / sqrt((double)inputs);
    for (uint32_t i = 0; i < count; i++) {
      double u = hr_uniform(options->seed, HR_STREAM_WEIGHTS, l, i);
      *parameters++ = bound * (2 * u - 1);
    }
  }
}

void hr_mlp_step(size_t count, size_t step, double learning_rate, const double *gradient,
                 double *moments, double *parameters) {
  static const double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
  double *m = moments, *v = moments + count, t = (double)step;
  double rate = learning_rate / (1 - pow(beta1, t));
  double unbias = 1 / sqrt(1 - pow(beta2, t));
  for (size_t i = 0; i < count; i++) {
    m[i] = beta1 * m[i] + (1 - beta1) * gradient[i];
    v[i] = beta2 * v[i] + (1 - beta2) * gradient[i] * gradient[i];
    parameters[i] -= rate * m[i] / (sqrt(v[i]) * unbias + epsilon);
  }
}

/* What the threads share in one pass over some rows. */
typedef struct passing {
  const hr_mlp_options *options;
  const hr_mlp_rows *rows;
  const uint32_t *row; /* [count] which rows; NULL: the first */
  size_t count, slice_count, slice_rows;
  const double *parameters;
  size_t parameter_count, widths; /* widths: of all layers together */
  bool wants_gradient, is_alone;  /* alone: on the calling thread */
  double *room;                   /* [threads][2][BLOCK_ROWS][widths] */
  double *gradients;              /* [slices][parameters] */
  double sums[MOST_SLICES];       /* of squares */
  size_t usable[MOST_SLICES];     /* rows with a prediction */
} passing;

static size_t row_of(const passing *p, size_t i) {
  return p->row ? p->row[i] : i;
}

static void take_inputs(const passing *p, size_t first, size_t count, double *a) {
  size_t features = p->options->sizes[0];
  for (size_t i = 0; i < count; i++) {
    const float *z = p->rows->z + row_of(p, first + i) * features;
    for (size_t f = 0; f < features; f++) *a++ = (double)z[f];
  }
}

static void add_bias(size_t outputs, const double *bias, bool is_cut, double *out) {
  for (size_t j = 0; j < outputs; j++) {
    out[j] += bias[j];
    out[j] = out[j] > 0 || !is_cut ? out[j] : 0;
  }
}

/* a: layer by layer [count][sizes[l]], the inputs filled; the last one becomes logits. */
static void go_forward(const passing *p, size_t count, double *a) {
  const hr_mlp_options *o = p->options;
  const double *weights = p->parameters;
  for (size_t l = 0; l < o->layer_count; l++) {
    size_t inputs = o->sizes[l], outputs = o->sizes[l + 1];
    const double *bias = weights + inputs * outputs;
    double *out = a + BLOCK_ROWS * inputs;
    const hr_product product = {.m = count,
                                .n = outputs,
                                .k = inputs,
                                .transpose_b = true,
                                .lda = inputs,
                                .ldb = inputs,
                                .ldc = outputs,
                                .factor = 1};
    o->compute->gemm_f64(&product, a, weights, out);
    for (size_t i = 0; i < count; i++) {
      add_bias(outputs, bias, l + 1 < o->layer_count, out + i * outputs);
    }
    a = out;
    weights = bias + outputs;
  }
}

/* One row: its logits [K] become the derivatives of its squared error along them, which
 * is returned; NaN where no expert has a prediction, and all derivatives are 0. */
static double mix_row(size_t bins, double y, const float *prediction, double *logits) {
  double largest = -(double)INFINITY, sum = 0, mean = 0;
  for (size_t k = 0; k < bins; k++) {
    if (!isnan(prediction[k])) largest = fmax(largest, logits[k]);
  }
  for (size_t k = 0; k < bins; k++) {
    bool has = !isnan(prediction[k]);
    logits[k] = has ? exp(logits[k] - largest) : 0;
    sum += logits[k];
    if (has) mean += logits[k] * (double)prediction[k];
  }
  if (!(sum > 0)) return (double)NAN;
  mean /= sum;
  for (size_t k = 0; k < bins; k++) {
    double away = isnan(prediction[k]) ? 0 : (double)prediction[k] - mean;
    logits[k] = 2 * (mean - y) * logits[k] / sum * away;
  }
  return (y - mean) * (y - mean);
}

static void add_layer(const passing *p, size_t l, size_t count, const double *a,
                      const double *delta, double *gradient) {
  size_t inputs = p->options->sizes[l], outputs = p->options->sizes[l + 1];
  const hr_product product = {.m = outputs,
                              .n = inputs,
                              .k = count,
                              .transpose_a = true,
                              .lda = outputs,
                              .ldb = inputs,
                              .ldc = inputs,
                              .factor = 1,
                              .keep = 1};
  p->options->compute->gemm_f64(&product, delta, a, gradient);
  double *bias = gradient + inputs * outputs;
  for (size_t i = 0; i < count; i++) {
    for (size_t j = 0; j < outputs; j++) bias[j] += delta[i * outputs + j];
  }
}

/* Derivatives along a layer's inputs. */
static void go_back(const passing *p, size_t l, size_t count, const double *weights,
                    const double *delta, double *out) {
  size_t inputs = p->options->sizes[l], outputs = p->options->sizes[l + 1];
  const hr_product product = {.m = count,
                              .n = inputs,
                              .k = outputs,
                              .lda = outputs,
                              .ldb = inputs,
                              .ldc = inputs,
                              .factor = 1};
  p->options->compute->gemm_f64(&product, delta, weights, out);
}

/* What was cut off has none. */
static void cut(size_t count, const double *a, double *delta) {
  for (size_t i = 0; i < count; i++) {
    if (!(a[i] > 0)) delta[i] = 0;
  }
}

/* a as go_forward leaves it, with the derivatives in place of the logits; spare: as
 * large.
 */
static void go_backward(const passing *p, size_t count, double *a, double *spare,
                        double *gradient) {
  const hr_mlp_options *o = p->options;
  size_t at = p->widths - o->sizes[o->layer_count], parameter = p->parameter_count;
  double *delta = a + BLOCK_ROWS * at;
  for (size_t l = o->layer_count; l-- > 0;) {
    parameter -= (1 + o->sizes[l]) * o->sizes[l + 1];
    at -= o->sizes[l];
    const double *inputs = a + BLOCK_ROWS * at;
    add_layer(p, l, count, inputs, delta, gradient + parameter);
    if (l == 0) break;
    double *next = spare + BLOCK_ROWS * at;
    go_back(p, l, count, p->parameters + parameter, delta, next);
    cut(count * o->sizes[l], inputs, next);
    delta = next;
  }
}

static void pass_block(passing *p, size_t first, size_t count, double *room, size_t s) {
  size_t bins = p->rows->bins, numbers = BLOCK_ROWS * p->widths;
  double *logits = room + BLOCK_ROWS * (p->widths - bins);
  take_inputs(p, first, count, room);
  go_forward(p, count, room);
  for (size_t i = 0; i < count; i++) {
    size_t row = row_of(p, first + i);
    double square = mix_row(bins, p->rows->y[row], p->rows->prediction + row * bins,
                            logits + i * bins);
    if (isnan(square)) continue;
    p->sums[s] += square;
    p->usable[s]++;
  }
  if (!p->wants_gradient) return;
  go_backward(p, count, room, room + numbers, p->gradients + s * p->parameter_count);
}

static void pass_slice(void *context, size_t s, size_t thread) {
  passing *p = context;
  size_t first = s * p->slice_rows, end = first + p->slice_rows;
  if (end > p->count) end = p->count;
  p->sums[s] = 0;
  p->usable[s] = 0;
  if (p->wants_gradient) {
    memset(p->gradients + s * p->parameter_count, 0,
           p->parameter_count * sizeof *p->gradients);
  }
  for (size_t at = first; at < end; at += BLOCK_ROWS) {
    size_t count = end - at < BLOCK_ROWS ? end - at : BLOCK_ROWS;
    pass_block(p, at, count, p->room + thread * 2 * BLOCK_ROWS * p->widths, s);
  }
}

static hr_status passing_init(passing *p, const hr_mlp_options *options, hr_error *err) {
  hr_status status = HR_OK;
  *p = (passing){.options = options, .parameter_count = hr_mlp_parameters(options)};
  for (size_t l = 0; l <= options->layer_count; l++) p->widths += options->sizes[l];
  HR_TRY(hr_alloc(&p->room, hr_thread_count() * 2 * BLOCK_ROWS * p->widths, err));
  HR_TRY(hr_alloc(&p->gradients, MOST_SLICES * p->parameter_count, err));
cleanup:
  return status;
}

static void passing_fini(passing *p) {
  hr_free(p->room);
  hr_free(p->gradients);
}

/* The mean squared error of count rows, NaN where none is usable, and with `gradient` its
 * derivatives. */
static double run(passing *p, const hr_mlp_rows *rows, const uint32_t *row, size_t count,
                  const double *parameters, double *gradient) {
  size_t blocks = (count + BLOCK_ROWS - 1) / BLOCK_ROWS, usable = 0;
  p->rows = rows;
  p->row = row;
  p->count = count;
  p->parameters = parameters;
  p->wants_gradient = gradient != NULL;
  p->slice_rows = (blocks + MOST_SLICES - 1) / MOST_SLICES * BLOCK_ROWS;
  p->slice_count = count > 0 ? (count + p->slice_rows - 1) / p->slice_rows : 0;
  if (!p->is_alone) hr_parallel_for(p->slice_count, pass_slice, p);
  for (size_t s = 0; p->is_alone && s < p->slice_count; s++) pass_slice(p, s, 0);
  double sum = 0;
  for (size_t s = 0; s < p->slice_count; s++) {
    sum += p->sums[s];
    usable += p->usable[s];
  }
  double n = usable > 0 ? (double)usable : (double)NAN;
  for (size_t i = 0; gradient && i < p->parameter_count; i++) {
    gradient[i] = 0;
    for (size_t s = 0; s < p->slice_count; s++) {
      gradient[i] += p->gradients[s * p->parameter_count + i];
    }
    gradient[i] = usable > 0 ? gradient[i] / n : 0;
  }
  return sum / n;
}

hr_status hr_mlp_loss(const hr_mlp_options *options, const hr_mlp_rows *rows,
                      const double *parameters, double *loss, double *gradient,
                      hr_error *err) {
  passing p;
  hr_status status = passing_init(&p, options, err);
  if (status == HR_OK) *loss = run(&p, rows, NULL, rows->rows, parameters, gradient);
  passing_fini(&p);
  return status;
}

/* Another order for every epoch (Fisher & Yates). */
static void shuffle(uint64_t seed, size_t epoch, size_t count, uint32_t *order) {
  for (size_t i = count; i > 1; i--) {
    uint32_t j =
        hr_uniform_below(seed, HR_STREAM_SHUFFLE, epoch, (uint32_t)i, (uint32_t)i);
    uint32_t swap = order[i - 1];
    order[i - 1] = order[j];
    order[j] = swap;
  }
}

/* Steps are so short that threads would wait for each other most of the time: training is
 * on one, while the calling one watches. */
typedef struct training {
  passing passing;
  const hr_mlp_rows *train, *held;
  uint32_t *order;  /* [train->rows] */
  double *now;      /* [count] parameters */
  double *best;     /* [count] those with the least error of the held-out rows */
  double *gradient; /* [count] */
  double *moments;  /* [2][count] */
  size_t steps;
  hr_mlp_result result;
  bool is_number; /* the error, so far */
  atomic_size_t epoch;
  atomic_bool is_stopped; /* by the observer */
  hr_status status;       /* of the observer */
  hr_error *err;
} training;

static void run_epoch(training *t, size_t epoch) {
  const hr_mlp_options *o = t->passing.options;
  size_t rows = t->train->rows;
  shuffle(o->seed, epoch, rows, t->order);
  for (size_t at = 0; at < rows; at += o->batch) {
    size_t count = rows - at < o->batch ? rows - at : o->batch;
    double loss = run(&t->passing, t->train, t->order + at, count, t->now, t->gradient);
    if (isnan(loss)) continue; /* none of the rows has a prediction */
    hr_mlp_step(t->passing.parameter_count, ++t->steps, o->learning_rate, t->gradient,
                t->moments, t->now);
  }
}

/* The error that decides: of the held-out rows, or where there are none of all. */
static double judge(training *t) {
  const hr_mlp_rows *rows = t->held->rows > 0 ? t->held : t->train;
  return run(&t->passing, rows, NULL, rows->rows, t->now, NULL);
}

static void watch(void *context) {
  training *t = context;
  const hr_mlp_options *o = t->passing.options;
  const hr_progress progress = {.stage = "training the MLP gate",
                                .unit = "epochs",
                                .done = t->epoch,
                                .total = o->epochs};
  if (t->status != HR_OK) return;
  t->status = hr_observe_progress(o->observer, &progress, t->err);
  t->is_stopped = t->status != HR_OK;
}

static void keep_best(training *t, double error, size_t epoch) {
  t->result.held_out_mse = error;
  t->result.best_epoch = epoch;
  memcpy(t->best, t->now, t->passing.parameter_count * sizeof *t->best);
}

static void train(void *context, size_t i, size_t thread) {
  (void)i, (void)thread;
  training *t = context;
  const hr_mlp_options *o = t->passing.options;
  hr_mlp_result *result = &t->result;
  keep_best(t, judge(t), 0);
  while (!t->is_stopped && !result->stopped_early && result->epochs < o->epochs) {
    run_epoch(t, ++result->epochs);
    double error = judge(t);
    t->is_number = isfinite(error);
    if (!t->is_number) return;
    if (error < result->held_out_mse) keep_best(t, error, result->epochs);
    result->stopped_early = result->epochs - result->best_epoch >= o->patience;
    t->epoch = result->epochs;
  }
  result->train_mse = run(&t->passing, t->train, NULL, t->train->rows, t->best, NULL);
}

static hr_status say(const training *t, hr_error *err) {
  if (t->status != HR_OK || t->is_number) return t->status;
  return hr_fail(err, HR_ERR_NUMERIC,
                 "the MLP gate cannot be trained: its error is no number after epoch %zu",
                 t->result.epochs);
}

hr_status hr_mlp_fit(const hr_mlp_options *options, const hr_mlp_rows *rows,
                     const hr_mlp_rows *held, double *parameters, hr_mlp_result *result,
                     hr_error *err) {
  hr_status status = HR_OK;
  training t = {
      .train = rows, .held = held, .best = parameters, .is_number = true, .err = err};
  size_t count = hr_mlp_parameters(options);
  HR_TRY(passing_init(&t.passing, options, err));
  t.passing.is_alone = true;
  HR_TRY(hr_alloc(&t.order, rows->rows, err));
  HR_TRY(hr_alloc(&t.now, count, err));
  HR_TRY(hr_alloc(&t.gradient, count, err));
  HR_TRY(hr_alloc(&t.moments, 2 * count, err));
  for (size_t i = 0; i < rows->rows; i++) t.order[i] = (uint32_t)i;
  hr_mlp_start(options, t.now);
  watch(&t);
  hr_parallel_for_watched(1, 1, train, &t, watch, &t);
  *result = t.result;
  HR_TRY(say(&t, err));
cleanup:
  passing_fini(&t.passing);
  hr_free(t.order);
  hr_free(t.now);
  hr_free(t.gradient);
  hr_free(t.moments);
  return status;
}
