/* The life of the posterior mean in a study: what it keeps, what it leaves out, what it
 * says. */
#include "methods/posterior/posterior.h"

#include <math.h>
#include <stdlib.h>

#include "core/random.h"
#include "support/check.h"
#include "support/fail_alloc.h"

enum { TRAIN = 400, TEST = 150, PIXELS = 50, BINS = 3, FOLDS = 5 };

/* Bin 0 and uncovered rows share the templates, bin 1 has one, bin 2 none. */
typedef struct small_study {
  float flux[TRAIN * PIXELS], noisy[TRAIN * PIXELS], error[TRAIN * PIXELS];
  float test_noisy[TEST * PIXELS];
  double train_y[TRAIN], test_y[TEST];
  int32_t train_bin[TRAIN], test_bin[TEST];
  uint8_t fold[TRAIN];
  hr_study_view view;
} small_study;

static void make_rows(float *x, double *y, int32_t *bin, size_t rows,
                      hr_stream_id stream) {
  for (size_t i = 0; i < rows; i++) {
    float draw[2];
    hr_normal(2, stream, i, 0, 2, draw);
    y[i] = 3 + (double)draw[0];
    bin[i] = i == 7 ? 1 : i % 5 < 3 ? 0 : HR_UNCOVERED;
    for (size_t p = 0; p < PIXELS; p++) {
      float q = (float)p / PIXELS;
      x[i * PIXELS + p] = 0.5F + 0.1F * draw[0] * q + 0.1F * draw[1] * (1 - q);
    }
  }
}

static void add_noise(float *x, const float *error, size_t rows, hr_stream_id stream) {
  for (size_t i = 0; i < rows; i++) {
    float draw[PIXELS];
    hr_normal(3, stream, i, 0, PIXELS, draw);
    for (size_t p = 0; p < PIXELS; p++) x[i * PIXELS + p] += error[p] * draw[p];
  }
}

static int set_up(void **state) {
  small_study *s = calloc(1, sizeof *s);
  make_rows(s->flux, s->train_y, s->train_bin, TRAIN, HR_STREAM_SIMULATE_TRAIN);
  make_rows(s->test_noisy, s->test_y, s->test_bin, TEST, HR_STREAM_SIMULATE_TEST);
  hr_assign_folds(s->train_bin, TRAIN, BINS, FOLDS, 1, s->fold);
  for (size_t i = 0; i < TRAIN * PIXELS; i++) s->error[i] = 0.1F;
  memcpy(s->noisy, s->flux, sizeof s->flux);
  add_noise(s->noisy, s->error, TRAIN, HR_STREAM_NOISE_TRAIN);
  add_noise(s->test_noisy, s->error, TEST, HR_STREAM_NOISE_TEST);
  s->view = (hr_study_view){
      .compute = hr_compute_default(),
      .pixels = PIXELS,
      .bin_count = BINS,
      .fold_count = FOLDS,
      .train = {TRAIN, s->train_y, s->train_bin, s->train_bin, s->fold},
      .test_rows = TEST,
      .test_bin = s->test_bin,
      .memory_bytes = (size_t)1 << 30,
      .noise_level = 1,
  };
  *state = s;
  return 0;
}

static int tear_down(void **state) {
  free(*state);
  return 0;
}

/* What came of a life: fits, models, and predictions of the test rows. */
typedef struct outcome {
  hr_trained trained[BINS + 1];
  float mean[BINS + 1][TEST];
  double effective[BINS + 1][TEST];
} outcome;

static hr_status train(const small_study *s, const hr_posterior_parameters *parameters,
                       size_t block_rows, hr_trained *out, hr_error *err) {
  hr_status status = HR_OK;
  const hr_method *type = &hr_posterior_method;
  hr_learner *learner = NULL;
  HR_TRY(type->begin(&s->view, parameters, &learner, err));
  for (size_t first = 0; first < TRAIN; first += block_rows) {
    size_t count = TRAIN - first < block_rows ? TRAIN - first : block_rows;
    size_t at = first * PIXELS;
    const hr_block block = {.first_row = first,
                            .rows = count,
                            .pixels = PIXELS,
                            .flux = s->flux + at,
                            .error = s->error + at,
                            .noisy = s->noisy + at};
    HR_TRY(type->learn(learner, &block, err));
  }
  HR_TRY(type->finish(learner, out, err));
cleanup:
  type->destroy(&learner);
  return status;
}

