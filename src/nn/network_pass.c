/* Forward and back through the network, layer by layer, each layer's rows in parallel.
 * What can be done to a row while it is in the core's cache is done then: it is pooled as
 * soon as it is convolved; scaled, once the batch is known, right before the next
 * convolution takes it; and what is summed of a gradient is summed where it is made. With
 * batch normalisation a row as convolved is written once, for the way back, and read
 * once, then. The first block is in network_first.c. */
#include <math.h>
#include <string.h>

#include "core/parallel.h"
#include "nn/network_parts.h"

enum {
  FEATURES = 512,   /* of the hidden layer's weights that are one piece of work */
  HIDDEN_ROWS = 16, /* of a batch that are one piece of work of the hidden layer */
};

static const double norm_epsilon = 1e-5, norm_momentum = 0.1; /* PyTorch's */

/* A layer's work, for the bodies of the parallel loops. */
typedef struct pass {
  hr_network *n;
  size_t b; /* of the block */
  hr_block_state *block;
  const char *input;  /* [rows][input_count] of the block, fp32 or bf16 */
  size_t input_bytes; /* of a row */
  size_t input_count, pooled_count, convolved_count; /* values of a row */
  bool training;
  float *out;
} pass;

/* Bytes of a row of so many values that the convolver multiplies or has made. */
static size_t bytes_of(const hr_network *n, size_t values) {
  return values * (n->backend.convolver->is_bf16 ? sizeof(uint16_t) : sizeof(float));
}

static pass pass_through(hr_network *n, size_t b, bool training) {
  hr_block_state *block = &n->blocks[b], *below = b == 0 ? NULL : block - 1;
  size_t channels = block->conv.outputs, inputs = block->conv.width * block->conv.inputs;
  pass p = {
      .n = n,
      .b = b,
      .block = block,
      .input = (const char *)n->x,
      .input_bytes = inputs * sizeof(float),
      .input_count = inputs,
      .pooled_count = block->conv.width / n->shape.pool * channels,
      .convolved_count = block->conv.width * channels,
      .training = training,
  };
  if (!below) return p;
  p.input = below->rounded ? (const char *)below->rounded : (const char *)below->pooled;
  p.input_bytes = bytes_of(n, inputs);
  return p;
}

static void fail_unless(hr_network *n, bool good) {
  if (!good) n->failed = true;
}

float *hr_network_scratch(const hr_network *n, size_t thread) {
  return n->scratch + thread * n->scratch_count;
}

float *hr_network_scratch_end(const hr_network *n, size_t thread, size_t count) {
  size_t vectors = (count + HR_NETWORK_VECTOR - 1) / HR_NETWORK_VECTOR;
  return hr_network_scratch(n, thread) + n->scratch_count - vectors * HR_NETWORK_VECTOR;
}

void hr_network_round_row(const hr_network *n, const hr_block_state *block, size_t row,
                          const float *pooled) {
  size_t count = block->conv.width / block->pool.pool * block->conv.outputs;
  if (block->rounded) n->norm->round_to_bf16(count, pooled, block->rounded + row * count);
}

static void *kept_row(const pass *p, size_t row) {
  return (char *)p->block->kept + row * bytes_of(p->n, p->convolved_count);
}

/* What is left to be done to block b's row before it is used. */
static void finish_row(hr_network *n, size_t b, bool training, size_t row,
                       size_t thread) {
  hr_block_state *block = &n->blocks[b];
  size_t count = block->conv.width / n->shape.pool * block->conv.outputs;
  /* Where bf16 is what goes on, fp32 need not go to memory. */
  float *pooled =
      block->rounded ? hr_network_scratch(n, thread) : block->pooled + row * count;
  if (!block->convolution) {
    hr_network_first_forward_row(n, row, thread);
  } else if (n->shape.batch_norm && training) {
    n->norm->of_peaks(&block->pool, block->peak + row * count, block->factors,
                      block->factors + block->conv.outputs, pooled,
                      block->where + row * count);
    hr_network_round_row(n, block, row, pooled);
  }
}

/* Convolves a row and pools it or, where something has to be known of the others first,
 * finds what is largest. */
