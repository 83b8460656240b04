/* The network: blocks of convolution, batch normalisation where it is on, ReLU and max
 * pooling; then one fully connected layer with ReLU, and one output a target.
 *
 * Parameters are one flat array, block by block
 *   weights [kernel][channels in][channels out], bias [channels out],
 *   with batch normalisation also gamma [channels out], beta [channels out],
 * then the hidden layer's weights [hidden][pixels left][channels], bias [hidden], and the
 * outputs' weights [T][hidden] and bias [T], T being 1 in all that predicts. The gradient
 * has the same order. Statistics of batch normalisation, which are not trained: mean and
 * variance [channels] a block.
 *
 * Work is cut into rows and groups of rows by the batch alone, and gradients are added in
 * the order of the groups: results do not depend on the number of threads. */
#ifndef HR_NN_NETWORK_H
#define HR_NN_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

#include "compute/compute.h"
#include "nn/convolver.h"
#include "nn/net.h"

enum { HR_MOST_BLOCKS = 16 };

typedef struct hr_network_shape {
  size_t pixels; /* of the input, which has one channel */
  size_t blocks;
  size_t channels[HR_MOST_BLOCKS]; /* of each block's output */
  size_t kernel, pool;             /* pixels */
  size_t hidden;                   /* width of the fully connected layer */
  bool batch_norm;
  size_t outputs; /* T; 0: one */
} hr_network_shape;

static inline size_t hr_network_outputs(const hr_network_shape *shape) {
  return shape->outputs == 0 ? 1 : shape->outputs;
}

/* Refuses, HR_ERR_CONFIG, what leaves no pixel, has no block or more than HR_MOST_BLOCKS,
 * or a pool beyond HR_MOST_POOL. */
hr_status hr_network_check(const hr_network_shape *shape, hr_error *err) HR_MUST_CHECK;

/* Of a shape that passed the check: the number of parameters and of statistics; floating
 * point operations to predict a row (training takes three times that); bytes of a network
 * for batches of `rows`. */
size_t hr_network_parameter_count(const hr_network_shape *shape);
size_t hr_network_statistic_count(const hr_network_shape *shape);
double hr_network_operations(const hr_network_shape *shape);
double hr_network_bytes(const hr_network_shape *shape, size_t rows);

typedef struct hr_network hr_network;

/* Back ends, borrowed: the fast ones, or the references for tests. */
typedef struct hr_network_backend {
  const hr_convolver *convolver;
  const hr_compute *compute;
} hr_network_backend;

/* A network for batches of up to `most_rows`, its parameters 0. HR_ERR_CONFIG as the
 * check, HR_ERR_NUMERIC, HR_ERR_MEMORY. */
hr_status hr_network_create(const hr_network_shape *shape, size_t most_rows,
                            const hr_network_backend *backend, hr_network **out,
                            hr_error *err) HR_MUST_CHECK;
void hr_network_destroy(hr_network **network);

/* The same network as a trainer knows it, and back. */
hr_net *hr_network_net(hr_network *network);
hr_network *hr_network_of(hr_net *net);

const hr_network_shape *hr_network_shape_of(const hr_network *network);
float *hr_network_parameters(hr_network *network);
float *hr_network_gradient(hr_network *network);
float *hr_network_statistics(hr_network *network);

/* PyTorch's initial values: weights and biases uniform within 1/sqrt(inputs of the
 * layer), keyed by (seed, parameter); gamma 1, beta 0, statistics 0 and 1. */
void hr_network_start(hr_network *network, uint64_t seed);

/* Puts the numbers of `from` into `to`, a network of the same shape but for its one
 * output, which becomes `output` of the other's: it gives the very bytes of that one. */
void hr_network_take_output(hr_network *from, size_t output, hr_network *to);

/* out [rows][T] of x [rows][pixels], borrowed until hr_network_backward. training: batch
 * normalisation takes the batch's own mean and variance, and moves its statistics by a
 * tenth of the way. HR_ERR_INTERNAL where a convolution fails. */
hr_status hr_network_forward(hr_network *network, const float *x, size_t rows,
                             bool training, float *out, hr_error *err) HR_MUST_CHECK;

/* The gradient of a loss whose derivatives by the outputs of the last forward pass, in
 * training, are dout [rows][T]. Overwrites what that pass left behind. */
hr_status hr_network_backward(hr_network *network, const float *dout,
                              hr_error *err) HR_MUST_CHECK;

#endif
