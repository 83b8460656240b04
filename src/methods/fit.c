/* The life of a fit, and of a trained slot. */
#include "methods/fit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"

static hr_status alloc_nan(double **out, size_t count, hr_error *err) {
  hr_status status = hr_alloc(out, count, err);
  for (size_t i = 0; status == HR_OK && i < count; i++) (*out)[i] = (double)NAN;
  return status;
}

hr_status hr_fit_init(hr_fit *fit, int slot, size_t variant_count, bool has_values,
                      size_t level_count, hr_error *err) {
  hr_status status = HR_OK;
  *fit = (hr_fit){.slot = slot,
                  .status = HR_FIT_SKIPPED,
                  .variant_count = variant_count,
                  .level_count = level_count};
  HR_TRY(alloc_nan(&fit->cv_r2, variant_count, err));
  if (has_values) HR_TRY(alloc_nan(&fit->variant_value, variant_count, err));
  if (level_count == 0) goto cleanup;
  HR_TRY(alloc_nan(&fit->level, level_count, err));
  HR_TRY(alloc_nan(&fit->level_cv_r2, level_count, err));
  HR_TRY(alloc_nan(&fit->level_value, level_count, err));
cleanup:
  return status;
}

void hr_fit_fini(hr_fit *fit) {
  hr_free(fit->variant_value);
  hr_free(fit->cv_r2);
  hr_free(fit->level);
  hr_free(fit->level_cv_r2);
  hr_free(fit->level_value);
  hr_free(fit->curve);
  *fit = (hr_fit){0};
}

void hr_fit_add_note(hr_fit *fit, const char *sentence) {
  size_t used = strlen(fit->note), room = sizeof fit->note - used;
  int length = snprintf(fit->note + used, room, "%s%s", used ? "; " : "", sentence);
  if (length < 0) fit->note[used] = '\0';
}

void hr_trained_fini(hr_trained *trained) {
  hr_fit_fini(&trained->fit);
  hr_model_destroy(&trained->model);
}