static void forward_row(void *context, size_t row, size_t thread) {
  const pass *p = context;
  hr_network *n = p->n;
  hr_block_state *block = p->block;
  bool by_batch = n->shape.batch_norm && p->training;
  void *convolved = by_batch ? kept_row(p, row) : hr_network_scratch(n, thread);
  float *pooled = block->pooled + row * p->pooled_count;
  uint8_t *where = block->where + row * p->pooled_count;
  if (p->b > 0) finish_row(n, p->b - 1, p->training, row, thread);
  fail_unless(n,
              n->backend.convolver->forward(block->convolution, thread,
                                            p->input + row * p->input_bytes, convolved));
  if (by_batch) {
    n->norm->peaks(&block->pool, convolved, block->sign,
                   block->peak + row * p->pooled_count, where,
                   block->sums + row * 2 * block->conv.outputs);
    return;
  }
  if (n->shape.batch_norm) {
    hr_norm_pool_forward(&block->pool, convolved, block->factors,
                         block->factors + block->conv.outputs, pooled, where);
  } else {
    hr_pool_forward(&block->pool, convolved, pooled, where);
  }
  hr_network_round_row(n, block, row, pooled);
}

/* The rows' sums of channel c, in their order; which: 0 or 1. */
static double add_rows(const hr_network *n, const hr_block_state *block, size_t c,
                       size_t which) {
  size_t channels = block->conv.outputs;
  double sum = 0;
  for (size_t row = 0; row < n->rows; row++) {
    sum += block->sums[(row * 2 + which) * channels + c];
  }
  return sum;
}

void hr_network_set_scale(hr_network *n, hr_block_state *block, size_t c, double mean,
                          double variance) {
  double inverse = 1 / sqrt(variance + norm_epsilon);
  double gamma = (double)n->parameters[block->place.gamma + c];
  double beta = (double)n->parameters[block->place.beta + c];
  block->mean[c] = mean;
  block->inverse[c] = inverse;
  block->factors[c] = (float)(gamma * inverse);
  block->factors[block->conv.outputs + c] = (float)(beta - gamma * inverse * mean);
}

static void move(float *statistic, double value) {
  *statistic = (float)((1 - norm_momentum) * (double)*statistic + norm_momentum * value);
}

void hr_network_move(hr_network *n, const hr_block_state *block, size_t c, double mean,
                     double variance) {
  float *statistics = n->statistics + block->statistics;
  double count = (double)n->rows * (double)block->conv.width;
  move(&statistics[c], mean);
  move(&statistics[block->conv.outputs + c],
       count > 1 ? variance * count / (count - 1) : 0);
}

/* Scale and shift from the batch, whose mean and variance also move the statistics. */
static void scale_by_batch(hr_network *n, hr_block_state *block) {
  double count = (double)n->rows * (double)block->conv.width;
  for (size_t c = 0; c < block->conv.outputs; c++) {
    double mean = add_rows(n, block, c, 0) / count;
    double variance = add_rows(n, block, c, 1) / count - mean * mean;
    if (variance < 0) variance = 0; /* by rounding */
    hr_network_set_scale(n, block, c, mean, variance);
    hr_network_move(n, block, c, mean, variance);
  }
}

void hr_network_scale_by_statistics(hr_network *n, hr_block_state *block) {
  const float *statistics = n->statistics + block->statistics;
  for (size_t c = 0; c < block->conv.outputs; c++) {
    hr_network_set_scale(n, block, c, (double)statistics[c],
                         (double)statistics[block->conv.outputs + c]);
  }
}

static void forward_block(hr_network *n, size_t b, bool training) {
  pass p = pass_through(n, b, training);
  hr_block_state *block = p.block;
  bool by_batch = n->shape.batch_norm && training;
  fail_unless(n, n->backend.convolver->load(block->convolution,
                                            n->parameters + block->place.weights,
                                            n->parameters + block->place.bias));
  for (size_t c = 0; c < block->conv.outputs && by_batch; c++) {
    block->sign[c] = n->parameters[block->place.gamma + c] < 0 ? -1 : 1;
  }
  if (n->shape.batch_norm && !training) hr_network_scale_by_statistics(n, block);
  hr_parallel_for(n->rows, forward_row, &p);
  if (by_batch) scale_by_batch(n, block);
}

static size_t rows_from(const hr_network *n, size_t first, size_t most) {
  return n->rows - first < most ? n->rows - first : most;
}

static const float *features_of(const hr_network *n) {
  return n->blocks[n->shape.blocks - 1].pooled;
}

/* The row's outputs, out [T], of the hidden layer h [hidden]. */
static void forward_outputs(const hr_network *n, const float *h, float *out) {
  size_t hidden = n->shape.hidden, outputs = hr_network_outputs(&n->shape);
  const float *weights = n->parameters + n->output_place.weights;
  for (size_t t = 0; t < outputs; t++, weights += hidden) {
    double sum = (double)n->parameters[n->output_place.bias + t];
    for (size_t k = 0; k < hidden; k++) sum += (double)h[k] * (double)weights[k];
    out[t] = (float)sum;
  }
}

