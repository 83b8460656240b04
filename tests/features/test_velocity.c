/* Velocities of simulated stars against what they were moved by, and against the bound
 * that the noise sets. */
#include "features/velocity.h"

#include <float.h>

#include "compute/compute.h"
#include "core/alloc.h"
#include "core/random.h"
#include "simulate/derivatives.h"
#include "support/check.h"

enum { STARS = 120, UNKNOWNS = 2 + HR_GRID_AXES, P = 4096 };

static hr_error err;
static hr_grid_tables *tables;
static hr_interpolator interpolator;
static hr_velocity *velocity;
static hr_velocity_scratch *scratch;
static hr_doppler doppler;
static hr_doppler_shift shift;
static float *weights, *spectra, *sorting;
static float flux[P], error[P], deviate[P], moved[UNKNOWNS][P], ahead[P];

static const double range[2] = {-350, 350};

static int set_up(void **state) {
  (void)state;
  check_ok(hr_tables_create(&tables, &err));
  check_ok(hr_interpolator_init(hr_compute_default(), tables, HR_SIMULATE_NODES_ALL,
                                &interpolator, &err));
  check_ok(hr_velocity_create(tables->wave, P, range, &velocity, &err));
  check_ok(hr_velocity_scratch_create(velocity, &scratch, &err));
  check_ok(hr_doppler_init(tables->wave, P, &doppler, &err));
  check_ok(hr_doppler_shift_init(&doppler, &shift, &err));
  check_ok(hr_alloc(&weights, HR_DERIVATIVE_ROWS * tables->spectra, &err));
  check_ok(hr_alloc(&spectra, HR_DERIVATIVE_ROWS * (size_t)P, &err));
  check_ok(hr_alloc(&sorting, P, &err));
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  hr_free(weights);
  hr_free(spectra);
  hr_free(sorting);
  hr_doppler_shift_fini(&shift);
  hr_doppler_fini(&doppler);
  hr_velocity_scratch_destroy(&scratch);
  hr_velocity_destroy(&velocity);
  hr_tables_destroy(&tables);
  return 0;
}

/* Star number i, with a velocity, at a ratio of signal to noise of the median flux. */
static void make_star(size_t i, double rv, double snr) {
  const double low[] = {3750, 1, -2.5}, width[] = {2250, 4, 3.25};
  double labels[HR_GRID_AXES];
  for (size_t a = 0; a < HR_GRID_AXES; a++) {
    labels[a] = low[a] + width[a] * hr_uniform(7, HR_STREAM_DRAWS, i, (uint32_t)a);
  }
  hr_derivatives_weights(&interpolator, labels, weights);
  hr_interpolator_spectra(&interpolator, HR_DERIVATIVE_ROWS, weights, spectra);
  hr_derivatives_scale(P, spectra, sorting);
  hr_doppler_find(&doppler, hr_doppler_factor(rv), &shift);
  for (size_t r = 0; r < HR_DERIVATIVE_ROWS; r++) {
    hr_doppler_apply(&doppler, &shift, spectra + r * P, moved[r]);
  }
  hr_doppler_find(&doppler, hr_doppler_factor(rv + 1), &shift);
  hr_doppler_apply(&doppler, &shift, spectra, ahead);
  hr_normal(7, HR_STREAM_NOISE_TEST, i, 0, P, deviate);
  for (size_t p = 0; p < P; p++) {
    moved[UNKNOWNS - 1][p] = ahead[p] - moved[0][p];
    /* Sky lines, roughly. */
    error[p] = (float)((p % 50 < 5 ? 4 : 1) / snr);
    flux[p] = moved[0][p] + error[p] * deviate[p];
  }
}

/* The bound on the velocity: not knowing the labels and the scale is part of it. */
static double bound(void) {
  double f[UNKNOWNS][UNKNOWNS];
  for (size_t i = 0; i < UNKNOWNS; i++) {
    for (size_t j = 0; j < UNKNOWNS; j++) {
      f[i][j] = 0;
      for (size_t p = 0; p < P; p++) {
        f[i][j] += (double)moved[i][p] * (double)moved[j][p] / pow((double)error[p], 2);
      }
    }
  }
  for (size_t k = 0; k + 1 < UNKNOWNS; k++) { /* eliminates all but the last */
    for (size_t i = k + 1; i < UNKNOWNS; i++) {
      double share = f[i][k] / f[k][k];
      for (size_t j = k; j < UNKNOWNS; j++) f[i][j] -= share * f[k][j];
    }
  }
  return 1 / sqrt(f[UNKNOWNS - 1][UNKNOWNS - 1]);
}

static double drawn_velocity(size_t i) {
  return -300 + 600 * hr_uniform(7, HR_STREAM_DRAWS, i, 3);
}

