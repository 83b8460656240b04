#include "simulate/instrument.h"

#include <stdlib.h>

#include "core/alloc.h"
#include "support/check.h"

typedef struct fixture {
  hr_grid_tables *tables;
  hr_exposure exposure;
  double *conversion, *variance;
  float *flux, *error, *surface;
} fixture;

static int set_up(void **state) {
  static fixture f;
  hr_error err;
  check_ok(hr_tables_create(&f.tables, &err));
  check_ok(hr_exposure_init(f.tables->pixels, &f.exposure, &err));
  check_ok(hr_alloc(&f.conversion, f.tables->pixels, &err));
  check_ok(hr_alloc(&f.variance, f.tables->pixels, &err));
  check_ok(hr_alloc(&f.flux, f.tables->pixels, &err));
  check_ok(hr_alloc(&f.error, f.tables->pixels, &err));
  check_ok(hr_alloc(&f.surface, f.tables->pixels, &err));
  *state = &f;
  return 0;
}

static int tear_down(void **state) {
  fixture *f = *state;
  hr_exposure_fini(&f->exposure);
  hr_free(f->conversion);
  hr_free(f->variance);
  hr_free(f->flux);
  hr_free(f->error);
  hr_free(f->surface);
  hr_tables_destroy(&f->tables);
  return 0;
}

static hr_instrument make(const fixture *f, hr_simulate_noise_model model) {
  hr_error err;
  hr_instrument instrument;
  hr_simulate_options options = hr_simulate_options_default();
  options.noise_model = model;
  check_ok(hr_instrument_init(f->tables, &options, &instrument, &err));
  return instrument;
}

/* AB magnitude m, flat in f_nu, in 1e-17 erg s-1 cm-2 A-1. */
static double flat_flux(double mag, double wave) {
  return 3.631e-20 * pow(10.0, -0.4 * mag) * 2.99792458e18 / (wave * wave) / 1e-17;
}

static void calculator_is_reproduced(void **state) {
  fixture *f = *state;
  hr_instrument instrument = make(f, HR_SIMULATE_MODEL_U);
  const hr_conditions conditions = {0.8, 30.0, 0.45};
  hr_instrument_expose(&instrument, &conditions, &f->exposure);
  for (size_t p = 0; p < f->tables->pixels; p++) {
    double count = f->exposure.conversion[p] * flat_flux(22.5, f->tables->wave[p]);
    double variance = f->exposure.variance[p], snr = count / sqrt(count + variance);
    double expected = f->tables->count_reference[p];
    check_near(count, expected, 2e-4 * expected);
    expected = f->tables->variance_reference[p];
    check_near(variance, expected, 2e-4 * expected);
    expected = f->tables->snr_reference[p];
    check_near(snr, expected, 2e-4 * expected);
  }
  hr_instrument_fini(&instrument);
}

static void fast_and_plain_agree(void **state) {
  fixture *f = *state;
  const hr_conditions conditions[] = {
      {0.8, 30.0, 0.45}, {0.4, 0.0, 0.0}, {1.8, 60.0, 0.65}, {1.23, 44.9, 0.1}};
  for (int model = HR_SIMULATE_MODEL_U; model <= HR_SIMULATE_MODEL_A; model++) {
    hr_instrument instrument = make(f, (hr_simulate_noise_model)model);
    for (size_t c = 0; c < sizeof conditions / sizeof *conditions; c++) {
      hr_instrument_expose(&instrument, &conditions[c], &f->exposure);
      hr_instrument_reference(&instrument, &conditions[c], f->conversion, f->variance);
      for (size_t p = 0; p < f->tables->pixels; p++) {
        check_near(f->exposure.conversion[p] / f->conversion[p], 1, 1e-10);
        check_near(f->exposure.variance[p] / f->variance[p], 1, 1e-10);
      }
    }
    hr_instrument_fini(&instrument);
  }
}

static void model_a_sees_more_light(void **state) {
  fixture *f = *state;
  const hr_conditions axis = {0.8, 0.0, 0.0};
  hr_instrument u = make(f, HR_SIMULATE_MODEL_U), a = make(f, HR_SIMULATE_MODEL_A);
  hr_instrument_expose(&u, &axis, &f->exposure);
  memcpy(f->conversion, f->exposure.conversion, 4096 * sizeof *f->conversion);
  hr_instrument_expose(&a, &axis, &f->exposure);
  /* thr_A / thr_U * (1 - 0.27) / 0.81 of the first pixel: 0.28981 / 0.22729 * 0.90123. */
  check_near(f->exposure.conversion[0] / f->conversion[0], 1.149136, 2e-5);
  hr_instrument_fini(&u);
  hr_instrument_fini(&a);
}

static int compare(const void *x, const void *y) {
  float a = *(const float *)x, b = *(const float *)y;
  return (a > b) - (a < b);
}

/* A star observed, against formula 5 in plain steps. */
static void observation_follows_the_formulas(void **state) {
  fixture *f = *state;
  size_t pixels = f->tables->pixels;
  const hr_conditions conditions = {0.8, 20.0, 0.3};
  const double mag = 21.3;
  double snr = 0.0, in_band = 0.0, zero = 0.0;
  hr_instrument instrument = make(f, HR_SIMULATE_MODEL_U);
  memcpy(f->surface, f->tables->flux + 700 * pixels, pixels * sizeof *f->surface);
  memcpy(f->flux, f->surface, pixels * sizeof *f->flux);
  hr_instrument_expose(&instrument, &conditions, &f->exposure);
  hr_instrument_observe(&instrument, &f->exposure, mag, f->flux, f->error, &snr);

  hr_instrument_reference(&instrument, &conditions, f->conversion, f->variance);
  for (size_t p = 0; p < pixels; p++) {
    in_band += (double)f->surface[p] * instrument.band[p];
    zero += flat_flux(mag, f->tables->wave[p]) * instrument.band[p];
  }
  float ratio[4096], sorted[4096];
  memcpy(sorted, f->flux, sizeof sorted);
  qsort(sorted, pixels, sizeof *sorted, compare);
  check_near(0.5 * ((double)sorted[2047] + (double)sorted[2048]), 0.5, 1e-7);
  double unit = (double)f->flux[0] / (double)f->surface[0];
  for (size_t p = 0; p < pixels; p++) {
    double F = (double)f->surface[p] * zero / in_band, conversion = f->conversion[p];
    double sigma = sqrt(conversion * F + f->variance[p]) / conversion;
    check_near(f->flux[p], (double)f->surface[p] * unit, 2e-7);
    check_near((double)f->error[p] / (double)f->flux[p] * F / sigma, 1, 1e-6);
    ratio[p] = f->flux[p] / f->error[p];
  }
  qsort(ratio, pixels, sizeof *ratio, compare);
  double a = ratio[3890], b = ratio[3891];
  check_near(snr, a + 0.25 * (b - a), 1e-6);
  hr_instrument_fini(&instrument);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(calculator_is_reproduced),
      cmocka_unit_test(fast_and_plain_agree),
      cmocka_unit_test(model_a_sees_more_light),
      cmocka_unit_test(observation_follows_the_formulas),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