/* Models live on without the learner. */
static outcome *live(const small_study *s, const hr_posterior_parameters *parameters,
                     size_t block_rows) {
  hr_error err;
  outcome *o = calloc(1, sizeof *o);
  check_ok(train(s, parameters, block_rows, o->trained, &err));
  const hr_spectra spectra = {
      0, TEST, PIXELS, s->test_noisy, s->error, s->view.noise_level};
  for (size_t m = 0; m <= BINS; m++) {
    uint32_t row[TEST];
    hr_request request = {.model = o->trained[m].model,
                          .row = row,
                          .variants = 1,
                          .mean = o->mean[m],
                          .effective = o->effective[m]};
    for (uint32_t i = 0; i < TEST; i++) {
      if (m == BINS || s->test_bin[i] == (int32_t)m) row[request.count++] = i;
    }
    assert_true((o->trained[m].fit.status == HR_FIT_OK) == (request.model != NULL));
    assert_int_equal(o->trained[m].fit.slot, m == BINS ? HR_GLOBAL : (int)m);
    if (request.model) check_ok(hr_models_predict(&spectra, &request, 1, &err));
  }
  return o;
}

static void forget(outcome *o) {
  for (size_t m = 0; m <= BINS; m++) hr_trained_fini(&o->trained[m]);
  free(o);
}

static const hr_posterior_parameters everything = {.templates = TRAIN,
                                                   .validation = TRAIN};

/* ŷ of one noisy row over the training rows of `bin` (HR_GLOBAL: all) outside `fold`. */
static double on_paper(const small_study *s, const float *x, int bin, int fold) {
  static double log_weight[TRAIN];
  double largest = -INFINITY, sum = 0, mean = 0;
  for (size_t i = 0; i < TRAIN; i++) {
    log_weight[i] = -INFINITY;
    if (s->fold[i] == fold || (bin != HR_GLOBAL && s->train_bin[i] != bin)) continue;
    log_weight[i] = 0;
    for (size_t p = 0; p < PIXELS; p++) {
      double d = ((double)x[p] - (double)s->flux[i * PIXELS + p]) / (double)s->error[p];
      log_weight[i] -= 0.5 * d * d;
    }
    largest = fmax(largest, log_weight[i]);
  }
  for (size_t i = 0; i < TRAIN; i++) {
    sum += exp(log_weight[i] - largest);
    mean += exp(log_weight[i] - largest) * s->train_y[i];
  }
  return mean / sum;
}

static double cv_on_paper(const small_study *s, int bin) {
  double mean = 0, count = 0, total = 0, residual = 0;
  for (int pass = 0; pass < 2; pass++) {
    for (size_t i = 0; i < TRAIN; i++) {
      if (bin != HR_GLOBAL && s->train_bin[i] != bin) continue;
      double y = s->train_y[i];
      if (pass == 0) {
        mean += y;
        count++;
        continue;
      }
      double d = y - on_paper(s, s->noisy + i * PIXELS, bin, s->fold[i]);
      total += (y - mean) * (y - mean);
      residual += d * d;
    }
    if (pass == 0) mean /= count;
  }
  return 1 - residual / total;
}

static void predictions_and_validation_equal_the_formula(void **state) {
  const small_study *s = *state;
  outcome *o = live(s, &everything, 64);
  for (size_t i = 0; i < TEST; i++) {
    const float *x = s->test_noisy + i * PIXELS;
    check_near(o->mean[BINS][i], on_paper(s, x, HR_GLOBAL, -1), 1e-5);
    if (s->test_bin[i] == 0) check_near(o->mean[0][i], on_paper(s, x, 0, -1), 1e-5);
  }
  check_near(o->trained[0].fit.cv_r2[0], cv_on_paper(s, 0), 1e-5);
  check_near(o->trained[BINS].fit.cv_r2[0], cv_on_paper(s, HR_GLOBAL), 1e-5);
  assert_true(o->trained[BINS].fit.cv_r2[0] > 0.5);
  assert_int_equal(o->trained[BINS].fit.train_rows, TRAIN);
  assert_int_equal(o->trained[BINS].fit.variant_count, 1);
  assert_string_equal(o->trained[BINS].model->type->kind, "templates");
  forget(o);
}

