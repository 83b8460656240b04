/* Features of a bin's rows: those of a plain reference, whatever the blocks. */
#include "methods/line_index/rows.h"

#include <math.h>

#include "support/fail_alloc.h"
#include "support/small_gate.h"

enum { BIN = 2 };

static int32_t bins[GATE_ROWS];

/* Rows 1, 4, 7 .. are of the bin. */
static size_t count_rows(void) {
  size_t count = 0;
  for (size_t i = 0; i < GATE_ROWS; i++) {
    bins[i] = i % 3 == 1 ? BIN : 0;
    count += bins[i] == BIN;
  }
  return count;
}

static hr_status measure(size_t block_rows, size_t most, hr_line_rows *out,
                         hr_error *err) {
  const hr_line_plan plan = {hr_compute_default(), small_grid(), &small_table, 7};
  hr_status status = hr_line_rows_init(out, &plan, BIN, most, err);
  for (size_t i = 0; status == HR_OK && i < GATE_ROWS; i++) {
    if (bins[i] == BIN) hr_line_rows_sample(out, small_flux() + i * GATE_PIXELS);
  }
  for (size_t first = 0; status == HR_OK && first < GATE_ROWS; first += block_rows) {
    double snr[GATE_ROWS];
    size_t left = GATE_ROWS - first;
    for (size_t i = 0; i < GATE_ROWS; i++) snr[i] = (double)(first + i);
    const hr_block block = {.first_row = first,
                            .rows = left < block_rows ? left : block_rows,
                            .pixels = GATE_PIXELS,
                            .noisy = small_flux() + first * GATE_PIXELS,
                            .snr = snr};
    status = hr_line_rows_observe(out, &block, bins + first, err);
  }
  return status;
}

/* Window a: pixels 40 to 50, 20 more on either side. */
static void a_line_is_that_of_the_reference(void **state) {
  (void)state;
  hr_error err;
  hr_line_rows rows;
  size_t most = count_rows();
  check_ok(measure(GATE_ROWS, most, &rows, &err));
  assert_int_equal(rows.count, most);
  for (size_t n = 0; n < most; n++) {
    const float *x = small_flux() + rows.row[n] * GATE_PIXELS;
    double side[40], sum = 0, least = INFINITY;
    assert_int_equal(rows.row[n], 3 * n + 1);
    check_near(rows.snr[n], (double)rows.row[n], 0);
    for (size_t p = 0; p < 20; p++) side[p] = (double)x[20 + p];
    for (size_t p = 0; p < 20; p++) side[20 + p] = (double)x[51 + p];
    for (size_t i = 0; i < 40; i++) { /* the median, by sorting */
      for (size_t j = i + 1; j < 40; j++) {
        double low = fmin(side[i], side[j]), high = fmax(side[i], side[j]);
        side[i] = low;
        side[j] = high;
      }
    }
    double continuum = (side[19] + side[20]) / 2;
    for (size_t p = 40; p <= 50; p++) {
      sum += (double)x[p];
      least = fmin(least, (double)x[p]);
    }
    const float *value = rows.value + n * GATE_FEATURES;
    check_near((double)value[2], sum / 11, 1e-6);
    check_near((double)value[3], 1 - least / continuum, 1e-6);
    check_near((double)value[4], 11 - sum / continuum, 1e-5);
  }
  hr_line_rows_fini(&rows);
}

/* Components are of the bin's own spectra, and no row says another number for them. */
static void components_come_from_the_sample(void **state) {
  (void)state;
  hr_error err;
  hr_line_rows rows;
  check_ok(measure(GATE_ROWS, count_rows(), &rows, &err));
  const double *components = hr_gate_features_components_of(rows.features);
  for (size_t c = 0; c < 2; c++) {
    for (size_t n = 0; n < rows.count; n++) {
      double sum = 0;
      for (size_t p = 0; p < GATE_PIXELS; p++) {
        double away = (double)small_flux()[rows.row[n] * GATE_PIXELS + p] - components[p];
        sum += away * components[(1 + c) * GATE_PIXELS + p];
      }
      check_near((double)rows.value[n * GATE_FEATURES + c], sum, 1e-5);
    }
  }
  hr_line_rows_fini(&rows);
}

static void blocks_do_not_matter(void **state) {
  (void)state;
  hr_error err;
  hr_line_rows one, other;
  size_t most = count_rows();
  check_ok(measure(GATE_ROWS, most, &one, &err));
  check_ok(measure(5, most, &other, &err));
  assert_memory_equal(one.value, other.value, most * GATE_FEATURES * sizeof(float));
  hr_line_rows_fini(&one);
  hr_line_rows_fini(&other);
}

static void rows_are_found_by_number(void **state) {
  (void)state;
  hr_error err;
  hr_line_rows rows;
  check_ok(measure(5, count_rows(), &rows, &err));
  for (size_t i = 0; i < GATE_ROWS; i++) {
    size_t expected = i % 3 == 1 ? i / 3 : SIZE_MAX;
    assert_true(hr_line_rows_find(&rows, i) == expected);
  }
  assert_true(hr_line_rows_find(&rows, GATE_ROWS + 1) == SIZE_MAX);
  hr_line_rows_fini(&rows);
}

static void bytes_are_those_that_are_kept(void **state) {
  (void)state;
  check_near(hr_line_rows_bytes(&small_table, 100),
             100 * (GATE_FEATURES * 4 + sizeof(size_t) + 8), 0);
  hr_gate_table bare = small_table;
  bare.components = 0;
  check_near(hr_line_sample_bytes(&bare, GATE_PIXELS), 0, 0);
  assert_true(hr_line_sample_bytes(&small_table, GATE_PIXELS) >
              HR_LINE_SAMPLE_ROWS * GATE_PIXELS * 4.0);
}

static hr_status live(size_t most) {
  hr_error err;
  hr_line_rows rows;
  hr_status status = measure(5, most, &rows, &err);
  hr_line_rows_fini(&rows);
  return status;
}

static void without_memory_nothing_is_left(void **state) {
  (void)state;
  size_t most = count_rows();
  check_alloc_failures(live(most));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_line_is_that_of_the_reference),
      cmocka_unit_test(components_come_from_the_sample),
      cmocka_unit_test(blocks_do_not_matter),
      cmocka_unit_test(rows_are_found_by_number),
      cmocka_unit_test(bytes_are_those_that_are_kept),
      cmocka_unit_test(without_memory_nothing_is_left),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
