/* What a bad pixel is, for everybody, and what stands in for it.
 *
 * A pixel of a spectrum is bad where
 *   - the file marks it (the mask array, by the study's choice of bits),
 *   - its flux, or its noisy flux where that is used, is NaN, infinite or beyond
 *     HR_PREPARE_LARGEST,
 *   - its error is NaN or infinite, not above 0, beyond HR_PREPARE_LARGEST, or more than
 *     a thousand times the lower quartile of the spectrum's own good errors: survey
 *     pipelines write 1e10 or 1e30 where they mean "nothing was seen here". In simulated
 *     spectra with all their sky lines the largest error is 40 times the quartile.
 * The last group is left out where errors are not known at all: a file of clean spectra
 * holds zeros there.
 *
 * At a bad pixel the flux becomes that pixel's mean over good training rows, and the
 * error 0: no noise is drawn there, and experts that know the error leave it out. */
#ifndef HR_DATA_BAD_PIXELS_H
#define HR_DATA_BAD_PIXELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Flux, error and noisy flux of good pixels are at most this, in the study's unit of
 * flux: products and sums of blocks are computed in fp32, which ends at 3e38. */
#define HR_PREPARE_LARGEST 1e15f

/* One spectrum, [count] each, fp32, in one unit; changed in place. */
typedef struct hr_pixels {
  size_t count;
  float *flux;         /* noise-free; NULL: there is none */
  float *noisy;        /* with noise, as it was stored; NULL: there is none */
  float *error;        /* one sigma; NULL: not known */
  const uint8_t *mask; /* not 0: marked as bad; NULL: no pixel is */
} hr_pixels;

/* The pixels of a spectrum that are bad, each under the first reason that holds. */
typedef struct hr_bad_counts {
  uint32_t all;         /* the sum of those below */
  uint32_t marked;      /* by the file's mask */
  uint32_t flux;        /* flux or noisy flux is not finite, or too large */
  uint32_t unknown;     /* error is NaN or infinite */
  uint32_t nonpositive; /* error <= 0 */
  uint32_t huge;        /* error absurdly large */
  uint32_t lost; /* not of the sum: flux or noisy flux is not finite or too large, marked
                    or not */
} hr_bad_counts;

/* Counts the bad pixels; bad [count] is 1 at them and 0 elsewhere, NULL: not wanted. */
hr_bad_counts hr_bad_pixels_find(const hr_pixels *row, uint8_t *bad);

/* The same, and mends them: flux and noisy become stand_in [count], error 0. stand_in
 * NULL: there is nothing to stand in, and flux and noisy stay as they are. */
hr_bad_counts hr_bad_pixels_mend(const hr_pixels *row, const float *stand_in);

#endif
