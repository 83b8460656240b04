/* Philox against its published known answers; deviates by their address and distribution.
 */
#include "core/random.h"

#include <stdlib.h>

#include "core/philox_lanes.h"
#include "support/check.h"

enum { SEED = 42 };

static void philox_gives_the_known_answers(void **state) {
  (void)state;
  /* Random123's kat_vectors for philox4x32-10: counter, key, expected. */
  static const uint32_t cases[3][10] = {
      {0, 0, 0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8},
      {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x408f276d,
       0x41c83b0e, 0xa20bc7c6, 0x6d5451fd},
      {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0, 0xd16cfe09,
       0x94fdcceb, 0x5001e420, 0x24126ea1}};
  for (size_t i = 0; i < 3; i++) {
    uint32_t out[4];
    hr_philox4x32(cases[i], cases[i] + 4, out);
    assert_memory_equal(out, cases[i] + 6, sizeof out);
  }
}

static void a_deviate_depends_on_its_address_alone(void **state) {
  (void)state;
  enum { COUNT = 1000 };
  float whole[COUNT], part[COUNT];
  hr_normal(SEED, HR_STREAM_NOISE_TRAIN, 7, 0, COUNT, whole);
  static const uint32_t firsts[] = {0, 1, 3, 255, 256, 257, 700};
  for (size_t i = 0; i < sizeof firsts / sizeof *firsts; i++) {
    for (size_t count = 0; firsts[i] + count <= COUNT; count += 61) {
      hr_normal(SEED, HR_STREAM_NOISE_TRAIN, 7, firsts[i], count, part);
      assert_memory_equal(part, whole + firsts[i], count * sizeof *part);
    }
  }
}

/* The plain reference: one deviate from its Philox block with libm, in fp64. */
static double plain_normal(uint64_t row, uint32_t index) {
  const uint32_t counter[4] = {index / 4, (uint32_t)row, (uint32_t)(row >> 32),
                               HR_STREAM_NOISE_TEST};
  const uint32_t key[2] = {SEED, 0};
  uint32_t words[4];
  hr_philox4x32(counter, key, words);
  uint32_t high = words[index % 4 / 2 * 2], low = words[index % 4 / 2 * 2 + 1];
  double u = ((double)((uint64_t)high << 8 | low >> 24) + 0.5) / 0x1p40;
  double angle =
      1.57079632679489661923 *
      ((double)((low >> 22) & 3) + ((double)(low & 0x3fffff) + 0.5) / 0x1p22 - 0.5);
  double radius = sqrt(-2 * log(u));
  return radius * (index % 2 == 0 ? cos(angle) : sin(angle));
}

static void deviates_equal_the_plain_reference(void **state) {
  (void)state;
  float fast[4096];
  for (uint64_t row = 0; row < 20; row++) {
    uint64_t address = row * 0x123456789u;
    hr_normal(SEED, HR_STREAM_NOISE_TEST, address, 0, 4096, fast);
    for (uint32_t i = 0; i < 4096; i++) {
      /* Half a unit in the last place of fp32, and the libm's own error. */
      check_near(fast[i], plain_normal(address, i), 3e-7);
    }
  }
}

static void the_bytes_are_the_documented_ones(void **state) {
  (void)state;
  /* Written down once: a seed must keep its meaning on every machine and in every
   * version. */
  float z[4];
  uint32_t bits[4];
  hr_normal(SEED, HR_STREAM_NOISE_TRAIN, 0, 0, 4, z);
  memcpy(bits, z, sizeof bits);
  static const uint32_t expected[4] = {0x3efcc6f4, 0xbf5b7fc8, 0x3fc0c815, 0x3fdc3739};
  assert_memory_equal(bits, expected, sizeof bits);
}

/* In runs of 128 blocks, word by word; a run is the same wherever a call begins at it. */
static void bytes_are_words_in_runs(void **state) {
  (void)state;
  enum { BLOCKS = 300, RUN = HR_RANDOM_RUN };
  uint8_t bytes[16 * BLOCKS], from_second[16 * (BLOCKS - RUN)];
  const uint64_t row = 0x500000007U;
  hr_uniform_bytes(SEED, HR_STREAM_DROPOUT, row, 40, BLOCKS, bytes);
  hr_uniform_bytes(SEED, HR_STREAM_DROPOUT, row, 40 + RUN, BLOCKS - RUN, from_second);
  assert_memory_equal(bytes + 16 * RUN, from_second, sizeof from_second);
  for (uint32_t block = 0; block < BLOCKS; block++) {
    const uint32_t counter[4] = {40 + block, 7, 5, HR_STREAM_DROPOUT};
    const uint32_t key[2] = {SEED, 0};
    uint32_t words[4], run = block / RUN, count = run < 2 ? RUN : BLOCKS % RUN;
    hr_philox4x32(counter, key, words);
    for (uint32_t j = 0; j < 4; j++) {
      const uint8_t *at = bytes + 16 * RUN * run + 4 * (j * count + block % RUN);
      uint32_t word;
      memcpy(&word, at, sizeof word); /* little-endian */
      assert_int_equal(word, words[j]);
    }
  }
}

