/* The posterior over templates: against the formula in fp64, against Gaussian conjugacy,
 * and however the work is cut. */
#include "compute/templates.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>

#include "core/random.h"
#include "support/check.h"
#include "support/fail_alloc.h"

/* Group 0 takes two tiles, group 1 one, group 2 a single template. */
enum { COUNT = 1500, PIXELS = 600, ROWS = HR_QUERY_ROWS, FOLDS = 5 };

typedef struct fixture {
  float *f;                  /* [COUNT][PIXELS] */
  float *x, *error;          /* [ROWS][PIXELS] */
  hr_template_label *labels; /* [COUNT] */
  int32_t group[ROWS];
  uint8_t fold[ROWS];
  hr_templates *templates;
} fixture;

static const double level = 0.8;
static const hr_templates_options plain_options = {.weigh = HR_WEIGH_PIXELS};
static const hr_templates_options fast_options = {.weigh = HR_WEIGH_COMPONENTS};

static void make_spectrum(size_t i, float *x, double *y) {
  float draw[3];
  hr_normal(3, HR_STREAM_SIMULATE_TRAIN, i, 0, 3, draw);
  *y = 3 + (double)draw[0];
  for (size_t p = 0; p < PIXELS; p++) {
    float q = (float)p / PIXELS;
    x[p] = 0.5F + 0.05F * draw[0] * sinf(9 * q) + 0.1F * draw[1] * q +
           0.04F * draw[2] * draw[0] * cosf(5 * q);
  }
}

static hr_templates *make_with(const fixture *f, const hr_templates_options *options) {
  hr_error err;
  hr_templates *templates = NULL;
  check_ok(hr_templates_create(COUNT, PIXELS, options, hr_compute_default(), &templates,
                               &err));
  for (size_t i = COUNT; i-- > 0;) {
    hr_templates_put(templates, i, f->f + i * PIXELS, &f->labels[i]);
  }
  check_ok(hr_templates_finish(templates, NULL, &err));
  return templates;
}

static hr_templates *make_templates(const fixture *f, hr_weigh weigh) {
  return make_with(f, &(hr_templates_options){.weigh = weigh});
}

static int set_up(void **state) {
  fixture *f = calloc(1, sizeof *f);
  f->f = calloc((size_t)COUNT * PIXELS, sizeof *f->f);
  f->x = calloc((size_t)ROWS * PIXELS, sizeof *f->x);
  f->error = calloc((size_t)ROWS * PIXELS, sizeof *f->error);
  f->labels = calloc(COUNT, sizeof *f->labels);
  for (size_t i = 0; i < COUNT; i++) {
    f->labels[i].group = i < 1300 ? 0 : i < COUNT - 1 ? 1 : 2;
    f->labels[i].fold = (uint8_t)(i % FOLDS);
    make_spectrum(i, f->f + i * PIXELS, &f->labels[i].y);
  }
  for (size_t r = 0; r < ROWS; r++) {
    double y = 0;
    float *x = f->x + r * PIXELS, *error = f->error + r * PIXELS, noise[PIXELS];
    make_spectrum(10000 + r, x, &y);
    hr_normal(4, HR_STREAM_NOISE_TEST, r, 0, PIXELS, noise);
    for (size_t p = 0; p < PIXELS; p++) {
      error[p] = 0.02F + 0.2F * (float)((r * 31 + p * 7) % 101) / 101;
      x[p] += (float)level * error[p] * noise[p];
    }
    f->group[r] = r % 4 == 3 ? HR_NO_GROUP : (int32_t)(r % 4);
    f->fold[r] = r % 2 ? HR_NO_FOLD : (uint8_t)(r % FOLDS);
  }
  /* These drop out. */
  f->error[3] = 0;
  f->error[4] = -1;
  f->error[5] = NAN;
  f->x[5] = 1e6F;
  for (size_t p = 0; p < PIXELS; p++) f->error[8 * PIXELS + p] = 0; /* a whole row */
  f->templates = make_templates(f, HR_WEIGH_PIXELS);
  *state = f;
  return 0;
}

static int tear_down(void **state) {
  fixture *f = *state;
  hr_templates_destroy(&f->templates);
  free(f->f);
  free(f->x);
  free(f->error);
  free(f->labels);
  free(f);
  return 0;
}

