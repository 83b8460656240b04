/* How precisely the noise lets a label be measured: the bound of Cramér and Rao, with the
 * prior's information added (van Trees).
 *
 * For a spectrum of independent Gaussian noise sigma_j and labels t = (T_eff, log g,
 * [M/H]) the Fisher information is F = sum_j (df_j/dt)(df_j/dt)^T / sigma_j^2, with f the
 * row's noise-free spectrum as the built-in grid of models has it
 * (simulate/derivatives.h) and sigma the row's own error times the noise level. Not
 * knowing the other labels is part of it: the bound on the target is a diagonal element
 * of an inverse.
 *
 * What is computed of each test row is v = [(F + C^-1)^-1]_target at its true labels, C
 * the covariance of the training rows' labels: those of the row's bin, for who is told
 * the bin, or of all. Averaged over rows this is the usual approximation of the posterior
 * variance, not a theorem: van Trees' inequality (1968, Detection, Estimation, and
 * Modulation Theory I, section 2.4; Gill & Levit 1995, Bernoulli 1, 59) bounds the mean
 * squared error by the inverse of the mean of F over the prior, which is smaller (an
 * inverse is convex), and asks for a prior that falls to 0 at its ends, which uniform
 * labels do not. It is right where the noise is small (the posterior is a Gaussian of
 * covariance F^-1) and where it is large (v = C). Between them it knows neither the hard
 * ends of a prior, which make the true error smaller, nor that a spectrum may look like
 * one of quite other labels, which makes it larger. */
#ifndef HR_SCORE_FISHER_H
#define HR_SCORE_FISHER_H

#include "methods/method.h"
#include "score/fisher_bound.h"
#include "simulate/tables.h"

/* Borrowed for the life of the bound, as is what it points to. */
typedef struct hr_fisher_input {
  const hr_study_view *study;
  const int32_t *test_route; /* [test rows] as that of a split */
  const char *target_name;
  double level; /* of the test rows' noise, in units of their error */
  double base;  /* that is taken off the flux (data/conditioning.h) */
  /* [rows] by axis, NaN: not known; NULL: there is no such column. */
  const double *train_labels[HR_GRID_AXES], *test_labels[HR_GRID_AXES];
} hr_fisher_input;

typedef struct hr_fisher hr_fisher;

/* HR_ERR_MISSING, with the reason, where the built-in grid cannot speak about the study:
 * pixels that it cannot be seen with (hr_models_find), a target or labels that it has
 * not, no noise. Memory:
 * hr_fisher_bytes. */
hr_status hr_fisher_create(const hr_fisher_input *input, hr_fisher **out,
                           hr_error *err) HR_MUST_CHECK;
void hr_fisher_destroy(hr_fisher **fisher);

/* Takes the next test rows, all of them once and in order. Cost: 8 G P operations a row
 * (41 million) at the BLAS rate, on all threads; bytes do not depend on the number of
 * threads or the size of blocks. */
void hr_fisher_observe(hr_fisher *fisher, const hr_block *block);

/* The bound of every test row, when all were taken. HR_ERR_MISSING, with the reason,
 * where the grid's spectra are not those of the data (a misfit above 10 %, or no row that
 * has a bound). */
hr_status hr_fisher_finish(hr_fisher *fisher, hr_fisher_bound *out,
                           hr_error *err) HR_MUST_CHECK;

/* The same of another target, after hr_fisher_finish: one look at the rows serves all.
 * HR_ERR_MISSING where it is none of the grid's labels. */
hr_status hr_fisher_finish_further(const hr_fisher *fisher, const char *target_name,
                                   hr_fisher_bound *out, hr_error *err) HR_MUST_CHECK;

/* What hr_fisher_create would take, in bytes; 0 where the wavelength grid is another. */
size_t hr_fisher_bytes(const hr_study_view *study);

/* v = [(F + C^-1)^-1]_axis in the form b^T (I + L^T F L)^-1 b, C = L L^T, b row `axis` of
 * L: also right where C is singular, a label being the same in all rows. information: F,
 * positive semidefinite; factor: L from hr_fisher_factor. */
double hr_fisher_variance(double information[HR_GRID_AXES][HR_GRID_AXES],
                          double factor[HR_GRID_AXES][HR_GRID_AXES], size_t axis);

/* L of C = L L^T, lower triangular; a column without variance of its own is 0. */
void hr_fisher_factor(double covariance[HR_GRID_AXES][HR_GRID_AXES],
                      double factor[HR_GRID_AXES][HR_GRID_AXES]);

#endif
