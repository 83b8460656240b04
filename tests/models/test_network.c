/* Networks as models: rows wherever they stand, several threads at a time, and files. */
#include "models/network.h"

#include <omp.h>
#include <pthread.h>

#include "core/alloc.h"
#include "core/random.h"
#include "nn/array_file.h"
#include "support/fail_alloc.h"
#include "support/scratch.h"

enum { PIXELS = 20, ROWS = 300, THREADS = 4 };

static const hr_net_design cnn = {
    .kind = &hr_net_kind_cnn,
    .shape.cnn = {.pixels = PIXELS,
                  .blocks = 2,
                  .channels = {3, 4},
                  .kernel = 3,
                  .pool = 2,
                  .hidden = 5,
                  .batch_norm = true},
    .backend.cnn = {&hr_convolver_reference, &hr_compute_reference}};
static const hr_net_design vit = {
    .kind = &hr_net_kind_vit,
    .shape.vit = {PIXELS, 5, 8, 2, 2, 12, 0, 1, 0.1, 0.1},
    .backend.vit = {&hr_products_compute, &hr_compute_reference}};
static const hr_net_design *const designs[] = {&cnn, &vit};
static float noisy[ROWS * PIXELS], expected[ROWS];

/* A network, its predictions of all rows made as the layer below makes them. */
static hr_model *make_of(const hr_net_design *design) {
  hr_error err;
  hr_net_model trained;
  hr_model *model = NULL;
  check_ok(hr_net_model_init(&trained, design, 1, &err));
  trained.net->type->start(trained.net, 3);
  for (size_t p = 0; p < PIXELS; p++) trained.factor[p] = 2;
  trained.target_mean = 3.25;
  trained.target_deviation = 1.5;
  hr_normal(1, HR_STREAM_NOISE_TRAIN, 0, 0, ROWS * PIXELS, noisy);
  check_ok(hr_net_model_predict(&trained, noisy, NULL, ROWS, expected, &err));
  check_ok(hr_network_model_create_take(&trained, 4, &model, &err));
  assert_null(trained.net);
  assert_int_equal(model->slot, 4);
  assert_int_equal(model->pixels, PIXELS);
  return model;
}

static hr_model *make(void) {
  return make_of(&cnn);
}

/* Every `step`-th row. */
static hr_status predict(const hr_model *model, uint32_t step, float *mean,
                         double *variance, hr_error *err) {
  uint32_t row[ROWS];
  size_t count = 0;
  for (uint32_t i = 0; i < ROWS; i += step) row[count++] = i;
  const hr_spectra spectra = {.rows = ROWS, .pixels = PIXELS, .noisy = noisy};
  const hr_request request = {.model = model,
                              .row = row,
                              .count = count,
                              .variants = 1,
                              .mean = mean,
                              .variance = variance};
  return hr_models_predict(&spectra, &request, 1, err);
}

static void rows_are_predicted_where_they_stand(void **state) {
  (void)state;
  hr_error err;
  hr_model *model = make();
  for (uint32_t step = 1; step <= 3; step++) {
    float mean[ROWS] = {0};
    double variance[ROWS] = {0};
    check_ok(predict(model, step, mean, variance, &err));
    for (size_t i = 0; i < ROWS; i++) {
      float want = i % step == 0 ? expected[i] : 0;
      assert_memory_equal(&mean[i], &want, sizeof want);
      assert_true(i % step == 0 ? isnan(variance[i]) : variance[i] == 0);
    }
  }
  hr_model_destroy(&model);
  assert_null(model);
}

static void *predict_in_thread(void *context) {
  const hr_model *model = context;
  float mean[ROWS];
  for (int i = 0; i < 5; i++) {
    memset(mean, 0, sizeof mean);
    if (predict(model, 1, mean, NULL, NULL) != HR_OK) return NULL;
    if (memcmp(mean, expected, sizeof mean) != 0) return NULL;
  }
  return context;
}

static void any_number_of_threads_may_predict(void **state) {
  (void)state;
  hr_model *model = make();
  pthread_t thread[THREADS];
  for (int i = 0; i < THREADS; i++) {
    assert_int_equal(pthread_create(&thread[i], NULL, predict_in_thread, model), 0);
  }
  for (int i = 0; i < THREADS; i++) {
    void *good = NULL;
    assert_int_equal(pthread_join(thread[i], &good), 0);
    assert_ptr_equal(good, model);
  }
  hr_model_destroy(&model);
}

/* A workspace that was made on one thread is not used on more. */
static void more_threads_get_more_room(void **state) {
  (void)state;
  hr_error err;
  float mean[ROWS];
  hr_model *model = make();
  int usual = omp_get_max_threads();
  for (int threads = 1; threads <= 6; threads++) {
    omp_set_num_threads(threads);
    check_ok(predict(model, 1, mean, NULL, &err));
    assert_memory_equal(mean, expected, sizeof mean);
  }
  omp_set_num_threads(usual);
  hr_model_destroy(&model);
}