/* The hidden layer and the outputs, for HIDDEN_ROWS rows. */
static void forward_top(void *context, size_t i, size_t thread) {
  const pass *p = context;
  hr_network *n = p->n;
  size_t first = i * HIDDEN_ROWS, hidden = n->shape.hidden;
  const hr_product product = {.m = rows_from(n, first, HIDDEN_ROWS),
                              .n = hidden,
                              .k = n->features,
                              .transpose_b = true,
                              .lda = n->features,
                              .ldb = n->features,
                              .ldc = hidden,
                              .factor = 1};
  float *h = n->hidden + first * hidden;
  const float *bias = n->parameters + n->hidden_place.bias;
  float *out = p->out + first * hr_network_outputs(&n->shape);
  for (size_t row = first; row < first + product.m; row++) {
    finish_row(n, n->shape.blocks - 1, p->training, row, thread);
  }
  n->backend.compute->gemm_f32(&product, features_of(n) + first * n->features,
                               n->parameters + n->hidden_place.weights, h);
  for (size_t row = 0; row < product.m; row++, h += hidden) {
    for (size_t k = 0; k < hidden; k++) {
      float value = h[k] + bias[k];
      h[k] = value > 0 ? value : value <= 0 ? 0 : value; /* NaN stays */
    }
    forward_outputs(n, h, out + row * hr_network_outputs(&n->shape));
  }
}

static hr_status check_failure(const hr_network *n, hr_error *err) {
  if (!n->failed) return HR_OK;
  return hr_fail(err, HR_ERR_INTERNAL, "%s failed in a convolution",
                 n->backend.convolver->name);
}

static size_t pieces(size_t count, size_t size) {
  return (count + size - 1) / size;
}

hr_status hr_network_forward(hr_network *n, const float *x, size_t rows, bool training,
                             float *out, hr_error *err) {
  if (rows > n->most_rows) {
    return hr_fail(err, HR_ERR_INTERNAL, "a batch of %zu rows in a network for %zu", rows,
                   n->most_rows);
  }
  n->x = x;
  n->rows = rows;
  n->failed = false;
  if (n->first.kernels) hr_network_first_prepare(n, training);
  for (size_t b = n->first.kernels ? 1 : 0; b < n->shape.blocks; b++) {
    forward_block(n, b, training);
  }
  pass top = {.n = n, .training = training, .out = out};
  hr_parallel_for(pieces(rows, HIDDEN_ROWS), forward_top, &top);
  return check_failure(n, err);
}

/* The gradient of output t. */
static void backward_output(hr_network *n, const float *dout, size_t t) {
  size_t hidden = n->shape.hidden, outputs = hr_network_outputs(&n->shape);
  float *weights = n->gradient + n->output_place.weights + t * hidden;
  double bias = 0;
  for (size_t row = 0; row < n->rows; row++) bias += (double)dout[row * outputs + t];
  n->gradient[n->output_place.bias + t] = (float)bias;
  for (size_t k = 0; k < hidden; k++) {
    double sum = 0;
    for (size_t row = 0; row < n->rows; row++) {
      sum += (double)dout[row * outputs + t] * (double)n->hidden[row * hidden + k];
    }
    weights[k] = (float)sum;
  }
}

/* The derivative by value k of the hidden layer: dout [T] of one row, weights
 * [T][hidden]. A product of two fp32 is exact in fp64. */
static float hidden_derivative(const hr_network *n, const float *dout, size_t k) {
  size_t hidden = n->shape.hidden, outputs = hr_network_outputs(&n->shape);
  const float *weights = n->parameters + n->output_place.weights + k;
  double sum = (double)dout[0] * (double)weights[0];
  for (size_t t = 1; t < outputs; t++) {
    sum += (double)dout[t] * (double)weights[t * hidden];
  }
  return (float)sum;
}

/* The gradient of what goes into the hidden layer's ReLU, and of its bias. */
static void backward_hidden(hr_network *n, const float *dout) {
  size_t hidden = n->shape.hidden, outputs = hr_network_outputs(&n->shape);
  for (size_t k = 0; k < hidden; k++) {
    double sum = 0;
    for (size_t row = 0; row < n->rows; row++) {
      bool passes = n->hidden[row * hidden + k] > 0;
      float dh = passes ? hidden_derivative(n, dout + row * outputs, k) : 0;
      sum += (double)dh;
      n->hidden_gradient[row * hidden + k] = dh;
      n->hidden_transposed[k * n->rows + row] = dh;
    }
    n->gradient[n->hidden_place.bias + k] = (float)sum;
  }
}

