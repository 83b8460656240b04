/* What batch normalisation does to every value, with AVX-512: sixteen channels a register
 * while a row goes by. Bit for bit what the plain loops give: products of two fp32 are
 * exact in fp64, so that they may be fused with the sum, and no other is. */
#include "core/vector.h"
#include "nn/pool.h"

#ifndef HR_AVX512

const hr_norm_kernels *hr_norm_avx512(void) {
  return NULL;
}

#else

#include <immintrin.h>
#include <string.h>

enum { LANES = 16, ALL = 0xffff };

#define PART_AVX512 static inline __attribute__((always_inline, target("avx512f")))

/* The lanes that are channels, from channel c on. */
PART_AVX512 __mmask16 lanes_from(const hr_pool_shape *shape, size_t c) {
  size_t left = shape->channels - c;
  return (__mmask16)(left < LANES ? (1U << left) - 1 : ALL);
}

/* Sixteen values, or as many as are used. */
PART_AVX512 __m512 load_floats(const float *from, __mmask16 used) {
  return used == ALL ? _mm512_loadu_ps(from) : _mm512_maskz_loadu_ps(used, from);
}

/* The same of what was convolved. */
PART_AVX512 __m512 load(const void *a, size_t i, __mmask16 used, bool is_bf16) {
  if (!is_bf16) return load_floats((const float *)a + i, used);
  __m256i half = _mm256_setzero_si256();
  if (used == ALL) {
    memcpy(&half, (const uint16_t *)a + i, sizeof half);
  } else {
    memcpy(&half, (const uint16_t *)a + i, 2 * (size_t)__builtin_popcount(used));
  }
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16));
}

/* Narrowed in the register, not by a store that narrows lanes into memory under a mask,
 * which is slow on AMD's processors. */
PART_AVX512 void store_places(uint8_t *where, __m512i place, __mmask16 used) {
  __m128i bytes = _mm512_cvtepi32_epi8(place);
  if (used == ALL) {
    memcpy(where, &bytes, LANES);
  } else {
    memcpy(where, &bytes, (size_t)__builtin_popcount(used));
  }
}

PART_AVX512 void store_halves(uint16_t *to, __m512i value, __mmask16 used) {
  __m256i halves = _mm512_cvtepi32_epi16(value);
  if (used == ALL) {
    memcpy(to, &halves, sizeof halves);
  } else {
    memcpy(to, &halves, 2 * (size_t)__builtin_popcount(used));
  }
}

/* As hr_bf16_of, in the lower half of each lane. */
PART_AVX512 __m512i rounded(__m512 value) {
  __m512i bits = _mm512_castps_si512(value), upper = _mm512_srli_epi32(bits, 16);
  __m512i odd = _mm512_and_si512(upper, _mm512_set1_epi32(1));
  __m512i sum = _mm512_add_epi32(_mm512_add_epi32(bits, _mm512_set1_epi32(0x7fff)), odd);
  __mmask16 is_nan = _mm512_cmp_ps_mask(value, value, _CMP_UNORD_Q);
  return _mm512_mask_or_epi32(_mm512_srli_epi32(sum, 16), is_nan, upper,
                              _mm512_set1_epi32(0x40));
}

PART_AVX512 void store(void *a, size_t i, __m512 value, __mmask16 used, bool is_bf16) {
  if (is_bf16) {
    store_halves((uint16_t *)a + i, rounded(value), used);
  } else if (used == ALL) {
    _mm512_storeu_ps((float *)a + i, value);
  } else {
    _mm512_mask_storeu_ps((float *)a + i, used, value);
  }
}

PART_AVX512 __m512i load_places(const uint8_t *where, __mmask16 used) {
  __m128i bytes = _mm_set1_epi8((char)HR_POOL_NONE);
  if (used == ALL) {
    memcpy(&bytes, where, LANES);
  } else {
    memcpy(&bytes, where, (size_t)__builtin_popcount(used));
  }
  return _mm512_cvtepu8_epi32(bytes);
}

/* Sixteen doubles. */
typedef struct pair {
  __m512d low, high;
} pair;

PART_AVX512 pair widened(__m512 v) {
  __m256d high = _mm512_extractf64x4_pd(_mm512_castps_pd(v), 1);
  return (pair){_mm512_cvtps_pd(_mm512_castps512_ps256(v)),
                _mm512_cvtps_pd(_mm256_castpd_ps(high))};
}

PART_AVX512 pair load_pair(const double *from, __mmask16 used) {
  return (pair){_mm512_maskz_loadu_pd((__mmask8)used, from),
                _mm512_maskz_loadu_pd((__mmask8)(used >> 8), from + 8)};
}

PART_AVX512 void store_pair(double *to, pair p, __mmask16 used) {
  _mm512_mask_storeu_pd(to, (__mmask8)used, p.low);
  _mm512_mask_storeu_pd(to + 8, (__mmask8)(used >> 8), p.high);
}

/* The sums of a and of its square that a row's values go into. */
typedef struct sums_of {
  pair value, square;
} sums_of;

