/* The bootstrap against the plain way, draw by draw. */
#include "core/quantile.h"
#include "score/bootstrap.h"

#include <omp.h>

#include "core/random.h"
#include "score/metrics.h"
#include "support/check.h"
#include "support/fail_alloc.h"

enum { ROWS = 97, GROUPS = 3, METHODS = 2, DRAWS = 400 };

/* Group 2 holds the rows 90 .. 96; method 1 has no predictions there. */
typedef struct sample {
  double target[ROWS], better[ROWS], worse[ROWS];
  size_t row_list[ROWS], group_start[GROUPS + 1];
  const double *predictions[METHODS];
  hr_bootstrap_input input;
} sample;

static void sample_init(sample *s) {
  *s = (sample){.group_start = {0, 40, 90, ROWS}, .predictions = {s->better, s->worse}};
  for (size_t i = 0; i < ROWS; i++) {
    s->row_list[i] = (i * 10) % ROWS; /* any order */
    s->target[i] = 3.0 + sin((double)i);
    s->better[i] = s->target[i] + 0.1 * cos(7.0 * (double)i);
    s->worse[i] = s->target[i] + 0.5 * cos(3.0 * (double)i);
  }
  for (size_t i = 90; i < ROWS; i++) s->worse[s->row_list[i]] = (double)NAN;
  s->input = (hr_bootstrap_input){.rows = ROWS,
                                  .target = s->target,
                                  .row_list = s->row_list,
                                  .group_start = s->group_start,
                                  .group_count = GROUPS,
                                  .predictions = s->predictions,
                                  .method_count = METHODS,
                                  .draws = DRAWS,
                                  .seed = 5};
}

/* The group of a row, by search. */
static size_t group_of(const sample *s, size_t row) {
  for (size_t k = 0; k < GROUPS; k++) {
    for (size_t i = s->group_start[k]; i < s->group_start[k + 1]; i++) {
      if (s->row_list[i] == row) return k;
    }
  }
  fail();
  return 0;
}

/* The plain way: list the drawn rows, score them with the metrics of the whole study. */
static double plain_r2(const sample *s, size_t draw, size_t method,
                       hr_group_range range) {
  size_t drawn[ROWS], count = 0;
  for (uint32_t i = 0; i < ROWS; i++) {
    size_t row = hr_uniform_below(s->input.seed, HR_STREAM_BOOTSTRAP, draw, i, ROWS);
    size_t group = group_of(s, row);
    if (group >= range.first && group < range.end) drawn[count++] = row;
  }
  return hr_metrics_compute(s->target, s->predictions[method], drawn, count).r2;
}

static void test_draws_agree_with_the_plain_way(void **state) {
  (void)state;
  static const hr_group_range ranges[] = {{0, 1}, {1, 2}, {2, 3}, {0, 2}, {0, 3}};
  sample s;
  hr_error err;
  hr_bootstrap *bootstrap = NULL;
  sample_init(&s);
  check_ok(hr_bootstrap_create(&s.input, &bootstrap, &err));
  for (size_t draw = 0; draw < 20; draw++) {
    for (size_t r = 0; r < sizeof ranges / sizeof *ranges; r++) {
      for (size_t m = 0; m < METHODS; m++) {
        double plain = plain_r2(&s, draw, m, ranges[r]);
        double fast = hr_bootstrap_draw_r2(bootstrap, draw, m, ranges[r]);
        if (isnan(plain)) {
          assert_true(isnan(fast));
        } else {
          check_near(fast, plain, 1e-12);
        }
      }
    }
  }
  hr_bootstrap_destroy(&bootstrap);
}

/* Phi(-sqrt(n / (n - 1)) t), from scipy's norm.cdf and t.ppf. */
static void test_tails(void **state) {
  (void)state;
  check_near(hr_bootstrap_tail(0), 0, 0);
  check_near(hr_bootstrap_tail(1), 0, 0);
  check_near(hr_bootstrap_tail(5), 0.000954100552, 2e-4);
  check_near(hr_bootstrap_tail(10), 0.008550639026, 1e-5);
  check_near(hr_bootstrap_tail(30), 0.018753900278, 1e-6);
  check_near(hr_bootstrap_tail(100), 0.023064387211, 1e-9);
  check_near(hr_bootstrap_tail(3000), 0.024934717778, 1e-9);
  check_near(hr_bootstrap_tail(1e12), 0.025, 1e-9);
}

