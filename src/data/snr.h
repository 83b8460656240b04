/* The signal-to-noise ratio of a spectrum, measured from the spectrum itself: what a
 * study and `headroom predict` know of a star that has no label yet. */
#ifndef HR_DATA_SNR_H
#define HR_DATA_SNR_H

#include <stddef.h>

/* The 95 % quantile over groups of neighbouring pixels of flux / error, summed over the
 * pixels of a group whose error is above 0; NaN where there are none. flux, error:
 * [pixels] fp32, the flux with its noise, the error prepared (data/prepare.h) and not
 * scaled by a level; base: what was taken off the flux, and is put back. */
double hr_measure_snr_above(double base, size_t pixels, const float *flux,
                            const float *error);

/* Where nothing was. */
static inline double hr_measure_snr(size_t pixels, const float *flux,
                                    const float *error) {
  return hr_measure_snr_above(0, pixels, flux, error);
}

#endif
