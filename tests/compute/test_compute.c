/* Every kernel of every back end: the same tests on both tables. What is expected is made
 * here, by hand or by another way of the same mathematics. */
#include "compute/compute.h"

#include <math.h>

#include "compute/few.h"
#include "core/random.h"
#include "support/check.h"

enum { M = 37, N = 53, K = 71, LD = 80, T = 3 };

/* Standard normal numbers, of a key of their own. */
static void fill(float *x, size_t count, uint64_t row) {
  hr_normal(1, HR_STREAM_NOISE_TRAIN, row, 0, count, x);
}

static void fill_wide(double *x, size_t count, uint64_t row) {
  static float narrow[LD * LD];
  fill(narrow, count, row);
  for (size_t i = 0; i < count; i++) x[i] = (double)narrow[i];
}

/* Both orders of A and of B, with a factor, over what C held or on top of it. */
static hr_product product_number(size_t number) {
  return (hr_product){.m = M,
                      .n = N,
                      .k = K,
                      .transpose_a = number & 1,
                      .transpose_b = number & 2,
                      .lda = LD,
                      .ldb = LD,
                      .ldc = LD,
                      .factor = number & 4 ? -2 : 1,
                      .keep = number & 8 ? 0.5 : 0};
}

/* Element (i, j) of factor op(A) op(B), of A and B [LD][LD]. */
static double element(const hr_product *p, const double *a, const double *b, size_t i,
                      size_t j) {
  double sum = 0;
  for (size_t k = 0; k < p->k; k++) {
    double left = p->transpose_a ? a[k * LD + i] : a[i * LD + k];
    sum += left * (p->transpose_b ? b[j * LD + k] : b[k * LD + j]);
  }
  return p->factor * sum;
}

static void gemm_is_a_product(void **state) {
  const hr_compute *compute = *state;
  static double a[LD * LD], b[LD * LD], c[M * LD];
  static float narrow_a[LD * LD], narrow_b[LD * LD], narrow_c[M * LD];
  fill(narrow_a, LD * LD, 1);
  fill(narrow_b, LD * LD, 2);
  fill_wide(a, LD * LD, 1);
  fill_wide(b, LD * LD, 2);
  for (size_t number = 0; number < 16; number++) {
    const hr_product p = product_number(number);
    for (size_t i = 0; i < M * LD; i++) {
      c[i] = p.keep != 0 ? 3 : (double)NAN; /* what is not kept is not read */
      narrow_c[i] = (float)c[i];
    }
    compute->gemm_f64(&p, a, b, c);
    compute->gemm_f32(&p, narrow_a, narrow_b, narrow_c);
    for (size_t i = 0; i < M; i++) {
      for (size_t j = 0; j < N; j++) {
        double expected = element(&p, a, b, i, j) + 3 * p.keep;
        check_near(c[i * LD + j], expected, 1e-12);
        check_near(narrow_c[i * LD + j], expected, 1e-4);
      }
    }
  }
}

static void syrk_is_the_upper_triangle_of_one(void **state) {
  const hr_compute *compute = *state;
  static double a[LD * LD], c[N * LD];
  static float narrow_a[LD * LD], narrow_c[N * LD];
  fill(narrow_a, LD * LD, 1);
  fill_wide(a, LD * LD, 1);
  for (size_t number = 0; number < 16; number++) {
    const hr_product p = product_number(number & ~(size_t)2);
    hr_product whole = p;
    whole.transpose_b = !p.transpose_a;
    for (size_t i = 0; i < N * LD; i++) narrow_c[i] = (float)(c[i] = 3);
    compute->syrk_f64(&p, a, c);
    compute->syrk_f32(&p, narrow_a, narrow_c);
    for (size_t i = 0; i < N; i++) {
      for (size_t j = 0; j < N; j++) {
        double made = element(&whole, a, a, i, j) + 3 * p.keep;
        double expected = j < i ? 3 : made; /* the rest is left alone */
        check_near(c[i * LD + j], expected, 1e-12);
        check_near(narrow_c[i * LD + j], expected, 2e-4);
      }
    }
  }
}

