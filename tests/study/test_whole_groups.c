/* However blocks are cut, whole groups are handed on, each row once and in order. */
#include "study/whole_groups.h"

#include <math.h>
#include <string.h>

#include "support/check.h"
#include "support/fail_alloc.h"

enum { ROWS = 300, PIXELS = 3 };

static float x[ROWS * PIXELS], error[ROWS * PIXELS];
static double snr[ROWS];

static void fill(void) {
  for (size_t i = 0; i < ROWS; i++) {
    snr[i] = 2 * (double)i;
    for (size_t p = 0; p < PIXELS; p++) {
      x[i * PIXELS + p] = (float)(10 * i + p);
      error[i * PIXELS + p] = (float)(10 * i + p + 5);
    }
  }
}

typedef struct seen {
  size_t rows;
  bool has_snr;
} seen;

static hr_status look(void *context, const hr_grouped *grouped, hr_error *err) {
  seen *s = context;
  const hr_spectra *spectra = &grouped->spectra;
  (void)err;
  assert_int_equal(spectra->first_row, s->rows);
  assert_int_equal(spectra->first_row % HR_PREDICT_ROWS, 0);
  bool is_last = spectra->first_row + spectra->rows == ROWS;
  assert_true(is_last || spectra->rows % HR_PREDICT_ROWS == 0);
  size_t bytes = spectra->rows * PIXELS * sizeof *x;
  assert_memory_equal(spectra->noisy, x + s->rows * PIXELS, bytes);
  assert_memory_equal(spectra->error, error + s->rows * PIXELS, bytes);
  check_near(spectra->level, 0.5, 0);
  for (size_t i = 0; i < spectra->rows && grouped->snr; i++) {
    double own = grouped->snr[i];
    if (s->has_snr) check_near(own, snr[s->rows + i], 0);
    if (!s->has_snr) assert_true(isnan(own));
  }
  s->rows += spectra->rows;
  return HR_OK;
}

static hr_status show(size_t block_rows, seen *s, hr_error *err) {
  hr_whole_groups groups = {
      .pixels = PIXELS, .split_rows = ROWS, .level = 0.5, .visit = look, .context = s};
  hr_status status = hr_whole_groups_init(&groups, err);
  for (size_t first = 0; first < ROWS && status == HR_OK; first += block_rows) {
    hr_block block = {.first_row = first, .pixels = PIXELS, .flux = x};
    block.rows = ROWS - first < block_rows ? ROWS - first : block_rows;
    block.noisy = x + first * PIXELS;
    block.error = error + first * PIXELS;
    block.snr = s->has_snr ? snr + first : NULL;
    status = hr_whole_groups_observe(&groups, &block, err);
  }
  hr_whole_groups_fini(&groups);
  return status;
}

static void blocks_of_any_size(void **state) {
  (void)state;
  hr_error err;
  const size_t blocks[] = {1, 7, 127, 128, 129, 256, ROWS};
  fill();
  for (size_t b = 0; b < 2 * (sizeof blocks / sizeof *blocks); b++) {
    seen s = {.has_snr = b % 2};
    check_ok(show(blocks[b / 2], &s, &err));
    assert_int_equal(s.rows, ROWS);
  }
}

static hr_status refuse(void *context, const hr_grouped *grouped, hr_error *err) {
  (void)context;
  (void)grouped;
  return hr_fail(err, HR_ERR_NUMERIC, "no");
}

static void what_the_visitor_says_is_handed_back(void **state) {
  (void)state;
  hr_error err;
  hr_whole_groups groups = {.pixels = PIXELS, .split_rows = ROWS, .visit = refuse};
  const hr_block block = {
      .rows = ROWS, .pixels = PIXELS, .flux = x, .noisy = x, .error = error};
  check_ok(hr_whole_groups_init(&groups, &err));
  check_fails(hr_whole_groups_observe(&groups, &block, &err), HR_ERR_NUMERIC, "no");
  hr_whole_groups_fini(&groups);
}

static hr_status begin(void) {
  hr_error err;
  seen s = {0};
  return show(100, &s, &err);
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  check_alloc_failures(begin());
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(blocks_of_any_size),
      cmocka_unit_test(what_the_visitor_says_is_handed_back),
      cmocka_unit_test(every_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
