#include "core/lattice.h"

#include <math.h>

#include "core/random.h"
#include "support/check.h"
#include "support/fail_alloc.h"

enum { COUNT = 1000 };

static double values[COUNT];
static hr_lattice lattice;
static hr_error err;

/* Uniform on 1 .. 5, and all but one in `free_of` on the nearest node, 0.5 apart. */
static void draw(size_t free_of) {
  for (size_t i = 0; i < COUNT; i++) {
    values[i] = 1 + 4 * hr_uniform(3, HR_STREAM_SIMULATE_TEST, i, 0);
    if (free_of == 0 || i % free_of != 0) values[i] = round(2 * values[i]) / 2;
  }
}

static int tidy(void **state) {
  (void)state;
  hr_lattice_fini(&lattice);
  return 0;
}

static void nodes_are_found(void **state) {
  (void)state;
  draw(5);
  values[3] = (double)NAN;
  check_ok(hr_lattice_find(values, COUNT, &lattice, &err));
  assert_int_equal(lattice.count, 9);
  for (size_t i = 0; i < 9; i++) check_near(lattice.nodes[i], 1 + 0.5 * (double)i, 0);
  check_near(lattice.share, 0.8, 0.002);
  for (size_t i = 0; i < COUNT; i++) {
    bool is_node = values[i] == round(2 * values[i]) / 2;
    assert_int_equal(hr_lattice_holds(&lattice, values[i]), is_node);
  }
}

static void all_may_be_on_nodes(void **state) {
  (void)state;
  draw(0);
  check_ok(hr_lattice_find(values, COUNT, &lattice, &err));
  assert_int_equal(lattice.count, 9);
  check_near(lattice.share, 1, 0);
}

static void fp32_is_near_enough(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT; i++) values[i] = 0.1 * (double)(i % 7);
  check_ok(hr_lattice_find(values, COUNT, &lattice, &err));
  assert_true(hr_lattice_holds(&lattice, (double)(float)0.3));
  assert_true(hr_lattice_holds(&lattice, (double)(float)0.6));
  assert_false(hr_lattice_holds(&lattice, 0.3001));
  assert_false(hr_lattice_holds(&lattice, -0.1));
  assert_false(hr_lattice_holds(&lattice, 0.7));
  assert_false(hr_lattice_holds(&lattice, (double)NAN));
}

static void uniform_numbers_lie_on_none(void **state) {
  (void)state;
  draw(1);
  check_ok(hr_lattice_find(values, COUNT, &lattice, &err));
  assert_int_equal(lattice.count, 0);
  assert_false(hr_lattice_holds(&lattice, values[0]));
}

/* A mark of missing labels, or a cut at both ends: some repeat, and are no lattice. */
static void two_values_are_none(void **state) {
  (void)state;
  draw(1);
  for (size_t i = 0; i < COUNT; i++) values[i] = fmin(fmax(values[i], 2), 4);
  check_ok(hr_lattice_find(values, COUNT, &lattice, &err));
  assert_int_equal(lattice.count, 0);
  hr_lattice_fini(&lattice);
  /* Nor are three of few. */
  draw(1);
  for (size_t i = 0; i < 150; i++) values[i] = 1 + (double)(i % 3);
  check_ok(hr_lattice_find(values, COUNT, &lattice, &err));
  assert_int_equal(lattice.count, 0);
}

static void few_numbers_are_none(void **state) {
  (void)state;
  draw(0);
  check_ok(hr_lattice_find(values, 0, &lattice, &err));
  assert_int_equal(lattice.count, 0);
  hr_lattice_fini(&lattice);
  check_ok(hr_lattice_find(values, 20, &lattice, &err));
  assert_int_equal(lattice.count, 0);
}

static hr_status find(void) {
  hr_status status = hr_lattice_find(values, COUNT, &lattice, &err);
  hr_lattice_fini(&lattice);
  return status;
}

static void memory_may_end(void **state) {
  (void)state;
  draw(5);
  check_alloc_failures(find());
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_teardown(nodes_are_found, tidy),
      cmocka_unit_test_teardown(all_may_be_on_nodes, tidy),
      cmocka_unit_test_teardown(fp32_is_near_enough, tidy),
      cmocka_unit_test_teardown(uniform_numbers_lie_on_none, tidy),
      cmocka_unit_test_teardown(two_values_are_none, tidy),
      cmocka_unit_test_teardown(few_numbers_are_none, tidy),
      cmocka_unit_test_teardown(memory_may_end, tidy),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
