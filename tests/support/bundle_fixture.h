/* The description of a small bundle: five pixels, two by two bins, one target. */
#ifndef HR_TESTS_BUNDLE_FIXTURE_H
#define HR_TESTS_BUNDLE_FIXTURE_H

#include "core/alloc.h"
#include "models/bundle.h"
#include "support/scratch.h"

enum { FIXTURE_PIXELS = 5, FIXTURE_BINS = 4 };

static inline char *fixture_text(const char *text) {
  char *copy = NULL;
  hr_error err = {0};
  check_ok(hr_copy_text(text, &copy, &err));
  return copy;
}

static inline void fixture_axis(hr_bundle_axis *axis, const char *label,
                                const double edges[3]) {
  hr_error err = {0};
  axis->label = fixture_text(label);
  axis->unit = fixture_text(hr_label_unit(label));
  axis->edge_count = 3;
  check_ok(hr_alloc(&axis->edges, 3, &err));
  memcpy(axis->edges, edges, 3 * sizeof *edges);
}

/* Without candidates: nobody predicts anything. */
static inline void fixture_init(hr_bundle_description *d) {
  hr_error err = {0};
  *d = (hr_bundle_description){.pixels = FIXTURE_PIXELS,
                               .noise_level = 1,
                               .flux = {0.5, 0.4, 0.6, 0.2, 0.1, 0.3, 0.05},
                               .snr = {2.5, 40},
                               .target_count = 1,
                               .axis_count = 2,
                               .bin_count = FIXTURE_BINS};
  d->study = fixture_text("SMALL");
  d->fingerprint = fixture_text("0123456789abcdef");
  d->uncovered = fixture_text("exclude");
  check_ok(hr_alloc(&d->wave, d->pixels, &err));
  for (size_t p = 0; p < d->pixels; p++) d->wave[p] = 7100 + 0.4 * (double)p;
  check_ok(hr_alloc(&d->targets, 1, &err));
  d->targets[0] = (hr_bundle_target){fixture_text("log_g"), fixture_text("dex"), {1, 5}};
  check_ok(hr_alloc(&d->axes, 2, &err));
  fixture_axis(&d->axes[0], "T_eff", (double[]){3750, 4500, 6000});
  d->axes[0].column = fixture_text("Teff");
  d->paths[HR_PLACE_FLUX] = fixture_text("/spectra/flux");
  fixture_axis(&d->axes[1], "M_H", (double[]){-2, 0.1, 0.5});
  check_ok(hr_alloc(&d->bin_names, d->bin_count, &err));
  for (size_t k = 0; k < d->bin_count; k++) d->bin_names[k] = fixture_text("A bin");
  check_ok(hr_alloc(&d->slots, d->bin_count + 1, &err));
  for (size_t k = 0; k <= d->bin_count; k++) {
    d->slots[k] = (hr_bundle_slot){HR_NO_CANDIDATE, HR_NO_CANDIDATE};
  }
}

/* Of every candidate. */
static inline hr_sigma fixture_sigma(void) {
  return (hr_sigma){.rows = 40,
                    .all = {(double)NAN, 0.5, 0.4, 1},
                    .class_count = 2,
                    .classes = {{16, 0.8, 0.75, 1.5}, {64, 0.2, 0.25, 0.5}}};
}

/* Makes it a bundle of two targets, before any candidate is added: T_eff is the second.
 */
static inline void fixture_widen(hr_bundle_description *d) {
  hr_error err = {0};
  size_t slots = 2 * (d->bin_count + 1);
  check_ok(hr_realloc(&d->targets, 1, 2, &err));
  d->targets[1] =
      (hr_bundle_target){fixture_text("T_eff"), fixture_text("K"), {3750, 6000}};
  d->target_count = 2;
  check_ok(hr_realloc(&d->slots, slots / 2, slots, &err));
  for (size_t i = 0; i < slots; i++) {
    d->slots[i] = (hr_bundle_slot){HR_NO_CANDIDATE, HR_NO_CANDIDATE};
  }
}

/* Adds a candidate for a target; its number. */
static inline size_t fixture_add_for(hr_bundle_description *d, size_t target,
                                     const char *method, const hr_model_type *type,
                                     int slot) {
  hr_error err = {0};
  char folder[HR_BUNDLE_NAME_BYTES];
  size_t i = d->candidate_count;
  if (i == 0) check_ok(hr_alloc(&d->candidates, 64, &err));
  const hr_bundle_place place = {method, target, slot};
  hr_bundle_folder_name(type, &place, folder);
  d->candidates[i] = (hr_bundle_candidate){.method = fixture_text(method),
                                           .title = fixture_text("A method"),
                                           .kind = fixture_text(type->kind),
                                           .variant = fixture_text("alpha"),
                                           .folder = fixture_text(folder),
                                           .target = target,
                                           .slot = slot,
                                           .variant_count = 2,
                                           .chosen = 1,
                                           .variant_value = 0.1,
                                           .cv_r2 = 0.75,
                                           .sigma = fixture_sigma()};
  d->candidate_count++;
  return i;
}

/* The same for the first target. */
static inline size_t fixture_add(hr_bundle_description *d, const char *method,
                                 const hr_model_type *type, int slot) {
  return fixture_add_for(d, 0, method, type, slot);
}

#endif
