/* Linear models: what they predict, what their file is, and what is refused of one. */
#include "models/linear.h"

#include <stdlib.h>
#include <unistd.h>

#include <cblas.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/npy.h"
#include "core/parallel.h"
#include "core/random.h"
#include "support/check.h"
#include "support/fail_alloc.h"
#include "support/scratch.h"

enum { ROWS = 37, PIXELS = 53, VARIANTS = 3 };

static float flux[ROWS * PIXELS];
static double intercept[VARIANTS], weights[VARIANTS * PIXELS];
static const hr_spectra spectra = {0, ROWS, PIXELS, flux, NULL, 0};

static int set_up(void **state) {
  (void)state;
  float draw[VARIANTS * PIXELS];
  hr_normal(3, HR_STREAM_NOISE_TRAIN, 0, 0, ROWS * PIXELS, flux);
  hr_normal(3, HR_STREAM_NOISE_TRAIN, 1, 0, VARIANTS * PIXELS, draw);
  for (size_t i = 0; i < VARIANTS * PIXELS; i++) weights[i] = (double)draw[i];
  for (size_t i = 0; i < VARIANTS; i++) intercept[i] = 3 + (double)i;
  return 0;
}

static hr_model *create(void) {
  const hr_linear_shape shape = {5, 3, PIXELS, VARIANTS, 1};
  hr_model *model = NULL;
  hr_error err;
  check_ok(hr_linear_create(&shape, intercept, weights, &model, &err));
  return model;
}

static double on_paper(size_t v, size_t row) {
  double sum = intercept[v];
  for (size_t p = 0; p < PIXELS; p++) {
    sum += weights[v * PIXELS + p] * (double)flux[row * PIXELS + p];
  }
  return sum;
}

static void a_prediction_is_the_inner_product_and_the_intercept(void **state) {
  (void)state;
  static float mean[VARIANTS * ROWS];
  uint32_t all[ROWS];
  hr_error err;
  for (uint32_t i = 0; i < ROWS; i++) all[i] = i;
  hr_model *model = create();
  const hr_request request = {.model = model,
                              .row = all,
                              .count = ROWS,
                              .variants = VARIANTS,
                              .mean = mean,
                              .variant_stride = ROWS};
  check_ok(hr_models_predict(&spectra, &request, 1, &err));
  for (size_t v = 0; v < VARIANTS; v++) {
    for (size_t i = 0; i < ROWS; i++) {
      check_near(mean[v * ROWS + i], on_paper(v, i), 1e-5);
    }
  }
  assert_int_equal(model->target, 3);
  hr_model_destroy(&model);
  assert_null(model);
}

/* The bytes are those of one call of BLAS a row, whatever else is asked for. */
static void only_what_is_asked_for_is_written(void **state) {
  (void)state;
  float one[ROWS], two[2 * ROWS];
  double variance[ROWS], effective[ROWS], mean_error[ROWS], chi2[ROWS];
  const uint32_t some[] = {0, 15, 16, 36}, others[] = {15, 20};
  hr_error err;
  hr_model *model = create(), *second = create();
  for (size_t i = 0; i < ROWS; i++) one[i] = two[i] = two[ROWS + i] = -1;
  for (size_t i = 0; i < ROWS; i++) {
    variance[i] = effective[i] = mean_error[i] = chi2[i] = -1;
  }
  const hr_request requests[] = {{.model = model,
                                  .row = some,
                                  .count = 4,
                                  .first_variant = 2,
                                  .variants = 1,
                                  .mean = one,
                                  .variance = variance,
                                  .effective = effective,
                                  .mean_error = mean_error,
                                  .chi2 = chi2},
                                 {.model = second,
                                  .row = others,
                                  .count = 2,
                                  .variants = 2,
                                  .mean = two,
                                  .variant_stride = ROWS}};
  check_ok(hr_models_predict(&spectra, requests, 2, &err));
  for (size_t i = 0; i < ROWS; i++) {
    double wide[PIXELS];
    bool in_some = i == 0 || i == 15 || i == 16 || i == 36,
         in_others = i == 15 || i == 20;
    for (size_t p = 0; p < PIXELS; p++) wide[p] = (double)flux[i * PIXELS + p];
    for (size_t v = 0; v < VARIANTS; v++) {
      double sum = cblas_ddot(PIXELS, weights + v * PIXELS, 1, wide, 1);
      float expected = (float)(intercept[v] + sum);
      if (v == 2) check_near(one[i], in_some ? expected : -1, 0);
      if (v < 2) check_near(two[v * ROWS + i], in_others ? expected : -1, 0);
    }
    double *const unknown[] = {variance, effective, mean_error, chi2};
    for (size_t k = 0; k < 4; k++) {
      assert_int_equal(isnan(unknown[k][i]) != 0, in_some);
      if (!in_some) check_near(unknown[k][i], -1, 0);
    }
  }
  hr_model_destroy(&model);
  hr_model_destroy(&second);
}

