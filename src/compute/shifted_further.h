/* The targets behind the first of shifted systems (compute/shifted.h), which are solved
 * in one space for all of them and for all alphas: that of their residuals, each made
 * with the preconditioner of its alpha. The matrix is read once for up to
 * HR_SUBSPACE_TOGETHER of them. (The directions of the first target's steps save two
 * steps of twenty-five: what is left then is noise, in which one right side tells nothing
 * of another. A matrix in fp32 with residuals in fp64 saves less than it costs.) */
#ifndef HR_COMPUTE_SHIFTED_FURTHER_H
#define HR_COMPUTE_SHIFTED_FURTHER_H

#include "compute/subspace.h"

typedef struct hr_shifted_further hr_shifted_further;

/* Room for systems of an order up to `most`. Borrows the compute. */
hr_status hr_shifted_further_create(size_t most, const hr_compute *compute,
                                    hr_shifted_further **out,
                                    hr_error *err) HR_MUST_CHECK;
void hr_shifted_further_destroy(hr_shifted_further **further);
double hr_shifted_further_bytes(size_t most);

/* Begins with another matrix, of the order given. */
void hr_shifted_further_begin(hr_shifted_further *further, size_t order);

/* Where a preconditioner comes from: a factor in fp32 of D (A + alpha I) D, D its
 * `scale`, or without one from the diagonal. */
typedef struct hr_shifted_factor {
  const float *factor; /* [n][n] the upper triangle; NULL: none */
  const double *scale; /* [n] */
  double alpha;        /* that the factor is of */
} hr_shifted_factor;

/* Systems (A + alpha I) x = b. */
typedef struct hr_shifted_batch {
  const double *matrix; /* [n][n] the upper triangle of A */
  double tolerance;     /* as HR_SHIFTED_TOLERANCE */
  hr_shifted_factor factor;
  size_t count;
  const double *alpha;    /* [count] */
  const double *const *b; /* [count] each [n] */
  double *const *x;       /* [count] each [n], out */
  bool *is_solved;        /* [count] out */
} hr_shifted_batch;

/* Solves what it can. */
void hr_shifted_further_solve(hr_shifted_further *further, const hr_shifted_batch *batch);

#endif
