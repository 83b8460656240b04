#include "core/pixel_quantile.h"

#include <stdlib.h>

#include "core/random.h"
#include "support/check.h"

enum { MOST = 5000 };

static int compare(const void *a, const void *b) {
  float x = *(const float *)a, y = *(const float *)b;
  return (x > y) - (x < y);
}

static double by_sorting(const float *values, size_t count, double q) {
  float sorted[MOST];
  memcpy(sorted, values, count * sizeof *values);
  qsort(sorted, count, sizeof *sorted, compare);
  double position = q * (double)(count - 1);
  size_t i = (size_t)position, j = i + 1 < count ? i + 1 : i;
  return (double)sorted[i] +
         (position - (double)i) * ((double)sorted[j] - (double)sorted[i]);
}

static void check_all(const float *values, size_t count) {
  float scratch[MOST];
  const double quantiles[] = {0, 0.05, 0.25, 0.5, 0.95, 0.999, 1};
  enum { QUANTILES = sizeof quantiles / sizeof *quantiles };
  double together[QUANTILES];
  const hr_quantiles wanted = {QUANTILES, quantiles, together};
  hr_pixel_quantiles(values, count, &wanted, scratch);
  for (size_t i = 0; i < QUANTILES; i++) {
    double sorted = by_sorting(values, count, quantiles[i]);
    check_near(hr_pixel_quantile(values, count, quantiles[i], scratch), sorted, 0);
    check_near(together[i], sorted, 0);
  }
}

static void quantiles_are_those_of_sorting(void **state) {
  (void)state;
  float values[MOST];
  const size_t counts[] = {1, 2, 3, 15, 16, 17, 63, 64, 65, 90, 255, 256, 4096, MOST};
  for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
    hr_normal(7, HR_STREAM_BOOTSTRAP, c, 0, counts[c], values);
    check_all(values, counts[c]);
    values[counts[c] - 1] = 1e30f; /* one outlier: all others share a cell */
    check_all(values, counts[c]);
    for (size_t i = 0; i < counts[c]; i++) values[i] = (float)(i % 3);
    check_all(values, counts[c]);
    for (size_t i = 0; i < counts[c]; i++) values[i] = -2.5f;
    check_all(values, counts[c]);
  }
}

static void values_are_left_alone(void **state) {
  (void)state;
  float values[] = {3, 1, 2}, scratch[3];
  check_near(hr_pixel_quantile(values, 3, 0.5, scratch), 2, 0);
  assert_true(values[0] == 3 && values[1] == 1 && values[2] == 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(quantiles_are_those_of_sorting),
      cmocka_unit_test(values_are_left_alone),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
