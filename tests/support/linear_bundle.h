/* A bundle of linear models that tell who predicted: model of slot s of method m (0, 1)
 * predicts 10 m + s + 0.001 * flux[0]; the global one's s is 5. Bins 0 and 1 have experts
 * of both methods, bin 2 of the second, bin 3 none. Validation chose the second in bin 1,
 * the first in bin 0 and of all rows; the fall-back is the second's. */
#ifndef HR_TESTS_LINEAR_BUNDLE_H
#define HR_TESTS_LINEAR_BUNDLE_H

#include "models/linear.h"
#include "support/bundle_fixture.h"

static inline hr_model *linear_model(int slot, double constant) {
  hr_error err = {0};
  hr_model *model = NULL;
  const hr_linear_shape shape = {.slot = slot,
                                 .pixels = FIXTURE_PIXELS,
                                 .variant_count = 2,
                                 .chosen = 1};
  /* The first variant, which was not chosen, would predict nonsense. */
  const double intercept[] = {-999, constant};
  const double weights[2 * FIXTURE_PIXELS] = {[FIXTURE_PIXELS] = 0.001};
  check_ok(hr_linear_create(&shape, intercept, weights, &model, &err));
  return model;
}

static inline size_t linear_add(hr_bundle_description *d, const char *folder,
                                const char *method, int slot, double constant) {
  hr_error err = {0};
  hr_model *model = linear_model(slot, constant);
  const hr_model *models[] = {model};
  check_ok(hr_bundle_save_models(folder, method, models, 1, HR_MODEL_FULL, &err));
  hr_model_destroy(&model);
  return fixture_add(d, method, &hr_linear_type, slot);
}

/* Writes it; uncovered: as the configuration's. */
static inline void linear_bundle_write(const char *folder, const char *uncovered) {
  hr_error err = {0};
  hr_bundle_description d;
  fixture_init(&d);
  d.uncovered[0] = '\0';
  hr_free(d.uncovered);
  d.uncovered = fixture_text(uncovered);
  d.targets[0].train = (hr_bundle_range){0, 14};
  size_t a0 = linear_add(&d, folder, "first", 0, 0);
  linear_add(&d, folder, "first", 1, 1);
  size_t a = linear_add(&d, folder, "first", HR_GLOBAL, 5);
  linear_add(&d, folder, "second", 0, 10);
  size_t b1 = linear_add(&d, folder, "second", 1, 11);
  size_t b2 = linear_add(&d, folder, "second", 2, 12);
  size_t b = linear_add(&d, folder, "second", HR_GLOBAL, 15);
  const hr_bundle_slot slots[] = {
      {a0, b}, {b1, b}, {b2, b}, {HR_NO_CANDIDATE, b}, {a, b}};
  memcpy(d.slots, slots, sizeof slots);
  check_ok(hr_bundle_write(&d, folder, &err));
  hr_bundle_description_fini(&d);
}

#endif
