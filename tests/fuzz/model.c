/* Saved networks, sealed anew so that what they describe is believed: the input is words
 * and values, the count of words and the fingerprint are set right. */
#include <string.h>

#include "compute/compute.h"
#include "core/fingerprint.h"
#include "fuzz/fuzz.h"
#include "nn/cnn_model.h"

enum { KIND = 8, WORDS = 24, WORD = 8, BATCH = 2, MOST_PIXELS = 4096 };

/* Input: 24 bytes or 24 words, then values. Small words come from bytes, as networks are
 * made of small numbers; a first byte of 255 asks for whole words. */
static size_t take_words(const uint8_t *bytes, size_t size, uint64_t *words) {
  bool is_whole = size > 1 + WORDS * WORD && bytes[0] == UINT8_MAX;
  if (is_whole) {
    memcpy(words, bytes + 1, WORDS * WORD);
    return 1 + WORDS * WORD;
  }
  for (size_t i = 0; i < WORDS; i++) words[i] = i + 1 < size ? bytes[i + 1] : 0;
  return size < 1 + WORDS ? size : 1 + WORDS;
}

static void put_word(uint8_t *to, uint64_t word) {
  memcpy(to, &word, WORD);
}

/* Fills `to` with the bytes again and again, or with zeros where there are none. */
static void repeat(const uint8_t *bytes, size_t count, uint8_t *to, size_t size) {
  if (count == 0) memset(to, 0, size);
  for (size_t at = 0; count > 0 && at < size; at += count) {
    memcpy(to + at, bytes, size - at < count ? size - at : count);
  }
}

static size_t compose(const uint8_t *bytes, size_t size, uint8_t *file) {
  uint64_t words[WORDS];
  size_t used = take_words(bytes, size, words);
  size_t values = (size - used) / sizeof(float);
  /* What is there is repeated, so that a few bytes make all of a network's values. */
  if (size > 0 && bytes[0] % 2 == 1) values += 64 * (size_t)bytes[0];
  memcpy(file, "hrcnn/1\n", KIND);
  put_word(file + KIND, WORDS);
  memcpy(file + KIND + WORD, words, sizeof words);
  uint8_t *to = file + KIND + WORD + sizeof words;
  put_word(to, values);
  to += WORD;
  repeat(bytes + used, size - used, to, values * sizeof(float));
  to += values * sizeof(float);
  size_t length = (size_t)(to - file);
  put_word(to, hr_fingerprint_bytes(hr_fingerprint_start(), file, length));
  return length + WORD;
}

static void predict(hr_cnn_model *model) {
  static const float flux[BATCH * MOST_PIXELS];
  float out[BATCH];
  hr_error err = {0};
  size_t pixels = hr_network_shape_of(model->network)->pixels;
  if (pixels > MOST_PIXELS) return;
  hr_status status = hr_cnn_model_predict(model, flux, NULL, BATCH, out, &err);
  fuzz_require(status == HR_OK || err.message[0]);
}

static void load(const uint8_t *bytes, size_t size) {
  static const hr_network_backend backend = {&hr_convolver_reference,
                                             &hr_compute_reference};
  char path[128];
  hr_error err = {0};
  hr_cnn_model model = {.network = NULL};
  fuzz_write(path, sizeof path, "model", bytes, size);
  hr_status status = hr_cnn_model_load(path, 0, BATCH, &backend, &model, &err);
  fuzz_require(status == HR_OK || (status == HR_ERR_FORMAT && err.message[0]));
  if (status == HR_OK) predict(&model);
  if (status == HR_OK) hr_cnn_model_fini(&model);
  unlink(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  static uint8_t file[1 << 17];
  if (size > 1 << 14) return 0;
  load(bytes, size);
  load(file, compose(bytes, size, file));
  return 0;
}
