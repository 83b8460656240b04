/* Resampling against exact integrals, and its variances against noise. */
#include "data/resample.h"

#include <stdlib.h>
#include <string.h>

#include "core/random.h"
#include "support/check.h"
#include "support/fail_alloc.h"

enum { MOST = 5000 };

static hr_error err;
static hr_resampling r;
static double from[MOST], to[MOST];
static double flux[MOST], variance[MOST], new_flux[MOST], new_variance[MOST];
static bool good[MOST], new_good[MOST];
static const hr_wave_values in = {flux, variance, good};
static const hr_wave_values out = {new_flux, new_variance, new_good};

static int tidy(void **state) {
  (void)state;
  hr_resampling_fini(&r);
  return 0;
}

static void make_grid(double *grid, size_t pixels, double first, double step) {
  for (size_t p = 0; p < pixels; p++) grid[p] = first + step * (double)p;
}

static void prepare(size_t source, size_t target) {
  const hr_wave_grid a = {from, source}, b = {to, target};
  hr_resampling_fini(&r);
  check_ok(hr_resampling_init(&a, &b, &r, &err));
}

/* Noise, of which no two pixels are the same. */
static void draw(size_t pixels) {
  for (size_t p = 0; p < pixels; p++) {
    flux[p] = (double)(float)(3 + hr_uniform(5, HR_STREAM_FOLDS, 0, (uint32_t)p));
    variance[p] = (double)(float)(0.1 + hr_uniform(5, HR_STREAM_FOLDS, 1, (uint32_t)p));
    good[p] = true;
  }
}

/* The plain definition: every source pixel against every target pixel, both of even
 * width, over the integral. */
static double integral(size_t source, double low, double high, int power) {
  double sum = 0, step = from[1] - from[0];
  for (size_t s = 0; s < source; s++) {
    double begin = fmax(low, from[s] - step / 2), end = fmin(high, from[s] + step / 2);
    double weight = end > begin ? (end - begin) / (high - low) : 0;
    sum += power == 1 ? weight * flux[s] : weight * weight * variance[s];
  }
  return sum;
}

static void check_integrals(size_t source, size_t target) {
  double step = to[1] - to[0];
  for (size_t t = 0; t < target; t++) {
    double low = to[t] - step / 2, high = to[t] + step / 2;
    if (!new_good[t]) continue;
    check_near(new_flux[t], integral(source, low, high, 1), 1e-9);
    check_near(new_variance[t], integral(source, low, high, 2), 1e-9);
  }
}

static void its_own_grid_keeps_every_bit(void **state) {
  (void)state;
  make_grid(from, 4096, 7100.2136, 0.427246);
  draw(4096);
  good[7] = false;
  memcpy(to, from, sizeof from);
  prepare(4096, 4096);
  hr_resample(&r, &in, &out);
  for (size_t p = 0; p < 4096; p++) {
    assert_int_equal(new_good[p], p != 7);
    if (p == 7) continue;
    assert_true(new_flux[p] == flux[p] && new_variance[p] == variance[p]);
  }
  check_near(hr_resample_correlation(&r, &in, &out), 0, 0);
  check_near(r.coarseness, 1, 1e-12);
}

/* As a file has them in nm, in single precision: 0.0003 A off at most. */
static void rounding_is_no_other_grid(void **state) {
  (void)state;
  make_grid(to, 4096, 7100.2136, 0.427246);
  for (size_t p = 0; p < 4096; p++) from[p] = 10 * (double)(float)(to[p] / 10);
  draw(4096);
  good[100] = false;
  prepare(4096, 4096);
  hr_resample(&r, &in, &out);
  for (size_t p = 0; p < 4096; p++) {
    assert_int_equal(new_good[p], p != 100);
    if (p != 100) assert_true(new_flux[p] == flux[p] && new_variance[p] == variance[p]);
  }
}

static void half_a_pixel_off_is_the_mean_of_two(void **state) {
  (void)state;
  make_grid(from, 64, 100, 1);
  make_grid(to, 63, 100.5, 1);
  draw(64);
  prepare(64, 63);
  hr_resample(&r, &in, &out);
  for (size_t p = 0; p < 63; p++) {
    assert_true(new_good[p]);
    check_near(new_flux[p], 0.5 * (flux[p] + flux[p + 1]), 1e-12);
    check_near(new_variance[p], 0.25 * (variance[p] + variance[p + 1]), 1e-12);
  }
  for (size_t p = 0; p < 64; p++) variance[p] = 2;
  hr_resample(&r, &in, &out);
  check_near(hr_resample_correlation(&r, &in, &out), 0.5, 1e-12);
}

