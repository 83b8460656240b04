/* What network.c (making) and network_pass.c (computing) share. */
#ifndef HR_NN_NETWORK_PARTS_H
#define HR_NN_NETWORK_PARTS_H

#include <stdatomic.h>

#include "nn/network.h"
#include "nn/pool.h"

/* Rows whose gradients are added up before those of others: enough groups for many
 * threads, few enough that adding the groups costs nothing. Part of the definition of the
 * results. */
enum { HR_NETWORK_GROUP = 4 };

/* Where a layer's parameters begin in the flat array. */
typedef struct hr_layer_place {
  size_t weights, bias, gamma, beta;
} hr_layer_place;

typedef struct hr_block_state {
  hr_conv_shape conv;
  hr_pool_shape pool;
  hr_layer_place place;
  size_t statistics; /* where the block's begin */
  hr_convolution *convolution;
  float *pooled;          /* [rows][width / pool][channels]; going back: its gradient */
  uint8_t *where;         /* as pooled: which pixel was the largest */
  float *group_gradients; /* [groups][gradient_count] */
  /* With batch normalisation: */
  float *kept;  /* [rows][width][channels], as convolved; NULL: it is convolved again */
  double *sums; /* [rows][2 channels] */
  double *mean, *inverse; /* [channels] of the batch, inverse standard deviation */
  float *factors;         /* [3][channels]: scale and shift, or p, q and r going back */
} hr_block_state;

struct hr_network {
  hr_network_shape shape;
  size_t most_rows, rows; /* of the last forward pass */
  hr_network_backend backend;
  hr_block_state blocks[HR_MOST_BLOCKS];
  hr_layer_place hidden_place, output_place;
  size_t features; /* inputs of the hidden layer */
  const float *x;  /* of the last forward pass */
  float *parameters, *gradient, *statistics;
  float *hidden;            /* [rows][hidden], behind ReLU */
  float *hidden_gradient;   /* [rows][hidden] */
  float *hidden_transposed; /* [hidden][rows] */
  float *scratch;           /* [threads][scratch_count] */
  size_t scratch_count;     /* twice the largest width times channels of a block */
  atomic_bool failed;       /* a convolution did */
};

#endif
