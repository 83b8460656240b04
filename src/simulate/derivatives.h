/* How a model spectrum changes with its labels, as an observed spectrum shows it: scaled
 * to a median of 1, so that a change of brightness alone is no change at all.
 *
 * With F the interpolated flux and m its median, f = F / m and
 * df/dt = (dF/dt - f dm/dt) / m. dF/dt is exact: the splines differentiated, one more
 * product of weights with the grid for each label. The median of 4096 pixels moves with
 * one or two of them at a time and jumps from pixel to pixel as labels change: its exact
 * derivative is that of whichever pixel happens to be in the middle, and a bound from it
 * is off by a third for some stars. So dm/dt is a weighted mean of dF/dt over the middle
 * 4 % of the pixels (164): the weight falls from the median to both sides, linearly in
 * flux. That is how the median moves over labels as far apart as a spectrum's error bars.
 */
#ifndef HR_SIMULATE_DERIVATIVES_H
#define HR_SIMULATE_DERIVATIVES_H

#include "simulate/interpolate.h"

/* The spectra that a star takes: its flux, then the derivative by each label. */
enum { HR_DERIVATIVE_ROWS = 1 + HR_GRID_AXES };

/* The weights of the G spectra for flux and derivatives at labels (T_eff, log g, [M/H]),
 * to be multiplied with hr_interpolator_spectra. weights: [HR_DERIVATIVE_ROWS][G] fp32;
 * derivatives per K, dex and dex. */
void hr_derivatives_weights(const hr_interpolator *interpolator,
                            const double labels[HR_GRID_AXES], float *weights);

/* Scales, in place, flux and derivatives of one star as said above. spectra:
 * [HR_DERIVATIVE_ROWS][P], as the product left them; scratch: [P]; P at
 * least 100, so that the middle is not empty. */
void hr_derivatives_scale(size_t pixels, float *spectra, float *scratch);

#endif
