/* Making a network: shapes of all layers, the places of their parameters in one flat
 * array, memory for a batch, and the first random values. network_pass.c computes. */
#include "nn/network.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/parallel.h"
#include "core/random.h"
#include "nn/network_parts.h"

/* How many blocks leave at least one pixel. */
static size_t most_blocks(const hr_network_shape *shape) {
  size_t blocks = 0;
  for (size_t width = shape->pixels; width >= shape->pool; width /= shape->pool) {
    if (++blocks == HR_MOST_BLOCKS) break;
  }
  return blocks;
}

hr_status hr_network_check(const hr_network_shape *shape, hr_error *err) {
  if (shape->blocks == 0 || shape->blocks > HR_MOST_BLOCKS) {
    return hr_fail(err, HR_ERR_CONFIG,
                   "a network has 1 to %d convolutions, not %zu; give as many channels",
                   HR_MOST_BLOCKS, shape->blocks);
  }
  if (shape->pool == 0 || shape->pool > HR_MOST_POOL) {
    return hr_fail(err, HR_ERR_CONFIG, "a pool_size is 1 to %d, not %zu", HR_MOST_POOL,
                   shape->pool);
  }
  if (shape->blocks <= most_blocks(shape)) return HR_OK;
  return hr_fail(err, HR_ERR_CONFIG,
                 "pool_size %zu behind each of %zu convolutions leaves nothing of %zu "
                 "pixels; take a smaller pool_size, or at most %zu channels",
                 shape->pool, shape->blocks, shape->pixels, most_blocks(shape));
}

/* The way through the blocks. */
typedef struct walk {
  size_t width, channels; /* of the input of the next block */
} walk;

static hr_conv_shape next_block(const hr_network_shape *shape, size_t b, walk *at) {
  hr_conv_shape conv = {.width = at->width,
                        .inputs = at->channels,
                        .outputs = shape->channels[b],
                        .kernel = shape->kernel,
                        .is_first = b == 0,
                        .is_normalised = shape->batch_norm};
  at->width /= shape->pool;
  at->channels = shape->channels[b];
  return conv;
}

static walk start_of(const hr_network_shape *shape) {
  return (walk){shape->pixels, 1};
}

static size_t weight_count(const hr_conv_shape *conv) {
  return conv->kernel * conv->inputs * conv->outputs;
}

size_t hr_network_parameter_count(const hr_network_shape *shape) {
  size_t count = 0;
  walk at = start_of(shape);
  for (size_t b = 0; b < shape->blocks; b++) {
    hr_conv_shape conv = next_block(shape, b, &at);
    count += weight_count(&conv) + conv.outputs * (shape->batch_norm ? 3 : 1);
  }
  size_t outputs = hr_network_outputs(shape);
  return count + (at.width * at.channels + 1 + outputs) * shape->hidden + outputs;
}

size_t hr_network_statistic_count(const hr_network_shape *shape) {
  size_t count = 0;
  if (!shape->batch_norm) return 0;
  for (size_t b = 0; b < shape->blocks; b++) count += 2 * shape->channels[b];
  return count;
}

double hr_network_operations(const hr_network_shape *shape) {
  double count = 0;
  walk at = start_of(shape);
  for (size_t b = 0; b < shape->blocks; b++) {
    hr_conv_shape conv = next_block(shape, b, &at);
    count += 2.0 * (double)weight_count(&conv) * (double)conv.width;
  }
  size_t above = at.width * at.channels + hr_network_outputs(shape);
  return count + 2.0 * (double)above * (double)shape->hidden;
}

/* Whether the block's convolution is that of nn/first.h. */
static bool is_first(const hr_conv_shape *conv) {
  return conv->is_first && conv->kernel <= HR_FIRST_MOST_KERNEL;
}

/* Floats that a thread needs on its way through the block: gradients of output and input,
 * and room for the first block; or that and its pooled row. A multiple of a vector. */
