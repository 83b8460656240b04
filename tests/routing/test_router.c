/* Routers: weights of slots from labels, the nearest bin, or nothing at all. */
#include "routing/router.h"
#include "support/check.h"

enum { ROWS = 7, SLOTS = 5 };

static const double t_edges[] = {3000, 4000, 5000}, m_edges[] = {-1, 0, 1};
static const hr_axis axes[] = {{"T_eff", t_edges, 3}, {"M_H", m_edges, 3}};
/* One row a bin; then one too hot, one without a label, one on the last edges. */
static const double t_eff[ROWS] = {3500, 3500, 4500, 4500, 9999, (double)NAN, 5000};
static const double m_h[ROWS] = {-0.5, 0.5, -0.5, 0.5, 0.5, 0.5, 1};

/* The slot that has all the weight of a row; -1: none has any. */
static int only_slot(const double *weight) {
  int found = -1;
  for (int s = 0; s < SLOTS; s++) {
    if (weight[s] == 0) continue;
    check_near(weight[s], 1, 0);
    assert_int_equal(found, -1);
    found = s;
  }
  return found;
}

static void check_slots(const hr_router *router, const char *uncovered,
                        const int expected[ROWS], const bool outside[ROWS]) {
  const hr_bin_column columns[] = {{.values = t_eff}, {.values = m_h}};
  const hr_routing_rows rows = {ROWS, router->needs_labels ? columns : NULL};
  const hr_routing_grid grid = {axes, 2, uncovered};
  double weight[ROWS * SLOTS];
  bool found[ROWS];
  assert_int_equal(hr_routing_slots(&grid), SLOTS);
  for (size_t i = 0; i < ROWS * SLOTS; i++) weight[i] = 9;
  router->weigh(&grid, &rows, weight, found);
  for (size_t i = 0; i < ROWS; i++) {
    assert_int_equal(only_slot(weight + i * SLOTS), expected[i]);
    assert_int_equal(found[i], outside[i]);
  }
}

static const bool two_outside[ROWS] = {false, false, false, false, true, true, false};

static void test_labels(void **state) {
  (void)state;
  check_slots(&hr_router_labels, "exclude", (int[]){0, 1, 2, 3, -1, -1, 3}, two_outside);
  check_slots(&hr_router_labels, "global", (int[]){0, 1, 2, 3, 4, 4, 3}, two_outside);
  check_slots(&hr_router_labels, "nearest", (int[]){0, 1, 2, 3, 3, -1, 3}, two_outside);
}

static void test_nearest(void **state) {
  (void)state;
  check_slots(&hr_router_nearest, "exclude", (int[]){0, 1, 2, 3, 3, -1, 3}, two_outside);
}

static void test_global(void **state) {
  (void)state;
  check_slots(&hr_router_global, "exclude", (int[]){4, 4, 4, 4, 4, 4, 4},
              (bool[ROWS]){false});
}

static void test_names(void **state) {
  (void)state;
  size_t count = 0;
  const hr_router *const *routers = hr_routers(&count);
  assert_int_equal(count, 3);
  for (size_t i = 0; i < count; i++) {
    assert_ptr_equal(hr_router_find(routers[i]->name), routers[i]);
  }
  assert_null(hr_router_find("soft"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_labels),
      cmocka_unit_test(test_nearest),
      cmocka_unit_test(test_global),
      cmocka_unit_test(test_names),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
