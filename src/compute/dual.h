/* Ridge in its dual form, for fewer rows than pixels: the system has one unknown a row.
 *
 * With K = X Xᵀ of centred rows, (K + alpha I) a = y − ȳ and w = Xᵀ a (Saunders,
 * Gammerman & Vovk 1998, "Ridge regression learning algorithm in dual variables").
 * Leaving a fold out takes rows and columns away from the same K, so one product serves
 * every fold and every alpha. */
#ifndef HR_COMPUTE_DUAL_H
#define HR_COMPUTE_DUAL_H

#include <stdint.h>

#include "compute/scatter.h"

typedef struct hr_dual hr_dual;

enum { HR_DUAL_ALL_ROWS = -1 }; /* as the fold that is left out: none */

/* What it is a Ridge of; `targets` is T. */
typedef struct hr_dual_shape {
  size_t capacity, pixels, targets; /* capacity: rows that there is room for */
} hr_dual_shape;

/* Borrows `tiles`. */
hr_status hr_dual_create(const hr_dual_shape *shape, hr_tiles *tiles, hr_dual **out,
                         hr_error *err) HR_MUST_CHECK;
void hr_dual_destroy(hr_dual **dual);

/* Bytes for `rows` rows, before and with the matrix K. */
double hr_dual_bytes(size_t rows, size_t pixels);
double hr_dual_kernel_bytes(size_t rows);

/* Adds one row: x [P], copied; y [T]; the fold it belongs to. More than `capacity` of
 * them are refused by hr_dual_finish and hr_dual_penalised, HR_ERR_INTERNAL. */
void hr_dual_add(hr_dual *dual, const float *x, const double *y, uint8_t fold);

/* Centres the rows, on all threads. Enough for hr_dual_penalised; a fit wants K. */
void hr_dual_centre(hr_dual *dual);

/* Centres the rows and computes K, on all threads. */
hr_status hr_dual_finish(hr_dual *dual, hr_error *err) HR_MUST_CHECK;

/* Gives K back when only models already made are needed. */
void hr_dual_release(hr_dual *dual);

size_t hr_dual_rows(const hr_dual *dual);
size_t hr_dual_fold_rows(const hr_dual *dual, int fold);

/* Σ(y − ȳ)² of a target over all rows. */
double hr_dual_syy(const hr_dual *dual, size_t target);

/* Ridge on the rows outside `fold`, for one alpha after the other. */
typedef struct hr_dual_fit hr_dual_fit;

/* Writes K of those rows into `system`, of order hr_dual_rows or more, which nothing else
 * may use until the fit is destroyed. HR_ERR_EMPTY where no rows are left to fit to. */
hr_status hr_dual_fit_create(const hr_dual *dual, int fold, hr_shifted *system,
                             hr_dual_fit **out, hr_error *err) HR_MUST_CHECK;
void hr_dual_fit_destroy(hr_dual_fit **fit);

/* Runs on the calling thread. HR_ERR_NUMERIC where the system is not definite. */
hr_status hr_dual_fit_solve(hr_dual_fit *fit, double alpha, hr_error *err) HR_MUST_CHECK;

/* Several alphas, from large to small; is_solved [A] as of hr_shifted_sweep. What is of
 * "the solution" below is then of alpha number a, from hr_dual_fit_choose on. */
hr_status hr_dual_fit_sweep(hr_dual_fit *fit, const hr_shifted_alphas *alphas,
                            bool *is_solved, hr_error *err) HR_MUST_CHECK;
void hr_dual_fit_choose(hr_dual_fit *fit, size_t a);

/* Of all solutions: Σ (y − ŷ)² over the rows inside the fold, 0 where it is empty: out
 * [A][T]. HR_ERR_MEMORY. */
hr_status hr_dual_fit_squared_errors(const hr_dual_fit *fit, double *out,
                                     hr_error *err) HR_MUST_CHECK;

/* Of the solution: the models of the first `targets` targets, arrays [P], from one look
 * at the rows. Of a fit to all rows only. */
void hr_dual_fit_models(const hr_dual_fit *fit, size_t targets, hr_linear_model *out);

/* Of the solution: what a target's model can be made of later, without a factor. a:
 * [rows outside the fold]; the model's offset at the centre of all rows. */
void hr_dual_fit_solution(const hr_dual_fit *fit, size_t target, double *a,
                          double *offset);
void hr_dual_model(const hr_dual *dual, int fold, const double *a, double offset,
                   hr_linear_model *out);

/* By how much rows are missed, truth less prediction, by the model at alpha of all other
 * rows: exactly aᵢ/[(K + alpha I)⁻¹]ᵢᵢ, both without the mean's share (Allen 1974, "The
 * relationship between variable selection and data augmentation and a method for
 * prediction", Technometrics 16, 125), and so without a difference that a small alpha
 * makes one of rounding. NaN where fp32 does not tell it. Rows are numbered in the order
 * in which they were added. out: [count]. On the calling thread alone. Statuses as
 * hr_shifted_inverse_diagonal. */
typedef struct hr_dual_leaving {
  double alpha;
  size_t target;
  const size_t *row; /* [count] */
  size_t count;
} hr_dual_leaving;
hr_status hr_dual_leave_out(const hr_dual *dual, const hr_dual_leaving *rows,
                            hr_shifted *system, double *out, hr_error *err) HR_MUST_CHECK;

/* The three in one: Ridge of one target on all rows for one alpha. */
hr_status hr_dual_ridge(const hr_dual *dual, double alpha, hr_shifted *system,
                        hr_linear_model *out, hr_error *err) HR_MUST_CHECK;

/* The penalty of a Ridge where the noise is integrated out: A = alpha I + diag(noise). */
typedef struct hr_penalty {
  double alpha;
  const double *noise; /* [P] Σσ² over the rows of the fit */
} hr_penalty;

/* Fits Ridge with such a penalty, models out [T], to the rows outside `fold`: w = A⁻¹Xᵀ
 * a, (X A⁻¹ Xᵀ + I) a = y − ȳ. A is another one for every fold and alpha, so a product of
 * its own is made each time, of the rows scaled by A^-1/2, in fp32 over 512 pixels and
 * summed in fp64. Takes hr_dual_penalised_bytes beside `system`.
 */
hr_status hr_dual_penalised(const hr_dual *dual, int fold, const hr_penalty *penalty,
                            hr_shifted *system, hr_linear_model *out,
                            hr_error *err) HR_MUST_CHECK;
double hr_dual_penalised_bytes(size_t rows, size_t pixels);

/* Σ (y − ŷ)² over the rows in the fold of models [count], which share a centre, number v
 * being one of target v mod T: out [count]. Cost: 2 rows P operations a model. */
void hr_dual_squared_errors(const hr_dual *dual, int fold, size_t count,
                            const hr_linear_model *models, double *out);

#endif
