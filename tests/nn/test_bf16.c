/* Rounding to bf16: to the nearest, of two to the even one, subnormals as all others. */
#include "nn/bf16.h"

#include <math.h>

#include "core/random.h"
#include "nn/pool.h"
#include "support/check.h"

static void known_values_are_rounded(void **state) {
  (void)state;
  const struct {
    float value, rounded;
  } cases[] = {
      {1, 1},
      {-0.0F, -0.0F},
      {1 + 0x1p-8F, 1},                        /* half way, to the even one below */
      {1 + 0x1p-7F + 0x1p-8F, 1 + 0x1p-6F},    /* and above */
      {1 + 0x1p-8F + 0x1p-23F, 1 + 0x1p-7F},   /* just over half way */
      {-1 - 0x1p-8F - 0x1p-23F, -1 - 0x1p-7F}, /* the same below zero */
      {0x1.fffffep127F, INFINITY},
      {-INFINITY, -INFINITY},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    float back = hr_bf16_value(hr_bf16_of(cases[i].value));
    assert_memory_equal(&back, &cases[i].rounded, sizeof back);
  }
}

/* Instructions that round to bf16 make zeros of these. */
static void subnormals_are_kept(void **state) {
  (void)state;
  const float values[] = {0x1p-127F,   0x1p-133F, -0x1p-130F,
                          0x1.8p-133F, 0x1p-134F, 0x1p-149F};
  const float wanted[] = {0x1p-127F, 0x1p-133F, -0x1p-130F, 0x1p-132F, 0, 0};
  uint16_t rounded[6];
  hr_round_to_bf16(6, values, rounded);
  for (size_t i = 0; i < 6; i++) {
    float back = hr_bf16_value(rounded[i]);
    assert_memory_equal(&back, &wanted[i], sizeof back);
  }
}

static void no_number_stays_none(void **state) {
  (void)state;
  const uint32_t bits[] = {0x7f800001, 0x7fffffff, 0xffffffff, 0x7fc00000};
  for (size_t i = 0; i < 4; i++) {
    float value;
    memcpy(&value, &bits[i], sizeof value);
    assert_true(isnan(hr_bf16_value(hr_bf16_of(value))));
  }
}

/* No neighbour in bf16 is nearer. */
static void the_nearest_is_found(void **state) {
  (void)state;
  float values[4096];
  uint16_t rounded[4096];
  hr_normal(1, HR_STREAM_NOISE_TRAIN, 3, 0, 4096, values);
  hr_round_to_bf16(4096, values, rounded);
  for (size_t i = 0; i < 4096; i++) {
    float off = fabsf(values[i] - hr_bf16_value(rounded[i]));
    assert_true(off <= fabsf(values[i] - hr_bf16_value((uint16_t)(rounded[i] + 1))));
    assert_true(off <= fabsf(values[i] - hr_bf16_value((uint16_t)(rounded[i] - 1))));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(known_values_are_rounded),
      cmocka_unit_test(subnormals_are_kept),
      cmocka_unit_test(no_number_stays_none),
      cmocka_unit_test(the_nearest_is_found),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
