/* Quantiles of a spectrum's pixels, in linear time. */
#ifndef HR_CORE_PIXEL_QUANTILE_H
#define HR_CORE_PIXEL_QUANTILE_H

#include <stddef.h>

/* The quantile `q` (0 .. 1) of finite values, linear between the two nearest order
 * statistics, numpy's default definition. values: [count], count >= 1, read only;
 * scratch: [count]. */
double hr_pixel_quantile(const float *values, size_t count, double q, float *scratch);

/* Several quantiles of the same values; borrowed. */
typedef struct hr_quantiles {
  size_t count;
  const double *q; /* [count] 0 .. 1 */
  double *out;     /* [count] */
} hr_quantiles;

/* All of them, each as hr_pixel_quantile finds it, in less than the time of two. */
void hr_pixel_quantiles(const float *values, size_t count, const hr_quantiles *wanted,
                        float *scratch);

#endif
