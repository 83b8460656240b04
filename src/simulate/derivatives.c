/* Derivatives of scaled spectra, the median's smoothed over the pixels around it
 * (simulate/derivatives.h says why). */
#include "simulate/derivatives.h"

#include <math.h>

#include "core/pixel_quantile.h"

/* Of the pixels, around the median: fewer make the derivative jump from star to star,
 * more make it that of another quantile. Between 1 and 5 % the bounds of the demo's stars
 * change by less than a percent on average. */
static const double middle = 0.04;

void hr_derivatives_weights(const hr_interpolator *interpolator,
                            const double labels[HR_GRID_AXES], float *weights) {
  double value[HR_GRID_AXES][HR_GRID_MOST_NODES], slope[HR_GRID_AXES][HR_GRID_MOST_NODES];
  for (size_t axis = 0; axis < HR_GRID_AXES; axis++) {
    hr_interpolator_axis(interpolator, axis, labels[axis], value[axis], slope[axis]);
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

typedef struct quantiles {
  double low, median, high;
} quantiles;

/* 1 at the median, 0 at the ends of the middle and beyond: without a step, so that no
 * pixel counts or does not by the last bit of its flux. */
static double weigh(double value, const quantiles *at) {
  double reach = value < at->median ? at->median - at->low : at->high - at->median;
  double distance = fabs(value - at->median);
  if (distance == 0.0) return 1.0;
  return distance < reach ? 1.0 - distance / reach : 0.0;
}

/* The weighted mean of `slope` over the pixels in the middle. */
static double mean_in_middle(size_t pixels, const float *flux, const float *slope,
                             const quantiles *at) {
  double sum = 0.0, total = 0.0;
  for (size_t p = 0; p < pixels; p++) {
    double weight = weigh((double)flux[p], at);
    sum += weight * (double)slope[p];
    total += weight;
  }
  return sum / total;
}

void hr_derivatives_scale(size_t pixels, float *spectra, float *scratch) {
  const float *flux = spectra;
  const quantiles at = {hr_pixel_quantile(flux, pixels, 0.5 - 0.5 * middle, scratch),
                        hr_pixel_quantile(flux, pixels, 0.5, scratch),
                        hr_pixel_quantile(flux, pixels, 0.5 + 0.5 * middle, scratch)};
  for (size_t axis = 0; axis < HR_GRID_AXES; axis++) {
    float *slope = spectra + (1 + axis) * pixels;
    double of_median = mean_in_middle(pixels, flux, slope, &at) / at.median;
    for (size_t p = 0; p < pixels; p++) {
      slope[p] = (float)(((double)slope[p] - (double)flux[p] * of_median) / at.median);
    }
  }
  for (size_t p = 0; p < pixels; p++) spectra[p] = (float)((double)flux[p] / at.median);
}
