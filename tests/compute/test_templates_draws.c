/* Draws have the mean and the variance of their posterior, and depend on nothing but it
 * and the number of the row. */
#include <omp.h>
#include <stdlib.h>

#include "compute/templates_parts.h"
#include "support/few_templates.h"

enum { ROWS = HR_QUERY_ROWS, TARGETS = 2, VALUES = ROWS * TARGETS * HR_DRAWS };

typedef struct fixture {
  few_templates s;
  uint64_t key[ROWS];
  bool wanted[ROWS];
  hr_posterior own[ROWS * TARGETS], all[ROWS * TARGETS];
  float own_draws[VALUES], all_draws[VALUES];
} fixture;

static const hr_templates_options ways[] = {
    {.weigh = HR_WEIGH_PIXELS, .targets = TARGETS},
    {.weigh = HR_WEIGH_COMPONENTS, .targets = TARGETS},
    {.weigh = HR_WEIGH_COMPONENTS, .targets = TARGETS, .least_effective = 100},
};
enum { WAYS = sizeof ways / sizeof ways[0] };

/* Every row the same spectrum, with a number of its own. */
static void repeat(fixture *f, size_t row, int32_t group) {
  for (size_t r = 0; r < ROWS; r++) {
    if (r != row) {
      memcpy(f->s.x + r * FEW_PIXELS, f->s.x + row * FEW_PIXELS, FEW_PIXELS * 4);
      memcpy(f->s.error + r * FEW_PIXELS, f->s.error + row * FEW_PIXELS, FEW_PIXELS * 4);
    }
    f->s.group[r] = group;
  }
}

static fixture *make(void) {
  fixture *f = calloc(1, sizeof *f);
  few_templates_init(&f->s, 0.001F);
  for (size_t r = 0; r < ROWS; r++) {
    f->key[r] = 1000 + r;
    f->wanted[r] = true;
  }
  return f;
}

static void compare(fixture *f, const hr_templates *t, double level) {
  hr_error err;
  hr_templates_workspace *work = NULL;
  const hr_query_draws draws = {f->wanted, f->key, f->own_draws, f->all_draws};
  const hr_query query = {.rows = ROWS,
                          .x = f->s.x,
                          .error = f->s.error,
                          .level = level,
                          .group = f->s.group,
                          .fold = f->s.fold,
                          .draws = &draws};
  check_ok(hr_templates_workspace_create(t, &work, &err));
  check_ok(hr_templates_compare(t, work, &query, f->own, f->all, &err));
  hr_templates_workspace_destroy(&work);
}

typedef struct moments {
  double mean, variance, kurtosis;
} moments;

static size_t draw_at(size_t i, size_t target) {
  return (i / HR_DRAWS * TARGETS + target) * HR_DRAWS + i % HR_DRAWS;
}

/* Of the draws of all rows, which are of one posterior. */
static moments find_moments(const float *draws, size_t target) {
  double mean = 0, variance = 0, fourth = 0, count = ROWS * HR_DRAWS;
  for (size_t i = 0; i < ROWS * HR_DRAWS; i++) {
    mean += (double)draws[draw_at(i, target)] / count;
  }
  for (size_t i = 0; i < ROWS * HR_DRAWS; i++) {
    double off = (double)draws[draw_at(i, target)] - mean;
    variance += off * off / count;
    fourth += off * off * off * off / count;
  }
  return (moments){mean, variance, fourth / variance / variance};
}

/* 32,768 draws: four standard errors of their mean and of their variance. */
static void check_moments(const float *draws, const hr_posterior *found, size_t target) {
  moments drawn = find_moments(draws, target);
  double variance = found[target].variance;
  assert_true(variance > 0);
  double share = 4 / sqrt(ROWS * HR_DRAWS);
  check_near(drawn.mean, found[target].mean, share * sqrt(variance));
  check_near(drawn.variance, variance, share * sqrt(drawn.kurtosis - 1) * variance);
}