static void a_variant_without_an_intercept_predicts_nan(void **state) {
  (void)state;
  float mean[ROWS];
  const uint32_t row = 4;
  hr_error err;
  intercept[1] = (double)NAN;
  hr_model *model = create();
  const hr_request request = {.model = model,
                              .row = &row,
                              .count = 1,
                              .first_variant = 1,
                              .variants = 1,
                              .mean = mean};
  check_ok(hr_models_predict(&spectra, &request, 1, &err));
  assert_true(isnan(mean[4]));
  intercept[1] = 4;
  hr_model_destroy(&model);
}

static void other_spectra_are_refused(void **state) {
  (void)state;
  hr_error err;
  hr_model *model = create();
  const hr_request request = {.model = model};
  const hr_spectra narrow = {0, ROWS, PIXELS - 1, flux, NULL, 0};
  check_fails(hr_models_predict(&narrow, &request, 1, &err), HR_ERR_INTERNAL,
              "a linear model of 53 pixels was given spectra of 52");
  hr_model_destroy(&model);
}

static hr_status load_from(const char *folder, size_t pixels, hr_model **out,
                           hr_error *err) {
  const int slot = 5;
  const hr_model_place place = {folder, pixels, 1, &slot, 1};
  return hr_model_type_find("linear")->load(&place, out, err);
}

static void what_is_saved_is_loaded(void **state) {
  (void)state;
  scratch folder;
  hr_error err;
  scratch_init(&folder);
  intercept[1] = (double)NAN;
  hr_model *model = create(), *loaded = NULL;
  intercept[1] = 4;
  check_ok(model->type->save(model, folder.path, HR_MODEL_FULL, &err));
  check_ok(load_from(folder.path, PIXELS, &loaded, &err));
  assert_int_equal(loaded->slot, 5);
  assert_int_equal(loaded->pixels, PIXELS);
  assert_int_equal(loaded->target, 0); /* whoever loads it knows better */
  assert_int_equal(loaded->variant_count, VARIANTS);
  assert_memory_equal(hr_linear_intercept(loaded), hr_linear_intercept(model),
                      VARIANTS * sizeof(double));
  assert_memory_equal(hr_linear_weights(loaded), weights, sizeof weights);
  hr_model_destroy(&loaded);
  hr_model_destroy(&model);
  scratch_fini(&folder);
}

/* An array of two dimensions, each row an intercept and its weights. */
static void the_file_is_an_array_of_variants(void **state) {
  (void)state;
  scratch folder;
  hr_error err;
  double *values = NULL;
  hr_npy_shape shape;
  hr_model *model = create();
  scratch_init(&folder);
  check_ok(model->type->save(model, folder.path, HR_MODEL_COMPACT, &err));
  check_ok(
      hr_npy_read(scratch_name(&folder, "model.npy"), 1 << 20, &values, &shape, &err));
  assert_int_equal(shape.dimensions, 2);
  assert_int_equal(shape.extent[0], VARIANTS);
  assert_int_equal(shape.extent[1], 1 + PIXELS);
  check_near(values[1 + PIXELS], intercept[1], 0);
  check_near(values[2 + PIXELS], weights[PIXELS], 0);
  hr_free(values);
  hr_model_destroy(&model);
  scratch_fini(&folder);
}

static void check_refused(scratch *folder, const double *values,
                          const hr_npy_shape *shape, size_t pixels,
                          const char *sentence) {
  hr_error err;
  hr_model *model = NULL;
  char expected[5000];
  const char *path = scratch_name(folder, "model.npy");
  check_ok(hr_npy_write_array(path, values, shape, &err));
  snprintf(expected, sizeof expected, "%s %s", path, sentence);
  check_fails(load_from(folder->path, pixels, &model, &err), HR_ERR_FORMAT, expected);
  assert_null(model);
}

