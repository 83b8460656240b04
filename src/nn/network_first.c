/* The first block of the network, whose convolution is linear in a row that is small
 * (nn/first.h): what batch normalisation sums over all that is convolved is made of the
 * input's sums S_k = sum x_k and R_kl = sum x_k x_l, over all pixels of the batch, in
 * fp64, and nothing but the pooled rows is ever written.
 *
 * With a = b + sum_k w_k x_k in one channel and n pixels:
 *   mean(a) = b + sum_k w_k S_k / n,
 *   variance(a) = sum_kl w_k w_l (R_kl / n - S_k S_l / n^2).
 * The gradient through normalisation is p dz + q a + r, of which dz is not 0 at the
 * pool's largest value alone: with G_k = sum dz x_k, which takes one look at each of
 * those, sum dz a = b sum dz + sum_k w_k G_k, dw_k = p G_k + q (b S_k + sum_l w_l R_kl) +
 * r S_k, and the bias, which the mean takes away again, has no gradient. */
#include "core/alloc.h"
#include "core/parallel.h"
#include "nn/network_parts.h"

hr_status hr_network_first_make(hr_network *n, hr_error *err) {
  hr_status status = HR_OK;
  const hr_conv_shape *conv = &n->blocks[0].conv;
  hr_first_state *f = &n->first;
  size_t rows = n->most_rows;
  f->shape = (hr_first_shape){conv->width, conv->outputs, conv->kernel, n->shape.pool};
  f->kernels = hr_first_avx512(&f->shape);
  if (!f->kernels) f->kernels = hr_first_avx2(&f->shape);
  if (!f->kernels) f->kernels = &hr_first_plain;
  f->moment_count = hr_first_moment_count(conv->kernel);
  f->share_count = (conv->kernel + 1) * conv->outputs;
  HR_TRY(hr_alloc(&f->lines, f->share_count, err));
  HR_TRY(hr_alloc(&f->shares, rows * f->share_count, err));
  HR_TRY(hr_alloc(&f->share, f->share_count, err));
  if (!n->shape.batch_norm) goto cleanup;
  HR_TRY(hr_alloc(&f->moments, rows * f->moment_count, err));
  HR_TRY(hr_alloc(&f->moment, f->moment_count, err));
cleanup:
  return status;
}

void hr_network_first_fini(hr_network *n) {
  hr_first_state *f = &n->first;
  hr_free(f->lines);
  hr_free(f->shares);
  hr_free(f->share);
  hr_free(f->moments);
  hr_free(f->moment);
}

double hr_network_first_bytes(const hr_network_shape *shape) {
  double moments = (double)hr_first_moment_count(shape->kernel);
  double share = (double)(shape->kernel + 1) * (double)shape->channels[0];
  return 4 * share + (shape->batch_norm ? 8 * moments : 0);
}

static const float *row_of(const hr_network *n, size_t row) {
  return n->x + row * n->first.shape.width;
}

static size_t pooled_count(const hr_network *n) {
  const hr_first_shape *s = &n->first.shape;
  return s->width / s->pool * s->outputs;
}

static void sum_row(void *context, size_t row, size_t thread) {
  const hr_network *n = context;
  const hr_first_state *f = &n->first;
  hr_first_moments(&f->shape, row_of(n, row), hr_network_scratch(n, thread),
                   f->moments + row * f->moment_count);
}

void hr_network_first_forward_row(hr_network *n, size_t row, size_t thread) {
  const hr_first_state *f = &n->first;
  const hr_block_state *block = &n->blocks[0];
  size_t count = pooled_count(n);
  float *room = hr_network_scratch(n, thread);
  /* Where bf16 is what goes on, fp32 need not go to memory. */
  float *pooled =
      block->rounded ? room + hr_first_room(&f->shape) : block->pooled + row * count;
  f->kernels->forward(&f->shape, row_of(n, row), f->lines, room, pooled,
                      block->where + row * count);
  hr_network_round_row(n, block, row, pooled);
}

static float weight_of(const hr_network *n, size_t k, size_t c) {
  const hr_block_state *block = &n->blocks[0];
  return n->parameters[block->place.weights + k * block->conv.outputs + c];
}

static double bias_of(const hr_network *n, size_t c) {
  return (double)n->parameters[n->blocks[0].place.bias + c];
}

/* sum_l w_l R_kl. */
static double with_weights(const hr_network *n, size_t k, size_t c) {
  size_t kernel = n->first.shape.kernel;
  const double *products = n->first.moment + kernel + k * kernel;
  double sum = 0;
  for (size_t l = 0; l < kernel; l++) sum += (double)weight_of(n, l, c) * products[l];
  return sum;
}

