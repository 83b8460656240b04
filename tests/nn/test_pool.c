/* Pools and batch normalisation against known answers. */
#include "nn/pool.h"

#include <math.h>

#include "core/random.h"
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
  const hr_pool_shape shape = {WIDTH, CHANNELS, 3};
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
  float out[2], da[4];
  uint8_t found[2];
  double sums[4];
  hr_norm_sums(&shape, a, sums);
  assert_memory_equal(sums, ((double[]){4, 30, 10, 500}), sizeof sums);
  hr_norm_pool_forward(&shape, a, scale, shift, out, found);
  assert_memory_equal(out, ((float[]){5, 11}), sizeof out);
  assert_memory_equal(found, ((uint8_t[]){1, 1}), sizeof found);
  hr_norm_backward_sums(&shape, dout, where, a, &moments, sums);
  assert_memory_equal(sums, ((double[]){5, 0, 2.5, 0}), sizeof sums);
  hr_norm_pool_backward(&shape, dout, where, a, &factors, da);
  assert_memory_equal(da, ((float[]){1, 100, 13, 100}), sizeof da);
}

/* 131 channels, and a pixel that fills no pool: what is done in one pass is to the bit
 * what its steps are. A place that held a NaN counts for nothing where none is above 0.
 */
static void normalisation_is_its_steps(void **state) {
  (void)state;
  enum { WIDTH = 13, C = 131, POOLED = 4 * C };
  const hr_pool_shape shape = {WIDTH, C, 3};
  float a[WIDTH * C], z[WIDTH * C], out[POOLED], wanted[POOLED], dout[POOLED];
  float da[WIDTH * C], d[WIDTH * C], line[3][C];
  uint8_t where[POOLED], places[POOLED];
  double mean[C], inverse[C], sums[2 * C], plain[2 * C] = {0};
  const hr_norm_moments moments = {mean, inverse};
  const hr_norm_factors factors = {line[0], line[1], line[2]};
  hr_normal(1, HR_STREAM_NOISE_TRAIN, 6, 0, WIDTH * C, a);
  hr_normal(1, HR_STREAM_NOISE_TRAIN, 7, 0, POOLED, dout);
  hr_normal(1, HR_STREAM_NOISE_TRAIN, 8, 0, 3 * C, line[0]);
  for (size_t c = 0; c < C; c++) mean[c] = 0.1 * (double)c, inverse[c] = 1.5;
  for (size_t i = 0; i < WIDTH * C; i++) z[i] = a[i] * line[0][i % C] + line[1][i % C];
  hr_pool_forward(&shape, z, wanted, places);
  hr_norm_pool_forward(&shape, a, line[0], line[1], out, where);
  assert_memory_equal(out, wanted, sizeof out);
  assert_memory_equal(where, places, sizeof where);
  for (size_t i = 0; i < POOLED; i++) {
    size_t q = i / C, c = i % C;
    if (where[i] == HR_POOL_NONE) {
      dout[i] = NAN;
      continue;
    }
    plain[c] += (double)dout[i];
    plain[C + c] +=
        (double)dout[i] * ((double)a[(q * 3 + where[i]) * C + c] - mean[c]) * inverse[c];
  }
  hr_norm_backward_sums(&shape, dout, where, a, &moments, sums);
  assert_memory_equal(sums, plain, sizeof sums);
  hr_pool_backward(&shape, dout, where, d);
  for (size_t i = 0; i < WIDTH * C; i++) {
    d[i] = d[i] * line[0][i % C] + a[i] * line[1][i % C] + line[2][i % C];
  }
  hr_norm_pool_backward(&shape, dout, where, a, &factors, da);
  assert_memory_equal(da, d, sizeof da);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(pools_give_known_answers),
      cmocka_unit_test(pools_treat_all_channels_alike),
      cmocka_unit_test(normalisation_gives_known_answers),
      cmocka_unit_test(normalisation_is_its_steps),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
