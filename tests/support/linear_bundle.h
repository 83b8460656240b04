/* A bundle of linear models that tell who predicted: model of slot s of method m (0, 1)
 * predicts 10 m + s + 0.001 * flux[0]; the global one's s is 5. Bins 0 and 1 have experts
 * of both methods, bin 2 of the second, bin 3 none. Validation chose the second in bin 1,
 * the first in bin 0 and of all rows; the fall-back is the second's. */
#ifndef HR_TESTS_LINEAR_BUNDLE_H
#define HR_TESTS_LINEAR_BUNDLE_H

#include "models/linear.h"
#include "support/bundle_fixture.h"

static inline hr_model *linear_model(size_t target, int slot, double constant) {
  hr_error err = {0};
  hr_model *model = NULL;
  const hr_linear_shape shape = {.slot = slot,
                                 .target = target,
                                 .pixels = FIXTURE_PIXELS,
                                 .variant_count = 2,
                                 .chosen = 1};
  /* The first variant, which was not chosen, would predict nonsense. */
  const double intercept[] = {-999, constant};
  const double weights[2 * FIXTURE_PIXELS] = {[FIXTURE_PIXELS] = 0.001};
  check_ok(hr_linear_create(&shape, intercept, weights, &model, &err));
  return model;
}

/* The model of a place, for the bundle in `folder`; the candidate's number. */
static inline size_t linear_add_at(hr_bundle_description *d, const char *folder,
                                   const hr_bundle_place *place, double constant) {
  hr_error err = {0};
  const char *method = place->method;
  hr_model *model = linear_model(place->target, place->slot, constant);
  const hr_model *models[] = {model};
  check_ok(hr_bundle_save_models(folder, method, models, 1, HR_MODEL_FULL, &err));
  hr_model_destroy(&model);
  return fixture_add_for(d, place->target, method, &hr_linear_type, place->slot);
}

static inline size_t linear_add(hr_bundle_description *d, const char *folder,
                                const char *method, int slot, double constant) {
  const hr_bundle_place place = {method, 0, slot};
  return linear_add_at(d, folder, &place, constant);
}

/* The models of the first target, and its slots. */
static inline void linear_fill(hr_bundle_description *d, const char *folder) {
  d->targets[0].train = (hr_bundle_range){0, 14};
  size_t a0 = linear_add(d, folder, "first", 0, 0);
  linear_add(d, folder, "first", 1, 1);
  size_t a = linear_add(d, folder, "first", HR_GLOBAL, 5);
  linear_add(d, folder, "second", 0, 10);
  size_t b1 = linear_add(d, folder, "second", 1, 11);
  size_t b2 = linear_add(d, folder, "second", 2, 12);
  size_t b = linear_add(d, folder, "second", HR_GLOBAL, 15);
  const hr_bundle_slot slots[] = {
      {a0, b}, {b1, b}, {b2, b}, {HR_NO_CANDIDATE, b}, {a, b}};
  memcpy(d->slots, slots, sizeof slots);
}

/* Writes it; uncovered: as the configuration's. */
static inline void linear_bundle_write(const char *folder, const char *uncovered) {
  hr_error err = {0};
  hr_bundle_description d;
  fixture_init(&d);
  hr_free(d.uncovered);
  d.uncovered = fixture_text(uncovered);
  linear_fill(&d, folder);
  check_ok(hr_bundle_write(&d, folder, &err));
  hr_bundle_description_fini(&d);
}

/* The same with a second target, T_eff, whose models predict 1,000 more: the second
 * method's is the expert of bin 0, the first's of bin 1, and the second's of all rows
 * stands in and is the global one. */
static inline void linear_bundle_write_two(const char *folder) {
  hr_error err = {0};
  hr_bundle_description d;
  fixture_init(&d);
  fixture_widen(&d);
  linear_fill(&d, folder);
  d.targets[1].train = (hr_bundle_range){1000, 1014};
  const hr_bundle_place places[] = {
      {"second", 1, 0}, {"first", 1, 1}, {"second", 1, HR_GLOBAL}};
  size_t b0 = linear_add_at(&d, folder, &places[0], 1010);
  size_t a1 = linear_add_at(&d, folder, &places[1], 1001);
  size_t b = linear_add_at(&d, folder, &places[2], 1015);
  for (size_t k = 0; k <= d.bin_count; k++) hr_bundle_slot_of(&d, 1, k)->fallback = b;
  hr_bundle_slot_of(&d, 1, 0)->expert = b0;
  hr_bundle_slot_of(&d, 1, 1)->expert = a1;
  hr_bundle_slot_of(&d, 1, d.bin_count)->expert = b;
  check_ok(hr_bundle_write(&d, folder, &err));
  hr_bundle_description_fini(&d);
}

#endif
