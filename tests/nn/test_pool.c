/* Pools and batch normalisation against known answers. */
#include "nn/pool.h"

#include <math.h>

#include "core/random.h"
#include "nn/bf16.h"
#include "support/check.h"

static void pools_give_known_answers(void **state) {
  (void)state;
  const hr_pool_shape shape = {.width = 5, .channels = 2, .pool = 2};
  const float a[] = {1, -1, 3, -2, 2, 0.5F, 2, 0.25F, 9, 9}, dout[] = {10, 20, 30, 40};
  float out[4], da[10];
  uint8_t where[4];
  hr_pool_forward(&shape, a, out, where);
  assert_memory_equal(out, ((float[]){3, 0, 2, 0.5F}), sizeof out);
  assert_memory_equal(where, ((uint8_t[]){1, HR_POOL_NONE, 0, 0}), sizeof where);
  hr_pool_backward(&shape, dout, where, da);
  assert_memory_equal(da, ((float[]){0, 0, 10, 0, 30, 40, 0, 0, 0, 0}), sizeof da);
}

/* 131 channels: more than are looked at side by side. */
static void pools_treat_all_channels_alike(void **state) {
  (void)state;
  enum { WIDTH = 12, CHANNELS = 131 };
  const hr_pool_shape shape = {.width = WIDTH, .channels = CHANNELS, .pool = 3};
  float a[WIDTH * CHANNELS], out[4 * CHANNELS], da[WIDTH * CHANNELS];
  uint8_t where[4 * CHANNELS];
  hr_normal(1, HR_STREAM_NOISE_TRAIN, 5, 0, WIDTH * CHANNELS, a);
  hr_pool_forward(&shape, a, out, where);
  hr_pool_backward(&shape, out, where, da);
  for (size_t i = 0; i < 4 * CHANNELS; i++) {
    size_t q = i / CHANNELS, c = i % CHANNELS;
    float best = 0, sum = 0;
    for (size_t j = 0; j < 3; j++) {
      best = fmaxf(best, a[(q * 3 + j) * CHANNELS + c]);
      sum += da[(q * 3 + j) * CHANNELS + c];
    }
    check_near(out[i], best, 0);
    check_near(sum, best, 0);
    if (where[i] == HR_POOL_NONE) {
      check_near(best, 0, 0);
    } else {
      check_near(da[(q * 3 + where[i]) * CHANNELS + c], best, 0);
    }
  }
}

static void normalisation_gives_known_answers(void **state) {
  (void)state;
  const hr_pool_shape shape = {.width = 2, .channels = 2, .pool = 2};
  const float a[] = {1, 10, 3, 20}, scale[] = {2, 0.5F}, shift[] = {-1, 1};
  const float dout[] = {5, 7}, q[] = {1, 0}, r[] = {0, 100};
  const uint8_t where[] = {1, HR_POOL_NONE};
  const double mean[] = {2, 15}, inverse[] = {0.5, 1};
  const hr_norm_moments moments = {mean, inverse};
  const hr_norm_factors factors = {scale, q, r};
  const float sign[] = {1, -1}, peaks[] = {3, 20};
  float out[2], da[4], peak[2];
  uint8_t found[2];
  double sums[4];
  hr_norm_peaks(&shape, a, sign, peak, found, sums);
  assert_memory_equal(sums, ((double[]){4, 30, 10, 500}), sizeof sums);
  assert_memory_equal(peak, ((float[]){3, 10}), sizeof peak);
  assert_memory_equal(found, ((uint8_t[]){1, 0}), sizeof found);
  hr_norm_pool_forward(&shape, a, scale, shift, out, found);
  assert_memory_equal(out, ((float[]){5, 11}), sizeof out);
  assert_memory_equal(found, ((uint8_t[]){1, 1}), sizeof found);
  hr_norm_backward_sums(&shape, dout, where, peaks, &moments, sums);
  assert_memory_equal(sums, ((double[]){5, 0, 2.5, 0}), sizeof sums);
  hr_norm_pool_backward(&shape, dout, where, a, &factors, da);
  assert_memory_equal(da, ((float[]){1, 100, 13, 100}), sizeof da);
}

enum { WIDTH = 13, C = 131, POOLED = 4 * C };

/* 131 channels, and a pixel that fills no pool. */
static const hr_pool_shape odd = {.width = WIDTH, .channels = C, .pool = 3};

static float row[WIDTH * C], lines[3][C], back[POOLED];

static void make_up(void) {
  hr_normal(1, HR_STREAM_NOISE_TRAIN, 6, 0, WIDTH * C, row);
  hr_normal(1, HR_STREAM_NOISE_TRAIN, 7, 0, POOLED, back);
  hr_normal(1, HR_STREAM_NOISE_TRAIN, 8, 0, 3 * C, lines[0]);
}

/* What is done in one pass is to the bit what its steps are, and what is found before
 * scale and shift are known, but for their sign, is what is found after. */
