/* Preparing one spectrum: bad pixels, clipping, noise. The stream does this to every row
 * of a block, in parallel; rows know nothing of each other. */
#ifndef HR_DATA_PREPARE_H
#define HR_DATA_PREPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/bad_pixels.h"
#include "data/conditioning.h"
#include "data/stream.h"

/* Why a row cannot be used. */
typedef enum hr_row_fault {
  HR_ROW_GOOD,
  HR_ROW_EMPTY, /* every pixel is bad */
  HR_ROW_FLUX,  /* flux is not finite or beyond HR_PREPARE_LARGEST, and nothing is known
                   that could stand in */
  HR_ROW_NOISY, /* the same of noisy flux; or drawn noise is beyond */
} hr_row_fault;

/* What was found in one row, and done to it. */
typedef struct hr_row_report {
  hr_row_fault fault;
  hr_bad_counts bad; /* pixels, by reason */
  uint32_t clipped;  /* good pixels with flux below 0, where that is clipped */
  bool dark;         /* flux is clipped, and no pixel is above 0 */
  uint32_t noisy;    /* good pixels with stored noise; of them, those within the median */
  uint32_t calm; /* distance of a normal deviate, 0.6745 errors: half of them where the
                    error is one sigma of the noise */
  bool wild;     /* a good pixel is beyond the conditioning's wild_beyond */
  size_t pixel;  /* the first pixel at fault */
  float value;   /* what it holds */
} hr_row_report;

/* Prepares one row in place, whose values are in the conditioning's unit. Bad pixels are
 * mended (data/bad_pixels.h); flux below 0 becomes 0 where the conditioning clips (and -0
 * becomes +0, so that adding a zero leaves the bytes); noisy flux is never clipped. Where
 * errors are not known, an error that is no number above 0 becomes 0 and masks nothing. A
 * row whose pixels are all bad holds the stand-in everywhere; one at fault otherwise is
 * in an unspecified state. */
void hr_prepare_row(const hr_conditioning *conditioning, const hr_pixels *row,
                    hr_row_report *out);

/* noisy = flux + level * sigma * z of row `row` of the dataset, for a prepared row, where
 * sigma is the error, and 0 where the error is <= 0: such a pixel carries no noise. z are
 * the standard normal deviates 0 .. pixels-1 of (seed, stream, row), core/random.h.
 * Computed as (float)((double)flux + (level * (double)sigma) * (double)z), without fused
 * operations; a level of 0 copies the flux. */
void hr_prepare_noise(const hr_noise *noise, uint64_t row, size_t pixels,
                      const float *flux, const float *error, float *noisy);

/* Counts `noisy` and `calm` of a prepared row with stored noise. */
void hr_prepare_count_noise(const hr_pixels *row, hr_row_report *out);

/* Whether the noise of a row scatters by less than a third, or more than three times, of
 * what both its error and `level` times that say; of 64 pixels and more. */
bool hr_prepare_is_noise_off(const hr_row_report *report, double level);

/* Reports HR_ROW_NOISY in `out` where noisy flux is NaN or too large. */
void hr_prepare_check_noisy(size_t pixels, const float *noisy, hr_row_report *out);

#endif
