/* Model spectra at any labels within the grid: a tensor product of cubic splines.
 *
 * F(T, g, M) = sum_ijk w_i(T) w_j(g) w_k(M) F_ijk is linear in the grid, so the spectra
 * of a batch of stars are one matrix product: weights [stars][G] times grid [G][P]. The
 * flux itself is interpolated, not its logarithm: it is as accurate and needs no exp. */
#ifndef HR_SIMULATE_INTERPOLATE_H
#define HR_SIMULATE_INTERPOLATE_H

#include "compute/compute.h"
#include "headroom/simulate.h"
#include "simulate/spline.h"
#include "simulate/tables.h"

typedef struct hr_interpolator {
  const hr_compute *compute;                     /* borrowed */
  const hr_grid_tables *tables;                  /* borrowed */
  hr_spline spline[HR_GRID_AXES];                /* through the nodes that are used */
  size_t node[HR_GRID_AXES][HR_GRID_MOST_NODES]; /* the grid's number of each of them */
} hr_interpolator;

hr_status hr_interpolator_init(const hr_compute *compute, const hr_grid_tables *tables,
                               hr_simulate_nodes nodes, hr_interpolator *out,
                               hr_error *err) HR_MUST_CHECK;

/* The weights of the nodes of one axis for value and slope at x, 0 at nodes that are not
 * used. weights, slopes: [node_count]; slopes may be NULL. */
void hr_interpolator_axis(const hr_interpolator *interpolator, size_t axis, double x,
                          double *weights, double *slopes);

/* The weights of the G spectra at labels (T_eff, log g, [M/H]). weights: [G] fp32. */
void hr_interpolator_weights(const hr_interpolator *interpolator,
                             const double labels[HR_GRID_AXES], float *weights);

/* The same from weights along the axes, [node_count] each: their outer product. */
void hr_interpolator_outer(const hr_interpolator *interpolator,
                           const double *const axes[HR_GRID_AXES], float *weights);

/* flux = weights times grid, on all threads. Bytes depend on the position of a star in
 * the batch and on `stars` (BLAS), not on the number of threads. weights: [stars][G],
 * flux: [stars][P], fp32. */
void hr_interpolator_spectra(const hr_interpolator *interpolator, size_t stars,
                             const float *weights, float *flux);

/* The same for one star in plain loops and fp64, spline after spline, for tests.
 * flux: [P]. */
void hr_interpolator_reference(const hr_interpolator *interpolator,
                               const double labels[HR_GRID_AXES], double *flux);

#endif