static size_t scratch_count(const hr_network_shape *shape, const hr_conv_shape *conv) {
  const hr_first_shape first = {shape->pixels, 1, shape->kernel, shape->pool};
  size_t pooled = conv->width / shape->pool * conv->outputs;
  size_t both = conv->width * (conv->outputs + conv->inputs);
  size_t count = hr_first_room(&first) + (is_first(conv) ? pooled : both);
  return (count + HR_NETWORK_VECTOR) / HR_NETWORK_VECTOR * HR_NETWORK_VECTOR;
}

/* Bytes of a block a row. */
static double block_bytes(const hr_network_shape *shape, const hr_conv_shape *conv) {
  double pooled = (double)(conv->width / shape->pool * conv->outputs);
  double convolved = (double)(conv->width * conv->outputs);
  if (is_first(conv)) return 7 * pooled + hr_network_first_bytes(shape);
  if (!shape->batch_norm) return 7 * pooled;
  return 11 * pooled + 4 * convolved + 16.0 * (double)conv->outputs;
}

double hr_network_bytes(const hr_network_shape *shape, size_t rows) {
  double a_row = 12.0 * (double)shape->hidden, gradients = 0, widest = 0;
  walk at = start_of(shape);
  for (size_t b = 0; b < shape->blocks; b++) {
    hr_conv_shape conv = next_block(shape, b, &at);
    a_row += block_bytes(shape, &conv);
    if (!is_first(&conv)) gradients += 4.0 * (double)(weight_count(&conv) + conv.outputs);
    widest = fmax(widest, (double)scratch_count(shape, &conv));
  }
  double groups = ceil((double)rows / HR_NETWORK_GROUP);
  return (double)rows * a_row + groups * gradients +
         8.0 * (double)hr_network_parameter_count(shape) +
         4.0 * widest * (double)hr_thread_count();
}

static void destroy_block(const hr_network *n, hr_block_state *block) {
  n->backend.convolver->destroy(&block->convolution);
  hr_free(block->pooled);
  hr_free(block->rounded);
  hr_free(block->where);
  hr_free(block->group_gradients);
  hr_free(block->kept);
  hr_free(block->peak);
  hr_free(block->sign);
  hr_free(block->sums);
  hr_free(block->mean);
  hr_free(block->inverse);
  hr_free(block->factors);
}

void hr_network_destroy(hr_network **network) {
  hr_network *n = *network;
  *network = NULL;
  if (!n) return;
  for (size_t b = 0; b < n->shape.blocks; b++) destroy_block(n, &n->blocks[b]);
  hr_network_first_fini(n);
  hr_free(n->parameters);
  hr_free(n->gradient);
  hr_free(n->statistics);
  hr_free(n->dout);
  hr_free(n->hidden);
  hr_free(n->hidden_gradient);
  hr_free(n->hidden_transposed);
  hr_free(n->scratch);
  hr_free(n);
}

/* What normalisation needs of a convolver's block. */
static hr_status make_norm(hr_network *n, hr_block_state *block, hr_error *err) {
  hr_status status = HR_OK;
  size_t channels = block->conv.outputs, rows = n->most_rows;
  size_t convolved = block->conv.width * channels;
  size_t halves = n->backend.convolver->is_bf16 ? 1 : 2;
  uint16_t *kept = NULL;
  HR_TRY(hr_alloc(&kept, rows * convolved * halves, err));
  block->kept = kept;
  HR_TRY(
      hr_alloc(&block->peak, rows * (block->conv.width / n->shape.pool * channels), err));
  HR_TRY(hr_alloc(&block->sums, rows * 2 * channels, err));
cleanup:
  return status;
}

