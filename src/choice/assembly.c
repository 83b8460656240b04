/* Which forecasts there are, what each is compared with, and where their rows come from.
 */
#include "choice/assembly.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "methods/outside/outside.h"

const char *hr_forecast_kind_name(hr_forecast_kind kind) {
  static const char *const names[] = {"global", "oracle", "hybrid", "gated"};
  return names[kind];
}

size_t hr_forecasts_find(const hr_forecasts *forecasts, hr_forecast_kind kind,
                         size_t method, hr_selection selection) {
  for (size_t f = 0; f < forecasts->count; f++) {
    const hr_forecast *forecast = &forecasts->items[f];
    if (forecast->kind == kind && forecast->method == method &&
        forecast->selection == selection) {
      return f;
    }
  }
  return HR_NO_METHOD;
}

/* Rows ------------------------------------------------------------------------------ */

/* The predictions that a choice takes, or NULL where nobody predicts. */
static const hr_predictions *predictions_of(const hr_candidates *candidates,
                                            const hr_choice *choice, size_t slot) {
  if (choice->kind == HR_CHOICE_NONE) return NULL;
  if (choice->kind == HR_CHOICE_EXPERT && slot == candidates->bin_count) return NULL;
  const hr_outcome *outcome = &candidates->outcomes[choice->expert];
  bool global = choice->kind == HR_CHOICE_GLOBAL;
  if (!hr_outcome_usable(outcome, global ? HR_GLOBAL : (int)slot)) return NULL;
  return global ? &outcome->global : &outcome->own;
}

void hr_assemble(const hr_assembly *assembly, const hr_choice *choices,
                 double *prediction, double *variance) {
  const hr_split_view *test = assembly->test;
  size_t bins = assembly->candidates.bin_count;
  for (size_t i = 0; i < test->rows; i++) {
    prediction[i] = (double)NAN;
    if (variance) variance[i] = (double)NAN;
  }
  for (size_t slot = 0; slot <= bins; slot++) {
    const hr_predictions *source =
        predictions_of(&assembly->candidates, &choices[slot], slot);
    int32_t route = slot == bins ? HR_UNCOVERED : (int32_t)slot;
    for (size_t i = 0; source && i < test->rows; i++) {
      if (test->route[i] != route) continue;
      prediction[i] = (double)hr_predictions_at(source, choices[slot].variant, i);
      if (variance && source->variance) variance[i] = source->variance[i];
    }
  }
}

bool hr_forecast_takes(const hr_candidates *candidates, const hr_forecast *forecast,
                       size_t expert) {
  for (size_t k = 0; k < candidates->bin_count; k++) {
    const hr_choice *choice = &forecast->choices[k];
    if (choice->kind == HR_CHOICE_EXPERT && choice->expert == expert) return true;
  }
  return false;
}

bool hr_forecast_takes_elsewhere(const hr_candidates *candidates,
                                 const hr_forecast *forecast) {
  for (size_t e = 0; e < candidates->outcome_count; e++) {
    bool is_outside = hr_method_is_outside(candidates->outcomes[e].type);
    if (is_outside && hr_forecast_takes(candidates, forecast, e)) return true;
  }
  return false;
}

const hr_fit *hr_forecast_spread_fit(const hr_candidates *candidates,
                                     const hr_forecast *forecast, size_t slot) {
  const hr_choice *choice = &forecast->choices[slot];
  const hr_predictions *source = predictions_of(candidates, choice, slot);
  if (!source) return NULL;
  const hr_outcome *outcome = &candidates->outcomes[choice->expert];
  bool global = choice->kind == HR_CHOICE_GLOBAL;
  const hr_fit *fit = hr_outcome_usable(outcome, global ? HR_GLOBAL : (int)slot);
  return fit && (fit->sigma.rows > 0 || source->variance) ? fit : NULL;
}