PART_AVX512 void add_value(sums_of *s, __m512 value) {
  pair v = widened(value);
  s->value.low = _mm512_add_pd(s->value.low, v.low);
  s->value.high = _mm512_add_pd(s->value.high, v.high);
  s->square.low = _mm512_fmadd_pd(v.low, v.low, s->square.low);
  s->square.high = _mm512_fmadd_pd(v.high, v.high, s->square.high);
}

/* What hr_norm_peaks gives, from one channel on, of which `used` are its own. */
typedef struct peak_view {
  __mmask16 used;
  __m512 sign;
  float *peak;
  uint8_t *where;
  double *sums;
} peak_view;

PART_AVX512 void find_peaks(const hr_pool_shape *shape, const void *a, size_t i,
                            peak_view to, bool is_bf16) {
  size_t channels = shape->channels, pools = shape->width / shape->pool;
  sums_of s = {{_mm512_setzero_pd(), _mm512_setzero_pd()},
               {_mm512_setzero_pd(), _mm512_setzero_pd()}};
  for (size_t q = 0; q < pools; q++) {
    __m512 value = load(a, i, to.used, is_bf16), best = _mm512_mul_ps(value, to.sign);
    __m512i place = _mm512_setzero_si512();
    add_value(&s, value);
    i += channels;
    for (size_t j = 1; j < shape->pool; j++, i += channels) {
      value = load(a, i, to.used, is_bf16);
      __m512 turned = _mm512_mul_ps(value, to.sign);
      __mmask16 above = _mm512_cmp_ps_mask(turned, best, _CMP_GT_OQ);
      place = _mm512_mask_mov_epi32(place, above, _mm512_set1_epi32((int)j));
      best = _mm512_mask_mov_ps(best, above, turned);
      add_value(&s, value);
    }
    _mm512_mask_storeu_ps(to.peak + q * channels, to.used, _mm512_mul_ps(best, to.sign));
    store_places(to.where + q * channels, place, to.used);
  }
  for (size_t p = pools * shape->pool; p < shape->width; p++, i += channels) {
    add_value(&s, load(a, i, to.used, is_bf16));
  }
  store_pair(to.sums, s.value, to.used);
  store_pair(to.sums + channels, s.square, to.used);
}

HR_AVX512
static void peaks(const hr_pool_shape *shape, const void *a, const float *sign,
                  float *peak, uint8_t *where, double *sums) {
  for (size_t c = 0; c < shape->channels; c += LANES) {
    __mmask16 used = lanes_from(shape, c);
    const peak_view to = {used, _mm512_maskz_loadu_ps(used, sign + c), peak + c,
                          where + c, sums + c};
    if (shape->is_bf16) {
      find_peaks(shape, a, c, to, true);
    } else {
      find_peaks(shape, a, c, to, false);
    }
  }
}

HR_AVX512
static void of_peaks(const hr_pool_shape *shape, const float *peak, const float *scale,
                     const float *shift, float *out, uint8_t *where) {
  size_t channels = shape->channels, end = shape->width / shape->pool * channels;
  for (size_t c = 0; c < channels; c += LANES) {
    __mmask16 used = lanes_from(shape, c);
    __m512 factor = _mm512_maskz_loadu_ps(used, scale + c);
    __m512 term = _mm512_maskz_loadu_ps(used, shift + c);
    for (size_t i = c; i < end; i += channels) {
      __m512 value = _mm512_mul_ps(_mm512_maskz_loadu_ps(used, peak + i), factor);
      value = _mm512_add_ps(value, term);
      __mmask16 above = _mm512_cmp_ps_mask(value, _mm512_setzero_ps(), _CMP_GT_OQ);
      __m512i place = _mm512_mask_mov_epi32(_mm512_set1_epi32(HR_POOL_NONE), above,
                                            load_places(where + i, used));
      _mm512_mask_storeu_ps(out + i, used, _mm512_maskz_mov_ps(above, value));
      store_places(where + i, place, used);
    }
  }
}

/* The gradient, and what normalisation takes of a value, as a sum's two terms. */
PART_AVX512 __m512d normalised(__m512d d, __m512d peak, __m512d mean, __m512d inverse) {
  return _mm512_mul_pd(_mm512_mul_pd(d, _mm512_sub_pd(peak, mean)), inverse);
}

