/* What is BLAS's alone: orders that its integers do not hold, and large products, which
 * it blocks and orders in its own way. All else is in test_compute.c. */
#include <limits.h>
#include <math.h>

#include "compute/compute.h"
#include "core/alloc.h"
#include "core/random.h"
#include "support/check.h"

static void orders_beyond_an_int_are_refused(void **state) {
  const size_t order = (size_t)INT_MAX + 1;
  (void)state; /* refused before anything is looked at */
  assert_false(hr_compute_blas.factorise_f32(order, NULL));
  assert_false(hr_compute_blas.solve_definite_f64(order, 1, NULL, NULL));
  assert_false(hr_compute_blas.solve_definite_f64(1, order, NULL, NULL));
  assert_false(hr_compute_blas.eigen_f64(32768, NULL, NULL, NULL)); /* 2 n² = 2³¹ */
}

/* Blocked over all three dimensions, and on as many threads as there are. */
static void large_products_are_those_of_the_reference(void **state) {
  enum { ORDER = 700 };
  hr_error err;
  float *a = NULL, *plain = NULL, *fast = NULL;
  (void)state;
  check_ok(hr_alloc(&a, ORDER * ORDER, &err));
  check_ok(hr_alloc(&plain, ORDER * ORDER, &err));
  check_ok(hr_alloc(&fast, ORDER * ORDER, &err));
  hr_normal(1, HR_STREAM_NOISE_TRAIN, 0, 0, ORDER * ORDER, a);
  const hr_product p = {.m = ORDER,
                        .n = ORDER,
                        .k = ORDER,
                        .transpose_a = true,
                        .lda = ORDER,
                        .ldb = ORDER,
                        .ldc = ORDER,
                        .factor = 1};
  hr_compute_reference.gemm_f32(&p, a, a, plain);
  hr_compute_blas.gemm_f32(&p, a, a, fast);
  for (size_t i = 0; i < ORDER * ORDER; i++) check_near(fast[i], plain[i], 5e-4);
  hr_compute_blas.syrk_f32(&p, a, fast);
  for (size_t i = 0; i < ORDER * ORDER; i++) {
    if (i % ORDER >= i / ORDER) check_near(fast[i], plain[i], 5e-4);
  }
  hr_free(a);
  hr_free(plain);
  hr_free(fast);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(orders_beyond_an_int_are_refused),
      cmocka_unit_test(large_products_are_those_of_the_reference),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
