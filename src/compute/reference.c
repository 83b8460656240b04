/* The kernels as one would write them on paper; the others are tested against these. */
#include <math.h>

#include "compute/backend.h"

static void product_transposed(hr_product_shape shape, const float *a, size_t lda,
                               const float *b, size_t ldb, float *c, size_t ldc) {
  for (size_t i = 0; i < shape.m; i++) {
    for (size_t j = 0; j < shape.n; j++) {
      double sum = 0;
      for (size_t k = 0; k < shape.k; k++) {
        sum += (double)a[k * lda + i] * (double)b[k * ldb + j];
      }
      c[i * ldc + j] = (float)sum;
    }
  }
}

static void product_with_itself(size_t n, size_t k, const float *a, size_t lda, float *c,
                                size_t ldc) {
  for (size_t i = 0; i < n; i++) {
    for (size_t j = i; j < n; j++) {
      double sum = 0;
      for (size_t r = 0; r < k; r++) {
        sum += (double)a[r * lda + i] * (double)a[r * lda + j];
      }
      c[i * ldc + j] = (float)sum;
    }
  }
}

static void product_of_rows(hr_product_shape shape, const float *a, size_t lda,
                            const float *b, size_t ldb, float *c, size_t ldc) {
  for (size_t i = 0; i < shape.m; i++) {
    for (size_t j = 0; j < shape.n; j++) {
      double sum = 0;
      for (size_t k = 0; k < shape.k; k++) {
        sum += (double)a[i * lda + k] * (double)b[j * ldb + k];
      }
      c[i * ldc + j] = (float)sum;
    }
  }
}

/* a = Uᵀ U, row by row (Golub & Van Loan, algorithm 4.2.1), then Uᵀ z = b and U x = z. */
static bool solve_definite(size_t n, double *a, double *b) {
  for (size_t i = 0; i < n; i++) {
    for (size_t j = i; j < n; j++) {
      double sum = a[i * n + j];
      for (size_t k = 0; k < i; k++) sum -= a[k * n + i] * a[k * n + j];
      if (i == j && !(sum > 0)) return false;
      a[i * n + j] = i == j ? sqrt(sum) : sum / a[i * n + i];
    }
  }
  for (size_t i = 0; i < n; i++) {
    for (size_t k = 0; k < i; k++) b[i] -= a[k * n + i] * b[k];
    b[i] /= a[i * n + i];
  }
  for (size_t i = n; i-- > 0;) {
    for (size_t k = i + 1; k < n; k++) b[i] -= a[i * n + k] * b[k];
    b[i] /= a[i * n + i];
    if (!isfinite(b[i])) return false;
  }
  return true;
}

static bool factorise(size_t n, float *a) {
  for (size_t i = 0; i < n; i++) {
    for (size_t j = i; j < n; j++) {
      double sum = (double)a[i * n + j];
      for (size_t k = 0; k < i; k++) sum -= (double)a[k * n + i] * (double)a[k * n + j];
      if (i == j && !(sum > 0)) return false;
      a[i * n + j] = (float)(i == j ? sqrt(sum) : sum / (double)a[i * n + i]);
    }
  }
  return true;
}

static void solve_factored(size_t n, const float *factor, float *b) {
  for (size_t i = 0; i < n; i++) {
    double sum = (double)b[i];
    for (size_t k = 0; k < i; k++) sum -= (double)factor[k * n + i] * (double)b[k];
    b[i] = (float)(sum / (double)factor[i * n + i]);
  }
  for (size_t i = n; i-- > 0;) {
    double sum = (double)b[i];
    for (size_t k = i + 1; k < n; k++) sum -= (double)factor[i * n + k] * (double)b[k];
    b[i] = (float)(sum / (double)factor[i * n + i]);
  }
}

static void multiply_symmetric(size_t n, const double *a, const double *x, double *y) {
  for (size_t i = 0; i < n; i++) {
    y[i] = 0;
    for (size_t j = 0; j < n; j++) {
      y[i] += a[(i < j ? i : j) * n + (i < j ? j : i)] * x[j];
    }
  }
}

const hr_linalg_backend hr_linalg_reference = {
    .name = "reference",
    .product_transposed = product_transposed,
    .product_with_itself = product_with_itself,
    .product_of_rows = product_of_rows,
    .solve_definite = solve_definite,
    .factorise = factorise,
    .solve_factored = solve_factored,
    .multiply_symmetric = multiply_symmetric,
};