static void twice_as_wide_is_the_mean_of_two_apart(void **state) {
  (void)state;
  make_grid(from, 64, 100, 1);
  make_grid(to, 32, 100.5, 2);
  draw(64);
  prepare(64, 32);
  hr_resample(&r, &in, &out);
  for (size_t p = 0; p < 32; p++) {
    assert_true(new_good[p]);
    check_near(new_flux[p], 0.5 * (flux[2 * p] + flux[2 * p + 1]), 1e-12);
    check_near(new_variance[p], 0.25 * (variance[2 * p] + variance[2 * p + 1]), 1e-12);
  }
  check_near(hr_resample_correlation(&r, &in, &out), 0, 0);
  check_near(r.coarseness, 0.5, 1e-12);
}

/* Pixels four times as wide: neighbours are mostly the same pixel. */
static void wide_pixels_make_neighbours_alike(void **state) {
  (void)state;
  make_grid(from, 40, 100, 4);
  make_grid(to, 120, 110.5, 1);
  draw(40);
  for (size_t p = 0; p < 40; p++) variance[p] = 3;
  prepare(40, 120);
  hr_resample(&r, &in, &out);
  check_integrals(40, 120);
  double correlation = hr_resample_correlation(&r, &in, &out);
  assert_true(correlation > 0.6 && correlation < 1);
  check_near(r.coarseness, 4, 1e-12);
}

static void a_delta_stays_where_it_is(void **state) {
  (void)state;
  make_grid(from, 101, 8500, 0.8);
  make_grid(to, 150, 8501.13, 0.427246);
  draw(101);
  for (size_t p = 0; p < 101; p++) flux[p] = 0;
  flux[40] = 1;
  prepare(101, 150);
  hr_resample(&r, &in, &out);
  check_integrals(101, 150);
  double sum = 0, moment = 0;
  for (size_t p = 0; p < 150; p++) {
    sum += new_flux[p] * 0.427246;
    moment += new_flux[p] * 0.427246 * to[p];
    if (fabs(to[p] - from[40]) > 0.4 + 0.22) check_near(new_flux[p], 0, 0);
  }
  check_near(sum, 0.8, 1e-9);
  check_near(moment / sum, from[40], 0.1);
}

static void a_bad_pixel_is_bad_wherever_it_has_weight(void **state) {
  (void)state;
  make_grid(from, 101, 8500, 0.8);
  make_grid(to, 150, 8501.13, 0.427246);
  draw(101);
  good[40] = false;
  flux[40] = (double)NAN;
  variance[40] = (double)INFINITY;
  prepare(101, 150);
  hr_resample(&r, &in, &out);
  size_t bad = 0;
  for (size_t p = 0; p < 150; p++) {
    bool touches = fabs(to[p] - from[40]) < 0.4 + 0.427246 / 2;
    assert_int_equal(new_good[p], !touches);
    assert_true(isfinite(new_flux[p]) && isfinite(new_variance[p]));
    bad += touches;
  }
  assert_int_equal(bad, 3);
}

static void pixels_that_are_half_outside_are_bad(void **state) {
  (void)state;
  make_grid(from, 10, 100, 1); /* from 99.5 to 109.5 */
  make_grid(to, 14, 98, 1);
  to[13] = 111.2;
  draw(10);
  prepare(10, 14);
  hr_resample(&r, &in, &out);
  for (size_t p = 0; p < 14; p++) assert_int_equal(new_good[p], p >= 2 && p <= 11);
  make_grid(to, 3, 200, 1);
  prepare(10, 3);
  hr_resample(&r, &in, &out);
  assert_false(new_good[0] || new_good[1] || new_good[2]);
  assert_true(isnan(r.coarseness));
  assert_true(isnan(hr_resample_correlation(&r, &in, &out)));
}

