/* Derivatives of the model spectra against differences of the spectra themselves. */
#include "simulate/derivatives.h"

#include "core/alloc.h"
#include "core/pixel_quantile.h"
#include "support/check.h"

enum { STARS = 3 };

static const double stars[STARS][HR_GRID_AXES] = {
    {3900.0, 4.6, -2.1}, {4850.0, 2.2, -0.4}, {5910.0, 3.8, 0.31}};
static const char *const names[HR_GRID_AXES] = {"T_eff", "log g", "[M/H]"};
static const double unit[HR_GRID_AXES] = {100.0, 0.1, 0.1}; /* of a step */

static hr_error err;
static hr_grid_tables *tables;
static hr_interpolator interpolator;
static float *weights, *spectra, *scratch;
static double *above, *below, *difference;

static int set_up(void **state) {
  (void)state;
  check_ok(hr_tables_create(&tables, &err));
  check_ok(hr_interpolator_init(hr_compute_default(), tables, HR_SIMULATE_NODES_ALL,
                                &interpolator, &err));
  check_ok(hr_alloc(&weights, HR_DERIVATIVE_ROWS * tables->spectra, &err));
  check_ok(hr_alloc(&spectra, HR_DERIVATIVE_ROWS * tables->pixels, &err));
  check_ok(hr_alloc(&scratch, tables->pixels, &err));
  check_ok(hr_alloc(&above, tables->pixels, &err));
  check_ok(hr_alloc(&below, tables->pixels, &err));
  check_ok(hr_alloc(&difference, tables->pixels, &err));
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  hr_free(weights);
  hr_free(spectra);
  hr_free(scratch);
  hr_free(above);
  hr_free(below);
  hr_free(difference);
  hr_tables_destroy(&tables);
  return 0;
}

/* The spectrum at labels moved by `step` along an axis, divided by its median if asked.
 */
static void model_at(const double *labels, size_t axis, double step, bool scaled,
                     double *out) {
  double moved[HR_GRID_AXES] = {labels[0], labels[1], labels[2]};
  moved[axis] += step;
  hr_interpolator_reference(&interpolator, moved, out);
  if (!scaled) return;
  float *values = spectra; /* not in use yet */
  for (size_t p = 0; p < tables->pixels; p++) values[p] = (float)out[p];
  double median = hr_pixel_quantile(values, tables->pixels, 0.5, scratch);
  for (size_t p = 0; p < tables->pixels; p++) out[p] /= median;
}

/* The central difference, which errs by step^2 / 6 times the third derivative. */
static void differ(const double *labels, size_t axis, double step, bool scaled) {
  model_at(labels, axis, step, scaled, above);
  model_at(labels, axis, -step, scaled, below);
  for (size_t p = 0; p < tables->pixels; p++) {
    difference[p] = (above[p] - below[p]) / (2.0 * step);
  }
}

static void derive(const double *labels) {
  hr_derivatives_weights(&interpolator, labels, weights);
  hr_interpolator_spectra(&interpolator, HR_DERIVATIVE_ROWS, weights, spectra);
}

/* rms(a - b) / rms(b) */
static double deviation(const float *a, const double *b) {
  double sum = 0, square = 0;
  for (size_t p = 0; p < tables->pixels; p++) {
    sum += ((double)a[p] - b[p]) * ((double)a[p] - b[p]);
    square += b[p] * b[p];
  }
  return sqrt(sum / square);
}

/* Differences come nearer with the square of their step until rounding stops them. */
static void differences_converge_to_derivatives(void **state) {
  (void)state;
  for (size_t s = 0; s < STARS; s++) {
    for (size_t axis = 0; axis < HR_GRID_AXES; axis++) {
      double found[2];
      for (size_t i = 0; i < 2; i++) {
        differ(stars[s], axis, unit[axis] / (i == 0 ? 1.0 : 4.0), false);
        derive(stars[s]);
        found[i] = deviation(spectra + (1 + axis) * tables->pixels, difference);
      }
      if (!(found[1] < 0.02)) print_error("%s of star %zu\n", names[axis], s);
      check_near(found[1], 0, 0.02);
      check_near(found[0] / found[1], 16, 4); /* fp32 has its share in the last digit */
    }
  }
}

static void the_flux_itself_comes_first(void **state) {
  (void)state;
  derive(stars[1]);
  model_at(stars[1], 0, 0, false, above);
  check_near(deviation(spectra, above), 0, 1e-6);
}

/* The least-squares share of the flux in what a derivative and a difference disagree on:
 * where they scale by different medians. The difference gets that share back. */
static double take_brightness_out(const float *flux, const float *slope) {
  double product = 0, square = 0;
  for (size_t p = 0; p < tables->pixels; p++) {
    product += ((double)slope[p] - difference[p]) * (double)flux[p];
    square += (double)flux[p] * (double)flux[p];
  }
  for (size_t p = 0; p < tables->pixels; p++) {
    difference[p] += product / square * (double)flux[p];
  }
  return product / square;
}

/* Against steps of half a tenth of a dex, in which many pixels take their turn at being
 * the median: the shape is the same, and so is the brightness to half a percent a dex. */
static void scaled_spectra_keep_their_median(void **state) {
  (void)state;
  for (size_t s = 0; s < STARS; s++) {
    for (size_t axis = 0; axis < HR_GRID_AXES; axis++) {
      differ(stars[s], axis, 0.5 * unit[axis], true);
      derive(stars[s]);
      hr_derivatives_scale(tables->pixels, spectra, scratch);
      check_near(hr_pixel_quantile(spectra, tables->pixels, 0.5, scratch), 1, 1e-6);
      float *slope = spectra + (1 + axis) * tables->pixels;
      double brightness = take_brightness_out(spectra, slope);
      double shape = deviation(slope, difference);
      check_near(brightness * unit[axis], 0, 0.0005);
      check_near(shape, 0, 0.01);
    }
  }
}

/* A spectrum that only gets brighter does not change: dF/dt = F for every label. */
static void brightness_alone_is_no_change(void **state) {
  (void)state;
  size_t pixels = tables->pixels;
  derive(stars[0]);
  for (size_t i = 1; i < HR_DERIVATIVE_ROWS; i++) {
    memcpy(spectra + i * pixels, spectra, pixels * sizeof *spectra);
  }
  hr_derivatives_scale(pixels, spectra, scratch);
  for (size_t p = pixels; p < HR_DERIVATIVE_ROWS * pixels; p++) {
    check_near(spectra[p], 0, 1e-3); /* of 1: the middle's mean is not its median */
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(differences_converge_to_derivatives),
      cmocka_unit_test(the_flux_itself_comes_first),
      cmocka_unit_test(scaled_spectra_keep_their_median),
      cmocka_unit_test(brightness_alone_is_no_change),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
