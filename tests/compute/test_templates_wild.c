/* Spectra with a pixel that fp32 does not hold: the posterior is that of fp64. */
#include "compute/compute.h"
#include "support/small_templates.h"

static hr_templates_options options_of(hr_weigh weigh, double least_effective) {
  return (hr_templates_options){
      .weigh = weigh, .amplitude = HR_AMPLITUDE_NONE, .least_effective = least_effective};
}

/* The posterior mean of row r over all templates, or those of its group, on paper. */
static double mean_on_paper(const small_templates *s, size_t r, bool own) {
  double log_weight[SMALL_COUNT], largest = -INFINITY, sum = 0, moment = 0;
  for (size_t i = 0; i < SMALL_COUNT; i++) {
    bool is_out = own && s->label[i].group != s->group[r];
    is_out = is_out || (s->fold[r] != HR_NO_FOLD && s->label[i].fold == s->fold[r]);
    log_weight[i] = is_out ? -(double)INFINITY
                           : small_term(s, HR_TERM_WEIGHT, r, s->f + i * SMALL_PIXELS);
    largest = fmax(largest, log_weight[i]);
  }
  for (size_t i = 0; i < SMALL_COUNT; i++) {
    double weight = exp(log_weight[i] - largest);
    sum += weight;
    moment += weight * s->label[i].y;
  }
  return moment / sum;
}

static void compare_again(small_templates *s) {
  hr_error err;
  check_ok(hr_templates_compare(s->templates, s->work, &s->query, s->own, s->all, &err));
}

/* Row 1 with another value in one pixel. */
static void check_pixel(const hr_templates_options *options, float value) {
  small_templates *s = small_templates_create(options, hr_compute_default());
  const hr_posterior before = s->all[0];
  s->x[SMALL_PIXELS + 100] = value;
  compare_again(s);
  for (int own = 0; own <= 1; own++) {
    const hr_posterior *found = own ? &s->own[1] : &s->all[1];
    check_near(found->mean, mean_on_paper(s, 1, own), 1e-5);
    assert_true(found->variance >= 0 && isfinite(found->variance));
    assert_true(isfinite(found->effective) && found->effective >= 1 - 1e-6);
    assert_true(isfinite(found->chi2) && found->chi2 > 100);
  }
  assert_true(s->work->is_wild[1]);
  assert_false(s->work->is_wild[0]);
  /* What stands beside it is as it was. */
  assert_memory_equal(&before, &s->all[0], sizeof before);
  small_templates_destroy(s);
}

static void one_hot_pixel_leaves_the_posterior_that_it_is(void **state) {
  (void)state;
  static const float values[] = {1e6F, -1e6F, 1e10F, 1e15F, -1e30F};
  static const hr_weigh ways[] = {HR_WEIGH_PIXELS, HR_WEIGH_COMPONENTS};
  for (size_t w = 0; w < 2; w++) {
    for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
      hr_templates_options options = options_of(ways[w], 0);
      check_pixel(&options, values[v]);
      options.least_effective = 20; /* no linear model is asked */
      check_pixel(&options, values[v]);
    }
  }
}

static void an_amplitude_that_is_not_known_is_finite_too(void **state) {
  (void)state;
  static const hr_amplitude amplitudes[] = {HR_AMPLITUDE_FLAT, HR_AMPLITUDE_GAUSSIAN};
  for (size_t a = 0; a < 2; a++) {
    hr_templates_options options = options_of(HR_WEIGH_PIXELS, 0);
    options.amplitude = amplitudes[a];
    options.amplitude_sigma = 0.1;
    small_templates *s = small_templates_create(&options, hr_compute_default());
    s->x[SMALL_PIXELS + 100] = 1e12F;
    compare_again(s);
    assert_true(isfinite(s->all[1].mean) && isfinite(s->own[1].mean));
    assert_true(isfinite(s->all[1].variance) && isfinite(s->all[1].chi2));
    small_templates_destroy(s);
  }
}

/* A pixel that fp32 still holds takes the line out of what it knows. */
static void a_line_that_leaves_the_templates_is_not_followed(void **state) {
  (void)state;
  hr_templates_options options = options_of(HR_WEIGH_PIXELS, 20);
  small_templates *s = small_templates_create(&options, hr_compute_default());
  double most = 0;
  for (size_t i = 0; i < SMALL_COUNT; i++) most = fmax(most, fabs(s->label[i].y - 3));
  s->x[SMALL_PIXELS + 100] = 1e4F;
  compare_again(s);
  assert_false(s->work->is_wild[1]);
  assert_true(fabs(s->all[1].mean - 3) <= 3.1 * most);
  check_near(s->all[1].mean, mean_on_paper(s, 1, false), 0.05);
  small_templates_destroy(s);
}

/* Spectra that look like none, without a pixel that does so alone. */
static void rows_of_zeros_and_of_one_value_are_finite(void **state) {
  (void)state;
  hr_templates_options options = options_of(HR_WEIGH_PIXELS, 20);
  small_templates *s = small_templates_create(&options, hr_compute_default());
  for (size_t p = 0; p < SMALL_PIXELS; p++) {
    s->x[p] = 0;
    s->x[SMALL_PIXELS + p] = 1e20F;
  }
  compare_again(s);
  for (size_t r = 0; r < 2; r++) {
    assert_true(isfinite(s->all[r].mean) && isfinite(s->own[r].mean));
    assert_true(isfinite(s->all[r].variance));
  }
  small_templates_destroy(s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_hot_pixel_leaves_the_posterior_that_it_is),
      cmocka_unit_test(an_amplitude_that_is_not_known_is_finite_too),
      cmocka_unit_test(a_line_that_leaves_the_templates_is_not_followed),
      cmocka_unit_test(rows_of_zeros_and_of_one_value_are_finite),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
