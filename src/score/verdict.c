/* From the scores of the headline to the gate. */
#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "score/evaluation_parts.h"
#include "score/undertuned.h"

/* The least gain over the focus bins, and its interval. */
static hr_status measure_focus(hr_evaluation *evaluation, size_t headline, size_t versus,
                               hr_gate_measures *measures, hr_error *err) {
  hr_status status = HR_OK;
  size_t *groups = NULL;
  const hr_results_input *input = evaluation->input;
  double least = input->focus_count > 0 ? (double)INFINITY : (double)NAN;
  HR_TRY(hr_alloc(&groups, input->focus_count, err));
  for (size_t f = 0; f < input->focus_count; f++) {
    groups[f] = (size_t)input->focus[f];
    double delta = evaluation->methods[headline].groups[groups[f]].r2 -
                   evaluation->methods[versus].groups[groups[f]].r2;
    if (isnan(delta) || delta < least) least = delta;
    if (isnan(delta)) break;
  }
  measures->focus_delta_r2 = least;
  if (!isnan(least)) {
    measures->focus_delta_r2_interval = hr_bootstrap_least_delta(
        evaluation->bootstrap, headline, versus, groups, input->focus_count);
  }
cleanup:
  hr_free(groups);
  return status;
}

/* A gain over a baseline that could do better may be less than it looks. */
static void add_cautions(hr_evaluation *evaluation) {
  size_t baseline = evaluation->forecasts.baseline;
  if (!hr_undertuned_has(&evaluation->input->outcomes[baseline])) return;
  for (size_t c = 0; c < evaluation->gate_count; c++) {
    hr_gate_criterion *one = &evaluation->gate[c];
    bool is_gain =
        strcmp(one->name, "delta_r2") == 0 || strcmp(one->name, "focus_bins") == 0;
    if (is_gain && !isnan(one->value) && one->verdict != HR_VERDICT_FAIL)
      one->caution = "baseline_undertuned";
  }
}

hr_status hr_verdict_judge(hr_evaluation *evaluation, hr_error *err) {
  hr_status status = HR_OK;
  hr_selection selection = evaluation->input->selection;
  size_t headline =
      hr_evaluation_find(evaluation, HR_FORECAST_HYBRID, HR_NO_METHOD, selection);
  size_t versus = hr_evaluation_find(evaluation, HR_FORECAST_ORACLE,
                                     evaluation->forecasts.baseline, selection);
  const hr_interval none = {(double)NAN, (double)NAN};
  hr_group_range range = hr_evaluation_range(evaluation, HR_SCOPE_COVERED);
  double r2 = evaluation->methods[headline].pooled[HR_SCOPE_COVERED].r2;
  hr_gate_measures measures = {
      .has_focus = evaluation->input->focus_count > 0,
      .oracle_r2 = r2,
      .delta_r2 = r2 - evaluation->methods[versus].pooled[HR_SCOPE_COVERED].r2,
      .oracle_r2_interval = none,
      .delta_r2_interval = none,
      .focus_delta_r2_interval = none,
  };
  if (!isnan(measures.oracle_r2)) {
    measures.oracle_r2_interval = hr_bootstrap_r2(evaluation->bootstrap, headline, range);
  }
  if (!isnan(measures.delta_r2)) {
    measures.delta_r2_interval =
        hr_bootstrap_delta(evaluation->bootstrap, headline, versus, range);
  }
  HR_TRY(measure_focus(evaluation, headline, versus, &measures, err));
  evaluation->gate_passed = hr_gate_evaluate(&evaluation->input->gate, &measures,
                                             evaluation->gate, &evaluation->gate_count);
  add_cautions(evaluation);
cleanup:
  return status;
}
