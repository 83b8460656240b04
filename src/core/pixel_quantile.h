/* Quantiles of a spectrum's pixels, in linear time. */
#ifndef HR_CORE_PIXEL_QUANTILE_H
#define HR_CORE_PIXEL_QUANTILE_H

#include <stddef.h>

/* The quantile `q` (0 .. 1) of finite values, linear between the two nearest order
 * statistics, numpy's default definition. values: [count], count >= 1, read only;
 * scratch: [count]. */
double hr_pixel_quantile(const float *values, size_t count, double q, float *scratch);

#endif
