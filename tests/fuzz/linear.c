/* Saved linear models: model.npy as it stands, and the numbers of one behind a head that
 * describes them. What is loaded predicts. */
#include <string.h>

#include "core/alloc.h"
#include "core/npy.h"
#include "fuzz/fuzz.h"
#include "models/linear.h"

enum { MOST_PIXELS = 64, MOST_MIDDLE = 4, ROWS = 2 };

static void predict(const hr_model *model) {
  static const float flux[ROWS * MOST_PIXELS];
  float mean[ROWS];
  const uint32_t rows[ROWS] = {0, 1};
  hr_error err = {0};
  const hr_spectra spectra = {0, ROWS, model->pixels, flux, NULL, 0};
  hr_request request = {
      .model = model, .row = rows, .count = ROWS, .variants = 1, .mean = mean};
  for (size_t v = 0; v < model->variant_count; v++) {
    request.first_variant = v;
    fuzz_require(hr_models_predict(&spectra, &request, 1, &err) == HR_OK);
  }
}

static void load(size_t pixels) {
  const int slot = 0;
  const hr_model_place place = {fuzz_folder(), pixels, 1, &slot, 1};
  hr_error err = {0};
  hr_model *model = NULL;
  hr_status status = hr_linear_type.load(&place, &model, &err);
  fuzz_require((status == HR_OK) == (model != NULL));
  fuzz_require(status == HR_OK || (status == HR_ERR_FORMAT && err.message[0]));
  if (status == HR_OK) predict(model);
  hr_model_destroy(&model);
}

/* Input: pixels, numbers of a dimension in between, variants, then the values, which are
 * repeated. Above one number in between the array has three dimensions: no model. */
static void load_composed(const uint8_t *bytes, size_t size) {
  static double values[UINT8_MAX * MOST_MIDDLE * (1 + MOST_PIXELS)];
  char path[128];
  hr_error err = {0};
  if (size < 4) return;
  size_t pixels = bytes[0] % (MOST_PIXELS + 1), middle = 1 + bytes[1] % MOST_MIDDLE;
  size_t variants = bytes[2], given = size - 3;
  size_t count = variants * middle * (1 + pixels) * sizeof *values;
  for (size_t at = 0; at < count; at += given) {
    memcpy((char *)values + at, bytes + 3, count - at < given ? count - at : given);
  }
  hr_npy_shape shape = {2, {variants, 1 + pixels}};
  if (middle > 1) shape = (hr_npy_shape){3, {variants, middle, 1 + pixels}};
  snprintf(path, sizeof path, "%s/model.npy", fuzz_folder());
  fuzz_require(hr_npy_write_array(path, values, &shape, &err) == HR_OK);
  load(pixels);
  load(pixels + 1);
  unlink(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  char path[128];
  if (size > 1 << 14) return 0;
  fuzz_write(path, sizeof path, "model.npy", bytes, size);
  load(size > 0 ? bytes[size - 1] % (MOST_PIXELS + 1) : 0);
  load(2);
  load_composed(bytes, size);
  unlink(path);
  return 0;
}
