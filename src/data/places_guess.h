/* Which arrays of a file are likely to be meant, where those of a study are missing. */
#ifndef HR_DATA_PLACES_GUESS_H
#define HR_DATA_PLACES_GUESS_H

#include "data/hdf5_file.h"
#include "data/places.h"

/* HR_ERR_MISSING with the entry of data.paths that would name them, where flux, error or
 * wavelengths are missing and for one of them a single array has a fitting name or, among
 * those of fitting shape, is the only one; HR_OK where nothing can be proposed. */
hr_status hr_places_propose(const hr_hdf5_file *file, const hr_places *places,
                            hr_error *err) HR_MUST_CHECK;

#endif
