/* Stars by their names: found exactly, or not at all. */
#include "data/star_list.h"

#include <math.h>

#include "support/check.h"
#include "support/fail_alloc.h"

static hr_error err;

/* Gaia's names are beyond 2^53, where doubles are no longer one apart. */
static void integers_are_found_to_the_last_bit(void **state) {
  (void)state;
  const int64_t names[] = {4611686018427387905, 7, 4611686018427387904, -3};
  hr_star_list list = {0};
  check_ok(hr_star_list_init(&list, names, NULL, 4, &err));
  assert_true(list.are_integers);
  assert_int_equal(list.count, 4);
  for (size_t i = 0; i < 4; i++) {
    const hr_named_star *found =
        hr_star_list_find(&list, &(hr_named_star){.integer = names[i], .row = 99});
    assert_non_null(found);
    assert_int_equal(found->row, i);
  }
  assert_null(hr_star_list_find(&list, &(hr_named_star){.integer = 4611686018427387906}));
  hr_star_list_fini(&list);
}

static void a_star_without_a_name_is_nobody(void **state) {
  (void)state;
  const double names[] = {2.5, (double)NAN, -1, (double)NAN};
  hr_star_list list = {0};
  size_t first = 0, second = 0;
  check_ok(hr_star_list_init(&list, NULL, names, 4, &err));
  assert_false(list.are_integers);
  assert_int_equal(list.count, 2);
  assert_int_equal(hr_star_list_find(&list, &(hr_named_star){.number = 2.5})->row, 0);
  assert_int_equal(hr_star_list_find(&list, &(hr_named_star){.number = -1})->row, 2);
  assert_null(hr_star_list_find(&list, &(hr_named_star){.number = 2}));
  assert_false(hr_star_list_has_twins(&list, &first, &second));
  hr_star_list_fini(&list);
}

/* A null among integers is kept as 0, which may be a name. */
static void an_integer_without_a_name_is_nobody_either(void **state) {
  (void)state;
  const double names[] = {5, (double)NAN, 7};
  const int64_t whole[] = {5, 0, 7};
  hr_star_list list = {0};
  check_ok(hr_star_list_init(&list, whole, names, 3, &err));
  assert_true(list.are_integers);
  assert_int_equal(list.count, 2);
  assert_null(hr_star_list_find(&list, &(hr_named_star){.integer = 0}));
  assert_int_equal(hr_star_list_find(&list, &(hr_named_star){.integer = 7})->row, 2);
  hr_star_list_fini(&list);
}

static void twins_are_told_by_their_first_rows(void **state) {
  (void)state;
  const int64_t names[] = {5, 9, 1, 9, 5, 9};
  hr_star_list list = {0};
  size_t first = 0, second = 0;
  check_ok(hr_star_list_init(&list, names, NULL, 6, &err));
  assert_true(hr_star_list_has_twins(&list, &first, &second));
  assert_int_equal(first, 0);
  assert_int_equal(second, 4);
  hr_star_list_fini(&list);
}

static void no_stars_are_a_list_too(void **state) {
  (void)state;
  hr_star_list list = {0};
  size_t first = 0, second = 0;
  check_ok(hr_star_list_init(&list, NULL, NULL, 0, &err));
  assert_null(hr_star_list_find(&list, &(hr_named_star){.number = 1}));
  assert_false(hr_star_list_has_twins(&list, &first, &second));
  hr_star_list_fini(&list);
}

static void memory_may_run_out(void **state) {
  (void)state;
  const double names[] = {1, 2};
  hr_star_list list = {0};
  fail_alloc_at(1);
  assert_int_equal(hr_star_list_init(&list, NULL, names, 2, &err), HR_ERR_MEMORY);
  fail_alloc_at(0);
  hr_star_list_fini(&list);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(integers_are_found_to_the_last_bit),
      cmocka_unit_test(a_star_without_a_name_is_nobody),
      cmocka_unit_test(an_integer_without_a_name_is_nobody_either),
      cmocka_unit_test(twins_are_told_by_their_first_rows),
      cmocka_unit_test(no_stars_are_a_list_too),
      cmocka_unit_test(memory_may_run_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
