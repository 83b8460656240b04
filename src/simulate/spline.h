/* Cubic splines through fixed nodes, as weights: the interpolated value is linear in the
 * values at the nodes, s(x) = sum_j w_j(x) y_j, and w_j does not depend on y.
 *
 * Not-a-knot end conditions: cubic polynomials are reproduced exactly up to the ends of
 * the range. Natural splines force the curvature to zero there, which model fluxes have
 * no reason for: with every other node taken away in turn, not-a-knot errs less in T_eff
 * (rms 0.17 % of the flux against 0.18 %) and log g (0.037 % against 0.045 %), natural in
 * [M/H] (0.13 % against 0.10 %), where the last node is itself extrapolated. */
#ifndef HR_SIMULATE_SPLINE_H
#define HR_SIMULATE_SPLINE_H

#include <stddef.h>

#include "core/error.h"

enum { HR_SPLINE_MOST_NODES = 16 };

typedef struct hr_spline {
  size_t count; /* n */
  double nodes[HR_SPLINE_MOST_NODES];
  /* [i][j]: the second derivative at node i for values y_j = 1, the others 0. */
  double curvature[HR_SPLINE_MOST_NODES][HR_SPLINE_MOST_NODES];
} hr_spline;

/* nodes: [count], strictly increasing, 4 <= count <= HR_SPLINE_MOST_NODES; otherwise
 * HR_ERR_NUMERIC. */
hr_status hr_spline_init(const double *nodes, size_t count, hr_spline *out,
                         hr_error *err) HR_MUST_CHECK;

/* weights: [count]. At a node exactly one of them is 1 and the others are 0. Beyond the
 * ends the outermost cubic is continued. */
void hr_spline_weights(const hr_spline *spline, double x, double *weights);

/* The same for the first derivative, s'(x) = sum_j slope_j(x) y_j, per unit of the nodes.
 * slopes: [count]; they sum to 0. */
void hr_spline_slopes(const hr_spline *spline, double x, double *slopes);

#endif
