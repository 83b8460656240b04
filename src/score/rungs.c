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
