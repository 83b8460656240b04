/* What vit.c (making), vit_forward.c and vit_backward.c (computing) share. */
#ifndef HR_NN_VIT_PARTS_H
#define HR_NN_VIT_PARTS_H

#include <stdatomic.h>
#include <stdint.h>

#include "nn/vit.h"
#include "nn/vit_layers.h"

/* Where a block's parameters begin in the flat array. */
typedef struct hr_vit_place {
  size_t norm1, qkv, qkv_bias, project, project_bias;
  size_t norm2, up, up_bias, down, down_bias;
} hr_vit_place;

/* The three products of a linear layer. */
typedef struct hr_vit_linear {
  hr_made_product *forward; /* y = x W' */
  hr_made_product *input;   /* dx = dy W */
  hr_made_product *weights; /* dW += dy' x */
} hr_vit_linear;

/* All products of a block. In the last one nothing but the class token goes on to the
 * output, so that alone is a query there, and goes through what comes after. */
typedef struct hr_vit_block {
  size_t queries; /* S, or 1 */
  hr_vit_linear qkv, project, up, down;
  hr_made_product *scores, *values;                       /* q k', p v */
  hr_made_product *dweights, *dvalues, *dqueries, *dkeys; /* da v', p' da, ds k, ds' q */
} hr_vit_block;

/* What is kept of a row on its way through a block. S tokens, Q queries; what is
 * multiplied again has the products' type. */
typedef struct hr_vit_kept {
  float *x;        /* [S][D] the input */
  float *moments1; /* [S][2] */
  void *normed1;   /* [S][D] */
  void *qkv;       /* [S][3 D] */
  float *softmax;  /* [heads][Q][2] */
  void *attended;  /* [Q][D] */
  float *middle;   /* [Q][D] */
  float *moments2; /* [Q][2] */
  void *normed2;   /* [Q][D] */
  float *up;       /* [Q][M] without the bias */
  void *active;    /* [Q][M] behind the GELU */
} hr_vit_kept;

/* What a thread computes in, one row at a time. */
typedef struct hr_vit_room {
  hr_vit_kept *kept;                       /* [layers] */
  float *end, *end_moments;                /* [D], [2]: what goes into the last norm */
  float *last;                             /* [D] behind it */
  float *head, *head_active;               /* [T][H] without the bias; behind the GELU */
  float *wide;                             /* [S][wide_count] what a product has made */
  void *wide_factors;                      /* the same size, or NULL in fp32 */
  float *dx, *dy;                          /* [S][D] going back */
  void *dy_factors;                        /* [S][D], or NULL in fp32 */
  float *scores, *dscores;                 /* [S][stride] of a head */
  void *weights_factors, *dscores_factors; /* as those, or NULL in fp32 */
  uint8_t *bytes;                          /* of dropout, of one place */
  float *dhead, *dout;                     /* [T][H], [T] */
  float *memory; /* all of the above but `kept`, which holds parts of it */
} hr_vit_room;

typedef struct hr_vit {
  hr_net base;
  hr_vit_shape shape;
  hr_vit_backend backend;
  size_t tokens;       /* S = 1 + N */
  size_t stride;       /* of scores */
  float head_scale;    /* of scores, 1 / sqrt(D / heads) */
  size_t factor_bytes; /* of a value that products multiply: 4 or 2 */
  size_t patch_bias, class_token, positions, first_block, end_norm;
  size_t head, head_bias, output, output_bias;
  size_t head_width; /* what an output is made of: H, or D */
  hr_vit_block full, last;
  uint16_t *rounded;              /* [parameters] in bf16, or NULL */
  uint8_t least, attention_least; /* dropout's thresholds */
  size_t thread_count;
  hr_vit_room *rooms; /* [thread_count] */
  size_t share_count; /* that there is room for, with the first */
  float *shares;      /* [share_count - 1][parameters], from the first step on;
                         the first share's is base.gradient */
  atomic_bool failed; /* a product did */
} hr_vit;

/* A row in a step, or in prediction. */
typedef struct hr_vit_pass {
  hr_vit *v;
  hr_vit_room *room;
  size_t thread;
  const float *x;     /* [pixels] */
  bool training;      /* with dropout */
  uint64_t seed, row; /* the key of dropout: row is unique among all rows of all steps */
  float *gradient;    /* [parameters] that is added to */
} hr_vit_pass;

/* The block's products, and its parameters as products take them. */
static inline const hr_vit_block *hr_vit_block_of(const hr_vit *v, size_t layer) {
  return layer + 1 == v->shape.layers ? &v->last : &v->full;
}

static inline const void *hr_vit_weights(const hr_vit *v, size_t at) {
  return v->rounded ? (const void *)(v->rounded + at)
                    : (const void *)(v->base.parameters + at);
}

/* Value number `at` of factors. */
static inline void *hr_vit_at(const hr_vit *v, const void *factors, size_t at) {
  return (char *)(uintptr_t)factors + at * v->factor_bytes;
}

static inline hr_factors hr_vit_factors(const hr_vit *v, void *values) {
  return (hr_factors){values, v->rounded != NULL};
}

/* Where the parameters of a block are. */
hr_vit_place hr_vit_place_of(const hr_vit *v, size_t layer);

/* Runs a product, and remembers a failure. */
void hr_vit_run(const hr_vit_pass *p, hr_made_product *product, const void *a,
                const void *b, float *c);

/* The mask of a place: embedding 0, of block l 1 + 2 l and 2 + 2 l what it adds. Its
 * bytes are the room's, until the next is made. */
hr_mask hr_vit_mask(const hr_vit_pass *pass, size_t place, size_t tokens);

/* That of a head's weights. */
hr_mask hr_vit_attention_mask(const hr_vit_pass *pass, size_t layer, size_t head);

/* The pass's row up to its room's `last`, of which the outputs are made; and on to out
 * [T]. All that is needed to go back is then in its room. */
void hr_vit_forward_trunk(const hr_vit_pass *pass);
void hr_vit_forward(const hr_vit_pass *pass, float *out);

/* Adds to pass->gradient that of a loss with the derivatives dout [T]. */
void hr_vit_backward(const hr_vit_pass *pass, const float *dout);

/* [S][D] embedded patches, before class token, positions and dropout: product of patches
 * and weights in fp32. */
hr_product hr_vit_patches(const hr_vit *v);

#endif