static void spectra_of_another_grid_are_refused(void **state) {
  (void)state;
  hr_error err;
  float mean[1];
  const uint32_t row[] = {0};
  hr_model *model = make();
  const hr_spectra spectra = {.rows = 1, .pixels = PIXELS + 1, .noisy = noisy};
  const hr_request request = {
      .model = model, .row = row, .count = 1, .variants = 1, .mean = mean};
  check_fails(hr_models_predict(&spectra, &request, 1, &err), HR_ERR_INTERNAL,
              "a model of the kind network and of 20 pixels was given spectra of 21");
  hr_model_destroy(&model);
}

static hr_status load(const char *folder, size_t pixels, hr_model **out, hr_error *err) {
  const int slot = 9;
  const hr_model_place place = {folder, pixels, 1, &slot, 1};
  return hr_network_model_load(&place, &cnn, out, err);
}

static void check_saved(const hr_net_design *design) {
  scratch s;
  hr_error err;
  float mean[ROWS];
  const int slot = 0;
  hr_model *model = make_of(design), *again = NULL;
  scratch_init(&s);
  check_ok(model->type->save(model, s.path, HR_MODEL_FULL, &err));
  hr_model_destroy(&model);
  const hr_model_place own = {s.path, PIXELS, 1, (const int[]){9}, 1};
  check_ok(hr_network_model_load(&own, design, &again, &err));
  assert_int_equal(again->slot, 9);
  check_ok(predict(again, 1, mean, NULL, &err));
  assert_memory_equal(mean, expected, sizeof mean);
  hr_model_destroy(&again);
  /* On the fast back ends: the same but for roundings. */
  const hr_model_place place = {s.path, PIXELS, 1, &slot, 1};
  check_ok(hr_model_type_find("network")->load(&place, &again, &err));
  check_ok(predict(again, 1, mean, NULL, &err));
  for (size_t i = 0; i < ROWS; i++) check_near(mean[i], expected[i], 1e-4);
  hr_model_destroy(&again);
  scratch_fini(&s);
}

static void a_saved_model_predicts_the_same(void **state) {
  (void)state;
  for (size_t i = 0; i < 2; i++) check_saved(designs[i]);
}

static void a_folder_without_a_network_is_told(void **state) {
  (void)state;
  scratch s;
  hr_error err;
  hr_model *model = NULL;
  char sentence[4200];
  const int slot = 0;
  scratch_init(&s);
  const hr_model_place place = {s.path, PIXELS, 1, &slot, 1};
  snprintf(sentence, sizeof sentence,
           "%s has no network, neither model.cnn nor model.vit; copy it again", s.path);
  check_fails(hr_network_model_type.load(&place, &model, &err), HR_ERR_MISSING, sentence);
  scratch_fini(&s);
}

static void files_of_another_study_are_refused(void **state) {
  (void)state;
  scratch s;
  hr_error err;
  char sentence[4200];
  hr_model *model = make(), *other = NULL;
  scratch_init(&s);
  assert_int_equal(load(s.path, PIXELS, &other, &err), HR_ERR_MISSING);
  check_ok(model->type->save(model, s.path, HR_MODEL_FULL, &err));
  scratch_name(&s, "model.cnn");
  snprintf(sentence, sizeof sentence,
           "%s is a network of 20 pixels, not of 21: it belongs to another study",
           s.name);
  check_fails(load(s.path, PIXELS + 1, &other, &err), HR_ERR_FORMAT, sentence);
  assert_null(other);
  hr_model_destroy(&model);
  scratch_fini(&s);
}

static hr_status load_and_predict(const char *folder) {
  hr_model *model = NULL;
  float mean[ROWS];
  hr_status status = load(folder, PIXELS, &model, NULL);
  if (status == HR_OK) status = predict(model, 1, mean, NULL, NULL);
  hr_model_destroy(&model);
  return status;
}

static void allocations_may_fail(void **state) {
  (void)state;
  scratch s;
  hr_error err;
  hr_model *model = make();
  scratch_init(&s);
  check_ok(model->type->save(model, s.path, HR_MODEL_FULL, &err));
  hr_model_destroy(&model);
  check_alloc_failures(load_and_predict(s.path));
  scratch_fini(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rows_are_predicted_where_they_stand),
      cmocka_unit_test(any_number_of_threads_may_predict),
      cmocka_unit_test(more_threads_get_more_room),
      cmocka_unit_test(spectra_of_another_grid_are_refused),
      cmocka_unit_test(a_saved_model_predicts_the_same),
      cmocka_unit_test(a_folder_without_a_network_is_told),
      cmocka_unit_test(files_of_another_study_are_refused),
      cmocka_unit_test(allocations_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