/* From a log-linear grid: what there is over a stretch whose edges both have stays. */
static void flux_is_conserved(void **state) {
  (void)state;
  double sum = 0, new_sum = 0;
  for (size_t p = 0; p < 3000; p++) from[p] = 6900 * pow(10, 1e-4 * (double)p);
  make_grid(to, 4096, 7100.2136, 0.427246);
  draw(3000);
  for (size_t p = 0; p < 3000; p++) {
    double line = (from[p] - 8542) / 3;
    flux[p] = 1 - 0.6 * exp(-0.5 * line * line);
  }
  prepare(3000, 4096);
  hr_resample(&r, &in, &out);
  double low = to[0] - 0.213623, high = to[4095] + 0.213623;
  for (size_t p = 1; p + 1 < 3000; p++) {
    double begin = 0.5 * (from[p - 1] + from[p]), end = 0.5 * (from[p] + from[p + 1]);
    double overlap = fmin(end, high) - fmax(begin, low);
    if (overlap > 0) sum += overlap * flux[p];
  }
  for (size_t p = 0; p < 4096; p++) new_sum += 0.427246 * new_flux[p];
  check_near(new_sum / sum, 1, 1e-6);
}

/* The variance of the sum of target pixels first .. end - 1. */
static double variance_of_sum(size_t first, size_t end, size_t source) {
  static double weight[MOST];
  double sum = 0;
  for (size_t s = 0; s < source; s++) weight[s] = 0;
  for (size_t t = first; t < end; t++) {
    for (size_t k = r.start[t]; k < r.start[t + 1]; k++) {
      weight[r.first[t] + (k - r.start[t])] += r.weight[k];
    }
  }
  for (size_t s = 0; s < source; s++) sum += weight[s] * weight[s] * variance[s];
  return sum;
}

/* Sums over many pixels scatter as those of independent noise of that variance do; by the
 * exact ones of single pixels, which leave out neighbours, they would scatter less. */
static void sums_scatter_as_those_of_independent_noise(void **state) {
  (void)state;
  enum { SOURCE = 400, TARGET = 320, FIRST = 20, END = 300 };
  static const double steps[] = {0.5, 1, 2, 4};
  for (size_t k = 0; k < 4; k++) {
    double exact = 0, independent = 0;
    make_grid(from, SOURCE, 8400, steps[k]);
    make_grid(to, TARGET, 8410.3, 0.6);
    draw(SOURCE);
    for (size_t p = 0; p < SOURCE; p++) variance[p] = 2;
    prepare(SOURCE, TARGET);
    hr_resample(&r, &in, &out);
    for (size_t p = FIRST; p < END && new_good[p]; p++) exact += new_variance[p];
    hr_resample_independent(&r, &in, &out);
    for (size_t p = FIRST; p < END && new_good[p]; p++) independent += new_variance[p];
    assert_true(new_good[END - 1]);
    check_near(variance_of_sum(FIRST, END, SOURCE) / independent, 1, 0.02);
    assert_true(exact < 0.9 * independent);
    check_near(new_variance[FIRST], 2 * steps[k] / 0.6, 1e-9);
  }
}

static void check_the_same(size_t target) {
  static double exact[MOST];
  prepare(64, target);
  hr_resample(&r, &in, &out);
  memcpy(exact, new_variance, target * sizeof *exact);
  hr_resample_independent(&r, &in, &out);
  for (size_t p = 0; p < target; p++) check_near(new_variance[p], exact[p], 1e-12);
}

static void where_no_noise_is_shared_both_variances_are_one(void **state) {
  (void)state;
  make_grid(from, 64, 100, 1);
  draw(64);
  good[10] = false;
  make_grid(to, 64, 100, 1);
  check_the_same(64);
  check_near(new_variance[10], 0, 0);
  assert_true(new_variance[11] == variance[11]); /* to the bit */
  make_grid(to, 32, 100.5, 2);
  check_the_same(32);
}

/* 2,000 draws of noise: the mean over pixels of their variances, and of every product of
 * neighbours. */
