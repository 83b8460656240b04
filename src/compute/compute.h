/* The kernels that everything here computes with: one table of functions, chosen once by
 * who starts the work (hr_compute_default) and handed down from there; whoever computes
 * takes a `const hr_compute *` and knows no back end. A folder a back end:
 *
 *   reference/  plain C, as one would write it on paper; the others are tested against it
 *   blas/       OpenBLAS and its LAPACK, the only folder that knows either
 *
 * Names are those of BLAS and LAPACK with the type behind them. Matrices are row-major;
 * `ld..` is the distance between rows in elements. A kernel works on the calling thread
 * alone, so that its result does not depend on the number of threads: work for several
 * is cut into pieces, each a call from a body of hr_parallel_for (core/parallel.h). It
 * may depend on the shape of a product, as BLAS adds up in an order of its own for each.
 * All kernels may be called from several threads at a time. */
#ifndef HR_COMPUTE_COMPUTE_H
#define HR_COMPUTE_COMPUTE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

/* The product C = factor op(A) op(B) + keep C: C [m][n], summed over k. op(A) is A [m][k]
 * as it stands, or the transpose of A [k][m]; op(B) is B [k][n], or the transpose of
 * B [n][k]. With keep = 0 what C held is never read. */
typedef struct hr_product {
  size_t m, n, k;
  bool transpose_a, transpose_b;
  size_t lda, ldb, ldc;
  double factor, keep;
} hr_product;

typedef struct hr_compute {
  const char *name;

  /* Memory that kernels read and write. allocate: `count` zeroed elements of `size`
   * bytes, as hr_alloc_bytes (core/alloc.h), its address into *pointer_address;
   * HR_ERR_MEMORY. release: NULL is allowed. See hr_compute_alloc below. */
  hr_status (*allocate)(void *pointer_address, size_t count, size_t size, hr_error *err);
  void (*release)(void *pointer);

  /* C = factor op(A) op(B) + keep C. Cost: 2 m n k operations. */
  void (*gemm_f32)(const hr_product *product, const float *a, const float *b, float *c);
  void (*gemm_f64)(const hr_product *product, const double *a, const double *b,
                   double *c);

  /* The upper triangle (column >= row) of C [n][n] = factor op(A) op(A)ᵀ + keep C, the
   * rest is left alone; m, transpose_b and ldb are not read. Cost: n² k operations. */
  void (*syrk_f32)(const hr_product *product, const float *a, float *c);
  void (*syrk_f64)(const hr_product *product, const double *a, double *c);

  /* y [m] = A x: A [m][n] without gaps, x [n]. */
  void (*gemv_f64)(size_t m, size_t n, const double *a, const double *x, double *y);

  /* Σ x y; the Euclidean length of x; y += factor x; x *= factor. Vectors [n]. */
  double (*dot_f64)(size_t n, const double *x, const double *y);
  double (*norm_f64)(size_t n, const double *x);
  void (*axpy_f64)(size_t n, double factor, const double *x, double *y);
  void (*scal_f64)(size_t n, double factor, double *x);

  /* The Cholesky factor of a symmetric positive definite A [n][n] into its upper
   * triangle, which alone is read. False where A is not positive definite. Cost: n³/3. */
  bool (*factorise_f32)(size_t n, float *a);

  /* The inverse of such a factor, in its place. Cost: n³/3. */
  void (*invert_factor_f32)(size_t n, float *factor);

  /* Solves A x = b for a symmetric positive definite A [n][n], of which the upper
   * triangle is read and overwritten by its Cholesky factor, and every target's b:
   * b [targets][n] becomes x. False where A is not positive definite, or x not finite. */
  bool (*solve_definite_f64)(size_t n, size_t targets, double *a, double *b);

  /* Eigenvalues (ascending) and orthonormal eigenvectors, as rows of A, of a symmetric
   * A [n][n], of which the upper triangle is read. values: [n]; work:
   * [hr_compute_eigen_work(n)]. False where they cannot be had, or are not finite. */
  bool (*eigen_f64)(size_t n, double *a, double *values, double *work);
} hr_compute;

/* Doubles of scratch space that eigen_f64 takes: LAPACK's dsyevd asks for 1 + 6n + 2n²
 * doubles and 3 + 5n integers. */
static inline size_t hr_compute_eigen_work(size_t n) {
  return 1 + 6 * n + 2 * n * n + (3 + 5 * n);
}

/* The one that this program computes with. */
const hr_compute *hr_compute_default(void);

/* Has it take what memory it keeps for itself, before it is first used; where the address
 * space of the process is not limited this does nothing. HR_ERR_MEMORY where the limit is
 * too low. Once in the life of a process, by the program. */
hr_status hr_compute_reserve(hr_error *err) HR_MUST_CHECK;

/* For tests, which hold the others against the reference; nothing else names one. */
extern const hr_compute hr_compute_reference;
extern const hr_compute hr_compute_blas;

/* hr_alloc and hr_free in the memory of a back end: double *x = NULL;
 * HR_TRY(hr_compute_alloc(compute, &x, n, err)); .. hr_compute_free(compute, x); */
#define hr_compute_alloc(compute, pointer_address, count, err) \
  ((compute)->allocate((pointer_address), (count), sizeof **(pointer_address), (err)))
#define hr_compute_free(compute, pointer) ((compute)->release(pointer))

#endif
