/* Whether a file of spectra to predict is on the scale of the training spectra: counted
 * row by row, told once a file. Internal to predict/. */
#ifndef HR_PREDICT_SCALE_TALLY_H
#define HR_PREDICT_SCALE_TALLY_H

#include "core/text.h"
#include "data/flux_scale.h"

/* Logarithms in steps of 1/200: medians to 0.6 % without keeping rows. */
enum { HR_TALLY_DEX = 45, HR_TALLY_STEPS = 200 };
enum { HR_TALLY_BINS = 2 * HR_TALLY_DEX * HR_TALLY_STEPS };

typedef struct hr_scale_tally {
  uint64_t rows, above, below; /* known of; of them, beyond the training spectra */
  uint32_t flux[HR_TALLY_BINS], error[HR_TALLY_BINS]; /* over those of training */
} hr_scale_tally;

/* Adds a row, which hr_flux_scale_compare says is `side`. */
void hr_scale_tally_add(hr_scale_tally *tally, const hr_flux_scale *training,
                        const hr_row_scale *row, int side);

/* Appends a sentence with the remedy where most rows are beyond the training spectra on
 * one side, or the median of 20 or more is by a factor of five, and their error alike;
 * one that is less certain where a study would tell of such a test set; else nothing.
 * Returns the factor by which the flux differs; NaN: nothing is to be told. */
double hr_scale_tally_describe(const hr_scale_tally *tally, const hr_flux_scale *training,
                               const char *path, hr_text *out);

/* The same by what a file of which most rows cannot be read on the scale of the training
 * spectra has in its own unit (hr_dataset_measure_scale). */
double hr_scale_describe_file(const hr_flux_scale *file, const hr_flux_scale *training,
                              const char *path, hr_text *out);

#endif
