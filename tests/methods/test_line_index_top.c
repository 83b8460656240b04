/* The model on top, on inputs of which two say what the label is. */
#include "methods/line_index/top.h"

#include <math.h>
#include <stdlib.h>

#include "core/random.h"
#include "methods/lightgbm/lightgbm.h"
#include "support/check.h"

enum { ROWS = 600, INPUTS = 6, FOLDS = 5 };

static float z[ROWS * INPUTS];
static double y[ROWS], snr[ROWS];
static uint8_t fold[ROWS];

static int set_up(void **state) {
  (void)state;
  float draw[ROWS];
  hr_normal(3, HR_STREAM_NOISE_TRAIN, 0, 0, ROWS * INPUTS, z);
  hr_normal(3, HR_STREAM_NOISE_TRAIN, 1, 0, ROWS, draw);
  for (size_t i = 0; i < ROWS; i++) {
    y[i] =
        3 + (double)z[i * INPUTS] - 2 * (double)z[i * INPUTS + 4] + 0.5 * (double)draw[i];
    snr[i] = 5 + 10 * hr_uniform(3, HR_STREAM_FOLDS, i, 0);
    fold[i] = (uint8_t)(i % FOLDS);
  }
  return 0;
}

static const hr_study_view study = {.pixels = 4096,
                                    .bin_count = 9,
                                    .fold_count = FOLDS,
                                    .target_name = "log_g",
                                    .seed = 42,
                                    .memory_bytes = (size_t)1 << 30,
                                    .low_memory = HR_LOW_MEMORY_FOLDS};

static hr_trained train(const char *learner) {
  char name[16];
  hr_error err;
  hr_trained out = {.model = NULL};
  hr_study_view view = study;
  snprintf(name, sizeof name, "%s", learner);
  view.compute = hr_compute_default();
  const hr_line_index_parameters parameters = {.learner = name};
  const hr_line_top_rows rows = {ROWS, INPUTS, z, y, fold, snr};
  check_ok(hr_line_top_train(&view, &parameters, &rows, &out, &err));
  assert_int_equal(out.fit.status, HR_FIT_OK);
  assert_int_equal(out.fit.slot, 0);
  assert_int_equal(out.model->pixels, INPUTS);
  return out;
}

/* What the model says of the rows, its mean square miss. */
static double miss_of(const hr_model *model) {
  hr_error err;
  float mean[ROWS];
  uint32_t row[ROWS];
  double sum = 0;
  for (uint32_t i = 0; i < ROWS; i++) row[i] = i;
  const hr_spectra spectra = {.rows = ROWS, .pixels = INPUTS, .noisy = z};
  const hr_request request = {.model = model,
                              .row = row,
                              .count = ROWS,
                              .first_variant = model->chosen,
                              .variants = 1,
                              .mean = mean,
                              .variant_stride = ROWS};
  check_ok(hr_models_predict(&spectra, &request, 1, &err));
  for (size_t i = 0; i < ROWS; i++) sum += pow(y[i] - (double)mean[i], 2) / ROWS;
  return sum;
}

/* Every row is predicted unseen: by no more than was put in, and not below it. */
static void check_validation(const hr_fit *fit, double least, double most) {
  double sum = 0;
  assert_int_equal(fit->validation.count, ROWS);
  for (size_t i = 0; i < ROWS; i++) {
    double miss = y[fit->validation.row[i]] - (double)fit->validation.prediction[i];
    sum += miss * miss / ROWS;
  }
  assert_true(sum > least && sum < most);
  assert_true(fit->sigma.rows > 0);
  check_near(fit->sigma.all.sigma, sqrt(sum), 0.1 * sqrt(sum));
  check_near(fit->cv_r2[fit->chosen], 1 - sum / (1 + 4 + 0.25), 0.05);
}

static void ridge_finds_the_weights(void **state) {
  (void)state;
  hr_trained out = train("ridge");
  assert_string_equal(out.model->type->kind, "linear");
  assert_true(miss_of(out.model) < 0.28);
  check_validation(&out.fit, 0.2, 0.3);
  hr_trained_fini(&out);
}

static void trees_come_near(void **state) {
  (void)state;
  hr_error err;
  if (hr_lightgbm_method.available(&err) != HR_OK) skip();
  hr_trained out = train("lightgbm");
  assert_string_equal(out.model->type->kind, "trees");
  assert_true(miss_of(out.model) < 0.6);
  check_validation(&out.fit, 0.3, 1.2);
  hr_trained_fini(&out);
}

static void a_learner_that_is_not_there_is_refused(void **state) {
  (void)state;
  hr_error err;
  char lightgbm[] = "lightgbm", ridge[] = "ridge";
  const char *root = getenv("LIGHTGBM_ROOT");
  char *kept = root ? strdup(root) : NULL;
  hr_line_index_parameters parameters = {.learner = lightgbm};
  setenv("LIGHTGBM_ROOT", "/no/such/folder", 1);
  hr_status status = hr_line_top_check(&parameters, &err);
  assert_int_equal(status, HR_ERR_CONFIG);
  assert_non_null(
      strstr(err.message, "experts.line_index.learner: lightgbm cannot be had ("));
  assert_non_null(strstr(err.message, "); write ridge"));
  parameters.learner = ridge;
  check_ok(hr_line_top_check(&parameters, &err));
  if (kept) {
    setenv("LIGHTGBM_ROOT", kept, 1);
  } else {
    unsetenv("LIGHTGBM_ROOT");
  }
  free(kept);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ridge_finds_the_weights),
      cmocka_unit_test(trees_come_near),
      cmocka_unit_test(a_learner_that_is_not_there_is_refused),
  };
  return cmocka_run_group_tests(tests, set_up, NULL);
}
