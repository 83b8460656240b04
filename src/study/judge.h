/* Judging the outcomes of a study: the last of its life before the report. */
#ifndef HR_STUDY_JUDGE_H
#define HR_STUDY_JUDGE_H

#include "study/bound.h"
#include "study/gates.h"
#include "study/row_labels.h"

/* What there is to be judged; borrowed. */
typedef struct hr_judging {
  const hr_plan *plan;
  const char *out_dir; /* the run directory */
  const hr_observer *observer;
  const hr_outcome *outcomes; /* [targets][experts], controls at the end */
  const hr_study_gates *gates;
  const hr_bound *bound;
  const double *measured_snr; /* [test rows] from the spectra; NaN: not known */
  const hr_row_labels *labels;
  const hr_preparation *train_preparation, *test_preparation;
} hr_judging;

/* Writes results.json and predictions.csv of every target, the first target's last: where
 * it has results, all have. As hr_results_write (score/results.h). */
hr_status hr_study_judge(const hr_judging *judging, hr_error *err) HR_MUST_CHECK;

#endif