/* A known one, so that both back ends may not be wrong alike. */
static void small_products_are_right(void **state) {
  const hr_compute *compute = *state;
  const float a[] = {1, 2, 3, 4}, b[] = {5, 6, 7, 8};
  float c[4];
  hr_product p = {.m = 2, .n = 2, .k = 2, .lda = 2, .ldb = 2, .ldc = 2, .factor = 1};
  compute->gemm_f32(&p, a, b, c);
  const float plain[] = {19, 22, 43, 50};
  assert_memory_equal(c, plain, sizeof c);
  p.transpose_a = true;
  compute->gemm_f32(&p, a, b, c);
  const float transposed[] = {26, 30, 38, 44};
  assert_memory_equal(c, transposed, sizeof c);
  compute->syrk_f32(&p, a, c);
  const float with_itself[] = {10, 14, 38, 20}; /* 38: as it was */
  assert_memory_equal(c, with_itself, sizeof c);
  p.transpose_a = false;
  p.transpose_b = true;
  compute->gemm_f32(&p, a, b, c);
  const float of_rows[] = {17, 23, 39, 53};
  assert_memory_equal(c, of_rows, sizeof c);
}

static void matrices_times_vectors(void **state) {
  const hr_compute *compute = *state;
  const double a[] = {1, 2, 3, 4, 5, 6}, x[] = {1, -1, 2};
  double y[3] = {(double)NAN, (double)NAN, (double)NAN};
  compute->gemv_f64(2, 3, a, x, y);
  check_near(y[0], 5, 0);
  check_near(y[1], 11, 0);
}

static void vectors(void **state) {
  const hr_compute *compute = *state;
  const double x[] = {3, -4, 12};
  double y[] = {1, 2, 3};
  check_near(compute->dot_f64(3, x, y), 31, 0);
  check_near(compute->norm_f64(3, x), 13, 1e-14);
  check_near(compute->norm_f64(0, x), 0, 0);
  compute->axpy_f64(3, 2, x, y);
  const double sum[] = {7, -6, 27};
  assert_memory_equal(y, sum, sizeof y);
  compute->scal_f64(2, -2, y);
  const double scaled[] = {-14, 12, 27};
  assert_memory_equal(y, scaled, sizeof y);
}

/* Positive definite, and far from diagonal; its lower triangle poisoned. */
static double definite(size_t i, size_t j) {
  double value = (i == j ? 3 : 0) + 1 / (1 + fabs((double)i - (double)j));
  return j < i ? (double)NAN : value;
}

/* x [T][N], and b [T][N] = A x. */
static void make_systems(double *a, double *x, double *b) {
  for (size_t i = 0; i < N * N; i++) a[i] = definite(i / N, i % N);
  for (size_t i = 0; i < T * N; i++) {
    x[i] = 1 + (double)(i % 7);
    b[i] = 0;
  }
  for (size_t i = 0; i < T * N; i++) {
    size_t row = i % N, first = i - row;
    for (size_t j = 0; j < N; j++) {
      b[i] += definite(j < row ? j : row, j < row ? row : j) * x[first + j];
    }
  }
}

static void definite_systems_are_solved(void **state) {
  const hr_compute *compute = *state;
  static double a[N * N], x[T * N], b[T * N];
  for (size_t targets = 0; targets <= T; targets++) {
    make_systems(a, x, b);
    double beyond = b[T * N - 1];
    assert_true(compute->solve_definite_f64(N, targets, a, b));
    for (size_t i = 0; i < targets * N; i++) check_near(b[i], x[i], 1e-12);
    if (targets < T) check_near(b[T * N - 1], beyond, 0);
  }
  assert_true(compute->solve_definite_f64(0, 1, a, b));
}

static void a_factor_solves(void **state) {
  const hr_compute *compute = *state;
  static double a[N * N], x[T * N], wide[T * N];
  static float factor[N * N], b[T * N];
  float *sides[T];
  make_systems(a, x, wide);
  for (size_t i = 0; i < N * N; i++) factor[i] = (float)a[i];
  for (size_t i = 0; i < T * N; i++) b[i] = (float)wide[i];
  assert_true(compute->factorise_f32(N, factor));
  for (size_t t = 0; t < T; t++) sides[t] = b + t * N;
  hr_few_solve_factored(N, factor, T, sides);
  for (size_t i = 0; i < T * N; i++) check_near(b[i], x[i], 2e-5);
  float small[] = {4, 2, -1, 5}; /* its factor is 2, 1, 2; -1 is left alone */
  assert_true(compute->factorise_f32(2, small));
  const float expected[] = {2, 1, -1, 2};
  assert_memory_equal(small, expected, sizeof small);
}

