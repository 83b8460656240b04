/* Models that share a network: the outputs of one pass, their file, and what is none. */
#include "models/heads.h"

#include "core/alloc.h"
#include "core/random.h"
#include "nn/array_file.h"
#include "support/fail_alloc.h"
#include "support/scratch.h"

enum { PIXELS = 20, ROWS = 300, HEADS = 3, OUTPUTS = 4 };

static const hr_net_design vit = {
    .kind = &hr_net_kind_vit,
    .shape.vit = {PIXELS, 5, 8, 2, 2, 12, 0, OUTPUTS, 0, 0},
    .backend.vit = {&hr_products_compute, &hr_compute_reference}};
static const hr_net_design cnn = {
    .kind = &hr_net_kind_cnn,
    .shape.cnn = {.pixels = PIXELS,
                  .blocks = 2,
                  .channels = {3, 4},
                  .kernel = 3,
                  .pool = 2,
                  .hidden = 5,
                  .batch_norm = true,
                  .outputs = OUTPUTS},
    .backend.cnn = {&hr_convolver_reference, &hr_compute_reference}};

/* The second output is nobody's. */
static const hr_head heads[HEADS] = {
    {0, 4, 0, 3.25, 1.5}, {0, HR_GLOBAL, 2, 3, 2}, {1, 4, 3, 5000, 700}};
static float noisy[ROWS * PIXELS], raw[ROWS * OUTPUTS];

static void make(const hr_net_design *design, hr_model *models[HEADS]) {
  hr_error err;
  hr_net_model trained;
  check_ok(hr_net_model_init(&trained, design, 1, &err));
  trained.net->type->start(trained.net, 3);
  for (size_t p = 0; p < PIXELS; p++) trained.factor[p] = 2;
  hr_normal(1, HR_STREAM_NOISE_TRAIN, 0, 0, ROWS * PIXELS, noisy);
  check_ok(hr_net_model_outputs(&trained, noisy, NULL, ROWS, raw, &err));
  check_ok(hr_heads_create_take(&trained, heads, HEADS, models, &err));
  assert_null(trained.net);
  for (size_t h = 0; h < HEADS; h++) {
    assert_int_equal(models[h]->slot, heads[h].slot);
    assert_int_equal(models[h]->target, heads[h].target);
    assert_int_equal(models[h]->pixels, PIXELS);
  }
}

static void destroy(hr_model *models[HEADS]) {
  for (size_t h = 0; h < HEADS; h++) hr_model_destroy(&models[h]);
}

/* Model h is asked for every (h + 2)-th row, all of them at once. */
static hr_status predict(hr_model *const models[HEADS], float *mean, hr_error *err) {
  static uint32_t rows[HEADS][ROWS];
  hr_request requests[HEADS];
  const hr_spectra spectra = {.rows = ROWS, .pixels = PIXELS, .noisy = noisy};
  for (size_t h = 0; h < HEADS; h++) {
    requests[h] = (hr_request){
        .model = models[h], .row = rows[h], .variants = 1, .mean = mean + h * ROWS};
    for (uint32_t i = 0; i < ROWS; i += (uint32_t)h + 2) {
      rows[h][requests[h].count++] = i;
    }
  }
  return hr_models_predict(&spectra, requests, HEADS, err);
}

static void check_predictions(const float *mean) {
  for (size_t h = 0; h < HEADS; h++) {
    for (size_t i = 0; i < ROWS; i++) {
      double own = (double)raw[i * OUTPUTS + heads[h].output];
      float want =
          i % (h + 2) == 0 ? (float)(heads[h].mean + heads[h].deviation * own) : 0;
      assert_memory_equal(&mean[h * ROWS + i], &want, sizeof want);
    }
  }
}

