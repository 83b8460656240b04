/* Physical bins: a grid of half-open intervals over label columns, and cross-validation
 * folds. */
#ifndef HR_DATA_BINS_H
#define HR_DATA_BINS_H

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

enum { HR_UNCOVERED = -1, HR_MOST_AXES = 4, HR_MOST_BINS = 1024, HR_MOST_FOLDS = 64 };

/* In how many bits a file keeps the numbers of a column. They reach us as fp64, but a
 * label of 0.3 that was stored in fp32 is not the 0.3 of fp64. */
typedef enum hr_precision {
  HR_PRECISION_DOUBLE, /* also that of integers */
  HR_PRECISION_SINGLE,
  HR_PRECISION_HALF
} hr_precision;

/* The number of that precision that is nearest to `value`, ties to even; an infinity
 * where it is too large for one. */
double hr_round_to(hr_precision precision, double value);

/* One axis of the grid: bins [e0,e1), [e1,e2), ... and the last one closed, [.., e_last].
 */
typedef struct hr_axis {
  const char *label;   /* name of the column, for messages */
  const double *edges; /* [edge_count], strictly increasing, in the unit of the column */
  size_t edge_count;   /* at least 2 */
} hr_axis;

/* The labels of some rows along an axis. Edges are compared in the precision of the
 * column: where it holds fp32, the last edge 0.3 is the 0.3 of fp32, which is larger. */
typedef struct hr_bin_column {
  const double *values; /* [rows] */
  hr_precision precision;
} hr_bin_column;

/* The number of bins of a grid: the product of (edge_count - 1). */
size_t hr_bin_count(const hr_axis *axes, size_t axis_count);

/* bin[i] = the bin of row i (the last axis runs fastest: 3*T + M for the study), or
 * HR_UNCOVERED where a value is outside the edges. columns: [axis_count], finite. */
void hr_assign_bins(const hr_axis *axes, size_t axis_count, const hr_bin_column *columns,
                    size_t rows, int32_t *bin);

/* As hr_assign_bins, but values outside the edges count as the nearest bin along that
 * axis, so that every row has one. */
void hr_assign_nearest_bins(const hr_axis *axes, size_t axis_count,
                            const hr_bin_column *columns, size_t rows, int32_t *bin);

/* counts[k] = rows of bin k for k < bin_count; counts[bin_count] = uncovered rows. */
void hr_count_bins(const int32_t *bin, size_t rows, size_t bin_count, size_t *counts);

/* fold[i] in 0 .. fold_count-1. Each bin (and the uncovered rows, as one more) is dealt
 * out in order of rows, fold_count rows at a time, each hand a random permutation of the
 * folds keyed by (seed, bin, hand): random, and as balanced within every bin as can be.
 */
void hr_assign_folds(const int32_t *bin, size_t rows, size_t bin_count, size_t fold_count,
                     uint64_t seed, uint8_t *fold);

#endif