/* The hidden layer's weights' gradient, for FEATURES of its inputs. */
static void backward_hidden_weights(void *context, size_t i, size_t thread) {
  const pass *p = context;
  hr_network *n = p->n;
  size_t first = i * FEATURES, left = n->features - first;
  const hr_product product = {.m = n->shape.hidden,
                              .n = left < FEATURES ? left : FEATURES,
                              .k = n->rows,
                              .transpose_a = true,
                              .lda = n->shape.hidden,
                              .ldb = n->features,
                              .ldc = n->features,
                              .factor = 1};
  (void)thread;
  n->backend.compute->gemm_f32(&product, n->hidden_gradient, features_of(n) + first,
                               n->gradient + n->hidden_place.weights + first);
}

/* What is summed of the gradient behind block b's pool, dout of one row. */
static void sum_gradient(hr_network *n, size_t b, size_t row, size_t thread,
                         const float *dout) {
  hr_block_state *block = &n->blocks[b];
  size_t count = block->conv.width / n->shape.pool * block->conv.outputs;
  if (!block->convolution) {
    hr_network_first_backward_row(n, row, thread, dout);
  } else if (n->shape.batch_norm) {
    const hr_norm_moments moments = {block->mean, block->inverse};
    n->norm->backward_sums(&block->pool, dout, block->where + row * count,
                           block->peak + row * count, &moments,
                           block->sums + row * 2 * block->conv.outputs);
  }
}

/* The gradient of the hidden layer's inputs, in their place, for HIDDEN_ROWS rows. */
static void backward_hidden_input(void *context, size_t i, size_t thread) {
  const pass *p = context;
  hr_network *n = p->n;
  size_t first = i * HIDDEN_ROWS, last = n->shape.blocks - 1;
  const hr_product product = {.m = rows_from(n, first, HIDDEN_ROWS),
                              .n = n->features,
                              .k = n->shape.hidden,
                              .transpose_a = true,
                              .lda = n->rows,
                              .ldb = n->features,
                              .ldc = n->features,
                              .factor = 1};
  float *gradient = n->blocks[last].pooled + first * n->features;
  n->backend.compute->gemm_f32(&product, n->hidden_transposed + first,
                               n->parameters + n->hidden_place.weights, gradient);
  for (size_t row = 0; row < product.m; row++) {
    sum_gradient(n, last, first + row, thread, gradient + row * n->features);
  }
}

/* With xhat = (a - m) s and n values a channel, Ioffe & Szegedy's gradient is
 * da = gamma s (dz - sum(dz)/n - xhat sum(dz xhat)/n), written as p dz + q a + r. */
void hr_network_set_factors(hr_network *n, hr_block_state *block, size_t c, double beta,
                            double gamma) {
  size_t channels = block->conv.outputs;
  double count = (double)n->rows * (double)block->conv.width;
  double s = block->inverse[c];
  double scale = (double)n->parameters[block->place.gamma + c] * s;
  n->gradient[block->place.beta + c] = (float)beta;
  n->gradient[block->place.gamma + c] = (float)gamma;
  block->factors[c] = (float)scale;
  block->factors[channels + c] = (float)(-scale * s * gamma / count);
  block->factors[2 * channels + c] =
      (float)(scale * (s * block->mean[c] * gamma - beta) / count);
}

static void backward_norm(hr_network *n, hr_block_state *block) {
  for (size_t c = 0; c < block->conv.outputs; c++) {
    hr_network_set_factors(n, block, c, add_rows(n, block, c, 0),
                           add_rows(n, block, c, 1));
  }
}

/* Where the gradient of a row's input goes: in the place of that input, which is not
 * needed any more; or, where all that is left to be done with it is to sum it, into
 * scratch space. */
static float *input_gradient(const pass *p, size_t row, size_t thread) {
  hr_block_state *below = p->block - 1;
  if (below->convolution) return below->pooled + row * p->input_count;
  return hr_network_scratch_end(p->n, thread, p->input_count);
}

/* Goes back through one row: its share of the weights' gradient, then the gradient of the
 * block's input. */
