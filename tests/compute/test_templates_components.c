/* Terms by components against their formula: spectra of two smooth patterns lose next to
 * nothing, though the tile's components are few. */
#include "support/fail_alloc.h"
#include "support/small_templates.h"

static const hr_templates_options by_components = {.weigh = HR_WEIGH_COMPONENTS};

/* The mean and two patterns, which are not orthogonal to it; squares of them, and s. */
static void tiles_have_few_components(void **state) {
  small_templates *s = small_templates_create(&by_components, *state);
  for (size_t k = 0; k < s->templates->tile_count; k++) {
    const hr_template_tile *tile = &s->templates->tiles[k];
    assert_in_range(tile->linear, 3, 4);
    assert_in_range(tile->square, 2, 8);
  }
  small_templates_destroy(s);
}

static void gains_are_those_of_the_formula(void **state) {
  small_templates *s = small_templates_create(&by_components, *state);
  const hr_templates *t = s->templates;
  hr_template_scratch *scratch = &s->work->scratch[0];
  for (size_t k = 0; k < t->tile_count; k++) {
    for (int term = 0; term <= HR_TERM_NORM; term++) {
      hr_templates_weigh_components(&s->comparison, k, (hr_template_term)term, scratch);
      for (size_t r = 0; r < SMALL_ROWS; r++) {
        for (size_t i = 0; i < t->tiles[k].count; i++) {
          double expected =
              small_gain(s, (hr_template_term)term, r, k, t->tiles[k].first + i);
          double gain = (double)scratch->gain[r * HR_TEMPLATE_TILE + i];
          check_near(gain, expected, 0.01 + 1e-4 * fabs(expected));
        }
      }
    }
  }
  small_templates_destroy(s);
}

static hr_status compress_again(hr_templates *t) {
  hr_free(t->basis);
  hr_free(t->coefficient);
  t->basis = t->coefficient = NULL;
  return hr_templates_compress(t, NULL);
}

static void failing_allocations_leave_nothing(void **state) {
  small_templates *s = small_templates_create(&by_components, *state);
  check_alloc_failures(compress_again(s->templates));
  small_templates_destroy(s);
}

#define on_both(test)                                                       \
  {"reference: " #test, test, NULL, NULL, (void *)&hr_compute_reference}, { \
    "blas: " #test, test, NULL, NULL, (void *)&hr_compute_blas              \
  }

int main(void) {
  const struct CMUnitTest tests[] = {
      on_both(tiles_have_few_components),
      on_both(gains_are_those_of_the_formula),
      on_both(failing_allocations_leave_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
