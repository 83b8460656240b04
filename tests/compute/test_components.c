/* Leading components against rows that are made of known ones. */
#include "compute/components.h"

#include <math.h>

#include "core/random.h"
#include "support/check.h"

enum { ROWS = 60, COLUMNS = 300, RANK = 3 };

static double rows[ROWS * COLUMNS], out[ROWS * COLUMNS], scratch[HR_COMPONENT_SCRATCH];

/* Three cosines, orthogonal over the columns, of amplitudes 100, 10 and 1, and a little
 * of everything. */
static void make_rows(double little) {
  for (size_t i = 0; i < ROWS; i++) {
    float draw[RANK], rest[COLUMNS];
    hr_normal(1, HR_STREAM_SAMPLE, i, 0, RANK, draw);
    hr_normal(2, HR_STREAM_SAMPLE, i, 0, COLUMNS, rest);
    for (size_t p = 0; p < COLUMNS; p++) {
      double value = little * (double)rest[p], amplitude = 100;
      for (size_t k = 0; k < RANK; k++, amplitude *= 0.1) {
        double wave = cos(acos(-1) * (double)(k + 1) * ((double)p + 0.5) / COLUMNS);
        value += amplitude * (double)draw[k] * wave * sqrt(2.0 / COLUMNS);
      }
      rows[i * COLUMNS + p] = value;
    }
  }
}

static double dot(const double *a, const double *b) {
  double sum = 0;
  for (size_t p = 0; p < COLUMNS; p++) sum += a[p] * b[p];
  return sum;
}

/* Root mean square of what `count` components leave of a row. */
static double left_over(size_t count) {
  double squares = 0;
  for (size_t i = 0; i < ROWS; i++) {
    double rest[COLUMNS];
    for (size_t p = 0; p < COLUMNS; p++) rest[p] = rows[i * COLUMNS + p];
    for (size_t k = 0; k < count; k++) {
      double share = dot(rows + i * COLUMNS, out + k * COLUMNS);
      for (size_t p = 0; p < COLUMNS; p++) rest[p] -= share * out[k * COLUMNS + p];
    }
    squares += dot(rest, rest);
  }
  return sqrt(squares / ROWS);
}

static void they_span_what_the_rows_are_made_of(void **state) {
  make_rows(0);
  hr_component_shape shape = {ROWS, COLUMNS, ROWS, 0};
  assert_int_equal(hr_components(*state, &shape, rows, scratch, out), RANK);
  for (size_t k = 0; k < RANK; k++) {
    for (size_t l = 0; l < RANK; l++) {
      check_near(dot(out + k * COLUMNS, out + l * COLUMNS), k == l ? 1 : 0, 1e-9);
    }
  }
  check_near(left_over(RANK), 0, 1e-9);
}

static void no_more_are_found_than_the_tolerance_takes(void **state) {
  make_rows(1e-3); /* 0.017 a row */
  hr_component_shape shape = {ROWS, COLUMNS, ROWS, 0.05};
  assert_int_equal(hr_components(*state, &shape, rows, scratch, out), RANK);
  assert_true(left_over(RANK) <= 0.05 && left_over(RANK - 1) > 0.05);
  shape.tolerance = 5;
  size_t found = hr_components(*state, &shape, rows, scratch, out);
  assert_int_equal(found, 2);
  assert_true(left_over(found) <= 5 && left_over(found - 1) > 5);
  shape.tolerance = 1e3;
  assert_int_equal(hr_components(*state, &shape, rows, scratch, out), 0);
  shape.tolerance = 0;
  shape.most = 7;
  assert_int_equal(hr_components(*state, &shape, rows, scratch, out), 7);
}

static void rows_of_nothing_have_none(void **state) {
  for (size_t i = 0; i < ROWS * COLUMNS; i++) rows[i] = 0;
  hr_component_shape shape = {ROWS, COLUMNS, ROWS, 0};
  assert_int_equal(hr_components(*state, &shape, rows, scratch, out), 0);
  shape.rows = 0;
  assert_int_equal(hr_components(*state, &shape, rows, scratch, out), 0);
  rows[5] = (double)NAN;
  shape.rows = ROWS;
  assert_int_equal(hr_components(*state, &shape, rows, scratch, out), 0);
}

#define on_both(test)                                                       \
  {"reference: " #test, test, NULL, NULL, (void *)&hr_compute_reference}, { \
    "blas: " #test, test, NULL, NULL, (void *)&hr_compute_blas              \
  }

int main(void) {
  const struct CMUnitTest tests[] = {
      on_both(they_span_what_the_rows_are_made_of),
      on_both(no_more_are_found_than_the_tolerance_takes),
      on_both(rows_of_nothing_have_none),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
