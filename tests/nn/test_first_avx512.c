/* The first block's convolution with AVX-512 against the one in plain loops. */
#include "support/first_checks.h"

static void rows_are_convolved_and_pooled(void **state) {
  (void)state;
  check_first_forward(hr_first_avx512);
}

static void gradients_agree(void **state) {
  (void)state;
  check_first_backward(hr_first_avx512);
}

/* A pool that one register does not hold. */
static void wide_pools_are_left_to_the_plain_one(void **state) {
  (void)state;
  const hr_first_shape wide = {.width = 64, .outputs = 16, .kernel = 5, .pool = 17};
  assert_null(hr_first_avx512(&wide));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rows_are_convolved_and_pooled),
      cmocka_unit_test(gradients_agree),
      cmocka_unit_test(wide_pools_are_left_to_the_plain_one),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
