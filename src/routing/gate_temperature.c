/* Newton's method on the inverse temperature b, in which the mean log-loss is convex: its
 * slope is mean(E_p[l] - l_true), its curvature mean(Var_p[l]), with l the logits and p
 * their softmax at b. A step that leaves the bracket of the slope's sign is halved into
 * it. */
#include "routing/gate_temperature.h"

#include <math.h>

static const double least_inverse = 1.0 / 20, most_inverse = 20;

typedef struct slope {
  double first, second;
  size_t rows;
} slope;

static void add_row(size_t bins, double b, const double *l, double of_true, slope *s) {
  double largest = of_true, sum = 0, mean = 0, square = 0;
  for (size_t k = 0; k < bins; k++) largest = fmax(largest, l[k]);
  for (size_t k = 0; k < bins; k++) {
    double away = l[k] - largest; /* -infinity of a bin that weighs 0 */
    double p = exp(b * away);
    if (!(p > 0)) continue;
    sum += p;
    mean += p * away;
    square += p * away * away;
  }
  mean /= sum;
  s->first += mean - (of_true - largest);
  s->second += square / sum - mean * mean;
  s->rows++;
}

static slope slope_at(size_t rows, size_t bins, const double *logits, const int32_t *bin,
                      double b) {
  slope s = {0};
  for (size_t i = 0; i < rows; i++) {
    if (bin[i] < 0 || (size_t)bin[i] >= bins) continue;
    const double *l = logits + i * bins;
    if (isfinite(l[bin[i]])) add_row(bins, b, l, l[bin[i]], &s);
  }
  return s;
}

double hr_gate_temperature_fit(size_t rows, size_t bins, const double *logits,
                               const int32_t *bin) {
  enum { STEPS = 60 };
  double low = least_inverse, high = most_inverse, b = 1;
  for (int step = 0; step < STEPS; step++) {
    slope s = slope_at(rows, bins, logits, bin, b);
    if (s.rows == 0 || (s.first == 0 && s.second == 0)) return 1; /* says nothing */
    if (s.first > 0) {
      high = b;
    } else {
      low = b;
    }
    double next = b - s.first / s.second;
    if (!(next > low && next < high)) next = 0.5 * (low + high);
    if (fabs(next - b) <= 1e-12 * b) break;
    b = next;
  }
  return 1 / b;
}
