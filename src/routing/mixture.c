/* The moments of a mixture, one target of one row at a time. */
#include "routing/mixture.h"

#include <math.h>

hr_moments hr_mixture(size_t count, const double *weight, const hr_moments *part,
                      size_t stride) {
  hr_moments sum = {0, 0};
  double total = 0;
  for (size_t s = 0; s < count; s++) {
    if (weight[s] == 1) return part[s * stride];
    if (weight[s] > 0) sum.mean += weight[s] * part[s * stride].mean;
    total += weight[s];
  }
  if (!(total > 0)) return (hr_moments){(double)NAN, (double)NAN};
  for (size_t s = 0; s < count; s++) {
    if (!(weight[s] > 0)) continue;
    double off = part[s * stride].mean - sum.mean;
    sum.variance += weight[s] * (part[s * stride].variance + off * off);
  }
  return sum;
}
