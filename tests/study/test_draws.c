/* Draws of test rows: which rows, block by block, to a folder and back. */
#include "study/draws.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/npy.h"
#include "support/check.h"
#include "support/fail_alloc.h"
#include "support/scratch.h"

enum { ROWS = 3000, TARGETS = 2, WIDTH = HR_PREDICT_DRAWS };

/* Every third row is uncovered, but routed to bin 0 all the same; the others are of two
 * bins. */
static int32_t bin[ROWS], route[ROWS];

static hr_split_view split_of(size_t rows) {
  for (size_t i = 0; i < ROWS; i++) {
    bin[i] = i % 3 == 2 ? HR_UNCOVERED : (int32_t)(i % 3);
    route[i] = i % 3 == 2 ? 0 : bin[i];
  }
  return (hr_split_view){.rows = rows, .bin = bin, .route = route};
}

static void rows_are_covered_and_evenly_spread(void **state) {
  (void)state;
  hr_error err;
  hr_test_draws draws;
  const hr_split_view many = split_of(ROWS), few = split_of(30);
  check_ok(hr_test_draws_init(&draws, &many, TARGETS, &err));
  assert_int_equal(draws.count, HR_MOST_DRAWN_ROWS);
  for (size_t n = 0; n < draws.count; n++) {
    assert_true(bin[draws.row[n]] != HR_UNCOVERED && draws.is_drawn[draws.row[n]]);
    assert_true(draws.row[n] >= 6 * n && draws.row[n] < 6 * (n + 1));
  }
  hr_test_draws_fini(&draws);
  check_ok(hr_test_draws_init(&draws, &few, TARGETS, &err));
  assert_int_equal(draws.count, 20);
  hr_test_draws_fini(&draws);
}

/* What a model would say: the row's number and the target's. */
static float value_of(size_t row, size_t target, size_t d) {
  return (float)row + 10000 * (float)target + (float)d / 512;
}

static hr_status show(hr_test_draws *draws, size_t block_rows, hr_error *err) {
  hr_status status = HR_OK;
  for (size_t first = 0; first < ROWS; first += block_rows) {
    size_t rows = ROWS - first < block_rows ? ROWS - first : block_rows;
    HR_TRY(hr_test_draws_open(draws, first, rows, err));
    for (size_t t = 0; t < TARGETS; t++) {
      float *block = hr_test_draws_block(draws, t);
      for (size_t i = 0; i < rows; i++) {
        size_t row = first + i;
        if (!draws->is_drawn[row] || row < 12) continue; /* nobody predicts those */
        for (size_t d = 0; d < WIDTH; d++) block[i * WIDTH + d] = value_of(row, t, d);
      }
    }
    hr_test_draws_take(draws, first, rows);
  }
cleanup:
  return status;
}

/* Those of both bins, of one target. */
static hr_status gather(hr_row_draws *parts, hr_row_draws *all, size_t target,
                        size_t block_rows, hr_error *err) {
  hr_status status = HR_OK;
  hr_test_draws draws;
  const hr_split_view test = split_of(ROWS);
  HR_TRY(hr_test_draws_init(&draws, &test, TARGETS, err));
  HR_TRY(show(&draws, block_rows, err));
  for (int slot = 0; slot < 2; slot++) {
    HR_TRY(hr_test_draws_of_slot(&draws, &test, target, slot, &parts[slot], err));
  }
  HR_TRY(hr_row_draws_merge(parts, 2, all, err));
cleanup:
  hr_test_draws_fini(&draws);
  return status;
}

static void forget(hr_row_draws *parts, hr_row_draws *all) {
  hr_row_draws_fini(&parts[0]);
  hr_row_draws_fini(&parts[1]);
  hr_row_draws_fini(all);
}

