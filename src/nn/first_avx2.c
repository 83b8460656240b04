/* The first block's convolution with AVX2, as first_avx512.c does it: eight channels a
 * register, the weights of a kernel in registers while a whole row goes by. Going back,
 * the inputs that eight channels' largest values stand on are within one register, from
 * which one instruction picks each channel's own. */
#include "core/vector.h"
#include "nn/first.h"
#include "nn/pool.h"

#ifndef HR_AVX512

const hr_first_kernels *hr_first_avx2(const hr_first_shape *shape) {
  (void)shape;
  return NULL;
}

#else

#include <immintrin.h>
#include <string.h>

enum { LANES = 8, MOST_POOL = 8 };

#define PART_AVX2 static inline __attribute__((always_inline, target("avx2,fma")))
#define AVX2      static __attribute__((target("avx2,fma")))

/* Both ways: from channel c on, which `used` lanes of. */
typedef struct part {
  const hr_first_shape *shape;
  size_t count;
  __m256i used;
  const float *x; /* padded */
} part;

PART_AVX2 part part_from(const hr_first_shape *shape, const float *x, size_t c) {
  size_t left = shape->outputs - c, count = left < LANES ? left : LANES;
  const __m256i order = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return (part){shape, count, _mm256_cmpgt_epi32(_mm256_set1_epi32((int)count), order),
                x};
}

/* The lowest byte of every lane. */
PART_AVX2 void store_places(uint8_t *where, __m256i place, size_t count) {
  const __m256i lowest = _mm256_set1_epi32(0x0c080400);
  __m256i bytes = _mm256_shuffle_epi8(place, lowest);
  uint64_t all = (uint32_t)_mm256_extract_epi32(bytes, 0) |
                 (uint64_t)(uint32_t)_mm256_extract_epi32(bytes, 4) << 32;
  if (count == LANES) {
    memcpy(where, &all, LANES);
  } else {
    memcpy(where, &all, count);
  }
}

/* kernel and pool: known to the compiler, as in all below. */
PART_AVX2 void forward_lanes(part p, size_t kernel, size_t pool, const float *lines,
                             float *out, uint8_t *where) {
  size_t outputs = p.shape->outputs;
  __m256 weight[HR_FIRST_MOST_KERNEL + 1];
  for (size_t k = 0; k <= kernel; k++) {
    weight[k] = _mm256_maskload_ps(lines + k * outputs, p.used);
  }
  for (size_t q = 0; q < p.shape->width / pool; q++, p.x += pool) {
    __m256 best = _mm256_setzero_ps();
    __m256i place = _mm256_set1_epi32(HR_POOL_NONE);
    for (size_t j = 0; j < pool; j++) {
      __m256 value = weight[kernel];
      for (size_t k = 0; k < kernel; k++) {
        value = _mm256_fmadd_ps(_mm256_broadcast_ss(p.x + j + k), weight[k], value);
      }
      __m256 above = _mm256_cmp_ps(value, best, _CMP_GT_OQ);
      place = _mm256_blendv_epi8(place, _mm256_set1_epi32((int)j),
                                 _mm256_castps_si256(above));
      best = _mm256_blendv_ps(best, value, above);
    }
    if (p.count == LANES) {
      _mm256_storeu_ps(out + q * outputs, best);
    } else {
      _mm256_maskstore_ps(out + q * outputs, p.used, best);
    }
    store_places(where + q * outputs, place, p.count);
  }
}

/* The places of the part's channels, each in a lane of its own. */
PART_AVX2 __m256i places_at(const uint8_t *where, size_t count) {
  __m128i bytes = _mm_set1_epi8((char)HR_POOL_NONE);
  if (count == LANES) {
    memcpy(&bytes, where, LANES);
  } else {
    memcpy(&bytes, where, count);
  }
  return _mm256_cvtepu8_epi32(bytes);
}

/* Where nothing went forward both factors count as 0. */
PART_AVX2 void backward_lanes(part p, size_t kernel, const float *dout,
                              const uint8_t *where, float *sums) {
  size_t outputs = p.shape->outputs;
  __m256 sum[HR_FIRST_MOST_KERNEL + 1];
  for (size_t k = 0; k <= kernel; k++) sum[k] = _mm256_setzero_ps();
  for (size_t q = 0; q < p.shape->width / p.shape->pool; q++, p.x += p.shape->pool) {
    __m256i place = places_at(where + q * outputs, p.count);
    __m256 none =
        _mm256_castsi256_ps(_mm256_cmpeq_epi32(place, _mm256_set1_epi32(HR_POOL_NONE)));
    __m256 d = p.count == LANES ? _mm256_loadu_ps(dout + q * outputs)
                                : _mm256_maskload_ps(dout + q * outputs, p.used);
    d = _mm256_andnot_ps(none, d);
    for (size_t k = 0; k < kernel; k++) {
      __m256 met = _mm256_permutevar8x32_ps(_mm256_loadu_ps(p.x + k), place);
      sum[k] = _mm256_fmadd_ps(d, _mm256_andnot_ps(none, met), sum[k]);
    }
    sum[kernel] = _mm256_add_ps(sum[kernel], d);
  }
  for (size_t k = 0; k <= kernel; k++) {
    _mm256_maskstore_ps(sums + k * outputs, p.used, sum[k]);
  }
}

PART_AVX2 void forward_kernel(const hr_first_shape *shape, size_t kernel, const float *x,
                              const float *lines, float *out, uint8_t *where) {
  for (size_t c = 0; c < shape->outputs; c += LANES) {
    const part p = part_from(shape, x, c);
    if (shape->pool == 4) {
      forward_lanes(p, kernel, 4, lines + c, out + c, where + c);
    } else {
      forward_lanes(p, kernel, shape->pool, lines + c, out + c, where + c);
    }
  }
}

PART_AVX2 void backward_kernel(const hr_first_shape *shape, size_t kernel, const float *x,
                               const float *dout, const uint8_t *where, float *sums) {
  for (size_t c = 0; c < shape->outputs; c += LANES) {
    backward_lanes(part_from(shape, x, c), kernel, dout + c, where + c, sums + c);
  }
}

AVX2 void avx2_forward(const hr_first_shape *shape, const float *x, const float *lines,
                       float *room, float *out, uint8_t *where) {
  const float *padded = hr_first_padded(shape, x, room);
  if (shape->kernel == 5) {
    forward_kernel(shape, 5, padded, lines, out, where);
  } else {
    forward_kernel(shape, shape->kernel, padded, lines, out, where);
  }
}

AVX2 void avx2_backward(const hr_first_shape *shape, const float *x, const float *dout,
                        const uint8_t *where, float *room, float *sums) {
  const float *padded = hr_first_padded(shape, x, room);
  if (shape->kernel == 5) {
    backward_kernel(shape, 5, padded, dout, where, sums);
  } else {
    backward_kernel(shape, shape->kernel, padded, dout, where, sums);
  }
}

static const hr_first_kernels avx2 = {"AVX2", avx2_forward, avx2_backward};

const hr_first_kernels *hr_first_avx2(const hr_first_shape *shape) {
  bool has = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  return has && shape->pool <= MOST_POOL ? &avx2 : NULL;
}

#endif
