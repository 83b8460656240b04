/* Rows of one slot out of a block: all of them, in order, in groups of any size. */
#include "methods/lightgbm/gather.h"

#include "support/check.h"

enum { ROWS = 9 };

static const int32_t bins[ROWS] = {2, 0, 2, -1, 2, 2, 0, 1, 2};

static void rows_come_in_order_in_groups_of_any_size(void **state) {
  (void)state;
  static const uint32_t wanted[] = {0, 2, 4, 5, 8};
  uint32_t row[ROWS];
  for (size_t most = 1; most <= ROWS; most++) {
    hr_gather g = {.bin = bins, .count = ROWS, .wanted = 2, .row = row, .most = most};
    size_t seen = 0;
    for (size_t count; (count = hr_gather_next(&g)) > 0; seen += count) {
      assert_true(count == most || seen + count == 5);
      assert_memory_equal(row, wanted + seen, count * sizeof *row);
    }
    assert_int_equal(seen, 5);
    assert_int_equal(hr_gather_next(&g), 0);
  }
}

static void a_bin_without_rows_gives_none(void **state) {
  (void)state;
  uint32_t row[1];
  hr_gather g = {.bin = bins, .count = ROWS, .wanted = 7, .row = row, .most = 1};
  assert_int_equal(hr_gather_next(&g), 0);
  g = (hr_gather){.bin = bins, .count = 0, .wanted = 2, .row = row, .most = 1};
  assert_int_equal(hr_gather_next(&g), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rows_come_in_order_in_groups_of_any_size),
      cmocka_unit_test(a_bin_without_rows_gives_none),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
