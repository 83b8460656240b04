/* Saved networks of either kind: they predict as before, and what is no network is
 * refused. What is a kind's own is in test_net_kind_*.c. */
#include "nn/net_model.h"

#include "core/alloc.h"
#include "core/file.h"
#include "core/random.h"
#include "nn/array_file.h"
#include "support/check.h"
#include "support/fail_alloc.h"
#include "support/scratch.h"

enum { PIXELS = 20, ROWS = 9, KINDS = 2 };

/* Of two outputs. */
static const hr_net_design designs[KINDS] = {
    {.kind = &hr_net_kind_cnn,
     .shape.cnn = {.pixels = PIXELS,
                   .blocks = 2,
                   .channels = {3, 4},
                   .kernel = 3,
                   .pool = 2,
                   .hidden = 5,
                   .batch_norm = true,
                   .outputs = 2},
     .backend.cnn = {&hr_convolver_reference, &hr_compute_reference}},
    {.kind = &hr_net_kind_vit,
     .shape.vit = {PIXELS, 5, 8, 2, 2, 12, 0, 2, 0.1, 0.1},
     .backend.vit = {&hr_products_compute, &hr_compute_reference}}};

/* Words of a good file of one output. */
static const uint64_t good[KINDS][HR_NET_MOST_WORDS] = {
    {PIXELS, 2, 3, 2, 5, 1, 0, 0, 3, 4}, {PIXELS, 5, 8, 2, 2, 12}};

static void all_kinds_are_there(void **state) {
  (void)state;
  size_t count = 0;
  const hr_net_kind *const *kinds = hr_net_kinds(&count);
  assert_int_equal(count, KINDS);
  for (size_t k = 0; k < KINDS; k++) assert_ptr_equal(kinds[k], designs[k].kind);
}

