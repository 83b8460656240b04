/* What the ledger is asked of a study: its tasks before anything is computed from them,
 * and its forecasts after. */
#include "score/evaluation_parts.h"

#include "core/alloc.h"

static hr_status check_input(const hr_results_input *input, hr_error *err) {
  if (input->outcome_count == 0 || input->bin_count == 0) {
    return hr_fail(err, HR_ERR_USAGE, "a study needs at least one expert and one bin");
  }
  for (size_t f = 0; f < input->focus_count; f++) {
    double bin = input->focus[f];
    if (bin >= 0 && bin < (double)input->bin_count && (double)(size_t)bin == bin)
      continue;
    return hr_fail(err, HR_ERR_USAGE, "focus bin %g is not one of the bins 0 to %zu", bin,
                   input->bin_count - 1);
  }
  return HR_OK;
}

/* The checks that everything after them relies on. */
hr_status hr_audit_input(hr_evaluation *evaluation, hr_error *err) {
  hr_status status = HR_OK;
  const hr_results_input *input = evaluation->input;
  hr_ledger *ledger = &evaluation->ledger;
  const hr_tested tested = {input->test, evaluation->missing.is_missing};
  HR_TRY(check_input(input, err));
  HR_TRY(hr_ledger_check_train(ledger, input->train_counts, input->bin_count,
                               input->train_rows, err));
  HR_TRY(hr_ledger_check_test(ledger, input->test, input->bin_count, err));
  HR_TRY(hr_ledger_status(ledger, err));
  for (size_t e = 0; e < input->outcome_count; e++) {
    if (input->outcomes[e].fit_count == 0) continue;
    HR_TRY(hr_ledger_check_tasks(ledger, &input->outcomes[e], &tested,
                                 input->train_counts, input->bin_count, err));
  }
  HR_TRY(hr_ledger_status(ledger, err));
cleanup:
  return status;
}

hr_status hr_audit_missing(hr_evaluation *evaluation, hr_error *err) {
  size_t scored = evaluation->groups.group_start[evaluation->input->bin_count + 1];
  hr_status status =
      hr_ledger_check_missing(&evaluation->ledger, scored, evaluation->missing.count,
                              evaluation->input->test->rows, err);
  return status == HR_OK ? hr_ledger_status(&evaluation->ledger, err) : status;
}

/* Squared errors by bin, from the tasks' own numbers rather than from the assembled rows:
 * two ways to the same sum. */
static double bin_sse(const hr_evaluation *evaluation, const hr_method_score *method,
                      size_t bin) {
  const hr_choice *choice = &method->forecast->choices[bin];
  const size_t *start = evaluation->groups.group_start;
  if (start[bin + 1] == start[bin]) return 0.0;
  if (choice->kind != HR_CHOICE_EXPERT) return method->groups[bin].sse;
  return hr_variant_scores_at(&evaluation->variants, choice->expert, bin)[choice->variant]
      .sse;
}

static hr_status audit_method(hr_evaluation *evaluation, const hr_method_score *method,
                              double *sse, hr_error *err) {
  hr_status status = HR_OK;
  size_t bins = evaluation->input->bin_count;
  const hr_method_score *versus = method->forecast->versus == HR_NO_METHOD
                                      ? NULL
                                      : &evaluation->methods[method->forecast->versus];
  if (hr_forecast_is_told_bin(method->forecast) &&
      hr_row_groups_covered(&evaluation->groups) > 0) {
    for (size_t k = 0; k < bins; k++) sse[k] = bin_sse(evaluation, method, k);
    HR_TRY(hr_ledger_check_sse(&evaluation->ledger, method->forecast->name, sse, bins,
                               method->pooled[HR_SCOPE_COVERED].sse, err));
  }
  if (versus && versus->complete[HR_SCOPE_COVERED]) {
    hr_arm arms[2] = {{method->forecast->name, method->forecast->prediction},
                      {versus->forecast->name, versus->forecast->prediction}};
    HR_TRY(hr_ledger_check_same_rows(&evaluation->ledger, arms,
                                     evaluation->groups.row_list,
                                     hr_row_groups_covered(&evaluation->groups), err));
  }
cleanup:
  return status;
}