static void one_template_and_none_are_skipped_with_a_sentence(void **state) {
  const small_study *s = *state;
  outcome *o = live(s, &everything, TRAIN);
  assert_int_equal(o->trained[1].fit.status, HR_FIT_SKIPPED);
  assert_string_equal(o->trained[1].fit.note, "1 template, at least 2 are needed");
  assert_int_equal(o->trained[2].fit.status, HR_FIT_SKIPPED);
  assert_string_equal(o->trained[2].fit.note, "0 templates, at least 2 are needed");
  forget(o);
}

static void without_noise_it_is_skipped_with_a_sentence(void **state) {
  small_study *s = *state;
  s->view.noise_level = 0;
  outcome *o = live(s, &everything, TRAIN);
  for (size_t m = 0; m <= BINS; m++) {
    assert_int_equal(o->trained[m].fit.status, HR_FIT_SKIPPED);
    assert_string_equal(
        o->trained[m].fit.note,
        "without noise there is no posterior; data.noise.level has to be above 0");
  }
  forget(o);
  s->view.noise_level = 1;
}

/* So little noise that each spectrum knows but its nearest template. */
static void local_models_predict_where_templates_are_few(void **state) {
  small_study *s = *state;
  s->view.noise_level = 1e-3;
  outcome *coarse = live(s, &everything, TRAIN);
  check_near(coarse->effective[BINS][0], 1, 0.05);
  char local_linear[] = "local_linear", note[256] = "";
  hr_posterior_parameters local = everything;
  local.kernel = local_linear;
  local.least_effective = 20;
  outcome *fine = live(s, &local, TRAIN);
  assert_true(fine->mean[BINS][0] != coarse->mean[BINS][0]);
  const hr_model *model = fine->trained[0].model;
  model->type->remark(model, 1, note, sizeof note);
  assert_string_equal(note,
                      "half of the test spectra have 1.0 effective templates or fewer; "
                      "local linear models predict them");
  forget(coarse);
  forget(fine);
  s->view.noise_level = 1;
}

static char by_components[] = "components";

static void components_predict_what_pixels_do(void **state) {
  const small_study *s = *state;
  static const hr_posterior_parameters fast = {
      .templates = TRAIN, .validation = TRAIN, .weigh = by_components};
  outcome *plain = live(s, &everything, TRAIN), *other = live(s, &fast, TRAIN);
  for (size_t i = 0; i < TEST; i++) {
    check_near(other->mean[BINS][i], plain->mean[BINS][i], 1e-3);
  }
  check_near(other->trained[0].fit.cv_r2[0], plain->trained[0].fit.cv_r2[0], 1e-3);
  forget(plain);
  forget(other);
}

static void blocks_do_not_change_a_bit(void **state) {
  const small_study *s = *state;
  static const hr_posterior_parameters some = {
      .templates = 150, .validation = 40, .weigh = by_components};
  outcome *one = live(s, &some, TRAIN);
  static const size_t sizes[] = {1, 7, 133};
  for (size_t i = 0; i < 3; i++) {
    outcome *other = live(s, &some, sizes[i]);
    assert_memory_equal(one->mean, other->mean, sizeof one->mean);
    for (size_t m = 0; m <= BINS; m++) {
      assert_memory_equal(one->trained[m].fit.cv_r2, other->trained[m].fit.cv_r2,
                          sizeof(double));
    }
    forget(other);
  }
  forget(one);
}

/* All test rows by the global model. */
static void predict_all(const small_study *s, const hr_model *model, float *mean) {
  hr_error err;
  uint32_t row[TEST];
  const hr_spectra spectra = {
      0, TEST, PIXELS, s->test_noisy, s->error, s->view.noise_level};
  const hr_request request = {
      .model = model, .row = row, .count = TEST, .variants = 1, .mean = mean};
  for (uint32_t i = 0; i < TEST; i++) row[i] = i;
  check_ok(hr_models_predict(&spectra, &request, 1, &err));
}

