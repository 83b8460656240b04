/* The radial velocity of a spectrum, from its pixels and their errors.
 *
 * For a velocity v the spectrum is fitted by a sum of the basis (velocity_basis.h) moved
 * to v, with amplitudes that are free for the mean, which takes the flux scale, and
 * Gaussian with the grid's own spread for the components. What is left,
 *
 *   chi2(v) = min_c sum_p (x_p - sum_k c_k e_k(p; v))^2 / sigma_p^2
 *             + sum_k>0 c_k^2 / (c_0 s_k)^2,
 *
 * and the likelihood with the amplitudes integrated over, exp(-chi2(v) / 2) / sqrt(det A)
 * with A of the amplitudes' system, are had at nodes 8 km/s apart, half a pixel of the MR
 * arm, to which the basis is moved once and for all. Every second node is looked at with
 * five spectra of the basis; about the best of them, as far as chi2 is within 25 and at
 * least 32, at most 64 km/s to either side, every node with all eleven. Between nodes a
 * polynomial through eight of them is right to some 0.01 km/s, as lines are seven nodes
 * wide. The velocity and sigma are mean and standard deviation over those velocities, all
 * as likely beforehand: at low signal to noise the peak's curvature promises too much.
 * Pixels near the ends, which not every velocity of the range fills, take no part.
 *
 * As of principal component fits of redshifts (e.g. Bolton et al. 2012, AJ 144, 144). */
#ifndef HR_FEATURES_VELOCITY_H
#define HR_FEATURES_VELOCITY_H

#include "core/error.h"
#include "data/doppler.h"

typedef enum hr_velocity_flag {
  HR_VELOCITY_EDGE = 1,     /* the best velocity is an end of the range */
  HR_VELOCITY_DOUBTFUL = 2, /* another one, 64 km/s away and more, fits nearly as well:
                               chi2 differs by less than 9 */
  HR_VELOCITY_NONE = 4,     /* there is none: too few good pixels, or no flux */
} hr_velocity_flag;

typedef struct hr_velocity_answer {
  double rv;      /* km/s, receding is positive; NaN: none */
  double sigma;   /* one standard deviation, km/s; NaN: none, or errors are not known */
  unsigned flags; /* a sum of hr_velocity_flag */
} hr_velocity_answer;

typedef struct hr_velocity hr_velocity;                 /* constant once it is made */
typedef struct hr_velocity_scratch hr_velocity_scratch; /* of one thread */

/* For spectra with these wavelengths [pixels] and velocities from low to high, km/s, at
 * least 64 apart. HR_ERR_MISSING where the model grid has other pixels, HR_ERR_USAGE,
 * HR_ERR_MEMORY, HR_ERR_NUMERIC. Cost: half a second, 22 KB a km/s. */
hr_status hr_velocity_create(const double *wave, size_t pixels, const double range[2],
                             hr_velocity **out, hr_error *err) HR_MUST_CHECK;
void hr_velocity_destroy(hr_velocity **velocity);

hr_status hr_velocity_scratch_create(const hr_velocity *velocity,
                                     hr_velocity_scratch **out,
                                     hr_error *err) HR_MUST_CHECK;
void hr_velocity_scratch_destroy(hr_velocity_scratch **scratch);

/* flux: [P], to which base is added; error: [P] one sigma, of which a pixel that is not
 * above 0 takes no part; NULL: not known, and all pixels count alike. */
hr_velocity_answer hr_velocity_fit(const hr_velocity *velocity,
                                   hr_velocity_scratch *scratch, const float *flux,
                                   const float *error, double base);

#endif