static void fill_spread(const hr_assembly *assembly, hr_forecast *forecast) {
  const hr_split_view *test = assembly->test;
  size_t bins = assembly->candidates.bin_count;
  const double unknown = (double)NAN;
  for (size_t i = 0; i < test->rows; i++) {
    forecast->sigma[i] = forecast->half68[i] = forecast->half95[i] = unknown;
  }
  for (size_t slot = 0; slot <= bins; slot++) {
    const hr_choice *choice = &forecast->choices[slot];
    const hr_fit *fit = hr_forecast_spread_fit(&assembly->candidates, forecast, slot);
    if (!fit) continue;
    const hr_predictions *source = predictions_of(&assembly->candidates, choice, slot);
    int32_t route = slot == bins ? HR_UNCOVERED : (int32_t)slot;
    for (size_t i = 0; i < test->rows; i++) {
      if (test->route[i] != route || isnan(forecast->prediction[i])) continue;
      hr_spread spread = hr_sigma_of_prediction(
          &fit->sigma, assembly->snr ? assembly->snr[i] : unknown,
          forecast->prediction[i], source->variance ? source->variance[i] : unknown);
      forecast->sigma[i] = spread.sigma;
      forecast->half68[i] = spread.half68;
      forecast->half95[i] = spread.half95;
    }
  }
}

/* Leaves the arrays NULL where no fit has learnt anything. */
static hr_status add_spread(const hr_assembly *assembly, hr_forecast *forecast,
                            hr_error *err) {
  hr_status status = HR_OK;
  size_t slot = 0, bins = assembly->candidates.bin_count;
  while (slot <= bins && !hr_forecast_spread_fit(&assembly->candidates, forecast, slot)) {
    slot++;
  }
  if (slot > bins) return HR_OK;
  HR_TRY(hr_alloc(&forecast->sigma, assembly->test->rows, err));
  HR_TRY(hr_alloc(&forecast->half68, assembly->test->rows, err));
  HR_TRY(hr_alloc(&forecast->half95, assembly->test->rows, err));
  fill_spread(assembly, forecast);
cleanup:
  return status;
}

/* Choices --------------------------------------------------------------------------- */

static size_t find_baseline(const hr_candidates *candidates) {
  for (size_t e = 0; e < candidates->outcome_count; e++) {
    if (strcmp(candidates->outcomes[e].type->name, "ridge") == 0) return e;
  }
  for (size_t e = 0; e < candidates->outcome_count; e++) {
    if (candidates->outcomes[e].fit_count > 0) return e;
  }
  return 0;
}

static hr_choice global_choice(const hr_candidates *candidates, size_t expert) {
  const hr_fit *fit = hr_outcome_usable(&candidates->outcomes[expert], HR_GLOBAL);
  if (!fit) return (hr_choice){.kind = HR_CHOICE_NONE};
  return (hr_choice){HR_CHOICE_GLOBAL, expert, fit->chosen};
}

/* Who predicts where no expert of the bin can: the baseline's global model, or another's.
 */
static hr_choice fallback_choice(const hr_candidates *candidates, size_t baseline) {
  hr_choice choice = global_choice(candidates, baseline);
  for (size_t e = 0; e < candidates->outcome_count && choice.kind == HR_CHOICE_NONE;
       e++) {
    choice = global_choice(candidates, e);
  }
  return choice;
}

/* A hybrid of experts of which some do not know theirs has none. */
static bool knows_variance(const hr_assembly *assembly, const hr_forecast *forecast) {
  if (forecast->kind == HR_FORECAST_HYBRID || forecast->gated) return false;
  const hr_outcome *outcome = &assembly->candidates.outcomes[forecast->method];
  return forecast->kind == HR_FORECAST_GLOBAL ? outcome->global.variance != NULL
                                              : outcome->own.variance != NULL;
}

static hr_status add_forecast(hr_forecasts *forecasts, const hr_assembly *assembly,
                              const hr_forecast *what, hr_error *err) {
  hr_status status = HR_OK;
  hr_forecast *forecast = &forecasts->items[forecasts->count++];
  *forecast = *what;
  if (knows_variance(assembly, what)) {
    HR_TRY(hr_alloc(&forecast->variance, assembly->test->rows, err));
  }
  HR_TRY(hr_alloc(&forecast->choices, assembly->candidates.bin_count + 1, err));
  HR_TRY(hr_alloc(&forecast->prediction, assembly->test->rows, err));
cleanup:
  return status;
}