static void one_pass_answers_all(void **state) {
  (void)state;
  hr_error err;
  const hr_net_design *const designs[] = {&vit, &cnn};
  for (size_t d = 0; d < 2; d++) {
    hr_model *models[HEADS];
    float mean[HEADS * ROWS] = {0};
    make(designs[d], models);
    check_ok(predict(models, mean, &err));
    check_predictions(mean);
    hr_model_destroy(&models[0]); /* the others live on */
    float alone[ROWS] = {0};
    uint32_t row = 6;
    const hr_spectra spectra = {.rows = ROWS, .pixels = PIXELS, .noisy = noisy};
    const hr_request request = {
        .model = models[2], .row = &row, .count = 1, .variants = 1, .mean = alone};
    check_ok(hr_models_predict(&spectra, &request, 1, &err));
    check_near(alone[6], 5000 + 700 * (double)raw[6 * OUTPUTS + 3], 1e-3);
    destroy(models);
  }
}

static void they_come_back_from_one_file(void **state) {
  (void)state;
  scratch s;
  scratch_init(&s);
  hr_error err;
  hr_model *models[HEADS], *again[4] = {NULL};
  const int slots[] = {HR_GLOBAL, 4};
  const hr_model_place first = {s.path, PIXELS, 1, slots, 2};
  const hr_model_place second = {s.path, PIXELS, 2, slots + 1, 1};
  make(&vit, models);
  check_ok(models[1]->type->save(models[1], s.path, HR_MODEL_COMPACT, &err));
  check_ok(hr_heads_load(&first, &vit, again, &err));
  check_ok(hr_heads_load(&second, &vit, again + 2, &err));
  assert_int_equal(again[0]->slot, HR_GLOBAL);
  assert_int_equal(again[3]->target, 1);
  hr_model *const ordered[HEADS] = {again[1], again[0], again[3]};
  float mean[HEADS * ROWS] = {0};
  check_ok(predict(ordered, mean, &err));
  check_predictions(mean);
  for (size_t i = 0; i < 4; i++) hr_model_destroy(&again[i]);
  /* On the fast back ends: the same but for roundings. */
  check_ok(hr_model_type_find("heads")->load(&first, again, &err));
  assert_int_equal(again[1]->slot, 4);
  for (size_t i = 0; i < 2; i++) hr_model_destroy(&again[i]);
  destroy(models);
  scratch_fini(&s);
}

/* What the trunk gives its heads is the network's, whichever head is asked, and does not
 * depend on the rows beside. A CNN does not tell. */
static void the_trunk_tells_what_its_heads_are_made_of(void **state) {
  (void)state;
  enum { WIDTH = 8, SOME = 3 };
  static const uint32_t rows[SOME] = {2, 3, 299};
  static float all[ROWS * WIDTH], want[ROWS * WIDTH];
  float some[SOME * WIDTH];
  hr_error err;
  hr_model *models[HEADS];
  hr_net_model same;
  make(&vit, models);
  check_ok(hr_net_model_init(&same, &vit, 1, &err));
  same.net->type->start(same.net, 3);
  for (size_t p = 0; p < PIXELS; p++) same.factor[p] = 2;
  check_ok(hr_net_model_hidden(&same, noisy, NULL, ROWS, want, &err));
  assert_int_equal(hr_heads_hidden(models[0]), WIDTH);
  check_ok(hr_heads_hide(models[0], noisy, NULL, ROWS, all, &err));
  assert_memory_equal(all, want, sizeof want);
  check_ok(hr_heads_hide(models[2], noisy, rows, SOME, some, &err));
  for (size_t i = 0; i < SOME; i++) {
    assert_memory_equal(some + i * WIDTH, want + rows[i] * WIDTH, WIDTH * sizeof *want);
  }
  hr_net_model_fini(&same);
  destroy(models);
  make(&cnn, models);
  assert_int_equal(hr_heads_hidden(models[0]), 0);
  destroy(models);
}

/* A task keeps the file where it is the first one's. */
static void the_first_task_has_the_file(void **state) {
  (void)state;
  hr_error err;
  hr_model *models[HEADS];
  make(&vit, models);
  for (size_t h = 0; h < HEADS; h++) {
    scratch s;
    scratch_init(&s);
    check_ok(models[h]->type->record(models[h], s.path, &err));
    assert_int_equal(access(scratch_name(&s, "heads.net"), F_OK) == 0, h == 0);
    scratch_fini(&s);
  }
  destroy(models);
}