static void deviates_are_standard_normal(void **state) {
  (void)state;
  enum { ROWS = 500, PIXELS = 4096 };
  double n = (double)ROWS * PIXELS, sum[5] = {0}, lag = 0, inside = 0;
  float z[PIXELS];
  for (uint64_t row = 0; row < ROWS; row++) {
    hr_normal(SEED, HR_STREAM_NOISE_TRAIN, row, 0, PIXELS, z);
    for (size_t i = 0; i < PIXELS; i++) {
      double v = (double)z[i], power = 1;
      for (int k = 0; k < 5; k++, power *= v) sum[k] += power;
      if (i > 0) lag += v * (double)z[i - 1];
      inside += fabs(v) < 1.0;
    }
  }
  /* Five standard errors of each statistic: sqrt(Var / n). */
  check_near(sum[1] / n, 0, 5 * sqrt(1 / n));
  check_near(sum[2] / n, 1, 5 * sqrt(2 / n));
  check_near(sum[3] / n, 0, 5 * sqrt(15 / n));
  check_near(sum[4] / n, 3, 5 * sqrt(96 / n));
  check_near(lag / n, 0, 5 * sqrt(1 / n));
  check_near(inside / n, 0.682689492137086, 5 * sqrt(0.6827 * 0.3173 / n));
}

static void rows_streams_and_seeds_are_independent(void **state) {
  (void)state;
  float a[64], b[64];
  hr_normal(SEED, HR_STREAM_NOISE_TRAIN, 1, 0, 64, a);
  hr_normal(SEED, HR_STREAM_NOISE_TRAIN, 2, 0, 64, b);
  assert_memory_not_equal(a, b, sizeof a);
  hr_normal(SEED, HR_STREAM_NOISE_TEST, 1, 0, 64, b);
  assert_memory_not_equal(a, b, sizeof a);
  hr_normal(SEED + 1, HR_STREAM_NOISE_TRAIN, 1, 0, 64, b);
  assert_memory_not_equal(a, b, sizeof a);
  hr_normal(SEED + ((uint64_t)1 << 32), HR_STREAM_NOISE_TRAIN, 1, 0, 64, b);
  assert_memory_not_equal(a, b, sizeof a);
  hr_normal(SEED, HR_STREAM_NOISE_TRAIN, 1 + ((uint64_t)1 << 32), 0, 64, b);
  assert_memory_not_equal(a, b, sizeof a);
}

static void uniforms_are_uniform(void **state) {
  (void)state;
  enum { COUNT = 200000, BOUND = 7 };
  double sum = 0, square = 0;
  size_t hits[BOUND] = {0};
  for (uint32_t i = 0; i < COUNT; i++) {
    double u = hr_uniform(SEED, HR_STREAM_FOLDS, 3, i);
    assert_true(u > 0 && u < 1);
    sum += u;
    square += u * u;
    uint32_t k = hr_uniform_below(SEED, HR_STREAM_BOOTSTRAP, 3, i, BOUND);
    assert_true(k < BOUND);
    hits[k]++;
  }
  check_near(sum / COUNT, 0.5, 5 * sqrt(1.0 / 12 / COUNT));
  check_near(square / COUNT, 1.0 / 3, 5 * sqrt(4.0 / 45 / COUNT));
  for (size_t k = 0; k < BOUND; k++) {
    check_near((double)hits[k] / COUNT, 1.0 / BOUND, 5 * sqrt(6.0 / 49 / COUNT));
  }
}

static void counts_are_those_of_one_after_the_other(void **state) {
  (void)state;
  enum { MOST = 1100 };
  const size_t counts[] = {0, 1, 3, 511, 512, 513, MOST};
  const uint32_t bounds[] = {1, 7, MOST};
  const uint64_t row = 5 + ((uint64_t)1 << 32);
  uint32_t times[MOST], expected[MOST];
  for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
    for (size_t b = 0; b < sizeof bounds / sizeof *bounds; b++) {
      memset(times, 1, sizeof times);
      memset(expected, 0, sizeof expected);
      for (uint32_t i = 0; i < counts[c]; i++) {
        expected[hr_uniform_below(SEED, HR_STREAM_BOOTSTRAP, row, i, bounds[b])]++;
      }
      hr_count_uniform_below(SEED, HR_STREAM_BOOTSTRAP, row, counts[c], bounds[b], times);
      assert_memory_equal(times, expected, bounds[b] * sizeof *times);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(philox_gives_the_known_answers),
      cmocka_unit_test(a_deviate_depends_on_its_address_alone),
      cmocka_unit_test(deviates_equal_the_plain_reference),
      cmocka_unit_test(the_bytes_are_the_documented_ones),
      cmocka_unit_test(bytes_are_words_in_runs),
      cmocka_unit_test(deviates_are_standard_normal),
      cmocka_unit_test(rows_streams_and_seeds_are_independent),
      cmocka_unit_test(uniforms_are_uniform),
      cmocka_unit_test(counts_are_those_of_one_after_the_other),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
