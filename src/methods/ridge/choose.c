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

/* The usable alpha nearest to number `from`, on the other side of it than `edge`; `count`
 * where there is none. */
static size_t next_inside(const double *alpha, const double *r2, size_t count,
                          size_t from, hr_fit_edge edge) {
  size_t next = count;
  for (size_t a = 0; a < count; a++) {
    bool is_inside =
        edge == HR_EDGE_SMALLEST ? alpha[a] > alpha[from] : alpha[a] < alpha[from];
    if (isnan(r2[a]) || !is_inside) continue;
    if (next == count ||
        fabs(log(alpha[a] / alpha[from])) < fabs(log(alpha[next] / alpha[from]))) {
      next = a;
    }
  }
  return next;
}

/* How R² rose towards the best alpha, a decade of alpha. Where alpha is far above what
 * the spectra can hold against it, R² is next to nothing everywhere, but every step
 * towards a smaller one brings more than the one before. */
static bool is_flat(const double *alpha, const double *r2, size_t count, size_t best,
                    hr_fit_edge edge) {
  size_t one = next_inside(alpha, r2, count, best, edge);
  if (one == count) return true;
  double decades = fabs(log10(alpha[best] / alpha[one]));
  double rise = (r2[best] - r2[one]) / decades;
  if (rise >= HR_RIDGE_FLAT) return false;
  size_t two = next_inside(alpha, r2, count, one, edge);
  if (two == count) return true;
  double before = (r2[one] - r2[two]) / fabs(log10(alpha[one] / alpha[two]));
  const double rounding = 1e-11; /* of the R² */
  return !(rise > rounding && rise > before * pow(10, decades / 2));
}

hr_fit_edge hr_ridge_edge_of(const double *alpha, const double *r2, size_t count) {
  size_t best = hr_ridge_best_alpha(alpha, r2, count);
  if (best == count) return HR_EDGE_NONE;
  if (count == 1) return HR_EDGE_ONLY;
  bool is_smallest = true, is_largest = true;
  for (size_t a = 0; a < count; a++) {
    is_smallest = is_smallest && alpha[a] >= alpha[best];
    is_largest = is_largest && alpha[a] <= alpha[best];
  }
  if (!is_smallest && !is_largest) return HR_EDGE_NONE;
  hr_fit_edge edge = is_smallest ? HR_EDGE_SMALLEST : HR_EDGE_LARGEST;
  return is_flat(alpha, r2, count, best, edge) ? HR_EDGE_NONE : edge;
}

double hr_ridge_r2(double residual, double total) {
  return isfinite(residual) && total > 0 ? 1 - residual / total : (double)NAN;
}