static void test_intervals_are_quantiles_of_the_draws(void **state) {
  (void)state;
  sample s;
  hr_error err;
  hr_bootstrap *bootstrap = NULL;
  const hr_group_range range = {0, 2};
  double r2[DRAWS], delta[DRAWS], least[DRAWS];
  sample_init(&s);
  check_ok(hr_bootstrap_create(&s.input, &bootstrap, &err));
  for (size_t d = 0; d < DRAWS; d++) {
    r2[d] = hr_bootstrap_draw_r2(bootstrap, d, 0, range);
    delta[d] = r2[d] - hr_bootstrap_draw_r2(bootstrap, d, 1, range);
    least[d] = (double)INFINITY;
    for (size_t k = 0; k < 2; k++) {
      hr_group_range one = {k, k + 1};
      least[d] = fmin(least[d], hr_bootstrap_draw_r2(bootstrap, d, 0, one) -
                                    hr_bootstrap_draw_r2(bootstrap, d, 1, one));
    }
  }
  hr_sort_numbers(r2, DRAWS);
  hr_sort_numbers(delta, DRAWS);
  hr_sort_numbers(least, DRAWS);
  const size_t groups[] = {0, 1};
  hr_interval one = hr_bootstrap_r2(bootstrap, 0, range);
  hr_interval two = hr_bootstrap_delta(bootstrap, 0, 1, range);
  hr_interval three = hr_bootstrap_least_delta(bootstrap, 0, 1, groups, 2);
  const size_t *start = s.input.group_start;
  double all = hr_bootstrap_tail((double)(start[2] - start[0]));
  double smallest = hr_bootstrap_tail(
      fmin((double)(start[1] - start[0]), (double)(start[2] - start[1])));
  check_near(one.low, hr_quantile(r2, DRAWS, all), 0);
  check_near(one.high, hr_quantile(r2, DRAWS, 1 - all), 0);
  check_near(two.low, hr_quantile(delta, DRAWS, all), 0);
  check_near(two.high, hr_quantile(delta, DRAWS, 1 - all), 0);
  check_near(three.low, hr_quantile(least, DRAWS, smallest), 0);
  check_near(three.high, hr_quantile(least, DRAWS, 1 - smallest), 0);
  assert_true(two.low > 0 && one.low < one.high);
  hr_bootstrap_destroy(&bootstrap);
}

static void test_a_method_against_itself_differs_by_nothing(void **state) {
  (void)state;
  sample s;
  hr_error err;
  hr_bootstrap *bootstrap = NULL;
  sample_init(&s);
  check_ok(hr_bootstrap_create(&s.input, &bootstrap, &err));
  hr_interval same = hr_bootstrap_delta(bootstrap, 0, 0, (hr_group_range){0, 3});
  check_near(same.low, 0, 0);
  check_near(same.high, 0, 0);
  hr_bootstrap_destroy(&bootstrap);
}

static void test_undefined_intervals(void **state) {
  (void)state;
  sample s;
  hr_error err;
  hr_bootstrap *bootstrap = NULL;
  sample_init(&s);
  /* Group 0 has one value only, group 1 two rows: a draw often has but one of them. */
  s.group_start[1] = 30;
  s.group_start[2] = 32;
  for (size_t i = 0; i < 30; i++) s.target[s.row_list[i]] = 0.1;
  check_ok(hr_bootstrap_create(&s.input, &bootstrap, &err));
  for (size_t k = 0; k < 2; k++) {
    hr_interval interval = hr_bootstrap_r2(bootstrap, 0, (hr_group_range){k, k + 1});
    assert_true(isnan(interval.low) && isnan(interval.high));
  }
  hr_interval unpredicted = hr_bootstrap_r2(bootstrap, 1, (hr_group_range){0, 3});
  assert_true(isnan(unpredicted.low));
  hr_interval nothing = hr_bootstrap_least_delta(bootstrap, 0, 1, NULL, 0);
  assert_true(isnan(nothing.low));
  hr_bootstrap_destroy(&bootstrap);
}

static void test_threads_do_not_matter(void **state) {
  (void)state;
  sample s;
  hr_error err;
  hr_interval found[2];
  sample_init(&s);
  int before = omp_get_max_threads();
  for (int t = 0; t < 2; t++) {
    hr_bootstrap *bootstrap = NULL;
    omp_set_num_threads(t == 0 ? 1 : 4);
    check_ok(hr_bootstrap_create(&s.input, &bootstrap, &err));
    found[t] = hr_bootstrap_r2(bootstrap, 0, (hr_group_range){0, 3});
    hr_bootstrap_destroy(&bootstrap);
  }
  omp_set_num_threads(before);
  assert_memory_equal(&found[0], &found[1], sizeof found[0]);
}

static void test_too_many_rows(void **state) {
  (void)state;
  sample s;
  hr_error err;
  hr_bootstrap *bootstrap = NULL;
  sample_init(&s);
  s.input.rows = (size_t)1 << 32;
  check_fails(hr_bootstrap_create(&s.input, &bootstrap, &err), HR_ERR_DATA,
              "4294967296 test rows are more than the 4294967295 that can be drawn");
}

static hr_status draw(const sample *s) {
  hr_bootstrap *bootstrap = NULL;
  hr_status status = hr_bootstrap_create(&s->input, &bootstrap, NULL);
  hr_bootstrap_destroy(&bootstrap);
  return status;
}

static void test_memory_can_run_out(void **state) {
  (void)state;
  sample s;
  sample_init(&s);
  s.input.draws = 2;
  check_alloc_failures(draw(&s));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_draws_agree_with_the_plain_way),
      cmocka_unit_test(test_tails),
      cmocka_unit_test(test_intervals_are_quantiles_of_the_draws),
      cmocka_unit_test(test_a_method_against_itself_differs_by_nothing),
      cmocka_unit_test(test_undefined_intervals),
      cmocka_unit_test(test_threads_do_not_matter),
      cmocka_unit_test(test_too_many_rows),
      cmocka_unit_test(test_memory_can_run_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
