/* The BLAS kernels against the reference, and the reference against known answers. */
#include "compute/backend.h"

#include <math.h>
#include <stdlib.h>

#include "core/random.h"
#include "support/check.h"

enum { M = 37, N = 53, K = 71, LD = 80 };

static void fill(float *x, size_t count, uint64_t row) {
  hr_normal(1, HR_STREAM_NOISE_TRAIN, row, 0, count, x);
}

static void products_agree(void **state) {
  (void)state;
  static float a[LD * LD], b[LD * LD], plain[M * LD], fast[M * LD];
  fill(a, LD * LD, 1);
  fill(b, LD * LD, 2);
  hr_product_shape shape = {M, N, K};
  hr_linalg_reference.product_transposed(shape, a, LD, b, LD, plain, LD);
  hr_linalg_blas.product_transposed(shape, a, LD, b, LD, fast, LD);
  for (size_t i = 0; i < M; i++) {
    for (size_t j = 0; j < N; j++) check_near(fast[i * LD + j], plain[i * LD + j], 2e-5);
  }
  hr_linalg_reference.product_of_rows(shape, a, LD, b, LD, plain, LD);
  hr_linalg_blas.product_of_rows(shape, a, LD, b, LD, fast, LD);
  for (size_t i = 0; i < M; i++) {
    for (size_t j = 0; j < N; j++) check_near(fast[i * LD + j], plain[i * LD + j], 2e-5);
  }
  fast[LD] = -1; /* below the diagonal: to be left alone */
  hr_linalg_reference.product_with_itself(M, K, a, LD, plain, LD);
  hr_linalg_blas.product_with_itself(M, K, a, LD, fast, LD);
  assert_true(fast[LD] == -1);
  for (size_t i = 0; i < M; i++) {
    for (size_t j = i; j < M; j++) check_near(fast[i * LD + j], plain[i * LD + j], 4e-5);
  }
}

static void reference_products_are_right(void **state) {
  (void)state;
  const float a[] = {1, 2, 3, 4}, b[] = {5, 6, 7, 8};
  float c[4];
  hr_linalg_reference.product_transposed((hr_product_shape){2, 2, 2}, a, 2, b, 2, c, 2);
  const float transposed[] = {26, 30, 38, 44};
  assert_memory_equal(c, transposed, sizeof c);
  hr_linalg_reference.product_of_rows((hr_product_shape){2, 2, 2}, a, 2, b, 2, c, 2);
  const float of_rows[] = {17, 23, 39, 53};
  assert_memory_equal(c, of_rows, sizeof c);
  hr_linalg_reference.product_with_itself(2, 2, a, 2, c, 2);
  const float with_itself[] = {10, 14, 39, 20}; /* 39: as it was */
  assert_memory_equal(c, with_itself, sizeof c);
}

static void both_solve_definite_systems(void **state) {
  (void)state;
  const hr_linalg_backend *backends[] = {&hr_linalg_reference, &hr_linalg_blas};
  for (size_t which = 0; which < 2; which++) {
    /* A = B Bᵀ + I from random B, a known x, b = A x; the lower triangle is poisoned. */
    static float rows[N * K], gram[N * N];
    static double a[N * N], b[N], x[N];
    fill(rows, N * K, 3);
    hr_linalg_reference.product_of_rows((hr_product_shape){N, N, K}, rows, K, rows, K,
                                        gram, N);
    for (size_t i = 0; i < N; i++) x[i] = (double)i - 20;
    for (size_t i = 0; i < N; i++) {
      b[i] = x[i];
      for (size_t j = 0; j < N; j++) {
        double value = (double)gram[(i < j ? i : j) * N + (i < j ? j : i)];
        b[i] += value * x[j];
        a[i * N + j] = j < i ? (double)NAN : value + (i == j ? 1 : 0);
      }
    }
    assert_true(backends[which]->solve_definite(N, a, b));
    for (size_t i = 0; i < N; i++) check_near(b[i], x[i], 1e-9);
  }
}

/* What is multiplied by a matrix and solved for again is what it was; the lower triangle
 * is never read. */
static void both_factorise_in_fp32(void **state) {
  (void)state;
  const hr_linalg_backend *backends[] = {&hr_linalg_reference, &hr_linalg_blas};
  static double wide[N * N], x[N], y[N];
  static float factor[N * N], b[N];
  for (size_t which = 0; which < 2; which++) {
    for (size_t i = 0; i < N; i++) {
      x[i] = 1 + (double)(i % 7);
      for (size_t j = 0; j < N; j++) {
        double value = (i == j ? 3 : 0) + 1 / (1 + fabs((double)i - (double)j));
        wide[i * N + j] = j < i ? (double)NAN : value;
        factor[i * N + j] = (float)wide[i * N + j];
      }
    }
    backends[which]->multiply_symmetric(N, wide, x, y);
    double first = 3 * x[0];
    for (size_t j = 0; j < N; j++) first += x[j] / (1 + (double)j);
    check_near(y[0], first, 1e-12);
    for (size_t i = 0; i < N; i++) b[i] = (float)y[i];
    assert_true(backends[which]->factorise(N, factor));
    backends[which]->solve_factored(N, factor, b);
    for (size_t i = 0; i < N; i++) check_near(b[i], x[i], 1e-5);
    float indefinite[] = {1, 2, 0, 1};
    assert_false(backends[which]->factorise(2, indefinite));
  }
}

static void both_refuse_indefinite_systems(void **state) {
  (void)state;
  const hr_linalg_backend *backends[] = {&hr_linalg_reference, &hr_linalg_blas};
  for (size_t which = 0; which < 2; which++) {
    double indefinite[] = {1, 2, 0, 1}, b[] = {1, 1};
    assert_false(backends[which]->solve_definite(2, indefinite, b));
    double nothing[] = {(double)NAN}, c[] = {1};
    assert_false(backends[which]->solve_definite(1, nothing, c));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(products_agree),
      cmocka_unit_test(reference_products_are_right),
      cmocka_unit_test(both_solve_definite_systems),
      cmocka_unit_test(both_factorise_in_fp32),
      cmocka_unit_test(both_refuse_indefinite_systems),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
