/* Saved networks: they predict as before, and what is no network is refused. */
#include "nn/cnn_model.h"

#include "core/alloc.h"
#include "core/file.h"
#include "core/random.h"
#include "nn/array_file.h"
#include "support/check.h"
#include "support/fail_alloc.h"
#include "support/scratch.h"

enum { PIXELS = 20, ROWS = 9, WORDS = 24 };

static const hr_network_backend backend = {&hr_convolver_reference,
                                           &hr_compute_reference};
static const hr_network_shape shape = {.pixels = PIXELS,
                                       .blocks = 2,
                                       .channels = {3, 4},
                                       .kernel = 3,
                                       .pool = 2,
                                       .hidden = 5,
                                       .batch_norm = true};

static hr_cnn_model make(float *x) {
  hr_error err;
  hr_cnn_model model;
  check_ok(hr_cnn_model_init(&model, &shape, 4, &backend, &err));
  hr_network_start(model.network, 3);
  for (size_t p = 0; p < PIXELS; p++) {
    model.mean[p] = 0.1F * (float)p;
    model.factor[p] = p == 7 ? 0 : 2;
  }
  model.target_mean = 3.25;
  model.target_deviation = 1.5;
  hr_normal(1, HR_STREAM_NOISE_TRAIN, 0, 0, ROWS * PIXELS, x);
  return model;
}

static void a_loaded_model_predicts_the_same(void **state) {
  (void)state;
  scratch s;
  scratch_init(&s);
  hr_error err;
  float x[ROWS * PIXELS], before[ROWS], after[ROWS];
  hr_cnn_model model = make(x), loaded;
  check_ok(hr_cnn_model_predict(&model, x, NULL, ROWS, before, &err));
  check_ok(hr_cnn_model_save(&model, scratch_name(&s, "model"), &err));
  /* Other batches, too. */
  check_ok(hr_cnn_model_load(s.name, 0, 7, &backend, &loaded, &err));
  check_ok(hr_cnn_model_predict(&loaded, x, NULL, ROWS, after, &err));
  assert_memory_equal(before, after, sizeof before);
  hr_cnn_model_fini(&model);
  hr_cnn_model_fini(&loaded);
  scratch_fini(&s);
}

static void rows_and_targets_are_scaled(void **state) {
  (void)state;
  hr_error err;
  float x[ROWS * PIXELS], scaled[PIXELS], out[2], raw;
  hr_cnn_model model = make(x);
  hr_cnn_model_scale(&model, x, scaled);
  check_near(scaled[3], (x[3] - 0.3F) * 2, 1e-6);
  check_near(scaled[7], 0, 0);
  check_ok(hr_network_forward(model.network, scaled, 1, false, &raw, &err));
  check_ok(hr_cnn_model_predict(&model, x, NULL, 1, out, &err));
  check_near(out[0], 3.25 + 1.5 * (double)raw, 1e-6);
  hr_cnn_model_fini(&model);
}

/* A network of two outputs becomes two models; a saved one has but its own output. */
static void one_output_of_several_is_taken(void **state) {
  (void)state;
  scratch s;
  scratch_init(&s);
  hr_error err;
  float x[ROWS * PIXELS], scaled[PIXELS], raw[2], out[ROWS], again[ROWS];
  hr_cnn_model from, model, loaded;
  hr_network_shape two = shape;
  two.outputs = 2;
  check_ok(hr_cnn_model_init(&from, &two, 4, &backend, &err));
  hr_network_start(from.network, 3);
  for (size_t p = 0; p < PIXELS; p++) from.mean[p] = 0.1F, from.factor[p] = 2;
  hr_normal(1, HR_STREAM_NOISE_TRAIN, 0, 0, ROWS * PIXELS, x);
  hr_cnn_model_scale(&from, x, scaled);
  check_ok(hr_network_forward(from.network, scaled, 1, false, raw, &err));
  for (size_t o = 0; o < 2; o++) {
    check_ok(hr_cnn_model_take_output(&from, o, 4, &model, &err));
    model.target_mean = 3.25;
    model.target_deviation = 1.5;
    check_ok(hr_cnn_model_predict(&model, x, NULL, ROWS, out, &err));
    check_near(out[0], 3.25 + 1.5 * (double)raw[o], 1e-6);
    check_ok(hr_cnn_model_save(&model, scratch_name(&s, "model"), &err));
    check_ok(hr_cnn_model_load(s.name, PIXELS, 4, &backend, &loaded, &err));
    check_ok(hr_cnn_model_predict(&loaded, x, NULL, ROWS, again, &err));
    assert_memory_equal(again, out, sizeof out);
    hr_cnn_model_fini(&model);
    hr_cnn_model_fini(&loaded);
  }
  hr_cnn_model_fini(&from);
  scratch_fini(&s);
}

