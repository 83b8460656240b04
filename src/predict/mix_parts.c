/* The moments of the mixture and its intervals, which are found by Newton's steps. */
#include "predict/mix_parts.h"

#include <math.h>

/* Parts that do not know how far they are to be trusted, as a model of five rows, are
 * thought to be as the others, where these have so much of the weight. */
static const double least_known = 0.9;

typedef enum part_of { HALF68, HALF95 } part_of;

/* The half-width of part r as a Gaussian's sigma. */
static double scale_of(const hr_parts *parts, size_t r, part_of which) {
  const hr_spread *spread = &parts->spreads[r];
  return which == HALF68 ? spread->half68 : spread->half95 / 2;
}

/* How much of the mixture is within h of its mean, and (*density) what one more h adds;
 * of the parts that are known. */
static double share_within(const hr_parts *parts, double mean, part_of which, double h,
                           double *density) {
  double share = 0, weight = 0;
  *density = 0;
  for (size_t r = 0; r < parts->count; r++) {
    double s = scale_of(parts, r, which), off = parts->moments[r].mean - mean;
    if (!(s > 0)) continue;
    double up = (h - off) / s, down = (-h - off) / s;
    share += parts->weight[r] * 0.5 * (erfc(-up / sqrt(2)) - erfc(-down / sqrt(2)));
    *density += parts->weight[r] * (exp(-up * up / 2) + exp(-down * down / 2)) / s;
    weight += parts->weight[r];
  }
  *density /= weight * sqrt(2 * acos(-1));
  return share / weight;
}

/* The h that a share p of the mixture is within; from `start`. */
static double half_width(const hr_parts *parts, double mean, part_of which, double p,
                         double start) {
  enum { STEPS = 60 };
  double low = 0, high = (double)INFINITY, h = start;
  for (size_t i = 0; i < STEPS; i++) {
    double density, excess = share_within(parts, mean, which, h, &density) - p;
    if (excess > 0) {
      high = h;
    } else {
      low = h;
    }
    double next = h - excess / density;
    if (!(next > low && next < high)) next = isinf(high) ? 2 * h : (low + high) / 2;
    bool is_found = fabs(next - h) <= 1e-9 * h;
    h = next;
    if (is_found) break;
  }
  return h;
}

/* What parts with a number have of the weight. */
typedef struct known_share {
  double variance, half68, half95;
} known_share;

static known_share find_known(const hr_parts *parts) {
  known_share known = {0, 0, 0};
  double total = 0;
  for (size_t r = 0; r < parts->count; r++) {
    double weight = parts->weight[r];
    total += weight;
    if (!isnan(parts->moments[r].variance)) known.variance += weight;
    if (parts->spreads[r].half68 > 0) known.half68 += weight;
    if (parts->spreads[r].half95 > 0) known.half95 += weight;
  }
  return (known_share){known.variance / total, known.half68 / total,
                       known.half95 / total};
}

/* The variance where some parts have none. */
static double variance_of_known(const hr_parts *parts, double mean) {
  double within = 0, weight = 0, between = 0, total = 0;
  for (size_t r = 0; r < parts->count; r++) {
    double off = parts->moments[r].mean - mean;
    between += parts->weight[r] * off * off;
    total += parts->weight[r];
    if (isnan(parts->moments[r].variance)) continue;
    within += parts->weight[r] * parts->moments[r].variance;
    weight += parts->weight[r];
  }
  return within / weight + between / total;
}

hr_spread hr_mix_parts(const hr_parts *parts, double *mean) {
  hr_moments mixed = hr_mixture(parts->count, parts->weight, parts->moments, 1);
  const double none = (double)NAN;
  *mean = mixed.mean;
  if (parts->count == 1) return parts->spreads[0];
  if (parts->count == 0) return (hr_spread){none, none, none};
  known_share known = find_known(parts);
  if (isnan(mixed.variance) && known.variance >= least_known) {
    mixed.variance = variance_of_known(parts, mixed.mean);
  }
  hr_spread spread = {sqrt(mixed.variance), none, none};
  double start = spread.sigma > 0 ? spread.sigma : 1;
  if (known.half68 >= least_known) {
    spread.half68 = half_width(parts, *mean, HALF68, HR_SIGMA_SHARE68, start);
  }
  if (known.half95 >= least_known) {
    spread.half95 = half_width(parts, *mean, HALF95, HR_SIGMA_SHARE95, 2 * start);
  }
  return spread;
}
