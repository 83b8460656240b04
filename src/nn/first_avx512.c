/* The first block's convolution with AVX-512: sixteen channels a register, the weights of
 * a kernel in registers while a whole row goes by. Going back, the inputs that sixteen
 * channels' largest values stand on are within one register, from which one instruction
 * picks each channel's own. */
#include "core/vector.h"
#include "nn/first.h"
#include "nn/pool.h"

#ifndef HR_AVX512

const hr_first_kernels *hr_first_avx512(const hr_first_shape *shape) {
  (void)shape;
  return NULL;
}

#else

#include <immintrin.h>
#include <string.h>

enum { LANES = 16, MOST_POOL = 16 };

#define PART_AVX512 static inline __attribute__((always_inline, target("avx512f")))

/* Both ways: from channel c on, which `used` lanes of. */
typedef struct part {
  const hr_first_shape *shape;
  __mmask16 used;
  const float *x; /* padded */
} part;

PART_AVX512 part part_from(const hr_first_shape *shape, const float *x, size_t c) {
  size_t left = shape->outputs - c;
  unsigned lanes = left < LANES ? (1U << left) - 1 : 0xffff;
  return (part){shape, (__mmask16)lanes, x};
}

/* Narrowed in the register, not by a store that narrows lanes into memory under a mask,
 * which is slow on AMD's processors. */
PART_AVX512 void store_places(uint8_t *where, __m512i place, __mmask16 used) {
  __m128i bytes = _mm512_cvtepi32_epi8(place);
  if (used == 0xffff) {
    memcpy(where, &bytes, LANES);
  } else {
    memcpy(where, &bytes, (size_t)__builtin_popcount(used));
  }
}

/* kernel and pool: known to the compiler, as in all below. */
PART_AVX512 void forward_lanes(part p, size_t kernel, size_t pool, const float *lines,
                               float *out, uint8_t *where) {
  size_t outputs = p.shape->outputs;
  __m512 weight[HR_FIRST_MOST_KERNEL + 1];
  for (size_t k = 0; k <= kernel; k++) {
    weight[k] = _mm512_maskz_loadu_ps(p.used, lines + k * outputs);
  }
  for (size_t q = 0; q < p.shape->width / pool; q++, p.x += pool) {
    __m512 best = _mm512_setzero_ps();
    __m512i place = _mm512_set1_epi32(HR_POOL_NONE);
    for (size_t j = 0; j < pool; j++) {
      __m512 value = weight[kernel];
      for (size_t k = 0; k < kernel; k++) {
        value = _mm512_fmadd_ps(_mm512_set1_ps(p.x[j + k]), weight[k], value);
      }
      __mmask16 above = _mm512_cmp_ps_mask(value, best, _CMP_GT_OQ);
      place = _mm512_mask_mov_epi32(place, above, _mm512_set1_epi32((int)j));
      best = _mm512_mask_mov_ps(best, above, value);
    }
    _mm512_mask_storeu_ps(out + q * outputs, p.used, best);
    store_places(where + q * outputs, place, p.used);
  }
}

/* The places of the part's channels, each in a lane of its own. */
PART_AVX512 __m512i places_at(const uint8_t *where, __mmask16 used) {
  __m128i bytes = _mm_set1_epi8((char)HR_POOL_NONE);
  if (used == 0xffff) {
    memcpy(&bytes, where, LANES);
  } else {
    memcpy(&bytes, where, (size_t)__builtin_popcount(used));
  }
  return _mm512_cvtepu8_epi32(bytes);
}

PART_AVX512 void backward_lanes(part p, size_t kernel, const float *dout,
                                const uint8_t *where, float *sums) {
  size_t outputs = p.shape->outputs;
  __m512 sum[HR_FIRST_MOST_KERNEL + 1];
  for (size_t k = 0; k <= kernel; k++) sum[k] = _mm512_setzero_ps();
  for (size_t q = 0; q < p.shape->width / p.shape->pool; q++, p.x += p.shape->pool) {
    __m512i place = places_at(where + q * outputs, p.used);
    __mmask16 is_there = _mm512_cmpneq_epi32_mask(place, _mm512_set1_epi32(HR_POOL_NONE));
    __m512 d = _mm512_maskz_loadu_ps(is_there, dout + q * outputs);
    for (size_t k = 0; k < kernel; k++) {
      __m512 met = _mm512_permutexvar_ps(place, _mm512_loadu_ps(p.x + k));
      sum[k] = _mm512_mask3_fmadd_ps(d, met, sum[k], is_there);
    }
    sum[kernel] = _mm512_add_ps(sum[kernel], d);
  }
  for (size_t k = 0; k <= kernel; k++) {
    _mm512_mask_storeu_ps(sums + k * outputs, p.used, sum[k]);
  }
}

PART_AVX512 void forward_kernel(const hr_first_shape *shape, size_t kernel,
                                const float *x, const float *lines, float *out,
                                uint8_t *where) {
  for (size_t c = 0; c < shape->outputs; c += LANES) {
    const part p = part_from(shape, x, c);
    if (shape->pool == 4) {
      forward_lanes(p, kernel, 4, lines + c, out + c, where + c);
    } else {
      forward_lanes(p, kernel, shape->pool, lines + c, out + c, where + c);
    }
  }
}

PART_AVX512 void backward_kernel(const hr_first_shape *shape, size_t kernel,
                                 const float *x, const float *dout, const uint8_t *where,
                                 float *sums) {
  for (size_t c = 0; c < shape->outputs; c += LANES) {
    backward_lanes(part_from(shape, x, c), kernel, dout + c, where + c, sums + c);
  }
}

HR_AVX512
static void avx512_forward(const hr_first_shape *shape, const float *x,
                           const float *lines, float *room, float *out, uint8_t *where) {
  const float *padded = hr_first_padded(shape, x, room);
  switch (shape->kernel) {
    case 3:
      forward_kernel(shape, 3, padded, lines, out, where);
      break;
    case 5:
      forward_kernel(shape, 5, padded, lines, out, where);
      break;
    case 7:
      forward_kernel(shape, 7, padded, lines, out, where);
      break;
    default:
      forward_kernel(shape, shape->kernel, padded, lines, out, where);
  }
}

HR_AVX512
static void avx512_backward(const hr_first_shape *shape, const float *x,
                            const float *dout, const uint8_t *where, float *room,
                            float *sums) {
  const float *padded = hr_first_padded(shape, x, room);
  switch (shape->kernel) {
    case 3:
      backward_kernel(shape, 3, padded, dout, where, sums);
      break;
    case 5:
      backward_kernel(shape, 5, padded, dout, where, sums);
      break;
    case 7:
      backward_kernel(shape, 7, padded, dout, where, sums);
      break;
    default:
      backward_kernel(shape, shape->kernel, padded, dout, where, sums);
  }
}

static const hr_first_kernels avx512 = {"AVX-512", avx512_forward, avx512_backward};

const hr_first_kernels *hr_first_avx512(const hr_first_shape *shape) {
  return __builtin_cpu_supports("avx512f") && shape->pool <= MOST_POOL ? &avx512 : NULL;
}

#endif