HR_AVX512
static void backward_sums(const hr_pool_shape *shape, const float *dout,
                          const uint8_t *where, const float *peak,
                          const hr_norm_moments *moments, double *sums) {
  size_t channels = shape->channels, end = shape->width / shape->pool * channels;
  for (size_t c = 0; c < channels; c += LANES) {
    __mmask16 used = lanes_from(shape, c);
    pair mean = load_pair(moments->mean + c, used);
    pair inverse = load_pair(moments->inverse + c, used);
    pair beta = {_mm512_setzero_pd(), _mm512_setzero_pd()}, gamma = beta;
    for (size_t i = c; i < end; i += channels) {
      __m512i place = load_places(where + i, used);
      __mmask16 is_there =
          _mm512_cmpneq_epi32_mask(place, _mm512_set1_epi32(HR_POOL_NONE));
      pair d = widened(_mm512_maskz_loadu_ps(is_there, dout + i));
      pair v = widened(_mm512_maskz_loadu_ps(used, peak + i));
      beta.low = _mm512_add_pd(beta.low, d.low);
      beta.high = _mm512_add_pd(beta.high, d.high);
      v.low = normalised(d.low, v.low, mean.low, inverse.low);
      v.high = normalised(d.high, v.high, mean.high, inverse.high);
      gamma.low = _mm512_add_pd(gamma.low, v.low);
      gamma.high = _mm512_add_pd(gamma.high, v.high);
    }
    store_pair(sums + c, beta, used);
    store_pair(sums + channels + c, gamma, used);
  }
}

/* What goes back through a pool and a normalisation. */
typedef struct back_view {
  const float *dout;
  const uint8_t *where;
  const void *a;
  const hr_norm_factors *factors;
  void *da;
} back_view;

/* Sixteen channels' p, q and r. */
typedef struct lines_of {
  __mmask16 used;
  __m512 p, q, r;
} lines_of;

PART_AVX512 lines_of lines_from(const hr_norm_factors *f, size_t c, __mmask16 used) {
  return (lines_of){used, load_floats(f->p + c, used), load_floats(f->q + c, used),
                    load_floats(f->r + c, used)};
}

/* Value i of da, own being d p. */
PART_AVX512 void combine(const back_view *view, size_t i, const lines_of *l, __m512 own,
                         bool is_bf16) {
  __m512 a = _mm512_mul_ps(load(view->a, i, l->used, is_bf16), l->q);
  __m512 value = _mm512_add_ps(_mm512_add_ps(own, a), l->r);
  store(view->da, i, value, l->used, is_bf16);
}

/* Sixteen channels of a pool, i in dout and where, to in a and da. */
PART_AVX512 void combine_pool(const hr_pool_shape *shape, const back_view *view,
                              const lines_of *l, size_t i, size_t to) {
  __m512i place = load_places(view->where + i, l->used);
  __m512 d = _mm512_mul_ps(load_floats(view->dout + i, l->used), l->p);
  __m512 nothing = _mm512_mul_ps(_mm512_setzero_ps(), l->p);
  for (size_t j = 0; j < shape->pool; j++, to += shape->channels) {
    __mmask16 is_here = _mm512_cmpeq_epi32_mask(place, _mm512_set1_epi32((int)j));
    combine(view, to, l, _mm512_mask_mov_ps(nothing, is_here, d), shape->is_bf16);
  }
}

/* Pool after pool, as they lie in memory, where a comes from. */
PART_AVX512 void combine_row(hr_pool_shape shape, const back_view *view, bool is_full) {
  size_t channels = shape.channels, pools = shape.width / shape.pool;
  for (size_t q = 0; q < pools; q++) {
    for (size_t c = 0; c < channels; c += LANES) {
      __mmask16 used = is_full ? ALL : lanes_from(&shape, c);
      const lines_of l = lines_from(view->factors, c, used);
      combine_pool(&shape, view, &l, q * channels + c, q * shape.pool * channels + c);
    }
  }
  for (size_t p = pools * shape.pool; p < shape.width; p++) {
    for (size_t c = 0; c < channels; c += LANES) {
      const lines_of l = lines_from(view->factors, c, lanes_from(&shape, c));
      __m512 nothing = _mm512_mul_ps(_mm512_setzero_ps(), l.p);
      combine(view, p * channels + c, &l, nothing, shape.is_bf16);
    }
  }
}

PART_AVX512 void combine_any(hr_pool_shape shape, const back_view *view) {
  if (shape.channels % LANES == 0) {
    combine_row(shape, view, true);
  } else {
    combine_row(shape, view, false);
  }
}

HR_AVX512
static void pool_backward(const hr_pool_shape *shape, const float *dout,
                          const uint8_t *where, const void *a,
                          const hr_norm_factors *factors, void *da) {
  const back_view view = {dout, where, a, factors, da};
  hr_pool_shape known = *shape;
  if (shape->is_bf16) {
    known.is_bf16 = true;
    combine_any(known, &view);
  } else {
    known.is_bf16 = false;
    combine_any(known, &view);
  }
}

HR_AVX512
static void round_values(size_t count, const float *values, uint16_t *to) {
  for (size_t i = 0; i < count; i += LANES) {
    __mmask16 used = (__mmask16)(count - i < LANES ? (1U << (count - i)) - 1 : ALL);
    store(to, i, _mm512_maskz_loadu_ps(used, values + i), used, true);
  }
}

static const hr_norm_kernels avx512 = {peaks, of_peaks, backward_sums, pool_backward,
                                       round_values};

const hr_norm_kernels *hr_norm_avx512(void) {
  return __builtin_cpu_supports("avx512f") ? &avx512 : NULL;
}

#endif
