/* Series and fractions, to the last digits of fp64. */
#include "core/probability.h"

#include <math.h>

enum { MOST_TERMS = 100000 };
static const double smallest_step = 1e-15;

/* x^a e^-x / Gamma(a), which both have before them. */
static double factor_of(double a, double x) {
  return exp(a * log(x) - x - lgamma(a));
}

/* P(a, x) as a series. */
static double sum_series(double a, double x) {
  double term = 1.0 / a, sum = term;
  for (int n = 1; n < MOST_TERMS && term > smallest_step * sum; n++) {
    term *= x / (a + n);
    sum += term;
  }
  return sum * factor_of(a, x);
}

/* Q(a, x) as a fraction, from its beginning on. */
static double follow_fraction(double a, double x) {
  const double tiny = 1e-300;
  double b = x + 1.0 - a, c = 1.0 / tiny, d = 1.0 / b, value = d, step = 0.0;
  for (int n = 1; n < MOST_TERMS && fabs(step - 1.0) > smallest_step; n++) {
    double numerator = -n * (n - a);
    b += 2.0;
    d = numerator * d + b;
    c = b + numerator / c;
    if (fabs(d) < tiny) d = tiny;
    if (fabs(c) < tiny) c = tiny;
    d = 1.0 / d;
    step = d * c;
    value *= step;
  }
  return value * factor_of(a, x);
}

double hr_gamma_upper(double a, double x) {
  if (!(a > 0) || !(x >= 0)) return (double)NAN;
  if (x <= 0) return 1.0;
  if (isinf(x)) return 0.0;
  return x < a + 1.0 ? 1.0 - sum_series(a, x) : follow_fraction(a, x);
}

double hr_student_quantile(double z, double v) {
  double z2 = z * z, z3 = z2 * z, z5 = z3 * z2, z7 = z5 * z2;
  return z + (z3 + z) / (4 * v) + (5 * z5 + 16 * z3 + 3 * z) / (96 * v * v) +
         (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * v * v * v);
}
