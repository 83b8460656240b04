/* Products of one matrix with a few vectors, and solutions of one factor's systems for a
 * few right sides. Both are bound by memory: a matrix of order 4096 is read in the time
 * of some twenty operations an element, so that several vectors take little more than
 * one. BLAS has none for few: its matrix products copy the matrix first, and take longer
 * than a vector after the other. On the calling thread; sums are in an order of their
 * own, the same on every processor. */
#ifndef HR_COMPUTE_FEW_H
#define HR_COMPUTE_FEW_H

#include <stddef.h>

/* y = A x of vectors x [count] and y [count], each [n], for a symmetric A [n][n], of
 * which the upper triangle is read. A y has the same bytes whatever other vectors there
 * are. Cost: 2 n² operations a vector. */
void hr_few_symmetric(size_t n, const double *a, size_t count, const double *const *x,
                      double *const *y);

/* Every b [count], each [n], becomes the solution of a system of UᵀU, U the upper
 * triangle of `factor` [n][n], which alone is read. It has the same bytes whatever others
 * there are. Cost: 2 n² operations a right side. */
void hr_few_solve_factored(size_t n, const float *factor, size_t count, float *const *b);

#endif
