/* What the reference promises beyond test_compute.c: sums in fp64, rounded once, and
 * eigenvectors where eigenvalues repeat or are of very different sizes. */
#include <math.h>

#include "compute/compute.h"
#include "support/check.h"

/* In fp32 the ones would be lost beside 2²⁵. */
static void sums_are_rounded_once(void **state) {
  const float a[] = {33554432, 1, 1, -33554432}, ones[] = {1, 1, 1, 1};
  float c = 0;
  (void)state;
  const hr_product p = {
      .m = 1, .n = 1, .k = 4, .lda = 4, .ldb = 1, .ldc = 1, .factor = 1};
  hr_compute_reference.gemm_f32(&p, a, ones, &c);
  assert_true(c == 2);
  const float column[] = {4096, 1, 1};
  hr_product square = {.n = 1, .k = 3, .lda = 3, .ldc = 1, .factor = 1, .keep = -1};
  c = 16777216;
  hr_compute_reference.syrk_f32(&square, column, &c);
  assert_true(c == 2);
}

static void repeated_eigenvalues_have_orthonormal_vectors(void **state) {
  enum { N = 4 };
  double a[N * N], values[N], work[1 + 6 * N + 2 * N * N + 3 + 5 * N];
  (void)state;
  for (size_t i = 0; i < N * N; i++) a[i] = 1; /* 0, 0, 0 and 4 */
  assert_true(hr_compute_reference.eigen_f64(N, a, values, work));
  for (size_t k = 0; k < N; k++) {
    check_near(values[k], k == N - 1 ? 4 : 0, 1e-14);
    for (size_t l = 0; l < N; l++) {
      double product = hr_compute_reference.dot_f64(N, a + k * N, a + l * N);
      check_near(product, k == l ? 1 : 0, 1e-14);
    }
  }
  for (size_t i = 0; i < N; i++) check_near(fabs(a[(N - 1) * N + i]), 0.5, 1e-14);
}

static void diagonal_and_empty_matrices_need_no_turn(void **state) {
  double a[] = {1e12, 0, 0, 0, 1e-12, 0, 0, 0, -3}, values[3];
  double work[1 + 6 * 3 + 2 * 9 + 3 + 5 * 3];
  (void)state;
  assert_true(hr_compute_reference.eigen_f64(3, a, values, work));
  const double expected[] = {-3, 1e-12, 1e12};
  assert_memory_equal(values, expected, sizeof values);
  const double vectors[] = {0, 0, 1, 0, 1, 0, 1, 0, 0};
  assert_memory_equal(a, vectors, sizeof a);
  assert_true(hr_compute_reference.eigen_f64(0, a, values, work));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sums_are_rounded_once),
      cmocka_unit_test(repeated_eigenvalues_have_orthonormal_vectors),
      cmocka_unit_test(diagonal_and_empty_matrices_need_no_turn),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