static void variances_are_those_of_noise(void **state) {
  (void)state;
  enum { DRAWS = 2000, SOURCE = 200, TARGET = 320 };
  static float z[SOURCE];
  static double square[TARGET], product[TARGET], sigma[SOURCE];
  make_grid(from, SOURCE, 8500, 0.8);
  make_grid(to, TARGET, 8510, 0.427246);
  draw(SOURCE);
  for (size_t p = 0; p < SOURCE; p++) sigma[p] = sqrt(variance[p]);
  prepare(SOURCE, TARGET);
  for (uint64_t d = 0; d < DRAWS; d++) {
    hr_normal(11, HR_STREAM_NOISE_TRAIN, d, 0, SOURCE, z);
    for (size_t p = 0; p < SOURCE; p++) flux[p] = sigma[p] * (double)z[p];
    hr_resample(&r, &in, &out);
    for (size_t p = 0; p < TARGET; p++) {
      square[p] += new_flux[p] * new_flux[p] / DRAWS;
      if (p + 1 < TARGET) product[p] += new_flux[p] * new_flux[p + 1] / DRAWS;
    }
  }
  double ratio = 0, correlation = 0;
  for (size_t p = 0; p < TARGET; p++) {
    ratio += square[p] / new_variance[p] / TARGET;
    check_near(square[p] / new_variance[p], 1, 0.17); /* 5 sigma of 2,000 draws */
    if (p + 1 == TARGET) continue;
    correlation +=
        product[p] / sqrt(new_variance[p] * new_variance[p + 1]) / (TARGET - 1);
  }
  check_near(ratio, 1, 0.02);
  check_near(correlation, hr_resample_correlation(&r, &in, &out), 0.02);
}

static void without_variances_there_are_none(void **state) {
  (void)state;
  const hr_wave_values bare = {flux, NULL, good}, bare_out = {new_flux, NULL, new_good};
  make_grid(from, 64, 100, 1);
  make_grid(to, 63, 100.5, 1);
  draw(64);
  prepare(64, 63);
  hr_resample(&r, &bare, &bare_out);
  check_near(new_flux[3], 0.5 * (flux[3] + flux[4]), 1e-12);
  assert_true(isnan(hr_resample_correlation(&r, &bare, &bare_out)));
}

static void grids_have_to_ascend(void **state) {
  (void)state;
  const hr_wave_grid a = {from, 64}, b = {to, 64}, one = {from, 1};
  make_grid(from, 64, 100, 1);
  make_grid(to, 64, 100, 1);
  hr_resampling_fini(&r);
  from[10] = 108;
  check_fails(hr_resampling_init(&a, &b, &r, &err), HR_ERR_DATA,
              "the wavelength is 108 at pixel 10 (counted from 0) and 109 before it; "
              "wavelengths have to be finite and to ascend");
  from[10] = (double)NAN;
  assert_int_equal(hr_resampling_init(&b, &a, &r, &err), HR_ERR_DATA);
  check_fails(hr_resampling_init(&one, &b, &r, &err), HR_ERR_DATA,
              "a grid of 1 pixel has no edges; spectra take two pixels and more");
}

static hr_status make(void) {
  const hr_wave_grid a = {from, 64}, b = {to, 32};
  hr_resampling own;
  hr_status status = hr_resampling_init(&a, &b, &own, &err);
  hr_resampling_fini(&own);
  return status;
}

static void failing_allocations_are_reported(void **state) {
  (void)state;
  make_grid(from, 64, 100, 1);
  make_grid(to, 32, 110, 1);
  check_alloc_failures(make());
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(its_own_grid_keeps_every_bit),
      cmocka_unit_test(rounding_is_no_other_grid),
      cmocka_unit_test(half_a_pixel_off_is_the_mean_of_two),
      cmocka_unit_test(twice_as_wide_is_the_mean_of_two_apart),
      cmocka_unit_test(wide_pixels_make_neighbours_alike),
      cmocka_unit_test(a_delta_stays_where_it_is),
      cmocka_unit_test(a_bad_pixel_is_bad_wherever_it_has_weight),
      cmocka_unit_test(pixels_that_are_half_outside_are_bad),
      cmocka_unit_test(flux_is_conserved),
      cmocka_unit_test(sums_scatter_as_those_of_independent_noise),
      cmocka_unit_test(where_no_noise_is_shared_both_variances_are_one),
      cmocka_unit_test(variances_are_those_of_noise),
      cmocka_unit_test(without_variances_there_are_none),
      cmocka_unit_test(grids_have_to_ascend),
      cmocka_unit_test(failing_allocations_are_reported),
  };
  return cmocka_run_group_tests(tests, NULL, tidy);
}
