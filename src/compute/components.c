/* Why the Gram matrix and not a singular value decomposition: its order is the number of
 * rows, at most HR_COMPONENT_ROWS, so that next to all of the work is two products. It
 * squares the condition: components below 10⁻⁷ of the largest are lost in rounding, far
 * less than any tolerance here asks for. */
#include "compute/components.h"

#include <math.h>
#include <string.h>

/* Components below this share of the largest are rounding, in amplitude. */
static const double rounding = 1e-7;

/* Eigenvalues (ascending) and vectors, as rows, of the Gram matrix of the rows, n. Gram
 * matrix, eigenvalues and hr_compute_eigen_work are 3 n² + 12 n + 4 doubles and less than
 * hr_component_scratch from n = 1 on. */
static bool decompose(const hr_compute *compute, const hr_component_shape *shape,
                      const double *a, double *scratch) {
  double *gram = scratch, *values = gram + shape->rows * shape->rows;
  const hr_product product = {.n = shape->rows,
                              .k = shape->columns,
                              .lda = shape->columns,
                              .ldc = shape->rows,
                              .factor = 1};
  compute->syrk_f64(&product, a, gram);
  return compute->eigen_f64(shape->rows, gram, values, values + shape->rows);
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

size_t hr_components(const hr_compute *compute, const hr_component_shape *shape,
                     const double *a, double *scratch, double *out) {
  size_t rows = shape->rows;
  double *gram = scratch, *values = gram + rows * rows, *work = values + rows;
  if (rows == 0) return 0;
  if (!decompose(compute, shape, a, scratch)) return 0;
  size_t found = count_needed(shape, values);
  for (size_t k = 0; k < found; k++) {
    double scale = 1 / sqrt(values[rows - 1 - k]);
    double *vector = gram + (rows - 1 - k) * rows;
    compute->scal_f64(rows, scale, vector);
    memcpy(work + k * rows, vector, rows * sizeof *work);
  }
  if (found == 0) return 0;
  const hr_product product = {.m = found,
                              .n = shape->columns,
                              .k = rows,
                              .lda = rows,
                              .ldb = shape->columns,
                              .ldc = shape->columns,
                              .factor = 1};
  compute->gemm_f64(&product, work, a, out);
  return found;
}
