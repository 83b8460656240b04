#include "simulate/derivatives.h"

#include "simulate/quantile.h"

/* Of the pixels, around the median: fewer make the derivative jump from star to star,
 * more make it that of another quantile. Between 1 and 5 % the bounds of the demo's stars
 * change by less than a percent. */
static const double middle = 0.02;

void hr_derivatives_weights(const hr_interpolator *interpolator,
                            const double labels[HR_GRID_AXES], float *weights) {
  double value[HR_GRID_AXES][HR_GRID_MOST_NODES], slope[HR_GRID_AXES][HR_GRID_MOST_NODES];
  for (size_t axis = 0; axis < HR_GRID_AXES; axis++) {
    hr_spline_weights(&interpolator->spline[axis], labels[axis], value[axis]);
    hr_spline_slopes(&interpolator->spline[axis], labels[axis], slope[axis]);
  }
  const double *axes[HR_GRID_AXES] = {value[0], value[1], value[2]};
  hr_interpolator_outer(interpolator, axes, weights);
  for (size_t axis = 0; axis < HR_GRID_AXES; axis++) {
    axes[axis] = slope[axis];
    hr_interpolator_outer(interpolator, axes,
                          weights + (1 + axis) * interpolator->tables->spectra);
    axes[axis] = value[axis];
  }
}

/* The mean of `slope` over the pixels whose flux is within low .. high. */
static double mean_within(size_t pixels, const float *flux, const float *slope,
                          double low, double high) {
  double sum = 0.0, count = 0.0;
  for (size_t p = 0; p < pixels; p++) {
    double value = (double)flux[p];
    if (value < low || value > high) continue;
    sum += (double)slope[p];
    count += 1.0;
  }
  return sum / count;
}

void hr_derivatives_scale(size_t pixels, float *spectra, float *scratch) {
  const float *flux = spectra;
  double median = hr_pixel_quantile(flux, pixels, 0.5, scratch);
  double low = hr_pixel_quantile(flux, pixels, 0.5 - 0.5 * middle, scratch);
  double high = hr_pixel_quantile(flux, pixels, 0.5 + 0.5 * middle, scratch);
  for (size_t axis = 0; axis < HR_GRID_AXES; axis++) {
    float *slope = spectra + (1 + axis) * pixels;
    double of_median = mean_within(pixels, flux, slope, low, high) / median;
    for (size_t p = 0; p < pixels; p++) {
      slope[p] = (float)(((double)slope[p] - (double)flux[p] * of_median) / median);
    }
  }
  for (size_t p = 0; p < pixels; p++) spectra[p] = (float)((double)flux[p] / median);
}
