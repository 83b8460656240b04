/* What stands between the matrix products of a vision transformer, forward and back:
 * plain loops over the tokens of one row, on the calling thread alone. Sums along a token
 * are taken in sixteen parts in an order of their own, so that the bytes are the same on
 * every processor. Tokens are rows of `width` values without gaps.
 *
 * Functions whose output has the type hr_factors write what the next product multiplies:
 * fp32, or rounded to bf16. In fp32 an output may be the very array it is computed from.
 */
#ifndef HR_NN_VIT_LAYERS_H
#define HR_NN_VIT_LAYERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct hr_factors {
  void *values;
  bool is_bf16;
} hr_factors;

typedef struct hr_tokens {
  size_t count, width;
} hr_tokens;

/* Dropout (Srivastava et al. 2014): a value is left out where its byte is below `least`,
 * with the probability least / 256; others are multiplied by `scale`, the inverse of what
 * is kept. bytes NULL: all are kept as they are. */
typedef struct hr_mask {
  const uint8_t *bytes; /* as the values */
  uint8_t least;
  float scale;
} hr_mask;

/* LayerNorm (Ba, Kiros & Hinton 2016): y = gamma (x - mean) / sqrt(variance + 1e-12) +
 * beta, over a token's values. norm: gamma [width], then beta [width]. */
void hr_layer_norm_forward(
    const hr_tokens *tokens, const float *norm, const float *x,
    float *moments /* [count][2]: mean, 1 / sqrt(variance + 1e-12) */, hr_factors y);

/* Adds to dx what dy gives back through it, and to `gradient`, laid out as norm. */
typedef struct hr_layer_norm_back {
  const float *x, *moments, *dy;
  float *dx, *gradient;
} hr_layer_norm_back;
void hr_layer_norm_backward(const hr_tokens *tokens, const float *norm,
                            const hr_layer_norm_back *back);

/* out = y + bias. */
void hr_add_bias(const hr_tokens *tokens, const float *y, const float *bias,
                 hr_factors out);

/* out = x + dropout(y + bias). */
void hr_join(const hr_tokens *tokens, const float *x, const float *y, const float *bias,
             const hr_mask *mask, float *out);

/* Back through dropout and bias: dy, and its sums over the tokens added to dbias. */
void hr_part(const hr_tokens *tokens, const float *dout, const hr_mask *mask,
             hr_factors dy, float *dbias);

/* GELU (Hendrycks & Gimpel 2016), exact: out = z P(z), z = y + bias, P the share of a
 * standard normal distribution below z. */
void hr_gelu_forward(const hr_tokens *tokens, const float *y, const float *bias,
                     hr_factors out);

/* dy = (P(z) + z p(z)) dout, and its sums over the tokens added to dbias. Overwrites
 * dout. */
typedef struct hr_gelu_back {
  const float *y, *bias;
  float *dout, *dbias;
} hr_gelu_back;
void hr_gelu_backward(const hr_tokens *tokens, const hr_gelu_back *back, hr_factors dy);

/* The attention of one head: products of queries and keys. */
typedef struct hr_scores {
  size_t queries, keys;
  size_t stride; /* between queries: keys, rounded up to a multiple of HR_SCORE_LANES */
  float scale;   /* 1 / sqrt(width of the head) */
} hr_scores;
enum { HR_SCORE_LANES = 16 };

/* Into `weights` dropout(softmax(scale scores)), query by query, and what is needed to
 * make the softmax again into kept [queries][2]: the largest, scaled, and 1 / the sum.
 * What is between keys and stride becomes about 0. Overwrites the scores. */
void hr_softmax_forward(const hr_scores *shape, float *scores, const hr_mask *mask,
                        float *kept, hr_factors weights);

/* From the same scores and dweights, the derivatives by the weights as they left dropout:
 * the weights again, and dscores, the derivatives by scores. Overwrites both inputs. */
typedef struct hr_softmax_back {
  float *scores, *dweights; /* [queries][stride] */
  const float *kept;
} hr_softmax_back;
void hr_softmax_backward(const hr_scores *shape, const hr_softmax_back *back,
                         const hr_mask *mask, hr_factors weights, hr_factors dscores);

/* values, as factors. */
void hr_put_factors(size_t count, const float *values, hr_factors out);

#endif
