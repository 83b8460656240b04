/* What the experts of a study's hybrid say of training rows that they have not seen: what
 * the MLP gate is trained on. The expert of a row's own bin has seen it, and what
 * validation predicted stands in for that (methods/validation_rows.h); those of the other
 * bins have not, and the models of the bundle are asked. Posterior means answer roughly
 * (hr_request.is_rough): far from a bin a local model of its templates says nothing that
 * a mean does not, and takes ten times as long. Of the first target. */
#ifndef HR_STUDY_GATE_EXPERTS_H
#define HR_STUDY_GATE_EXPERTS_H

#include "study/bundle.h"

typedef struct hr_gate_experts {
  const hr_plan *plan;            /* borrowed, as are the two below */
  const hr_study_bundle *trained; /* whose fits have the validation rows */
  const char *out_dir;            /* with the bundle, which is whole */
  const size_t *rows;             /* [count] training rows, ascending; borrowed */
  size_t count;
  size_t most_asked; /* of them, where an expert compares templates, which takes long:
                        some at random, the others have no prediction */
  float *prediction; /* [count][K] to be filled: NaN where there is none. A row that
                        validation has not predicted has none at all */
} hr_gate_experts;

/* Fills `prediction`, in a pass over the runs of rows that it takes. Fails as
 * hr_bundle_open and hr_pass_run; HR_ERR_MEMORY. */
hr_status hr_gate_experts_predict(const hr_gate_experts *experts,
                                  hr_error *err) HR_MUST_CHECK;

/* Bytes beside the predictions. */
double hr_gate_experts_bytes(const hr_plan *plan);

#endif
