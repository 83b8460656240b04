/* What Ridges say of their predictions, against Ridge on paper. */
#include "methods/ridge/sigma.h"

#include "core/quantile.h"
#include "methods/ridge/marginal.h"
#include "methods/ridge/ridge.h"
#include "support/least_squares.h"
#include "support/scratch.h"
#include "support/small_study.h"

static double alphas[] = {0.01, 1};
static const hr_ridge_parameters parameters = {{alphas, 2}};
static const hr_ridge_marginal_parameters marginal = {.alpha = {alphas, 2}};
static small_study s;

static int set_up(void **state) {
  (void)state;
  small_study_init(&s);
  s.view.noise_level = 0.1;
  s.view.keeps_validation = true;
  return 0;
}

/* The prediction of a row among those that a fit keeps. */
static double kept(const hr_fit *fit, size_t row) {
  for (size_t i = 0; i < fit->validation.count; i++) {
    if (fit->validation.row[i] == row) return (double)fit->validation.prediction[i];
  }
  fail();
  return 0;
}

static life live(const hr_method *method, const void *own, size_t block_rows) {
  const life_plan plan = small_study_plan(&s, method, own);
  life l;
  hr_error err;
  check_ok(life_live(&plan, block_rows, &l, &err));
  return l;
}

/* Of the rows of a bin, without a fold and without one row; SIZE_MAX: with them. */
static plain_ridge fit_without(int32_t bin, size_t fold, size_t row, double alpha) {
  bool use[SMALL_TRAIN];
  for (size_t i = 0; i < SMALL_TRAIN; i++) {
    use[i] = s.train_bin[i] == bin && s.fold[i] != fold && i != row;
  }
  return plain_ridge_fit(s.train_x, s.train_y, use, SMALL_TRAIN, SMALL_PIXELS, alpha);
}

static double miss(const plain_ridge *ridge, size_t row) {
  const float *x = s.train_x + row * SMALL_PIXELS;
  double missed = s.train_y[row] - plain_ridge_predict(ridge, x, SMALL_PIXELS);
  return missed * missed;
}

/* The mean square over the bin's rows (or those of one fold), and how many they are. */
static double mean_miss(const plain_ridge *ridge, int32_t bin, size_t fold,
                        double *count) {
  double sum = 0;
  *count = 0;
  for (size_t i = 0; i < SMALL_TRAIN; i++) {
    if (s.train_bin[i] != bin || (fold != SIZE_MAX && s.fold[i] != fold)) continue;
    sum += miss(ridge, i);
    ++*count;
  }
  return sum / *count;
}

/* Fewer rows than pixels: what is missed when a row alone is left out. */
static void a_small_bin_leaves_out_rows_one_at_a_time(void **state) {
  (void)state;
  life l = live(&hr_ridge_method, &parameters, SMALL_TRAIN);
  const hr_fit *fit = &l.trained[1].fit;
  double sum = 0, size[SMALL_TRAIN];
  size_t count = 0;
  for (size_t i = 0; i < SMALL_TRAIN; i++) {
    if (s.train_bin[i] != 1) continue;
    plain_ridge without = fit_without(1, SIZE_MAX, i, alphas[fit->chosen]);
    double square = miss(&without, i);
    const float *x = s.train_x + i * SMALL_PIXELS;
    check_near(kept(fit, i), plain_ridge_predict(&without, x, SMALL_PIXELS), 1e-3);
    sum += square;
    size[count++] = sqrt(square);
    free(without.weights);
  }
  double rms = sqrt(sum / (double)count);
  assert_int_equal(fit->sigma.rows, count);
  assert_int_equal(fit->validation.count, count);
  assert_false(fit->sigma.scales_own);
  check_near(fit->sigma.all.sigma, rms, 1e-3 * rms);
  /* Every row's own, not the folds' made smaller: order statistic (n + 1) 0.6827. */
  hr_sort_numbers(size, count);
  double place = (double)(count + 1) * 0.6827, rest = place - floor(place);
  const double *at = size + (size_t)place - 1;
  check_near(fit->sigma.all.half68, at[0] + rest * (at[1] - at[0]), 1e-3 * rms);
  assert_int_equal(l.trained[2].fit.sigma.rows, 0); /* of one row there is no model */
  life_fini(&l);
}

/* More rows than pixels: those of folds, corrected. */
static void a_large_bin_leaves_out_folds(void **state) {
  (void)state;
  life l = live(&hr_ridge_method, &parameters, SMALL_TRAIN);
  const hr_fit *fit = &l.trained[0].fit;
  double alpha = alphas[fit->chosen], rows, in_fold;
  plain_ridge all = fit_without(0, SIZE_MAX, SIZE_MAX, alpha);
  double square = mean_miss(&all, 0, SIZE_MAX, &rows);
  free(all.weights);
  for (size_t f = 0; f < SMALL_FOLDS; f++) {
    plain_ridge without = fit_without(0, f, SIZE_MAX, alpha);
    double out = mean_miss(&without, 0, f, &in_fold), own = in_fold / rows;
    square += own * (out - mean_miss(&without, 0, SIZE_MAX, &rows));
    for (size_t i = 0; i < SMALL_TRAIN; i++) { /* as they are, not corrected */
      if (s.train_bin[i] != 0 || s.fold[i] != f) continue;
      const float *x = s.train_x + i * SMALL_PIXELS;
      check_near(kept(fit, i), plain_ridge_predict(&without, x, SMALL_PIXELS), 1e-4);
    }
    free(without.weights);
  }
  assert_int_equal(fit->sigma.rows, (size_t)rows);
  check_near(fit->sigma.all.sigma, sqrt(square), 1e-4 * sqrt(square));
  assert_int_equal(fit->validation.count, (size_t)rows);
  assert_int_equal(l.trained[SMALL_BINS].fit.sigma.rows, SMALL_TRAIN);
  assert_int_equal(l.trained[SMALL_BINS].fit.validation.count, 0);
  life_fini(&l);
}

static void check_same(const life *a, const life *b) {
  for (size_t m = 0; m <= SMALL_BINS; m++) {
    assert_memory_equal(&a->trained[m].fit.sigma, &b->trained[m].fit.sigma,
                        sizeof(hr_sigma));
  }
}

static void blocks_and_memory_do_not_change_a_bit(void **state) {
  (void)state;
  scratch folder;
  scratch_init(&folder);
  for (int which = 0; which < 2; which++) {
    const hr_method *method = which ? &hr_ridge_marginal_method : &hr_ridge_method;
    const void *own = which ? (const void *)&marginal : (const void *)&parameters;
    life one = live(method, own, SMALL_TRAIN), other = live(method, own, 13);
    assert_true(one.trained[0].fit.sigma.all.sigma > 0);
    check_same(&one, &other);
    life_fini(&other);
    s.view.folder = folder.path;
    for (int low = HR_LOW_MEMORY_ROWS; low <= HR_LOW_MEMORY_FOLDS; low++) {
      s.view.low_memory = (hr_low_memory)low;
      other = live(method, own, 31);
      check_same(&one, &other);
      life_fini(&other);
    }
    s.view.low_memory = HR_LOW_MEMORY_NONE;
    s.view.folder = NULL;
    life_fini(&one);
  }
  scratch_fini(&folder);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_small_bin_leaves_out_rows_one_at_a_time),
      cmocka_unit_test(a_large_bin_leaves_out_folds),
      cmocka_unit_test(blocks_and_memory_do_not_change_a_bit),
  };
  return cmocka_run_group_tests(tests, set_up, NULL);
}
