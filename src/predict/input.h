/* One file of spectra to predict: opened, held against the bundle, and its label columns
 * found. Internal to predict/. */
#ifndef HR_PREDICT_INPUT_H
#define HR_PREDICT_INPUT_H

#include "data/stream.h"
#include "headroom/predict.h"
#include "predict/engine.h"
#include "predict/survey.h"

/* What is wanted of every file; borrowed. */
typedef struct hr_input_wish {
  const hr_engine *engine;
  const hr_strings *keep; /* label columns that are carried along */
  hr_predict_flux flux;
  hr_predict_index index;
  const hr_fits_bits *bits; /* of the masks of surveys' files; NULL: as usual */
} hr_input_wish;

typedef struct hr_input {
  hr_dataset *dataset; /* NULL: it is a survey's file */
  hr_survey *survey;   /* NULL: it is not */
  hr_observed observed;
  size_t rows;
  hr_bin_column *axes; /* [axis_count] columns for the router; NULL: not needed */
  const double **kept; /* [keep->count] columns */
  const int64_t *
      *kept_whole;     /* [keep->count] the same where they are integers, or NULL */
  const double *given; /* [rows] velocities of a label, borrowed, or NULL */
  hr_velocity_answer *velocity; /* [rows] by which they are at rest, or NULL */
  hr_table_column *taken;       /* [taken_count] columns of a survey's file, owned */
  size_t taken_count;
} hr_input;

/* Opens the file, HDF5 or, by its first bytes, FITS. Refuses, one sentence each: another
 * wavelength grid, no error where an expert needs it, no such flux, no labels or no such
 * column where they are needed (HR_ERR_DATA), labels that are wanted and in another order
 * than the spectra (HR_ERR_DATA where that is certain, else a warning; not where the
 * index is followed), no spectra (HR_ERR_EMPTY); and what hr_dataset_open_observed and
 * hr_survey_open refuse. Freed with hr_input_fini, on failure too. */
hr_status hr_input_open(const hr_input_wish *wish, const char *path,
                        const hr_observer *observer, hr_input *out,
                        hr_error *err) HR_MUST_CHECK;
/* Brings the rows of an HDF5 file to rest where the bundle's were, and tells by what in
 * `velocity`; streaming: as they are going to be read. Rows of a survey are brought there
 * as they are read. Cost, where velocities are measured: one more pass. Statuses as
 * streams have. */
hr_status hr_input_bring_to_rest(const hr_input_wish *wish,
                                 const hr_stream_options *streaming, hr_input *input,
                                 const hr_observer *observer,
                                 hr_error *err) HR_MUST_CHECK;
void hr_input_fini(hr_input *input);

#endif
