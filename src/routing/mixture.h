/* Putting together what several slots predict of a row. */
#ifndef HR_ROUTING_MIXTURE_H
#define HR_ROUTING_MIXTURE_H

#include <stddef.h>

typedef struct hr_moments {
  double mean, variance; /* variance NaN: not known */
} hr_moments;

/* The mean and variance of the mixture of `count` distributions (Bishop 2006, eq. 5.158
 * and 5.160):
 *   mean = sum w mean_s,  variance = sum w (variance_s + (mean_s - mean)^2)
 * Weights are not negative and add up to 1; parts of weight 0 are not looked at, and one
 * of weight 1 is copied, bit for bit. Without any weight, NaN. weight: [count], the parts
 * `stride` apart. */
hr_moments hr_mixture(size_t count, const double *weight, const hr_moments *part,
                      size_t stride);

#endif
