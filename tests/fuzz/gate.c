/* Saved gates: gate.json and its arrays as bytes, and edits of a sound gate.json. What is
 * loaded weighs. */
#include <math.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "routing/gate.h"

enum { PIXELS = 48, BINS = 3, FEATURES = 5, ROWS = 2, MOST = 1 << 14 };

static const hr_gate_table table = {
    .name = "fuzz",
    .components = 1,
    .window_count = 1,
    .total_count = 1,
    .window = {{"a", 8020, 8026, HR_GATE_MEAN | HR_GATE_DEPTH | HR_GATE_EW}},
    .total = {{"all", 1}}};

static const double *wave(void) {
  static double at[PIXELS];
  for (size_t p = 0; p < PIXELS; p++) at[p] = 8000 + (double)p;
  return at;
}

/* Writes a sound gate into the folder. */
static void save_sound(void) {
  const size_t sizes[] = {FEATURES, 4, BINS};
  const hr_gate_grid grid = {"fuzz", wave(), PIXELS, 0};
  hr_error err = {0};
  hr_gate_features *features = NULL;
  hr_gate *gate = NULL;
  fuzz_require(hr_gate_features_create(&table, &grid, &features, &err) == HR_OK);
  fuzz_require(hr_gate_create("mlp", &features, 2, sizes, &gate, &err) == HR_OK);
  for (size_t i = 0; i < 4 * BINS; i++) gate->layer[1].weights[i] = (double)i - 5;
  fuzz_require(hr_gate_save(gate, fuzz_folder(), &err) == HR_OK);
  hr_gate_destroy(&gate);
}

static void weigh(const hr_gate *gate) {
  static const float flux[ROWS * PIXELS] = {[22] = 1, [3] = -2};
  double weight[ROWS * BINS];
  hr_error err = {0};
  fuzz_require(hr_gate_bins(gate) == BINS);
  fuzz_require(hr_gate_weigh(gate, ROWS, flux, weight, &err) == HR_OK);
  for (size_t i = 0; i < ROWS; i++) {
    double sum = 0;
    for (size_t k = 0; k < BINS; k++) sum += weight[i * BINS + k];
    fuzz_require(sum == 0 || fabs(sum - 1) < 1e-9);
  }
}

static void load(void) {
  const hr_gate_place place = {fuzz_folder(), wave(), PIXELS, BINS};
  hr_error err = {0};
  hr_gate *gate = NULL;
  hr_status status = hr_gate_load(&place, &gate, &err);
  fuzz_require((status == HR_OK) == (gate != NULL));
  fuzz_require(status == HR_OK || (status == HR_ERR_FORMAT && err.message[0]));
  if (status == HR_OK && !gate->trunk) weigh(gate); /* nobody gives it one */
  hr_gate_destroy(&gate);
}

static const char *const names[] = {"gate.json", "components.npy", "layer_0.npy",
                                    "layer_1.npy"};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  char path[128];
  if (size < 1 || size > MOST) return 0;
  save_sound();
  if (bytes[0] % 8 < 4) {
    fuzz_write(path, sizeof path, names[bytes[0] % 4], bytes + 1, size - 1);
  } else {
    fuzz_edit("gate.json", bytes + 1, size - 1);
  }
  load();
  for (size_t i = 0; i < 4; i++) {
    snprintf(path, sizeof path, "%s/%s", fuzz_folder(), names[i]);
    unlink(path);
  }
  return 0;
}
