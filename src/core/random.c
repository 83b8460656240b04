#include "core/random.h"

#include <math.h>
#include <string.h>

#include "core/vector.h"

/* Multipliers and Weyl constants of Philox4x32 (Salmon et al. 2011, table 2). */
static const uint32_t philox_m0 = 0xD2511F53u, philox_m1 = 0xCD9E8D57u;
static const uint32_t philox_w0 = 0x9E3779B9u, philox_w1 = 0xBB67AE85u;
enum { PHILOX_ROUNDS = 10 };

void hr_philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]) {
  uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
  uint32_t k0 = key[0], k1 = key[1];
  for (int round = 0; round < PHILOX_ROUNDS; round++) {
    uint64_t p0 = (uint64_t)philox_m0 * c0, p1 = (uint64_t)philox_m1 * c2;
    c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
    c1 = (uint32_t)p1;
    c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
    c3 = (uint32_t)p0;
    k0 += philox_w0;
    k1 += philox_w1;
  }
  out[0] = c0, out[1] = c1, out[2] = c2, out[3] = c3;
}

/* The four random words at one address. */
static void words_at(uint64_t seed, hr_stream_id stream, uint64_t row, uint32_t block,
                     uint32_t out[4]) {
  const uint32_t counter[4] = {block, (uint32_t)row, (uint32_t)(row >> 32),
                               (uint32_t)stream};
  const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
  hr_philox4x32(counter, key, out);
}

double hr_uniform(uint64_t seed, hr_stream_id stream, uint64_t row, uint32_t index) {
  uint32_t words[4];
  words_at(seed, stream, row, index / 2, words);
  const uint32_t *pair = words + 2 * (index % 2);
  /* 52 bits and a half, so that neither 0 nor 1 can be rounded to. */
  uint64_t bits = ((uint64_t)pair[0] << 32 | pair[1]) >> 12;
  return ((double)bits + 0.5) * 0x1p-52;
}

uint32_t hr_uniform_below(uint64_t seed, hr_stream_id stream, uint64_t row,
                          uint32_t index, uint32_t bound) {
  uint32_t words[4];
  words_at(seed, stream, row, index / 4, words);
  return (uint32_t)((uint64_t)words[index % 4] * bound >> 32);
}

/* Gaussian deviates are made a batch at a time, in stages over small arrays, so that the
 * compiler can use vectors for each: 64 Philox blocks are 256 deviates, 4 KiB of scratch.
 */
enum { BATCH = 64 };

typedef struct word_batch {
  uint32_t word[4][BATCH];
} word_batch;

static inline void philox_batch(uint64_t seed, hr_stream_id stream, uint64_t row,
                                uint32_t first_block, word_batch *out) {
  for (uint32_t i = 0; i < BATCH; i++) {
    out->word[0][i] = first_block + i;
    out->word[1][i] = (uint32_t)row;
    out->word[2][i] = (uint32_t)(row >> 32);
    out->word[3][i] = (uint32_t)stream;
  }
  uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
  for (int round = 0; round < PHILOX_ROUNDS; round++) {
    for (int i = 0; i < BATCH; i++) {
      uint64_t p0 = (uint64_t)philox_m0 * out->word[0][i];
      uint64_t p1 = (uint64_t)philox_m1 * out->word[2][i];
      out->word[0][i] = (uint32_t)(p1 >> 32) ^ out->word[1][i] ^ k0;
      out->word[1][i] = (uint32_t)p1;
      out->word[2][i] = (uint32_t)(p0 >> 32) ^ out->word[3][i] ^ k1;
      out->word[3][i] = (uint32_t)p0;
    }
    k0 += philox_w0;
    k1 += philox_w1;
  }
}

static inline double from_word(uint32_t word) {
  /* By way of int32, which every vector unit converts. Exact. */
  return (double)(int32_t)(word ^ 0x80000000u) + 2147483648.0;
}

/* ln(n / 2^41) for an odd integer n < 2^41: exponent and mantissa taken apart, the
 * mantissa's logarithm by the series 2 atanh(s), s = (m-1)/(m+1), |s| < 0.172; truncated
 * below 1e-16. */
