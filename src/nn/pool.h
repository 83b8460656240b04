/* What stands behind a convolution: ReLU and max pooling in one, and batch normalisation.
 * Arrays of one row are [width][channels], channels fastest, fp32; what was convolved and
 * its gradient are bf16 where the shape says so. */
#ifndef HR_NN_POOL_H
#define HR_NN_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct hr_pool_shape {
  size_t width, channels; /* of the input */
  size_t pool;            /* pixels that become one, at most HR_MOST_POOL */
  bool is_bf16;           /* a and da below are uint16_t (nn/bf16.h), else float */
} hr_pool_shape;

/* HR_POOL_NONE as a place: no pixel is above 0. */
enum { HR_MOST_POOL = 128, HR_POOL_NONE = 255 };

/* out[q][c] = max(0, a[q pool + j][c] for j < pool), where[q][c] the first such j; pixels
 * that fill no pool at the right drop out, as in PyTorch's MaxPool1d. out, where:
 * [width / pool][channels]. */
void hr_pool_forward(const hr_pool_shape *shape, const void *a, float *out,
                     uint8_t *where);

/* da, all of it, from d out: each goes where its maximum was. */
void hr_pool_backward(const hr_pool_shape *shape, const float *dout, const uint8_t *where,
                      void *da);

/* Batch normalisation (Ioffe & Szegedy 2015) over rows and pixels, channel by channel:
 * z = gamma (a - mean) / sqrt(variance + 1e-5) + beta. hr_pool_forward of a scale[c] +
 * shift[c]. */
void hr_norm_pool_forward(const hr_pool_shape *shape, const void *a, const float *scale,
                          const float *shift, float *out, uint8_t *where);

/* In training scale and shift come from the whole batch, and rows as they were convolved
 * do not stay in the core's cache until it is known. But which pixel of a pool is the
 * largest needs only the sign of the scale, sign[c], 1 or -1: peak[q][c] = that pixel's
 * a, where[q][c] its place, the first of equals. One row's share of the sums: sums[c] =
 * sum of a, sums[channels + c] = sum of a^2. */
void hr_norm_peaks(const hr_pool_shape *shape, const void *a, const float *sign,
                   float *peak, uint8_t *where, double *sums);

/* Then out[q][c] = max(0, peak scale[c] + shift[c]), where not above 0 becoming
 * HR_POOL_NONE: what hr_norm_pool_forward makes of the row. */
void hr_norm_of_peaks(const hr_pool_shape *shape, const float *peak, const float *scale,
                      const float *shift, float *out, uint8_t *where);

/* What a block's normalisation subtracts and multiplies with, channel by channel. */
typedef struct hr_norm_moments {
  const double *mean, *inverse; /* [channels] inverse: of the standard deviation */
} hr_norm_moments;

/* One row's share of the gradients of beta, sums[c], and gamma, sums[channels + c], from
 * the gradient behind the pool: all others are 0. */
void hr_norm_backward_sums(const hr_pool_shape *shape, const float *dout,
                           const uint8_t *where, const float *peak,
                           const hr_norm_moments *moments, double *sums);

/* What the gradient through a normalisation is made of, channel by channel. */
typedef struct hr_norm_factors {
  const float *p, *q, *r; /* [channels] */
} hr_norm_factors;

/* da = p[c] d + q[c] a + r[c], d what hr_pool_backward makes of dout: the whole gradient
 * through pool and normalisation, whose factors the caller makes of the sums. */
void hr_norm_pool_backward(const hr_pool_shape *shape, const float *dout,
                           const uint8_t *where, const void *a,
                           const hr_norm_factors *factors, void *da);

/* to [count] of values [count], to the nearest bf16. */
void hr_round_to_bf16(size_t count, const float *values, uint16_t *to);

/* The last five as a table, and the same with AVX-512, bit for bit; NULL where this
 * processor or build has none. */
typedef struct hr_norm_kernels {
  void (*peaks)(const hr_pool_shape *shape, const void *a, const float *sign, float *peak,
                uint8_t *where, double *sums);
  void (*of_peaks)(const hr_pool_shape *shape, const float *peak, const float *scale,
                   const float *shift, float *out, uint8_t *where);
  void (*backward_sums)(const hr_pool_shape *shape, const float *dout,
                        const uint8_t *where, const float *peak,
                        const hr_norm_moments *moments, double *sums);
  void (*pool_backward)(const hr_pool_shape *shape, const float *dout,
                        const uint8_t *where, const void *a,
                        const hr_norm_factors *factors, void *da);
  void (*round_to_bf16)(size_t count, const float *values, uint16_t *to);
} hr_norm_kernels;

extern const hr_norm_kernels hr_norm_plain;
const hr_norm_kernels *hr_norm_avx512(void);

#endif
