/* The bundle of support/linear_bundle.h with a logistic gate, which goes by one
 * component: the flux of the first pixel, x. The logits of the bins are (0, x, -1, 2 -
 * x). */
#ifndef HR_TESTS_GATED_BUNDLE_H
#define HR_TESTS_GATED_BUNDLE_H

#include "core/file.h"
#include "routing/gate.h"
#include "support/linear_bundle.h"

static const double gated_slope[FIXTURE_BINS] = {0, 1, 0, -1};
static const double gated_bias[FIXTURE_BINS] = {0, 0, -1, 2};

static inline void gated_save(const hr_bundle_description *d, const char *folder) {
  static const hr_gate_table table = {.name = "one", .components = 1};
  const size_t sizes[] = {1, FIXTURE_BINS};
  hr_error err = {0};
  hr_gate_features *features = NULL;
  hr_gate *gate = NULL;
  const hr_gate_grid grid = {"key", d->wave, d->pixels, 0};
  check_ok(hr_gate_features_create(&table, &grid, &features, &err));
  hr_gate_features_components(features)[FIXTURE_PIXELS] = 1; /* behind the mean of 0 */
  check_ok(hr_gate_create("logistic", &features, 1, sizes, &gate, &err));
  for (size_t k = 0; k < FIXTURE_BINS; k++) {
    gate->layer[0].weights[k] = gated_slope[k];
    gate->layer[0].bias[k] = gated_bias[k];
  }
  check_ok(hr_make_folders(folder, &err));
  check_ok(hr_gate_save(gate, folder, &err));
  hr_gate_destroy(&gate);
}

/* mixing: "soft" ..; a largest weight below 0.6 falls back. */
static inline void gated_bundle_write(const char *folder, const char *mixing) {
  hr_error err = {0};
  hr_bundle_description d;
  char path[512];
  fixture_init(&d);
  linear_fill(&d, folder);
  check_ok(hr_alloc(&d.gates, 1, &err));
  d.gate_count = 1;
  d.gates[0] = (hr_bundle_gate){.name = fixture_text("logistic"),
                                .title = fixture_text("Logistic gate"),
                                .folder = fixture_text("gate-logistic"),
                                .mixing = fixture_text(mixing),
                                .fallback_below = 0.6,
                                .temperature = 1};
  snprintf(path, sizeof path, "%s/gate-logistic", folder);
  gated_save(&d, path);
  check_ok(hr_bundle_write(&d, folder, &err));
  hr_bundle_description_fini(&d);
}

/* What the gate gives bin k at a flux of x. */
static inline double gated_weight(double x, size_t k) {
  double sum = 0;
  for (size_t j = 0; j < FIXTURE_BINS; j++)
    sum += exp(gated_bias[j] + gated_slope[j] * x);
  return exp(gated_bias[k] + gated_slope[k] * x) / sum;
}

#endif