static void velocities_reach_their_bound(void **state) {
  (void)state;
  const double ratios[] = {3, 5, 10, 30};
  for (size_t r = 0; r < sizeof ratios / sizeof *ratios; r++) {
    double squares = 0, own = 0, sum = 0, flagged = 0;
    for (size_t i = 0; i < STARS; i++) {
      double rv = drawn_velocity(i);
      make_star(i, rv, ratios[r]);
      double least = bound();
      hr_velocity_answer a = hr_velocity_fit(velocity, scratch, flux, error, 0);
      if (a.flags) {
        flagged++;
        continue;
      }
      squares += pow((a.rv - rv) / least, 2);
      own += pow((a.rv - rv) / a.sigma, 2);
      sum += a.rv - rv;
    }
    squares /= STARS - flagged, own /= STARS - flagged, sum /= STARS - flagged;
    print_message(
        "signal to noise %g: %.3f of the bound, %.3f sigma, mean %.3f km/s, "
        "%g flagged\n",
        ratios[r], sqrt(squares), sqrt(own), sum, flagged);
    assert_true(sqrt(squares) <= 1.5);
    assert_true(sqrt(own) >= 0.85 && sqrt(own) <= 1.15);
    assert_true(flagged <= (ratios[r] < 5 ? 25 : ratios[r] < 10 ? 5 : 0));
  }
}

/* Scale and pedestal of the flux, and what stands in bad pixels, make no difference. */
static void bad_pixels_take_no_part(void **state) {
  (void)state;
  make_star(3, 123.4, 20);
  hr_velocity_answer plain = hr_velocity_fit(velocity, scratch, flux, error, 0);
  check_near(plain.rv, 123.4, 4 * plain.sigma);
  for (size_t p = 100; p < P; p += 10) error[p] = 0;
  hr_velocity_answer a = hr_velocity_fit(velocity, scratch, flux, error, 0);
  for (size_t p = 100; p < P; p += 10) {
    flux[p] = p % 20 ? NAN : 1e9f;
    error[p] = p % 30 ? 0 : p % 60 ? NAN : -1;
  }
  hr_velocity_answer b = hr_velocity_fit(velocity, scratch, flux, error, 0);
  assert_true(a.rv == b.rv && a.sigma == b.sigma && b.flags == 0);
  assert_true(a.sigma > plain.sigma);
  check_near(a.rv, plain.rv, 3 * plain.sigma);
  for (size_t p = 0; p < P; p++) {
    flux[p] = 1000 * flux[p] - 7000;
    error[p] *= 1000;
  }
  b = hr_velocity_fit(velocity, scratch, flux, error, 7000);
  check_near(b.rv, a.rv, 0.1);
  check_near(b.sigma, a.sigma, 0.01);
}

static void unknown_errors_leave_sigma_unknown(void **state) {
  (void)state;
  make_star(5, -222, 40);
  hr_velocity_answer a = hr_velocity_fit(velocity, scratch, flux, NULL, 0);
  check_near(a.rv, -222, 10);
  assert_true(isnan(a.sigma) && a.flags == 0);
}

static void what_cannot_be_told_is_flagged(void **state) {
  (void)state;
  make_star(3, 500, 30);
  assert_true(hr_velocity_fit(velocity, scratch, flux, error, 0).flags != 0);
  /* A star just outside of the range. */
  make_star(3, 360, 30);
  hr_velocity_answer a = hr_velocity_fit(velocity, scratch, flux, error, 0);
  check_near(a.rv, 350, 0);
  assert_int_equal(a.flags & HR_VELOCITY_EDGE, HR_VELOCITY_EDGE);
  /* Next to nothing but noise. */
  size_t doubtful = 0;
  for (size_t i = 0; i < 20; i++) {
    make_star(i, 0, 0.3);
    doubtful += hr_velocity_fit(velocity, scratch, flux, error, 0).flags != 0;
  }
  assert_true(doubtful >= 16);
  /* Nothing at all. */
  for (size_t p = 60; p < P; p++) error[p] = 0;
  a = hr_velocity_fit(velocity, scratch, flux, error, 0);
  assert_true(isnan(a.rv) && isnan(a.sigma));
  assert_int_equal(a.flags, HR_VELOCITY_NONE);
  for (size_t p = 0; p < P; p++) {
    flux[p] = -1;
    error[p] = 1;
  }
  assert_int_equal(hr_velocity_fit(velocity, scratch, flux, error, 0).flags,
                   HR_VELOCITY_NONE);
}

static void ranges_and_grids_are_checked(void **state) {
  (void)state;
  hr_velocity *other = NULL;
  const double narrow[2] = {10, 20}, wave[2] = {7000, 7001};
  check_fails(hr_velocity_create(tables->wave, P, narrow, &other, &err), HR_ERR_USAGE,
              "velocities are looked for from 10 to 20 km/s; give a range of at least "
              "64, the lower end first");
  check_fails(hr_velocity_create(wave, 2, range, &other, &err), HR_ERR_MISSING,
              "the spectra have 2 pixels and the built-in model grid has 4096");
  assert_null(other);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(velocities_reach_their_bound),
      cmocka_unit_test(bad_pixels_take_no_part),
      cmocka_unit_test(unknown_errors_leave_sigma_unknown),
      cmocka_unit_test(what_cannot_be_told_is_flagged),
      cmocka_unit_test(ranges_and_grids_are_checked),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
