/* Rows of one bin out of a block: all of them, in order, in groups of any size. */
#include "methods/lightgbm/gather.h"

#include "support/check.h"

enum { ROWS = 9, PIXELS = 3 };

static const int32_t bins[ROWS] = {2, 0, 2, -1, 2, 2, 0, 1, 2};

static void rows_come_in_order_in_groups_of_any_size(void **state) {
  (void)state;
  static const size_t wanted[] = {0, 2, 4, 5, 8};
  float noisy[ROWS * PIXELS], rows[ROWS * PIXELS];
  for (size_t i = 0; i < ROWS * PIXELS; i++) noisy[i] = (float)i;
  const hr_block block = {
      .first_row = 100, .rows = ROWS, .pixels = PIXELS, .noisy = noisy};
  for (size_t most = 1; most <= ROWS; most++) {
    hr_gather g = {.block = &block, .bin = bins, .wanted = 2, .rows = rows, .most = most};
    size_t seen = 0;
    for (size_t count; (count = hr_gather_next(&g)) > 0;) {
      assert_true(count == most || seen + count == 5);
      for (size_t i = 0; i < count; i++, seen++) {
        assert_memory_equal(rows + i * PIXELS, noisy + wanted[seen] * PIXELS,
                            PIXELS * sizeof *rows);
      }
    }
    assert_int_equal(seen, 5);
    assert_int_equal(hr_gather_next(&g), 0);
  }
}

static void a_bin_without_rows_gives_none(void **state) {
  (void)state;
  float noisy[ROWS * PIXELS] = {0}, rows[PIXELS];
  hr_block block = {.rows = ROWS, .pixels = PIXELS, .noisy = noisy};
  hr_gather g = {.block = &block, .bin = bins, .wanted = 7, .rows = rows, .most = 1};
  assert_int_equal(hr_gather_next(&g), 0);
  block.rows = 0;
  g = (hr_gather){.block = &block, .bin = bins, .wanted = 2, .rows = rows, .most = 1};
  assert_int_equal(hr_gather_next(&g), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rows_come_in_order_in_groups_of_any_size),
      cmocka_unit_test(a_bin_without_rows_gives_none),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
