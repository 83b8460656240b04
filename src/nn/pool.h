/* What stands behind a convolution: ReLU and max pooling in one, and batch normalisation.
 * Arrays of one row are [width][channels], channels fastest, fp32. */
#ifndef HR_NN_POOL_H
#define HR_NN_POOL_H

#include <stddef.h>
#include <stdint.h>

typedef struct hr_pool_shape {
  size_t width, channels; /* of the input */
  size_t pool;            /* pixels that become one, at most HR_MOST_POOL */
} hr_pool_shape;

/* HR_POOL_NONE as a place: no pixel is above 0. */
enum { HR_MOST_POOL = 128, HR_POOL_NONE = 255 };

/* out[q][c] = max(0, a[q pool + j][c] for j < pool), where[q][c] the first such j; pixels
 * that fill no pool at the right drop out, as in PyTorch's MaxPool1d. out, where:
 * [width / pool][channels]. */
void hr_pool_forward(const hr_pool_shape *shape, const float *a, float *out,
                     uint8_t *where);

/* da, all of it, from d out: each goes where its maximum was. */
void hr_pool_backward(const hr_pool_shape *shape, const float *dout, const uint8_t *where,
                      float *da);

/* Batch normalisation (Ioffe & Szegedy 2015) over rows and pixels, channel by channel:
 * z = gamma (a - mean) / sqrt(variance + 1e-5) + beta. One row's share of the sums:
 * sums[c] = sum of a, sums[channels + c] = sum of a^2. */
void hr_norm_sums(const hr_pool_shape *shape, const float *a, double *sums);

/* hr_pool_forward of a scale[c] + shift[c]. */
void hr_norm_pool_forward(const hr_pool_shape *shape, const float *a, const float *scale,
                          const float *shift, float *out, uint8_t *where);

/* What a block's normalisation subtracts and multiplies with, channel by channel. */
typedef struct hr_norm_moments {
  const double *mean, *inverse; /* [channels] inverse: of the standard deviation */
} hr_norm_moments;

/* One row's share of the gradients of beta, sums[c], and gamma, sums[channels + c], from
 * the gradient behind the pool: all others are 0. a: as convolved. */
void hr_norm_backward_sums(const hr_pool_shape *shape, const float *dout,
                           const uint8_t *where, const float *a,
                           const hr_norm_moments *moments, double *sums);

/* What the gradient through a normalisation is made of, channel by channel. */
typedef struct hr_norm_factors {
  const float *p, *q, *r; /* [channels] */
} hr_norm_factors;

/* da = p[c] d + q[c] a + r[c], d what hr_pool_backward makes of dout: the whole gradient
 * through pool and normalisation, whose factors the caller makes of the sums. */
void hr_norm_pool_backward(const hr_pool_shape *shape, const float *dout,
                           const uint8_t *where, const float *a,
                           const hr_norm_factors *factors, float *da);

#endif
