/* Quantiles of sorted values, the definition that R and NumPy use by default. */
#include "core/quantile.h"

#include <math.h>
#include <stdlib.h>

double hr_quantile(const double *ascending, size_t count, double p) {
  if (count == 0) return (double)NAN;
  double place = p * (double)(count - 1);
  size_t below = (size_t)floor(place);
  if (below + 1 >= count) return ascending[count - 1];
  double fraction = place - (double)below;
  return ascending[below] + fraction * (ascending[below + 1] - ascending[below]);
}

static int compare_numbers(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

void hr_sort_numbers(double *values, size_t count) {
  qsort(values, count, sizeof *values, compare_numbers);
}
