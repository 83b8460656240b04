/* What a run of predictions is: bundle, files, columns, known before a spectrum is read.
 * Internal to predict/. */
#ifndef HR_PREDICT_PLAN_H
#define HR_PREDICT_PLAN_H

#include "predict/prediction_table.h"

#define HR_FLAG_COUNT(name, bit, word, meaning) +1
enum { HR_PREDICT_FLAGS = 0 HR_FLAG_LIST(HR_FLAG_COUNT) };
#undef HR_FLAG_COUNT

typedef struct hr_predict_plan {
  hr_predict_options options; /* as the caller gave them, but for the format, which is
                                 none to be found out; texts borrowed */
  char *out;                  /* the table */
  hr_engine *engine;
  hr_strings keep;
  bool *keep_is_whole;    /* [keep.count] */
  const char *const *ids; /* [id_count] that all files of a survey have */
  size_t id_count;
  bool id_is_whole[HR_FITS_MOST_IDS];
  hr_fits_bits bits; /* chosen by the options */
  hr_input_wish wish;
  hr_prediction_table_plan table;
  hr_stream_options stream;
  size_t *file_rows; /* [file_count] */
  hr_observed *file_flux;
  const char **file_layout; /* [file_count] of a survey's file; NULL: it is none */
  uint64_t rows;            /* of all files */
} hr_predict_plan;

/* Opens the bundle and every file, and closes the files again. */
hr_status hr_predict_plan_create(const hr_predict_options *options,
                                 const hr_observer *observer, hr_predict_plan **out,
                                 hr_error *err) HR_MUST_CHECK;
void hr_predict_plan_destroy(hr_predict_plan **plan);

/* Appends it in words. */
hr_status hr_predict_plan_describe(const hr_predict_plan *plan, hr_text *out,
                                   hr_error *err) HR_MUST_CHECK;

#endif
