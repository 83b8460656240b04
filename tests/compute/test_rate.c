/* The measured rate: operations over seconds, of the best of some. */
#include "compute/rate.h"

#include "core/clock.h"
#include "core/parallel.h"
#include "support/check.h"
#include "support/fail_alloc.h"

/* A back end that sleeps 20 ms over every product and multiplies nothing. */
static void sleep_over(const hr_product *product, const float *a, const float *b,
                       float *c) {
  double start = hr_clock_seconds();
  (void)a, (void)b, (void)c;
  assert_int_equal(product->m * product->n * product->k, 1 << 30);
  while (hr_clock_seconds() - start < 0.02) continue;
}

static void it_is_operations_over_seconds(void **state) {
  (void)state;
  hr_compute slow = hr_compute_blas;
  slow.gemm_f32 = sleep_over;
  double most = (double)hr_thread_count() * 2 * (1 << 30) / 0.02;
  double rate = hr_compute_rate(&slow);
  assert_true(rate <= most && rate > 0.02 * most);
}

static void without_memory_it_is_not_known(void **state) {
  (void)state;
  fail_alloc_at(1);
  double rate = hr_compute_rate(&hr_compute_blas);
  fail_alloc_at(0);
  assert_true(rate == 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_is_operations_over_seconds),
      cmocka_unit_test(without_memory_it_is_not_known),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
