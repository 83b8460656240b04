/* The description of a bundle: freeing it, and asking it who predicts what. */
#include "models/bundle_description.h"

#include <stdio.h>
#include <string.h>

#include "core/alloc.h"

static void free_candidates(hr_bundle_description *d) {
  for (size_t i = 0; i < d->candidate_count; i++) {
    hr_free(d->candidates[i].method);
    hr_free(d->candidates[i].title);
    hr_free(d->candidates[i].kind);
    hr_free(d->candidates[i].variant);
    hr_free(d->candidates[i].folder);
  }
  hr_free(d->candidates);
}

static void free_axes(hr_bundle_description *d) {
  for (size_t a = 0; a < d->axis_count; a++) {
    hr_free(d->axes[a].label);
    hr_free(d->axes[a].column);
    hr_free(d->axes[a].unit);
    hr_free(d->axes[a].edges);
  }
  hr_free(d->axes);
}

static void free_gates(hr_bundle_description *d) {
  for (size_t g = 0; g < d->gate_count; g++) {
    hr_free(d->gates[g].name);
    hr_free(d->gates[g].title);
    hr_free(d->gates[g].folder);
    hr_free(d->gates[g].mixing);
  }
  hr_free(d->gates);
}

void hr_bundle_description_fini(hr_bundle_description *d) {
  hr_free(d->program);
  hr_free(d->study);
  hr_free(d->fingerprint);
  hr_free(d->rv);
  hr_free(d->wave);
  hr_free(d->conditioning.stand_in);
  hr_free(d->conditioning.lowest);
  hr_free(d->conditioning.highest);
  hr_free(d->uncovered);
  for (size_t t = 0; t < d->target_count; t++) {
    hr_free(d->targets[t].name);
    hr_free(d->targets[t].unit);
  }
  hr_free(d->targets);
  free_axes(d);
  for (int p = 0; p < HR_PLACES; p++) hr_free(d->paths[p]);
  for (size_t k = 0; d->bin_names && k < d->bin_count; k++) hr_free(d->bin_names[k]);
  hr_free(d->bin_names);
  free_candidates(d);
  hr_free(d->slots);
  free_gates(d);
  *d = (hr_bundle_description){0};
}

hr_places hr_bundle_places(const hr_bundle_description *description) {
  hr_places places;
  for (int p = 0; p < HR_PLACES; p++) places.path[p] = description->paths[p];
  return places;
}

hr_conditioning hr_bundle_conditioning(const hr_bundle_description *d) {
  return d->conditioning.scale > 0 ? d->conditioning : hr_conditioning_plain();
}

/* The unit, or NULL for a name that is not known. */
static const char *find_unit(const char *label) {
  static const struct {
    const char *label, *unit;
  } units[] = {
      {"T_eff", "K"}, {"log_g", "dex"},  {"M_H", "dex"},      {"Fe_H", "dex"},
      {"a_M", "dex"}, {"C_M", "dex"},    {"alpha_M", "dex"},  {"mag", "mag"},
      {"rv", "km/s"}, {"vsini", "km/s"}, {"v_micro", "km/s"}, {"redshift", ""},
      {"snr", ""},
  };
  for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
    if (strcmp(units[i].label, label) == 0) return units[i].unit;
  }
  return NULL;
}

const char *hr_label_unit(const char *label) {
  const char *unit = find_unit(label);
  return unit ? unit : "";
}

bool hr_label_has_unit(const char *label) {
  return find_unit(label) != NULL;
}

void hr_bundle_folder_name(const hr_model_type *type, const hr_bundle_place *place,
                           char name[HR_BUNDLE_NAME_BYTES]) {
  char target[32] = "", slot[32] = "global";
  if (type->shares_files) {
    snprintf(name, HR_BUNDLE_NAME_BYTES, "%s", place->method);
    return;
  }
  if (place->target > 0) snprintf(target, sizeof target, "target%zu-", place->target + 1);
  if (place->slot != HR_GLOBAL) snprintf(slot, sizeof slot, "%d", place->slot);
  snprintf(name, HR_BUNDLE_NAME_BYTES, "%s%s-%s", target, slot, place->method);
}

size_t hr_bundle_find(const hr_bundle_description *d, const hr_bundle_place *place) {
  for (size_t i = 0; i < d->candidate_count; i++) {
    const hr_bundle_candidate *candidate = &d->candidates[i];
    bool is_there = candidate->slot == place->slot && candidate->target == place->target;
    if (is_there && strcmp(candidate->method, place->method) == 0) return i;
  }
  return HR_NO_CANDIDATE;
}

size_t hr_bundle_find_gate(const hr_bundle_description *d, const char *name) {
  size_t g = 0;
  while (name && g < d->gate_count && strcmp(d->gates[g].name, name) != 0) g++;
  return g;
}

hr_bundle_slot *hr_bundle_slot_of(const hr_bundle_description *d, size_t target,
                                  size_t slot) {
  return &d->slots[target * (d->bin_count + 1) + slot];
}

size_t hr_bundle_choose(const hr_bundle_description *d, size_t target, size_t slot,
                        const char *method) {
  const hr_bundle_slot *chosen = hr_bundle_slot_of(d, target, slot);
  if (chosen->expert == HR_NO_CANDIDATE) return chosen->fallback;
  if (!method) return chosen->expert;
  const hr_bundle_place place = {method, target,
                                 slot == d->bin_count ? HR_GLOBAL : (int)slot};
  return hr_bundle_find(d, &place);
}
