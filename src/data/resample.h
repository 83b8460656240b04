/* A spectrum on another grid of pixels, so that no flux is lost or made.
 *
 * A pixel holds the mean of the flux density between its edges. The edges of a grid are
 * halfway between its centres; the outermost pixels are as wide outwards as inwards. The
 * mean over a target pixel is then exact:
 *
 *   F_j = sum_i w_ji f_i,  w_ji = overlap of source pixel i with target pixel j over the
 *                                 width of target pixel j
 *   V_j = sum_i w_ji^2 v_i (noise of source pixels being independent)
 *
 * as of Carnall 2017, arXiv:1705.05165, and nothing is interpolated. Neighbours share
 * source pixels, so that their noise goes together: Cov(j, j+1) = sum_i w_ji w_(j+1)i
 * v_i. A target pixel is bad where a bad source pixel has any weight, and where the
 * source does not reach over all of it.
 *
 * The variance that independent noise of the target's pixels would have, so that sums
 * over many of them scatter as they do, is that of the source for each angstrom:
 *
 *   W_j = sum_k Cov(j, k) = sum_i w_ji v_i (width of i over width of j)
 *
 * (k over all target pixels, of one width around j). It is V_j where target pixels are
 * made of whole source pixels, and more elsewhere.
 *
 * Source edges within a thousandth of a target pixel of a target edge count as being
 * there (0.02 km/s in the MR arm): grids that differ by the rounding of nm in fp32 alone
 * are the same grid, and on its own grid a spectrum keeps every bit.
 */
#ifndef HR_DATA_RESAMPLE_H
#define HR_DATA_RESAMPLE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

typedef struct hr_resampling {
  size_t source_pixels, target_pixels;
  size_t *first;     /* [target] the first source pixel with weight */
  size_t *start;     /* [target + 1] of its weights */
  double *weight;    /* [start[target]] */
  double *density;   /* [start[target]] times the width of the source pixel over that of
                        the target pixel */
  bool *covered;     /* [target] the source reaches over all of the pixel */
  double coarseness; /* median over covered target pixels of the width of the source
                        pixels there over their own; NaN: none is covered */
} hr_resampling;

/* A grid: centres in ascending order, in one unit; borrowed. */
typedef struct hr_wave_grid {
  const double *centres; /* [pixels] */
  size_t pixels;
} hr_wave_grid;

/* A spectrum; borrowed. Values of bad pixels are not looked at, and are 0 in what is
 * made. */
typedef struct hr_wave_values {
  double *flux;     /* [pixels] */
  double *variance; /* [pixels]; NULL: not known */
  bool *good;       /* [pixels] */
} hr_wave_values;

/* How to go from one grid to the other. HR_ERR_DATA where a grid has fewer than two
 * pixels or does not ascend; HR_ERR_MEMORY. Freed with hr_resampling_fini, on failure
 * too. Cost: linear in the pixels of both. */
hr_status hr_resampling_init(const hr_wave_grid *source, const hr_wave_grid *target,
                             hr_resampling *out, hr_error *err) HR_MUST_CHECK;
void hr_resampling_fini(hr_resampling *resampling);

/* Fills out [target], from `in` [source]. */
void hr_resample(const hr_resampling *resampling, const hr_wave_values *in,
                 const hr_wave_values *out);

/* Sets the variances of good pixels of `out`, as hr_resample left it, to those of
 * independent noise, W_j above. */
void hr_resample_independent(const hr_resampling *resampling, const hr_wave_values *in,
                             const hr_wave_values *out);

/* The mean correlation of the noise of neighbours, over pairs of good target pixels; in,
 * out: as hr_resample had them. NaN: there is no such pair, or no variance. */
double hr_resample_correlation(const hr_resampling *resampling, const hr_wave_values *in,
                               const hr_wave_values *out);

#endif
