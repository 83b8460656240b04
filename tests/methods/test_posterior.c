/* The life of the posterior mean in a study: what it keeps, what it leaves out, what it
 * says. */
#include "methods/posterior/posterior.h"

#include <math.h>
#include <stdlib.h>

#include "core/random.h"
#include "support/check.h"

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
      .test = {TEST, s->test_y, s->test_bin, s->test_bin, NULL},
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

static hr_learner *live(const small_study *s, const hr_posterior_parameters *parameters,
                        size_t block_rows) {
  hr_learner *expert = NULL;
  hr_error err;
  const hr_method *type = &hr_posterior_method;
  check_ok(type->create(&s->view, parameters, &expert, &err));
  for (int training = 1; training >= 0; training--) {
    size_t rows = training ? TRAIN : TEST;
    for (size_t first = 0; first < rows; first += block_rows) {
      size_t count = rows - first < block_rows ? rows - first : block_rows;
      size_t at = first * PIXELS;
      const float *noisy = training ? s->noisy + at : s->test_noisy + at;
      hr_block block = {first, count, PIXELS, s->flux + at, s->error + at, noisy};
      check_ok(training ? type->observe(expert, &block, &err)
                        : type->observe_test(expert, &block, &err));
    }
    if (training) check_ok(type->train(expert, &err));
  }
  return expert;
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
  hr_learner *expert = live(s, &everything, 64);
  size_t count = 0, at = 0;
  const hr_task *tasks = hr_posterior_method.tasks(expert, &count);
  assert_int_equal(count, BINS + 1);
  for (size_t i = 0; i < TEST; i++) {
    const float *x = s->test_noisy + i * PIXELS;
    check_near(tasks[BINS].predictions[i], on_paper(s, x, HR_GLOBAL, -1), 1e-5);
    if (s->test_bin[i] != 0) continue;
    check_near(tasks[0].predictions[at++], on_paper(s, x, 0, -1), 1e-5);
  }
  assert_int_equal(at, tasks[0].test_rows);
  check_near(tasks[0].cv_r2[0], cv_on_paper(s, 0), 1e-5);
  check_near(tasks[BINS].cv_r2[0], cv_on_paper(s, HR_GLOBAL), 1e-5);
  assert_true(tasks[BINS].cv_r2[0] > 0.5);
  hr_posterior_method.destroy(&expert);
}

static void one_template_and_none_are_skipped_with_a_sentence(void **state) {
  const small_study *s = *state;
  hr_learner *expert = live(s, &everything, TRAIN);
  size_t count = 0;
  const hr_task *tasks = hr_posterior_method.tasks(expert, &count);
  assert_int_equal(tasks[1].status, HR_FIT_SKIPPED);
  assert_string_equal(tasks[1].note, "1 template, at least 2 are needed");
  assert_int_equal(tasks[2].status, HR_FIT_SKIPPED);
  assert_string_equal(tasks[2].note, "0 templates, at least 2 are needed");
  hr_posterior_method.destroy(&expert);
}

static void without_noise_it_is_skipped_with_a_sentence(void **state) {
  small_study *s = *state;
  s->view.noise_level = 0;
  hr_learner *expert = live(s, &everything, TRAIN);
  size_t count = 0;
  const hr_task *tasks = hr_posterior_method.tasks(expert, &count);
  for (size_t t = 0; t < count; t++) {
    assert_int_equal(tasks[t].status, HR_FIT_SKIPPED);
    assert_string_equal(
        tasks[t].note,
        "without noise there is no posterior; data.noise.level has to be above 0");
  }
  hr_posterior_method.destroy(&expert);
  s->view.noise_level = 1;
}

/* So little noise that each spectrum knows but its nearest template. */
static void few_effective_templates_are_told(void **state) {
  small_study *s = *state;
  s->view.noise_level = 1e-3;
  hr_learner *expert = live(s, &everything, TRAIN);
  size_t count = 0;
  const hr_task *tasks = hr_posterior_method.tasks(expert, &count);
  assert_int_equal(tasks[0].status, HR_FIT_OK);
  assert_string_equal(tasks[0].note,
                      "half of the test spectra have 1.0 effective templates or fewer, "
                      "too few for a mean; more training spectra, "
                      "experts.posterior.templates, or its kernel: local_linear would "
                      "help");
  float coarse = tasks[BINS].predictions[0];
  hr_posterior_method.destroy(&expert);
  char local_linear[] = "local_linear";
  hr_posterior_parameters local = everything;
  local.kernel = local_linear;
  local.least_effective = 20;
  expert = live(s, &local, TRAIN);
  tasks = hr_posterior_method.tasks(expert, &count);
  assert_string_equal(tasks[0].note,
                      "half of the test spectra have 1.0 effective templates or fewer; "
                      "local linear models predict them");
  assert_true(tasks[BINS].predictions[0] != coarse);
  hr_posterior_method.destroy(&expert);
  s->view.noise_level = 1;
}