static hr_query query_of(const fixture *f) {
  return (hr_query){.rows = ROWS,
                    .x = f->x,
                    .error = f->error,
                    .level = level,
                    .group = f->group,
                    .fold = f->fold};
}

/* The formula as it is written. */
static hr_posterior on_paper(const fixture *f, size_t r, bool own) {
  static double log_weight[COUNT];
  double largest = -INFINITY, sum = 0, mean = 0, square = 0, squares = 0;
  for (size_t i = 0; i < COUNT; i++) {
    log_weight[i] = -INFINITY;
    if (f->labels[i].fold == f->fold[r]) continue;
    if (own && f->labels[i].group != f->group[r]) continue;
    log_weight[i] = 0;
    for (size_t p = 0; p < PIXELS; p++) {
      double sigma = level * (double)f->error[r * PIXELS + p];
      if (!(sigma > 0)) continue;
      double d = (double)f->x[r * PIXELS + p] - (double)f->f[i * PIXELS + p];
      log_weight[i] -= 0.5 * d * d / (sigma * sigma);
    }
    largest = fmax(largest, log_weight[i]);
  }
  for (size_t i = 0; i < COUNT && largest > -INFINITY; i++) {
    double w = exp(log_weight[i] - largest), y = f->labels[i].y;
    sum += w;
    mean += w * y;
    square += w * y * y;
    squares += w * w;
  }
  mean /= sum;
  return (hr_posterior){mean, square / sum - mean * mean, sum * sum / squares, 0, 0, 1};
}

static void check_posterior(const hr_posterior *found, const hr_posterior *expected) {
  if (isnan(expected->mean)) {
    assert_true(isnan(found->mean) && isnan(found->variance) && isnan(found->effective));
    return;
  }
  check_near(found->mean, expected->mean, 1e-5);
  check_near(found->variance, expected->variance, 1e-5);
  check_near(found->effective, expected->effective, 1e-4 * expected->effective);
}

static void compare(const hr_templates *templates, const hr_query *query,
                    hr_posterior *own, hr_posterior *all) {
  hr_error err;
  hr_templates_workspace *work = NULL;
  check_ok(hr_templates_workspace_create(templates, &work, &err));
  check_ok(hr_templates_compare(templates, work, query, own, all, &err));
  hr_templates_workspace_destroy(&work);
}

static void it_equals_the_formula(void **state) {
  fixture *f = *state;
  hr_posterior own[ROWS], all[ROWS];
  hr_query query = query_of(f);
  compare(f->templates, &query, own, all);
  for (size_t r = 0; r < ROWS; r++) {
    hr_posterior expected_own = on_paper(f, r, true);
    hr_posterior expected_all = on_paper(f, r, false);
    check_posterior(&own[r], &expected_own);
    check_posterior(&all[r], &expected_all);
  }
  /* Group 2 has one template, of fold 4: row 14 may not use it, row 2 may. */
  assert_true(isnan(own[14].mean));
  check_near(own[2].mean, f->labels[COUNT - 1].y, 1e-6);
  check_near(own[2].variance, 0, 1e-6);
  check_near(own[2].effective, 1, 1e-6);
}

/* The share of the weight that every group has, as the formula says. */
static void shares_on_paper(const fixture *f, size_t r, double *share) {
  static double log_weight[COUNT];
  double largest = -INFINITY, sum = 0;
  for (size_t i = 0; i < COUNT; i++) {
    log_weight[i] = f->labels[i].fold == f->fold[r] ? -INFINITY : 0;
    for (size_t p = 0; p < PIXELS; p++) {
      double sigma = level * (double)f->error[r * PIXELS + p];
      if (!(sigma > 0)) continue;
      double d = (double)f->x[r * PIXELS + p] - (double)f->f[i * PIXELS + p];
      log_weight[i] -= 0.5 * d * d / (sigma * sigma);
    }
    largest = fmax(largest, log_weight[i]);
  }
  for (size_t g = 0; g < 3; g++) share[g] = 0;
  for (size_t i = 0; i < COUNT; i++) {
    share[f->labels[i].group] += exp(log_weight[i] - largest);
    sum += exp(log_weight[i] - largest);
  }
  for (size_t g = 0; g < 3; g++) share[g] /= sum;
}

