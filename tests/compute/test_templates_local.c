/* Local linear models of templates: exact where spectra and label are jointly Gaussian,
 * the mean where enough templates share the weight, and bytes that do not depend on how
 * the work is cut. */
#include <math.h>
#include <omp.h>

#include "compute/templates.h"
#include "core/alloc.h"
#include "core/random.h"
#include "support/check.h"
#include "support/fail_alloc.h"

enum { COUNT = 3000, PIXELS = 40, STARS = 64 };

static const double sigma = 0.02;

/* Two numbers, the label and another one, each seen along the spectrum; amplitude 1. */
typedef struct sky {
  float f[COUNT * PIXELS], x[STARS * PIXELS], error[STARS * PIXELS];
  double y[COUNT], expected[STARS], variance;
  int32_t group[STARS];
  uint8_t fold[STARS];
  size_t count;
} sky;

static double pattern(size_t p, size_t which) {
  double q = (double)p / PIXELS;
  return which == 0 ? 0.05 * sin(9 * q) : 0.08 * cos(5 * q) + 0.02 * sin(9 * q);
}

static void see(const float *numbers, float *x) {
  for (size_t p = 0; p < PIXELS; p++) {
    x[p] = (float)(1 + (double)numbers[0] * pattern(p, 0) +
                   (double)numbers[1] * pattern(p, 1));
  }
}

/* The posterior of the first number, both with prior N(0, 1): with G = Σ a aᵀ/σ² + I and
 * b = Σ a (x − 1)/σ², mean (G⁻¹ b)_0 and variance (G⁻¹)_00. */
static void conjugate(const float *x, double *mean, double *variance) {
  double g00 = 1, g01 = 0, g11 = 1, b0 = 0, b1 = 0;
  for (size_t p = 0; p < PIXELS; p++) {
    double a0 = pattern(p, 0) / sigma, a1 = pattern(p, 1) / sigma;
    double d = ((double)x[p] - 1) / sigma;
    g00 += a0 * a0;
    g01 += a0 * a1;
    g11 += a1 * a1;
    b0 += a0 * d;
    b1 += a1 * d;
  }
  double determinant = g00 * g11 - g01 * g01;
  *mean = (g11 * b0 - g01 * b1) / determinant;
  *variance = g11 / determinant;
}

static sky *make_sky(size_t count) {
  sky *s = NULL;
  hr_error err;
  check_ok(hr_alloc(&s, 1, &err));
  s->count = count;
  for (size_t i = 0; i < count; i++) {
    float numbers[2];
    hr_normal(5, HR_STREAM_SIMULATE_TRAIN, i, 0, 2, numbers);
    see(numbers, s->f + i * PIXELS);
    s->y[i] = (double)numbers[0];
  }
  for (size_t r = 0; r < STARS; r++) {
    float numbers[2], noise[PIXELS], *x = s->x + r * PIXELS;
    hr_normal(6, HR_STREAM_SIMULATE_TEST, r, 0, 2, numbers);
    hr_normal(6, HR_STREAM_NOISE_TEST, r, 0, PIXELS, noise);
    see(numbers, x);
    for (size_t p = 0; p < PIXELS; p++) {
      x[p] += (float)sigma * noise[p];
      s->error[r * PIXELS + p] = (float)sigma;
    }
    conjugate(x, &s->expected[r], &s->variance);
    s->fold[r] = HR_NO_FOLD;
  }
  return s;
}

static void compare_roughly(const sky *s, const hr_templates_options *options,
                            bool is_rough, hr_posterior *own, hr_posterior *all) {
  hr_error err;
  hr_templates *t = NULL;
  check_ok(
      hr_templates_create(s->count, PIXELS, options, hr_compute_default(), &t, &err));
  for (size_t i = 0; i < s->count; i++) {
    const hr_template_label label = {3 + s->y[i], i < s->count / 2 ? 0 : 1,
                                     (uint8_t)(i % 5)};
    hr_templates_put(t, i, s->f + i * PIXELS, &label);
  }
  check_ok(hr_templates_finish(t, NULL, &err));
  const hr_query query = {.rows = STARS,
                          .x = s->x,
                          .error = s->error,
                          .level = 1,
                          .group = s->group,
                          .fold = s->fold,
                          .is_rough = is_rough};
  hr_templates_workspace *work = NULL;
  check_ok(hr_templates_workspace_create(t, &work, &err));
  check_ok(hr_templates_compare(t, work, &query, own, all, &err));
  hr_templates_workspace_destroy(&work);
  hr_templates_destroy(&t);
}

static void compare(const sky *s, const hr_templates_options *options, hr_posterior *own,
                    hr_posterior *all) {
  compare_roughly(s, options, false, own, all);
}