/* Whether a forecast has an expert in a bin that the hybrid might not have taken: a model
 * from elsewhere that was not validated, or a network that did not converge. */
static bool is_beyond_choice(const hr_evaluation *evaluation,
                             const hr_forecast *forecast) {
  const hr_results_input *input = evaluation->input;
  if (forecast->kind != HR_FORECAST_ORACLE) return false;
  const hr_outcome *outcome = &input->outcomes[forecast->method];
  for (size_t k = 0; k < input->bin_count; k++) {
    bool is_there = hr_outcome_usable(outcome, (int)k) != NULL;
    if (is_there && !hr_outcome_competes(outcome, (int)k)) return true;
  }
  return false;
}

/* The hybrid chosen on the test rows against every single expert's oracle. It has no
 * numbers where no expert of some bin may compete, as where all did not converge. */
static hr_status audit_best(hr_evaluation *evaluation, hr_error *err) {
  hr_status status = HR_OK;
  const hr_method_score *best = &evaluation->methods[hr_evaluation_find(
      evaluation, HR_FORECAST_HYBRID, HR_NO_METHOD, HR_SELECT_BY_TEST)];
  if (!best->complete[HR_SCOPE_COVERED]) return HR_OK;
  for (size_t m = 0; m < evaluation->method_count; m++) {
    const hr_method_score *method = &evaluation->methods[m];
    if (!method->forecast->listed || !hr_forecast_is_told_bin(method->forecast) ||
        method == best)
      continue;
    if (!method->complete[HR_SCOPE_COVERED] ||
        hr_row_groups_covered(&evaluation->groups) == 0 ||
        is_beyond_choice(evaluation, method->forecast)) {
      continue;
    }
    HR_TRY(hr_ledger_check_best(
        &evaluation->ledger, best->forecast->name, best->pooled[HR_SCOPE_COVERED].sse,
        method->forecast->name, method->pooled[HR_SCOPE_COVERED].sse, err));
  }
cleanup:
  return status;
}

hr_status hr_audit_methods(hr_evaluation *evaluation, hr_error *err) {
  hr_status status = HR_OK;
  double *sse = NULL;
  HR_TRY(hr_alloc(&sse, evaluation->input->bin_count, err));
  for (size_t m = 0; m < evaluation->method_count; m++) {
    const hr_method_score *method = &evaluation->methods[m];
    if (!method->forecast->listed || !method->complete[HR_SCOPE_COVERED]) continue;
    HR_TRY(audit_method(evaluation, method, sse, err));
  }
  HR_TRY(audit_best(evaluation, err));
  HR_TRY(hr_ledger_status(&evaluation->ledger, err));
cleanup:
  hr_free(sse);
  return status;
}

/* The placebo is held against Ridge-Oracle, on the same rows. */
hr_status hr_audit_controls(hr_evaluation *evaluation, hr_error *err) {
  hr_status status = HR_OK;
  const hr_controls *controls = &evaluation->controls;
  const hr_method_score *oracle = &evaluation->methods[hr_evaluation_find(
      evaluation, HR_FORECAST_ORACLE, evaluation->forecasts.baseline, HR_SELECT_BY_CV)];
  bool compared =
      hr_controls_has(controls, HR_CONTROL_PLACEBO) && oracle->complete[HR_SCOPE_COVERED];
  if (!compared) return HR_OK;
  hr_arm arms[2] = {
      {hr_control_name(HR_CONTROL_PLACEBO), controls->prediction[HR_CONTROL_PLACEBO]},
      {oracle->forecast->name, oracle->forecast->prediction}};
  HR_TRY(hr_ledger_check_same_rows(&evaluation->ledger, arms, evaluation->groups.row_list,
                                   hr_row_groups_covered(&evaluation->groups), err));
  HR_TRY(hr_ledger_status(&evaluation->ledger, err));
cleanup:
  return status;
}