static void scale_by_moments(hr_network *n) {
  const hr_first_state *f = &n->first;
  double count = (double)n->rows * (double)f->shape.width;
  for (size_t c = 0; c < f->shape.outputs; c++) {
    double mean = 0, variance = 0;
    for (size_t k = 0; k < f->shape.kernel; k++) {
      double weight = (double)weight_of(n, k, c);
      mean += weight * f->moment[k] / count;
      variance += weight * with_weights(n, k, c) / count;
    }
    variance -= mean * mean;
    if (variance < 0) variance = 0; /* by rounding */
    hr_network_set_scale(n, &n->blocks[0], c, bias_of(n, c) + mean, variance);
    hr_network_move(n, &n->blocks[0], c, bias_of(n, c) + mean, variance);
  }
}

static void add_moments(hr_network *n) {
  hr_first_state *f = &n->first;
  hr_parallel_for(n->rows, sum_row, n);
  for (size_t i = 0; i < f->moment_count; i++) {
    f->moment[i] = 0;
    for (size_t row = 0; row < n->rows; row++) {
      f->moment[i] += f->moments[row * f->moment_count + i];
    }
  }
}

/* Weights and bias with a channel's scale and shift in them. */
static void set_lines(hr_network *n) {
  const hr_block_state *block = &n->blocks[0];
  size_t channels = block->conv.outputs, kernel = block->conv.kernel;
  for (size_t c = 0; c < channels; c++) {
    double scale = 1, shift = bias_of(n, c);
    if (n->shape.batch_norm) {
      scale = (double)n->parameters[block->place.gamma + c] * block->inverse[c];
      shift = (double)n->parameters[block->place.beta + c] +
              scale * (bias_of(n, c) - block->mean[c]);
    }
    for (size_t k = 0; k < kernel; k++) {
      n->first.lines[k * channels + c] = (float)(scale * (double)weight_of(n, k, c));
    }
    n->first.lines[kernel * channels + c] = (float)shift;
  }
}

void hr_network_first_prepare(hr_network *n, bool training) {
  if (n->shape.batch_norm && training) {
    add_moments(n);
    scale_by_moments(n);
  } else if (n->shape.batch_norm) {
    hr_network_scale_by_statistics(n, &n->blocks[0]);
  }
  set_lines(n);
}

void hr_network_first_backward_row(hr_network *n, size_t row, size_t thread,
                                   const float *dout) {
  const hr_first_state *f = &n->first;
  const hr_block_state *block = &n->blocks[0];
  f->kernels->backward(&f->shape, row_of(n, row), dout,
                       block->where + row * pooled_count(n),
                       hr_network_scratch(n, thread), f->shares + row * f->share_count);
}

/* Channel c's part of the gradient, where it is normalised. */
static void finish_channel(hr_network *n, size_t c) {
  hr_block_state *block = &n->blocks[0];
  size_t channels = block->conv.outputs, kernel = block->conv.kernel;
  const double *share = n->first.share + c;
  double beta = share[kernel * channels], product = bias_of(n, c) * beta;
  for (size_t k = 0; k < kernel; k++) {
    product += (double)weight_of(n, k, c) * share[k * channels];
  }
  hr_network_set_factors(n, block, c, beta,
                         (product - block->mean[c] * beta) * block->inverse[c]);
  double p = (double)block->factors[c], q = (double)block->factors[channels + c];
  double r = (double)block->factors[2 * channels + c];
  for (size_t k = 0; k < kernel; k++) {
    double sum = n->first.moment[k];
    n->gradient[block->place.weights + k * channels + c] =
        (float)(p * share[k * channels] +
                q * (bias_of(n, c) * sum + with_weights(n, k, c)) + r * sum);
  }
  n->gradient[block->place.bias + c] = 0;
}

void hr_network_first_conclude(hr_network *n) {
  hr_first_state *f = &n->first;
  const hr_block_state *block = &n->blocks[0];
  for (size_t i = 0; i < f->share_count; i++) {
    f->share[i] = 0;
    for (size_t row = 0; row < n->rows; row++) {
      f->share[i] += (double)f->shares[row * f->share_count + i];
    }
  }
  if (n->shape.batch_norm) {
    for (size_t c = 0; c < f->shape.outputs; c++) finish_channel(n, c);
    return;
  }
  /* Weights and bias are one behind the other in both. */
  for (size_t i = 0; i < f->share_count; i++) {
    n->gradient[block->place.weights + i] = (float)f->share[i];
  }
}
