/* Files of models that share a network, sealed anew so that what they describe is
 * believed: edits of a sound one, its fingerprint set right; and as bytes. */
#include <string.h>

#include "compute/compute.h"
#include "core/fingerprint.h"
#include "fuzz/fuzz.h"
#include "models/heads.h"

enum { PIXELS = 20, SLOTS = 2, ROWS = 2, WORDS = 27 + 5 * SLOTS };

static uint8_t *put(uint8_t *to, uint64_t word) {
  memcpy(to, &word, sizeof word);
  return to + sizeof word;
}

/* Two heads, of slot 4 and of all rows, of a small vision transformer. */
static size_t compose(const uint8_t *bytes, size_t size, uint8_t *file) {
  uint64_t words[WORDS] = {1, SLOTS, SLOTS, PIXELS, 5, 8, 1, 2, 12};
  static const hr_vit_shape shape = {PIXELS, 5, 8, 1, 2, 12, 0, SLOTS, 0, 0};
  size_t values = 2 * PIXELS + hr_vit_parameter_count(&shape);
  words[28] = 5;     /* the slot 4, of the first output */
  words[29 + 5] = 1; /* of all rows the second */
  for (size_t i = 0; i + 2 < size && i < 64; i += 3) {
    uint64_t word = bytes[i + 1] | (uint64_t)bytes[i + 2] << (bytes[i + 1] % 64);
    words[bytes[i] % WORDS] = word;
  }
  memcpy(file, "hrheads1", 8);
  uint8_t *to = put(file + 8, WORDS);
  memcpy(to, words, sizeof words);
  to = put(to + sizeof words, values);
  memset(to, 0, 4 * values);
  if (size > 64) memcpy(to, bytes + 64, size - 64 < 4 * values ? size - 64 : 4 * values);
  to += 4 * values;
  size_t length = (size_t)(to - file);
  put(to, hr_fingerprint_bytes(hr_fingerprint_start(), file, length));
  return length + 8;
}

static void predict(const hr_model *model) {
  static const float flux[ROWS * PIXELS];
  float mean[ROWS];
  const uint32_t row[] = {0, 1};
  hr_error err = {0};
  const hr_spectra spectra = {.rows = ROWS, .pixels = PIXELS, .noisy = flux};
  const hr_request request = {
      .model = model, .row = row, .count = ROWS, .variants = 1, .mean = mean};
  hr_status status = hr_models_predict(&spectra, &request, 1, &err);
  fuzz_require(status == HR_OK || err.message[0]);
}

static hr_status load(const uint8_t *bytes, size_t size) {
  static const int slots[SLOTS] = {4, HR_GLOBAL};
  static const hr_net_design design = {
      .kind = &hr_net_kind_vit,
      .backend.vit = {&hr_products_compute, &hr_compute_reference}};
  const hr_model_place place = {fuzz_folder(), PIXELS, 1, slots, SLOTS};
  char path[128];
  hr_model *models[SLOTS] = {NULL};
  hr_error err = {0};
  fuzz_write(path, sizeof path, "heads.net", bytes, size);
  hr_status status = hr_heads_load(&place, &design, models, &err);
  fuzz_require(status == HR_OK || (status == HR_ERR_FORMAT && err.message[0]));
  for (size_t s = 0; s < SLOTS; s++) {
    if (models[s]) predict(models[s]);
    hr_model_destroy(&models[s]);
  }
  unlink(path);
  return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  static uint8_t file[1 << 14];
  if (size > 1 << 12) return 0;
  load(bytes, size);
  hr_status status = load(file, compose(bytes, size, file));
  fuzz_require(size > 0 || status == HR_OK); /* without an edit it is sound */
  return 0;
}
