/* The bootstraps behind every interval, and what is measured against a ceiling with them.
 */
#include <string.h>

#include "core/alloc.h"
#include "score/evaluation_parts.h"

hr_status hr_intervals_create(hr_evaluation *evaluation, hr_error *err) {
  hr_status status = HR_OK;
  const double **predictions = NULL;
  const hr_results_input *input = evaluation->input;
  size_t count = evaluation->method_count + HR_CEILING_KINDS + HR_CONTROL_KINDS;
  HR_TRY(hr_alloc(&predictions, count, err));
  for (size_t m = 0; m < evaluation->method_count; m++) {
    predictions[m] = evaluation->methods[m].forecast->prediction;
  }
  for (size_t kind = 0; kind < HR_CEILING_KINDS; kind++) {
    predictions[evaluation->method_count + kind] = evaluation->ceiling.prediction[kind];
  }
  for (size_t kind = 0; kind < HR_CONTROL_KINDS; kind++) {
    predictions[evaluation->method_count + HR_CEILING_KINDS + kind] =
        evaluation->controls.prediction[kind];
  }
  hr_bootstrap_input draw = {
      .rows = input->test->rows,
      .target = input->test->target,
      .row_list = evaluation->groups.row_list,
      .group_start = evaluation->groups.group_start,
      .group_count = input->bin_count + 1,
      .predictions = predictions,
      .method_count = count,
      .draws = input->bootstrap_draws ? input->bootstrap_draws : HR_BOOTSTRAP_DRAWS,
      .seed = input->seed,
  };
  HR_TRY(hr_bootstrap_create(&draw, &evaluation->bootstrap, err));
cleanup:
  hr_free(predictions);
  return status;
}

/* The octiles' rows, octile by octile, then all others: [test rows]. */
static hr_status list_by_octile(const hr_evaluation *evaluation, size_t **out,
                                hr_error *err) {
  hr_status status = HR_OK;
  bool *in_octile = NULL;
  size_t rows = evaluation->input->test->rows,
         at = evaluation->octiles.start[HR_SNR_OCTILES];
  HR_TRY(hr_alloc(out, rows, err));
  HR_TRY(hr_alloc(&in_octile, rows, err));
  for (size_t i = 0; i < at; i++) {
    (*out)[i] = evaluation->octiles.row_list[i];
    in_octile[(*out)[i]] = true;
  }
  for (size_t row = 0; row < rows; row++) {
    if (!in_octile[row]) (*out)[at++] = row;
  }
cleanup:
  hr_free(in_octile);
  return status;
}

/* Ceilings, then rungs; on a rung without a forecast stands anything. */
static void list_octile_predictions(const hr_evaluation *evaluation,
                                    const double *predictions[]) {
  for (size_t kind = 0; kind < HR_CEILING_KINDS; kind++) {
    predictions[kind] = evaluation->ceiling.prediction[kind];
  }
  for (size_t rung = 0; rung < HR_RUNG_CEILING; rung++) {
    size_t f = evaluation->ladder.forecast[rung];
    predictions[HR_CEILING_KINDS + rung] =
        evaluation->forecasts.items[f == HR_NO_METHOD ? 0 : f].prediction;
  }
}

hr_status hr_intervals_create_octiles(hr_evaluation *evaluation, hr_error *err) {
  hr_status status = HR_OK;
  enum { COUNT = HR_CEILING_KINDS + HR_RUNG_CEILING };
  const hr_results_input *input = evaluation->input;
  const double *predictions[COUNT];
  size_t *row_list = NULL, start[HR_SNR_OCTILES + 2];
  list_octile_predictions(evaluation, predictions);
  HR_TRY(list_by_octile(evaluation, &row_list, err));
  memcpy(start, evaluation->octiles.start, sizeof evaluation->octiles.start);
  start[HR_SNR_OCTILES + 1] = input->test->rows;
  hr_bootstrap_input draw = {
      .rows = input->test->rows,
      .target = input->test->target,
      .row_list = row_list,
      .group_start = start,
      .group_count = HR_SNR_OCTILES + 1,
      .predictions = predictions,
      .method_count = COUNT,
      .draws = input->bootstrap_draws ? input->bootstrap_draws : HR_BOOTSTRAP_DRAWS,
      .seed = input->seed,
  };
  HR_TRY(hr_bootstrap_create(&draw, &evaluation->octile_bootstrap, err));
cleanup:
  hr_free(row_list);
  return status;
}

hr_efficiency hr_evaluation_efficiency(const hr_evaluation *evaluation, size_t method,
                                       hr_ceiling_kind kind, hr_group_range range,
                                       double chance) {
  const hr_row_groups *groups = &evaluation->groups;
  const double *target = evaluation->input->test->target;
  const size_t *list = groups->row_list + groups->group_start[range.first];
  size_t rows = groups->group_start[range.end] - groups->group_start[range.first];
  size_t ceiling = evaluation->method_count + kind;
  double r2 = hr_metrics_compute(target, evaluation->methods[method].forecast->prediction,
                                 list, rows)
                  .r2;
  double most =
      hr_metrics_compute(target, evaluation->ceiling.prediction[kind], list, rows).r2;
  hr_efficiency found = {rows, most, r2 / most, r2 - most, {NAN, NAN}, {NAN, NAN}, false};
  if (isnan(most)) return found;
  found.r2_max_interval = hr_bootstrap_r2(evaluation->bootstrap, ceiling, range);
  if (isnan(r2)) return found;
  found.excess_interval =
      hr_bootstrap_delta(evaluation->bootstrap, method, ceiling, range);
  double certain =
      hr_bootstrap_delta_quantile(evaluation->bootstrap, method, ceiling, range, chance);
  found.exceeds = found.excess_interval.low > 0 && certain > 0;
  return found;
}