static hr_status make_convolution(hr_network *n, hr_block_state *block, hr_error *err) {
  hr_status status = HR_OK;
  size_t groups = (n->most_rows + HR_NETWORK_GROUP - 1) / HR_NETWORK_GROUP;
  HR_TRY(n->backend.convolver->create(&block->conv, &block->convolution, err));
  size_t count = n->backend.convolver->gradient_count(block->convolution);
  HR_TRY(hr_alloc(&block->group_gradients, groups * count, err));
  if (n->shape.batch_norm) HR_TRY(make_norm(n, block, err));
cleanup:
  return status;
}

static hr_status make_block(hr_network *n, hr_block_state *block, hr_error *err) {
  hr_status status = HR_OK;
  size_t channels = block->conv.outputs;
  size_t pooled = block->conv.width / n->shape.pool * channels * n->most_rows;
  bool is_last = block == &n->blocks[n->shape.blocks - 1];
  if (is_first(&block->conv)) {
    HR_TRY(hr_network_first_make(n, err));
  } else {
    HR_TRY(make_convolution(n, block, err));
  }
  HR_TRY(hr_alloc(&block->pooled, pooled, err));
  HR_TRY(hr_alloc(&block->where, pooled, err));
  if (n->backend.convolver->is_bf16 && !is_last) {
    HR_TRY(hr_alloc(&block->rounded, pooled, err));
  }
  HR_TRY(hr_alloc(&block->factors, 3 * channels, err));
  if (!n->shape.batch_norm) goto cleanup;
  HR_TRY(hr_alloc(&block->sign, channels, err));
  HR_TRY(hr_alloc(&block->mean, channels, err));
  HR_TRY(hr_alloc(&block->inverse, channels, err));
cleanup:
  return status;
}

/* Sets the shapes of all layers and the places of their parameters. */
static void lay_out(hr_network *n) {
  walk at = start_of(&n->shape);
  size_t place = 0, statistics = 0;
  for (size_t b = 0; b < n->shape.blocks; b++) {
    hr_block_state *block = &n->blocks[b];
    block->conv = next_block(&n->shape, b, &at);
    size_t channels = block->conv.outputs;
    block->pool = (hr_pool_shape){block->conv.width, channels, n->shape.pool,
                                  n->backend.convolver->is_bf16};
    block->place.weights = place;
    block->place.bias = place += weight_count(&block->conv);
    place += channels;
    if (n->shape.batch_norm) {
      block->place.gamma = place;
      block->place.beta = place += channels;
      place += channels;
      block->statistics = statistics;
      statistics += 2 * channels;
    }
    size_t scratch = scratch_count(&n->shape, &block->conv);
    if (scratch > n->scratch_count) n->scratch_count = scratch;
  }
  n->features = at.width * at.channels;
  n->hidden_place.weights = place;
  n->hidden_place.bias = place += n->features * n->shape.hidden;
  n->output_place.weights = place += n->shape.hidden;
  n->output_place.bias = place + hr_network_outputs(&n->shape) * n->shape.hidden;
}

static hr_status make(hr_network *n, hr_error *err) {
  hr_status status = HR_OK;
  size_t count = hr_network_parameter_count(&n->shape), hidden = n->shape.hidden;
  lay_out(n);
  for (size_t b = 0; b < n->shape.blocks; b++) {
    HR_TRY(make_block(n, &n->blocks[b], err));
  }
  HR_TRY(hr_alloc(&n->parameters, count, err));
  HR_TRY(hr_alloc(&n->gradient, count, err));
  HR_TRY(hr_alloc(&n->statistics, hr_network_statistic_count(&n->shape), err));
  HR_TRY(hr_alloc(&n->dout, n->most_rows * hr_network_outputs(&n->shape), err));
  HR_TRY(hr_alloc(&n->hidden, n->most_rows * hidden, err));
  HR_TRY(hr_alloc(&n->hidden_gradient, n->most_rows * hidden, err));
  HR_TRY(hr_alloc(&n->hidden_transposed, n->most_rows * hidden, err));
  HR_TRY(hr_alloc(&n->scratch, hr_thread_count() * n->scratch_count, err));
cleanup:
  return status;
}