static void backward_row(const pass *p, size_t row, size_t thread, float *gradient) {
  hr_network *n = p->n;
  hr_block_state *block = p->block;
  const hr_convolver *type = n->backend.convolver;
  size_t channels = block->conv.outputs;
  void *da = hr_network_scratch(n, thread);
  const float *dout = block->pooled + row * p->pooled_count;
  const uint8_t *where = block->where + row * p->pooled_count;
  if (n->shape.batch_norm) {
    const hr_norm_factors factors = {block->factors, block->factors + channels,
                                     block->factors + 2 * channels};
    n->norm->pool_backward(&block->pool, dout, where, kept_row(p, row), &factors, da);
  } else {
    hr_pool_backward(&block->pool, dout, where, da);
  }
  fail_unless(n, type->backward_weights(block->convolution, thread,
                                        p->input + row * p->input_bytes, da, gradient));
  if (p->b == 0) return;
  float *dx = input_gradient(p, row, thread);
  fail_unless(n, type->backward_input(block->convolution, thread, da, dx));
  sum_gradient(n, p->b - 1, row, thread, dx);
}

static void backward_group(void *context, size_t i, size_t thread) {
  const pass *p = context;
  hr_network *n = p->n;
  size_t count = n->backend.convolver->gradient_count(p->block->convolution);
  size_t first = i * HR_NETWORK_GROUP, rows = rows_from(n, first, HR_NETWORK_GROUP);
  float *gradient = p->block->group_gradients + i * count;
  memset(gradient, 0, count * sizeof *gradient);
  for (size_t row = first; row < first + rows; row++) {
    backward_row(p, row, thread, gradient);
  }
}

/* Adds the groups' gradients, in their order, to the first. */
static void add_groups(hr_network *n, hr_block_state *block) {
  size_t count = n->backend.convolver->gradient_count(block->convolution);
  float *sum = block->group_gradients;
  for (size_t g = 1; g < pieces(n->rows, HR_NETWORK_GROUP); g++) {
    const float *part = sum + g * count;
    for (size_t i = 0; i < count; i++) sum[i] += part[i];
  }
  fail_unless(n, n->backend.convolver->unload(block->convolution, sum,
                                              n->gradient + block->place.weights,
                                              n->gradient + block->place.bias));
}

hr_status hr_network_backward(hr_network *n, const float *dout, hr_error *err) {
  pass top = {.n = n};
  for (size_t t = 0; t < hr_network_outputs(&n->shape); t++) backward_output(n, dout, t);
  backward_hidden(n, dout);
  hr_parallel_for(pieces(n->features, FEATURES), backward_hidden_weights, &top);
  hr_parallel_for(pieces(n->rows, HIDDEN_ROWS), backward_hidden_input, &top);
  for (size_t b = n->shape.blocks; b-- > (n->first.kernels ? 1 : 0);) {
    pass p = pass_through(n, b, true);
    if (n->shape.batch_norm) backward_norm(n, p.block);
    hr_parallel_for(pieces(n->rows, HR_NETWORK_GROUP), backward_group, &p);
    add_groups(n, p.block);
  }
  if (n->first.kernels) hr_network_first_conclude(n);
  return check_failure(n, err);
}

static void net_start(hr_net *net, uint64_t seed) {
  hr_network_start(hr_network_of(net), seed);
}

/* The derivatives of the mean of squares. */
static void differentiate(hr_network *n, const hr_net_batch *batch, const float *out) {
  size_t terms = batch->rows * n->base.outputs;
  float scale = 2 / (float)hr_net_known(batch->target, terms);
  for (size_t i = 0; i < terms; i++) n->dout[i] = (out[i] - batch->target[i]) * scale;
  for (size_t i = 0; i < terms; i++) {
    if (isnan(batch->target[i])) n->dout[i] = 0;
  }
}

static hr_status net_learn(hr_net *net, const hr_net_batch *batch, float *out,
                           hr_error *err) {
  hr_status status = HR_OK;
  hr_network *n = hr_network_of(net);
  HR_TRY(hr_network_forward(n, batch->x, batch->rows, true, out, err));
  differentiate(n, batch, out);
  HR_TRY(hr_network_backward(n, n->dout, err));
cleanup:
  return status;
}

static hr_status net_predict(hr_net *net, const float *x, size_t rows, float *out,
                             hr_error *err) {
  return hr_network_forward(hr_network_of(net), x, rows, false, out, err);
}

static void net_destroy(hr_net **net) {
  hr_network *n = *net ? hr_network_of(*net) : NULL;
  *net = NULL;
  hr_network_destroy(&n);
}

const hr_net_type hr_network_net_type = {.kind = "cnn",
                                         .start = net_start,
                                         .learn = net_learn,
                                         .predict = net_predict,
                                         .destroy = net_destroy};