static void normalisation_is_its_steps(void **state) {
  (void)state;
  float z[WIDTH * C], out[POOLED], wanted[POOLED], sign[C], peak[POOLED];
  uint8_t where[POOLED], places[POOLED];
  double sums[2 * C], plain[2 * C] = {0};
  make_up();
  for (size_t c = 0; c < C; c++) sign[c] = lines[0][c] < 0 ? -1 : 1;
  for (size_t i = 0; i < WIDTH * C; i++) {
    z[i] = row[i] * lines[0][i % C] + lines[1][i % C];
    plain[i % C] += (double)row[i];
    plain[C + i % C] += (double)row[i] * (double)row[i];
  }
  hr_pool_forward(&odd, z, wanted, places);
  hr_norm_pool_forward(&odd, row, lines[0], lines[1], out, where);
  assert_memory_equal(out, wanted, sizeof out);
  assert_memory_equal(where, places, sizeof where);
  hr_norm_peaks(&odd, row, sign, peak, where, sums);
  assert_memory_equal(sums, plain, sizeof sums);
  hr_norm_of_peaks(&odd, peak, lines[0], lines[1], out, where);
  assert_memory_equal(out, wanted, sizeof out);
  assert_memory_equal(where, places, sizeof where);
}

/* Also backwards. What comes back where nothing went forward counts for nothing, whatever
 * it is. */
static void gradients_of_normalisation_are_their_steps(void **state) {
  (void)state;
  float out[POOLED], peak[POOLED], da[WIDTH * C], d[WIDTH * C];
  uint8_t where[POOLED];
  double mean[C], inverse[C], sums[2 * C], plain[2 * C] = {0};
  const hr_norm_moments moments = {mean, inverse};
  const hr_norm_factors factors = {lines[0], lines[1], lines[2]};
  make_up();
  for (size_t c = 0; c < C; c++) mean[c] = 0.1 * (double)c, inverse[c] = 1.5;
  hr_norm_pool_forward(&odd, row, lines[0], lines[1], out, where);
  for (size_t i = 0; i < POOLED; i++) {
    size_t q = i / C, c = i % C;
    peak[i] = 7;
    if (where[i] == HR_POOL_NONE) {
      back[i] = NAN;
      continue;
    }
    peak[i] = row[(q * 3 + where[i]) * C + c];
    plain[c] += (double)back[i];
    plain[C + c] += (double)back[i] * ((double)peak[i] - mean[c]) * inverse[c];
  }
  hr_norm_backward_sums(&odd, back, where, peak, &moments, sums);
  assert_memory_equal(sums, plain, sizeof sums);
  hr_pool_backward(&odd, back, where, d);
  for (size_t i = 0; i < WIDTH * C; i++) {
    d[i] = d[i] * lines[0][i % C] + row[i] * lines[1][i % C] + lines[2][i % C];
  }
  hr_norm_pool_backward(&odd, back, where, row, &factors, da);
  assert_memory_equal(da, d, sizeof da);
}

static uint16_t half[WIDTH * C], half_of_d[WIDTH * C];

static void check_rounded(const float *exact) {
  uint16_t rounded[WIDTH * C];
  hr_round_to_bf16(WIDTH * C, exact, rounded);
  assert_memory_equal(half_of_d, rounded, sizeof rounded);
}

/* In bf16 a row gives what its values give in fp32; what goes into it is rounded. */
static void rows_in_bf16_are_those_in_fp32(void **state) {
  (void)state;
  hr_pool_shape shape = odd;
  float out[2][POOLED], da[WIDTH * C];
  uint8_t where[2][POOLED];
  double sums[2][2 * C];
  const hr_norm_factors factors = {lines[0], lines[1], lines[2]};
  shape.is_bf16 = true;
  make_up();
  hr_round_to_bf16(WIDTH * C, row, half);
  for (size_t i = 0; i < WIDTH * C; i++) row[i] = hr_bf16_value(half[i]);
  hr_pool_forward(&odd, row, out[0], where[0]);
  hr_pool_forward(&shape, half, out[1], where[1]);
  assert_memory_equal(out[0], out[1], sizeof out[0]);
  hr_pool_backward(&odd, back, where[0], da);
  hr_pool_backward(&shape, back, where[1], half_of_d);
  check_rounded(da);
  hr_norm_pool_forward(&odd, row, lines[0], lines[1], out[0], where[0]);
  hr_norm_pool_forward(&shape, half, lines[0], lines[1], out[1], where[1]);
  assert_memory_equal(out[0], out[1], sizeof out[0]);
  hr_norm_pool_backward(&odd, back, where[0], row, &factors, da);
  hr_norm_pool_backward(&shape, back, where[1], half, &factors, half_of_d);
  check_rounded(da);
  hr_norm_peaks(&odd, row, lines[2], out[0], where[0], sums[0]);
  hr_norm_peaks(&shape, half, lines[2], out[1], where[1], sums[1]);
  assert_memory_equal(out[0], out[1], sizeof out[0]);
  assert_memory_equal(where[0], where[1], sizeof where[0]);
  assert_memory_equal(sums[0], sums[1], sizeof sums[0]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(pools_give_known_answers),
      cmocka_unit_test(pools_treat_all_channels_alike),
      cmocka_unit_test(normalisation_gives_known_answers),
      cmocka_unit_test(normalisation_is_its_steps),
      cmocka_unit_test(gradients_of_normalisation_are_their_steps),
      cmocka_unit_test(rows_in_bf16_are_those_in_fp32),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
