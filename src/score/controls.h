/* The controls of a study: what was trained beside the experts, competes with nobody, and
 * tells how the experts' numbers are to be read.
 *
 * Placebo: Ridge on random groups of the bins' sizes. What it gains over the global Ridge
 * is the work of partitioning alone; what Ridge-Oracle gains over it, that of the bins.
 * Leakage: Ridge on the error alone. Where that predicts the label, an expert that took
 * the error as an input would read the answer. */
#ifndef HR_SCORE_CONTROLS_H
#define HR_SCORE_CONTROLS_H

#include "score/metrics.h"
#include "score/results.h"

typedef enum hr_control_kind {
  HR_CONTROL_PLACEBO,
  HR_CONTROL_LEAKAGE,
  HR_CONTROL_KINDS,
} hr_control_kind;

/* R² of the error alone above which, with its whole interval, there is a warning. */
#define HR_LEAKAGE_THRESHOLD 0.05

typedef struct hr_controls {
  const hr_fit *fit[HR_CONTROL_KINDS];  /* borrowed; NULL: not part of the study */
  const char *title[HR_CONTROL_KINDS];  /* in tables; borrowed */
  double *prediction[HR_CONTROL_KINDS]; /* [test rows], NaN: none */
  hr_metrics covered[HR_CONTROL_KINDS]; /* over the covered rows */
} hr_controls;

/* The name of a control, in results.json and as a column of predictions.csv. */
const char *hr_control_name(hr_control_kind kind);

/* Takes input->controls; `covered` are the rows that are scored. To be followed by
 * hr_controls_fini, on failure too. */
hr_status hr_controls_init(hr_controls *controls, const hr_results_input *input,
                           const size_t *covered, size_t covered_count,
                           hr_error *err) HR_MUST_CHECK;
void hr_controls_fini(hr_controls *controls);

/* Whether the control has predictions. */
bool hr_controls_has(const hr_controls *controls, hr_control_kind kind);

#endif