/* A file of the right kind and fingerprint with these words. */
static void write_words(const char *path, const uint64_t *words) {
  hr_error err;
  uint64_t copy[WORDS];
  memcpy(copy, words, sizeof copy);
  const hr_array_file file = {"hrcnn/1\n", copy, WORDS, NULL, 0};
  check_ok(hr_array_file_write(path, &file, &err));
}

static void what_is_no_network_is_refused(void **state) {
  (void)state;
  scratch s;
  scratch_init(&s);
  hr_error err;
  hr_cnn_model loaded;
  char text[5000];
  const uint64_t good[WORDS] = {PIXELS, 2, 3, 2, 5, 1, 0, 0, 3, 4};
  const uint64_t bad[][2] = {{0, 0}, {0, 3}, {1, 0},          {1, 17},
                             {2, 0}, {3, 0}, {3, 200},        {4, 0},
                             {5, 4}, {9, 0}, {4, UINT64_MAX}, {8, (uint64_t)1 << 40}};
  snprintf(text, sizeof text, "%s describes no network that can be",
           scratch_name(&s, "model"));
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    uint64_t words[WORDS];
    memcpy(words, good, sizeof words);
    words[bad[i][0]] = bad[i][1];
    write_words(s.name, words);
    check_fails(hr_cnn_model_load(s.name, 0, 4, &backend, &loaded, &err), HR_ERR_FORMAT,
                text);
  }
  snprintf(text, sizeof text,
           "%s is a network of 20 pixels, not of 21: it belongs to another study",
           s.name);
  write_words(s.name, good);
  check_fails(hr_cnn_model_load(s.name, 21, 4, &backend, &loaded, &err), HR_ERR_FORMAT,
              text);
  write_words(s.name, good); /* a network, but without its numbers */
  snprintf(text, sizeof text,
           "%s has 224 bytes, too few for the network that it describes", s.name);
  check_fails(hr_cnn_model_load(s.name, 0, 4, &backend, &loaded, &err), HR_ERR_FORMAT,
              text);
  assert_int_equal(hr_cnn_model_load("/nowhere/model", 0, 4, &backend, &loaded, &err),
                   HR_ERR_MISSING);
  scratch_fini(&s);
}

/* Few weights, between two wide layers: 16 rows of it take hundreds of megabytes. */
static void a_network_out_of_proportion_is_refused(void **state) {
  (void)state;
  enum { WIDE = 20000, TALL = 1000, COUNT = 2 * TALL + 8 * WIDE };
  static float values[COUNT];
  scratch s;
  scratch_init(&s);
  hr_error err;
  hr_cnn_model loaded;
  char text[5000];
  uint64_t words[WORDS] = {TALL, 2, 1, 2, 1, 1, 0, 0, WIDE, 1};
  const hr_float_part part = {values, COUNT};
  const hr_array_file file = {"hrcnn/1\n", words, WORDS, &part, 1};
  check_ok(hr_array_file_write(scratch_name(&s, "model"), &file, &err));
  assert_int_equal(hr_cnn_model_load(s.name, 0, 4, &backend, &loaded, &err),
                   HR_ERR_FORMAT);
  snprintf(text, sizeof text, "%s describes a network that takes ", s.name);
  assert_int_equal(strncmp(err.message, text, strlen(text)), 0);
  snprintf(text, sizeof text, " MiB to predict with, out of proportion to its %zu bytes",
           8 + 8 + 8 * (size_t)WORDS + 8 + 4 * (size_t)COUNT + 8);
  assert_non_null(strstr(err.message, text));
  scratch_fini(&s);
}

