/* Saved vision transformers, sealed anew so that what they describe is believed: the
 * input is words and values, the count of words and the fingerprint are set right. */
#include <string.h>

#include "compute/compute.h"
#include "core/fingerprint.h"
#include "fuzz/fuzz.h"
#include "nn/vit_model.h"

enum { KIND = 8, WORDS = 9, WORD = 8, BATCH = 2, MOST_PIXELS = 4096 };

/* Input: 9 bytes or 9 words, then values. Small words come from bytes, as networks are
 * made of small numbers; a first byte of 255 asks for whole words. */
static size_t take_words(const uint8_t *bytes, size_t size, uint64_t *words) {
  if (size > 1 + WORDS * WORD && bytes[0] == UINT8_MAX) {
    memcpy(words, bytes + 1, WORDS * WORD);
    return 1 + WORDS * WORD;
  }
  for (size_t i = 0; i < WORDS; i++) words[i] = i + 1 < size ? bytes[i + 1] : 0;
  return size < 1 + WORDS ? size : 1 + WORDS;
}

static uint8_t *put(uint8_t *to, uint64_t word) {
  memcpy(to, &word, WORD);
  return to + WORD;
}

static size_t compose(const uint8_t *bytes, size_t size, uint8_t *file) {
  uint64_t words[WORDS];
  size_t used = take_words(bytes, size, words), left = size - used;
  size_t values = left / sizeof(float);
  /* What is there is repeated, so that a few bytes make all of a network's values. */
  if (size > 0 && bytes[0] % 2 == 1) values += 64 * (size_t)bytes[0];
  memcpy(file, "hrvit/1\n", KIND);
  uint8_t *to = put(file + KIND, WORDS);
  memcpy(to, words, sizeof words);
  to = put(to + sizeof words, values);
  for (size_t i = 0; i < values * sizeof(float); i++) {
    *to++ = left > 0 ? bytes[used + i % left] : 0;
  }
  size_t length = (size_t)(to - file);
  put(to, hr_fingerprint_bytes(hr_fingerprint_start(), file, length));
  return length + WORD;
}

static void predict(hr_vit_model *model) {
  static const float flux[BATCH * MOST_PIXELS];
  float out[BATCH];
  hr_error err = {0};
  if (model->net->pixels > MOST_PIXELS) return;
  hr_status status = hr_vit_model_predict(model, flux, NULL, BATCH, out, &err);
  fuzz_require(status == HR_OK || err.message[0]);
}

static void load(const uint8_t *bytes, size_t size) {
  static const hr_vit_backend backend = {&hr_products_compute, &hr_compute_reference};
  char path[128];
  hr_error err = {0};
  hr_vit_model model = {.net = NULL};
  fuzz_write(path, sizeof path, "vit", bytes, size);
  hr_status status = hr_vit_model_load(path, 0, BATCH, &backend, &model, &err);
  fuzz_require(status == HR_OK || (status == HR_ERR_FORMAT && err.message[0]));
  if (status == HR_OK) predict(&model);
  if (status == HR_OK) hr_vit_model_fini(&model);
  unlink(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  static uint8_t file[1 << 17];
  if (size > 1 << 14) return 0;
  load(bytes, size);
  load(file, compose(bytes, size, file));
  return 0;
}