static hr_status add_global(hr_forecasts *forecasts, const hr_assembly *assembly,
                            size_t expert, hr_error *err) {
  const hr_candidates *candidates = &assembly->candidates;
  const hr_method *type = candidates->outcomes[expert].type;
  hr_forecast forecast = {.kind = HR_FORECAST_GLOBAL, .method = expert};
  snprintf(forecast.name, sizeof forecast.name, "global_%s", type->name);
  snprintf(forecast.title, sizeof forecast.title, "Global %s", type->title);
  hr_status status = add_forecast(forecasts, assembly, &forecast, err);
  if (status != HR_OK) return status;
  for (size_t k = 0; k <= candidates->bin_count; k++) {
    forecasts->items[forecasts->count - 1].choices[k] = global_choice(candidates, expert);
  }
  return HR_OK;
}

static hr_status add_oracle(hr_forecasts *forecasts, const hr_assembly *assembly,
                            size_t expert, hr_selection selection, hr_error *err) {
  const hr_method *type = assembly->candidates.outcomes[expert].type;
  bool on_test = selection == HR_SELECT_BY_TEST;
  hr_forecast forecast = {
      .kind = HR_FORECAST_ORACLE, .method = expert, .selection = selection};
  snprintf(forecast.name, sizeof forecast.name, "%s_oracle%s", type->name,
           on_test ? "_test" : "");
  snprintf(forecast.title, sizeof forecast.title, "%s-Oracle%s", type->title,
           on_test ? " (test)" : "");
  hr_status status = add_forecast(forecasts, assembly, &forecast, err);
  if (status != HR_OK) return status;
  hr_select(&assembly->candidates, selection, (int)expert,
            forecasts->items[forecasts->count - 1].choices);
  return HR_OK;
}

static hr_status add_hybrid(hr_forecasts *forecasts, const hr_assembly *assembly,
                            hr_selection selection, hr_error *err) {
  hr_forecast forecast = {
      .kind = HR_FORECAST_HYBRID, .method = HR_NO_METHOD, .selection = selection};
  snprintf(forecast.name, sizeof forecast.name, "oracle_hybrid_%s",
           hr_selection_name(selection));
  snprintf(forecast.title, sizeof forecast.title, "Oracle-Hybrid%s",
           selection == HR_SELECT_BY_TEST ? " (test)" : "");
  hr_status status = add_forecast(forecasts, assembly, &forecast, err);
  if (status != HR_OK) return status;
  hr_select(&assembly->candidates, selection, HR_ALL_EXPERTS,
            forecasts->items[forecasts->count - 1].choices);
  return HR_OK;
}

/* Its choices are those of the models that are mixed: a gate mixes what the bundle has.
 */
static hr_status add_gated(hr_forecasts *forecasts, const hr_assembly *assembly,
                           const hr_gated *gated, hr_error *err) {
  bool is_hybrid = gated->method == HR_NO_METHOD;
  const hr_method *type =
      is_hybrid ? NULL : assembly->candidates.outcomes[gated->method].type;
  hr_forecast forecast = {
      .kind = HR_FORECAST_GATED, .method = gated->method, .gated = gated};
  snprintf(forecast.name, sizeof forecast.name, "%s_%s_%s",
           is_hybrid ? "hybrid" : type->name, gated->gate, gated->mixing);
  snprintf(forecast.title, sizeof forecast.title, "%s, %s%s%s",
           is_hybrid ? "Hybrid" : type->title, gated->title,
           gated->is_own_mixing ? "" : ", ", gated->is_own_mixing ? "" : gated->mixing);
  hr_status status = add_forecast(forecasts, assembly, &forecast, err);
  if (status != HR_OK) return status;
  hr_select(&assembly->candidates, HR_SELECT_BY_CV,
            is_hybrid ? HR_OWN_EXPERTS : (int)gated->method,
            forecasts->items[forecasts->count - 1].choices);
  return HR_OK;
}

