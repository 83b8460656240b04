/* The rows of one Ridge in the form that it is solved from: sums for every fold, or the
 * rows themselves; and a pool of sums that no Ridge has any more. */
#ifndef HR_METHODS_RIDGE_SUMS_H
#define HR_METHODS_RIDGE_SUMS_H

#include "compute/dual.h"
#include "methods/ridge/shape.h"

/* Closed sums that are done with: whoever takes them over need not wait for the system to
 * zero their pages. */
typedef struct hr_ridge_pool {
  size_t pixels, targets;
  hr_tiles *tiles;    /* borrowed */
  hr_scatter **spare; /* [most] */
  size_t count, most;
} hr_ridge_pool;

/* Keeps `most` at most, of one target; whoever has T of them sets `targets` before
 * anything is taken. HR_ERR_MEMORY. */
hr_status hr_ridge_pool_init(hr_ridge_pool *pool, size_t pixels, hr_tiles *tiles,
                             size_t most, hr_error *err) HR_MUST_CHECK;
void hr_ridge_pool_fini(hr_ridge_pool *pool);
void hr_ridge_pool_empty(hr_ridge_pool *pool);

/* Sums of no rows, open: spare ones, or new. */
hr_status hr_ridge_pool_take(hr_ridge_pool *pool, hr_scatter **out,
                             hr_error *err) HR_MUST_CHECK;

/* Gives back sums, or none, and sets them to NULL. */
void hr_ridge_pool_put(hr_ridge_pool *pool, hr_scatter **sums);

typedef struct hr_ridge_sums {
  hr_ridge_form form;
  size_t pixels, fold_count, targets;
  hr_dual *dual;      /* HR_RIDGE_DUAL; NULL before and after */
  hr_scatter **folds; /* HR_RIDGE_PRIMAL: [F], the rows of each fold; as `dual` */
  double *noise;      /* [F][P] Σσ² of each fold's rows; NULL: not integrated out */
} hr_ridge_sums;

/* No room yet but for the noise, where there is any. To be followed by
 * hr_ridge_sums_fini, on failure too. HR_ERR_MEMORY. */
hr_status hr_ridge_sums_init(hr_ridge_sums *sums, const hr_ridge_shape *shape,
                             size_t fold_count, bool has_noise,
                             hr_error *err) HR_MUST_CHECK;
void hr_ridge_sums_fini(hr_ridge_sums *sums);

/* Room for so many rows. HR_ERR_MEMORY. */
hr_status hr_ridge_sums_open(hr_ridge_sums *sums, size_t rows, hr_ridge_pool *pool,
                             hr_error *err) HR_MUST_CHECK;

/* Adds one row: x [P], y [T], its fold. */
static inline void hr_ridge_sums_add(hr_ridge_sums *sums, const float *x, const double *y,
                                     uint8_t fold) {
  if (sums->form == HR_RIDGE_DUAL) hr_dual_add(sums->dual, x, y, fold);
  if (sums->form == HR_RIDGE_PRIMAL) hr_scatter_add(sums->folds[fold], x, y);
}

/* Multiplies what is pending in the folds that there are, and gives back the room for it.
 */
void hr_ridge_sums_close(hr_ridge_sums *sums);

/* The sum of all folds, which are closed. */
hr_status hr_ridge_sums_total(hr_ridge_sums *sums, hr_ridge_pool *pool, hr_scatter **out,
                              hr_error *err) HR_MUST_CHECK;

/* Gives the rows back, to the pool where they are sums. */
void hr_ridge_sums_put(hr_ridge_sums *sums, hr_ridge_pool *pool);

/* Whether K of the dual form serves every fold and alpha. */
static inline bool hr_ridge_sums_has_kernel(const hr_ridge_sums *sums) {
  return sums->form == HR_RIDGE_DUAL && !sums->noise;
}

/* Rows of a fold. */
size_t hr_ridge_sums_rows(const hr_ridge_sums *sums, size_t fold);

/* Σ(y − ŷ)² over the rows of a fold of linear models [count], which share a centre,
 * number v being one of target v mod T: out [count]. work: [count][P]. */
void hr_ridge_sums_squared_errors(const hr_ridge_sums *sums, size_t fold, size_t count,
                                  const hr_linear_model *models, double *work,
                                  double *out);

/* The variance of noise of level² = `scale`, summed over the rows outside `fold` (none
 * left out: the number of folds). sum: [P]. */
void hr_ridge_sums_noise(const hr_ridge_sums *sums, double scale, size_t fold,
                         double *sum);

#endif
