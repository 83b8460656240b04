/* The kernels on BLAS and LAPACK (OpenBLAS, built with OpenMP). */
#include <cblas.h>
#include <limits.h>
#include <math.h>

#include "compute/backend.h"

/* LAPACK's Cholesky factorisation and its solve, by their Fortran names, which every
 * LAPACK exports: the C interface would copy and transpose the row-major matrix. */
extern void dpotrf_(const char *uplo, const int *n, double *a, const int *lda, int *info,
                    size_t uplo_length);
extern void dpotrs_(const char *uplo, const int *n, const int *nrhs, const double *a,
                    const int *lda, double *b, const int *ldb, int *info,
                    size_t uplo_length);
extern void spotrf_(const char *uplo, const int *n, float *a, const int *lda, int *info,
                    size_t uplo_length);

static void product_transposed(hr_product_shape shape, const float *a, size_t lda,
                               const float *b, size_t ldb, float *c, size_t ldc) {
  cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)shape.m, (int)shape.n,
              (int)shape.k, 1.0F, a, (int)lda, b, (int)ldb, 0.0F, c, (int)ldc);
}

static void product_with_itself(size_t n, size_t k, const float *a, size_t lda, float *c,
                                size_t ldc) {
  cblas_ssyrk(CblasRowMajor, CblasUpper, CblasTrans, (int)n, (int)k, 1.0F, a, (int)lda,
              0.0F, c, (int)ldc);
}

static void product_of_rows(hr_product_shape shape, const float *a, size_t lda,
                            const float *b, size_t ldb, float *c, size_t ldc) {
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)shape.m, (int)shape.n,
              (int)shape.k, 1.0F, a, (int)lda, b, (int)ldb, 0.0F, c, (int)ldc);
}

static bool solve_definite(size_t n, double *a, double *b) {
  if (n > INT_MAX) return false;
  if (n == 0) return true;
  int size = (int)n, one = 1, info = 0;
  /* Our upper triangle, row by row, is Fortran's lower one, column by column. */
  dpotrf_("L", &size, a, &size, &info, 1);
  if (info != 0) return false;
  dpotrs_("L", &size, &one, a, &size, b, &size, &info, 1);
  /* OpenBLAS factors a matrix with NaN without a word. */
  for (size_t i = 0; i < n; i++) {
    if (!isfinite(b[i])) return false;
  }
  return info == 0;
}

static bool factorise(size_t n, float *a) {
  if (n > INT_MAX) return false;
  int size = (int)n, info = 0;
  if (n > 0) spotrf_("L", &size, a, &size, &info, 1);
  return info == 0;
}

static void solve_factored(size_t n, const float *factor, float *b) {
  cblas_strsv(CblasColMajor, CblasLower, CblasNoTrans, CblasNonUnit, (int)n, factor,
              (int)n, b, 1);
  cblas_strsv(CblasColMajor, CblasLower, CblasTrans, CblasNonUnit, (int)n, factor, (int)n,
              b, 1);
}

static void multiply_symmetric(size_t n, const double *a, const double *x, double *y) {
  cblas_dsymv(CblasRowMajor, CblasUpper, (int)n, 1.0, a, (int)n, x, 1, 0.0, y, 1);
}

const hr_linalg_backend hr_linalg_blas = {
    .name = "blas",
    .product_transposed = product_transposed,
    .product_with_itself = product_with_itself,
    .product_of_rows = product_of_rows,
    .solve_definite = solve_definite,
    .factorise = factorise,
    .solve_factored = solve_factored,
    .multiply_symmetric = multiply_symmetric,
};
