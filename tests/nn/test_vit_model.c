/* Saved vision transformers: they predict as before, and what is none is refused. */
#include "nn/vit_model.h"

#include "core/alloc.h"
#include "core/file.h"
#include "core/random.h"
#include "nn/array_file.h"
#include "support/check.h"
#include "support/fail_alloc.h"
#include "support/scratch.h"

enum { PIXELS = 20, ROWS = 9, WORDS = 9 };

static const hr_vit_backend backend = {&hr_products_compute, &hr_compute_reference};
static const hr_vit_shape shape = {PIXELS, 5, 8, 2, 2, 12, 2, 0.1, 0.1};

static hr_vit_model make(float *x) {
  hr_error err;
  hr_vit_model model;
  check_ok(hr_vit_model_init(&model, &shape, 4, &backend, &err));
  model.net->type->start(model.net, 3);
  for (size_t p = 0; p < PIXELS; p++) {
    model.mean[p] = 0.1F * (float)p;
    model.factor[p] = p == 7 ? 0 : 2;
  }
  model.target_mean = 3.25;
  model.target_deviation = 1.5;
  hr_normal(1, HR_STREAM_NOISE_TRAIN, 0, 0, ROWS * PIXELS, x);
  return model;
}

/* One of the two outputs, in a model of its own, for other batches. */
static hr_vit_model make_one(float *x, size_t output) {
  hr_error err;
  hr_vit_model both = make(x), one;
  check_ok(hr_vit_model_take_output(&both, output, 3, &one, &err));
  hr_vit_model_fini(&both);
  return one;
}

static void rows_and_targets_are_scaled(void **state) {
  (void)state;
  hr_error err;
  float x[ROWS * PIXELS], scaled[PIXELS], raw[2], out[2];
  const uint32_t rows[] = {4, 2};
  hr_vit_model both = make(x);
  for (size_t o = 0; o < 2; o++) {
    hr_vit_model one = make_one(x, o);
    check_ok(hr_vit_model_predict(&one, x, rows, 2, out, &err));
    for (size_t i = 0; i < 2; i++) {
      for (size_t p = 0; p < PIXELS; p++) {
        scaled[p] = (x[rows[i] * PIXELS + p] - both.mean[p]) * both.factor[p];
      }
      check_ok(both.net->type->predict(both.net, scaled, 1, raw, &err));
      check_near(out[i], (float)(3.25 + 1.5 * (double)raw[o]), 0);
    }
    hr_vit_model_fini(&one);
  }
  hr_vit_model_fini(&both);
}

static void a_loaded_model_predicts_the_same(void **state) {
  (void)state;
  scratch s;
  scratch_init(&s);
  hr_error err;
  float x[ROWS * PIXELS], before[ROWS], after[ROWS];
  hr_vit_model model = make_one(x, 1), loaded;
  check_ok(hr_vit_model_predict(&model, x, NULL, ROWS, before, &err));
  check_ok(hr_vit_model_save(&model, scratch_name(&s, "model"), &err));
  check_ok(hr_vit_model_load(s.name, PIXELS, 7, &backend, &loaded, &err));
  check_ok(hr_vit_model_predict(&loaded, x, NULL, ROWS, after, &err));
  assert_memory_equal(before, after, sizeof before);
  hr_vit_model_fini(&model);
  hr_vit_model_fini(&loaded);
  scratch_fini(&s);
}

static void write_words(const char *path, const uint64_t *words) {
  hr_error err;
  uint64_t copy[WORDS];
  memcpy(copy, words, sizeof copy);
  const hr_array_file file = {"hrvit/1\n", copy, WORDS, NULL, 0};
  check_ok(hr_array_file_write(path, &file, &err));
}

static void refuse(const char *path, size_t pixels, const char *format) {
  hr_error err;
  hr_vit_model loaded;
  char text[5000];
  snprintf(text, sizeof text, "%s %s", path, format);
  check_fails(hr_vit_model_load(path, pixels, 4, &backend, &loaded, &err), HR_ERR_FORMAT,
              text);
}