static void mean_and_variance_are_those_of_the_posterior(void **state) {
  (void)state;
  fixture *f = make();
  for (size_t way = 0; way < WAYS; way++) {
    hr_templates *t = few_templates_make(&f->s, &ways[way]);
    for (size_t row = 0; row < 3; row++) {
      few_templates_init(&f->s, 0.001F);
      repeat(f, row, 0);
      compare(f, t, row == 0 ? 3 : 0.5);
      for (size_t target = 0; target < TARGETS; target++) {
        check_moments(f->own_draws, f->own, target);
        check_moments(f->all_draws, f->all, target);
      }
    }
    hr_templates_destroy(&t);
  }
  free(f);
}

/* A linear model's posterior is a Gaussian, of kurtosis 3. */
static void where_a_linear_model_predicts_they_are_gaussian(void **state) {
  (void)state;
  fixture *f = make();
  hr_templates *t = few_templates_make(&f->s, &ways[2]);
  repeat(f, 0, 1);
  compare(f, t, 0.3);
  assert_true(f->own[0].effective < 100);
  check_near(find_moments(f->own_draws, 0).kurtosis, 3, 0.12);
  hr_templates_destroy(&t);
  free(f);
}

/* Two clumps of templates far from each other, of one weight: so are the draws. */
static void they_are_not_all_gaussian(void **state) {
  (void)state;
  fixture *f = make();
  for (size_t i = 0; i < FEW_TEMPLATES; i++) {
    f->s.label[i].y = i % 2 ? 1 : -1;
  }
  hr_templates *t = few_templates_make(&f->s, &ways[0]);
  repeat(f, 0, 0);
  compare(f, t, 200); /* nearly all weights are the same */
  assert_true(f->own[0].effective > 600);
  assert_true(find_moments(f->own_draws, 0).kurtosis < 1.6);
  hr_templates_destroy(&t);
  free(f);
}

static void they_depend_on_the_number_of_the_row(void **state) {
  (void)state;
  fixture *f = make(), *other = make();
  hr_templates *t = few_templates_make(&f->s, &ways[1]);
  hr_templates *alone =
      few_templates_make(&f->s, &(hr_templates_options){.weigh = HR_WEIGH_COMPONENTS});
  compare(f, t, 1);
  int threads = omp_get_max_threads();
  omp_set_num_threads(1);
  for (size_t r = 0; r < ROWS; r++) other->wanted[r] = r % 2;
  other->key[1]++;
  compare(other, t, 1);
  omp_set_num_threads(threads);
  size_t row = TARGETS * HR_DRAWS, size = row * sizeof(float);
  for (size_t r = 3; r < ROWS; r += 2) {
    assert_memory_equal(f->all_draws + r * row, other->all_draws + r * row, size);
  }
  assert_true(memcmp(f->all_draws + row, other->all_draws + row, size) != 0);
  for (size_t i = 0; i < row; i++) check_near(other->all_draws[i], 0, 0);
  compare(other, alone, 1); /* [rows][1] */
  for (size_t r = 3; r < ROWS; r += 2) {
    assert_memory_equal(f->all_draws + r * row, other->all_draws + r * HR_DRAWS,
                        HR_DRAWS * sizeof(float));
  }
  hr_templates_destroy(&t);
  hr_templates_destroy(&alone);
  free(f);
  free(other);
}

static void without_templates_there_are_none(void **state) {
  (void)state;
  fixture *f = make();
  hr_templates *t = few_templates_make(&f->s, &ways[0]);
  repeat(f, 0, 77);
  compare(f, t, 1);
  for (size_t i = 0; i < VALUES; i++) {
    assert_true(isnan(f->own_draws[i]) && !isnan(f->all_draws[i]));
  }
  hr_templates_destroy(&t);
  free(f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(mean_and_variance_are_those_of_the_posterior),
      cmocka_unit_test(where_a_linear_model_predicts_they_are_gaussian),
      cmocka_unit_test(they_are_not_all_gaussian),
      cmocka_unit_test(they_depend_on_the_number_of_the_row),
      cmocka_unit_test(without_templates_there_are_none),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
