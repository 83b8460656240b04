/* Philox for many neighbouring counters at once: plain, AVX2 and AVX-512, which all give
 * the same words. Every pixel of every pass over the data takes some. */
#include "core/philox_lanes.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define HR_PHILOX_X86 1
#else
#define HR_PHILOX_X86 0
#endif

void hr_philox_lanes_run_plain(const uint32_t counter[4], const uint32_t key[2],
                               hr_philox_lanes *out) {
  for (uint32_t i = 0; i < HR_PHILOX_LANES; i++) {
    const uint32_t from[4] = {counter[0] + i, counter[1], counter[2], counter[3]};
    uint32_t words[4];
    hr_philox4x32(from, key, words);
    for (int j = 0; j < 4; j++) out->word[j][i] = words[j];
  }
}

#if HR_PHILOX_X86

/* Written out because compilers (gcc 12, clang 14) make three multiplications and more of
 * a product of two 32-bit numbers in 64-bit lanes, for which there is an instruction. */

/* What all lanes share. */
typedef struct rounds {
  const uint32_t *counter; /* [4], of the first lane */
  uint64_t key[HR_PHILOX_ROUNDS][2];
} rounds;

/* The two versions differ in nothing but the width. Of a lane's upper half nothing is
 * ever used: the multiplication takes lower halves, and the end clears the rest. The
 * upper half of a product comes down by a shuffle, since shifts take the port that
 * multiplies. */
__attribute__((target("avx512f"))) static void run_avx512(const rounds *r,
                                                          hr_philox_lanes *out) {
  const __m512i m0 = _mm512_set1_epi64(HR_PHILOX_M0);
  const __m512i m1 = _mm512_set1_epi64(HR_PHILOX_M1);
  const __m512i low = _mm512_set1_epi64(0xffffffff), step = _mm512_set1_epi64(8);
  __m512i first = _mm512_add_epi64(_mm512_set1_epi64(r->counter[0]),
                                   _mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0));
  for (int i = 0; i < HR_PHILOX_LANES; i += 8) {
    __m512i c[4] = {first};
    for (int j = 1; j < 4; j++) c[j] = _mm512_set1_epi64(r->counter[j]);
    for (int round = 0; round < HR_PHILOX_ROUNDS; round++) {
      __m512i p0 = _mm512_mul_epu32(m0, c[0]), p1 = _mm512_mul_epu32(m1, c[2]);
      __m512i x0 = _mm512_xor_si512(c[1], _mm512_set1_epi64((long long)r->key[round][0]));
      __m512i x2 = _mm512_xor_si512(c[3], _mm512_set1_epi64((long long)r->key[round][1]));
      c[0] = _mm512_xor_si512(_mm512_shuffle_epi32(p1, _MM_PERM_DDBB), x0);
      c[1] = p1;
      c[2] = _mm512_xor_si512(_mm512_shuffle_epi32(p0, _MM_PERM_DDBB), x2);
      c[3] = p0;
    }
    for (int j = 0; j < 4; j++) {
      _mm512_storeu_si512(&out->word[j][i], _mm512_and_si512(c[j], low));
    }
    first = _mm512_add_epi64(first, step);
  }
}

__attribute__((target("avx2"))) static void run_avx2(const rounds *r,
                                                     hr_philox_lanes *out) {
  const __m256i m0 = _mm256_set1_epi64x(HR_PHILOX_M0);
  const __m256i m1 = _mm256_set1_epi64x(HR_PHILOX_M1);
  const __m256i low = _mm256_set1_epi64x(0xffffffff), step = _mm256_set1_epi64x(4);
  __m256i first =
      _mm256_add_epi64(_mm256_set1_epi64x(r->counter[0]), _mm256_set_epi64x(3, 2, 1, 0));
  for (int i = 0; i < HR_PHILOX_LANES; i += 4) {
    __m256i c[4] = {first};
    for (int j = 1; j < 4; j++) c[j] = _mm256_set1_epi64x(r->counter[j]);
    for (int round = 0; round < HR_PHILOX_ROUNDS; round++) {
      __m256i p0 = _mm256_mul_epu32(m0, c[0]), p1 = _mm256_mul_epu32(m1, c[2]);
      __m256i x0 =
          _mm256_xor_si256(c[1], _mm256_set1_epi64x((long long)r->key[round][0]));
      __m256i x2 =
          _mm256_xor_si256(c[3], _mm256_set1_epi64x((long long)r->key[round][1]));
      c[0] = _mm256_xor_si256(_mm256_shuffle_epi32(p1, 0xf5), x0);
      c[1] = p1;
      c[2] = _mm256_xor_si256(_mm256_shuffle_epi32(p0, 0xf5), x2);
      c[3] = p0;
    }
    for (int j = 0; j < 4; j++) {
      _mm256_storeu_si256((__m256i *)&out->word[j][i], _mm256_and_si256(c[j], low));
    }
    first = _mm256_add_epi64(first, step);
  }
}

void hr_philox_lanes_run(const uint32_t counter[4], const uint32_t key[2],
                         hr_philox_lanes *out) {
  rounds r = {.counter = counter};
  for (uint32_t round = 0; round < HR_PHILOX_ROUNDS; round++) {
    r.key[round][0] = (uint32_t)(key[0] + round * HR_PHILOX_W0);
    r.key[round][1] = (uint32_t)(key[1] + round * HR_PHILOX_W1);
  }
  if (__builtin_cpu_supports("avx512f")) {
    run_avx512(&r, out);
  } else if (__builtin_cpu_supports("avx2")) {
    run_avx2(&r, out);
  } else {
    hr_philox_lanes_run_plain(counter, key, out);
  }
}

#else

void hr_philox_lanes_run(const uint32_t counter[4], const uint32_t key[2],
                         hr_philox_lanes *out) {
  hr_philox_lanes_run_plain(counter, key, out);
}

#endif
