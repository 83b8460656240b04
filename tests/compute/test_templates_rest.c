/* What components leave, rounded and added again. */
#include "compute/templates_rest.h"

#include <stdlib.h>

#include "compute/templates_layout.h"
#include "support/fail_alloc.h"
#include "support/few_templates.h"

static hr_templates *make(float roughness) {
  few_templates *s = calloc(1, sizeof *s);
  few_templates_init(s, roughness);
  hr_templates *t =
      few_templates_make(s, &(hr_templates_options){.weigh = HR_WEIGH_COMPONENTS});
  free(s);
  return t;
}

static void with_it_templates_lack_next_to_nothing(void **state) {
  (void)state;
  hr_error err;
  hr_templates *t = make(0.002F);
  float *g = calloc(HR_TEMPLATE_TILE * FEW_PIXELS, sizeof *g);
  size_t runs = hr_templates_runs(FEW_PIXELS), kept = 0;
  for (size_t k = 0; k < t->tile_count; k++) {
    hr_templates_rest rest;
    double without = 0, with = 0;
    check_ok(hr_templates_rest_find(t, k, &rest, &err));
    if (!rest.left) continue; /* as many components as templates */
    kept++;
    hr_templates_rebuild(t, k, g);
    for (size_t i = 0; i < t->tiles[k].count; i++) {
      const float *x = t->x + t->slot[t->tiles[k].first + i] * FEW_PIXELS;
      float *found = g + i * FEW_PIXELS;
      for (size_t p = 0; p < FEW_PIXELS; p++) {
        without = fmax(without, fabs((double)(x[p] - found[p])));
      }
      hr_templates_rest_add(rest.step + i * runs, rest.left + i * FEW_PIXELS, t->scale,
                            FEW_PIXELS, found);
      for (size_t p = 0; p < FEW_PIXELS; p++) {
        with = fmax(with, fabs((double)(x[p] - found[p])));
      }
    }
    assert_true(without > 1e-3 && with < 1e-4 * without);
    hr_templates_rest_fini(&rest);
  }
  assert_true(kept > 1);
  hr_templates_destroy(&t);
  free(g);
}

/* All templates the same: the tile's mean is each of them. */
static void where_nothing_is_left_nothing_is_kept(void **state) {
  (void)state;
  hr_error err;
  hr_templates *t = NULL;
  const hr_templates_options options = {.weigh = HR_WEIGH_COMPONENTS};
  float x[FEW_PIXELS];
  for (size_t p = 0; p < FEW_PIXELS; p++) x[p] = 0.5F;
  check_ok(hr_templates_create(3, FEW_PIXELS, &options, hr_compute_default(), &t, &err));
  for (size_t i = 0; i < 3; i++) {
    hr_templates_put(t, i, x, &(hr_template_label){(double)i, 0, 0});
  }
  check_ok(hr_templates_finish(t, NULL, &err));
  hr_templates_rest rest;
  check_ok(hr_templates_rest_find(t, 0, &rest, &err));
  assert_true(rest.left == NULL && rest.step == NULL);
  hr_templates_rest_fini(&rest);
  hr_templates_destroy(&t);
}

static hr_status find_and_forget(const hr_templates *t) {
  hr_error err;
  hr_templates_rest rest;
  hr_status status = hr_templates_rest_find(t, 0, &rest, &err);
  hr_templates_rest_fini(&rest);
  return status;
}

static void allocations_may_fail(void **state) {
  (void)state;
  hr_templates *t = make(0.002F);
  check_alloc_failures(find_and_forget(t));
  hr_templates_destroy(&t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(with_it_templates_lack_next_to_nothing),
      cmocka_unit_test(where_nothing_is_left_nothing_is_kept),
      cmocka_unit_test(allocations_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
