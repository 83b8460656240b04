/* Saved templates: bytes as they come, and edits of sound files, sealed anew so that what
 * they say is believed. What is loaded predicts. */
#include <string.h>

#include "core/fingerprint.h"
#include "fuzz/fuzz.h"
#include "models/templates.h"

enum { PIXELS = 6, COUNT = 12, ROWS = 3, SLOTS = 2, TARGETS = 2, EDIT = 4 };

static const char name[] = "templates.bin";

static void predict(hr_model *const *models, size_t count) {
  static const float flux[ROWS * PIXELS] = {1, 2, 1, 1, 2, 1};
  static const float error[ROWS * PIXELS] = {0.1F, 1, 1, 0, 2, 1e-3F, 1, 1, 1};
  static const uint32_t rows[ROWS] = {0, 1, 2};
  const hr_spectra spectra = {0, ROWS, PIXELS, flux, error, 1};
  static float draws[SLOTS * TARGETS][ROWS * HR_PREDICT_DRAWS];
  float mean[SLOTS * TARGETS][ROWS];
  double chi2[SLOTS * TARGETS][ROWS];
  hr_error err = {0};
  hr_request requests[SLOTS * TARGETS];
  for (size_t s = 0; s < count; s++) {
    requests[s] = (hr_request){.model = models[s],
                               .row = rows,
                               .count = ROWS,
                               .variants = 1,
                               .mean = mean[s],
                               .chi2 = chi2[s],
                               .draws = draws[s]};
  }
  fuzz_require(hr_models_predict(&spectra, requests, count, &err) == HR_OK);
}

static void load(const void *bytes, size_t size, size_t targets) {
  static const int slots[SLOTS] = {HR_GLOBAL, 1};
  char path[128];
  hr_error err = {0};
  hr_model *models[SLOTS * TARGETS] = {NULL};
  size_t count = SLOTS * targets;
  fuzz_write(path, sizeof path, name, bytes, size);
  const hr_model_place place = {fuzz_folder(), PIXELS, targets, slots, SLOTS};
  hr_status status = hr_templates_type.load(&place, models, &err);
  for (size_t s = 0; s < count; s++) fuzz_require((status == HR_OK) == !!models[s]);
  fuzz_require(status == HR_OK || (status == HR_ERR_FORMAT && err.message[0]));
  if (status == HR_OK) predict(models, count);
  for (size_t s = 0; s < count; s++) hr_model_destroy(&models[s]);
  unlink(path);
}

/* A sound file of any of the forms, kept from the first time on. */
static size_t make_sound(int form, uint8_t *out, size_t room) {
  const hr_templates_options options = {
      .weigh = form & 1 ? HR_WEIGH_PIXELS : HR_WEIGH_COMPONENTS,
      .least_effective = form & 4 ? 5 : 0,
      .targets = form & 8 ? TARGETS : 1};
  hr_error err = {0};
  hr_templates *t = NULL;
  double origin[COUNT] = {0};
  char path[128];
  const hr_templates_notes notes = {.level = 1, .columns = 1, .origin = origin};
  fuzz_require(hr_templates_create(COUNT, PIXELS, &options, hr_compute_default(), &t,
                                   &err) == HR_OK);
  for (size_t i = 0; i < COUNT; i++) {
    float x[PIXELS];
    const hr_template_label label = {(double)i, i < 8 ? 0 : 1, 0};
    for (size_t p = 0; p < PIXELS; p++) x[p] = (float)((i * 7 + p * p * 3) % 11) / 11;
    hr_templates_put(t, i, x, &label);
    if (form & 8) hr_templates_put_target(t, i, 1, (double)(i * i));
  }
  fuzz_require(hr_templates_finish(t, NULL, &err) == HR_OK);
  snprintf(path, sizeof path, "%s/%s", fuzz_folder(), name);
  fuzz_require(hr_templates_save(t, &notes, form & 2, path, &err) == HR_OK);
  hr_templates_destroy(&t);
  FILE *file = fopen(path, "rb");
  fuzz_require(file);
  size_t size = fread(out, 1, room, file);
  fuzz_require(size > 0 && size < room && fclose(file) == 0);
  unlink(path);
  return size;
}

static void seal(uint8_t *bytes, size_t size) {
  uint64_t print = 0;
  if (size < sizeof print) return;
  print = hr_fingerprint_bytes(hr_fingerprint_start(), bytes, size - sizeof print);
  memcpy(bytes + size - sizeof print, &print, sizeof print);
}

/* Input: the form, then edits: two bytes say where, one what, one is 0. */
static void load_edited(const uint8_t *bytes, size_t size) {
  enum { FORMS = 16, ROOM = 1 << 14 };
  static uint8_t sound[FORMS][ROOM], edited[ROOM];
  static size_t sizes[FORMS];
  if (size == 0) return;
  size_t form = bytes[0] % FORMS;
  if (sizes[form] == 0) sizes[form] = make_sound((int)form, sound[form], ROOM);
  memcpy(edited, sound[form], sizes[form]);
  for (size_t at = 1; at + EDIT <= size; at += EDIT) {
    edited[((size_t)bytes[at] << 8 | bytes[at + 1]) % sizes[form]] = bytes[at + 2];
  }
  seal(edited, sizes[form]);
  load(edited, sizes[form], form & 8 ? TARGETS : 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  static uint8_t copy[1 << 14];
  if (size > sizeof copy) return 0;
  load(bytes, size, 1);
  memcpy(copy, bytes, size);
  seal(copy, size);
  load(copy, size, 1);
  load(copy, size, TARGETS);
  load_edited(bytes, size);
  return 0;
}
