/* Which index is in order, which is a permutation, and what follows it. */
#include "data/label_index.h"

#include "support/check.h"

static void only_a_permutation_out_of_order_is_shuffled(void **state) {
  (void)state;
  int64_t first = 0;
  assert_false(hr_index_is_shuffled((int64_t[]){7, 8, 9}, 3, &first));
  assert_false(hr_index_is_shuffled((int64_t[]){7, 9, 12}, 3, &first));
  assert_false(hr_index_is_shuffled((int64_t[]){9, 7, 12}, 3, &first));
  assert_false(hr_index_is_shuffled((int64_t[]){1, 0, 1}, 3, &first));
  assert_false(hr_index_is_shuffled((int64_t[]){INT64_MAX, INT64_MIN}, 2, &first));
  assert_true(hr_index_is_shuffled((int64_t[]){-1, -2}, 2, &first));
  assert_int_equal(first, -2);
}

static void numbers_that_rise_are_in_order(void **state) {
  (void)state;
  assert_true(hr_index_is_ordered((int64_t[]){-3, 0, 7}, 3));
  assert_true(hr_index_is_ordered(NULL, 0));
  assert_false(hr_index_is_ordered((int64_t[]){0, 0}, 2));
  assert_false(hr_index_is_ordered((int64_t[]){1, 0}, 2));
}

static void items_go_where_the_index_says(void **state) {
  (void)state;
  const int64_t index[] = {12, 10, 11};
  double items[] = {1, 2, 3};
  uint64_t scratch[3];
  hr_index_reorder(index, 10, 3, items, scratch);
  check_near(items[0], 2, 0);
  check_near(items[1], 3, 0);
  check_near(items[2], 1, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(only_a_permutation_out_of_order_is_shuffled),
      cmocka_unit_test(numbers_that_rise_are_in_order),
      cmocka_unit_test(items_go_where_the_index_says),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