static hr_status add_all(hr_forecasts *forecasts, const hr_assembly *assembly,
                         hr_error *err) {
  hr_status status = HR_OK;
  size_t experts = assembly->candidates.outcome_count;
  for (size_t e = 0; e < experts; e++) HR_TRY(add_global(forecasts, assembly, e, err));
  for (hr_selection s = HR_SELECT_BY_CV; s <= HR_SELECT_BY_TEST; s++) {
    for (size_t e = 0; e < experts; e++) {
      HR_TRY(add_oracle(forecasts, assembly, e, s, err));
    }
  }
  HR_TRY(add_hybrid(forecasts, assembly, HR_SELECT_BY_CV, err));
  HR_TRY(add_hybrid(forecasts, assembly, HR_SELECT_BY_TEST, err));
  for (size_t g = 0; g < assembly->gated_count; g++) {
    HR_TRY(add_gated(forecasts, assembly, &assembly->gated[g], err));
  }
cleanup:
  return status;
}

/* A comparison has both arms chosen in the same way; only the baseline chosen on the test
 * rows is held against the one chosen by validation: that difference is the optimism of
 * choosing on the rows one is scored on. */
static void set_versus(hr_forecasts *forecasts) {
  for (size_t f = 0; f < forecasts->count; f++) {
    hr_forecast *forecast = &forecasts->items[f];
    size_t versus = hr_forecasts_find(forecasts, HR_FORECAST_ORACLE, forecasts->baseline,
                                      forecast->selection);
    if (versus == f) {
      versus = hr_forecasts_find(forecasts, HR_FORECAST_ORACLE, forecasts->baseline,
                                 HR_SELECT_BY_CV);
    }
    forecast->versus = versus == f ? HR_NO_METHOD : versus;
  }
}

/* Covered test rows of a bin. */
static bool has_rows(const hr_split_view *test, size_t bin) {
  for (size_t i = 0; i < test->rows; i++) {
    if (test->bin[i] == (int32_t)bin) return true;
  }
  return false;
}

/* Lets the global model predict bins in which no expert has a model (the same for every
 * forecast, so that comparisons stay fair), and uncovered rows where that is asked for.
 */
static void add_fallbacks(hr_forecasts *forecasts, const hr_assembly *assembly) {
  const hr_candidates *candidates = &assembly->candidates;
  hr_choice fallback = fallback_choice(candidates, forecasts->baseline);
  const hr_choice *any = forecasts
                             ->items[hr_forecasts_find(forecasts, HR_FORECAST_HYBRID,
                                                       HR_NO_METHOD, HR_SELECT_BY_CV)]
                             .choices;
  if (fallback.kind == HR_CHOICE_NONE) return;
  for (size_t k = 0; k <= candidates->bin_count; k++) {
    bool is_bin = k < candidates->bin_count;
    bool is_wanted = is_bin ? any[k].kind == HR_CHOICE_NONE : assembly->global_uncovered;
    if (!is_wanted) continue;
    bool is_told = is_bin && has_rows(assembly->test, k);
    for (size_t f = 0; f < forecasts->count; f++) {
      hr_forecast *forecast = &forecasts->items[f];
      if (!hr_forecast_is_told_bin(forecast)) continue;
      forecast->choices[k] = fallback;
      forecast->falls_back = forecast->falls_back || is_told;
    }
  }
}

/* Which of them are shown ------------------------------------------------------------ */

static bool has_any_bin(const hr_outcome *outcome) {
  for (size_t t = 0; t < outcome->fit_count; t++) {
    const hr_fit *fit = &outcome->fits[t];
    if (fit->slot != HR_GLOBAL && fit->status == HR_FIT_OK) return true;
  }
  return false;
}

static bool has_variants(const hr_outcome *outcome) {
  for (size_t t = 0; t < outcome->fit_count; t++) {
    const hr_fit *fit = &outcome->fits[t];
    if (fit->status == HR_FIT_OK && fit->variant_count > 1) return true;
  }
  return false;
}

