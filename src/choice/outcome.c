/* Room for predictions by row number, and finding tasks. */
#include "choice/outcome.h"

#include <math.h>

#include "core/alloc.h"
#include "methods/outside/outside.h"

hr_status hr_predictions_init(hr_predictions *predictions, size_t variants, size_t rows,
                              bool has_variance, hr_error *err) {
  hr_status status = HR_OK;
  *predictions = (hr_predictions){.rows = rows, .variants = variants};
  HR_TRY(hr_alloc(&predictions->mean, variants * rows, err));
  for (size_t i = 0; i < variants * rows; i++) predictions->mean[i] = (float)NAN;
  if (!has_variance) goto cleanup;
  HR_TRY(hr_alloc(&predictions->variance, rows, err));
  for (size_t i = 0; i < rows; i++) predictions->variance[i] = (double)NAN;
cleanup:
  return status;
}

void hr_predictions_fini(hr_predictions *predictions) {
  hr_free(predictions->mean);
  hr_free(predictions->variance);
  *predictions = (hr_predictions){0};
}

const hr_fit *hr_outcome_fit(const hr_outcome *outcome, int bin) {
  for (size_t t = 0; t < outcome->fit_count; t++) {
    if (outcome->fits[t].slot == bin) return &outcome->fits[t];
  }
  return NULL;
}

const hr_fit *hr_outcome_usable(const hr_outcome *outcome, int bin) {
  const hr_fit *fit = hr_outcome_fit(outcome, bin);
  return fit && fit->status == HR_FIT_OK ? fit : NULL;
}

bool hr_outcome_competes(const hr_outcome *outcome, int bin) {
  const hr_fit *fit = hr_outcome_usable(outcome, bin);
  if (!fit || fit->convergence == HR_NOT_CONVERGED) return false;
  if (!hr_method_is_outside(outcome->type)) return true;
  return fit->cv_r2 && !isnan(fit->cv_r2[fit->chosen]);
}
