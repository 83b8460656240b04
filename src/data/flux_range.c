/* One pass over the pixels of a row; a bad one holds what stands in for it, which is in
 * the range. */
#include "data/flux_range.h"

#include <math.h>

/* The usual spread of flux, in the unit of the conditioning. */
static const double least_range = 0.2;
static const double range_share = 0.5, errors = 8, ranges_without_error = 10;

size_t hr_flux_range_beyond(const hr_conditioning *c, size_t pixels, const float *noisy,
                            const float *error) {
  size_t beyond = 0;
  if (!c->lowest || !c->highest) return 0;
  for (size_t p = 0; p < pixels; p++) {
    double low = (double)c->lowest[p], high = (double)c->highest[p];
    double range = fmax(high - low, least_range), flux = (double)noisy[p];
    double most = error ? range_share * range + errors * (double)error[p]
                        : ranges_without_error * range;
    beyond += flux < low - most || flux > high + most;
  }
  return beyond;
}
