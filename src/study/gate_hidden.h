/* What the shared trunk of a study's bundle makes of training rows: the hidden vectors
 * that a gate which looks at them learns from. The rows are those that the trunk held out
 * (routing/gate_learner.h): of those that it has seen it knows more than of any other. */
#ifndef HR_STUDY_GATE_HIDDEN_H
#define HR_STUDY_GATE_HIDDEN_H

#include "study/bundle.h"

typedef struct hr_gate_hidden {
  const hr_plan *plan; /* borrowed, as are the two below */
  const char *out_dir; /* with the bundle, which is whole */
  const size_t *rows;  /* [count] training rows, ascending */
  size_t count, width; /* width: D, what the trunk is to have */
  float *values;       /* [count][D] to be filled */
} hr_gate_hidden;

/* Fills `values`, in a pass over the training rows. HR_ERR_EMPTY where the bundle has no
 * such trunk; fails as hr_bundle_open and hr_pass_run; HR_ERR_MEMORY. */
hr_status hr_gate_hidden_find(const hr_gate_hidden *hidden, hr_error *err) HR_MUST_CHECK;

#endif
