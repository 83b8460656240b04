/* Random numbers by address (core/random.h): uniform, below a bound, and Gaussian by Box
 * and Muller. Logarithm, sine and cosine are series of our own, since a library's differ
 * between machines in their last bits and do not run on vectors; docs/numerics.md says
 * how accurate they are. */
#include "core/random.h"

#include <math.h>
#include <string.h>

#include "core/philox_lanes.h"
#include "core/vector.h"

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

void hr_count_uniform_below(uint64_t seed, hr_stream_id stream, uint64_t row,
                            size_t count, uint32_t bound, uint32_t *times) {
  enum { TOGETHER = 4 * HR_PHILOX_LANES };
  hr_philox_lanes words;
  const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
  memset(times, 0, bound * sizeof *times);
  for (size_t first = 0; first < count; first += TOGETHER) {
    size_t taken = count - first < TOGETHER ? count - first : TOGETHER;
    const uint32_t counter[4] = {(uint32_t)(first / 4), (uint32_t)row,
                                 (uint32_t)(row >> 32), (uint32_t)stream};
    hr_philox_lanes_run(counter, key, &words);
    for (size_t i = 0; i < taken; i++) times[words.word[i % 4][i / 4] * bound >> 32]++;
  }
}

HR_VECTOR_CLONES
static void put_words(const uint64_t *words, size_t count, uint8_t *out) {
  for (size_t i = 0; i < count; i++) {
    uint32_t word = (uint32_t)words[i];
    memcpy(out + 4 * i, &word, sizeof word);
  }
}

void hr_uniform_bytes(uint64_t seed, hr_stream_id stream, uint64_t row, uint32_t first,
                      size_t blocks, uint8_t *out) {
  hr_philox_lanes words;
  const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
  for (size_t done = 0; done < blocks; done += HR_RANDOM_RUN) {
    size_t left = blocks - done, count = left < HR_RANDOM_RUN ? left : HR_RANDOM_RUN;
    const uint32_t counter[4] = {first + (uint32_t)done, (uint32_t)row,
                                 (uint32_t)(row >> 32), (uint32_t)stream};
    hr_philox_lanes_run(counter, key, &words);
    for (size_t j = 0; j < 4; j++, out += 4 * count) put_words(words.word[j], count, out);
  }
}

/* Gaussian deviates are made a batch at a time, in stages over small arrays, so that the
 * compiler can use vectors for each. */
enum { BATCH = HR_PHILOX_LANES };

