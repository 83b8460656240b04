/* Choosing alpha: one rule for Ridge, for every level of the noise and for the placebo.
 */
#include "methods/ridge/choose.h"

#include <math.h>
#include <stdbool.h>

size_t hr_ridge_best_alpha(const double *alpha, const double *merit, size_t count) {
  size_t best = count;
  for (size_t a = 0; a < count; a++) {
    if (isnan(merit[a])) continue;
    bool better = best == count || merit[a] > merit[best] ||
                  (!(merit[a] < merit[best]) && alpha[a] > alpha[best]);
    if (better) best = a;
  }
  return best;
}

double hr_ridge_r2(double residual, double total) {
  return isfinite(residual) && total > 0 ? 1 - residual / total : (double)NAN;
}