static void refuse(const scratch *s, const int *slot, size_t pixels, const char *behind) {
  hr_error err;
  char text[5000];
  hr_model *again = NULL;
  const hr_model_place place = {s->path, pixels, 1, slot, 1};
  snprintf(text, sizeof text, "%s/heads.net %s", s->path, behind);
  check_fails(hr_heads_type.load(&place, &again, &err), HR_ERR_FORMAT, text);
  assert_null(again);
}

static void write_words(scratch *s, size_t at, uint64_t word) {
  hr_error err;
  uint64_t words[27 + 5] = {1, OUTPUTS, 1, PIXELS, 5, 8, 2, 2, 12};
  words[27] = 0, words[28] = 5, words[29] = 2;
  if (at < 32) words[at] = word;
  const hr_array_file file = {"hrheads1", words, 32, NULL, 0};
  check_ok(hr_array_file_write(scratch_name(s, "heads.net"), &file, &err));
}

static void what_is_none_is_refused(void **state) {
  (void)state;
  scratch s;
  scratch_init(&s);
  hr_error err;
  hr_model *models[HEADS], *again = NULL;
  const int good = 4, other = 7;
  const hr_model_place place = {s.path, PIXELS, 1, &good, 1};
  const uint64_t bad[][2] = {{0, 2}, {1, 0}, {1, 1 << 16}, {2, 0}, {2, 5}};
  assert_int_equal(hr_heads_type.load(&place, &again, &err), HR_ERR_MISSING);
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    write_words(&s, bad[i][0], bad[i][1]);
    refuse(&s, &good, PIXELS, "describes no heads that can be");
  }
  write_words(&s, 4, 7);
  refuse(&s, &good, PIXELS, "describes no vision transformer that can be");
  write_words(&s, 99, 0);
  refuse(&s, &good, PIXELS,
         "has 288 bytes, too few for the vision transformer that it describes");
  make(&vit, models);
  check_ok(models[0]->type->save(models[0], s.path, HR_MODEL_FULL, &err));
  refuse(&s, &other, PIXELS,
         "has no head of target 0 and slot 7: it belongs to another study");
  refuse(&s, &good, PIXELS + 1,
         "is a vision transformer of 20 pixels, not of 21: it belongs to another study");
  assert_int_equal(hr_heads_load(&place, &cnn, &again, &err), HR_ERR_FORMAT);
  destroy(models);
  const hr_head none = {0, 4, 0, NAN, 1};
  hr_net_model trained;
  check_ok(hr_net_model_init(&trained, &vit, 1, &err));
  check_ok(hr_heads_create_take(&trained, &none, 1, models, &err));
  check_ok(models[0]->type->save(models[0], s.path, HR_MODEL_FULL, &err));
  refuse(&s, &good, PIXELS, "describes no heads that can be");
  hr_model_destroy(&models[0]);
  scratch_fini(&s);
}

static hr_status load_and_predict(const char *folder) {
  static const int slots[] = {HR_GLOBAL, 4};
  const hr_model_place place = {folder, PIXELS, 1, slots, 2};
  hr_model *models[HEADS] = {NULL};
  float mean[HEADS * ROWS];
  hr_status status = hr_heads_load(&place, &vit, models, NULL);
  models[2] = models[1];
  if (status == HR_OK) status = predict(models, mean, NULL);
  models[2] = NULL;
  destroy(models);
  return status;
}

static void allocations_may_fail(void **state) {
  (void)state;
  scratch s;
  scratch_init(&s);
  hr_error err;
  hr_model *models[HEADS];
  make(&vit, models);
  check_ok(models[0]->type->save(models[0], s.path, HR_MODEL_FULL, &err));
  destroy(models);
  check_alloc_failures(load_and_predict(s.path));
  scratch_fini(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_pass_answers_all),
      cmocka_unit_test(they_come_back_from_one_file),
      cmocka_unit_test(the_trunk_tells_what_its_heads_are_made_of),
      cmocka_unit_test(the_first_task_has_the_file),
      cmocka_unit_test(what_is_none_is_refused),
      cmocka_unit_test(allocations_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
