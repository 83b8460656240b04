/* The moments of the mixture, and the mean of the parts' intervals. */
#include "predict/mix_parts.h"

#include <math.h>

hr_spread hr_mix_parts(const hr_parts *parts, double *mean) {
  hr_moments mixed = hr_mixture(parts->count, parts->weight, parts->moments, 1);
  hr_spread spread = {sqrt(mixed.variance), 0, 0};
  *mean = mixed.mean;
  if (parts->count == 1) return parts->spreads[0];
  for (size_t r = 0; r < parts->count; r++) {
    spread.half68 += parts->weight[r] * parts->spreads[r].half68;
    spread.half95 += parts->weight[r] * parts->spreads[r].half95;
  }
  if (parts->count == 0) spread.half68 = spread.half95 = (double)NAN;
  return spread;
}
