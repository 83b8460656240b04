/* Spectra brought to rest, row by row, on their own pixels: as the files would hold them
 * if their stars stood still (data/doppler.h). */
#ifndef HR_DATA_REST_H
#define HR_DATA_REST_H

#include "data/bad_pixels.h"
#include "data/doppler.h"

/* Lines of the sky stand still, and are somewhere else in every spectrum at rest: what
 * learns weights of pixels can no longer turn down those that they spoil. So a pixel
 * whose error is more than HR_REST_MOST_ERROR times the row's median is bad; in
 * noise-free rows it keeps its flux, and its error is that limit. In the MR arm those are
 * 7 % of the pixels, with three quarters of the noise's variance and 0.4 % of what tells
 * of the star. */
#define HR_REST_MOST_ERROR 3.0

typedef struct hr_rest {
  hr_doppler doppler;
  double low, high;  /* km/s: the velocities that rows have, as a rule */
  bool are_clean;    /* rows' flux is without noise, which is drawn from their error */
  size_t first, end; /* pixels that every velocity between them fills; the others are bad
                        in all rows, so that none differs from the others there for its
                        velocity alone */
} hr_rest;

typedef struct hr_rest_scratch { /* of one thread */
  hr_doppler_shift shift;
  float *values, *sorting; /* [P] */
  uint8_t *bad, *moved;    /* [P] */
} hr_rest_scratch;

/* wave: [pixels], copied; range: from, to, km/s, at most HR_REST_FASTEST either way.
 * HR_ERR_DATA where the range leaves no pixel. Freed with _fini, on failure too. */
hr_status hr_rest_init(const double *wave, size_t pixels, const double range[2],
                       hr_rest *out, hr_error *err) HR_MUST_CHECK;
void hr_rest_fini(hr_rest *rest);

/* km/s; far above what stars of the Galaxy have. */
#define HR_REST_FASTEST 3000.0

hr_status hr_rest_scratch_init(const hr_rest *rest, hr_rest_scratch *out,
                               hr_error *err) HR_MUST_CHECK;
void hr_rest_scratch_fini(hr_rest_scratch *scratch);

/* Brings a row to rest that recedes with `velocity`, km/s; NaN: not known, 0. Bad pixels
 * (hr_bad_pixels_find, with row->mask, which is not looked at where `mask` is another)
 * hold what their neighbours do, along a line, before; those that cannot be had after
 * (hr_doppler_apply_bad) are marked in mask or, where that is NULL, by an error of 0 or,
 * where errors are not known, by flux that is no number. Errors go along a line: what
 * interpolation takes of the noise is not what lines are seen in. */
void hr_rest_bring(const hr_rest *rest, hr_rest_scratch *scratch, double velocity,
                   const hr_pixels *row, uint8_t *mask, bool knows_errors);

#endif
