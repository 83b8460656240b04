/* Preparing one spectrum: checks, clipping, filling, noise. The stream does this to every
 * row of a block, in parallel; rows know nothing of each other. */
#ifndef HR_DATA_PREPARE_H
#define HR_DATA_PREPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/stream.h"

/* Flux, error and noisy flux are at most this: products and sums of blocks are computed
 * in fp32, which ends at 3e38. */
#define HR_PREPARE_LARGEST 1e15f

/* Why a row cannot be used. */
typedef enum hr_row_fault {
  HR_ROW_GOOD,
  HR_ROW_FLUX,        /* flux is NaN or beyond HR_PREPARE_LARGEST */
  HR_ROW_ERROR,       /* error is beyond HR_PREPARE_LARGEST */
  HR_ROW_ERROR_EMPTY, /* the error is NaN in every pixel */
  HR_ROW_NOISY,       /* noisy flux is NaN or beyond HR_PREPARE_LARGEST */
} hr_row_fault;

/* What was found in one row, and done to it. */
typedef struct hr_row_report {
  hr_row_fault fault;
  uint32_t clipped;     /* pixels with flux below 0 */
  uint32_t filled;      /* pixels with NaN in the error */
  uint32_t nonpositive; /* pixels with error <= 0, counted after filling */
  bool dark;            /* no pixel has flux above 0 */
  uint32_t masked;      /* pixels without a usable error; of observed rows alone */
  size_t pixel;         /* the first pixel at fault */
  float value;          /* what it holds */
} hr_row_report;

/* Prepares one row in place: flux below 0 becomes 0 (and -0 becomes +0, so that adding a
 * zero leaves the bytes), NaN in the error becomes the value of the nearest valid pixel,
 * the left one where two are equally near. Valid means not NaN: an error <= 0 is kept and
 * counted. A row at fault is reported and its arrays are left in an unspecified state.
 * flux, error: [pixels] fp32. */
void hr_prepare_row(size_t pixels, float *flux, float *error, hr_row_report *out);

/* noisy = flux + level * sigma * z of row `row` of the dataset, for a prepared row, where
 * sigma is the error, and 0 where the error is <= 0: such a pixel carries no noise. z are
 * the standard normal deviates 0 .. pixels-1 of (seed, stream, row), core/random.h.
 * Computed as (float)((double)flux + (level * (double)sigma) * (double)z), without fused
 * operations; a level of 0 copies the flux. */
void hr_prepare_noise(const hr_noise *noise, uint64_t row, size_t pixels,
                      const float *flux, const float *error, float *noisy);

/* Prepares one row that is to be predicted, its flux taken as it is: pixels whose error
 * is NaN, not above 0 or beyond HR_PREPARE_LARGEST are masked ones. The NaN are filled as
 * above, so that a row is predicted as a study predicts it; what is too large becomes 0.
 * HR_ROW_NOISY as below, HR_ROW_ERROR_EMPTY where every pixel is masked. error: [pixels],
 * or NULL where it is not known. */
void hr_prepare_observed(size_t pixels, const float *flux, float *error,
                         hr_row_report *out);

/* Reports HR_ROW_NOISY in `out` where noisy flux is NaN or too large. */
void hr_prepare_check_noisy(size_t pixels, const float *noisy, hr_row_report *out);

#endif