static void they_come_back_by_row_for_any_block(void **state) {
  (void)state;
  hr_error err;
  const size_t blocks[] = {7, 128, ROWS};
  for (size_t b = 0; b < 3; b++) {
    hr_row_draws parts[2] = {{0}, {0}}, all = {0};
    size_t target = b % TARGETS;
    check_ok(gather(parts, &all, target, blocks[b], &err));
    assert_int_equal(all.count, HR_MOST_DRAWN_ROWS - 2); /* rows 0 and 6 have none */
    assert_int_equal(parts[0].count + parts[1].count, all.count);
    for (size_t n = 0; n < all.count; n++) {
      assert_true(n == 0 || all.row[n] > all.row[n - 1]);
      for (size_t d = 0; d < WIDTH; d++) {
        float found = all.value[n * WIDTH + d];
        check_near(found, value_of(all.row[n], target, d), 0);
      }
    }
    for (size_t n = 0; n < parts[1].count; n++) assert_int_equal(bin[parts[1].row[n]], 1);
    forget(parts, &all);
  }
}

static void what_is_written_is_read(void **state) {
  (void)state;
  hr_error err;
  bool good = false;
  scratch folder;
  hr_row_draws parts[2] = {{0}, {0}}, all = {0}, found;
  scratch_init(&folder);
  check_ok(gather(parts, &all, 0, 128, &err));
  check_ok(hr_row_draws_write(&all, folder.path, &err));
  check_ok(hr_row_draws_read(folder.path, ROWS, &found, &good, &err));
  assert_true(good);
  assert_int_equal(found.count, all.count);
  assert_memory_equal(found.row, all.row, all.count * sizeof *all.row);
  assert_memory_equal(found.value, all.value, all.count * WIDTH * sizeof *all.value);
  hr_row_draws_fini(&found);
  forget(parts, &all);
  scratch_fini(&folder);
}

static bool is_good(const scratch *folder, size_t split_rows) {
  hr_error err;
  bool good = true;
  hr_row_draws found;
  check_ok(hr_row_draws_read(folder->path, split_rows, &found, &good, &err));
  assert_true(good || !found.value);
  hr_row_draws_fini(&found);
  return good;
}

/* Two rows, edited one after the other. */
static void what_is_not_as_written_is_not_taken(void **state) {
  (void)state;
  hr_error err;
  scratch folder;
  size_t rows[2] = {3, 8};
  float values[2 * WIDTH] = {0};
  const double bad[][2] = {{8, 8}, {-1, 8}, {3.5, 8}, {3, (double)NAN}, {3, 1e30}};
  scratch_init(&folder);
  assert_false(is_good(&folder, ROWS)); /* no files */
  const hr_row_draws two = {2, rows, values};
  check_ok(hr_row_draws_write(&two, folder.path, &err));
  assert_true(is_good(&folder, 9));
  assert_false(is_good(&folder, 8)); /* of a smaller split */
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    check_ok(hr_npy_write(scratch_name(&folder, "draw_rows.npy"), bad[i], 2, 1, &err));
    assert_false(is_good(&folder, ROWS));
  }
  check_ok(hr_row_draws_write(&two, folder.path, &err));
  values[5] = NAN;
  check_ok(
      hr_file_write(scratch_name(&folder, "draws.f32"), values, sizeof values, &err));
  assert_false(is_good(&folder, ROWS));
  values[5] = 0;
  check_ok(
      hr_file_write(scratch_name(&folder, "draws.f32"), values, sizeof values - 4, &err));
  assert_false(is_good(&folder, ROWS));
  scratch_fini(&folder);
}

static hr_status gather_and_forget(void) {
  hr_error err;
  hr_row_draws parts[2] = {{0}, {0}}, all = {0};
  hr_status status = gather(parts, &all, 0, 1000, &err);
  forget(parts, &all);
  return status;
}

static void memory_can_run_out(void **state) {
  (void)state;
  check_alloc_failures(gather_and_forget());
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rows_are_covered_and_evenly_spread),
      cmocka_unit_test(they_come_back_by_row_for_any_block),
      cmocka_unit_test(what_is_written_is_read),
      cmocka_unit_test(what_is_not_as_written_is_not_taken),
      cmocka_unit_test(memory_can_run_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