/* Of two targets the first is bit for bit what it is alone, the second what it is alone
 * but for rounding. */
static void several_targets_are_learnt_at_once(void **state) {
  enum { SLOTS = BINS + 1 };
  small_study *s = *state, *second = calloc(1, sizeof *second);
  hr_error err;
  hr_trained both[2 * SLOTS] = {0};
  float mean[2][TEST];
  double y[TRAIN];
  for (size_t i = 0; i < TRAIN; i++) {
    y[i] = 1000 + 500 * (double)s->flux[i * PIXELS];
  }
  memcpy(second, s, sizeof *second);
  memcpy(second->train_y, y, sizeof y);
  second->view.train.target = second->train_y;
  static const hr_posterior_parameters parameters = {
      .templates = TRAIN, .validation = TRAIN, .weigh = by_components};
  outcome *first_alone = live(s, &parameters, TRAIN);
  outcome *second_alone = live(second, &parameters, TRAIN);
  const hr_further_target further = {"other", y};
  s->view.further = &further;
  s->view.further_count = 1;
  check_ok(train(s, &parameters, TRAIN, both, &err));
  for (size_t i = 0; i < 2 * SLOTS; i++) {
    const hr_fit *fit = &both[i].fit;
    const outcome *alone = i < SLOTS ? first_alone : second_alone;
    const hr_fit *its = &alone->trained[i % SLOTS].fit;
    assert_int_equal(fit->target, i / SLOTS);
    assert_int_equal(fit->slot, its->slot);
    assert_int_equal(fit->status, its->status);
    if (!both[i].model) continue;
    assert_int_equal(both[i].model->target, i / SLOTS);
    check_near(fit->cv_r2[0], its->cv_r2[0], i < SLOTS ? 0 : 1e-5);
    check_near(fit->sigma.all.half68, its->sigma.all.half68, i < SLOTS ? 0 : 1e-3);
  }
  assert_true(both[2 * SLOTS - 1].fit.cv_r2[0] > 0.5);
  predict_all(s, both[SLOTS - 1].model, mean[0]);
  predict_all(s, both[2 * SLOTS - 1].model, mean[1]);
  assert_memory_equal(mean[0], first_alone->mean[BINS], sizeof mean[0]);
  for (size_t i = 0; i < TEST; i++) {
    check_near(mean[1][i], second_alone->mean[BINS][i], 1e-4 * 50);
  }
  s->view.further_count = 0;
  for (size_t i = 0; i < 2 * SLOTS; i++) hr_trained_fini(&both[i]);
  forget(first_alone);
  forget(second_alone);
  free(second);
}

static hr_status train_and_forget(const small_study *s) {
  hr_error err;
  hr_trained trained[BINS + 1] = {0};
  static const hr_posterior_parameters few = {.templates = 40, .validation = 10};
  hr_status status = train(s, &few, TRAIN, trained, &err);
  for (size_t m = 0; m <= BINS; m++) hr_trained_fini(&trained[m]);
  return status;
}

static void the_prior_is_that_of_the_templates(void **state) {
  (void)state;
  static char stored[] = "stored", grid[] = "grid";
  const hr_posterior_parameters from_rows = {.source = stored},
                                from_grid = {.source = grid};
  assert_int_equal(hr_posterior_method.prior(&from_rows), HR_PRIOR_TRAINING);
  assert_int_equal(hr_posterior_method.prior(&from_grid), HR_PRIOR_GRID);
}

static void allocations_may_fail(void **state) {
  check_alloc_failures(train_and_forget(*state));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(predictions_and_validation_equal_the_formula),
      cmocka_unit_test(one_template_and_none_are_skipped_with_a_sentence),
      cmocka_unit_test(without_noise_it_is_skipped_with_a_sentence),
      cmocka_unit_test(the_prior_is_that_of_the_templates),
      cmocka_unit_test(local_models_predict_where_templates_are_few),
      cmocka_unit_test(components_predict_what_pixels_do),
      cmocka_unit_test(several_targets_are_learnt_at_once),
      cmocka_unit_test(blocks_do_not_change_a_bit),
      cmocka_unit_test(allocations_may_fail),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
