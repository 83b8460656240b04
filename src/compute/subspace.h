/* A space of directions whose products with a symmetric matrix A are known, and the best
 * solutions of (A + alpha I) x = b in it, for any alpha and any b: Galerkin's, the ones
 * with the least error in the energy norm. With the columns of W an orthonormal basis and
 * G = WᵀAW they are x = W y, (G + alpha I) y = Wᵀb. What is learnt of A for one alpha and
 * one b so serves all of them. */
#ifndef HR_COMPUTE_SUBSPACE_H
#define HR_COMPUTE_SUBSPACE_H

#include "compute/compute.h"

/* Vectors that are worked on together. */
enum { HR_SUBSPACE_TOGETHER = 8, HR_SUBSPACE_DIRECTIONS = 128 };

typedef struct hr_subspace hr_subspace;

/* Of a matrix of an order up to `most`. Borrows the compute. HR_ERR_MEMORY. */
hr_status hr_subspace_create(size_t most, const hr_compute *compute, hr_subspace **out,
                             hr_error *err) HR_MUST_CHECK;
void hr_subspace_destroy(hr_subspace **subspace);
double hr_subspace_bytes(size_t most);

/* Begins with another matrix, of the order given, and no directions. */
void hr_subspace_begin(hr_subspace *subspace, size_t order);

/* Forgets the directions, not the matrix. */
void hr_subspace_clear(hr_subspace *subspace);
size_t hr_subspace_count(const hr_subspace *subspace);
bool hr_subspace_has_room(const hr_subspace *subspace, size_t count);

/* Adds directions [count][n], at most HR_SUBSPACE_TOGETHER, for which there has to be
 * room. How many were new: x [new] are these, y [new] where their products with A are to
 * be written before hr_subspace_extend, each [n]. */
size_t hr_subspace_offer(hr_subspace *subspace, size_t count, const double *directions,
                         const double **x, double **y);
void hr_subspace_extend(hr_subspace *subspace);

/* Systems that are solved together, at most HR_SUBSPACE_TOGETHER. */
typedef struct hr_subspace_systems {
  size_t count;
  const double *alpha; /* [count] */
  double *residual;    /* [count][n] b − (A + alpha I) x */
  double *solution;    /* [count][HR_SUBSPACE_DIRECTIONS] what of x is in the space, y */
  double *gain;        /* [count] out: by how much the energy of the error has fallen */
} hr_subspace_systems;

/* Adds to their solutions what is best for their residuals, which follow: what rounding
 * left of one call is taken away by the next. False where the space does not hold a
 * positive definite system. */
bool hr_subspace_solve(hr_subspace *subspace, const hr_subspace_systems *systems);

/* x [n] += W y. */
void hr_subspace_take(const hr_subspace *subspace, const double *solution, double *x);

#endif
