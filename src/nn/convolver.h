/* One convolution along the wavelength, forward and backward, behind one interface: a
 * plain reference, oneDNN, and our own for AVX2 and for AMX.
 *
 * With x [W][C] the input of one row, w [K][C][D] the weights and b [D] the bias,
 *   y[p][d] = b[d] + sum over k, c of x[p + k - (K-1)/2][c] w[k][c][d],
 * zero outside the row ('same' padding, as PyTorch's: the odd pixel of an even kernel is
 * at the right). Everything is row-major, channels fastest: a row of the data is an input
 * with C = 1 as it stands. And it is fp32, but for a convolver with `is_bf16`: there x, y
 * and dy, what is multiplied or goes to memory, are bf16 (nn/bf16.h), all but x where the
 * shape says is_first.
 *
 * Each call works on one row, on the calling thread alone, from a body of hr_parallel_for
 * (core/parallel.h); `thread` picks its scratch space. A result therefore depends neither
 * on the number of threads nor on what is computed beside it. */
#ifndef HR_NN_CONVOLVER_H
#define HR_NN_CONVOLVER_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

typedef struct hr_conv_shape {
  size_t width;       /* W, pixels of input and output */
  size_t inputs;      /* C, channels of the input */
  size_t outputs;     /* D, channels of the output */
  size_t kernel;      /* K, pixels */
  bool is_first;      /* the gradient of its input is not asked for */
  bool is_normalised; /* nor that of its bias, which the mean takes away: it stays 0 */
} hr_conv_shape;

typedef struct hr_convolution hr_convolution; /* each convolver's own struct */

/* Calls that return a bool: false where the library below refuses, which it does not do
 * once `create` went well. */
typedef struct hr_convolver {
  const char *name;
  bool is_bf16;
  /* HR_ERR_NUMERIC where there is no such convolution, HR_ERR_MEMORY. */
  hr_status (*create)(const hr_conv_shape *shape, hr_convolution **out, hr_error *err);
  void (*destroy)(hr_convolution **convolution);

  /* Takes new weights [K][C][D] and bias [D] over; copied. Not from a parallel body. */
  bool (*load)(hr_convolution *convolution, const float *weights, const float *bias);
  /* y [W][D] of x [W][C]. */
  bool (*forward)(hr_convolution *convolution, size_t thread, const void *x, void *y);
  /* dx [W][C] of dy [W][D]; not with is_first. */
  bool (*backward_input)(hr_convolution *convolution, size_t thread, const void *dy,
                         float *dx);
  /* Adds to `gradient`, [gradient_count], in an order of the convolver's own. */
  bool (*backward_weights)(hr_convolution *convolution, size_t thread, const void *x,
                           const void *dy, float *gradient);
  size_t (*gradient_count)(const hr_convolution *convolution);
  /* Puts such a gradient into the order of weights and bias. Not from a parallel body. */
  bool (*unload)(hr_convolution *convolution, const float *gradient, float *weights,
                 float *bias);
} hr_convolver;

extern const hr_convolver hr_convolver_reference;

/* oneDNN's; NULL in a build without it (HR_ONEDNN=OFF). The second multiplies
 * bf16 (8 bits of mantissa), to which it rounds the weights, and adds in fp32; it is NULL
 * also where the processor has no bf16 products. */
const hr_convolver *hr_convolver_onednn(void);
const hr_convolver *hr_convolver_onednn_bf16(void);

/* Our own with bf16 on AMX; NULL where the processor or the system has none. */
const hr_convolver *hr_convolver_amx(void);

/* Our own in fp32 with AVX2; NULL where the processor has none. */
const hr_convolver *hr_convolver_avx2(void);

/* The fastest that multiplies fp32, or bf16; NULL where there is none but the reference.
 */
const hr_convolver *hr_convolver_fp32(void);
const hr_convolver *hr_convolver_bf16(void);

#endif
