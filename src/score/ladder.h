/* The ladder: what of a study's gain comes from what.
 *
 *   baseline  the baseline's model of all rows ("Global Ridge")
 *   single    the best model of all rows, of whatever kind, chosen by validation
 *   deployed  the hybrid, routed by a gate that does not know the truth
 *   oracle    the hybrid, routed by the true bins
 *   ceiling   what the noise allows, for who is told the bin
 *
 * All on the same rows, and every step with its paired interval. A step is named after
 * what makes it: what a better model brings is not what the mixture brings. Rungs that a
 * study does not have are left out, and a step spans them. */
#ifndef HR_SCORE_LADDER_H
#define HR_SCORE_LADDER_H

#include "choice/assembly.h"

typedef enum hr_rung {
  HR_RUNG_BASELINE,
  HR_RUNG_SINGLE,
  HR_RUNG_DEPLOYED,
  HR_RUNG_ORACLE,
  HR_RUNG_CEILING,
  HR_RUNGS,
} hr_rung;

/* "baseline", "single", .. */
const char *hr_rung_name(hr_rung rung);

/* What makes the step from one rung to a higher one: "better_model" up to the single
 * model, "specialists" up to the deployed hybrid, "routing" from there to the oracle,
 * "mixture" (specialists and perfect routing) from a single model to the oracle, "noise"
 * up to the ceiling. */
const char *hr_step_name(hr_rung from, hr_rung to);

/* What stands on the rungs. */
typedef struct hr_ladder {
  /* Forecasts, HR_NO_METHOD: none. The ceiling is none of them. */
  size_t forecast[HR_RUNG_CEILING];
  /* Experts that the hybrid takes somewhere and that have no model of all rows: what they
   * bring may be the better model and not the mixture. Bit e for outcome number e, of the
   * first 64. */
  uint64_t without_global;
  /* The same of models from elsewhere that the hybrid takes somewhere: a gate routes to
   * others there. */
  uint64_t from_elsewhere;
} hr_ladder;

/* selection: of the hybrid. A single model has to be usable, to have converged and to
 * predict every covered row; of two with the same validation R² the earlier one stands.
 */
hr_ladder hr_ladder_find(const hr_forecasts *forecasts, const hr_candidates *candidates,
                         hr_selection selection);

#endif
