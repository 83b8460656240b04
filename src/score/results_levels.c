/* The validations at other levels, model by model. */
#include "score/results_levels.h"

#include <math.h>

/* The first task that was validated at other levels, or NULL: its `level` is that of all
 * tasks of the expert. */
static const hr_fit *find_fit(const hr_outcome *outcome) {
  for (size_t t = 0; t < outcome->fit_count; t++) {
    const hr_fit *fit = &outcome->fits[t];
    if (fit->status == HR_FIT_OK && fit->level_count > 0) return fit;
  }
  return NULL;
}

static void put_numbers(hr_json_builder *json, json_t *object, const char *key,
                        const double *numbers, size_t count) {
  json_t *list = hr_json_put(json, object, key, json_array());
  for (size_t i = 0; i < count; i++) {
    hr_json_append(json, list,
                   isfinite(numbers[i]) ? json_real(numbers[i]) : json_null());
  }
}

static void put_fit(hr_json_builder *json, json_t *models, const hr_method *type,
                    const hr_fit *fit) {
  json_t *model = hr_json_append(json, models, json_object());
  hr_json_put(json, model, "bin",
              fit->slot == HR_GLOBAL ? json_null() : json_integer(fit->slot));
  put_numbers(json, model, type->variant, fit->level_value, fit->level_count);
  put_numbers(json, model, "r2_cv", fit->level_cv_r2, fit->level_count);
}

void hr_results_write_levels(hr_json_builder *json, const hr_results_input *input,
                             json_t *root) {
  const hr_fit *first = NULL;
  size_t e = 0;
  for (; e < input->outcome_count && !first; e++) first = find_fit(&input->outcomes[e]);
  if (!first) {
    hr_json_put(json, root, "noise_levels", json_null());
    return;
  }
  const hr_outcome *outcome = &input->outcomes[e - 1];
  json_t *levels = hr_json_put(json, root, "noise_levels", json_object());
  hr_json_put_text(json, levels, "expert", outcome->type->name);
  put_numbers(json, levels, "levels", first->level, first->level_count);
  json_t *models = hr_json_put(json, levels, "models", json_array());
  for (size_t t = 0; t < outcome->fit_count; t++) {
    const hr_fit *fit = &outcome->fits[t];
    if (fit->status != HR_FIT_OK || fit->level_count == 0) continue;
    put_fit(json, models, outcome->type, fit);
  }
}
