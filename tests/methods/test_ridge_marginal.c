/* Ridge with the noise integrated out: against its equations on paper, against ordinary
 * Ridge on many noise draws, and against Ridge where there is no noise. */
#include "methods/ridge/marginal.h"

#include <stdlib.h>

#include "compute/scatter.h"
#include "core/random.h"
#include "methods/ridge/ridge.h"
#include "support/check.h"
#include "support/least_squares.h"
#include "support/life.h"

enum { TRAIN = 300, TEST = 60, PIXELS = 40, BINS = 2, FOLDS = 5, ALPHAS = 3, LEVELS = 3 };
enum { DRAWS = 200, BATCHES = 8, FEW = 10 };

/* Bin 0 has more rows than pixels, bin 1 fewer; some rows are uncovered. */
typedef struct small_study {
  float train_x[TRAIN * PIXELS], train_noisy[TRAIN * PIXELS], error[TRAIN * PIXELS];
  float test_x[TEST * PIXELS];
  double train_y[TRAIN], test_y[TEST];
  int32_t train_bin[TRAIN], test_bin[TEST];
  uint8_t fold[TRAIN];
  size_t level_count; /* of `levels`, given to the expert */
  hr_study_view view;
} small_study;

static const double alphas[ALPHAS] = {0.001, 0.1, 10};
static const double level = 0.7;
static const double levels[LEVELS] = {0.7, 0.2, 0};

static void make_rows(float *x, double *y, int32_t *bin, size_t rows,
                      hr_stream_id stream) {
  for (size_t i = 0; i < rows; i++) {
    float *row = x + i * PIXELS, draw[3];
    hr_normal(9, stream, i, 0, 3, draw);
    bin[i] = i % 10 < 7 ? 0 : i % 10 == 7 ? 1 : HR_UNCOVERED;
    y[i] = 3 + (double)draw[0] + 0.3 * (double)(draw[1] * draw[1]);
    for (size_t p = 0; p < PIXELS; p++) {
      float q = (float)p / PIXELS;
      row[p] = 0.5F + 0.1F * draw[0] * q + 0.1F * draw[1] * (1 - q) +
               0.05F * draw[2] * q * q + 0.02F * draw[0] * draw[1];
    }
  }
}

static int set_up(void **state) {
  small_study *s = calloc(1, sizeof *s);
  make_rows(s->train_x, s->train_y, s->train_bin, TRAIN, HR_STREAM_NOISE_TRAIN);
  make_rows(s->test_x, s->test_y, s->test_bin, TEST, HR_STREAM_NOISE_TEST);
  hr_assign_folds(s->train_bin, TRAIN, BINS, FOLDS, 1, s->fold);
  for (size_t i = 0; i < TRAIN; i++) {
    for (size_t p = 0; p < PIXELS; p++) {
      size_t at = i * PIXELS + p;
      s->error[at] = 0.05F + 0.1F * (float)((i * 7 + p * 3) % 11) / 11;
    }
  }
  /* These carry no noise. */
  s->error[3] = 0;
  s->error[5 * PIXELS + 7] = -1;
  memcpy(s->train_noisy, s->train_x, sizeof s->train_x);
  s->view = (hr_study_view){
      .compute = hr_compute_default(),
      .pixels = PIXELS,
      .bin_count = BINS,
      .fold_count = FOLDS,
      .train = {TRAIN, s->train_y, s->train_bin, s->train_bin, s->fold},
      .test_rows = TEST,
      .test_bin = s->test_bin,
      .memory_bytes = (size_t)1 << 30,
      .noise_level = level,
  };
  *state = s;
  return 0;
}

static int tear_down(void **state) {
  free(*state);
  return 0;
}

static life live(const small_study *s, const hr_method *method, size_t block_rows) {
  const hr_ridge_marginal_parameters marginal = {
      {(double *)(uintptr_t)alphas, ALPHAS},
      {(double *)(uintptr_t)levels, s->level_count}};
  static const hr_ridge_parameters plain = {{(double *)(uintptr_t)alphas, ALPHAS}};
  bool is_plain = method == &hr_ridge_method;
  const life_plan plan = {method,
                          &s->view,
                          is_plain ? (const void *)&plain : &marginal,
                          {TRAIN, s->train_x, s->error, s->train_noisy},
                          {TEST, NULL, NULL, s->test_x}};
  life l;
  hr_error err;
  check_ok(life_live(&plan, block_rows, &l, &err));
  return l;
}

static bool in_model(int32_t bin, int model) {
  return model == HR_GLOBAL || bin == model;
}

static double variance(const small_study *s, size_t i, size_t p) {
  double sigma = (double)s->error[i * PIXELS + p];
  return sigma > 0 ? level * level * sigma * sigma : 0;
}