static void check_shares(const fixture *f, const hr_templates *templates,
                         double tolerance) {
  hr_posterior own[ROWS], all[ROWS];
  double shares[ROWS][3], expected[3], most = 0;
  hr_query query = query_of(f);
  query.shares = shares[0];
  query.groups = 3;
  compare(templates, &query, own, all);
  for (size_t r = 0; r < ROWS; r++) {
    shares_on_paper(f, r, expected);
    for (size_t g = 0; g < 3; g++) check_near(shares[r][g], expected[g], tolerance);
    most = fmax(most, expected[1]);
  }
  assert_true(most > 0.5); /* there is something to be told apart */
}

static void groups_have_their_share_of_the_weight(void **state) {
  fixture *f = *state;
  check_shares(f, f->templates, 1e-6);
  hr_templates *fast = make_templates(f, HR_WEIGH_COMPONENTS);
  check_shares(f, fast, 1e-3);
  hr_templates_destroy(&fast);
}

static void a_row_without_valid_pixels_gets_the_prior(void **state) {
  fixture *f = *state;
  hr_posterior own[ROWS], all[ROWS];
  hr_query query = query_of(f);
  compare(f->templates, &query, own, all);
  double mean = 0, count = 0;
  for (size_t i = 0; i < COUNT; i++) {
    if (f->labels[i].fold == f->fold[8]) continue;
    mean += f->labels[i].y;
    count++;
  }
  check_near(all[8].mean, mean / count, 1e-6);
  check_near(all[8].effective, count, 1e-6);
}

static void threads_and_templates_elsewhere_do_not_change_a_bit(void **state) {
  fixture *f = *state;
  hr_posterior own[ROWS], all[ROWS], other_own[ROWS], other_all[ROWS];
  hr_query query = query_of(f);
  compare(f->templates, &query, own, all);
  int threads = omp_get_max_threads();
  omp_set_num_threads(1);
  hr_templates *one = make_templates(f, HR_WEIGH_PIXELS);
  compare(one, &query, other_own, other_all);
  omp_set_num_threads(threads);
  assert_memory_equal(own, other_own, sizeof own);
  assert_memory_equal(all, other_all, sizeof all);
  query.own_only = true;
  compare(one, &query, other_own, NULL);
  assert_memory_equal(own, other_own, sizeof own);
  hr_templates_destroy(&one);
}

/* y ~ N(3, 1), x = 0.5 + y a + noise: the posterior is Gaussian with precision
 * 1 + Σ a²/σ². Templates on a fine regular grid of y, as many of each as the prior has.
 */
static void gaussian_conjugacy_is_met(void **state) {
  (void)state;
  enum { FINE = 4000, FEW = 12 };
  hr_error err;
  hr_templates *templates = NULL;
  check_ok(hr_templates_create(FINE, FEW, &plain_options, hr_compute_default(),
                               &templates, &err));
  /* Quantiles of the prior: by bisection of its distribution function. */
  for (size_t i = 0; i < FINE; i++) {
    double low = -8, high = 8, wanted = ((double)i + 0.5) / FINE;
    for (int step = 0; step < 60; step++) {
      double middle = 0.5 * (low + high);
      if (0.5 * erfc(-middle / sqrt(2)) < wanted)
        low = middle;
      else
        high = middle;
    }
    hr_template_label label = {3 + low, 0, 0};
    float x[FEW];
    for (size_t p = 0; p < FEW; p++) x[p] = (float)(0.5 + label.y * 0.02 * (double)p);
    hr_templates_put(templates, i, x, &label);
  }
  check_ok(hr_templates_finish(templates, NULL, &err));
  enum { STARS = 50 };
  static float x[STARS * FEW], error[STARS * FEW];
  int32_t group[STARS] = {0};
  uint8_t fold[STARS];
  memset(fold, HR_NO_FOLD, sizeof fold);
  for (size_t s = 0; s < STARS; s++) {
    float noise[FEW + 1];
    hr_normal(8, HR_STREAM_NOISE_TEST, s, 0, FEW + 1, noise);
    for (size_t p = 0; p < FEW; p++) {
      error[s * FEW + p] = 0.3F + 0.05F * (float)(s % 7);
      double clean = 0.5 + (3 + (double)noise[FEW]) * 0.02 * (double)p;
      x[s * FEW + p] = (float)clean + error[s * FEW + p] * noise[p];
    }
  }
  hr_posterior own[STARS], all[STARS];
  hr_query query = {
      .rows = STARS, .x = x, .error = error, .level = 1, .group = group, .fold = fold};
  compare(templates, &query, own, all);
  for (size_t s = 0; s < STARS; s++) {
    double precision = 1, pull = 3;
    for (size_t p = 0; p < FEW; p++) {
      double a = 0.02 * (double)p, sigma = (double)error[s * FEW + p];
      precision += a * a / (sigma * sigma);
      pull += a * ((double)x[s * FEW + p] - 0.5) / (sigma * sigma);
    }
    check_near(all[s].mean, pull / precision, 1e-3);
    /* The tails beyond the outermost of 4,000 quantiles are missing. */
    check_near(all[s].variance, 1 / precision, 0.01 / precision);
  }
  hr_templates_destroy(&templates);
}