static bool predicts_covered(const hr_forecast *forecast, const hr_assembly *assembly) {
  const hr_split_view *test = assembly->test;
  for (size_t i = 0; i < test->rows; i++) {
    if (assembly->is_missing && assembly->is_missing[i]) continue;
    if (test->bin[i] != HR_UNCOVERED && isnan(forecast->prediction[i])) return false;
  }
  return true;
}

/* The hybrids and the baseline always; other experts where they predict every row. */
static bool is_listed(const hr_forecasts *forecasts, const hr_assembly *assembly,
                      const hr_forecast *forecast) {
  if (forecast->kind == HR_FORECAST_HYBRID) return true;
  if (forecast->gated) {
    return forecast->method == HR_NO_METHOD && forecast->gated->is_own_mixing;
  }
  size_t e = forecast->method;
  const hr_outcome *outcome = &assembly->candidates.outcomes[e];
  if (forecast->kind == HR_FORECAST_GLOBAL) {
    return hr_outcome_usable(outcome, HR_GLOBAL) != NULL;
  }
  if (e == forecasts->baseline) return true;
  size_t cv = hr_forecasts_find(forecasts, HR_FORECAST_ORACLE, e, HR_SELECT_BY_CV);
  bool whole = has_any_bin(outcome) && predicts_covered(&forecasts->items[cv], assembly);
  return whole && (forecast->selection == HR_SELECT_BY_CV || has_variants(outcome));
}

static hr_status copy_column(const double *from, size_t rows, double **to,
                             hr_error *err) {
  if (!from) return HR_OK;
  hr_status status = hr_alloc(to, rows, err);
  if (status == HR_OK) memcpy(*to, from, rows * sizeof *from);
  return status;
}

static hr_status copy_gated(const hr_assembly *assembly, hr_forecast *forecast,
                            hr_error *err) {
  hr_status status = HR_OK;
  const hr_gated *from = forecast->gated;
  size_t rows = assembly->test->rows;
  memcpy(forecast->prediction, from->prediction, rows * sizeof *from->prediction);
  HR_TRY(copy_column(from->sigma, rows, &forecast->sigma, err));
  HR_TRY(copy_column(from->half68, rows, &forecast->half68, err));
  HR_TRY(copy_column(from->half95, rows, &forecast->half95, err));
cleanup:
  return status;
}

hr_status hr_forecasts_init(hr_forecasts *forecasts, const hr_assembly *assembly,
                            hr_error *err) {
  hr_status status = HR_OK;
  *forecasts = (hr_forecasts){.baseline = find_baseline(&assembly->candidates)};
  HR_TRY(hr_alloc(&forecasts->items,
                  3 * assembly->candidates.outcome_count + 2 + assembly->gated_count,
                  err));
  HR_TRY(add_all(forecasts, assembly, err));
  set_versus(forecasts);
  add_fallbacks(forecasts, assembly);
  for (size_t f = 0; f < forecasts->count; f++) {
    hr_forecast *forecast = &forecasts->items[f];
    if (forecast->gated) {
      HR_TRY(copy_gated(assembly, forecast, err));
      continue;
    }
    hr_assemble(assembly, forecast->choices, forecast->prediction, forecast->variance);
    HR_TRY(add_spread(assembly, forecast, err));
  }
  for (size_t f = 0; f < forecasts->count; f++) {
    hr_forecast *forecast = &forecasts->items[f];
    forecast->listed = is_listed(forecasts, assembly, forecast);
  }
cleanup:
  return status;
}

void hr_forecasts_fini(hr_forecasts *forecasts) {
  for (size_t f = 0; f < forecasts->count; f++) {
    hr_free(forecasts->items[f].choices);
    hr_free(forecasts->items[f].prediction);
    hr_free(forecasts->items[f].variance);
    hr_free(forecasts->items[f].sigma);
    hr_free(forecasts->items[f].half68);
    hr_free(forecasts->items[f].half95);
  }
  hr_free(forecasts->items);
  *forecasts = (hr_forecasts){0};
}
