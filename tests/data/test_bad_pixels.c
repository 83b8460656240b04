/* What a bad pixel is, against a definition pixel by pixel. */
#include "data/bad_pixels.h"

#include <math.h>
#include <stdlib.h>

#include "core/random.h"
#include "support/check.h"

enum { MOST = 1000 };

static int compare(const void *a, const void *b) {
  float x = *(const float *)a, y = *(const float *)b;
  return (x > y) - (x < y);
}

/* The lower quartile of the errors that are good, by sorting. */
static double quartile(const float *error, size_t count) {
  float sorted[MOST];
  size_t good = 0;
  for (size_t p = 0; p < count; p++) {
    if (error[p] > 0 && error[p] <= HR_PREPARE_LARGEST) sorted[good++] = error[p];
  }
  qsort(sorted, good, sizeof *sorted, compare);
  return good > 0 ? (double)sorted[good / 4] : 0;
}

static bool is_bad(float flux, float error, double largest) {
  if (!(fabsf(flux) <= HR_PREPARE_LARGEST)) return true;
  return !(error > 0 && error <= HR_PREPARE_LARGEST && (double)error <= largest);
}

/* Errors over twelve decades, some of them no errors at all. */
static void random_rows_agree_with_the_definition(void **state) {
  (void)state;
  static const float odd[] = {NAN, INFINITY, -INFINITY, 0, -0.0f, -1, 1e30f, 1e15f};
  float flux[MOST], error[MOST];
  uint8_t bad[MOST];
  for (uint64_t row = 0; row < 200; row++) {
    size_t count = 1 + (size_t)(row * 37 % MOST);
    hr_normal(1, HR_STREAM_NOISE_TRAIN, row, 0, count, flux);
    hr_normal(2, HR_STREAM_NOISE_TRAIN, row, 0, count, error);
    for (size_t p = 0; p < count; p++) {
      error[p] = row % 3 ? powf(10, 2 * error[p]) : 1 + fabsf(error[p]);
      if (row % 2 && p % 11 == 3) error[p] = odd[p / 11 % 8];
      if (row % 4 == 1 && p % 13 == 5) flux[p] = odd[p / 13 % 8];
    }
    double largest = 1000 * quartile(error, count);
    const hr_pixels it = {.count = count, .flux = flux, .error = error};
    hr_bad_counts counts = hr_bad_pixels_find(&it, bad);
    uint32_t wanted = 0;
    for (size_t p = 0; p < count; p++) {
      double near = fabs((double)error[p] / largest - 1);
      if (near < 1e-3) continue; /* the quartile is known to a thousandth */
      assert_int_equal(bad[p], is_bad(flux[p], error[p], largest));
    }
    for (size_t p = 0; p < count; p++) wanted += bad[p];
    assert_int_equal(counts.all, wanted);
    assert_int_equal(counts.all, counts.marked + counts.flux + counts.unknown +
                                     counts.nonpositive + counts.huge);
  }
}

static void the_first_reason_counts(void **state) {
  (void)state;
  float flux[6] = {NAN, NAN, 1, 1, 1, 1};
  float error[6] = {NAN, NAN, NAN, 0, 2000, 1};
  const uint8_t mask[6] = {1, 0, 0, 0, 0, 0};
  const hr_pixels it = {.count = 6, .flux = flux, .error = error, .mask = mask};
  hr_bad_counts counts = hr_bad_pixels_find(&it, NULL);
  assert_int_equal(counts.all, 5);
  assert_int_equal(counts.marked, 1);
  assert_int_equal(counts.flux, 1);
  assert_int_equal(counts.unknown, 1);
  assert_int_equal(counts.nonpositive, 1);
  assert_int_equal(counts.huge, 1);
  assert_int_equal(counts.lost, 2); /* the marked one has no flux either */
}

/* Nearly three quarters of the errors may be absurd: the quartile is of the others. */
static void absurd_errors_may_be_many(void **state) {
  (void)state;
  float error[100];
  uint8_t bad[100];
  for (int p = 0; p < 100; p++) error[p] = p % 10 < 7 ? 1e10f : 0.01f + (float)p / 1e4f;
  const hr_pixels it = {.count = 100, .error = error};
  assert_int_equal(hr_bad_pixels_find(&it, bad).huge, 70);
  assert_true(bad[1] && !bad[9]);
}

/* Sky lines have forty times the quartile. */
static void large_errors_are_no_absurd_ones(void **state) {
  (void)state;
  float error[100];
  for (int p = 0; p < 100; p++) error[p] = p % 9 ? 0.02f : 0.02f * 900;
  const hr_pixels it = {.count = 100, .error = error};
  assert_int_equal(hr_bad_pixels_find(&it, NULL).all, 0);
}

static void bad_pixels_are_mended(void **state) {
  (void)state;
  float flux[4] = {1, 2, 3, 4}, noisy[4] = {5, 6, INFINITY, 8}, error[4] = {1, -1, 1, 1};
  const float stand_in[4] = {10, 20, 30, 40};
  const uint8_t mask[4] = {0, 0, 0, 7};
  const hr_pixels it = {4, flux, noisy, error, mask};
  const float mended_flux[4] = {1, 20, 30, 40}, mended_noisy[4] = {5, 20, 30, 40};
  const float mended_error[4] = {1, 0, 0, 0};
  hr_bad_counts counts = hr_bad_pixels_mend(&it, stand_in);
  assert_int_equal(counts.all, 3);
  assert_memory_equal(flux, mended_flux, sizeof flux);
  assert_memory_equal(noisy, mended_noisy, sizeof noisy);
  assert_memory_equal(error, mended_error, sizeof error);
  /* What is mended stays as it is. */
  counts = hr_bad_pixels_mend(&it, NULL);
  assert_int_equal(counts.all, 3);
  assert_memory_equal(flux, mended_flux, sizeof flux);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(random_rows_agree_with_the_definition),
      cmocka_unit_test(the_first_reason_counts),
      cmocka_unit_test(absurd_errors_may_be_many),
      cmocka_unit_test(large_errors_are_no_absurd_ones),
      cmocka_unit_test(bad_pixels_are_mended),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
