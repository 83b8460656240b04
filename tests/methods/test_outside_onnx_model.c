/* A network as a model of all rows: units, scales, rows that are not asked for. */
#include "methods/outside/onnx_model.h"

#include "core/parallel.h"
#include "methods/outside/onnx_file.h"
#include "support/check.h"
#include "support/fail_alloc.h"
#include "support/onnx_network.h"
#include "support/scratch.h"

enum { ROWS = 131 }; /* a group, and three rows of the next */

static hr_error err;
static scratch place;
static char path[256], input[] = "flux";
static double numbers[] = {1, 2, 100, 0.5};
static hr_outside_parameters parameters;
static const hr_further_target further = {"T_eff", NULL};
static hr_study_view study;
static hr_outside_rows rows_said;

static int set_up(void **state) {
  (void)state;
  scratch_init(&place);
  snprintf(path, sizeof path, "%s/m.onnx", place.path);
  onnx_network_write(path, 0);
  parameters =
      (hr_outside_parameters){.onnx = path, .input = input, .scale = {numbers, 4}};
  study = (hr_study_view){.pixels = ONNX_PIXELS,
                          .further = &further,
                          .further_count = 1,
                          .test_rows = ROWS,
                          .bin_count = 2,
                          .outside = &rows_said,
                          .unit = 10,
                          .base = 0.5};
  rows_said = (hr_outside_rows){.asked = ROWS};
  check_ok(hr_onnx_file_print(path, &rows_said.print, &err));
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  scratch_fini(&place);
  return 0;
}

static void destroy(hr_model *models[ONNX_TARGETS]) {
  for (size_t t = 0; t < ONNX_TARGETS; t++) hr_model_destroy(&models[t]);
}

/* Flux of the files: (x + 0.5) 10 with x = row, 1, 2. */
static double expected(size_t row, size_t target) {
  double y = 10 * ((double)row + 0.5) + 2 * 15 + 3 * 25;
  return target == 0 ? 1 + 2 * y : 100 + 0.5 * 10 * y;
}

/* The other bin has none. */
static void a_model_of_bins_has_a_model_for_each(void **state) {
  (void)state;
  double bins[] = {1};
  hr_model *models[2 * ONNX_TARGETS] = {NULL};
  parameters.bins = (hr_numbers){bins, 1};
  check_ok(hr_onnx_models_create(&study, &parameters, models, &err));
  for (size_t t = 0; t < ONNX_TARGETS; t++) {
    assert_null(models[2 * t]);
    assert_int_equal(models[2 * t + 1]->slot, 1);
    assert_int_equal(models[2 * t + 1]->target, t);
    hr_model_destroy(&models[2 * t + 1]);
  }
}

static void fill(float noisy[ROWS * ONNX_PIXELS]) {
  for (size_t i = 0; i < ROWS; i++) {
    noisy[i * ONNX_PIXELS] = (float)i;
    noisy[i * ONNX_PIXELS + 1] = 1;
    noisy[i * ONNX_PIXELS + 2] = 2;
  }
}

static void labels_are_made_of_spectra(void **state) {
  (void)state;
  float noisy[ROWS * ONNX_PIXELS], mean[ONNX_TARGETS][ROWS] = {{0}};
  double variance[ROWS] = {0};
  const uint32_t rows[] = {0, 31, 32, 70, 127, 128, 130};
  enum { ASKED = sizeof rows / sizeof rows[0] };
  hr_model *models[ONNX_TARGETS] = {NULL};
  hr_request requests[ONNX_TARGETS];
  fill(noisy);
  check_ok(hr_onnx_models_create(&study, &parameters, models, &err));
  for (size_t t = 0; t < ONNX_TARGETS; t++) {
    assert_int_equal(models[t]->slot, HR_GLOBAL);
    requests[t] = (hr_request){.model = models[t],
                               .row = rows,
                               .count = ASKED,
                               .variants = 1,
                               .mean = mean[t],
                               .variance = t == 0 ? variance : NULL};
  }
  const hr_spectra spectra = {.rows = ROWS, .pixels = ONNX_PIXELS, .noisy = noisy};
  check_ok(hr_models_predict(&spectra, requests, ONNX_TARGETS, &err));
  for (size_t t = 0; t < ONNX_TARGETS; t++) {
    for (size_t i = 0, at = 0; i < ROWS; i++) {
      bool is_asked = at < ASKED && rows[at] == i;
      double value = is_asked ? expected(i, t) : 0;
      check_near(mean[t][i], value, 1e-5 * fabs(value));
      at += is_asked;
    }
  }
  assert_true(isnan(variance[70]) && variance[71] == 0);
  destroy(models);
}

