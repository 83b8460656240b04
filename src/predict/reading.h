/* The rows of one file on their way to an engine: blocks in order, out of our own layout
 * or a survey's, with what goes with them. Internal to predict/ and what draws from it.
 */
#ifndef HR_PREDICT_READING_H
#define HR_PREDICT_READING_H

#include "predict/plan.h"

typedef struct hr_reading {
  hr_input input;
  hr_stream *stream; /* NULL: it is a survey's file */
  size_t rows;       /* a block, of a survey's file */
} hr_reading;

/* Opens the file, and brings its rows to rest where the plan's bundle asks for it. To be
 * followed by _fini, on failure too. Statuses of hr_input_open. */
hr_status hr_reading_open(const hr_predict_plan *plan, const char *path,
                          const hr_observer *observer, hr_reading *out,
                          hr_error *err) HR_MUST_CHECK;
void hr_reading_fini(hr_reading *reading);

/* The next block, borrowed until the next call; rows == 0 at the end. */
hr_status hr_reading_next(hr_reading *reading, hr_block *block,
                          hr_error *err) HR_MUST_CHECK;

/* The block as an engine takes it; all but `axes`, which is the caller's, is borrowed. */
hr_engine_rows hr_reading_rows(const hr_reading *reading, const hr_predict_plan *plan,
                               const hr_block *block,
                               hr_bin_column axes[HR_BUNDLE_MOST_AXES]);

/* What is too little to predict is not called bad: flags of a result of `rows` rows, from
 * row `first` of the last block on. */
void hr_reading_flag_few(const hr_reading *reading, size_t first, size_t rows,
                         hr_engine_result *result);

#endif
