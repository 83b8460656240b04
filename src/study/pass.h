/* One pass over the rows of a split, told to the observer. */
#ifndef HR_STUDY_PASS_H
#define HR_STUDY_PASS_H

#include "study/plan.h"
#include "study/sample.h"

typedef struct hr_pass {
  const hr_plan *plan;     /* borrowed, as is all else */
  bool training;           /* the training rows, else the test rows */
  const char *stage;       /* for the observer: "reading training spectra" */
  const hr_sample *sample; /* only the runs of rows that it wants; NULL: all rows */
  hr_status (*visit)(void *context, const hr_block *block, hr_error *err);
  void *context;
} hr_pass;

/* Shows every block, in order, to `visit`; *preparation (may be NULL) is what was counted
 * on the way, whose bad_files are the caller's to free. Fails as hr_stream_next and
 * `visit` do, HR_ERR_INTERRUPTED where the observer wants that. */
hr_status hr_pass_run(const hr_pass *pass, hr_preparation *preparation,
                      hr_error *err) HR_MUST_CHECK;

#endif