static void a_factor_is_inverted(void **state) {
  const hr_compute *compute = *state;
  static double a[N * N], x[T * N], b[T * N];
  static float factor[N * N], inverse[N * N];
  make_systems(a, x, b);
  for (size_t i = 0; i < N * N; i++) factor[i] = (float)a[i];
  assert_true(compute->factorise_f32(N, factor));
  memcpy(inverse, factor, sizeof factor);
  compute->invert_factor_f32(N, inverse);
  for (size_t i = 0; i < N; i++) {
    for (size_t j = i; j < N; j++) {
      double sum = 0;
      for (size_t k = i; k <= j; k++) {
        sum += (double)inverse[i * N + k] * (double)factor[k * N + j];
      }
      check_near(sum, i == j, 2e-6);
    }
  }
  float small[] = {2, 1, -1, 4}; /* -1 is left alone */
  compute->invert_factor_f32(2, small);
  const float expected[] = {0.5f, -0.125f, -1, 0.25f};
  assert_memory_equal(small, expected, sizeof small);
  compute->invert_factor_f32(0, small);
}

static void indefinite_systems_are_refused(void **state) {
  const hr_compute *compute = *state;
  double indefinite[] = {1, 2, 0, 1}, b[] = {1, 1};
  assert_false(compute->solve_definite_f64(2, 1, indefinite, b));
  double nothing[] = {(double)NAN}, c[] = {1};
  assert_false(compute->solve_definite_f64(1, 1, nothing, c));
  double one[] = {1}, no_number[] = {1, (double)NAN};
  assert_false(compute->solve_definite_f64(1, 2, one, no_number));
  float narrow[] = {1, 2, 0, 1};
  assert_false(compute->factorise_f32(2, narrow));
}

/* The second difference on N points: eigenvalues 2 − 2 cos(π k/(N+1)), and vectors that
 * are orthonormal and are only scaled by the matrix. */
static void eigenvectors_are_found(void **state) {
  const hr_compute *compute = *state;
  static double a[N * N], vectors_of[N * N], values[N];
  static double work[1 + 6 * N + 2 * N * N + 3 + 5 * N];
  assert_int_equal(sizeof work / sizeof work[0], hr_compute_eigen_work(N));
  for (size_t i = 0; i < N * N; i++) {
    size_t row = i / N, column = i % N;
    a[i] = column < row ? (double)NAN : column == row ? 2 : column == row + 1 ? -1 : 0;
    vectors_of[i] = a[i];
  }
  assert_true(compute->eigen_f64(N, vectors_of, values, work));
  for (size_t k = 0; k < N; k++) {
    const double *v = vectors_of + k * N;
    double image[N];
    check_near(values[k], 2 - 2 * cos(acos(-1) * (double)(k + 1) / (N + 1)), 1e-12);
    for (size_t i = 0; i < N; i++) {
      image[i] = 2 * v[i] - (i > 0 ? v[i - 1] : 0) - (i + 1 < N ? v[i + 1] : 0);
      check_near(image[i], values[k] * v[i], 1e-12);
    }
    for (size_t l = 0; l < N; l++) {
      check_near(compute->dot_f64(N, v, vectors_of + l * N), k == l ? 1 : 0, 1e-12);
    }
  }
  a[5] = (double)NAN;
  assert_false(compute->eigen_f64(N, a, values, work));
}

static void memory_is_zeroed_and_checked(void **state) {
  const hr_compute *compute = *state;
  hr_error err;
  double *x = NULL;
  check_ok(hr_compute_alloc(compute, &x, 1000, &err));
  for (size_t i = 0; i < 1000; i++) assert_true(x[i] == 0);
  assert_int_equal((uintptr_t)x % 64, 0);
  hr_compute_free(compute, x);
  hr_compute_free(compute, NULL);
  x = NULL;
  check_fails(hr_compute_alloc(compute, &x, SIZE_MAX / 4, &err), HR_ERR_MEMORY,
              "no memory for 4611686018427387903 elements of 8 bytes");
  assert_null(x);
}

static void the_default_is_one_of_them(void **state) {
  (void)state;
  assert_ptr_equal(hr_compute_default(), &hr_compute_blas);
  assert_string_equal(hr_compute_blas.name, "blas");
  assert_string_equal(hr_compute_reference.name, "reference");
}

#define on_both(test)                                                       \
  {"reference: " #test, test, NULL, NULL, (void *)&hr_compute_reference}, { \
    "blas: " #test, test, NULL, NULL, (void *)&hr_compute_blas              \
  }

int main(void) {
  const struct CMUnitTest tests[] = {
      on_both(gemm_is_a_product),
      on_both(syrk_is_the_upper_triangle_of_one),
      on_both(small_products_are_right),
      on_both(matrices_times_vectors),
      on_both(vectors),
      on_both(definite_systems_are_solved),
      on_both(a_factor_solves),
      on_both(a_factor_is_inverted),
      on_both(indefinite_systems_are_refused),
      on_both(eigenvectors_are_found),
      on_both(memory_is_zeroed_and_checked),
      cmocka_unit_test(the_default_is_one_of_them),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