/* One target alone, and another order of threads: the same bytes. */
static void threads_change_nothing(void **state) {
  (void)state;
  float noisy[ROWS * ONNX_PIXELS], one[ROWS], other[ROWS];
  uint32_t rows[ROWS];
  hr_model *models[ONNX_TARGETS] = {NULL};
  size_t before = hr_thread_count();
  fill(noisy);
  for (uint32_t i = 0; i < ROWS; i++) rows[i] = i;
  check_ok(hr_onnx_models_create(&study, &parameters, models, &err));
  const hr_spectra spectra = {.rows = ROWS, .pixels = ONNX_PIXELS, .noisy = noisy};
  hr_request request = {
      .model = models[1], .row = rows, .count = ROWS, .variants = 1, .mean = one};
  hr_thread_limit(1);
  check_ok(hr_models_predict(&spectra, &request, 1, &err));
  hr_thread_limit(3);
  request.mean = other;
  check_ok(hr_models_predict(&spectra, &request, 1, &err));
  hr_thread_limit(before);
  assert_memory_equal(one, other, sizeof one);
  destroy(models);
}

/* Flux beyond fp32 comes out as infinite; 65 rows of 131 may, in two calls. */
static void few_finite_numbers_are_an_error(void **state) {
  (void)state;
  float noisy[ROWS * ONNX_PIXELS], mean[ROWS];
  uint32_t rows[ROWS];
  char sentence[512];
  hr_model *models[ONNX_TARGETS] = {NULL};
  fill(noisy);
  for (uint32_t i = 0; i < ROWS; i++) rows[i] = i;
  for (size_t i = 0; i < 66; i++) noisy[i * ONNX_PIXELS] = 3e38f;
  check_ok(hr_onnx_models_create(&study, &parameters, models, &err));
  const hr_spectra spectra = {.rows = ROWS, .pixels = ONNX_PIXELS, .noisy = noisy};
  hr_request request = {
      .model = models[1], .row = rows, .count = 65, .variants = 1, .mean = mean};
  check_ok(hr_models_predict(&spectra, &request, 1, &err));
  assert_true(isinf(mean[64]) != 0);
  request.row = rows + 66;
  check_ok(hr_models_predict(&spectra, &request, 1, &err));
  request.row = rows + 65;
  request.count = 1;
  snprintf(sentence, sizeof sentence,
           "%s gives no finite number for more than half of the 131 test rows; what was "
           "done to the flux before training has to be a part of it",
           path);
  check_fails(hr_models_predict(&spectra, &request, 1, &err), HR_ERR_NUMERIC, sentence);
  destroy(models);
}

/* How often the study is asked before it wants to stop. */
static size_t patience;

static bool is_interrupted(void *context) {
  size_t *asked = context;
  return ++*asked > patience;
}

