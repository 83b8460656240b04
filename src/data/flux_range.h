/* The flux that training spectra have, pixel by pixel, and pixels of another spectrum
 * that are far beyond it: hot ones, cosmic rays, a value that stands for "none" and is
 * not marked. A linear model follows one of them as far as it goes. */
#ifndef HR_DATA_FLUX_RANGE_H
#define HR_DATA_FLUX_RANGE_H

#include "data/conditioning.h"

/* How many pixels of a prepared row are beyond: further from the range of the training
 * spectra than half of it, or half the usual spread of flux where it is narrower, and
 * eight times the error more; ten times the range where no error is known. noisy:
 * [pixels]; error: [pixels] or NULL. 0 where the range is not known. */
size_t hr_flux_range_beyond(const hr_conditioning *conditioning, size_t pixels,
                            const float *noisy, const float *error);

#endif
