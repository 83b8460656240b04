/* From the outcomes of a study to scored methods, step by step. */
#include "score/evaluation.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "score/evaluation_parts.h"

size_t hr_evaluation_find(const hr_evaluation *evaluation, hr_forecast_kind kind,
                          size_t method, hr_selection selection) {
  return hr_forecasts_find(&evaluation->forecasts, kind, method, selection);
}

hr_group_range hr_evaluation_range(const hr_evaluation *evaluation, hr_scope scope) {
  size_t bins = evaluation->input->bin_count;
  return (hr_group_range){0, scope == HR_SCOPE_ALL ? bins + 1 : bins};
}

/* Choosing on the test rows needs the scores of every variant there. */
static hr_status assemble(hr_evaluation *evaluation, hr_error *err) {
  hr_status status = HR_OK;
  const hr_results_input *input = evaluation->input;
  hr_test_errors errors;
  hr_assembly assembly = {
      .candidates = {input->outcomes, input->outcome_count, input->bin_count, &errors},
      .test = input->test,
      .global_uncovered = strcmp(input->uncovered, "global") == 0,
      .snr = input->measured_snr,
      .is_missing = evaluation->missing.is_missing,
      .gated = input->gated,
      .gated_count = input->gated_count,
  };
  HR_TRY(hr_variant_scores_init(&evaluation->variants, &assembly.candidates,
                                &evaluation->groups, input->test->target, err));
  errors = hr_variant_scores_errors(&evaluation->variants, &evaluation->groups);
  HR_TRY(hr_forecasts_init(&evaluation->forecasts, &assembly, err));
  evaluation->ladder =
      hr_ladder_find(&evaluation->forecasts, &assembly.candidates, input->selection);
cleanup:
  return status;
}

static void score_method(const hr_evaluation *evaluation, hr_method_score *method) {
  const hr_row_groups *groups = &evaluation->groups;
  const double *prediction = method->forecast->prediction;
  const hr_split_view *test = evaluation->input->test;
  size_t bins = evaluation->input->bin_count;
  for (size_t k = 0; k <= bins; k++) {
    size_t first = groups->group_start[k];
    method->groups[k] =
        hr_metrics_compute(test->target, prediction, groups->row_list + first,
                           groups->group_start[k + 1] - first);
  }
  for (hr_scope s = HR_SCOPE_COVERED; s < HR_SCOPE_COUNT; s++) {
    size_t rows = groups->group_start[hr_evaluation_range(evaluation, s).end];
    method->pooled[s] =
        hr_metrics_compute(test->target, prediction, groups->row_list, rows);
    method->weighted_r2[s] =
        hr_metrics_weighted_r2(method->groups, hr_evaluation_range(evaluation, s).end);
    method->complete[s] = rows == 0 || !isnan(method->pooled[s].sse);
  }
}

static hr_status score_methods(hr_evaluation *evaluation, hr_error *err) {
  hr_status status = HR_OK;
  size_t count = evaluation->forecasts.count;
  HR_TRY(hr_alloc(&evaluation->methods, count, err));
  evaluation->method_count = count;
  for (size_t m = 0; m < count; m++) {
    hr_method_score *method = &evaluation->methods[m];
    method->forecast = &evaluation->forecasts.items[m];
    HR_TRY(hr_alloc(&method->groups, evaluation->input->bin_count + 1, err));
    score_method(evaluation, method);
  }
cleanup:
  return status;
}

/* Those of all rows, where these are others than the covered ones. */
static hr_status init_all_octiles(hr_evaluation *evaluation, hr_error *err) {
  const hr_row_groups *groups = &evaluation->groups;
  size_t rows = groups->group_start[hr_evaluation_range(evaluation, HR_SCOPE_ALL).end];
  if (rows == hr_row_groups_covered(groups)) return HR_OK;
  return hr_octiles_init(&evaluation->all_octiles, evaluation->snr, groups->row_list,
                         rows, err);
}

/* By the label where there is one, else by what the spectra say. */
static void find_snr(hr_evaluation *evaluation) {
  const hr_results_input *input = evaluation->input;
  size_t known = 0;
  evaluation->snr = input->snr;
  if (input->snr || !input->measured_snr) return;
  for (size_t i = 0; i < input->test->rows; i++) {
    known += isfinite(input->measured_snr[i]) != 0;
  }
  evaluation->snr = known > 0 ? input->measured_snr : NULL;
  evaluation->snr_is_measured = known > 0;
}

static hr_status evaluate(hr_evaluation *evaluation, hr_error *err) {
  hr_status status = HR_OK;
  const hr_results_input *input = evaluation->input;
  HR_TRY(hr_missing_init(&evaluation->missing, input, err));
  HR_TRY(hr_audit_input(evaluation, err));
  HR_TRY(hr_row_groups_init(&evaluation->groups, input->test,
                            evaluation->missing.is_missing, input->bin_count, err));
  HR_TRY(hr_audit_missing(evaluation, err));
  HR_TRY(assemble(evaluation, err));
  HR_TRY(score_methods(evaluation, err));
  HR_TRY(hr_audit_methods(evaluation, err));
  HR_TRY(hr_ceiling_init(&evaluation->ceiling, input, err));
  HR_TRY(hr_controls_init(&evaluation->controls, input, evaluation->groups.row_list,
                          hr_row_groups_covered(&evaluation->groups), err));
  HR_TRY(hr_audit_controls(evaluation, err));
  HR_TRY(hr_intervals_create(evaluation, err));
  find_snr(evaluation);
  if (evaluation->snr) {
    HR_TRY(hr_octiles_init(&evaluation->octiles, evaluation->snr,
                           evaluation->groups.row_list,
                           hr_row_groups_covered(&evaluation->groups), err));
    HR_TRY(hr_intervals_create_octiles(evaluation, err));
    HR_TRY(init_all_octiles(evaluation, err));
  }
  HR_TRY(hr_lattice_rows_create(evaluation, err));
  HR_TRY(hr_calibrations_create(evaluation, err));
  HR_TRY(hr_verdict_judge(evaluation, err));
cleanup:
  return status;
}

hr_status hr_evaluation_create(const hr_results_input *input, hr_evaluation **out,
                               hr_error *err) {
  hr_status status = HR_OK;
  hr_evaluation *evaluation = NULL;
  HR_TRY(hr_alloc(&evaluation, 1, err));
  evaluation->input = input;
  HR_TRY(evaluate(evaluation, err));
  *out = evaluation;
  evaluation = NULL;
cleanup:
  hr_evaluation_destroy(&evaluation);
  return status;
}

void hr_evaluation_destroy(hr_evaluation **evaluation) {
  hr_evaluation *it = *evaluation;
  if (!it) return;
  for (size_t m = 0; m < it->method_count; m++) hr_free(it->methods[m].groups);
  hr_free(it->methods);
  hr_forecasts_fini(&it->forecasts);
  hr_octiles_fini(&it->octiles);
  hr_octiles_fini(&it->all_octiles);
  hr_lattice_rows_fini(&it->lattice);
  hr_calibrations_fini(&it->calibrations);
  hr_ceiling_fini(&it->ceiling);
  hr_controls_fini(&it->controls);
  hr_bootstrap_destroy(&it->bootstrap);
  hr_bootstrap_destroy(&it->octile_bootstrap);
  hr_ledger_fini(&it->ledger);
  hr_variant_scores_fini(&it->variants);
  hr_row_groups_fini(&it->groups);
  hr_missing_fini(&it->missing);
  hr_free(it);
  *evaluation = NULL;
}
