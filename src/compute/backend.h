/* Dense kernels behind one interface: a plain reference, and BLAS/LAPACK.
 *
 * Every kernel works on the calling thread alone when it is called from a body of
 * hr_parallel_for (core/parallel.h), so its result does not depend on the number of
 * threads. Matrices are row-major; `ld` is the distance between rows in elements. */
#ifndef HR_COMPUTE_BACKEND_H
#define HR_COMPUTE_BACKEND_H

#include <stdbool.h>
#include <stddef.h>

/* The shape of a product C = A B: C [m][n] summed over k. */
typedef struct hr_product_shape {
  size_t m, n, k;
} hr_product_shape;

typedef struct hr_linalg_backend {
  const char *name;

  /* c [m][n] = aᵀ b, a [k][m], b [k][n]; fp32. */
  void (*product_transposed)(hr_product_shape shape, const float *a, size_t lda,
                             const float *b, size_t ldb, float *c, size_t ldc);

  /* The upper triangle of c [n][n] = aᵀ a, a [k][n]; the rest is left alone; fp32. */
  void (*product_with_itself)(size_t n, size_t k, const float *a, size_t lda, float *c,
                              size_t ldc);

  /* c [m][n] = a bᵀ, a [m][k], b [n][k]; fp32. */
  void (*product_of_rows)(hr_product_shape shape, const float *a, size_t lda,
                          const float *b, size_t ldb, float *c, size_t ldc);

  /* Solves a x = b for a symmetric positive definite a [n][n], of which the upper
   * triangle (column >= row) is read and overwritten by its Cholesky factor; b [n]
   * becomes x; fp64. False where a is not positive definite. */
  bool (*solve_definite)(size_t n, double *a, double *b);

  /* The Cholesky factor of a symmetric positive definite a [n][n] into its upper
   * triangle, which alone is read; fp32. False where a is not positive definite. */
  bool (*factorise)(size_t n, float *a);

  /* b [n] becomes the solution of the system whose factor is given; fp32. */
  void (*solve_factored)(size_t n, const float *factor, float *b);

  /* y = a x for a symmetric a [n][n], of which the upper triangle is read; fp64. */
  void (*multiply_symmetric)(size_t n, const double *a, const double *x, double *y);
} hr_linalg_backend;

extern const hr_linalg_backend hr_linalg_reference;
extern const hr_linalg_backend hr_linalg_blas;

#endif
