/* Shifted systems: (A + alpha I) x = b for one symmetric matrix A, the b of T targets and
 * several alpha, as a sweep over the penalties of Ridge gives them.
 *
 * Solved by conjugate gradients in fp64 (Hestenes & Stiefel 1952), preconditioned by a
 * Cholesky factor in fp32, which takes half the time of one in fp64. A factor made for
 * one alpha is tried on the next: neighbours often need no other, and large alphas need
 * none at all but the diagonal. What does not converge is left to Cholesky in fp64. The
 * result depends on the systems alone and on the order in which they are asked for: ask
 * from large alpha to small. What is tried is decided by the first target, whose solution
 * has the same bytes whatever others there are; they take what it left. */
#ifndef HR_COMPUTE_SHIFTED_H
#define HR_COMPUTE_SHIFTED_H

#include "compute/compute.h"
#include "core/error.h"

/* What sqrt(rᵀM⁻¹r) falls to, r the residual and M the preconditioner, from b's own. The
 * error left in the energy norm sqrt(xᵀ(A + alpha I)x), for Ridge that of the predictions
 * and the penalty, is of this size, at most times sqrt(cond(M⁻¹(A + alpha I))): next to
 * nothing beside the rounding of the fp32 products that A is the sum of. */
#define HR_SHIFTED_TOLERANCE 1e-7

typedef struct hr_shifted hr_shifted;

/* Room for systems of order <= `most`, of one target or of `targets` of them. Borrows the
 * compute. */
hr_status hr_shifted_create(size_t most, const hr_compute *compute, hr_shifted **out,
                            hr_error *err) HR_MUST_CHECK;
hr_status hr_shifted_create_for(size_t most, size_t targets, const hr_compute *compute,
                                hr_shifted **out, hr_error *err) HR_MUST_CHECK;
void hr_shifted_destroy(hr_shifted **shifted);
double hr_shifted_bytes(size_t most);

/* Begins with another A of the order given. Returns its matrix [order][order], of which
 * the upper triangle (column >= row) is to be written, all of it, before solving. */
double *hr_shifted_matrix(hr_shifted *shifted, size_t order);

/* b [T][order], to be written as well. */
double *hr_shifted_right_side(hr_shifted *shifted);

/* x [T][order]. Runs on the calling thread when that is one of hr_parallel_for.
 * HR_ERR_NUMERIC where A + alpha I is not positive definite. Cost: order³/3 operations
 * in fp32 for a factor, 4 order² an iteration. */
hr_status hr_shifted_solve(hr_shifted *shifted, double alpha, double *x,
                           hr_error *err) HR_MUST_CHECK;

/* Entries of the diagonal of (A + alpha I)⁻¹, in fp32: index [count] which, out [count].
 * HR_ERR_NUMERIC where the system is beyond fp32. Cost: a factor, and as much for all
 * entries together. */
hr_status hr_shifted_inverse_diagonal(hr_shifted *shifted, double alpha,
                                      const size_t *index, size_t count, double *out,
                                      hr_error *err) HR_MUST_CHECK;

/* HR_ERR_NUMERIC and its sentence, for a system that is another way of writing one with
 * this alpha. */
hr_status hr_shifted_refuse(double alpha, hr_error *err);

/* The alphas of a sweep, from large to small. */
typedef struct hr_shifted_alphas {
  const double *value;
  size_t count;
  bool apart; /* the first target is solved at each as if it were the only one; the others
                 share what they share */
  double further_tolerance; /* of the targets behind the first; 0: HR_SHIFTED_TOLERANCE */
} hr_shifted_alphas;

/* The same for several alphas: x [A][T][order], is_solved [A], false where A + alpha I is
 * not positive definite. The targets behind the first share more work than alpha by
 * alpha. HR_ERR_MEMORY. */
hr_status hr_shifted_sweep(hr_shifted *shifted, const hr_shifted_alphas *alphas,
                           double *x, bool *is_solved, hr_error *err) HR_MUST_CHECK;

/* How many factors were made since hr_shifted_create: in fp32, and in fp64. */
void hr_shifted_count(const hr_shifted *shifted, size_t *narrow, size_t *wide);

#endif
