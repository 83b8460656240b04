/* Rungs as the bootstraps number them. */
#include "score/rungs.h"

/* The ceiling of covered rows, or HR_CEILING_KINDS where none is known. */
static hr_ceiling_kind ceiling_of(const hr_evaluation *evaluation) {
  if (evaluation->ceiling.has_posterior) return HR_CEILING_ROUTED;
  return evaluation->ceiling.has_fisher ? HR_CEILING_FISHER_ROUTED : HR_CEILING_KINDS;
}

hr_rungs hr_rungs_of(const hr_evaluation *evaluation) {
  hr_rungs rungs = {.evaluation = evaluation};
  hr_ceiling_kind ceiling = ceiling_of(evaluation);
  for (hr_rung rung = 0; rung < HR_RUNG_CEILING; rung++) {
    size_t f = evaluation->ladder.forecast[rung];
    if (f == HR_NO_METHOD) continue;
    rungs.prediction[rung] = evaluation->forecasts.items[f].prediction;
  }
  if (ceiling < HR_CEILING_KINDS) {
    rungs.prediction[HR_RUNG_CEILING] = evaluation->ceiling.prediction[ceiling];
  }
  return rungs;
}

bool hr_rungs_has(const hr_rungs *rungs, hr_rung rung) {
  return rungs->prediction[rung] != NULL;
}

static hr_rung_rows rows_of(const hr_rungs *rungs, hr_group_range range) {
  const hr_row_groups *groups = &rungs->evaluation->groups;
  size_t first = groups->group_start[range.first];
  return (hr_rung_rows){.count = groups->group_start[range.end] - first,
                        .list = groups->row_list + first,
                        .range = range};
}

hr_rung_rows hr_rungs_covered(const hr_rungs *rungs) {
  return rows_of(rungs, hr_evaluation_range(rungs->evaluation, HR_SCOPE_COVERED));
}

hr_rung_rows hr_rungs_all(const hr_rungs *rungs) {
  return rows_of(rungs, hr_evaluation_range(rungs->evaluation, HR_SCOPE_ALL));
}

hr_rung_rows hr_rungs_bin(const hr_rungs *rungs, size_t bin) {
  return rows_of(rungs, (hr_group_range){bin, bin + 1});
}

hr_rung_rows hr_rungs_octile(const hr_rungs *rungs, size_t octile) {
  const hr_octiles *octiles = &rungs->evaluation->octiles;
  size_t first = octiles->start[octile];
  return (hr_rung_rows){.count = octiles->start[octile + 1] - first,
                        .list = octiles->row_list + first,
                        .range = {octile, octile + 1},
                        .by_octile = true};
}

/* Which bootstrap has the rows, and what number the rung has in it. */
static hr_bootstrap *bootstrap_of(const hr_rungs *rungs, const hr_rung_rows *rows) {
  const hr_evaluation *evaluation = rungs->evaluation;
  return rows->by_octile ? evaluation->octile_bootstrap : evaluation->bootstrap;
}

static size_t number_of(const hr_rungs *rungs, hr_rung rung, const hr_rung_rows *rows) {
  const hr_evaluation *evaluation = rungs->evaluation;
  size_t ceiling = (size_t)ceiling_of(evaluation);
  if (rung == HR_RUNG_CEILING) {
    return rows->by_octile ? ceiling : evaluation->method_count + ceiling;
  }
  return rows->by_octile ? HR_CEILING_KINDS + (size_t)rung
                         : evaluation->ladder.forecast[rung];
}

static double r2_of(const hr_rungs *rungs, hr_rung rung, const hr_rung_rows *rows) {
  const double *target = rungs->evaluation->input->test->target;
  return hr_metrics_compute(target, rungs->prediction[rung], rows->list, rows->count).r2;
}

hr_score hr_rungs_r2(const hr_rungs *rungs, hr_rung rung, const hr_rung_rows *rows) {
  return (hr_score){r2_of(rungs, rung, rows),
                    hr_bootstrap_r2(bootstrap_of(rungs, rows),
                                    number_of(rungs, rung, rows), rows->range)};
}

hr_score hr_rungs_step(const hr_rungs *rungs, hr_rung from, hr_rung to,
                       const hr_rung_rows *rows) {
  return (hr_score){
      r2_of(rungs, to, rows) - r2_of(rungs, from, rows),
      hr_bootstrap_delta(bootstrap_of(rungs, rows), number_of(rungs, to, rows),
                         number_of(rungs, from, rows), rows->range)};
}

/* The same models routed by the true bin. */
static size_t oracle_of(const hr_evaluation *evaluation, const hr_forecast *gated) {
  bool is_hybrid = gated->method == HR_NO_METHOD;
  return hr_evaluation_find(evaluation,
                            is_hybrid ? HR_FORECAST_HYBRID : HR_FORECAST_ORACLE,
                            gated->method, HR_SELECT_BY_CV);
}

static double forecast_r2(const hr_evaluation *evaluation, size_t f,
                          const hr_rung_rows *rows) {
  return hr_metrics_compute(evaluation->input->test->target,
                            evaluation->forecasts.items[f].prediction, rows->list,
                            rows->count)
      .r2;
}

bool hr_rungs_mixes_others(const hr_rungs *rungs, size_t gated) {
  const hr_evaluation *evaluation = rungs->evaluation;
  const hr_results_input *input = evaluation->input;
  const hr_forecast *all = evaluation->forecasts.items;
  const hr_candidates candidates = {input->outcomes, input->outcome_count,
                                    input->bin_count, NULL};
  size_t oracle = oracle_of(evaluation, &all[gated]);
  return all[gated].method == HR_NO_METHOD && oracle != HR_NO_METHOD &&
         hr_forecast_takes_elsewhere(&candidates, &all[oracle]);
}

hr_score hr_rungs_rho(const hr_rungs *rungs, size_t gated, const hr_rung_rows *rows) {
  const double least_gain = 0.02;
  const hr_evaluation *evaluation = rungs->evaluation;
  const hr_score none = {(double)NAN, {(double)NAN, (double)NAN}};
  size_t oracle = oracle_of(evaluation, &evaluation->forecasts.items[gated]);
  size_t baseline = evaluation->ladder.forecast[HR_RUNG_BASELINE];
  if (oracle == HR_NO_METHOD || baseline == HR_NO_METHOD) return none;
  if (hr_rungs_mixes_others(rungs, gated)) return none;
  hr_interval gain =
      hr_bootstrap_delta(evaluation->bootstrap, oracle, baseline, rows->range);
  if (!(gain.low > least_gain)) return none;
  double zero = forecast_r2(evaluation, baseline, rows);
  double whole = forecast_r2(evaluation, oracle, rows) - zero;
  return (hr_score){
      (forecast_r2(evaluation, gated, rows) - zero) / whole,
      hr_bootstrap_share(evaluation->bootstrap, gated, oracle, baseline, rows->range)};
}
