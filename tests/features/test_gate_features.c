/* What features are is compared with NumPy in tests/python/test_gate.py; here what C
 * alone can see. */
#include "features/gate_features.h"

#include <stdlib.h>

#include "core/alloc.h"
#include "support/check.h"
#include "support/fail_alloc.h"
#include "support/small_gate.h"

static void a_line_on_paper(void **state) {
  (void)state;
  float flux[GATE_PIXELS];
  double out[GATE_FEATURES];
  hr_error err;
  hr_gate_features *features = small_features();
  for (size_t p = 0; p < GATE_PIXELS; p++) flux[p] = 2;
  flux[45] = 0.5F;
  flux[46] = 1;
  flux[102] = 1.5F;
  flux[60] = 77; /* a wild pixel beside the line moves no median */
  check_ok(hr_gate_features_fill(features, 1, NULL, flux, out, &err));
  check_near(out[2], (9 * 2 + 1.5) / 11, 1e-12); /* mean of 11 pixels */
  check_near(out[3], 0.75, 1e-12);
  check_near(out[4], 0.75 + 0.5, 1e-12);
  check_near(out[5], 0.25, 1e-12);
  check_near(out[6], 1.5, 1e-12);
  hr_gate_features_destroy(&features);
  assert_null(features);
}

static void where_there_is_no_continuum_a_line_has_no_depth(void **state) {
  (void)state;
  float flux[GATE_PIXELS] = {0};
  double out[GATE_FEATURES];
  hr_error err;
  hr_gate_features *features = small_features();
  flux[45] = -3;
  check_ok(hr_gate_features_fill(features, 1, NULL, flux, out, &err));
  check_near(out[2], -3.0 / 11, 1e-12);
  for (size_t f = 3; f < GATE_FEATURES; f++) check_near(out[f], 0, 0);
  hr_gate_features_destroy(&features);
}

/* A pedestal that was taken off is put back: lines are those of the flux as it was. */
static void the_base_is_put_back(void **state) {
  (void)state;
  float flux[GATE_PIXELS], less[GATE_PIXELS];
  double out[GATE_FEATURES], again[GATE_FEATURES];
  hr_error err;
  hr_gate_grid grid = small_grid();
  hr_gate_features *features = small_features(), *based = NULL;
  grid.base = 0.75;
  check_ok(hr_gate_features_create(&small_table, &grid, &based, &err));
  check_near(hr_gate_features_base(based), 0.75, 0);
  memcpy(flux, small_flux(), sizeof flux);
  for (size_t p = 0; p < GATE_PIXELS; p++) less[p] = flux[p] - 0.75F;
  check_ok(hr_gate_features_fill(features, 1, NULL, flux, out, &err));
  check_ok(hr_gate_features_fill(based, 1, NULL, less, again, &err));
  for (size_t f = 2; f < GATE_FEATURES; f++) check_near(out[f], again[f], 1e-6);
  check_near(again[0], 0, 0); /* no components so far */
  hr_gate_features_destroy(&features);
  hr_gate_features_destroy(&based);
}

static void rows_are_measured_one_by_one(void **state) {
  (void)state;
  double all[GATE_ROWS * GATE_FEATURES], one[GATE_FEATURES];
  hr_error err;
  hr_gate_features *features = small_features();
  check_ok(hr_gate_features_fill(features, GATE_ROWS, NULL, small_flux(), all, &err));
  for (uint32_t i = 0; i < GATE_ROWS; i++) {
    check_ok(hr_gate_features_fill(features, 1, &i, small_flux(), one, &err));
    assert_memory_equal(one, all + i * GATE_FEATURES, sizeof one);
  }
  check_ok(hr_gate_features_fill(features, 0, NULL, small_flux(), one, &err));
  hr_gate_features_destroy(&features);
}

static void a_copy_measures_the_same(void **state) {
  (void)state;
  double out[GATE_FEATURES], again[GATE_FEATURES];
  hr_error err;
  hr_gate_features *features = small_features(), *copy = NULL;
  check_ok(hr_gate_features_copy(features, &copy, &err));
  check_ok(hr_gate_features_fill(features, 1, NULL, small_flux(), out, &err));
  hr_gate_features_destroy(&features);
  check_ok(hr_gate_features_fill(copy, 1, NULL, small_flux(), again, &err));
  assert_memory_equal(out, again, sizeof out);
  assert_int_equal(hr_gate_features_count(copy), GATE_FEATURES);
  assert_int_equal(hr_gate_features_pixels(copy), GATE_PIXELS);
  assert_memory_equal(hr_gate_features_table(copy), &small_table, sizeof small_table);
  hr_gate_features_destroy(&copy);
}

static hr_status make_all(void) {
  hr_error err;
  double out[GATE_FEATURES];
  hr_gate_grid grid = small_grid();
  hr_gate_features *features = NULL, *copy = NULL;
  hr_status status = hr_gate_features_create(&small_table, &grid, &features, &err);
  if (status == HR_OK) status = hr_gate_features_copy(features, &copy, &err);
  if (status == HR_OK) {
    status = hr_gate_features_fill(copy, 1, NULL, small_flux(), out, &err);
  }
  hr_gate_features_destroy(&features);
  hr_gate_features_destroy(&copy);
  return status;
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  check_alloc_failures(make_all());
}

static void windows_off_the_grid_are_refused(void **state) {
  (void)state;
  hr_error err;
  hr_gate_grid grid = small_grid();
  hr_gate_features *features = NULL;
  grid.pixels = 20;
  check_fails(hr_gate_features_create(&small_table, &grid, &features, &err),
              HR_ERR_CONFIG,
              "key: the window a, 8040 to 8050 angstrom, has no pixel; the spectra reach "
              "from 8000 to 8019");
  assert_null(features);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_line_on_paper),
      cmocka_unit_test(where_there_is_no_continuum_a_line_has_no_depth),
      cmocka_unit_test(the_base_is_put_back),
      cmocka_unit_test(rows_are_measured_one_by_one),
      cmocka_unit_test(a_copy_measures_the_same),
      cmocka_unit_test(every_allocation_may_fail),
      cmocka_unit_test(windows_off_the_grid_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