/* Root mean square of what a mean is away from the exact one, in posterior sigmas. */
static double away(const sky *s, const hr_posterior *found) {
  double sum = 0;
  for (size_t r = 0; r < STARS; r++) {
    double d = found[r].mean - 3 - s->expected[r];
    sum += d * d / s->variance / STARS;
  }
  return sqrt(sum);
}

/* 60 templates for posteriors of a hundredth of the prior's area: a mean over templates
 * is off by more than the posterior is wide, the linear model hardly at all. */
static void it_is_exact_where_all_is_gaussian(void **state) {
  (void)state;
  hr_posterior own[STARS], all[STARS];
  sky *s = make_sky(60);
  double variance = 0;
  compare(s, &(hr_templates_options){.weigh = HR_WEIGH_PIXELS}, own, all);
  assert_true(away(s, all) > 1);
  const hr_templates_options local = {.weigh = HR_WEIGH_PIXELS, .least_effective = 20};
  compare(s, &local, own, all);
  check_near(away(s, all), 0, 0.1);
  for (size_t r = 0; r < STARS; r++) variance += all[r].variance / STARS;
  check_near(variance / s->variance, 1, 0.05);
  hr_free(s);
}

/* Where enough templates share the weight nothing changes, not by a bit. */
static void many_templates_need_none(void **state) {
  (void)state;
  hr_posterior own[STARS], all[STARS], local_own[STARS], local_all[STARS];
  sky *s = make_sky(COUNT);
  const hr_templates_options plain = {.weigh = HR_WEIGH_PIXELS};
  const hr_templates_options local = {.weigh = HR_WEIGH_PIXELS, .least_effective = 5};
  compare(s, &plain, own, all);
  compare(s, &local, local_own, local_all);
  size_t same = 0;
  for (size_t r = 0; r < STARS; r++) {
    check_near(local_all[r].effective, all[r].effective, 0);
    if (all[r].effective < 5) continue;
    assert_memory_equal(&local_all[r], &all[r], sizeof all[r]);
    same++;
  }
  assert_true(same > 0 && same < STARS);
  assert_true(away(s, local_own) < away(s, own));
  compare_roughly(s, &local, true, local_own, local_all); /* a mean will do */
  assert_memory_equal(local_all, all, sizeof all);
  assert_memory_equal(local_own, own, sizeof own);
  hr_free(s);
}

/* Templates of the row's fold and of other groups do not count, nor do pixels without a
 * valid error. */
static void folds_groups_and_gaps_are_left_out(void **state) {
  (void)state;
  hr_posterior own[STARS], all[STARS], other_own[STARS], other_all[STARS];
  sky *s = make_sky(300);
  const hr_templates_options local = {.weigh = HR_WEIGH_COMPONENTS,
                                      .least_effective = 20};
  for (size_t r = 0; r < STARS; r++) s->fold[r] = 2;
  compare(s, &local, own, all);
  /* Templates that do not count may be anything, and so may pixels that drop out. */
  for (size_t i = 2; i < s->count; i += 5) s->y[i] = 1e6;
  for (size_t i = s->count / 2; i < s->count; i++) s->y[i] *= -1;
  compare(s, &local, other_own, other_all);
  for (size_t r = 0; r < STARS; r++) {
    /* The centre of the labels, which is taken from all of them, rounds otherwise. */
    check_near(other_own[r].mean, own[r].mean, 0.05);
    assert_true(fabs(other_all[r].mean) < 100);
  }
  hr_free(s);
  s = make_sky(300);
  compare(s, &local, own, all);
  for (size_t r = 0; r < STARS; r++) {
    s->error[r * PIXELS + 7] = r % 2 ? 0 : (float)NAN;
    s->x[r * PIXELS + 7] = r % 3 ? (float)NAN : 1e6F;
  }
  compare(s, &local, other_own, other_all);
  for (size_t r = 0; r < STARS; r++) {
    check_near(other_all[r].mean, all[r].mean, 3 * sqrt(s->variance));
  }
  hr_free(s);
}

