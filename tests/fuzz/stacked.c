/* Saved stacked models: each of their files as bytes, and edits of a sound stack.json.
 * What is loaded predicts. */
#include <string.h>

#include "core/alloc.h"
#include "fuzz/fuzz.h"
#include "models/linear.h"
#include "models/stacked.h"

enum { PIXELS = 48, FEATURES = 5, INPUTS = FEATURES + 1, ROWS = 2, MOST = 1 << 14 };

static const hr_gate_table table = {
    .name = "fuzz",
    .components = 1,
    .window_count = 1,
    .total_count = 1,
    .window = {{"a", 8020, 8026, HR_GATE_MEAN | HR_GATE_DEPTH | HR_GATE_EW}},
    .total = {{"all", 1}}};

static hr_model *linear(size_t pixels) {
  static const double intercept[] = {3};
  static double weights[PIXELS];
  const hr_linear_shape shape = {0, 0, pixels, 1, 0};
  hr_error err = {0};
  hr_model *model = NULL;
  for (size_t i = 0; i < PIXELS; i++) weights[i] = (double)i - 5;
  fuzz_require(hr_linear_create(&shape, intercept, weights, &model, &err) == HR_OK);
  return model;
}

/* Writes a sound model into the folder. */
static void save_sound(void) {
  hr_error err = {0};
  hr_model *model = NULL;
  hr_stacked_parts parts = {.below = linear(PIXELS), .top = linear(INPUTS)};
  fuzz_require(hr_alloc(&parts.wave_angstrom, PIXELS, &err) == HR_OK);
  fuzz_require(hr_alloc(&parts.centre, INPUTS, &err) == HR_OK);
  fuzz_require(hr_alloc(&parts.scale, INPUTS, &err) == HR_OK);
  for (size_t p = 0; p < PIXELS; p++) parts.wave_angstrom[p] = 8000 + (double)p;
  for (size_t i = 0; i < INPUTS; i++) parts.scale[i] = 1 + (double)i;
  const hr_gate_grid grid = {"fuzz", parts.wave_angstrom, PIXELS, 0};
  fuzz_require(hr_gate_features_create(&table, &grid, &parts.features, &err) == HR_OK);
  fuzz_require(hr_stacked_create_take(0, 0, &parts, &model, &err) == HR_OK);
  fuzz_require(hr_stacked_type.save(model, fuzz_folder(), HR_MODEL_FULL, &err) == HR_OK);
  hr_model_destroy(&model);
}

static void load(void) {
  static const float flux[ROWS * PIXELS] = {[22] = 1, [3] = -2};
  static const uint32_t rows[ROWS] = {0, 1};
  const int slot = 0;
  const hr_model_place place = {fuzz_folder(), PIXELS, 1, &slot, 1};
  float mean[ROWS];
  hr_error err = {0};
  hr_model *model = NULL;
  hr_status status = hr_stacked_type.load(&place, &model, &err);
  fuzz_require((status == HR_OK) == (model != NULL));
  fuzz_require(status == HR_OK || (status != HR_ERR_INTERNAL && err.message[0]));
  if (status == HR_OK) {
    const hr_spectra spectra = {.rows = ROWS, .pixels = PIXELS, .noisy = flux};
    const hr_request request = {.model = model,
                                .row = rows,
                                .count = ROWS,
                                .variants = 1,
                                .mean = mean,
                                .variant_stride = ROWS};
    fuzz_require(hr_models_predict(&spectra, &request, 1, &err) == HR_OK);
  }
  hr_model_destroy(&model);
}

static const char *const names[] = {"stack.json", "components.npy", "wave.npy",
                                    "model.npy",  "top.npy",        "model.txt"};
enum { NAMES = sizeof names / sizeof names[0] };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  char path[128];
  if (size < 1 || size > MOST) return 0;
  save_sound();
  if (bytes[0] % 8 < NAMES) {
    fuzz_write(path, sizeof path, names[bytes[0] % 8], bytes + 1, size - 1);
  } else {
    fuzz_edit("stack.json", bytes + 1, size - 1);
  }
  load();
  for (size_t i = 0; i < NAMES; i++) {
    snprintf(path, sizeof path, "%s/%s", fuzz_folder(), names[i]);
    unlink(path);
  }
  return 0;
}
