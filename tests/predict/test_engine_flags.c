/* What is measured of spectra before they are predicted. */
#include "core/random.h"
#include "data/snr.h"
#include "predict/engine_parts.h"
#include "support/check.h"

enum { P = 4096 };

static float flux[P], error[P];

static double measure(size_t pixels, const hr_row_report *report, bool has_error,
                      double *masked) {
  double snr = 0;
  hr_engine_result out = {.snr = &snr, .masked = masked};
  const hr_engine_rows rows = {
      .spectra = {0, 1, pixels, flux, has_error ? error : NULL, 1}, .reports = report};
  hr_engine_measure(&rows, 0, &out);
  return snr;
}

static void draw(void) {
  hr_normal(1, HR_STREAM_NOISE_TRAIN, 0, 0, P, flux);
  hr_normal(1, HR_STREAM_NOISE_TRAIN, 1, 0, P, error);
  for (size_t p = 0; p < P; p++) {
    flux[p] = 5 + flux[p];
    error[p] = 0.5F + error[p] * error[p];
  }
}

static void test_rows_with_an_error(void **state) {
  (void)state;
  double masked = -1;
  hr_row_report report = {.fault = HR_ROW_GOOD};
  draw();
  check_near(measure(P, &report, true, &masked), hr_measure_snr(P, flux, error), 0);
  check_near(masked, 0, 0);
  for (size_t p = 10; p < 1010; p++) error[p] = p % 2 ? 0 : -1;
  report.bad.all = 1000;
  check_near(measure(P, &report, true, &masked), hr_measure_snr(P, flux, error), 0);
  check_near(masked, 1000.0 / P, 1e-12);
}

static void test_what_has_none(void **state) {
  (void)state;
  double masked = -1;
  hr_row_report report = {.fault = HR_ROW_GOOD};
  draw();
  assert_true(isnan(measure(P, &report, false, &masked)));
  for (size_t p = 0; p < P; p++) error[p] = 0;
  assert_true(isnan(measure(P, &report, true, &masked)));
  report = (hr_row_report){.fault = HR_ROW_EMPTY, .bad.all = P};
  assert_true(isnan(measure(P, &report, true, &masked)));
  check_near(masked, 1, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rows_with_an_error),
      cmocka_unit_test(test_what_has_none),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
