/* Gates that were trained weigh by themselves; the templates' model of all rows is asked
 * which bins its weight is in. */
#include "predict/open_gate.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"

/* The trunk that the gate looks at is that of the bundle's heads, any of them. */
static hr_status find_trunk(hr_bundle *bundle, const hr_open_gate *gate, hr_error *err) {
  hr_status status = HR_OK;
  hr_gate_trunk *trunk = gate->weigher->trunk;
  const hr_bundle_description *d = hr_bundle_describe(bundle);
  for (size_t c = 0; trunk && !trunk->model && c < d->candidate_count; c++) {
    if (strcmp(d->candidates[c].kind, hr_heads_type.kind) != 0) continue;
    HR_TRY(hr_bundle_load(bundle, c, &trunk->model, err));
  }
  if (trunk && (!trunk->model || hr_heads_hidden(trunk->model) != trunk->width)) {
    status =
        hr_fail(err, HR_ERR_FORMAT,
                "the bundle %s has a gate %s that looks at a trunk of width %zu, and "
                "no heads on such a trunk; copy the folder again",
                hr_bundle_folder(bundle), gate->gate->name, trunk->width);
  }
cleanup:
  return status;
}

static hr_status load_weigher(hr_bundle *bundle, hr_open_gate *out, hr_error *err) {
  hr_status status = HR_OK;
  const hr_bundle_description *d = hr_bundle_describe(bundle);
  char *folder = NULL;
  HR_TRY(hr_join_path(hr_bundle_folder(bundle), out->gate->folder, &folder, err));
  const hr_gate_place place = {folder, d->wave, d->pixels, d->bin_count};
  HR_TRY(hr_gate_load(&place, &out->weigher, err));
  HR_TRY(find_trunk(bundle, out, err));
cleanup:
  hr_free(folder);
  return status;
}

/* Any target's: their weights are the same. */
static hr_status load_templates(hr_bundle *bundle, hr_open_gate *out, hr_error *err) {
  const hr_bundle_description *d = hr_bundle_describe(bundle);
  for (size_t c = 0; c < d->candidate_count; c++) {
    bool is_of_all = d->candidates[c].slot == HR_GLOBAL;
    if (!is_of_all || strcmp(d->candidates[c].kind, "templates") != 0) continue;
    out->needs_error = d->candidates[c].title;
    return hr_bundle_load(bundle, c, &out->templates, err);
  }
  return hr_fail(err, HR_ERR_FORMAT,
                 "the bundle %s has a gate %s and no model of all rows from templates, "
                 "whose weights it takes",
                 hr_bundle_folder(bundle), out->gate->name);
}

hr_status hr_open_gate_load(hr_bundle *bundle, size_t number, hr_open_gate *out,
                            hr_error *err) {
  const hr_bundle_description *d = hr_bundle_describe(bundle);
  *out = (hr_open_gate){.gate = &d->gates[number], .slots = d->bin_count + 1};
  out->mixing = hr_gate_mixing_find(out->gate->mixing);
  return *out->gate->folder ? load_weigher(bundle, out, err)
                            : load_templates(bundle, out, err);
}

void hr_open_gate_fini(hr_open_gate *gate) {
  hr_gate_destroy(&gate->weigher);
  *gate = (hr_open_gate){0};
}

/* --- weights --- */

/* All rows at once, as features are measured side by side; those that are not asked for
 * lose theirs. */
static hr_status weigh_features(const hr_open_gate *gate, const hr_spectra *spectra,
                                const bool *is_asked, double *weight, hr_error *err) {
  hr_status status = HR_OK;
  size_t bins = gate->slots - 1;
  double *own = NULL;
  HR_TRY(hr_alloc(&own, spectra->rows * bins, err));
  HR_TRY(hr_gate_weigh(gate->weigher, spectra->rows, spectra->noisy, own, err));
  for (size_t i = 0; i < spectra->rows; i++) {
    if (!is_asked[i]) continue;
    memcpy(weight + i * gate->slots, own + i * bins, bins * sizeof *own);
  }
cleanup:
  hr_free(own);
  return status;
}

/* Shares at a temperature: to the power of 1/T, and again adding up to 1. */
static void soften(double temperature, size_t slots, double *share) {
  double sum = 0;
  for (size_t s = 0; s < slots; s++) {
    share[s] = share[s] > 0 ? pow(share[s], 1 / temperature) : 0;
    sum += share[s];
  }
  for (size_t s = 0; s < slots && sum > 0; s++) share[s] /= sum;
}

static hr_status weigh_templates(const hr_open_gate *gate, const hr_spectra *spectra,
                                 const uint32_t *row, size_t count, double *weight,
                                 hr_error *err) {
  const hr_request request = {.model = gate->templates,
                              .row = row,
                              .count = count,
                              .variants = 1,
                              .shares = weight,
                              .slots = gate->slots};
  hr_status status = hr_models_predict(spectra, &request, 1, err);
  if (status != HR_OK) return status;
  for (size_t i = 0; i < count; i++) {
    soften(gate->gate->temperature, gate->slots, weight + row[i] * gate->slots);
  }
  return HR_OK;
}

hr_status hr_open_gate_weigh(const hr_open_gate *gate, const hr_spectra *spectra,
                             const uint32_t *row, size_t count, double *weight,
                             hr_error *err) {
  hr_status status = HR_OK;
  bool *is_asked = NULL;
  memset(weight, 0, spectra->rows * gate->slots * sizeof *weight);
  if (!gate->weigher) return weigh_templates(gate, spectra, row, count, weight, err);
  HR_TRY(hr_alloc(&is_asked, spectra->rows, err));
  for (size_t i = 0; i < count; i++) is_asked[row[i]] = true;
  HR_TRY(weigh_features(gate, spectra, is_asked, weight, err));
cleanup:
  hr_free(is_asked);
  return status;
}
