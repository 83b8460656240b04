/* Rows that are held for bins and for all: which, what is kept of them, and where. */
#include "methods/held_rows.h"

#include "support/fail_alloc.h"
#include "support/scratch.h"
#include "support/small_study.h"

enum { MOST = 15 };

static const hr_held_most most = {MOST, 4 * MOST};

static small_study s;

static int set_up(void **state) {
  (void)state;
  small_study_init(&s);
  return 0;
}

/* All rows but the last `missing`, in blocks of so many. */
static hr_held_rows *hold(size_t block_rows, size_t missing) {
  hr_error err;
  hr_held_rows *held = NULL;
  size_t rows = SMALL_TRAIN - missing;
  check_ok(hr_held_rows_create(&s.view, most, &held, &err));
  for (size_t first = 0; first < rows; first += block_rows) {
    size_t count = rows - first < block_rows ? rows - first : block_rows;
    const float *x = s.train_x + first * SMALL_PIXELS;
    hr_block block = {.first_row = first,
                      .rows = count,
                      .pixels = SMALL_PIXELS,
                      .noisy = x,
                      .error = s.train_error + first * SMALL_PIXELS};
    block.snr = block_snr(count, SMALL_PIXELS, x, block.error);
    check_ok(hr_held_rows_keep(held, &block, &err));
  }
  return held;
}

static void check_rows(const hr_held_rows *held, size_t m, size_t expected) {
  const size_t *rows = NULL;
  float room[SMALL_PIXELS];
  size_t count = hr_held_rows_of(held, m, &rows);
  assert_int_equal(count, expected);
  for (size_t i = 0; i < count; i++) {
    const float *own = s.train_x + rows[i] * SMALL_PIXELS;
    assert_true(i == 0 || rows[i] > rows[i - 1]);
    assert_true(m == SMALL_BINS || s.train_bin[rows[i]] == (int32_t)m);
    assert_memory_equal(hr_held_rows_flux(held, rows[i], room), own,
                        SMALL_PIXELS * sizeof(float));
    const float *error = s.train_error + rows[i] * SMALL_PIXELS;
    check_near(hr_held_rows_snr(held, rows[i]), hr_measure_snr(SMALL_PIXELS, own, error),
               0);
  }
}

static void check_all(const hr_held_rows *held) {
  assert_true(hr_held_rows_are_complete(held));
  check_rows(held, 0, MOST);
  check_rows(held, 1, MOST);
  check_rows(held, 2, 1);
  check_rows(held, 3, 0);
  check_rows(held, SMALL_BINS, 4 * MOST);
}

static void rows_of_bins_and_of_all_are_kept(void **state) {
  (void)state;
  hr_held_rows *held = hold(SMALL_TRAIN, 0);
  check_all(held);
  hr_held_rows_destroy(&held);
  assert_null(held);
  held = hold(7, 0);
  check_all(held);
  hr_held_rows_destroy(&held);
  held = hold(50, 150);
  assert_false(hr_held_rows_are_complete(held));
  hr_held_rows_destroy(&held);
}

static void they_wait_on_disk_where_memory_is_short(void **state) {
  (void)state;
  hr_error err;
  scratch folder;
  scratch_init(&folder);
  s.view.low_memory = HR_LOW_MEMORY_ROWS;
  s.view.folder = folder.path;
  hr_held_rows *held = hold(31, 0);
  check_all(held);
  hr_held_rows_destroy(&held);
  s.view.folder = "/nowhere";
  check_fails(hr_held_rows_create(&s.view, most, &held, &err), HR_ERR_IO,
              "cannot create a file for rows in /nowhere: No such file or directory");
  assert_null(held);
  s.view.low_memory = HR_LOW_MEMORY_NONE;
  s.view.folder = NULL;
  scratch_fini(&folder);
}

static void so_many_are_expected(void **state) {
  (void)state;
  const size_t counts[] = {1000, 10, 90, 2000};
  /* A tenth of all: 100 of the first bin, in whose own 50 they are not all. */
  assert_int_equal(hr_held_rows_expect(counts, 3, (hr_held_most){50, 200}),
                   100 + 10 + 50 + 90);
  assert_int_equal(hr_held_rows_expect(counts, 3, (hr_held_most){5000, 20000}), 2000);
  const size_t none[] = {0, 0};
  assert_int_equal(hr_held_rows_expect(none, 1, (hr_held_most){50, 200}), 0);
  check_near(hr_held_rows_bytes(100), 424, 0);
}

static hr_status hold_and_forget(void) {
  hr_error err;
  hr_held_rows *held = NULL;
  hr_status status = hr_held_rows_create(&s.view, most, &held, &err);
  hr_held_rows_destroy(&held);
  return status;
}

static void memory_may_run_out(void **state) {
  (void)state;
  check_alloc_failures(hold_and_forget());
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rows_of_bins_and_of_all_are_kept),
      cmocka_unit_test(they_wait_on_disk_where_memory_is_short),
      cmocka_unit_test(so_many_are_expected),
      cmocka_unit_test(memory_may_run_out),
  };
  return cmocka_run_group_tests(tests, set_up, NULL);
}
