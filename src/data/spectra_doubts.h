/* What a look at the spectra gives to doubt: whether the error is one standard deviation,
 * whether it goes with the label `snr`, whether files share one scale of the flux,
 * whether wavelengths are in angstrom. Medians of files are compared, never single rows.
 */
#ifndef HR_DATA_SPECTRA_DOUBTS_H
#define HR_DATA_SPECTRA_DOUBTS_H

#include "data/doubts.h"
#include "data/look.h"

/* Every file against itself: the error by the scatter of the stored noisy flux, of which
 * `level` or 1 times the error is expected, or else by the label `snr`, by its course and
 * size, or by the scatter of the flux from pixel to pixel where that goes with the error;
 * that label by its rank correlation with flux over error. HR_ERR_MEMORY. */
hr_status hr_doubt_errors(const hr_look *look, double level, hr_doubts *doubts,
                          hr_error *err) HR_MUST_CHECK;

/* Median flux, spread of the flux and error. `other` the same as `train`: training files
 * among themselves, where flux and error differ alike; a factor of 5 is refused, of 2.5
 * told. Else the test set against all training rows: refused by a factor of 5, or of 1.5
 * where that is ten times as far as training rows are apart; told from 2.5 on, or from
 * 1.1 where it is four times as far. HR_ERR_MEMORY. */
hr_status hr_doubt_scales(const hr_look *train, const hr_look *other, hr_doubts *doubts,
                          hr_error *err) HR_MUST_CHECK;

/* A grid that looks like nm, micrometres, metres or the logarithm of angstrom. */
hr_status hr_doubt_wavelengths(const hr_dataset *dataset, hr_doubts *doubts,
                               hr_error *err) HR_MUST_CHECK;

#endif