static void what_is_no_network_is_refused(void **state) {
  (void)state;
  scratch s;
  scratch_init(&s);
  hr_error err;
  hr_vit_model loaded;
  const uint64_t good[WORDS] = {PIXELS, 5, 8, 2, 2, 12};
  const uint64_t bad[][2] = {{0, 0},          {0, 21},
                             {1, 0},          {1, 7},
                             {2, 0},          {2, 9},
                             {3, 0},          {4, 0},
                             {4, 3},          {5, 0},
                             {5, 1 << 17},    {6, 2},
                             {3, UINT64_MAX}, {0, (uint64_t)1 << 40}};
  scratch_name(&s, "model");
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    uint64_t words[WORDS];
    memcpy(words, good, sizeof words);
    words[bad[i][0]] = bad[i][1];
    write_words(s.name, words);
    refuse(s.name, 0, "describes no vision transformer that can be");
  }
  write_words(s.name, good); /* one, but without its numbers */
  refuse(s.name, 0,
         "has 104 bytes, too few for the vision transformer that it describes");
  refuse(s.name, 21,
         "is a vision transformer of 20 pixels, not of 21: it belongs to another study");
  assert_int_equal(hr_vit_model_load("/nowhere/model", 0, 4, &backend, &loaded, &err),
                   HR_ERR_MISSING);
  scratch_fini(&s);
}

/* Tokens have few weights of their own, and scores with each other. */
static void a_network_out_of_proportion_is_refused(void **state) {
  (void)state;
  enum { MANY = 8192, COUNT = 2 * MANY + 2 * MANY + 64 };
  static float values[COUNT];
  scratch s;
  scratch_init(&s);
  hr_error err;
  hr_vit_model loaded;
  char text[5000];
  uint64_t words[WORDS] = {MANY, 1, 2, 1, 1, 1};
  const hr_float_part part = {values, COUNT};
  const hr_array_file file = {"hrvit/1\n", words, WORDS, &part, 1};
  check_ok(hr_array_file_write(scratch_name(&s, "model"), &file, &err));
  assert_int_equal(hr_vit_model_load(s.name, 0, 4, &backend, &loaded, &err),
                   HR_ERR_FORMAT);
  snprintf(text, sizeof text, "%s describes a vision transformer that takes ", s.name);
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
  hr_vit_model model = make_one(x, 0);
  model.net->parameters[5] = NAN;
  check_ok(hr_vit_model_save(&model, scratch_name(&s, "model"), &err));
  refuse(s.name, 0, "has a number that is not finite: train it again");
  hr_vit_model_fini(&model);
  scratch_fini(&s);
}

/* What was trained in bf16 predicts so wherever the processor can. */
static void the_precision_is_kept(void **state) {
  (void)state;
  scratch s;
  scratch_init(&s);
  hr_error err;
  const hr_products *const products[] = {&hr_products_compute, hr_products_bf16()};
  const hr_products *const expected[] = {hr_products_fp32(), hr_products_bf16()};
  hr_vit_shape one = shape;
  one.outputs = 1;
  for (size_t i = 0; i < 2; i++) {
    hr_vit_model model, loaded;
    if (!products[i]) continue;
    const hr_vit_backend own = {products[i], hr_compute_default()};
    check_ok(hr_vit_model_init(&model, &one, 4, &own, &err));
    check_ok(hr_vit_model_save(&model, scratch_name(&s, "model"), &err));
    check_ok(hr_vit_model_load(s.name, 0, 4, NULL, &loaded, &err));
    assert_ptr_equal(loaded.backend.products, expected[i]);
    hr_vit_model_fini(&model);
    hr_vit_model_fini(&loaded);
  }
  scratch_fini(&s);
}

static hr_status load(const char *path) {
  hr_vit_model model;
  hr_status status = hr_vit_model_load(path, 0, 4, &backend, &model, NULL);
  if (status == HR_OK) hr_vit_model_fini(&model);
  return status;
}

static void allocations_may_fail(void **state) {
  (void)state;
  scratch s;
  scratch_init(&s);
  hr_error err;
  float x[ROWS * PIXELS];
  hr_vit_model model = make_one(x, 0);
  check_ok(hr_vit_model_save(&model, scratch_name(&s, "model"), &err));
  hr_vit_model_fini(&model);
  check_alloc_failures(load(s.name));
  scratch_fini(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rows_and_targets_are_scaled),
      cmocka_unit_test(a_loaded_model_predicts_the_same),
      cmocka_unit_test(what_is_no_network_is_refused),
      cmocka_unit_test(a_network_out_of_proportion_is_refused),
      cmocka_unit_test(numbers_that_are_none_are_refused),
      cmocka_unit_test(the_precision_is_kept),
      cmocka_unit_test(allocations_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
