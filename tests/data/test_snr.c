/* The signal-to-noise ratio of spectra, against a quantile taken the slow way. */
#include "data/snr.h"

#include <stdlib.h>

#include "core/quantile.h"
#include "core/random.h"
#include "support/check.h"

enum { P = 4096, LONG = 80000 };

static float flux[LONG], error[LONG];

static void draw(void) {
  hr_normal(1, HR_STREAM_NOISE_TRAIN, 0, 0, LONG, flux);
  hr_normal(1, HR_STREAM_NOISE_TRAIN, 1, 0, LONG, error);
  for (size_t p = 0; p < LONG; p++) {
    flux[p] = 5 + flux[p];
    error[p] = 0.5F + error[p] * error[p];
  }
}

/* Of groups of `width` pixels, as far as they have an error. */
static double slow_quantile(size_t pixels, size_t width) {
  double *ratio = calloc(pixels, sizeof *ratio);
  size_t count = 0;
  assert_non_null(ratio);
  for (size_t first = 0; first < pixels; first += width) {
    double signal = 0, noise = 0;
    for (size_t p = first; p < first + width && p < pixels; p++) {
      if (error[p] > 0) signal += (double)flux[p], noise += (double)error[p];
    }
    if (noise > 0) ratio[count++] = signal / noise;
  }
  hr_sort_numbers(ratio, count);
  double quantile = hr_quantile(ratio, count, 0.95);
  free(ratio);
  return quantile;
}

static double measure(size_t pixels) {
  return hr_measure_snr(pixels, flux, error);
}

static void test_quantiles(void **state) {
  (void)state;
  draw();
  check_near(measure(P), slow_quantile(P, 8), 1e-5);
  check_near(measure(P - 3), slow_quantile(P - 3, 8), 1e-5);
  check_near(measure(LONG), slow_quantile(LONG, 10), 1e-5);
  for (size_t p = 10; p < 1010; p++) error[p] = p % 2 ? 0 : -1;
  check_near(measure(P), slow_quantile(P, 8), 1e-5);
}

static void test_masked_whole(void **state) {
  (void)state;
  draw();
  for (size_t p = 0; p < P; p++) error[p] = 0;
  assert_true(isnan(measure(P)));
  error[100] = 2, flux[100] = 7;
  check_near(measure(P), 3.5, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_quantiles),
      cmocka_unit_test(test_masked_whole),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
