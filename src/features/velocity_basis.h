/* The spectra that velocities are measured with: the mean of the model grid and its
 * leading components, so that one linear fit stands for all stars of the grid. */
#ifndef HR_FEATURES_VELOCITY_BASIS_H
#define HR_FEATURES_VELOCITY_BASIS_H

#include <stddef.h>

#include "core/error.h"

enum { HR_VELOCITY_SPECTRA = 11 }; /* the mean, and ten components */

typedef struct hr_velocity_basis {
  size_t pixels;
  float *spectra; /* [HR_VELOCITY_SPECTRA][P] of unit mean flux; the mean first */
  double spread[HR_VELOCITY_SPECTRA]; /* of the components' amplitudes over that of the
                                         mean: one sigma over the grid; the mean's own is
                                         not looked at */
} hr_velocity_basis;

/* From every second node of T_eff and log g and all of [M/H], as the ten leading
 * components of those 350 spectra leave 0.2 % of a spectrum that another
 * grid point has. wave: [pixels] of the spectra to be measured. HR_ERR_MISSING, with the
 * reason, where these are not the model grid's pixels; HR_ERR_MEMORY, HR_ERR_NUMERIC.
 * Freed with _fini, on failure too. Cost: half a second. */
hr_status hr_velocity_basis_init(const double *wave, size_t pixels,
                                 hr_velocity_basis *out, hr_error *err) HR_MUST_CHECK;
void hr_velocity_basis_fini(hr_velocity_basis *basis);

#endif
