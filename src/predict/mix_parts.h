/* What several models say of one target of one row, put together. */
#ifndef HR_PREDICT_MIX_PARTS_H
#define HR_PREDICT_MIX_PARTS_H

#include "models/sigma.h"
#include "routing/mixture.h"

/* Of one model: its mean and the square of its sigma, how far it is to be trusted, and
 * its weight. [count], those without weight left out. */
typedef struct hr_parts {
  size_t count;
  const hr_moments *moments;
  const hr_spread *spreads;
  const double *weight;
} hr_parts;

/* The mixture's mean, its sigma, which holds the distances of the means, and the
 * half-widths around its mean that hold 68.27 and 95.45 % of it, each part taken for a
 * Gaussian of its own half-width. A part without sigma or half-widths is thought to be as
 * the others where these have nine tenths of the weight; else NaN. One part alone stays
 * what it is. */
hr_spread hr_mix_parts(const hr_parts *parts, double *mean);

#endif