static inline double log_of_fraction(double n) {
  uint64_t bits;
  memcpy(&bits, &n, sizeof bits);
  uint64_t exponent_bits = (bits >> 52) | 0x4330000000000000u;
  uint64_t mantissa_bits = (bits & 0x000fffffffffffffu) | 0x3ff0000000000000u;
  double exponent, m;
  memcpy(&exponent, &exponent_bits, sizeof exponent);
  memcpy(&m, &mantissa_bits, sizeof m);
  exponent -= 4503599627370496.0 + 1023.0 + 41.0; /* 2^52, the bias, the scale of n */
  double large = m > 1.4142135623730951 ? 1.0 : 0.0;
  m = large > 0.0 ? 0.5 * m : m;
  exponent += large;
  double s = (m - 1.0) / (m + 1.0), q = s * s;
  double p = 1.0 / 19.0;
  p = p * q + 1.0 / 17.0;
  p = p * q + 1.0 / 15.0;
  p = p * q + 1.0 / 13.0;
  p = p * q + 1.0 / 11.0;
  p = p * q + 1.0 / 9.0;
  p = p * q + 1.0 / 7.0;
  p = p * q + 1.0 / 5.0;
  p = p * q + 1.0 / 3.0;
  p = p * q + 1.0;
  return exponent * 0.693147180559945309417 + 2.0 * s * p;
}

/* sin and cos of |x| <= pi/4 by their Taylor series, truncated below 1e-15. */
static inline void sine_cosine(double x, double *sine, double *cosine) {
  double q = x * x;
  double s = -1.0 / 1307674368000.0;
  s = s * q + 1.0 / 6227020800.0;
  s = s * q - 1.0 / 39916800.0;
  s = s * q + 1.0 / 362880.0;
  s = s * q - 1.0 / 5040.0;
  s = s * q + 1.0 / 120.0;
  s = s * q - 1.0 / 6.0;
  *sine = x + x * q * s;
  double c = 1.0 / 20922789888000.0;
  c = c * q - 1.0 / 87178291200.0;
  c = c * q + 1.0 / 479001600.0;
  c = c * q - 1.0 / 3628800.0;
  c = c * q + 1.0 / 40320.0;
  c = c * q - 1.0 / 720.0;
  c = c * q + 1.0 / 24.0;
  *cosine = 1.0 - 0.5 * q + q * q * c;
}

/* Box and Muller (1958): two words give a radius and an angle, those give two deviates.
 * The angle is a quarter turn (2 bits) and a fraction of it (22 bits) centred on 0. */
static inline void box_muller(uint32_t high, uint32_t low, float *first, float *second) {
  double n = 2.0 * (from_word(high) * 256.0 + from_word(low >> 24)) + 1.0;
  double radius = sqrt(-2.0 * log_of_fraction(n));
  uint32_t quarter = (low >> 22) & 3u;
  double fraction = (from_word(low & 0x3fffffu) + 0.5) * 0x1p-22 - 0.5;
  double sine, cosine;
  sine_cosine(fraction * 1.57079632679489661923, &sine, &cosine);
  double a = quarter & 1u ? sine : cosine, b = quarter & 1u ? cosine : sine;
  a = (quarter == 1 || quarter == 2) ? -a : a;
  b = quarter >= 2 ? -b : b;
  *first = (float)(radius * a);
  *second = (float)(radius * b);
}

/* Deviates 4*first_block .. 4*first_block + 4*BATCH - 1 of a row. */
HR_VECTOR_CLONES
static void normal_batch(uint64_t seed, hr_stream_id stream, uint64_t row,
                         uint32_t first_block, float out[4 * BATCH]) {
  word_batch words;
  float deviate[4][BATCH];
  philox_batch(seed, stream, row, first_block, &words);
  for (int i = 0; i < BATCH; i++) {
    box_muller(words.word[0][i], words.word[1][i], &deviate[0][i], &deviate[1][i]);
  }
  for (int i = 0; i < BATCH; i++) {
    box_muller(words.word[2][i], words.word[3][i], &deviate[2][i], &deviate[3][i]);
  }
  for (int i = 0; i < BATCH; i++) {
    for (int j = 0; j < 4; j++) out[4 * i + j] = deviate[j][i];
  }
}

void hr_normal(uint64_t seed, hr_stream_id stream, uint64_t row, uint32_t first,
               size_t count, float *out) {
  enum { WIDTH = 4 * BATCH };
  float deviates[WIDTH];
  while (count > 0) {
    uint32_t skip = first % WIDTH;
    size_t taken = WIDTH - skip < count ? WIDTH - skip : count;
    float *target = taken == WIDTH ? out : deviates;
    normal_batch(seed, stream, row, (first - skip) / 4, target);
    if (target != out) memcpy(out, deviates + skip, taken * sizeof *out);
    out += taken;
    first += (uint32_t)taken;
    count -= taken;
  }
}
