/* Stars that are in training and test set, known by what names them: other spectra of the
 * same star are no twins (data/twin_rows.h), and its label is trained on all the same. */
#ifndef HR_DATA_SAME_STARS_H
#define HR_DATA_SAME_STARS_H

#include "data/dataset.h"
#include "data/doubts.h"

/* Tells (HR_DOUBT_TEST_IN_TRAINING, which refuses nothing) how many rows of `test` are of
 * stars that `train` has, by the label `id` of both; nothing where a set has none, or no
 * row is. HR_ERR_MEMORY. */
hr_status hr_doubt_same_stars(const hr_dataset *train, const hr_dataset *test,
                              const char *id, hr_doubts *doubts,
                              hr_error *err) HR_MUST_CHECK;

#endif
