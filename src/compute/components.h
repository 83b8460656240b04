/* The leading components of a few rows: principal directions by the eigenvectors of their
 * Gram matrix (Golub & Van Loan, "Matrix Computations", ch. 8), for a few rows of many
 * columns. */
#ifndef HR_COMPUTE_COMPONENTS_H
#define HR_COMPUTE_COMPONENTS_H

#include "compute/compute.h"

enum { HR_COMPONENT_ROWS = 192 }; /* of a sample */

/* Doubles of scratch space that hr_components needs for so many rows; 1.2 MB for those of
 * a sample. */
static inline size_t hr_component_scratch(size_t rows) {
  return 4 * rows * (rows + 8);
}
enum { HR_COMPONENT_SCRATCH = 4 * HR_COMPONENT_ROWS * (HR_COMPONENT_ROWS + 8) };

typedef struct hr_component_shape {
  size_t rows, columns;
  size_t most;      /* components wanted at most */
  double tolerance; /* stops where the root mean square of what is left of a row, its
                       Euclidean length, is no more than this */
} hr_component_shape;

/* Orthonormal components of a [rows][columns], the leading one first: out
 * [found][columns]. Rows are not centred. Sums in fp64. On the calling thread where
 * called from a body of hr_parallel_for. scratch: [hr_component_scratch(rows)]. Returns
 * how many were found; 0 where the rows are no longer than the tolerance, or the
 * eigenvectors cannot be had. Cost: rows² columns. */
size_t hr_components(const hr_compute *compute, const hr_component_shape *shape,
                     const double *a, double *scratch, double *out);

#endif
