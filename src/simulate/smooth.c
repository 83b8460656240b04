/* Convolution of the grid with a Gaussian. Narrow kernels are discrete Gaussians
 * (Lindeberg 1990, exp(-t) I_n(t)), which have the variance asked for at any width; a
 * sampled one has not, below a pixel. */
#include "simulate/smooth.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/parallel.h"

/* FWHM of a Gaussian over its standard deviation, sqrt(8 ln 2). */
static const double fwhm_per_sigma = 2.3548200450309493;

/* Six standard deviations hold all but 2e-9 of a Gaussian. Narrow discrete kernels fall
 * off more slowly, as t^n / n!, which the constant covers. */
size_t hr_smooth_half_width(double t) {
  return (size_t)ceil(6.0 * sqrt(t)) + 6;
}

static void divide_by(double sum, size_t half, double *weights) {
  for (size_t n = 0; n <= half; n++) weights[n] /= sum;
}

static void sample_gaussian(double t, size_t half, double *weights) {
  double sum = 0.0;
  for (size_t n = 0; n <= half; n++) {
    weights[n] = exp(-0.5 * (double)(n * n) / t);
    sum += n > 0 ? 2.0 * weights[n] : weights[n];
  }
  divide_by(sum, half, weights);
}

/* Miller's algorithm: the recurrence I_{n-1} = I_{n+1} + (2 n / t) I_n, run downwards
 * from far out, ends in the Bessel functions up to a factor that the sum fixes. */
static void make_discrete_gaussian(double t, size_t half, double *weights) {
  double above = 0.0, here = 1e-280, sum = 0.0;
  for (size_t n = half + 1; n-- > 0;) {
    weights[n] = here;
    sum += n > 0 ? 2.0 * here : here;
    double below = above + 2.0 * (double)n / t * here;
    above = here;
    here = below;
  }
  divide_by(sum, half, weights);
}

void hr_smooth_kernel(double t, double *weights) {
  size_t half = hr_smooth_half_width(t);
  memset(weights, 0, (half + 1) * sizeof *weights);
  weights[0] = 1.0;
  if (t >= 1.0) {
    sample_gaussian(t, half, weights);
  } else if (t > 1e-12) { /* narrower is nothing, and 2 n / t would overflow */
    make_discrete_gaussian(t, half, weights);
  }
}

typedef struct smoothing {
  hr_grid_tables *tables;
  size_t width;          /* weights kept for each pixel */
  const size_t *half;    /* [P] */
  const double *weights; /* [P][width] */
  double *scratch;       /* [threads][P] */
} smoothing;

static void smooth_spectrum(void *context, size_t i, size_t thread) {
  const smoothing *work = context;
  size_t pixels = work->tables->pixels;
  float *flux = work->tables->flux + i * pixels;
  double *smooth = work->scratch + thread * pixels;
  for (size_t p = 0; p < pixels; p++) {
    const double *weights = work->weights + p * work->width;
    double sum = weights[0] * (double)flux[p], norm = weights[0];
    for (size_t n = 1; n <= work->half[p]; n++) {
      if (p >= n) sum += weights[n] * (double)flux[p - n], norm += weights[n];
      if (p + n < pixels) sum += weights[n] * (double)flux[p + n], norm += weights[n];
    }
    smooth[p] = sum / norm;
  }
  for (size_t p = 0; p < pixels; p++) flux[p] = (float)smooth[p];
}

/* The variance to add at each pixel, in pixels squared. */
static void set_variances(const hr_grid_tables *tables, double resolving_power,
                          double fwhm, double *variance) {
  size_t pixels = tables->pixels;
  double step = (tables->wave[pixels - 1] - tables->wave[0]) / (double)(pixels - 1);
  for (size_t p = 0; p < pixels; p++) {
    double own = tables->wave[p] / HR_GRID_RESOLVING_POWER;
    double wanted = resolving_power > 0.0 ? tables->wave[p] / resolving_power : fwhm;
    double per_pixel = fwhm_per_sigma * step;
    variance[p] = fmax(wanted * wanted - own * own, 0.0) / (per_pixel * per_pixel);
  }
}

hr_status hr_smooth_grid(hr_grid_tables *tables, double resolving_power, double fwhm,
                         hr_error *err) {
  hr_status status = HR_OK;
  size_t pixels = tables->pixels;
  double *variance = NULL, *weights = NULL, *scratch = NULL;
  size_t *half = NULL, width = 0;
  HR_TRY(hr_alloc(&variance, pixels, err));
  HR_TRY(hr_alloc(&half, pixels, err));
  set_variances(tables, resolving_power, fwhm, variance);
  for (size_t p = 0; p < pixels; p++) {
    half[p] = hr_smooth_half_width(variance[p]);
    if (half[p] + 1 > width) width = half[p] + 1;
  }
  HR_TRY(hr_alloc(&weights, pixels * width, err));
  HR_TRY(hr_alloc(&scratch, pixels * hr_thread_count(), err));
  for (size_t p = 0; p < pixels; p++) hr_smooth_kernel(variance[p], weights + p * width);
  smoothing work = {tables, width, half, weights, scratch};
  hr_parallel_for(tables->spectra, smooth_spectrum, &work);
cleanup:
  hr_free(variance);
  hr_free(half);
  hr_free(weights);
  hr_free(scratch);
  return status;
}
