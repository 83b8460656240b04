/* What network.c (making) and network_pass.c (computing) share. */
#ifndef HR_NN_NETWORK_PARTS_H
#define HR_NN_NETWORK_PARTS_H

#include <stdatomic.h>

#include "nn/first.h"
#include "nn/network.h"
#include "nn/pool.h"

/* Rows whose gradients are added up before those of others: enough groups for many
 * threads, few enough that adding the groups costs nothing. Part of the definition of the
 * results. */
enum { HR_NETWORK_GROUP = 4 };

/* Floats that a vector has at most: scratch space begins and is divided there. */
enum { HR_NETWORK_VECTOR = 16 };

/* Where a layer's parameters begin in the flat array. */
typedef struct hr_layer_place {
  size_t weights, bias, gamma, beta;
} hr_layer_place;

typedef struct hr_block_state {
  hr_conv_shape conv;
  hr_pool_shape pool;
  hr_layer_place place;
  size_t statistics;           /* where the block's begin */
  hr_convolution *convolution; /* NULL: of n->first */
  float *pooled;     /* [rows][width / pool][channels]; going back: its gradient */
  uint16_t *rounded; /* the same in bf16, as the next convolution takes it; or NULL */
  uint8_t *where;    /* as pooled: which pixel was the largest */
  float *group_gradients; /* [groups][gradient_count] */
  /* With batch normalisation: */
  void *kept;   /* [rows][width][channels], as convolved, fp32 or bf16; not of n->first */
  float *peak;  /* as pooled: the largest, as convolved; not of n->first */
  double *sums; /* [rows][2 channels] */
  double *mean, *inverse; /* [channels] of the batch, inverse standard deviation */
  float *factors;         /* [3][channels]: scale and shift, or p, q and r going back */
  float *sign;            /* [channels] of gamma, 1 or -1 */
} hr_block_state;

/* The first block where its kernel is short: nn/first.h. */
typedef struct hr_first_state {
  const hr_first_kernels *kernels; /* NULL: the first block is as the others */
  hr_first_shape shape;
  size_t moment_count, share_count;
  double *moments, *moment; /* [rows][moment_count], and their sums */
  float *lines;             /* [K + 1][D] */
  float *shares;            /* [rows][share_count] of the gradient, [K + 1][D] */
  double *share;            /* [K + 1][D] their sums */
} hr_first_state;

struct hr_network {
  hr_net base;
  hr_network_shape shape;
  size_t most_rows, rows; /* of the last forward pass */
  hr_network_backend backend;
  const hr_norm_kernels *norm;
  hr_block_state blocks[HR_MOST_BLOCKS];
  hr_first_state first;
  hr_layer_place hidden_place, output_place;
  size_t features; /* inputs of the hidden layer */
  const float *x;  /* of the last forward pass */
  float *parameters, *gradient, *statistics;
  float *dout;              /* [rows][T] of hr_net's learn */
  float *hidden;            /* [rows][hidden], behind ReLU */
  float *hidden_gradient;   /* [rows][hidden] */
  float *hidden_transposed; /* [hidden][rows] */
  float *scratch;           /* [threads][scratch_count] */
  size_t scratch_count;     /* the largest width times channels in and out of a block, and
                               the first block's room */
  atomic_bool failed;       /* a convolution did */
};

/* How a trainer uses it (network_pass.c). */
extern const hr_net_type hr_network_net_type;

float *hr_network_scratch(const hr_network *network, size_t thread);

/* The last `count` floats of it, the inputs of a block, behind what the block convolves
 * and the first block's room. */
float *hr_network_scratch_end(const hr_network *network, size_t thread, size_t count);

/* What a channel is scaled and shifted with in a block of these moments: its mean and
 * inverse, and scale and shift in the factors. */
void hr_network_set_scale(hr_network *network, hr_block_state *block, size_t c,
                          double mean, double variance);

/* The same of the statistics. */
void hr_network_scale_by_statistics(hr_network *network, hr_block_state *block);

/* Moves the block's statistics of a channel towards a batch's of `count` values. */
void hr_network_move(hr_network *network, const hr_block_state *block, size_t c,
                     double mean, double variance);

/* Of a block with normalisation: gradients of beta and gamma, and the factors p, q and r
 * of the gradient through it, from the sums of dz and of dz xhat, for channel c. */
void hr_network_set_factors(hr_network *network, hr_block_state *block, size_t c,
                            double beta, double gamma);

/* What takes the pooled row, for the next convolution. */
void hr_network_round_row(const hr_network *network, const hr_block_state *block,
                          size_t row, const float *pooled);

/* The first block (network_first.c): its memory, and both ways through it, what has to be
 * known of all rows before or after each row. */
hr_status hr_network_first_make(hr_network *network, hr_error *err) HR_MUST_CHECK;
void hr_network_first_fini(hr_network *network);
double hr_network_first_bytes(const hr_network_shape *shape);
void hr_network_first_prepare(hr_network *network, bool training);
void hr_network_first_forward_row(hr_network *network, size_t row, size_t thread);
/* dout, of one row, may be at hr_network_scratch_end. */
void hr_network_first_backward_row(hr_network *network, size_t row, size_t thread,
                                   const float *dout);
void hr_network_first_conclude(hr_network *network);

#endif
