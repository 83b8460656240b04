#include "data/doppler.h"

#include <string.h>

#include "core/alloc.h"
#include "core/random.h"
#include "support/check.h"

enum { P = 1000, MIDDLE = 500, EDGE = 60 };

typedef struct fixture {
  double wave[P];
  hr_doppler doppler;
  hr_doppler_shift shift;
  float in[P], out[P], back[P];
} fixture;

static void fixture_init(fixture *f) {
  hr_error err;
  for (size_t p = 0; p < P; p++) f->wave[p] = 8000 + 0.43 * (double)p;
  check_ok(hr_doppler_init(f->wave, P, &f->doppler, &err));
  check_ok(hr_doppler_shift_init(&f->doppler, &f->shift, &err));
}

static void fixture_fini(fixture *f) {
  hr_doppler_shift_fini(&f->shift);
  hr_doppler_fini(&f->doppler);
}

/* Lines of 1.6 angstrom FWHM on a slope. */
static double spectrum(double wave) {
  const double sigma = 1.6 / 2.3548;
  double flux = 1 + 1e-4 * (wave - 8000);
  for (double line = 8010; line < 8450; line += 17) {
    double off = (wave - line) / sigma;
    flux -= 0.4 * exp(-0.5 * off * off);
  }
  return flux;
}

static void factors_are_those_of_special_relativity(void **state) {
  (void)state;
  check_near(hr_doppler_factor(0), 1, 0);
  check_near(hr_doppler_factor(300), 1.00100119, 1e-8);
  check_near(hr_doppler_factor(300) * hr_doppler_factor(-300), 1, 1e-15);
  check_near(hr_doppler_factor(0.6 * HR_LIGHT_KM_S), 2, 1e-12);
}

static void lines_go_where_the_velocity_says(void **state) {
  (void)state;
  fixture f;
  fixture_init(&f);
  const double velocities[] = {-300, -8, 0.5, 3, 123.4, 300};
  for (size_t v = 0; v < sizeof velocities / sizeof *velocities; v++) {
    double factor = hr_doppler_factor(velocities[v]);
    for (size_t p = 0; p < P; p++) f.in[p] = (float)spectrum(f.wave[p]);
    hr_doppler_find(&f.doppler, factor, &f.shift);
    hr_doppler_apply(&f.doppler, &f.shift, f.in, f.out);
    for (size_t p = EDGE; p < P - EDGE; p++) {
      check_near(f.out[p], spectrum(f.wave[p] / factor), 2e-4);
    }
  }
  fixture_fini(&f);
}

static void standing_still_changes_no_bit(void **state) {
  (void)state;
  fixture f;
  fixture_init(&f);
  uint8_t bad[P] = {[7] = 1}, still[P];
  hr_normal(1, HR_STREAM_NOISE_TEST, 0, 0, P, f.in);
  hr_doppler_find(&f.doppler, 1, &f.shift);
  hr_doppler_apply(&f.doppler, &f.shift, f.in, f.out);
  hr_doppler_apply_line(&f.doppler, &f.shift, f.in, f.back);
  hr_doppler_apply_bad(&f.doppler, &f.shift, bad, still);
  for (size_t p = 0; p + 1 < P; p++) {
    assert_true(f.out[p] == f.in[p] && f.back[p] == f.in[p]);
    assert_true(still[p] == bad[p]);
  }
  fixture_fini(&f);
}

static void there_and_back_is_where_it_was(void **state) {
  (void)state;
  fixture f;
  fixture_init(&f);
  for (size_t p = 0; p < P; p++) f.in[p] = (float)spectrum(f.wave[p]);
  hr_doppler_find(&f.doppler, hr_doppler_factor(137), &f.shift);
  hr_doppler_apply(&f.doppler, &f.shift, f.in, f.out);
  hr_doppler_find(&f.doppler, 1 / hr_doppler_factor(137), &f.shift);
  hr_doppler_apply(&f.doppler, &f.shift, f.out, f.back);
  for (size_t p = EDGE; p < P - EDGE; p++) check_near(f.back[p], f.in[p], 3e-4);
  fixture_fini(&f);
}

/* Variance and correlation of neighbours as the header has them, half a pixel away. */
static void white_noise_stays_nearly_white(void **state) {
  (void)state;
  enum { ROWS = 400 };
  fixture f;
  fixture_init(&f);
  double variance = 0, product = 0, count = 0;
  for (size_t row = 0; row < ROWS; row++) {
    hr_normal(1, HR_STREAM_NOISE_TEST, row, 0, P, f.in);
    hr_doppler_find(&f.doppler, 1 + 0.215 / 8215, &f.shift);
    hr_doppler_apply(&f.doppler, &f.shift, f.in, f.out);
    for (size_t p = MIDDLE - 100; p < MIDDLE + 100; p++, count++) {
      variance += (double)f.out[p] * (double)f.out[p];
      product += (double)f.out[p] * (double)f.out[p + 1];
    }
  }
  check_near(variance / count, 0.86, 0.03);
  check_near(product / variance, 0.15, 0.03);
  fixture_fini(&f);
}

static void ends_are_continued_and_bad_pixels_stay_bad(void **state) {
  (void)state;
  fixture f;
  fixture_init(&f);
  uint8_t bad[P] = {[MIDDLE] = 1}, moved[P];
  size_t count = 0;
  for (size_t p = 0; p < P; p++) f.in[p] = (float)p;
  hr_doppler_find(&f.doppler, 1 + 4.3 / 8215, &f.shift); /* 10 pixels */
  hr_doppler_apply(&f.doppler, &f.shift, f.in, f.out);
  hr_doppler_apply_line(&f.doppler, &f.shift, f.in, f.back);
  hr_doppler_apply_bad(&f.doppler, &f.shift, bad, moved);
  check_near(f.out[0], 0, 0);
  check_near(f.back[0], 0, 0);
  check_near(f.out[MIDDLE + 10], MIDDLE, 0.1);
  check_near(f.back[MIDDLE + 10], MIDDLE, 0.1);
  assert_true(moved[0] && moved[8] && !moved[20] && !moved[P - 1]);
  assert_true(moved[MIDDLE + 10]);
  for (size_t p = MIDDLE; p < MIDDLE + 20; p++) count += moved[p];
  assert_in_range(count, 1, 4);
  hr_doppler_find(&f.doppler, 1 - 4.3 / 8215, &f.shift);
  hr_doppler_apply(&f.doppler, &f.shift, f.in, f.out);
  hr_doppler_apply_bad(&f.doppler, &f.shift, bad, moved);
  check_near(f.out[P - 1], P - 1, 0);
  assert_true(moved[P - 1] && !moved[0] && moved[MIDDLE - 10]);
  fixture_fini(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(factors_are_those_of_special_relativity),
      cmocka_unit_test(lines_go_where_the_velocity_says),
      cmocka_unit_test(standing_still_changes_no_bit),
      cmocka_unit_test(there_and_back_is_where_it_was),
      cmocka_unit_test(white_noise_stays_nearly_white),
      cmocka_unit_test(ends_are_continued_and_bad_pixels_stay_bad),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
