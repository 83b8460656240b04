/* Quantiles of sorted values, the definition that R and NumPy use by default. */
#include "core/quantile.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

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

/* The first place among ascending values that is not below (or, `after`, above) it. */
static size_t find_place(const double *ascending, size_t count, double value,
                         bool after) {
  size_t low = 0, high = count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    bool is_before = after ? ascending[middle] <= value : ascending[middle] < value;
    if (is_before) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/* Twice the mean rank of the value, counted from 0 at the middle of all. */
static double rank_of(const double *ascending, size_t count, double value) {
  size_t sum = find_place(ascending, count, value, false) +
               find_place(ascending, count, value, true);
  return (double)sum - (double)count;
}

double hr_rank_correlation(const double *x, const double *y, size_t count,
                           double *scratch) {
  double *sorted_x = scratch, *sorted_y = scratch + count;
  double xx = 0, xy = 0, yy = 0;
  if (count == 0) return (double)NAN;
  memcpy(sorted_x, x, count * sizeof *x);
  memcpy(sorted_y, y, count * sizeof *y);
  hr_sort_numbers(sorted_x, count);
  hr_sort_numbers(sorted_y, count);
  for (size_t i = 0; i < count; i++) {
    double a = rank_of(sorted_x, count, x[i]), b = rank_of(sorted_y, count, y[i]);
    xx += a * a;
    xy += a * b;
    yy += b * b;
  }
  return xx > 0 && yy > 0 ? xy / sqrt(xx * yy) : (double)NAN;
}
