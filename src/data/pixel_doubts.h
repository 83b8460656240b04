/* Pixels that hold no flux and are not marked as bad, neither by mask nor by error. */
#ifndef HR_DATA_PIXEL_DOUBTS_H
#define HR_DATA_PIXEL_DOUBTS_H

#include "data/doubts.h"
#include "data/look.h"

/* Of every file: stored noisy flux that is the flux itself, without noise, where one
 * value holds most such pixels (a gap filled with 0, a mark such as -99.9): refused.
 * Flux whose lowest or highest value is the same in many rows and far from their levels:
 * refused. With `uses_noisy` noisy flux that is HR_LOOK_FAR errors from the flux: told,
 * and refused where it is two in a thousand, in a fiftieth of the rows. Files without an
 * error whose noisy flux is not the flux: told, refused with `uses_noisy`. HR_ERR_MEMORY.
 */
hr_status hr_doubt_pixels(const hr_look *look, bool uses_noisy, hr_doubts *doubts,
                          hr_error *err) HR_MUST_CHECK;

/* Of every file: a mask that marks more than half of the pixels of half of its rows, as
 * one does that has 1 at good pixels: refused. HR_ERR_MEMORY. */
hr_status hr_doubt_masks(const hr_look *look, hr_doubts *doubts,
                         hr_error *err) HR_MUST_CHECK;

#endif
