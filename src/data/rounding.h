/* Arrays that a file keeps only roughly: HDF5's scale-offset filter. */
#ifndef HR_DATA_ROUNDING_H
#define HR_DATA_ROUNDING_H

#include "core/text.h"
#include "data/hdf5_file.h"

typedef struct hr_rounding {
  double step;   /* between neighbouring values that are kept; 0: the array is exact */
  bool has_fill; /* what lies within a step of `fill` is kept as `fill` */
  double fill;
} hr_rounding;

/* Looks at how an opened dataset of floating-point numbers is stored. */
hr_rounding hr_rounding_find(hid_t dataset);

/* "FILE: PATH is stored with ...": the step, what becomes of numbers near the fill value
 * and of NaN, and the remedy; or the same in Chinese, without a full stop. */
void hr_rounding_describe(const hr_rounding *rounding, const char *file,
                          const char *object_path, bool chinese, hr_text *out);

#endif