/* Smooth spectra of three numbers: their components know nearly all of them, and say how
 * much that is. */
static void components_come_as_near_as_they_say(void **state) {
  fixture *f = *state;
  hr_posterior own[ROWS], all[ROWS], plain_own[ROWS], plain_all[ROWS];
  hr_query query = query_of(f);
  compare(f->templates, &query, plain_own, plain_all);
  hr_templates *fast = make_templates(f, HR_WEIGH_COMPONENTS);
  compare(fast, &query, own, all);
  size_t by_components = 0;
  for (size_t r = 0; r < ROWS; r++) {
    if (isnan(plain_own[r].mean)) {
      assert_true(isnan(own[r].mean) && isnan(own[r].variance));
    } else {
      check_near(own[r].mean, plain_own[r].mean, own[r].error + 1e-5);
      check_near(own[r].variance, plain_own[r].variance, 1e-3);
    }
    check_near(all[r].mean, plain_all[r].mean, all[r].error + 1e-5);
    check_near(all[r].variance, plain_all[r].variance, 1e-3);
    check_near(all[r].effective, plain_all[r].effective, 0.01 * plain_all[r].effective);
    assert_true(all[r].error < 6e-4 && plain_all[r].error == 0);
    by_components += all[r].error > 0 ? 1 : 0;
  }
  assert_true(by_components > ROWS / 2);
  hr_templates_destroy(&fast);
}

static void components_give_the_same_bytes_on_one_thread(void **state) {
  fixture *f = *state;
  hr_posterior own[ROWS], all[ROWS], other_own[ROWS], other_all[ROWS];
  hr_query query = query_of(f);
  hr_templates *fast = make_templates(f, HR_WEIGH_COMPONENTS);
  compare(fast, &query, own, all);
  hr_templates_destroy(&fast);
  int threads = omp_get_max_threads();
  omp_set_num_threads(1);
  fast = make_templates(f, HR_WEIGH_COMPONENTS);
  compare(fast, &query, other_own, other_all);
  omp_set_num_threads(threads);
  assert_memory_equal(own, other_own, sizeof own);
  assert_memory_equal(all, other_all, sizeof all);
  hr_templates_destroy(&fast);
}

/* Spectra without anything in common have no leading components: each star is compared
 * over all pixels, and gets what the plain way gives. */
static void unlike_templates_are_compared_over_pixels(void **state) {
  fixture *f = *state;
  hr_error err;
  hr_templates *templates[2] = {NULL, NULL};
  hr_posterior own[2][ROWS], all[2][ROWS];
  hr_query query = query_of(f);
  query.level = 3;
  for (size_t way = 0; way < 2; way++) {
    const hr_templates_options *options = way == 0 ? &plain_options : &fast_options;
    check_ok(hr_templates_create(COUNT, PIXELS, options, hr_compute_default(),
                                 &templates[way], &err));
    for (size_t i = 0; i < COUNT; i++) {
      float x[PIXELS];
      hr_normal(5, HR_STREAM_SIMULATE_TRAIN, i, 0, PIXELS, x);
      for (size_t p = 0; p < PIXELS; p++) x[p] = 0.5F + 0.02F * x[p];
      hr_templates_put(templates[way], i, x, &f->labels[i]);
    }
    check_ok(hr_templates_finish(templates[way], NULL, &err));
    compare(templates[way], &query, own[way], all[way]);
  }
  size_t over_pixels = 0;
  for (size_t r = 0; r < ROWS; r++) {
    check_near(all[1][r].mean, all[0][r].mean, 6e-4);
    over_pixels += all[1][r].error > 0 ? 0 : 1;
  }
  assert_true(over_pixels > ROWS / 2);
  for (size_t way = 0; way < 2; way++) hr_templates_destroy(&templates[way]);
}

