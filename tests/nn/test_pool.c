/* Pools and batch normalisation against known answers. */
#include "nn/pool.h"

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
  float out[4];
  double sums[4];
  hr_norm_sums(&shape, a, sums);
  assert_memory_equal(sums, ((double[]){4, 30, 10, 500}), sizeof sums);
  hr_norm_apply(&shape, a, scale, shift, out);
  assert_memory_equal(out, ((float[]){1, 6, 5, 11}), sizeof out);
  hr_norm_backward_sums(&shape, dout, where, a, &moments, sums);
  assert_memory_equal(sums, ((double[]){5, 0, 2.5, 0}), sizeof sums);
  hr_norm_backward(&shape, a, scale, q, r, out);
  assert_memory_equal(out, ((float[]){3, 103, 13, 105.5F}), sizeof out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(pools_give_known_answers),
      cmocka_unit_test(pools_treat_all_channels_alike),
      cmocka_unit_test(normalisation_gives_known_answers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
