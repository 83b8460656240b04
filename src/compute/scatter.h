/* Centred sufficient statistics of rows (x, y), x in R^P: all that least squares needs to
 * know.
 *
 *   n,  x̄ = Σx/n,  ȳ = Σy/n,
 *   Sxx = Σ(x−x̄)(x−x̄)ᵀ,  Sxy = Σ(x−x̄)(y−ȳ),  Syy = Σ(y−ȳ)²
 *
 * Rows are gathered into blocks of a fixed number of rows. A block is centred at its own
 * mean, multiplied in fp32, and merged into fp64 sums by the pairwise update of Chan,
 * Golub & LeVeque (1983), eq. 1.5: Sxx += Sxx_b + n n_b/(n+n_b) d dᵀ, d = x̄_b − x̄.
 * Centring first keeps fp32 harmless: what is rounded is the scatter, not the large mean
 * on top of it. Blocks are cut by count alone, so the sums are the same to the bit
 * however the rows arrive and for any number of threads. */
#ifndef HR_COMPUTE_SCATTER_H
#define HR_COMPUTE_SCATTER_H

#include "compute/shifted.h"
#include "compute/tiles.h"
#include "core/error.h"

typedef struct hr_scatter hr_scatter;

/* Statistics of no rows, of one target, or of T: then ȳ, Sxy and Syy are those of each,
 * and the first one's are the same bytes whatever others there are. Sxx is held as square
 * tiles of its upper triangle. The products are made in `tiles`, borrowed for the life of
 * the scatter and shared by as many as one likes. */
hr_status hr_scatter_create(size_t pixels, hr_tiles *tiles, hr_scatter **out,
                            hr_error *err) HR_MUST_CHECK;
hr_status hr_scatter_create_for(size_t pixels, size_t targets, hr_tiles *tiles,
                                hr_scatter **out, hr_error *err) HR_MUST_CHECK;
void hr_scatter_destroy(hr_scatter **scatter);

/* Makes it one of no rows again, in the memory it has; open or closed as it was. */
void hr_scatter_clear(hr_scatter *scatter);

/* Bytes one scatter of P pixels and one target takes, its pending block included, without
 * its tiles; a further target takes 8 P. */
double hr_scatter_bytes(size_t pixels);

/* Adds one row: x [P], y [T]. Every so many rows the block is multiplied, on all threads.
 */
void hr_scatter_add(hr_scatter *scatter, const float *x, const double *y);

/* Multiplies what is pending; to be called after the last row. */
void hr_scatter_finish(hr_scatter *scatter);

/* The same, and gives back the room for pending rows: none may be added until it is
 * opened again. A new one is open. */
void hr_scatter_close(hr_scatter *scatter);
hr_status hr_scatter_open(hr_scatter *scatter, hr_error *err) HR_MUST_CHECK;

/* Adds the statistics of other rows. Both finished, same P. On all threads. */
void hr_scatter_merge(hr_scatter *into, const hr_scatter *other);

/* The arrays that its statistics are, the number of rows apart: written, and read back
 * into one of the same pixels and targets, with the rows set, they are the same
 * statistics. Of one that is finished. */
enum { HR_SCATTER_ARRAYS = 5 };
typedef struct hr_scatter_array {
  double *values; /* [count], the scatter's */
  size_t count;
} hr_scatter_array;
void hr_scatter_arrays(hr_scatter *scatter, hr_scatter_array out[HR_SCATTER_ARRAYS]);
void hr_scatter_set_rows(hr_scatter *scatter, size_t rows);

size_t hr_scatter_rows(const hr_scatter *scatter);
double hr_scatter_mean_y(const hr_scatter *scatter, size_t target);
double hr_scatter_syy(const hr_scatter *scatter, size_t target);

/* A linear model y = offset + wᵀ(x − centre): offset = ȳ, centre = x̄ of the rows it was
 * fitted to, which keeps the intercept out of the penalty. Arrays [P], the caller's. */
typedef struct hr_linear_model {
  double *weights;
  double *centre;
  double offset;
} hr_linear_model;

/* Σ w² v: the variance that noise of the variances v [P] puts into the predictions of the
 * rows that v was summed over. */
double hr_linear_model_noise(const hr_linear_model *model, const double *variance,
                             size_t pixels);

/* The normal equations of Ridge on the rows of `total` without the rows of `without`
 * (which may be NULL), (Sxx + diag(noise) + alpha I) w = Sxy (Hoerl & Kennard 1970, eq.
 * 2.1, on centred data), into `system`, to be solved for the alphas; the centres and
 * offsets of the T models into `out` [T]. `noise` [P] is the variance of the noise summed
 * over the rows of the fit where it is integrated out, as E[(X+N)ᵀ(X+N)] = XᵀX +
 * diag(Σσ²) for independent noise, or NULL. HR_ERR_EMPTY where no rows are left. */
hr_status hr_scatter_system(const hr_scatter *total, const hr_scatter *without,
                            const double *noise, hr_shifted *system, hr_linear_model *out,
                            hr_error *err) HR_MUST_CHECK;

/* The same of one target, solved for one alpha. HR_ERR_NUMERIC where the system is not
 * definite. */
hr_status hr_scatter_ridge(const hr_scatter *total, const hr_scatter *without,
                           double alpha, hr_shifted *system, hr_linear_model *out,
                           hr_error *err) HR_MUST_CHECK;

/* Σ (y − ŷ)² over the rows of `scatter` of linear models, models [count], number v being
 * one of target v mod T, from the statistics alone, out sums [count]: Syy − 2 wᵀSxy +
 * wᵀSxx w + n d², d = ȳ − offset − wᵀ(x̄ − centre). The statistics are read once for all;
 * each sum has the bytes that it has alone. `work` has count P elements. */
void hr_scatter_squared_errors(const hr_scatter *scatter, size_t count,
                               const hr_linear_model *models, double *work, double *sums);

#endif
