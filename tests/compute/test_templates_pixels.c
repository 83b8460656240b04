/* Terms over all pixels against their formula in fp64, on both back ends. */
#include "support/small_templates.h"

static const hr_templates_options over_pixels = {.weigh = HR_WEIGH_PIXELS};

static void gains_are_those_of_the_formula(void **state) {
  small_templates *s = small_templates_create(&over_pixels, *state);
  const hr_templates *t = s->templates;
  hr_template_scratch *scratch = &s->work->scratch[0];
  assert_int_equal(t->tile_count, 2);
  for (size_t k = 0; k < t->tile_count; k++) {
    for (int term = 0; term <= HR_TERM_NORM; term++) {
      hr_templates_weigh_pixels(&s->comparison, k, (hr_template_term)term, scratch);
      for (size_t r = 0; r < SMALL_ROWS; r++) {
        for (size_t i = 0; i < t->tiles[k].count; i++) {
          double expected =
              small_gain(s, (hr_template_term)term, r, k, t->tiles[k].first + i);
          double gain = (double)scratch->gain[r * HR_TEMPLATE_TILE + i];
          check_near(gain, expected, 1e-2 + 1e-5 * fabs(expected)); /* fp32 sums */
        }
      }
    }
  }
  small_templates_destroy(s);
}

static void single_templates_are_weighed_to_rounding(void **state) {
  hr_templates_options options = over_pixels;
  for (int amplitude = 0; amplitude <= HR_AMPLITUDE_FLAT; amplitude++) {
    options.amplitude = (hr_amplitude)amplitude;
    small_templates *s = small_templates_create(&options, *state);
    const hr_templates *t = s->templates;
    for (size_t r = 0; r < SMALL_ROWS; r++) {
      for (size_t i = 0; i < t->tiles[1].count; i += 7) {
        size_t place = t->tiles[1].first + i;
        const float *f = s->f + t->slot[place] * SMALL_PIXELS;
        double l = small_term(s, HR_TERM_WEIGHT, r, f);
        double expected =
            hr_amplitude_weight(&options, l, small_term(s, HR_TERM_NORM, r, f));
        double weight = hr_templates_weigh_exactly(&s->comparison, r, 1, place);
        check_near(weight, expected, 1e-3); /* of some 10⁵; fp32 inputs of the sums */
      }
    }
    small_templates_destroy(s);
  }
}

/* A pixel without an error is left out, whatever stands there. */
static void left_factors_know_gaps(void **state) {
  small_templates *s = small_templates_create(&over_pixels, *state);
  float factor[HR_TEMPLATE_DEPTH];
  s->x[7] = NAN;
  hr_templates_fill_left(&s->comparison, HR_TERM_WEIGHT, s->templates->centre, 0,
                         (hr_pixel_range){0, 10}, factor);
  assert_true(factor[7] == 0 && factor[6] != 0 && factor[8] != 0);
  double sigma = (double)s->error[6];
  double expected = ((double)s->x[6] - (double)s->templates->centre[6]) / sigma / sigma;
  check_near(factor[6], expected, 1e-6 * fabs(expected) + 1e-3);
  hr_templates_fill_left(&s->comparison, HR_TERM_NORM, s->templates->centre, 0,
                         (hr_pixel_range){6, 2}, factor);
  expected = 2 * (double)s->templates->centre[6] / sigma / sigma;
  check_near(factor[0], expected, 1e-6 * expected);
  assert_true(factor[1] == 0);
  small_templates_destroy(s);
}

#define on_both(test)                                                       \
  {"reference: " #test, test, NULL, NULL, (void *)&hr_compute_reference}, { \
    "blas: " #test, test, NULL, NULL, (void *)&hr_compute_blas              \
  }

int main(void) {
  const struct CMUnitTest tests[] = {
      on_both(gains_are_those_of_the_formula),
      on_both(single_templates_are_weighed_to_rounding),
      on_both(left_factors_know_gaps),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
