/* The calibration of every listed forecast of a study. */
#include <math.h>

#include "core/alloc.h"
#include "score/evaluation_parts.h"

/* False alarms in 20 studies: one, over both measures that are judged of all methods
 * (Bonferroni). */
static const double false_alarms = 0.05;

/* The rows that a method is judged on. Who is not told the bin of a row is judged on all:
 * covered rows are chosen by their labels, so that no honest sigma need hold there. */
static bool is_judged(const hr_evaluation *evaluation, const hr_forecast *forecast,
                      size_t row) {
  if (evaluation->missing.is_missing[row]) return false;
  return !hr_forecast_is_told_bin(forecast) ||
         evaluation->input->test->bin[row] != HR_UNCOVERED;
}

static bool is_in_octile(const hr_calibrations *all, size_t j, double snr) {
  const double *edges = all->octiles->edges;
  bool is_last = j + 1 == HR_SNR_OCTILES;
  return snr >= edges[j] && (snr < edges[j + 1] || (is_last && snr <= edges[j + 1]));
}

static hr_calibration_rows rows_of(const hr_evaluation *evaluation,
                                   const hr_forecast *forecast, size_t *list) {
  return (hr_calibration_rows){.target = evaluation->input->test->target,
                               .prediction = forecast->prediction,
                               .sigma = forecast->sigma,
                               .half68 = forecast->half68,
                               .half95 = forecast->half95,
                               .row_list = list};
}

/* One over the rows that a forecast's sigma was learnt from: those of slots count as much
 * as the slots' rows are of all that are judged. */
static double learnt_of(const hr_evaluation *evaluation, const hr_forecast *forecast) {
  const hr_results_input *input = evaluation->input;
  const hr_candidates candidates = {input->outcomes, input->outcome_count,
                                    input->bin_count, NULL};
  const hr_row_groups *groups = &evaluation->groups;
  bool is_global = forecast->kind == HR_FORECAST_GLOBAL;
  double covered = (double)hr_row_groups_covered(groups), learnt = 0;
  for (size_t k = 0; k < input->bin_count; k++) {
    const hr_fit *fit = hr_forecast_spread_fit(&candidates, forecast, k);
    if (!fit || fit->sigma.rows == 0) continue;
    if (is_global) return 1 / (double)fit->sigma.rows;
    double share = (double)groups->group_rows[k] / covered;
    learnt += share * share / (double)fit->sigma.rows;
  }
  return covered > 0 ? learnt : 0;
}

/* list: [test rows] scratch. */
static hr_status calibrate(hr_evaluation *evaluation, size_t m, size_t *list,
                           hr_error *err) {
  const hr_forecast *forecast = evaluation->methods[m].forecast;
  hr_calibrations *all = &evaluation->calibrations;
  hr_method_calibration *own = &all->methods[m];
  size_t bins = evaluation->input->bin_count, rows = evaluation->input->test->rows;
  hr_status status = hr_alloc(&own->bins, bins, err);
  if (status != HR_OK) return status;
  hr_calibration_rows looked_at = rows_of(evaluation, forecast, list);
  for (size_t i = 0; i < rows; i++) {
    if (is_judged(evaluation, forecast, i)) list[looked_at.count++] = i;
  }
  own->pooled = hr_calibration_compute(&looked_at);
  own->pooled.learnt = learnt_of(evaluation, forecast);
  for (size_t j = 0; all->octiles && j < HR_SNR_OCTILES; j++) {
    looked_at.count = 0;
    for (size_t i = 0; i < rows; i++) {
      bool is_here = is_judged(evaluation, forecast, i);
      if (is_here && is_in_octile(all, j, all->snr[i])) list[looked_at.count++] = i;
    }
    own->octiles[j] = hr_calibration_compute(&looked_at);
  }
  for (size_t k = 0; k < bins; k++) {
    const size_t *start = evaluation->groups.group_start;
    looked_at.row_list = evaluation->groups.row_list + start[k];
    looked_at.count = start[k + 1] - start[k];
    own->bins[k] = hr_calibration_compute(&looked_at);
  }
  return HR_OK;
}

hr_status hr_calibrations_create(hr_evaluation *evaluation, hr_error *err) {
  hr_status status = HR_OK;
  hr_calibrations *all = &evaluation->calibrations;
  size_t *list = NULL, known = 0, count = evaluation->method_count;
  for (size_t m = 0; m < count; m++) {
    const hr_forecast *forecast = evaluation->methods[m].forecast;
    known += forecast->listed && forecast->sigma;
  }
  if (known == 0) return HR_OK;
  all->snr = evaluation->snr;
  if (evaluation->snr) all->octiles = &evaluation->octiles;
  HR_TRY(hr_alloc(&list, evaluation->input->test->rows, err));
  HR_TRY(hr_alloc(&all->methods, count, err));
  all->method_count = count;
  for (size_t m = 0; m < count; m++) {
    const hr_forecast *forecast = evaluation->methods[m].forecast;
    if (!forecast->listed || !forecast->sigma) continue;
    HR_TRY(calibrate(evaluation, m, list, err));
    all->methods[m].verdict =
        hr_calibration_judge(&all->methods[m].pooled, false_alarms / (2 * (double)known));
  }
cleanup:
  hr_free(list);
  return status;
}