static char by_components[] = "components";

static void components_predict_what_pixels_do(void **state) {
  const small_study *s = *state;
  static const hr_posterior_parameters fast = {
      .templates = TRAIN, .validation = TRAIN, .weigh = by_components};
  hr_learner *plain = live(s, &everything, TRAIN), *other = live(s, &fast, TRAIN);
  size_t count = 0;
  const hr_task *a = hr_posterior_method.tasks(plain, &count);
  const hr_task *b = hr_posterior_method.tasks(other, &count);
  for (size_t i = 0; i < TEST; i++) {
    check_near(b[BINS].predictions[i], a[BINS].predictions[i], 1e-3);
  }
  check_near(b[0].cv_r2[0], a[0].cv_r2[0], 1e-3);
  hr_posterior_method.destroy(&plain);
  hr_posterior_method.destroy(&other);
}

static void blocks_do_not_change_a_bit(void **state) {
  const small_study *s = *state;
  static const hr_posterior_parameters some = {
      .templates = 150, .validation = 40, .weigh = by_components};
  hr_learner *one = live(s, &some, TRAIN);
  size_t count = 0;
  const hr_task *a = hr_posterior_method.tasks(one, &count);
  static const size_t sizes[] = {1, 7, 133};
  for (size_t i = 0; i < 3; i++) {
    hr_learner *other = live(s, &some, sizes[i]);
    const hr_task *b = hr_posterior_method.tasks(other, &count);
    for (size_t t = 0; t < count; t++) {
      assert_memory_equal(a[t].predictions, b[t].predictions,
                          a[t].test_rows * sizeof(float));
      assert_memory_equal(a[t].cv_r2, b[t].cv_r2, sizeof(double));
    }
    hr_posterior_method.destroy(&other);
  }
  hr_posterior_method.destroy(&one);
}

static void the_estimate_grows_with_the_templates(void **state) {
  const small_study *s = *state;
  static const hr_posterior_parameters few = {.templates = 10, .validation = 10};
  hr_cost all = {0}, less = {0};
  hr_posterior_method.estimate(&s->view, &everything, &all);
  hr_posterior_method.estimate(&s->view, &few, &less);
  assert_true(all.memory_bytes > less.memory_bytes && less.memory_bytes > 0);
  assert_true(all.operations > 4.0 * PIXELS * TEST * TRAIN);
  assert_true(all.operations > less.operations);
  static const hr_posterior_parameters fast = {
      .templates = TRAIN, .validation = TRAIN, .weigh = by_components};
  hr_cost components = {0};
  hr_posterior_method.estimate(&s->view, &fast, &components);
  assert_true(components.memory_bytes > all.memory_bytes);
}

static void take_warning(void *context, hr_log_level level, const char *line) {
  assert_int_equal(level, HR_LOG_WARNING);
  snprintf(context, HR_ERROR_MESSAGE_BYTES, "%s", line);
}

/* Ten a bin is what a mean takes, and no warning. */
static void too_few_templates_are_warned_of(void **state) {
  (void)state;
  char line[HR_ERROR_MESSAGE_BYTES] = "";
  const hr_observer observer = {.context = line, .log = take_warning};
  const hr_study_view view = {.bin_count = 9, .observer = &observer};
  hr_posterior_parameters parameters = {.templates = 90};
  hr_posterior_method.warn(&view, &parameters);
  assert_string_equal(line, "");
  parameters.templates = 5;
  hr_posterior_method.warn(&view, &parameters);
  assert_string_equal(line,
                      "experts.posterior.templates is 5 for 9 bins: too few for a "
                      "posterior mean in each, which takes 10 or more a bin; write at "
                      "least 90, or leave it out for 20000");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(predictions_and_validation_equal_the_formula),
      cmocka_unit_test(one_template_and_none_are_skipped_with_a_sentence),
      cmocka_unit_test(without_noise_it_is_skipped_with_a_sentence),
      cmocka_unit_test(few_effective_templates_are_told),
      cmocka_unit_test(components_predict_what_pixels_do),
      cmocka_unit_test(blocks_do_not_change_a_bit),
      cmocka_unit_test(the_estimate_grows_with_the_templates),
      cmocka_unit_test(too_few_templates_are_warned_of),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
