/* Batch normalisation with AVX-512 against the plain loops, bit for bit. */
#include <math.h>

#include "core/random.h"
#include "nn/bf16.h"
#include "nn/pool.h"
#include "support/check.h"

enum { MOST = 4096, MOST_CHANNELS = 67 };

static const hr_pool_shape shapes[] = {
    {.width = 41, .channels = 64, .pool = 4},
    {.width = 13, .channels = 67, .pool = 3},
    {.width = 9, .channels = 5, .pool = 1},
    {.width = 40, .channels = 32, .pool = 20},
};
enum { SHAPES = sizeof shapes / sizeof shapes[0] };

/* What both have in common, and what each makes of it. */
static float exact[MOST], dout[MOST], lines[3][MOST_CHANNELS];
static uint16_t half[MOST];
static double moments[2][MOST_CHANNELS];

typedef struct outcome {
  float peak[MOST], out[MOST], da[MOST];
  uint16_t half_da[MOST], rounded[MOST];
  uint8_t places[MOST], where[MOST];
  double sums[2 * MOST_CHANNELS], gradients[2 * MOST_CHANNELS];
} outcome;

static void make_up(void) {
  hr_normal(1, HR_STREAM_NOISE_TRAIN, 1, 0, MOST, exact);
  hr_normal(1, HR_STREAM_NOISE_TRAIN, 2, 0, MOST, dout);
  hr_normal(1, HR_STREAM_NOISE_TRAIN, 3, 0, 3 * MOST_CHANNELS, lines[0]);
  for (size_t c = 0; c < MOST_CHANNELS; c++) {
    moments[0][c] = 0.01 * (double)c;
    moments[1][c] = 1.0 / (1 + (double)c);
  }
  hr_round_to_bf16(MOST, exact, half);
}

/* The plain loops' own tests are in test_pool.c. Behind what belongs to a row nothing is
 * written: all of an outcome is compared. */
static void compute(const hr_norm_kernels *k, hr_pool_shape shape, outcome *o) {
  const void *a = shape.is_bf16 ? (const void *)half : exact;
  void *da = shape.is_bf16 ? (void *)o->half_da : o->da;
  const hr_norm_factors factors = {lines[0], lines[1], lines[2]};
  const hr_norm_moments m = {moments[0], moments[1]};
  float sign[MOST_CHANNELS];
  for (size_t c = 0; c < MOST_CHANNELS; c++) sign[c] = c % 3 == 0 ? -1 : 1;
  memset(o, 77, sizeof *o);
  k->peaks(&shape, a, sign, o->peak, o->places, o->sums);
  memcpy(o->where, o->places, sizeof o->where);
  k->of_peaks(&shape, o->peak, lines[0], lines[1], o->out, o->where);
  k->backward_sums(&shape, dout, o->where, o->peak, &m, o->gradients);
  k->pool_backward(&shape, dout, o->where, a, &factors, da);
  k->round_to_bf16(shape.width * shape.channels - 3, exact, o->rounded);
}

static outcome plain, fast;

static void compare(bool is_bf16) {
  for (size_t i = 0; i < SHAPES; i++) {
    hr_pool_shape shape = shapes[i];
    shape.is_bf16 = is_bf16;
    compute(&hr_norm_plain, shape, &plain);
    compute(hr_norm_avx512(), shape, &fast);
    assert_memory_equal(fast.peak, plain.peak, sizeof fast.peak);
    assert_memory_equal(fast.places, plain.places, sizeof fast.places);
    assert_memory_equal(fast.sums, plain.sums, sizeof fast.sums);
    assert_memory_equal(fast.out, plain.out, sizeof fast.out);
    assert_memory_equal(fast.where, plain.where, sizeof fast.where);
    assert_memory_equal(fast.gradients, plain.gradients, sizeof fast.gradients);
    assert_memory_equal(fast.da, plain.da, sizeof fast.da);
    assert_memory_equal(fast.half_da, plain.half_da, sizeof fast.half_da);
    assert_memory_equal(fast.rounded, plain.rounded, sizeof fast.rounded);
  }
}

static void it_is_the_plain_one_in_fp32(void **state) {
  (void)state;
  if (!hr_norm_avx512()) skip();
  make_up();
  compare(false);
}

static void it_is_the_plain_one_in_bf16(void **state) {
  (void)state;
  if (!hr_norm_avx512()) skip();
  make_up();
  compare(true);
}

/* Ties, signed zeros, subnormals, infinities and what is no number. */
static void odd_values_are_treated_alike(void **state) {
  (void)state;
  const float odd[] = {0, -0.0F, INFINITY, -INFINITY, NAN, 0x1p-140F, -0x1p-127F, 1, 1};
  if (!hr_norm_avx512()) skip();
  make_up();
  for (size_t i = 0; i < MOST; i++) exact[i] = odd[i * i % 9];
  outcome *both[] = {&plain, &fast};
  for (int is_bf16 = 0; is_bf16 < 2; is_bf16++) {
    hr_pool_shape shape = shapes[1];
    shape.is_bf16 = is_bf16 == 1;
    hr_round_to_bf16(MOST, exact, half);
    compute(&hr_norm_plain, shape, &plain);
    compute(hr_norm_avx512(), shape, &fast);
    /* Which NaN comes of two is each instruction's own. */
    for (size_t i = 0; i < MOST; i++) {
      for (size_t k = 0; k < 2; k++) {
        if (isnan(both[k]->peak[i])) both[k]->peak[i] = NAN;
        if (isnan(both[k]->da[i])) both[k]->da[i] = NAN;
        if (isnan(hr_bf16_value(both[k]->half_da[i]))) both[k]->half_da[i] = 0x7fc0;
      }
    }
    assert_memory_equal(fast.peak, plain.peak, sizeof fast.peak);
    assert_memory_equal(fast.places, plain.places, sizeof fast.places);
    assert_memory_equal(fast.where, plain.where, sizeof fast.where);
    assert_memory_equal(fast.da, plain.da, sizeof fast.da);
    assert_memory_equal(fast.half_da, plain.half_da, sizeof fast.half_da);
    assert_memory_equal(fast.rounded, plain.rounded, sizeof fast.rounded);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_is_the_plain_one_in_fp32),
      cmocka_unit_test(it_is_the_plain_one_in_bf16),
      cmocka_unit_test(odd_values_are_treated_alike),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
