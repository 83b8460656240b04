/* What is BLAS's alone: orders that its integers do not hold, and large products, which
 * it blocks and orders in its own way. All else is in test_compute.c. */
#include <limits.h>
#include <math.h>
#include <string.h>

#include "compute/compute.h"
#include "core/alloc.h"
#include "core/parallel.h"
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

/* Blocked over all three dimensions. */
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

enum { ROWS = 256, COLUMNS = 128 };

/* What hr_components computes: a Gram matrix, its eigenvectors, their product with the
 * rows. out: [ROWS][COLUMNS]. */
static void decompose(const double *rows, double *gram, double *work, double *out) {
  const hr_product square = {
      .n = ROWS, .k = COLUMNS, .lda = COLUMNS, .ldc = ROWS, .factor = 1};
  const hr_product product = {.m = ROWS,
                              .n = COLUMNS,
                              .k = ROWS,
                              .lda = ROWS,
                              .ldb = COLUMNS,
                              .ldc = COLUMNS,
                              .factor = 1};
  memset(gram, 0, ROWS * ROWS * sizeof *gram);
  hr_compute_blas.syrk_f64(&square, rows, gram);
  assert_true(hr_compute_blas.eigen_f64(ROWS, gram, work, work + ROWS));
  hr_compute_blas.gemm_f64(&product, gram, rows, out);
}

/* Outside a team OpenBLAS divides a matrix by the threads there may be, and sums along
 * the cuts in another order: 0.3.21 with its kernels for AVX2 does. */
static void outside_a_team_threads_change_nothing(void **state) {
  hr_error err;
  float *drawn = NULL;
  double *rows = NULL, *gram = NULL, *work = NULL, *alone = NULL, *out = NULL;
  size_t threads = hr_thread_count();
  (void)state;
  check_ok(hr_alloc(&drawn, ROWS * COLUMNS, &err));
  check_ok(hr_alloc(&rows, ROWS * COLUMNS, &err));
  check_ok(hr_alloc(&gram, ROWS * ROWS, &err));
  check_ok(hr_alloc(&work, ROWS + hr_compute_eigen_work(ROWS), &err));
  check_ok(hr_alloc(&alone, ROWS * COLUMNS, &err));
  check_ok(hr_alloc(&out, ROWS * COLUMNS, &err));
  hr_normal(1, HR_STREAM_NOISE_TRAIN, 0, 0, ROWS * COLUMNS, drawn);
  for (size_t i = 0; i < ROWS * COLUMNS; i++) rows[i] = (double)drawn[i];
  hr_thread_limit(1);
  decompose(rows, gram, work, alone);
  for (size_t some = 2; some <= 5; some++) {
    hr_thread_limit(some);
    decompose(rows, gram, work, out);
    assert_int_equal(hr_thread_count(), some); /* as it was */
    assert_memory_equal(out, alone, ROWS * COLUMNS * sizeof *out);
  }
  hr_thread_limit(threads);
  hr_free(drawn);
  hr_free(rows);
  hr_free(gram);
  hr_free(work);
  hr_free(alone);
  hr_free(out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(orders_beyond_an_int_are_refused),
      cmocka_unit_test(large_products_are_those_of_the_reference),
      cmocka_unit_test(outside_a_team_threads_change_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