static void numbers_that_are_none_are_refused(void **state) {
  (void)state;
  scratch s;
  scratch_init(&s);
  hr_error err;
  float x[ROWS * PIXELS];
  char text[5000];
  hr_cnn_model model = make(x), loaded;
  hr_network_parameters(model.network)[5] = NAN;
  check_ok(hr_cnn_model_save(&model, scratch_name(&s, "model"), &err));
  snprintf(text, sizeof text, "%s has a number that is not finite: train it again",
           s.name);
  check_fails(hr_cnn_model_load(s.name, 0, 4, &backend, &loaded, &err), HR_ERR_FORMAT,
              text);
  hr_cnn_model_fini(&model);
  scratch_fini(&s);
}

/* What was trained in bf16 predicts so wherever the processor can. */
static void the_precision_is_kept(void **state) {
  (void)state;
  scratch s;
  scratch_init(&s);
  hr_error err;
  hr_cnn_model model, loaded;
  const hr_convolver *bf16 = hr_convolver_bf16(), *fp32 = hr_convolver_onednn();
  const hr_convolver *const convolvers[] = {bf16, fp32, &hr_convolver_reference};
  const hr_convolver *const expected[] = {bf16, fp32, fp32 ? fp32 : convolvers[2]};
  for (size_t i = 0; i < 3; i++) {
    if (!convolvers[i]) continue;
    const hr_network_backend own = {convolvers[i], hr_compute_default()};
    check_ok(hr_cnn_model_init(&model, &shape, 4, &own, &err));
    model.target_deviation = 1;
    check_ok(hr_cnn_model_save(&model, scratch_name(&s, "model"), &err));
    check_ok(hr_cnn_model_load(s.name, PIXELS, 4, NULL, &loaded, &err));
    assert_ptr_equal(loaded.backend.convolver, expected[i]);
    hr_cnn_model_fini(&model);
    hr_cnn_model_fini(&loaded);
  }
  scratch_fini(&s);
}

static void failures_of_the_network_are_passed_on(void **state) {
  (void)state;
  hr_error err;
  hr_cnn_model model;
  hr_network_shape wrong = shape;
  wrong.blocks = 0;
  assert_int_equal(hr_cnn_model_init(&model, &wrong, 4, &backend, &err), HR_ERR_CONFIG);
  assert_null(model.network);
}

static hr_status load(const char *path) {
  hr_cnn_model model;
  hr_status status = hr_cnn_model_load(path, 0, 4, &backend, &model, NULL);
  if (status == HR_OK) hr_cnn_model_fini(&model);
  return status;
}

static void allocations_may_fail(void **state) {
  (void)state;
  scratch s;
  scratch_init(&s);
  hr_error err;
  float x[ROWS * PIXELS];
  hr_cnn_model model = make(x);
  check_ok(hr_cnn_model_save(&model, scratch_name(&s, "model"), &err));
  hr_cnn_model_fini(&model);
  check_alloc_failures(load(s.name));
  scratch_fini(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_loaded_model_predicts_the_same),
      cmocka_unit_test(rows_and_targets_are_scaled),
      cmocka_unit_test(one_output_of_several_is_taken),
      cmocka_unit_test(what_is_no_network_is_refused),
      cmocka_unit_test(a_network_out_of_proportion_is_refused),
      cmocka_unit_test(numbers_that_are_none_are_refused),
      cmocka_unit_test(the_precision_is_kept),
      cmocka_unit_test(failures_of_the_network_are_passed_on),
      cmocka_unit_test(allocations_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