/* Within a block, after a batch of 32 rows, and at once where it is wanted before. */
static void a_stop_is_noticed_within_a_block(void **state) {
  (void)state;
  float noisy[ROWS * ONNX_PIXELS], mean[ROWS];
  uint32_t rows[ROWS];
  char expected_words[300];
  size_t before = hr_thread_count();
  hr_thread_limit(1);
  fill(noisy);
  for (uint32_t i = 0; i < ROWS; i++) rows[i] = i;
  snprintf(expected_words, sizeof expected_words, "interrupted while %s predicts", path);
  for (patience = 0; patience < 3; patience++) {
    size_t asked = 0, known = 0;
    const hr_observer observer = {.context = &asked, .interrupted = is_interrupted};
    hr_model *models[ONNX_TARGETS] = {NULL};
    for (size_t i = 0; i < ROWS; i++) mean[i] = NAN;
    study.observer = &observer;
    check_ok(hr_onnx_models_create(&study, &parameters, models, &err));
    const hr_request request = {
        .model = models[0], .row = rows, .count = ROWS, .variants = 1, .mean = mean};
    const hr_spectra spectra = {.rows = ROWS, .pixels = ONNX_PIXELS, .noisy = noisy};
    check_fails(hr_models_predict(&spectra, &request, 1, &err), HR_ERR_INTERRUPTED,
                expected_words);
    for (size_t i = 0; i < ROWS; i++) known += isnan(mean[i]) == 0;
    assert_int_equal(known, 32 * patience);
    assert_int_equal(asked, patience + 1);
    destroy(models);
  }
  hr_thread_limit(before);
}

static void another_file_is_refused(void **state) {
  (void)state;
  char sentence[512];
  hr_model *models[ONNX_TARGETS] = {NULL};
  rows_said.print++;
  snprintf(sentence, sizeof sentence,
           "%s changed while the study was running; run it again with --replace, or put "
           "the model back and go on with --resume",
           path);
  check_fails(hr_onnx_models_create(&study, &parameters, models, &err), HR_ERR_DATA,
              sentence);
  assert_null(models[0]);
}

static void scales_are_checked(void **state) {
  (void)state;
  const char *key = NULL;
  check_ok(hr_onnx_model_check(&study, &parameters, &key, &err));
  parameters.scale.count = 2;
  check_fails(hr_onnx_model_check(&study, &parameters, &key, &err), HR_ERR_CONFIG,
              "has 2 numbers and the study 2 targets; give an offset and a factor for "
              "each, in the order of data.target");
  assert_string_equal(key, "scale");
  double none[] = {0, 1};
  parameters.scale.items = none;
  check_ok(hr_onnx_model_check(&study, &parameters, &key, &err));
  double flat[] = {0, 1, 5, 0};
  parameters.scale = (hr_numbers){flat, 4};
  check_fails(hr_onnx_model_check(&study, &parameters, &key, &err), HR_ERR_CONFIG,
              "has the factor 0, which makes all predictions alike; give the one that "
              "turns the output into the label");
}

static hr_status make_and_ask(void) {
  hr_model *models[ONNX_TARGETS] = {NULL};
  hr_status status = hr_onnx_models_create(&study, &parameters, models, NULL);
  const float noisy[ONNX_PIXELS] = {0};
  const hr_spectra spectra = {.rows = 1, .pixels = ONNX_PIXELS, .noisy = noisy};
  const uint32_t row = 0;
  float mean = 0;
  const hr_request request = {
      .model = models[0], .row = &row, .count = 1, .variants = 1, .mean = &mean};
  if (status == HR_OK) status = hr_models_predict(&spectra, &request, 1, NULL);
  destroy(models);
  return status;
}

static void memory_can_run_out(void **state) {
  (void)state;
  check_alloc_failures(make_and_ask());
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
  if (onnx_is_left_out()) return 0;
  const struct CMUnitTest tests[] = {
      TEST(labels_are_made_of_spectra),
      TEST(threads_change_nothing),
      TEST(few_finite_numbers_are_an_error),
      TEST(a_stop_is_noticed_within_a_block),
      TEST(another_file_is_refused),
      TEST(scales_are_checked),
      TEST(a_model_of_bins_has_a_model_for_each),
      TEST(memory_can_run_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
