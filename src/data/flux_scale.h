/* The scale of the flux: what training spectra have, and whether a spectrum to predict is
 * on another one, as in another unit. Models take flux at its word; one in another unit
 * gets numbers that mean nothing. */
#ifndef HR_DATA_FLUX_SCALE_H
#define HR_DATA_FLUX_SCALE_H

#include "data/conditioning.h"

/* Of one spectrum, in the unit of its file, over at most HR_FLUX_SCALE_PIXELS evenly
 * spread pixels whose error is above 0, or any where no error is known. NaN: not known.
 */
typedef struct hr_row_scale {
  double level;  /* median flux */
  double spread; /* from the 5 % to the 95 % quantile of the flux */
  double error;  /* median error */
  size_t pixels; /* that were looked at; 0: the rest is NaN */
} hr_row_scale;

enum { HR_FLUX_SCALE_PIXELS = 512 };

/* Measures a prepared row. noisy: [pixels] flux as observed; error: [pixels], 0 at bad
 * pixels, or NULL; both in the unit of the conditioning. */
hr_row_scale hr_flux_scale_measure(const hr_conditioning *conditioning, size_t pixels,
                                   const float *noisy, const float *error);

/* Whether the row is beyond the training spectra: -1 below, 1 above, 0 where it is not or
 * that cannot be told: for its noise, or as the scale is not known.
 *
 * Levels are compared where those of training stand out of the spread of lines and
 * slopes, else spreads, less what noise adds to them. Beyond is what is 1.5 times outside
 * the middle 98 % of the training rows, and half as far again as these are apart; of flux
 * on a pedestal, five spreads outside. A level is five times as uncertain as noise makes
 * a median. */
int hr_flux_scale_compare(const hr_flux_scale *training, const hr_row_scale *row);

/* Whether the training spectra stand on a pedestal, as data/conditioning.h has it. */
bool hr_flux_scale_is_pedestal(const hr_flux_scale *training);

/* The number that is compared, of a row and of the training spectra, and whether it is
 * the level (else the spread); NaN: not known. */
typedef struct hr_flux_ratio {
  bool of_levels;
  double flux, training;
} hr_flux_ratio;
hr_flux_ratio hr_flux_scale_ratio(const hr_flux_scale *training, const hr_row_scale *row);

#endif