/* The same star at any brightness where nothing is known of it. */
static void the_amplitude_is_integrated_out(void **state) {
  (void)state;
  hr_posterior own[STARS], all[STARS], other_own[STARS], other_all[STARS];
  sky *s = make_sky(300);
  const hr_templates_options flat = {
      .weigh = HR_WEIGH_PIXELS, .amplitude = HR_AMPLITUDE_FLAT, .least_effective = 20};
  const hr_templates_options tight = {.weigh = HR_WEIGH_PIXELS,
                                      .amplitude = HR_AMPLITUDE_GAUSSIAN,
                                      .amplitude_sigma = 1e-4,
                                      .least_effective = 20};
  const hr_templates_options none = {.weigh = HR_WEIGH_PIXELS, .least_effective = 20};
  compare(s, &none, own, all);
  compare(s, &tight, other_own, other_all);
  for (size_t r = 0; r < STARS; r++) {
    check_near(other_all[r].mean, all[r].mean, 0.05 * sqrt(s->variance));
  }
  compare(s, &flat, own, all);
  for (size_t i = 0; i < STARS * PIXELS; i++) {
    s->x[i] *= 8;
    s->error[i] *= 8;
  }
  compare(s, &flat, other_own, other_all);
  for (size_t r = 0; r < STARS; r++) {
    check_near(other_all[r].mean, all[r].mean, 1e-3 * sqrt(s->variance));
    check_near(other_all[r].variance / all[r].variance, 1, 1e-3);
  }
  /* Less is known, but not nothing. */
  assert_true(away(s, all) < 2);
  hr_free(s);
}

static void threads_do_not_change_a_byte(void **state) {
  (void)state;
  hr_posterior own[STARS], all[STARS], other_own[STARS], other_all[STARS];
  sky *s = make_sky(1500);
  const hr_templates_options local = {.weigh = HR_WEIGH_COMPONENTS,
                                      .least_effective = 50};
  int threads = omp_get_max_threads();
  compare(s, &local, own, all);
  omp_set_num_threads(threads > 1 ? 1 : 2);
  compare(s, &local, other_own, other_all);
  omp_set_num_threads(threads);
  assert_memory_equal(own, other_own, sizeof own);
  assert_memory_equal(all, other_all, sizeof all);
  hr_free(s);
}

/* One template is what it is; two are too few for a model of two. */
static void too_few_for_a_model_keep_their_mean(void **state) {
  (void)state;
  hr_posterior own[STARS], all[STARS], plain_own[STARS], plain_all[STARS];
  sky *s = make_sky(2);
  const hr_templates_options local = {.weigh = HR_WEIGH_PIXELS, .least_effective = 20};
  compare(s, &local, own, all);
  compare(s, &(hr_templates_options){.weigh = HR_WEIGH_PIXELS}, plain_own, plain_all);
  for (size_t i = 0; i < STARS; i++) {
    check_near(own[i].mean, plain_own[i].mean, 0);
    check_near(all[i].mean, plain_all[i].mean, 0);
    check_near(all[i].variance, plain_all[i].variance, 0);
    assert_true(all[i].effective >= 2 || isnan(all[i].variance_scale));
  }
  hr_free(s);
}

/* One template that is like the stars and others that are out of reach: its label is all
 * that is known, and how far off it is nobody knows. */
static void one_template_has_no_variance(void **state) {
  (void)state;
  hr_posterior own[STARS], all[STARS];
  sky *s = make_sky(200);
  for (size_t i = PIXELS; i < 200 * (size_t)PIXELS; i++) s->f[i] *= 1e6F;
  const hr_templates_options local = {.weigh = HR_WEIGH_PIXELS, .least_effective = 20};
  compare(s, &local, own, all);
  for (size_t i = 0; i < STARS; i++) {
    check_near(all[i].mean, s->y[0] + 3, 1e-6);
    check_near(all[i].effective, 1, 1e-9);
    assert_true(isnan(all[i].variance * all[i].variance_scale));
  }
  hr_free(s);
}

static hr_status make_and_destroy(const sky *s) {
  hr_error err;
  hr_templates *t = NULL;
  const hr_templates_options local = {.weigh = HR_WEIGH_PIXELS, .least_effective = 20};
  const hr_template_label label = {1, 0, 0};
  hr_status status =
      hr_templates_create(1, PIXELS, &local, hr_compute_default(), &t, &err);
  if (status == HR_OK) hr_templates_put(t, 0, s->f, &label);
  if (status == HR_OK) status = hr_templates_finish(t, NULL, &err);
  hr_templates_destroy(&t);
  return status;
}

static void allocations_may_fail(void **state) {
  (void)state;
  sky *s = make_sky(1);
  check_alloc_failures(make_and_destroy(s));
  hr_free(s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_is_exact_where_all_is_gaussian),
      cmocka_unit_test(many_templates_need_none),
      cmocka_unit_test(folds_groups_and_gaps_are_left_out),
      cmocka_unit_test(the_amplitude_is_integrated_out),
      cmocka_unit_test(threads_do_not_change_a_byte),
      cmocka_unit_test(too_few_for_a_model_keep_their_mean),
      cmocka_unit_test(one_template_has_no_variance),
      cmocka_unit_test(allocations_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