/* The equations as they are written, in fp64. */
static plain_ridge marginal_on_paper(const small_study *s, const bool *use,
                                     double alpha) {
  double *a = calloc((size_t)PIXELS * PIXELS, sizeof *a), mean[PIXELS] = {0};
  double *w = calloc(PIXELS, sizeof *w), mean_y = 0, count = 0;
  for (size_t i = 0; i < TRAIN; i++) {
    if (!use[i]) continue;
    count++;
    mean_y += s->train_y[i];
    for (size_t p = 0; p < PIXELS; p++) mean[p] += (double)s->train_x[i * PIXELS + p];
  }
  mean_y /= count;
  for (size_t p = 0; p < PIXELS; p++) mean[p] /= count;
  for (size_t i = 0; i < TRAIN; i++) {
    if (!use[i]) continue;
    const float *row = s->train_x + i * PIXELS;
    for (size_t p = 0; p < PIXELS; p++) {
      double left = (double)row[p] - mean[p];
      w[p] += left * (s->train_y[i] - mean_y);
      for (size_t q = 0; q < PIXELS; q++)
        a[p * PIXELS + q] += left * ((double)row[q] - mean[q]);
      a[p * PIXELS + p] += variance(s, i, p);
    }
  }
  for (size_t p = 0; p < PIXELS; p++) a[p * PIXELS + p] += alpha;
  plain_solve(PIXELS, a, w);
  plain_ridge ridge = {w, mean_y};
  for (size_t p = 0; p < PIXELS; p++) ridge.intercept -= w[p] * mean[p];
  free(a);
  return ridge;
}

static double cv_on_paper(const small_study *s, int model, double alpha) {
  double residual = 0, mean = 0, total = 0, count = 0;
  for (size_t i = 0; i < TRAIN; i++) {
    if (!in_model(s->train_bin[i], model)) continue;
    mean += s->train_y[i];
    count++;
  }
  mean /= count;
  for (int f = 0; f < FOLDS; f++) {
    bool use[TRAIN];
    for (size_t i = 0; i < TRAIN; i++) {
      use[i] = in_model(s->train_bin[i], model) && s->fold[i] != f;
    }
    plain_ridge plain = marginal_on_paper(s, use, alpha);
    for (size_t i = 0; i < TRAIN; i++) {
      if (!in_model(s->train_bin[i], model) || s->fold[i] != f) continue;
      double d =
          s->train_y[i] - plain_ridge_predict(&plain, s->train_x + i * PIXELS, PIXELS);
      residual += d * d;
      for (size_t p = 0; p < PIXELS; p++) {
        residual += plain.weights[p] * plain.weights[p] * variance(s, i, p);
      }
      total += (s->train_y[i] - mean) * (s->train_y[i] - mean);
    }
    free(plain.weights);
  }
  return 1 - residual / total;
}

static void check_slot(const small_study *s, const life *l, size_t slot) {
  const hr_fit *fit = &l->trained[slot].fit;
  assert_int_equal(fit->status, HR_FIT_OK);
  for (size_t a = 0; a < ALPHAS; a++) {
    bool use[TRAIN];
    for (size_t i = 0; i < TRAIN; i++) use[i] = in_model(s->train_bin[i], fit->slot);
    plain_ridge plain = marginal_on_paper(s, use, alphas[a]);
    for (size_t i = 0; i < TEST; i++) {
      if (!in_model(s->test_bin[i], fit->slot)) continue;
      double expected = plain_ridge_predict(&plain, s->test_x + i * PIXELS, PIXELS);
      check_near(l->mean[slot][a * TEST + i], expected, 2e-5);
    }
    free(plain.weights);
    check_near(fit->cv_r2[a], cv_on_paper(s, fit->slot, alphas[a]), 1e-5);
  }
}

static void every_model_equals_the_equations(void **state) {
  const small_study *s = *state;
  life l = live(s, &hr_ridge_marginal_method, TRAIN);
  assert_int_equal(l.slots, BINS + 1);
  for (size_t t = 0; t < l.slots; t++) check_slot(s, &l, t); /* primal, dual, global */
  life_fini(&l);
}

/* Test predictions of ordinary Ridge on draws first .. first+count-1 of every row's
 * noise, the penalty as much larger as there are more rows. */
static void predict_stacked(const small_study *s, size_t first, size_t count,
                            double *out) {
  hr_error err;
  hr_tiles *tiles = NULL;
  hr_scatter *sums = NULL;
  hr_shifted *system = NULL;
  static double weights[PIXELS], centre[PIXELS];
  hr_linear_model model = {weights, centre, 0};
  check_ok(hr_shifted_create(PIXELS, &hr_compute_blas, &system, &err));
  check_ok(hr_tiles_create(&hr_compute_blas, &tiles, &err));
  check_ok(hr_scatter_create(PIXELS, tiles, &sums, &err));
  for (size_t i = 0; i < TRAIN; i++) {
    for (size_t d = first; d < first + count; d++) {
      float row[PIXELS];
      hr_normal(77, HR_STREAM_NOISE_TRAIN, i * DRAWS + d, 0, PIXELS, row);
      for (size_t p = 0; p < PIXELS; p++) {
        double noise = sqrt(variance(s, i, p)) * (double)row[p];
        row[p] = (float)((double)s->train_x[i * PIXELS + p] + noise);
      }
      hr_scatter_add(sums, row, &s->train_y[i]);
    }
  }
  hr_scatter_finish(sums);
  check_ok(hr_scatter_ridge(sums, NULL, alphas[1] * (double)count, system, &model, &err));
  for (size_t i = 0; i < TEST; i++) {
    out[i] = model.offset;
    for (size_t p = 0; p < PIXELS; p++) {
      out[i] += weights[p] * ((double)s->test_x[i * PIXELS + p] - centre[p]);
    }
  }
  hr_scatter_destroy(&sums);
  hr_shifted_destroy(&system);
  hr_tiles_destroy(&tiles);
}

