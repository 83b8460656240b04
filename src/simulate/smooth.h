/* Lower resolution: the grid's Gaussian line profile widened to a larger one. */
#ifndef HR_SIMULATE_SMOOTH_H
#define HR_SIMULATE_SMOOTH_H

#include "simulate/tables.h"

/* Convolves every spectrum of the grid so that the profile at each wavelength has
 * FWHM = wave / resolving_power, or `fwhm` angstrom where resolving_power is 0. Neither
 * may ask for a sharper profile than wave / HR_GRID_RESOLVING_POWER anywhere.
 *
 * The kernel is a sampled Gaussian, whose variance is right to 2e-7 from one pixel
 * squared on; below that, where samples would fall short, the discrete Gaussian
 * exp(-t) I_n(t) (Lindeberg 1990), whose variance is exactly t however narrow it is. The
 * grid's own profile is taken off in quadrature. At the ends of the arm the kernel is cut
 * off and normalised again. Once, at the start; all threads. */
hr_status hr_smooth_grid(hr_grid_tables *tables, double resolving_power, double fwhm,
                         hr_error *err) HR_MUST_CHECK;

/* The kernel for variance t in pixels squared: weights[n] for offsets -n and n, n = 0 ..
 * half, summing to 1 over both sides. weights: [hr_smooth_half_width(t) + 1]. */
size_t hr_smooth_half_width(double t);
void hr_smooth_kernel(double t, double *weights);

#endif
