/* Which forecasts stand on the rungs. */
#include "score/ladder.h"

#include <math.h>

#include "methods/outside/outside.h"

const char *hr_rung_name(hr_rung rung) {
  static const char *const names[HR_RUNGS] = {"baseline", "single", "deployed", "oracle",
                                              "ceiling"};
  return names[rung];
}

const char *hr_step_name(hr_rung from, hr_rung to) {
  if (to == HR_RUNG_SINGLE) return "better_model";
  if (to == HR_RUNG_DEPLOYED) return "specialists";
  if (to == HR_RUNG_CEILING) return "noise";
  return from == HR_RUNG_DEPLOYED ? "routing" : "mixture";
}

/* The validation R² of a forecast by one model of all rows; NaN where it may not compete.
 */
static double merit_of(const hr_forecast *forecast, const hr_candidates *candidates) {
  const double none = (double)NAN;
  if (forecast->kind != HR_FORECAST_GLOBAL || !forecast->listed) return none;
  const hr_fit *fit =
      hr_outcome_usable(&candidates->outcomes[forecast->method], HR_GLOBAL);
  if (!fit || !fit->cv_r2 || fit->convergence == HR_NOT_CONVERGED) return none;
  return fit->cv_r2[fit->chosen];
}

static size_t find_single(const hr_forecasts *forecasts,
                          const hr_candidates *candidates) {
  size_t best = HR_NO_METHOD;
  double most = -(double)INFINITY;
  for (size_t f = 0; f < forecasts->count; f++) {
    double merit = merit_of(&forecasts->items[f], candidates);
    if (!(merit > most)) continue;
    most = merit;
    best = f;
  }
  return best;
}

/* The first gate's hybrid. */
static size_t find_deployed(const hr_forecasts *forecasts) {
  for (size_t f = 0; f < forecasts->count; f++) {
    const hr_forecast *forecast = &forecasts->items[f];
    if (forecast->gated && forecast->listed) return f;
  }
  return HR_NO_METHOD;
}

static size_t find_baseline(const hr_forecasts *forecasts) {
  size_t f = hr_forecasts_find(forecasts, HR_FORECAST_GLOBAL, forecasts->baseline,
                               HR_SELECT_BY_CV);
  return f != HR_NO_METHOD && forecasts->items[f].listed ? f : HR_NO_METHOD;
}

static uint64_t list_without_global(const hr_forecast *hybrid,
                                    const hr_candidates *candidates) {
  uint64_t list = 0;
  for (size_t k = 0; k < candidates->bin_count; k++) {
    const hr_choice *choice = &hybrid->choices[k];
    if (choice->kind != HR_CHOICE_EXPERT || choice->expert >= 64) continue;
    if (hr_outcome_usable(&candidates->outcomes[choice->expert], HR_GLOBAL)) continue;
    list |= (uint64_t)1 << choice->expert;
  }
  return list;
}

static uint64_t list_from_elsewhere(const hr_forecast *hybrid,
                                    const hr_candidates *candidates) {
  uint64_t list = 0;
  for (size_t e = 0; e < candidates->outcome_count && e < 64; e++) {
    if (!hr_method_is_outside(candidates->outcomes[e].type)) continue;
    if (hr_forecast_takes(candidates, hybrid, e)) list |= (uint64_t)1 << e;
  }
  return list;
}

hr_ladder hr_ladder_find(const hr_forecasts *forecasts, const hr_candidates *candidates,
                         hr_selection selection) {
  size_t oracle =
      hr_forecasts_find(forecasts, HR_FORECAST_HYBRID, HR_NO_METHOD, selection);
  return (hr_ladder){
      .forecast = {find_baseline(forecasts), find_single(forecasts, candidates),
                   find_deployed(forecasts), oracle},
      .without_global = list_without_global(&forecasts->items[oracle], candidates),
      .from_elsewhere = list_from_elsewhere(&forecasts->items[oracle], candidates),
  };
}
