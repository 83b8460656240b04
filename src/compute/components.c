#include "compute/components.h"

#include <math.h>
#include <string.h>

#include <cblas.h>

/* LAPACK's symmetric eigenproblem by its Fortran name, see compute/blas.c. */
extern void dsyevd_(const char *job, const char *uplo, const int *n, double *a,
                    const int *lda, double *w, double *work, const int *work_size,
                    int *integers, const int *integer_size, int *info, size_t job_length,
                    size_t uplo_length);

/* Components below this share of the largest are rounding, in amplitude. */
static const double rounding = 1e-7;

/* Eigenvalues (ascending) and vectors, as rows, of the Gram matrix of the rows. */
static bool decompose(const hr_component_shape *shape, const double *a, double *gram,
                      double *values, double *work) {
  int integers[3 + 5 * HR_COMPONENT_ROWS], info = 0, n = (int)shape->rows;
  int integer_size = 3 + 5 * HR_COMPONENT_ROWS;
  int work_size = 1 + 6 * n + 2 * n * n, columns = (int)shape->columns;
  cblas_dsyrk(CblasRowMajor, CblasUpper, CblasNoTrans, n, columns, 1, a, columns, 0, gram,
              n);
  /* Our upper triangle, row by row, is Fortran's lower one. */
  dsyevd_("V", "L", &n, gram, &n, values, work, &work_size, integers, &integer_size,
          &info, 1, 1);
  return info == 0 && isfinite(values[0]) && isfinite(values[n - 1]);
}

/* How many of the leading ones leave no more than the tolerance. */
static size_t count_needed(const hr_component_shape *shape, const double *values) {
  size_t needed = shape->rows;
  double left = 0, most = shape->tolerance * shape->tolerance * (double)shape->rows;
  double least = values[shape->rows - 1] * rounding * rounding;
  for (size_t k = 0; k < shape->rows; k++) {
    left += fmax(values[k], 0);
    if (left > most && values[k] > least) break;
    needed--;
  }
  return needed < shape->most ? needed : shape->most;
}

size_t hr_components(const hr_component_shape *shape, const double *a, double *scratch,
                     double *out) {
  double *gram = scratch, *values = gram + HR_COMPONENT_ROWS * HR_COMPONENT_ROWS;
  double *work = values + HR_COMPONENT_ROWS;
  size_t rows = shape->rows;
  if (rows == 0 || rows > HR_COMPONENT_ROWS) return 0;
  if (!decompose(shape, a, gram, values, work)) return 0;
  size_t found = count_needed(shape, values);
  for (size_t k = 0; k < found; k++) {
    double scale = 1 / sqrt(values[rows - 1 - k]);
    double *vector = gram + (rows - 1 - k) * rows;
    cblas_dscal((int)rows, scale, vector, 1);
    memcpy(work + k * rows, vector, rows * sizeof *work);
  }
  if (found == 0) return 0;
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)found, (int)shape->columns,
              (int)rows, 1, work, (int)rows, a, (int)shape->columns, 0, out,
              (int)shape->columns);
  return found;
}
