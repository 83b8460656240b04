/* Scores in fp64 with compensated sums, and rows by octile of their SNR. */
#include "score/metrics.h"

#include <stdlib.h>

#include "core/alloc.h"
#include "core/quantile.h"

static size_t row_at(const size_t *row_list, size_t i) {
  return row_list ? row_list[i] : i;
}

/* The sum of (y - mean)^2. *varies: whether any two values differ; asked of the values
 * themselves, since the rounding of the mean can make the sum of equal values nonzero. */
static double squares_about_mean(const double *target, const size_t *row_list,
                                 size_t rows, bool *varies) {
  hr_sum total = {0}, squares = {0};
  *varies = false;
  for (size_t i = 0; i < rows; i++) {
    double y = target[row_at(row_list, i)];
    if (y > target[row_at(row_list, 0)] || y < target[row_at(row_list, 0)])
      *varies = true;
    hr_sum_add(&total, y);
  }
  double mean = hr_sum_value(&total) / (double)rows;
  for (size_t i = 0; i < rows; i++) {
    double d = target[row_at(row_list, i)] - mean;
    hr_sum_add(&squares, d * d);
  }
  return *varies ? hr_sum_value(&squares) : 0.0;
}

hr_metrics hr_metrics_compute(const double *target, const double *prediction,
                              const size_t *row_list, size_t rows) {
  const double undefined = (double)NAN;
  hr_metrics metrics = {rows,      undefined, undefined, undefined,
                        undefined, undefined, undefined};
  if (rows == 0) return metrics;
  hr_sum squares = {0}, absolute = {0}, signed_sum = {0};
  for (size_t i = 0; i < rows; i++) {
    size_t row = row_at(row_list, i);
    double e = prediction[row] - target[row];
    hr_sum_add(&squares, e * e);
    hr_sum_add(&absolute, fabs(e));
    hr_sum_add(&signed_sum, e);
  }
  bool varies = false;
  double n = (double)rows;
  metrics.sse = hr_sum_value(&squares);
  metrics.sst = squares_about_mean(target, row_list, rows, &varies);
  metrics.r2 = varies ? 1.0 - metrics.sse / metrics.sst : undefined;
  metrics.mae = hr_sum_value(&absolute) / n;
  metrics.rmse = sqrt(metrics.sse / n);
  metrics.bias = hr_sum_value(&signed_sum) / n;
  return metrics;
}

double hr_metrics_weighted_r2(const hr_metrics *groups, size_t group_count) {
  hr_sum weighted = {0};
  double rows = 0;
  for (size_t k = 0; k < group_count; k++) {
    bool defined = groups[k].rows >= 2 && groups[k].sst > 0;
    if (!defined) continue;
    hr_sum_add(&weighted, (double)groups[k].rows * groups[k].r2);
    rows += (double)groups[k].rows;
  }
  return rows > 0 ? hr_sum_value(&weighted) / rows : (double)NAN;
}

static size_t octile_of(const double *edges, double snr) {
  size_t octile = 0;
  while (octile + 1 < HR_SNR_OCTILES && snr >= edges[octile + 1]) octile++;
  return octile;
}

hr_status hr_octiles_init(hr_octiles *octiles, const double *snr, const size_t *row_list,
                          size_t rows, hr_error *err) {
  hr_status status = HR_OK;
  double *ascending = NULL;
  *octiles = (hr_octiles){0};
  HR_TRY(hr_alloc(&ascending, rows, err));
  HR_TRY(hr_alloc(&octiles->row_list, rows, err));
  size_t count = 0;
  for (size_t i = 0; i < rows; i++) {
    if (isfinite(snr[row_list[i]])) ascending[count++] = snr[row_list[i]];
  }
  octiles->left_out = rows - count;
  hr_sort_numbers(ascending, count);
  for (size_t j = 0; j <= HR_SNR_OCTILES; j++) {
    octiles->edges[j] = hr_quantile(ascending, count, (double)j / HR_SNR_OCTILES);
  }
  size_t filled = 0;
  for (size_t j = 0; j < HR_SNR_OCTILES; j++) {
    octiles->start[j] = filled;
    for (size_t i = 0; i < rows; i++) {
      double value = snr[row_list[i]];
      if (!isfinite(value) || octile_of(octiles->edges, value) != j) continue;
      octiles->row_list[filled++] = row_list[i];
    }
  }
  octiles->start[HR_SNR_OCTILES] = filled;
cleanup:
  hr_free(ascending);
  return status;
}

void hr_octiles_fini(hr_octiles *octiles) {
  hr_free(octiles->row_list);
  *octiles = (hr_octiles){0};
}
