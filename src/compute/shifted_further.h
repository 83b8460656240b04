/* The targets behind the first of shifted systems (compute/shifted.h), which are solved
 * in one space for all of them and for all alphas: that of their residuals, each made
 * with the preconditioner of its alpha. The matrix is read once for up to
 * HR_SUBSPACE_TOGETHER of them, and with the first target's own steps: whoever looks at
 * the matrix multiplies their directions too, and whoever solves with a factor theirs.
 * (The directions of the first target's steps in the space save two steps of twenty-five:
 * what is left then is noise, in which one right side tells nothing of another. A matrix
 * in fp32 with residuals in fp64 saves less than it costs.) */
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

/* Begins with another matrix, of the order given, and no systems. */
void hr_shifted_further_begin(hr_shifted_further *further, size_t order);

/* A preconditioner: a factor in fp32 of D (A + alpha I) D, D its `scale`. */
typedef struct hr_shifted_factor {
  const float *factor; /* [n][n] the upper triangle */
  const double *scale; /* [n] */
  double alpha;        /* that the factor is of */
} hr_shifted_factor;

/* (A + alpha I) x = b. */
typedef struct hr_shifted_system {
  double alpha;
  const double *b;  /* [n] */
  double *x;        /* [n] out */
  size_t of;        /* the caller's number of alpha */
  bool with_factor; /* preconditioned by the queue's factor, or else by the diagonal */
  bool is_solved;   /* out */
} hr_shifted_system;

/* Systems that arrive one after the other, at the end. */
typedef struct hr_shifted_queue {
  const double *matrix; /* [n][n] the upper triangle of A */
  double tolerance;     /* as HR_SHIFTED_TOLERANCE */
  hr_shifted_factor factor;
  hr_shifted_system *systems; /* [count] */
  size_t count;
} hr_shifted_queue;

/* From now on the systems of this queue, borrowed, are solved; NULL: none. */
void hr_shifted_further_take_on(hr_shifted_further *further, hr_shifted_queue *queue);

/* The right sides that are to be solved with the queue's factor before the next look: how
 * many, at most HR_SUBSPACE_TOGETHER; b, each [n], in and out. A look for which nobody
 * asked solves them itself. */
size_t hr_shifted_further_ask(hr_shifted_further *further, float **b);

/* The directions that are to be multiplied by A with the next look at it: how many, at
 * most HR_SUBSPACE_TOGETHER; x and where their products go, y, each [n]. What is solved
 * is written. When it was looked: hr_shifted_further_looked. */
size_t hr_shifted_further_look(hr_shifted_further *further, const double **x, double **y);
void hr_shifted_further_looked(hr_shifted_further *further);

/* The systems from number `first` on have this factor, whatever they had. */
void hr_shifted_further_use(hr_shifted_further *further, hr_shifted_factor factor,
                            size_t first);

/* Takes the systems from number `first` on away, unsolved. */
void hr_shifted_further_drop(hr_shifted_further *further, size_t first);

/* Solves what it can of all systems, or of those with a factor, with looks of its own.
 * What was taken on and is not solved then cannot be. */
void hr_shifted_further_finish(hr_shifted_further *further, bool all);

#endif
