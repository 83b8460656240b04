/* A file of a survey (data/fits/spectra.h) as spectra to predict: each object resampled
 * on to the model's pixels (data/resample.h), scaled to the median flux of the training
 * spectra over its good pixels, and made ready as the study made its rows. Models take
 * the noise of pixels for independent, so that errors are those that independent noise
 * would have (hr_resample_independent): with the exact ones, which are smaller where
 * neighbours share noise, a star counts for a brighter one than it is. Internal to
 * predict/. */
#ifndef HR_PREDICT_SURVEY_H
#define HR_PREDICT_SURVEY_H

#include "data/fits/spectra.h"
#include "data/stream.h"
#include "predict/engine.h"

typedef struct hr_survey hr_survey;

/* The share of the model's pixels that have to be good, for a star to be predicted: 3000
 * of 4096, as the Galactic Archaeology pipeline of PFS asks of the MR arm. */
extern const double hr_survey_least_good;

/* Opens the file for an engine, which outlives it. Fails as hr_fits_spectra_open does;
 * HR_ERR_DATA where training spectra have no median flux in common, so that there is none
 * to scale to. */
hr_status hr_survey_open(const hr_engine *engine, const char *path, hr_survey **out,
                         hr_error *err) HR_MUST_CHECK;
void hr_survey_close(hr_survey **survey);

/* As hr_fits_spectra_choose_bits. */
hr_status hr_survey_choose_bits(hr_survey *survey, const hr_fits_bits *bits,
                                hr_error *err) HR_MUST_CHECK;

const hr_fits_spectra_info *hr_survey_describe(const hr_survey *survey);
hr_status hr_survey_column(hr_survey *survey, const char *name, hr_table_column *out,
                           hr_error *err) HR_MUST_CHECK;

/* The next block, of at most `most` rows: `noisy` and, where it is known, `error`;
 * rows == 0 at the end. Borrowed until the next call. Statuses as hr_fits_spectra_read.
 */
hr_status hr_survey_next(hr_survey *survey, size_t most, hr_block *block,
                         hr_error *err) HR_MUST_CHECK;

/* Of the rows of the last block: what was found; and which have some good pixels, but
 * too few, and so are at fault (HR_ROW_EMPTY). */
const struct hr_row_report *hr_survey_reports(const hr_survey *survey);
const bool *hr_survey_few(const hr_survey *survey);

/* By what they were brought to rest; NULL: they are taken as they are. */
const hr_velocity_answer *hr_survey_velocity(const hr_survey *survey);

/* Means over the rows so far: the correlation of neighbours' noise, and how many times
 * wider the pixels of the file are than the model's. NaN: not known. */
double hr_survey_correlation(const hr_survey *survey);
double hr_survey_coarseness(const hr_survey *survey);

#endif
