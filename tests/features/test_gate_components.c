/* Against NumPy's singular vectors in tests/python/test_gate.py. */
#include "features/gate_components.h"

#include "core/random.h"
#include "support/check.h"
#include "support/fail_alloc.h"

enum { ROWS = 90, PIXELS = 40, COUNT = 3 };

static float flux[ROWS * PIXELS];

static void fill(void) {
  hr_normal(3, HR_STREAM_NOISE_TRAIN, 0, 0, ROWS * PIXELS, flux);
  for (size_t i = 0; i < ROWS; i++) {
    for (size_t p = 0; p < PIXELS; p++)
      flux[i * PIXELS + p] *= p == 7 ? 9 : p == 9 ? 5 : 1;
  }
}

static bool weighted;

static hr_status find(const hr_compute *compute, double *out) {
  hr_error err;
  fill();
  const hr_gate_sample sample = {compute, ROWS, PIXELS, flux, 42, weighted};
  return hr_gate_components_find(&sample, COUNT, out, &err);
}

static void the_largest_variance_is_first(void **state) {
  (void)state;
  double out[(1 + COUNT) * PIXELS];
  assert_int_equal(find(hr_compute_default(), out), HR_OK);
  assert_true(out[PIXELS + 7] > 0.99);
  assert_true(out[2 * PIXELS + 9] > 0.98);
}

/* What all pixels share a little of is first in units of their noise, and the loudest
 * pixel is not. */
static void weighted_pixels_count_by_their_noise(void **state) {
  (void)state;
  double out[(1 + COUNT) * PIXELS];
  float shared[ROWS];
  hr_error err;
  const hr_gate_sample sample = {hr_compute_default(), ROWS, PIXELS, flux, 42, true};
  fill();
  hr_normal(4, HR_STREAM_NOISE_TRAIN, 0, 0, ROWS, shared);
  for (size_t i = 0; i < ROWS * PIXELS; i++) flux[i] += 0.6F * shared[i / PIXELS];
  check_ok(hr_gate_components_find(&sample, COUNT, out, &err));
  for (size_t p = 11; p < PIXELS; p++) assert_true(out[PIXELS + p] > 0.05);
  assert_true(fabs(out[PIXELS + 7]) < 0.03);
}

static void another_back_end_finds_the_same(void **state) {
  (void)state;
  double out[(1 + COUNT) * PIXELS], other[(1 + COUNT) * PIXELS];
  assert_int_equal(find(hr_compute_default(), out), HR_OK);
  assert_int_equal(find(&hr_compute_reference, other), HR_OK);
  for (size_t i = 0; i < 3 * PIXELS; i++) check_near(out[i], other[i], 1e-4);
}

static void no_rows_have_no_components(void **state) {
  (void)state;
  double out[(1 + COUNT) * PIXELS];
  hr_error err;
  const hr_gate_sample sample = {hr_compute_default(), 0, PIXELS, flux, 42, false};
  for (size_t i = 0; i < (1 + COUNT) * PIXELS; i++) out[i] = 1;
  check_ok(hr_gate_components_find(&sample, COUNT, out, &err));
  for (size_t i = 0; i < (1 + COUNT) * PIXELS; i++) check_near(out[i], 0, 0);
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  double out[(1 + COUNT) * PIXELS];
  check_alloc_failures(find(hr_compute_default(), out));
  weighted = true;
  check_alloc_failures(find(hr_compute_default(), out));
  weighted = false;
}

static bool no_eigenvectors(size_t n, double *a, double *values, double *work) {
  (void)n, (void)a, (void)values, (void)work;
  return false;
}

static void eigenvectors_that_cannot_be_had(void **state) {
  (void)state;
  double out[(1 + COUNT) * PIXELS];
  hr_error err;
  hr_compute broken = *hr_compute_default();
  broken.eigen_f64 = no_eigenvectors;
  fill();
  const hr_gate_sample sample = {&broken, ROWS, PIXELS, flux, 42, weighted};
  check_fails(hr_gate_components_find(&sample, COUNT, out, &err), HR_ERR_NUMERIC,
              "the components of 90 spectra cannot be had");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_largest_variance_is_first),
      cmocka_unit_test(weighted_pixels_count_by_their_noise),
      cmocka_unit_test(another_back_end_finds_the_same),
      cmocka_unit_test(no_rows_have_no_components),
      cmocka_unit_test(every_allocation_may_fail),
      cmocka_unit_test(eigenvectors_that_cannot_be_had),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
