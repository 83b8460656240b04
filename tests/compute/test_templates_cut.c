/* Cutting templates into tiles: whole groups, like spectra together, everyone once. */
#include "compute/templates_parts.h"
#include "core/alloc.h"
#include "core/random.h"
#include "support/check.h"

enum { PIXELS = 30, KINDS = 4, EACH = 500, LONE = 3, COUNT = KINDS * EACH + LONE };

/* The kind is the slot's rest by KINDS: neighbours are unlike. The last few are a group
 * of their own. */
static void put_all(hr_templates *t) {
  for (size_t i = 0; i < COUNT; i++) {
    float x[PIXELS];
    hr_normal(8, HR_STREAM_SAMPLE, i, 0, PIXELS, x);
    for (size_t p = 0; p < PIXELS; p++) x[p] = 0.01F * x[p] + (p % KINDS == i % KINDS);
    hr_templates_put(t, i, x, &(hr_template_label){0, i < KINDS * EACH ? 4 : 5, 0});
  }
}

static hr_templates *cut_all(const hr_compute *compute) {
  hr_error err;
  hr_templates *t = NULL;
  const hr_templates_options options = {.weigh = HR_WEIGH_PIXELS};
  check_ok(hr_templates_create(COUNT, PIXELS, &options, compute, &t, &err));
  put_all(t);
  check_ok(hr_alloc(&t->scale, PIXELS, &err));
  for (size_t p = 0; p < PIXELS; p++) t->scale[p] = 1;
  check_ok(hr_templates_cut(t, &err));
  return t;
}

static void everyone_is_in_one_tile(void **state) {
  hr_templates *t = cut_all(*state);
  bool seen[COUNT] = {false};
  size_t next = 0;
  assert_int_equal(t->tile_count, 3); /* 2,000 in pieces of at most 1,024, and 3 */
  for (size_t k = 0; k < t->tile_count; k++) {
    assert_int_equal(t->tiles[k].first, next);
    assert_int_equal(t->tiles[k].group, k < 2 ? 4 : 5);
    next += t->tiles[k].count;
  }
  assert_int_equal(next, COUNT);
  assert_int_equal(t->tiles[0].count, KINDS * EACH / 2);
  assert_int_equal(t->tiles[2].count, LONE);
  for (size_t i = 0; i < COUNT; i++) {
    assert_false(seen[t->slot[i]]);
    seen[t->slot[i]] = true;
    assert_int_equal(t->slot[i] >= KINDS * EACH, i >= KINDS * EACH);
  }
  hr_templates_destroy(&t);
}

/* Halved along the axis of most variance, kinds stay together but for the one or two at
 * the middle. */
static void like_ones_are_together(void **state) {
  hr_templates *t = cut_all(*state);
  size_t whole = 0, counts[KINDS] = {0};
  for (size_t i = 0; i < t->tiles[0].count; i++) counts[t->slot[i] % KINDS]++;
  for (size_t kind = 0; kind < KINDS; kind++) {
    whole += counts[kind] == EACH || counts[kind] == 0;
  }
  assert_in_range(whole, 2, KINDS);
  hr_templates_destroy(&t);
}

#define on_both(test)                                                       \
  {"reference: " #test, test, NULL, NULL, (void *)&hr_compute_reference}, { \
    "blas: " #test, test, NULL, NULL, (void *)&hr_compute_blas              \
  }

int main(void) {
  const struct CMUnitTest tests[] = {
      on_both(everyone_is_in_one_tile),
      on_both(like_ones_are_together),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
