/* The sizes of a file's parts, and templates rebuilt from components. */
#include "compute/templates_layout.h"

#include <stdlib.h>

#include "support/few_templates.h"

static void parts_are_as_large_as_they_say(void **state) {
  (void)state;
  uint64_t words[HR_TEMPLATES_WORDS] = {
      [HR_TEMPLATES_COUNT] = 10,     [HR_TEMPLATES_PIXELS] = 300,
      [HR_TEMPLATES_TILES] = 2,      [HR_TEMPLATES_COLUMNS] = 3,
      [HR_TEMPLATES_COMPONENTS] = 5, [HR_TEMPLATES_COEFFICIENTS] = 40,
      [HR_TEMPLATES_TARGETS] = 1};
  double common = 8 + 17 * 8 + 2 * 20 + 10 * 4 + 10 * 4 + 10 * 3 * 8 + 300 * 8 +
                  2 * 300 * 4 + 5 * 300 * 4 + 40 * 4;
  check_near(hr_templates_file_size(words), common + 10 * 300 * 4, 0);
  words[HR_TEMPLATES_COMPACT] = 1;
  words[HR_TEMPLATES_KEPT] = 4;
  check_near(hr_templates_file_size(words), common + 4 * 2 * 4 + 4 * 300 * 2, 0);
  check_near(hr_templates_part_size(words, HR_PART_STEPS), 4 * 2 * 4, 0);
  words[HR_TEMPLATES_TARGETS] = 3;
  check_near(hr_templates_file_size(words),
             common + 2 * (10 * 4 + 16) + 4 * 2 * 4 + 4 * 300 * 2, 0);
  words[HR_TEMPLATES_COUNT] = words[HR_TEMPLATES_PIXELS] = (uint64_t)1 << 40;
  words[HR_TEMPLATES_COMPACT] = 0;
  assert_true(hr_templates_file_size(words) > 4e24);
}

static void runs_cover_all_pixels(void **state) {
  (void)state;
  assert_int_equal(hr_templates_runs(0), 0);
  assert_int_equal(hr_templates_runs(1), 1);
  assert_int_equal(hr_templates_runs(256), 1);
  assert_int_equal(hr_templates_runs(257), 2);
}

static void components_rebuild_smooth_templates(void **state) {
  (void)state;
  few_templates *s = calloc(1, sizeof *s);
  float *g = calloc(HR_TEMPLATE_TILE * FEW_PIXELS, sizeof *g);
  few_templates_init(s, 0);
  hr_templates *t =
      few_templates_make(s, &(hr_templates_options){.weigh = HR_WEIGH_COMPONENTS});
  for (size_t k = 0; k < t->tile_count; k++) {
    hr_templates_rebuild(t, k, g);
    for (size_t i = 0; i < t->tiles[k].count; i++) {
      size_t slot = t->slot[t->tiles[k].first + i];
      for (size_t p = 0; p < FEW_PIXELS; p++) {
        check_near(g[i * FEW_PIXELS + p], t->x[slot * FEW_PIXELS + p], 1e-3);
      }
    }
  }
  hr_templates_destroy(&t);
  free(g);
  free(s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(parts_are_as_large_as_they_say),
      cmocka_unit_test(runs_cover_all_pixels),
      cmocka_unit_test(components_rebuild_smooth_templates),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
