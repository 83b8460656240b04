/* The kernels on BLAS and LAPACK (OpenBLAS, built with OpenMP): every one is a call of
 * the routine of the same name, so the cost is that routine's, next to the processor's
 * peak for large products. Memory is the program's own.
 *
 * LAPACK is called by its Fortran names, which every LAPACK exports: the C interface
 * would copy and transpose a row-major matrix, where it is enough to say that our upper
 * triangle, row by row, is Fortran's lower one, column by column. */
#include <cblas.h>
#include <limits.h>
#include <math.h>

#include "compute/blas/core_type.h"
#include "compute/compute.h"
#include "core/alloc.h"
#include "core/parallel.h"

extern void dpotrf_(const char *uplo, const int *n, double *a, const int *lda, int *info,
                    size_t uplo_length);
extern void dpotrs_(const char *uplo, const int *n, const int *nrhs, const double *a,
                    const int *lda, double *b, const int *ldb, int *info,
                    size_t uplo_length);
extern void spotrf_(const char *uplo, const int *n, float *a, const int *lda, int *info,
                    size_t uplo_length);
extern void strtri_(const char *uplo, const char *diagonal, const int *n, float *a,
                    const int *lda, int *info, size_t uplo_length,
                    size_t diagonal_length);
extern void dsyevd_(const char *job, const char *uplo, const int *n, double *a,
                    const int *lda, double *w, double *work, const int *work_size,
                    int *integers, const int *integer_size, int *info, size_t job_length,
                    size_t uplo_length);

/* Here, as a linker takes a file out of a static library for what is called in it. */
__attribute__((constructor)) static void choose_kernels(void) {
  hr_core_type_choose();
}

/* Outside a team of threads OpenBLAS would compute with all there may be, and add up in
 * an order that depends on their number. One of several threads' team is told the same
 * for nothing, at the price of two assignments. */
static size_t be_alone(void) {
  size_t threads = hr_thread_count();
  hr_thread_limit(1);
  return threads;
}

static CBLAS_TRANSPOSE transpose_if(bool transposed) {
  return transposed ? CblasTrans : CblasNoTrans;
}

static void gemm_f32(const hr_product *p, const float *a, const float *b, float *c) {
  size_t threads = be_alone();
  cblas_sgemm(CblasRowMajor, transpose_if(p->transpose_a), transpose_if(p->transpose_b),
              (int)p->m, (int)p->n, (int)p->k, (float)p->factor, a, (int)p->lda, b,
              (int)p->ldb, (float)p->keep, c, (int)p->ldc);
  hr_thread_limit(threads);
}

static void gemm_f64(const hr_product *p, const double *a, const double *b, double *c) {
  size_t threads = be_alone();
  cblas_dgemm(CblasRowMajor, transpose_if(p->transpose_a), transpose_if(p->transpose_b),
              (int)p->m, (int)p->n, (int)p->k, p->factor, a, (int)p->lda, b, (int)p->ldb,
              p->keep, c, (int)p->ldc);
  hr_thread_limit(threads);
}

static void syrk_f32(const hr_product *p, const float *a, float *c) {
  size_t threads = be_alone();
  cblas_ssyrk(CblasRowMajor, CblasUpper, transpose_if(p->transpose_a), (int)p->n,
              (int)p->k, (float)p->factor, a, (int)p->lda, (float)p->keep, c,
              (int)p->ldc);
  hr_thread_limit(threads);
}

static void syrk_f64(const hr_product *p, const double *a, double *c) {
  size_t threads = be_alone();
  cblas_dsyrk(CblasRowMajor, CblasUpper, transpose_if(p->transpose_a), (int)p->n,
              (int)p->k, p->factor, a, (int)p->lda, p->keep, c, (int)p->ldc);
  hr_thread_limit(threads);
}

static void gemv_f64(size_t m, size_t n, const double *a, const double *x, double *y) {
  size_t threads = be_alone();
  cblas_dgemv(CblasRowMajor, CblasNoTrans, (int)m, (int)n, 1, a, (int)n, x, 1, 0, y, 1);
  hr_thread_limit(threads);
}

static double dot_f64(size_t n, const double *x, const double *y) {
  size_t threads = be_alone();
  double sum = cblas_ddot((int)n, x, 1, y, 1);
  hr_thread_limit(threads);
  return sum;
}

static double norm_f64(size_t n, const double *x) {
  size_t threads = be_alone();
  double length = cblas_dnrm2((int)n, x, 1);
  hr_thread_limit(threads);
  return length;
}

static void axpy_f64(size_t n, double factor, const double *x, double *y) {
  size_t threads = be_alone();
  cblas_daxpy((int)n, factor, x, 1, y, 1);
  hr_thread_limit(threads);
}

static void scal_f64(size_t n, double factor, double *x) {
  size_t threads = be_alone();
  cblas_dscal((int)n, factor, x, 1);
  hr_thread_limit(threads);
}

static bool factorise_f32(size_t n, float *a) {
  if (n > INT_MAX) return false;
  int size = (int)n, info = 0;
  size_t threads = be_alone();
  if (n > 0) spotrf_("L", &size, a, &size, &info, 1);
  hr_thread_limit(threads);
  return info == 0;
}

static void invert_factor_f32(size_t n, float *factor) {
  int size = (int)n, info = 0;
  size_t threads = be_alone();
  if (n > 0) strtri_("L", "N", &size, factor, &size, &info, 1, 1);
  hr_thread_limit(threads);
}

static bool solve_definite_f64(size_t n, size_t targets, double *a, double *b) {
  if (n > INT_MAX || targets > INT_MAX) return false;
  if (n == 0 || targets == 0) return true;
  int size = (int)n, columns = (int)targets, info = 0;
  size_t threads = be_alone();
  dpotrf_("L", &size, a, &size, &info, 1);
  if (info == 0) dpotrs_("L", &size, &columns, a, &size, b, &size, &info, 1);
  hr_thread_limit(threads);
  if (info != 0) return false;
  /* OpenBLAS factors a matrix with NaN without a word. */
  for (size_t i = 0; i < n * targets; i++) {
    if (!isfinite(b[i])) return false;
  }
  return true;
}

static bool eigen_f64(size_t n, double *a, double *values, double *work) {
  if (n == 0) return true;
  if (n > SHRT_MAX) return false; /* 2 n² is to be an int */
  int size = (int)n, info = 0, work_size = 1 + 6 * size + 2 * size * size;
  int integer_size = 3 + 5 * size, *integers = (int *)(void *)(work + work_size);
  size_t threads = be_alone();
  dsyevd_("V", "L", &size, a, &size, values, work, &work_size, integers, &integer_size,
          &info, 1, 1);
  hr_thread_limit(threads);
  return info == 0 && isfinite(values[0]) && isfinite(values[n - 1]);
}

const hr_compute hr_compute_blas = {
    .name = "blas",
    .allocate = hr_alloc_bytes,
    .release = hr_free,
    .gemm_f32 = gemm_f32,
    .gemm_f64 = gemm_f64,
    .syrk_f32 = syrk_f32,
    .syrk_f64 = syrk_f64,
    .gemv_f64 = gemv_f64,
    .dot_f64 = dot_f64,
    .norm_f64 = norm_f64,
    .axpy_f64 = axpy_f64,
    .scal_f64 = scal_f64,
    .factorise_f32 = factorise_f32,
    .invert_factor_f32 = invert_factor_f32,
    .solve_definite_f64 = solve_definite_f64,
    .eigen_f64 = eigen_f64,
};
