/* A spectrum as it looks from another velocity: the same values at wavelengths that are
 * multiplied by one factor,
 *
 *   out(lambda) = in(lambda / factor),  factor = sqrt((1 + v/c) / (1 - v/c))
 *
 * for a source that recedes with v. Pixels of the result lie between pixels of the
 * source, and are interpolated by a sinc under a Kaiser window (Kaiser & Schafer 1980,
 * IEEE Trans. ASSP 28, 105), twelve pixels wide. A profile of 3.7 pixels FWHM, that of
 * the MR arm, holds nothing that the pixels do not: there and back again is off by 1e-4
 * of the flux. White noise stays nearly white: between two pixels its variance falls to
 * 0.86 and neighbours get a correlation of 0.15 (averaging two pixels: 0.5 and 0.5), by
 * taking away what varies from pixel to pixel, where lines have nothing. What is left
 * goes with the error as it was. */
#ifndef HR_DATA_DOPPLER_H
#define HR_DATA_DOPPLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

enum {
  HR_DOPPLER_TAPS = 12,
  HR_DOPPLER_PHASES =
      1024, /* of a pixel: places are rounded to 0.01 km/s in the MR arm */
};

/* The speed of light, km/s. */
#define HR_LIGHT_KM_S 299792.458

typedef struct hr_doppler {
  size_t pixels;
  double *wave;  /* [P] angstrom, ascending, at least 2 */
  float *kernel; /* [PHASES + 1][TAPS], each summing to 1 */
} hr_doppler;

/* What one factor does, for any number of spectra. */
typedef struct hr_doppler_shift {
  int32_t *from;   /* [P] the source pixel at or before the place; -1, P - 1: it is beyond
                      the source, which ends there */
  uint16_t *phase; /* [P] how far behind it, 0 .. PHASES */
} hr_doppler_shift;

/* wave: [pixels], copied. Freed with _fini, on failure too. HR_ERR_MEMORY. */
hr_status hr_doppler_init(const double *wave, size_t pixels, hr_doppler *out,
                          hr_error *err) HR_MUST_CHECK;
void hr_doppler_fini(hr_doppler *doppler);

hr_status hr_doppler_shift_init(const hr_doppler *doppler, hr_doppler_shift *out,
                                hr_error *err) HR_MUST_CHECK;
void hr_doppler_shift_fini(hr_doppler_shift *shift);

/* By what a velocity in km/s, below that of light, multiplies wavelengths. */
double hr_doppler_factor(double velocity);

/* Where the pixels of a spectrum multiplied by `factor` come from. */
void hr_doppler_find(const hr_doppler *doppler, double factor, hr_doppler_shift *shift);

/* in, out: [P], two arrays. Beyond its ends the source keeps the value of its last pixel.
 */
void hr_doppler_apply(const hr_doppler *doppler, const hr_doppler_shift *shift,
                      const float *in, float *out);

/* The same between neighbours alone, along a line, for what must not swing: errors. */
void hr_doppler_apply_line(const hr_doppler *doppler, const hr_doppler_shift *shift,
                           const float *in, float *out);

/* Which pixels cannot be had: beyond the source, or with 0.15 or more of a pixel that is
 * `bad`. A bad pixel has less in others, as if it held what its neighbours do. */
void hr_doppler_apply_bad(const hr_doppler *doppler, const hr_doppler_shift *shift,
                          const uint8_t *bad, uint8_t *out);

#endif
