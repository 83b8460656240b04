/* Rows sorted by bin. */
#include "score/row_groups.h"

#include "support/check.h"
#include "support/fail_alloc.h"

static const int32_t bin[] = {1, 0, HR_UNCOVERED, 1, 0, HR_UNCOVERED};
static const hr_split_view test = {.rows = 6, .bin = bin};

static void test_rows_are_sorted_by_bin(void **state) {
  (void)state;
  static const size_t rows[] = {1, 4, 0, 3, 2, 5}, start[] = {0, 2, 4, 6};
  static const size_t counts[] = {2, 2, 2};
  hr_row_groups groups;
  hr_error err;
  check_ok(hr_row_groups_init(&groups, &test, NULL, 2, &err));
  assert_memory_equal(groups.row_list, rows, sizeof rows);
  assert_memory_equal(groups.group_start, start, sizeof start);
  assert_memory_equal(groups.group_rows, counts, sizeof counts);
  assert_int_equal(hr_row_groups_covered(&groups), 4);
  hr_row_groups_fini(&groups);
  hr_row_groups_fini(&groups); /* again is harmless */
}

static hr_status init_and_fini(void) {
  hr_row_groups groups;
  hr_status status = hr_row_groups_init(&groups, &test, NULL, 2, NULL);
  hr_row_groups_fini(&groups);
  return status;
}

static void test_memory_can_run_out(void **state) {
  (void)state;
  check_alloc_failures(init_and_fini());
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rows_are_sorted_by_bin),
      cmocka_unit_test(test_memory_can_run_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
