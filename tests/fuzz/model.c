/* Saved networks of every kind, sealed anew so that what they describe is believed: the
 * input is words and values, the count of words and the fingerprint are set right. */
#include <string.h>

#include "compute/compute.h"
#include "core/fingerprint.h"
#include "fuzz/fuzz.h"
#include "nn/net_model.h"

enum { KIND = 8, WORD = 8, BATCH = 2, MOST_PIXELS = 4096 };

/* Input: a byte, then a byte or a word for each of the kind's words, then values. Small
 * words come from bytes, as networks are made of small numbers; a first byte of 255 asks
 * for whole words. */
static size_t take_words(const uint8_t *bytes, size_t size, size_t count,
                         uint64_t *words) {
  bool is_whole = size > 1 + count * WORD && bytes[0] == UINT8_MAX;
  if (is_whole) {
    memcpy(words, bytes + 1, count * WORD);
    return 1 + count * WORD;
  }
  for (size_t i = 0; i < count; i++) words[i] = i + 1 < size ? bytes[i + 1] : 0;
  return size < 1 + count ? size : 1 + count;
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

static size_t compose(const hr_net_kind *kind, const uint8_t *bytes, size_t size,
                      uint8_t *file) {
  uint64_t words[HR_NET_MOST_WORDS];
  size_t count = kind->word_count, used = take_words(bytes, size, count, words);
  size_t values = (size - used) / sizeof(float);
  /* What is there is repeated, so that a few bytes make all of a network's values. */
  if (size > 0 && bytes[0] % 2 == 1) values += 64 * (size_t)bytes[0];
  memcpy(file, kind->file_kind, KIND);
  put_word(file + KIND, count);
  memcpy(file + KIND + WORD, words, count * WORD);
  uint8_t *to = file + KIND + WORD + count * WORD;
  put_word(to, values);
  to += WORD;
  repeat(bytes + used, size - used, to, values * sizeof(float));
  to += values * sizeof(float);
  size_t length = (size_t)(to - file);
  put_word(to, hr_fingerprint_bytes(hr_fingerprint_start(), file, length));
  return length + WORD;
}

static void predict(hr_net_model *model) {
  static const float flux[BATCH * MOST_PIXELS];
  float out[BATCH];
  hr_error err = {0};
  if (model->net->pixels > MOST_PIXELS) return;
  hr_status status = hr_net_model_predict(model, flux, NULL, BATCH, out, &err);
  fuzz_require(status == HR_OK || err.message[0]);
}

static void load(const hr_net_design *design, const uint8_t *bytes, size_t size) {
  char path[128];
  hr_error err = {0};
  hr_net_model model = {.net = NULL};
  fuzz_write(path, sizeof path, "model", bytes, size);
  hr_status status =
      hr_net_model_load(path, &(hr_net_wanted){design, 0, BATCH}, &model, &err);
  fuzz_require(status == HR_OK || (status == HR_ERR_FORMAT && err.message[0]));
  if (status == HR_OK) predict(&model);
  if (status == HR_OK) hr_net_model_fini(&model);
  unlink(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  static uint8_t file[1 << 17];
  static const hr_net_design designs[] = {
      {.kind = &hr_net_kind_cnn,
       .backend.cnn = {&hr_convolver_reference, &hr_compute_reference}},
      {.kind = &hr_net_kind_vit,
       .backend.vit = {&hr_products_compute, &hr_compute_reference}}};
  if (size > 1 << 14) return 0;
  for (size_t i = 0; i < sizeof designs / sizeof designs[0]; i++) {
    load(&designs[i], bytes, size);
    load(&designs[i], file, compose(designs[i].kind, bytes, size, file));
  }
  return 0;
}