static hr_net describe(const hr_network *n) {
  return (hr_net){.type = &hr_network_net_type,
                  .pixels = n->shape.pixels,
                  .outputs = hr_network_outputs(&n->shape),
                  .parameter_count = hr_network_parameter_count(&n->shape),
                  .statistic_count = hr_network_statistic_count(&n->shape),
                  .parameters = n->parameters,
                  .gradient = n->gradient,
                  .statistics = n->statistics};
}

hr_status hr_network_create(const hr_network_shape *shape, size_t most_rows,
                            const hr_network_backend *backend, hr_network **out,
                            hr_error *err) {
  hr_status status = HR_OK;
  hr_network *network = NULL;
  HR_TRY(hr_network_check(shape, err));
  HR_TRY(hr_alloc(&network, 1, err));
  network->shape = *shape;
  network->most_rows = most_rows;
  network->backend = *backend;
  network->norm = hr_norm_avx512();
  if (!network->norm) network->norm = &hr_norm_plain;
  HR_TRY(make(network, err));
  network->base = describe(network);
  *out = network;
  network = NULL;
cleanup:
  hr_network_destroy(&network);
  return status;
}

hr_net *hr_network_net(hr_network *network) {
  return &network->base;
}

hr_network *hr_network_of(hr_net *net) {
  return (hr_network *)(void *)net;
}

const hr_network_shape *hr_network_shape_of(const hr_network *network) {
  return &network->shape;
}

float *hr_network_parameters(hr_network *network) {
  return network->parameters;
}

float *hr_network_gradient(hr_network *network) {
  return network->gradient;
}

float *hr_network_statistics(hr_network *network) {
  return network->statistics;
}

/* Uniform values for parameters first .. end-1, each keyed by its own place. */
static void start_range(hr_network *n, uint64_t seed, size_t first, size_t end,
                        size_t inputs) {
  double bound = 1 / sqrt((double)inputs);
  for (size_t i = first; i < end; i++) {
    double u = hr_uniform(seed, HR_STREAM_WEIGHTS, i, 0);
    n->parameters[i] = (float)(bound * (2 * u - 1));
  }
}

static void fill(float *values, size_t count, float value) {
  for (size_t i = 0; i < count; i++) values[i] = value;
}

void hr_network_start(hr_network *n, uint64_t seed) {
  size_t count = hr_network_parameter_count(&n->shape);
  for (size_t b = 0; b < n->shape.blocks; b++) {
    const hr_block_state *block = &n->blocks[b];
    const hr_conv_shape *conv = &block->conv;
    start_range(n, seed, block->place.weights, block->place.bias + conv->outputs,
                conv->kernel * conv->inputs);
    if (!n->shape.batch_norm) continue;
    fill(n->parameters + block->place.gamma, conv->outputs, 1);
    fill(n->parameters + block->place.beta, conv->outputs, 0);
    fill(n->statistics + block->statistics, conv->outputs, 0);
    fill(n->statistics + block->statistics + conv->outputs, conv->outputs, 1);
  }
  start_range(n, seed, n->hidden_place.weights, n->output_place.weights, n->features);
  start_range(n, seed, n->output_place.weights, count, n->shape.hidden);
}

void hr_network_take_output(hr_network *from, size_t output, hr_network *to) {
  size_t hidden = from->shape.hidden, below = from->output_place.weights;
  const float *weights = from->parameters + below + output * hidden;
  memcpy(to->parameters, from->parameters, below * sizeof *to->parameters);
  memcpy(to->parameters + to->output_place.weights, weights, hidden * sizeof *weights);
  to->parameters[to->output_place.bias] =
      from->parameters[from->output_place.bias + output];
  memcpy(to->statistics, from->statistics,
         hr_network_statistic_count(&from->shape) * sizeof *to->statistics);
}
