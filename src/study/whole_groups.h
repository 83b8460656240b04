/* Blocks of rows as the stream cuts them, made into whole groups of HR_PREDICT_ROWS rows:
 * models that compare rows in groups want those, so rows that begin or end a group in the
 * middle of a block are copied and wait for the others. */
#ifndef HR_STUDY_WHOLE_GROUPS_H
#define HR_STUDY_WHOLE_GROUPS_H

#include "data/stream.h"
#include "models/model.h"

/* One or more whole groups, or the end of the split; borrowed. */
typedef struct hr_grouped {
  hr_spectra spectra;
  const double *snr; /* [N] measured, NaN where it is not known; NULL: nowhere */
} hr_grouped;

typedef struct hr_whole_groups {
  size_t pixels, split_rows;
  double level;
  hr_status (*visit)(void *context, const hr_grouped *rows, hr_error *err);
  void *context;
  /* Rows that wait: */
  float *noisy, *error; /* [HR_PREDICT_ROWS][P] */
  double *snr;          /* [HR_PREDICT_ROWS] */
  size_t first, waiting;
} hr_whole_groups;

/* Makes room for what waits; the other fields are set before. To be followed by
 * hr_whole_groups_fini, on failure too. HR_ERR_MEMORY. */
hr_status hr_whole_groups_init(hr_whole_groups *groups, hr_error *err) HR_MUST_CHECK;
void hr_whole_groups_fini(hr_whole_groups *groups);

/* Hands on a block, which come in order; some of its rows may wait for the next block.
 * Fails as `visit` does. */
hr_status hr_whole_groups_observe(hr_whole_groups *groups, const hr_block *block,
                                  hr_error *err) HR_MUST_CHECK;

#endif