static hr_net_model make(const hr_net_design *design, float *x) {
  hr_error err;
  hr_net_model model;
  check_ok(hr_net_model_init(&model, design, 4, &err));
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
static hr_net_model make_one(const hr_net_design *design, float *x, size_t output) {
  hr_error err;
  hr_net_model both = make(design, x), one;
  check_ok(hr_net_model_take_output(&both, output, 3, &one, &err));
  hr_net_model_fini(&both);
  return one;
}

static void check_scales(const hr_net_design *design) {
  hr_error err;
  float x[ROWS * PIXELS], scaled[PIXELS], raw[2], out[2];
  const uint32_t rows[] = {4, 2};
  hr_net_model both = make(design, x);
  for (size_t o = 0; o < 2; o++) {
    hr_net_model one = make_one(design, x, o);
    check_ok(hr_net_model_predict(&one, x, rows, 2, out, &err));
    for (size_t i = 0; i < 2; i++) {
      hr_net_model_scale(&both, x + rows[i] * PIXELS, scaled);
      check_near(scaled[3], (x[rows[i] * PIXELS + 3] - 0.3F) * 2, 1e-6);
      check_near(scaled[7], 0, 0);
      check_ok(both.net->type->predict(both.net, scaled, 1, raw, &err));
      check_near(out[i], 3.25 + 1.5 * (double)raw[o], 1e-6);
    }
    hr_net_model_fini(&one);
  }
  hr_net_model_fini(&both);
}

static void rows_and_targets_are_scaled(void **state) {
  (void)state;
  for (size_t k = 0; k < KINDS; k++) check_scales(&designs[k]);
}

static void a_loaded_model_predicts_the_same(void **state) {
  (void)state;
  scratch s;
  scratch_init(&s);
  hr_error err;
  float x[ROWS * PIXELS], before[ROWS], after[ROWS];
  for (size_t i = 0; i < 2 * KINDS; i++) {
    const hr_net_design *design = &designs[i / 2];
    hr_net_model model = make_one(design, x, i % 2), loaded;
    check_ok(hr_net_model_predict(&model, x, NULL, ROWS, before, &err));
    check_ok(hr_net_model_save(&model, scratch_name(&s, "model"), &err));
    check_ok(
        hr_net_model_load(s.name, &(hr_net_wanted){design, PIXELS, 7}, &loaded, &err));
    check_ok(hr_net_model_predict(&loaded, x, NULL, ROWS, after, &err));
    assert_memory_equal(before, after, sizeof before);
    hr_net_model_fini(&model);
    hr_net_model_fini(&loaded);
  }
  scratch_fini(&s);
}

static void refuse(const char *path, size_t kind, size_t pixels, const char *sentence) {
  hr_error err;
  hr_net_model loaded;
  char text[5000];
  snprintf(text, sizeof text, "%s %s", path, sentence);
  check_fails(
      hr_net_model_load(path, &(hr_net_wanted){&designs[kind], pixels, 4}, &loaded, &err),
      HR_ERR_FORMAT, text);
}

/* A file of the right kind and fingerprint with these words. */
static void write_words(const char *path, size_t kind, const uint64_t *words) {
  hr_error err;
  uint64_t copy[HR_NET_MOST_WORDS];
  memcpy(copy, words, sizeof copy);
  const hr_array_file file = {designs[kind].kind->file_kind, copy,
                              designs[kind].kind->word_count, NULL, 0};
  check_ok(hr_array_file_write(path, &file, &err));
}

static void what_is_no_network_is_refused(void **state) {
  (void)state;
  static const char *const sentences[KINDS][3] = {
      {"describes no network that can be",
       "is a network of 20 pixels, not of 21: it belongs to another study",
       "has 224 bytes, too few for the network that it describes"},
      {"describes no vision transformer that can be",
       "is a vision transformer of 20 pixels, not of 21: it belongs to another study",
       "has 104 bytes, too few for the vision transformer that it describes"}};
  scratch s;
  scratch_init(&s);
  hr_error err;
  hr_net_model loaded;
  scratch_name(&s, "model");
  for (size_t k = 0; k < KINDS; k++) {
    uint64_t words[HR_NET_MOST_WORDS];
    memcpy(words, good[k], sizeof words);
    words[0] = 0;
    write_words(s.name, k, words);
    refuse(s.name, k, 0, sentences[k][0]);
    write_words(s.name, k, good[k]);
    refuse(s.name, k, 21, sentences[k][1]);
    refuse(s.name, k, 0, sentences[k][2]); /* it is without its numbers */
    assert_int_equal(
        hr_net_model_load("/nowhere/model", &(hr_net_wanted){&designs[k], 0, 4}, &loaded,
                          &err),
        HR_ERR_MISSING);
  }
  scratch_fini(&s);
}

static void check_proportion(size_t kind, const uint64_t *shape, float *values,
                             size_t count) {
  scratch s;
  scratch_init(&s);
  hr_error err;
  hr_net_model loaded;
  char text[5000];
  const hr_net_kind *k = designs[kind].kind;
  uint64_t words[HR_NET_MOST_WORDS];
  memcpy(words, shape, sizeof words);
  const hr_float_part part = {values, count};
  const hr_array_file file = {k->file_kind, words, k->word_count, &part, 1};
  check_ok(hr_array_file_write(scratch_name(&s, "model"), &file, &err));
  assert_int_equal(
      hr_net_model_load(s.name, &(hr_net_wanted){&designs[kind], 0, 4}, &loaded, &err),
      HR_ERR_FORMAT);
  snprintf(text, sizeof text, "%s describes a %s that takes ", s.name, k->noun);
  assert_int_equal(strncmp(err.message, text, strlen(text)), 0);
  snprintf(text, sizeof text, " MiB to predict with, out of proportion to its %zu bytes",
           8 + 8 + 8 * k->word_count + 8 + 4 * count + 8);
  assert_non_null(strstr(err.message, text));
  scratch_fini(&s);
}

/* Few weights between two wide layers: 16 rows of it take hundreds of megabytes. Tokens
 * have few weights of their own, and scores with each other. */
static void a_network_out_of_proportion_is_refused(void **state) {
  (void)state;
  enum { WIDE = 20000, TALL = 1000, MANY = 8192 };
  static float values[2 * TALL + 8 * WIDE];
  const uint64_t wide[HR_NET_MOST_WORDS] = {TALL, 2, 1, 2, 1, 1, 0, 0, WIDE, 1};
  const uint64_t many[HR_NET_MOST_WORDS] = {MANY, 1, 2, 1, 1, 1};
  check_proportion(0, wide, values, 2 * TALL + 8 * WIDE);
  check_proportion(1, many, values, 2 * MANY + 2 * MANY + 64);
}

static void numbers_that_are_none_are_refused(void **state) {
  (void)state;
  scratch s;
  scratch_init(&s);
  hr_error err;
  float x[ROWS * PIXELS];
  for (size_t k = 0; k < KINDS; k++) {
    hr_net_model model = make_one(&designs[k], x, 0);
    model.net->parameters[5] = NAN;
    check_ok(hr_net_model_save(&model, scratch_name(&s, "model"), &err));
    refuse(s.name, k, 0, "has a number that is not finite: train it again");
    hr_net_model_fini(&model);
  }
  scratch_fini(&s);
}

static void failures_of_the_network_are_passed_on(void **state) {
  (void)state;
  hr_error err;
  hr_net_model model;
  hr_net_design wrong[KINDS] = {designs[0], designs[1]};
  wrong[0].shape.cnn.blocks = 0;
  wrong[1].shape.vit.layers = 0;
  for (size_t k = 0; k < KINDS; k++) {
    assert_int_equal(hr_net_model_init(&model, &wrong[k], 4, &err), HR_ERR_CONFIG);
    assert_null(model.net);
  }
}

static hr_status load(const char *path, const hr_net_design *design) {
  hr_net_model model;
  hr_status status =
      hr_net_model_load(path, &(hr_net_wanted){design, 0, 4}, &model, NULL);
  if (status == HR_OK) hr_net_model_fini(&model);
  return status;
}

static void allocations_may_fail(void **state) {
  (void)state;
  scratch s;
  scratch_init(&s);
  hr_error err;
  float x[ROWS * PIXELS];
  for (size_t k = 0; k < KINDS; k++) {
    hr_net_model model = make_one(&designs[k], x, 0);
    check_ok(hr_net_model_save(&model, scratch_name(&s, "model"), &err));
    hr_net_model_fini(&model);
    check_alloc_failures(load(s.name, &designs[k]));
  }
  scratch_fini(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(all_kinds_are_there),
      cmocka_unit_test(rows_and_targets_are_scaled),
      cmocka_unit_test(a_loaded_model_predicts_the_same),
      cmocka_unit_test(what_is_no_network_is_refused),
      cmocka_unit_test(a_network_out_of_proportion_is_refused),
      cmocka_unit_test(numbers_that_are_none_are_refused),
      cmocka_unit_test(failures_of_the_network_are_passed_on),
      cmocka_unit_test(allocations_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