static double rms(const double *a, const float *b) {
  double sum = 0;
  for (size_t i = 0; i < TEST; i++) {
    sum += (a[i] - (double)b[i]) * (a[i] - (double)b[i]);
  }
  return sqrt(sum / TEST);
}

/* The error bar of 200 draws comes from batches of 25: their distance over √8. The
 * distance of 10 draws should be √20 = 4.5 times that of 200. */
static void many_noise_draws_approach_it_as_one_over_their_root(void **state) {
  const small_study *s = *state;
  life l = live(s, &hr_ridge_marginal_method, TRAIN);
  const float *limit = l.mean[BINS] + TEST; /* global, alphas[1] */
  double predicted[TEST], batches = 0, few = 0;
  for (size_t b = 0; b < BATCHES; b++) {
    predict_stacked(s, b * (DRAWS / BATCHES), DRAWS / BATCHES, predicted);
    batches += rms(predicted, limit) / BATCHES;
    predict_stacked(s, b * (DRAWS / BATCHES), FEW, predicted);
    few += rms(predicted, limit) / BATCHES;
  }
  predict_stacked(s, 0, DRAWS, predicted);
  double all = rms(predicted, limit), bar = batches / sqrt(BATCHES);
  print_message("distance: %.5f with 10 draws, %.5f with 25, %.5f with 200 (bar %.5f)\n",
                few, batches, all, bar);
  assert_true(all < 2 * bar);
  assert_true(few > 2.5 * all && few < 8 * all);
  check_near(few / batches, sqrt(2.5), 0.35);
  life_fini(&l);
}

static void without_noise_it_is_ridge_to_the_bit(void **state) {
  small_study *s = *state;
  s->view.noise_level = 0;
  life marginal = live(s, &hr_ridge_marginal_method, TRAIN);
  life plain = live(s, &hr_ridge_method, TRAIN);
  for (size_t t = 0; t < plain.slots; t++) {
    assert_int_equal(plain.trained[t].fit.status, HR_FIT_OK);
  }
  life_check_same(&marginal, &plain);
  life_fini(&marginal);
  life_fini(&plain);
  s->view.noise_level = level;
}

static void blocks_do_not_change_a_bit(void **state) {
  const small_study *s = *state;
  const hr_method *method = &hr_ridge_marginal_method;
  life one = live(s, method, TRAIN);
  static const size_t sizes[] = {1, 7, 133};
  for (size_t i = 0; i < 3; i++) {
    life other = live(s, method, sizes[i]);
    life_check_same(&one, &other);
    life_fini(&other);
  }
  life_fini(&one);
}

/* A level of the sweep is what a study with that noise would have found: its own to the
 * bit, another one to the bit as well, and none as plain Ridge. */
static void a_level_is_a_study_of_its_own(void **state) {
  small_study *s = *state;
  s->level_count = LEVELS;
  life sweep = live(s, &hr_ridge_marginal_method, 50);
  s->level_count = 0;
  for (size_t i = 0; i < LEVELS; i++) {
    bool is_noisy = levels[i] > 0;
    s->view.noise_level = levels[i];
    life l = live(s, is_noisy ? &hr_ridge_marginal_method : &hr_ridge_method, 50);
    assert_int_equal(l.slots, BINS + 1);
    for (size_t t = 0; t < l.slots; t++) {
      const hr_fit *fit = &sweep.trained[t].fit, *own = &l.trained[t].fit;
      assert_int_equal(fit->level_count, LEVELS);
      check_near(fit->level[i], levels[i], 0);
      /* Plain Ridge solves small bins by a kernel of fp32 products. */
      check_near(fit->level_cv_r2[i], own->cv_r2[own->chosen], is_noisy ? 0 : 1e-4);
      check_near(fit->level_value[i], own->variant_value[own->chosen], 0);
    }
    life_fini(&l);
  }
  s->view.noise_level = level;
  life_fini(&sweep);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_model_equals_the_equations),
      cmocka_unit_test(many_noise_draws_approach_it_as_one_over_their_root),
      cmocka_unit_test(without_noise_it_is_ridge_to_the_bit),
      cmocka_unit_test(blocks_do_not_change_a_bit),
      cmocka_unit_test(a_level_is_a_study_of_its_own),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