static inline double from_bits(uint64_t bits) {
  double x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

static inline uint64_t to_bits(double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

/* 2^52 + n for an integer n < 2^52, whose bits are the fraction's: exact, and an integer
 * operation. */
static const uint64_t two_to_52 = 0x4330000000000000u;

/* -2 ln(n / 2^41) for an odd integer n < 2^41: exponent and mantissa m taken apart, so
 * that sqrt(1/2) < m <= sqrt(2), the mantissa's logarithm by the series 2 atanh(s), s =
 * (m-1)/(m+1), |s| < 0.172; truncated below 1e-11 of
 * its value. The factor -4 of s times the series is
 * in the coefficients, where, a power of two, it rounds nothing. */
static inline double minus_twice_log(uint64_t n) {
  /* Added to the bits, it carries into the exponent where the mantissa is above sqrt(2).
   */
  const uint64_t carry = 0x00095f619980c432u;
  uint64_t bits = to_bits(from_bits(n | two_to_52) - 0x1p52) + carry;
  /* 2^52, the bias and the scale of n come off again. */
  double exponent =
      from_bits((bits >> 52) | two_to_52) - (4503599627370496.0 + 1023.0 + 41.0);
  double m = from_bits((bits & 0x000fffffffffffffu) + (0x3ff0000000000000u - carry));
  double s = (m - 1.0) / (m + 1.0), q = s * s;
  double p = -4.0 / 13.0;
  p = p * q - 4.0 / 11.0;
  p = p * q - 4.0 / 9.0;
  p = p * q - 4.0 / 7.0;
  p = p * q - 4.0 / 5.0;
  p = p * q - 4.0 / 3.0;
  p = p * q - 4.0;
  return exponent * (-2.0 * 0.693147180559945309417) + s * p;
}

/* sin and cos of |x| <= pi/4 by their Taylor series, truncated below 1e-11. */
static inline void sine_cosine(double x, double *sine, double *cosine) {
  double q = x * x;
  double s = -1.0 / 39916800.0;
  s = s * q + 1.0 / 362880.0;
  s = s * q - 1.0 / 5040.0;
  s = s * q + 1.0 / 120.0;
  s = s * q - 1.0 / 6.0;
  *sine = x + x * q * s;
  double c = -1.0 / 87178291200.0;
  c = c * q + 1.0 / 479001600.0;
  c = c * q - 1.0 / 3628800.0;
  c = c * q + 1.0 / 40320.0;
  c = c * q - 1.0 / 720.0;
  c = c * q + 1.0 / 24.0;
  *cosine = 1.0 - 0.5 * q + q * q * c;
}

static inline uint64_t float_bits(double x) {
  float rounded = (float)x;
  uint32_t bits;
  memcpy(&bits, &rounded, sizeof bits);
  return bits;
}

/* Box and Muller (1958): two words give a radius and an angle, those give two deviates,
 * here the bits of the first in the lower half and of the second in the upper. The angle
 * is a quarter turn (2 bits) and a fraction of it (22 bits) centred on 0. */
static inline uint64_t box_muller(uint64_t high, uint64_t low) {
  const uint64_t sign = 0x8000000000000000u;
  double radius = sqrt(minus_twice_log(high << 9 | (low >> 23 & 0x1feu) | 1u));
  /* Odd multiples of 2^-23 of a quarter turn, less half of one. */
  double odd = from_bits((low << 1 & 0x7fffffu) | 1u | two_to_52) - (0x1p52 + 0x1p22);
  double sine, cosine;
  sine_cosine(odd * (0x1p-23 * 1.57079632679489661923), &sine, &cosine);
  uint64_t quarter = low >> 22;
  double a = quarter & 1u ? sine : cosine, b = quarter & 1u ? cosine : sine;
  /* The first is negative in quarters 1 and 2, the second in 2 and 3. */
  a = from_bits(to_bits(a) ^ ((quarter + 1) << 62 & sign));
  b = from_bits(to_bits(b) ^ (quarter << 62 & sign));
  return float_bits(radius * a) | float_bits(radius * b) << 32;
}

/* Pairs of floats are written as one number. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "a little-endian machine");

typedef uint64_t __attribute__((may_alias, aligned(4))) two_floats;

/* The deviates of a batch, from its words. */
HR_VECTOR_CLONES
static void normal_batch(const hr_philox_lanes *words, float out[4 * BATCH]) {
  two_floats *pairs = (two_floats *)(void *)out;
  for (int i = 0; i < BATCH; i++) {
    pairs[2 * i] = box_muller(words->word[0][i], words->word[1][i]);
    pairs[2 * i + 1] = box_muller(words->word[2][i], words->word[3][i]);
  }
}

void hr_normal(uint64_t seed, hr_stream_id stream, uint64_t row, uint32_t first,
               size_t count, float *out) {
  enum { WIDTH = 4 * BATCH };
  float deviates[WIDTH];
  hr_philox_lanes words;
  const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
  while (count > 0) {
    uint32_t skip = first % WIDTH;
    size_t taken = WIDTH - skip < count ? WIDTH - skip : count;
    float *target = taken == WIDTH ? out : deviates;
    const uint32_t counter[4] = {(first - skip) / 4, (uint32_t)row, (uint32_t)(row >> 32),
                                 (uint32_t)stream};
    hr_philox_lanes_run(counter, key, &words);
    normal_batch(&words, target);
    if (target != out) memcpy(out, deviates + skip, taken * sizeof *out);
    out += taken;
    first += (uint32_t)taken;
    count -= taken;
  }
}
