/* A vision transformer for spectra (Dosovitskiy et al. 2021), as the published SpecViT:
 * patches of a spectrum become tokens by a strided convolution; a class token is put
 * before them, and learned positions are added; then pre-LayerNorm blocks, x +=
 * dropout(project(attention(norm x))),  x += dropout(down(gelu(up(norm x)))), a last
 * norm, and a head for each output of the class token: a linear layer, or two with a GELU
 * between. Dropout is where Hugging Face's ViT has it: on the embedding, on the weights
 * of the attention, and on what each half of a block adds.
 *
 * Parameters are one flat array, linear layers as PyTorch's [outputs][inputs]:
 *   patches [D][patch], their bias [D], class token [D], positions [1 + N][D], N patches;
 *   of each block norm [2][D] (gamma, beta), queries, keys and values [3 D][D] and bias
 *   [3 D], projection [D][D] and bias [D], norm [2][D], up [M][D] and bias [M], down
 *   [D][M] and bias [D]; norm [2][D]; of heads with a hidden layer that, [T][H][D], and
 *   its bias [T][H]; output [T][D], or [T][H], and bias [T].
 *
 * Rows go through one at a time, each on one thread; a step cuts its rows into at most
 * HR_VIT_MOST_SHARES shares by their number alone, whose gradients are added in order:
 * results do not depend on the number of threads. Memory is that of one row a thread and
 * of a gradient a share, whatever the batch. */
#ifndef HR_NN_VIT_H
#define HR_NN_VIT_H

#include "nn/net.h"
#include "nn/products.h"

enum { HR_VIT_MOST_SHARES = 16 };

typedef struct hr_vit_shape {
  size_t pixels, patch; /* the patch divides the pixels */
  size_t width;         /* D, of a token */
  size_t layers;        /* blocks */
  size_t heads;         /* they divide the width */
  size_t hidden;        /* M */
  size_t head_hidden;   /* H, of a head's hidden layer; 0: it has none */
  size_t outputs;       /* T */
  /* Probabilities, rounded to a 256th: of 0.1 it is 26 / 256 = 0.1016. */
  double dropout, attention_dropout;
} hr_vit_shape;

/* Refuses, HR_ERR_CONFIG, what is no such network. */
hr_status hr_vit_check(const hr_vit_shape *shape, hr_error *err) HR_MUST_CHECK;

/* Of a shape that passed the check: the number of parameters; floating point operations
 * to predict a row (training takes three times that, and the attention's products again);
 * bytes of a network that learns with batches of `rows`, but for the products' own. */
size_t hr_vit_parameter_count(const hr_vit_shape *shape);
double hr_vit_operations(const hr_vit_shape *shape);
double hr_vit_bytes(const hr_vit_shape *shape, size_t rows);

/* Back ends, borrowed. With products in bf16 what they multiply is rounded to it: weights
 * once a step, and what goes from one product to the next. */
typedef struct hr_vit_backend {
  const hr_products *products;
  const hr_compute *compute;
} hr_vit_backend;

/* A network, its parameters 0; hr_net's `destroy` frees it. HR_ERR_CONFIG as the check,
 * HR_ERR_NUMERIC, HR_ERR_MEMORY; learn fails with HR_ERR_MEMORY, too. It starts with
 * patches and their bias uniform within 1/sqrt(patch), class token and positions standard
 * normal, weights normal with a deviation of 0.02, biases 0, gamma 1 and beta 0: as
 * published. */
hr_status hr_vit_create(const hr_vit_shape *shape, const hr_vit_backend *backend,
                        hr_net **out, hr_error *err) HR_MUST_CHECK;

/* Puts the numbers of `from` into `to`, a network of the same shape but for its one
 * output, which becomes `output` of the other's: it gives the very bytes of that one. */
void hr_vit_take_output(const hr_net *from, size_t output, hr_net *to);

/* Of such a network. */
const hr_vit_shape *hr_vit_shape_of(const hr_net *net);

#endif
