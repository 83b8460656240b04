/* The convolution of the first block, whose input has one channel, with all that stands
 * around it: what it makes of a row is 512 KiB of 4096 pixels and 32 channels, for a few
 * products each, so it is never written.
 *
 * Forward, it goes through scale and shift, ReLU and pool in registers: a channel's scale
 * is part of its weights. What normalisation has to know of all that is convolved follows
 * from sums and products of the input alone (hr_first_moments), for it is linear in it.
 * Backward, the gradient of the weights takes only the input around each pool's largest
 * value; the rest of normalisation's gradient follows from those same sums
 * (network_first.c).
 *
 * Rows as in pool.h; one row a call. */
#ifndef HR_NN_FIRST_H
#define HR_NN_FIRST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HR_FIRST_MOST_KERNEL = 16 };

typedef struct hr_first_shape {
  size_t width;   /* W, pixels */
  size_t outputs; /* D, channels */
  size_t kernel;  /* K, pixels, at most HR_FIRST_MOST_KERNEL */
  size_t pool;    /* pixels */
} hr_first_shape;

/* Floats that each call needs as its own room. */
size_t hr_first_room(const hr_first_shape *shape);

/* Doubles of a row's moments: sums[k] = sum over p of x_k[p], x_k[p] the input that
 * element k of the kernel meets at pixel p, and from K on [k][l] = sum of x_k[p] x_l[p].
 */
static inline size_t hr_first_moment_count(size_t kernel) {
  return kernel + kernel * kernel;
}

void hr_first_moments(const hr_first_shape *shape, const float *x, float *room,
                      double *sums);

/* What has a fast version. */
typedef struct hr_first_kernels {
  const char *name;
  /* out and where [W / pool][D] as hr_pool_forward's, of sum over k of x_k lines[k][d] +
   * lines[K][d]; lines [K + 1][D]. */
  void (*forward)(const hr_first_shape *shape, const float *x, const float *lines,
                  float *room, float *out, uint8_t *where);
  /* sums [K + 1][D]: [k][d] = sum over q of dout[q][d] x_k at where the maximum was, [K]
   * that of dout itself. */
  void (*backward)(const hr_first_shape *shape, const float *x, const float *dout,
                   const uint8_t *where, float *room, float *sums);
} hr_first_kernels;

extern const hr_first_kernels hr_first_plain;

/* Those of AVX-512, or AVX2; NULL where this processor, this build or they do not have
 * the shape. */
const hr_first_kernels *hr_first_avx512(const hr_first_shape *shape);
const hr_first_kernels *hr_first_avx2(const hr_first_shape *shape);

/* The input between zeros, so that every pixel has all neighbours; room. */
const float *hr_first_padded(const hr_first_shape *shape, const float *x, float *room);

#endif