static void what_is_no_model_is_refused(void **state) {
  (void)state;
  scratch folder;
  hr_error err;
  hr_model *model = NULL;
  char expected[5000];
  double values[] = {1, 2, 3, 4, 5, 6};
  scratch_init(&folder);
  const char *path = scratch_name(&folder, "model.npy");
  snprintf(expected, sizeof expected, "cannot open %s: No such file or directory", path);
  check_fails(load_from(folder.path, 2, &model, &err), HR_ERR_MISSING, expected);
  check_refused(&folder, values, &(hr_npy_shape){2, {2, 3}}, 3,
                "is a linear model of 2 pixels, not of 3: it belongs to another study");
  check_refused(&folder, values, &(hr_npy_shape){3, {1, 2, 3}}, 2,
                "holds no model: train it again");
  check_refused(&folder, values, &(hr_npy_shape){2, {3, 0}}, 2,
                "is a linear model of 0 pixels, not of 2: it belongs to another study");
  check_refused(&folder, values, &(hr_npy_shape){2, {0, 3}}, 2,
                "holds no model: train it again");
  values[3] = (double)INFINITY;
  check_refused(&folder, values, &(hr_npy_shape){2, {2, 3}}, 2,
                "has a number in row 1 that is not finite: train it again");
  values[3] = (double)NAN; /* an intercept, which there need not be */
  values[2] = (double)NAN;
  check_refused(&folder, values, &(hr_npy_shape){2, {2, 3}}, 2,
                "has a number in row 0 that is not finite: train it again");
  values[2] = 0;
  check_ok(hr_npy_write(path, values, 2, 3, &err));
  check_ok(load_from(folder.path, 2, &model, &err));
  hr_model_destroy(&model);
  scratch_fini(&folder);
}

static void one_thread_gives_the_same_bytes(void **state) {
  (void)state;
  float all_threads[ROWS], in_a_loop[ROWS];
  uint32_t all[ROWS];
  hr_error err;
  for (uint32_t i = 0; i < ROWS; i++) all[i] = i;
  hr_model *model = create();
  hr_request request = {
      .model = model, .row = all, .count = ROWS, .variants = 1, .mean = all_threads};
  check_ok(hr_models_predict(&spectra, &request, 1, &err));
  request.count = 1;
  for (size_t i = 0; i < ROWS; i++) { /* row by row, each a block of its own */
    const hr_spectra row = {0, 1, PIXELS, flux + i * PIXELS, NULL, 0};
    request.mean = in_a_loop + i;
    check_ok(hr_models_predict(&row, &request, 1, &err));
  }
  assert_memory_equal(all_threads, in_a_loop, sizeof in_a_loop);
  hr_model_destroy(&model);
}

/* Saving, loading and predicting, once. */
static hr_status live(const char *folder) {
  hr_status status = HR_OK;
  const hr_linear_shape shape = {5, 0, PIXELS, VARIANTS, 1};
  const uint32_t row = 0;
  float mean[ROWS];
  hr_model *model = NULL, *loaded = NULL;
  HR_TRY(hr_linear_create(&shape, intercept, weights, &model, NULL));
  HR_TRY(model->type->save(model, folder, HR_MODEL_FULL, NULL));
  HR_TRY(load_from(folder, PIXELS, &loaded, NULL));
  const hr_request request = {
      .model = loaded, .row = &row, .count = 1, .variants = 1, .mean = mean};
  HR_TRY(hr_models_predict(&spectra, &request, 1, NULL));
cleanup:
  hr_model_destroy(&model);
  hr_model_destroy(&loaded);
  return status;
}

static void memory_can_run_out(void **state) {
  (void)state;
  scratch folder;
  scratch_init(&folder);
  check_alloc_failures(live(folder.path));
  scratch_fini(&folder);
}

static void a_folder_that_is_not_there_is_an_error(void **state) {
  (void)state;
  hr_error err;
  hr_model *model = create();
  check_fails(model->type->save(model, "/no/such", HR_MODEL_FULL, &err), HR_ERR_IO,
              "cannot create /no/such/model.npy.part: No such file or directory");
  hr_model_destroy(&model);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_prediction_is_the_inner_product_and_the_intercept),
      cmocka_unit_test(only_what_is_asked_for_is_written),
      cmocka_unit_test(a_variant_without_an_intercept_predicts_nan),
      cmocka_unit_test(other_spectra_are_refused),
      cmocka_unit_test(what_is_saved_is_loaded),
      cmocka_unit_test(the_file_is_an_array_of_variants),
      cmocka_unit_test(what_is_no_model_is_refused),
      cmocka_unit_test(one_thread_gives_the_same_bytes),
      cmocka_unit_test(memory_can_run_out),
      cmocka_unit_test(a_folder_that_is_not_there_is_an_error),
  };
  return cmocka_run_group_tests(tests, set_up, NULL);
}
