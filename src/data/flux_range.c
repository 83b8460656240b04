/* One pass over the pixels of a row; a bad one holds what stands in for it, which is in
 * the range. */
#include "data/flux_range.h"

#include <stdint.h>

#include "core/vector.h"

/* The usual spread of flux, in the unit of the conditioning. */
static const double least_range = 0.2;
static const double range_share = 0.5, most_errors = 8, ranges_without_error = 10;

/* How far a row may be beyond the training rows: shares of their range and of the error.
 */
typedef struct leeway {
  double ranges, errors;
} leeway;

/* error: where it has no part in it, any numbers. */
HR_VECTOR_CLONES
static uint32_t count_beyond(const float *restrict lowest, const float *restrict highest,
                             const float *restrict noisy, const float *restrict error,
                             size_t pixels, const leeway *way) {
  uint32_t beyond = 0;
  double ranges = way->ranges, errors = way->errors;
  for (size_t p = 0; p < pixels; p++) {
    double low = (double)lowest[p], high = (double)highest[p], flux = (double)noisy[p];
    double range = high - low > least_range ? high - low : least_range;
    double most = ranges * range + errors * (double)error[p];
    beyond += (uint32_t)(flux < low - most) | (uint32_t)(flux > high + most);
  }
  return beyond;
}

size_t hr_flux_range_beyond(const hr_conditioning *c, size_t pixels, const float *noisy,
                            const float *error) {
  if (!c->lowest || !c->highest) return 0;
  const leeway known = {range_share, most_errors}, unknown = {ranges_without_error, 0};
  return count_beyond(c->lowest, c->highest, noisy, error ? error : c->lowest, pixels,
                      error ? &known : &unknown);
}