/* What is typical decides how templates are taken apart, not what is right. */
static void a_typical_error_with_gaps_is_filled(void **state) {
  fixture *f = *state;
  hr_error err;
  static double typical[PIXELS];
  for (size_t p = 0; p < PIXELS; p++) typical[p] = p % 3 ? 50 : p % 2 ? 0 : (double)NAN;
  hr_posterior own[ROWS], all[ROWS], plain_own[ROWS], plain_all[ROWS];
  hr_query query = query_of(f);
  compare(f->templates, &query, plain_own, plain_all);
  hr_templates *templates = NULL;
  check_ok(hr_templates_create(COUNT, PIXELS, &fast_options, hr_compute_default(),
                               &templates, &err));
  for (size_t i = 0; i < COUNT; i++) {
    hr_templates_put(templates, i, f->f + i * PIXELS, &f->labels[i]);
  }
  check_ok(hr_templates_finish(templates, typical, &err));
  compare(templates, &query, own, all);
  for (size_t r = 0; r < ROWS; r++) check_near(all[r].mean, plain_all[r].mean, 6e-4);
  hr_templates_destroy(&templates);
}

static hr_status make_and_destroy(const fixture *f) {
  hr_error error, *err = &error;
  hr_templates *templates = NULL;
  hr_status status = hr_templates_create(40, PIXELS, &fast_options, hr_compute_default(),
                                         &templates, err);
  for (size_t i = 0; status == HR_OK && i < 40; i++) {
    hr_templates_put(templates, i, f->f + i * PIXELS, &f->labels[i]);
  }
  if (status == HR_OK) status = hr_templates_finish(templates, NULL, err);
  hr_templates_destroy(&templates);
  return status;
}

static void every_allocation_may_fail(void **state) {
  check_alloc_failures(make_and_destroy(*state));
}

/* log ∫ exp(A s − A² q/2) p(A) dA by the trapezoidal rule, over 12 widths of the
 * likelihood on both sides. */
static double integrate(const hr_templates_options *options, double s, double q) {
  enum { STEPS = 480 };
  double centre = s / q, step = 24 / sqrt(q) / STEPS, sum = 0;
  double top = centre * s - 0.5 * centre * centre * q;
  for (int i = 0; i <= STEPS; i++) {
    double a = centre + (i - STEPS / 2) * step, prior = 1;
    if (options->amplitude == HR_AMPLITUDE_GAUSSIAN) {
      double z = (a - 1) / options->amplitude_sigma;
      prior = exp(-0.5 * z * z) / options->amplitude_sigma / sqrt(2 * acos(-1));
    }
    sum += prior * exp(a * s - 0.5 * a * a * q - top) * step;
  }
  return top + log(sum);
}

/* The posterior of one row over all templates, the amplitude integrated out. */
static hr_posterior integrated(const fixture *f, const hr_templates_options *options,
                               size_t r) {
  static double log_weight[COUNT];
  double largest = -INFINITY, sum = 0, mean = 0, square = 0, squares = 0;
  for (size_t i = 0; i < COUNT; i++) {
    double s = 0, q = 0;
    for (size_t p = 0; p < PIXELS; p++) {
      double sigma = level * (double)f->error[r * PIXELS + p];
      if (!(sigma > 0)) continue;
      double x = (double)f->x[r * PIXELS + p], t = (double)f->f[i * PIXELS + p];
      s += x * t / (sigma * sigma);
      q += t * t / (sigma * sigma);
    }
    bool counts = f->labels[i].fold != f->fold[r];
    log_weight[i] = counts ? integrate(options, s, q) : -INFINITY;
    largest = fmax(largest, log_weight[i]);
  }
  for (size_t i = 0; i < COUNT; i++) {
    double w = exp(log_weight[i] - largest), y = f->labels[i].y;
    sum += w;
    mean += w * y;
    square += w * y * y;
    squares += w * w;
  }
  mean /= sum;
  return (hr_posterior){mean, square / sum - mean * mean, sum * sum / squares, 0, 0, 1};
}

