/* What components leave out, found by a sample: here templates are other ones over pixels
 * than by components. */
#include "support/small_templates.h"

static const hr_templates_options by_components = {.weigh = HR_WEIGH_COMPONENTS};

static void change_pixels(const small_templates *s, float factor, float shake) {
  float *x = s->templates->x;
  for (size_t i = 0; i < SMALL_COUNT * SMALL_PIXELS; i++) {
    x[i] = factor * x[i] + shake * (float)((i * 7919) % 101) / 101;
  }
}

/* The mean over all templates as they are over pixels. */
static double on_paper(const small_templates *s, size_t r) {
  const hr_templates *t = s->templates;
  double weight[SMALL_COUNT], largest = -INFINITY, sum = 0, mean = 0;
  for (size_t k = 0; k < t->tile_count; k++) {
    for (size_t i = t->tiles[k].first; i < t->tiles[k].first + t->tiles[k].count; i++) {
      float f[SMALL_PIXELS];
      const float *centre = t->centre + k * SMALL_PIXELS;
      const float *g = t->x + t->slot[i] * SMALL_PIXELS;
      for (size_t p = 0; p < SMALL_PIXELS; p++) f[p] = centre[p] + g[p];
      weight[i] = t->fold[i] == s->fold[r] ? -(double)INFINITY
                                           : small_term(s, HR_TERM_WEIGHT, r, f);
      largest = fmax(largest, weight[i]);
    }
  }
  for (size_t i = 0; i < SMALL_COUNT; i++) {
    double w = exp(weight[i] - largest);
    sum += w;
    mean += w * s->label[t->slot[i]].y;
  }
  return mean / sum;
}

static void means_are_corrected_within_their_error(void **state) {
  small_templates *s = small_templates_create(&by_components, *state);
  bool has_moved = false;
  change_pixels(s, 1.002F, 0);
  for (size_t r = 0; r < SMALL_ROWS; r++) {
    double before = s->all[r].mean, wanted = on_paper(s, r);
    hr_templates_conclude(&s->comparison, r, &s->work->scratch[0].local);
    double tolerance = s->all[r].error + 1e-5;
    assert_true(s->all[r].error < 0.01);
    check_near(s->all[r].mean, wanted, tolerance);
    has_moved |= fabs(before - wanted) > tolerance;
  }
  assert_true(has_moved);
  small_templates_destroy(s);
}

/* Templates that components know nothing of: no correction is believed. */
static void what_moves_too_much_has_no_error(void **state) {
  small_templates *s = small_templates_create(&by_components, *state);
  change_pixels(s, 1, 0.05F);
  for (size_t r = 0; r < SMALL_ROWS; r++) {
    hr_templates_conclude(&s->comparison, r, &s->work->scratch[0].local);
    assert_true(isinf(s->all[r].error) && isinf(s->own[r].error));
  }
  small_templates_destroy(s);
}

/* Only targets that are asked for get an answer. */
static void other_targets_are_left_alone(void **state) {
  small_templates *s = small_templates_create(&by_components, *state);
  hr_conclusion of = {.comparison = &s->comparison, .row = 0, .group = 0};
  hr_posterior out = {.mean = 5};
  of.out = &out;
  of.sums[0] = (hr_template_sums){.sum = 1, .second_moment = 1, .squares = 1};
  hr_templates_check(&of);
  check_near(out.mean, 5, 0);
  small_templates_destroy(s);
}

#define on_both(test)                                                       \
  {"reference: " #test, test, NULL, NULL, (void *)&hr_compute_reference}, { \
    "blas: " #test, test, NULL, NULL, (void *)&hr_compute_blas              \
  }

int main(void) {
  const struct CMUnitTest tests[] = {
      on_both(means_are_corrected_within_their_error),
      on_both(what_moves_too_much_has_no_error),
      on_both(other_targets_are_left_alone),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