static void check_amplitude(fixture *f, const hr_templates_options *options) {
  hr_posterior own[ROWS], all[ROWS], fast_own[ROWS], fast_all[ROWS];
  hr_query query = query_of(f);
  hr_templates_options by_components = *options;
  by_components.weigh = HR_WEIGH_COMPONENTS;
  hr_templates *plain = make_with(f, options), *fast = make_with(f, &by_components);
  compare(plain, &query, own, all);
  compare(fast, &query, fast_own, fast_all);
  for (size_t r = 0; r < ROWS; r++) {
    check_near(fast_all[r].mean, all[r].mean, 6e-4);
    if (r % 16 != 1) continue;
    hr_posterior expected = integrated(f, options, r);
    check_posterior(&all[r], &expected);
  }
  hr_templates_destroy(&plain);
  hr_templates_destroy(&fast);
}

static void the_amplitude_is_integrated_out(void **state) {
  fixture *f = *state;
  for (size_t i = 0; i < ROWS * PIXELS; i++) f->x[i] *= 1.03F;
  hr_templates_options options = {.weigh = HR_WEIGH_PIXELS,
                                  .amplitude = HR_AMPLITUDE_FLAT};
  check_amplitude(f, &options);
  options.amplitude = HR_AMPLITUDE_GAUSSIAN;
  options.amplitude_sigma = 0.02;
  check_amplitude(f, &options);
  for (size_t i = 0; i < ROWS * PIXELS; i++) f->x[i] /= 1.03F;
}

/* A spectrum without a valid pixel gets the prior, whatever is known of the amplitude;
 * a narrow prior of it is as good as none. */
static void limits_of_the_amplitude_are_met(void **state) {
  (void)state;
  hr_templates_options options = {.amplitude = HR_AMPLITUDE_FLAT};
  assert_true(hr_amplitude_weight(&options, 0, 0) == 0);
  options.amplitude = HR_AMPLITUDE_GAUSSIAN;
  options.amplitude_sigma = 1e-6;
  assert_true(hr_amplitude_weight(&options, 0, 0) == 0);
  check_near(hr_amplitude_weight(&options, 5000, 11000), 5000, 1e-3);
  options.amplitude = HR_AMPLITUDE_NONE;
  assert_true(hr_amplitude_weight(&options, 5000, 11000) == 5000);
}

static void too_many_rows_are_refused(void **state) {
  fixture *f = *state;
  hr_error err;
  hr_query query = query_of(f);
  query.rows = ROWS + 1;
  check_fails(hr_templates_compare(f->templates, NULL, &query, NULL, NULL, &err),
              HR_ERR_USAGE, "129 spectra at a time, but at most 128 can be");
}

static void by_default_components_are_compared(void **state) {
  const hr_templates_options options = hr_templates_options_default();
  (void)state;
  assert_int_equal(options.weigh, HR_WEIGH_COMPONENTS);
  assert_int_equal(options.amplitude, HR_AMPLITUDE_NONE);
  assert_true(options.least_effective == 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(by_default_components_are_compared),
      cmocka_unit_test(it_equals_the_formula),
      cmocka_unit_test(groups_have_their_share_of_the_weight),
      cmocka_unit_test(a_row_without_valid_pixels_gets_the_prior),
      cmocka_unit_test(threads_and_templates_elsewhere_do_not_change_a_bit),
      cmocka_unit_test(gaussian_conjugacy_is_met),
      cmocka_unit_test(components_come_as_near_as_they_say),
      cmocka_unit_test(components_give_the_same_bytes_on_one_thread),
      cmocka_unit_test(unlike_templates_are_compared_over_pixels),
      cmocka_unit_test(a_typical_error_with_gaps_is_filled),
      cmocka_unit_test(the_amplitude_is_integrated_out),
      cmocka_unit_test(limits_of_the_amplitude_are_met),
      cmocka_unit_test(every_allocation_may_fail),
      cmocka_unit_test(too_many_rows_are_refused),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
