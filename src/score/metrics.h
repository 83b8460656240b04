/* R2, MAE, RMSE and bias of predictions, in fp64 with compensated sums, so that squared
 * errors of bins add up to those of all rows to 1e-12 (design: "Metrics, exactly"). */
#ifndef HR_SCORE_METRICS_H
#define HR_SCORE_METRICS_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

/* A compensated sum (Neumaier 1974): the error does not grow with the number of terms. */
typedef struct hr_sum {
  double high, low;
} hr_sum;

static inline void hr_sum_add(hr_sum *sum, double term) {
  double total = sum->high + term;
  bool term_is_larger = fabs(term) > fabs(sum->high);
  double larger = term_is_larger ? term : sum->high;
  double smaller = term_is_larger ? sum->high : term;
  sum->low += (larger - total) + smaller;
  sum->high = total;
}

static inline double hr_sum_value(const hr_sum *sum) {
  return sum->high + sum->low;
}

/* Scores of a set S of rows. All but `rows` are NaN where a row has no prediction or
 * where S is empty. */
typedef struct hr_metrics {
  size_t rows;
  double sse;  /* sum of (y - yhat)^2 */
  double sst;  /* sum of (y - mean of y over S)^2 */
  double r2;   /* 1 - sse / sst; NaN also for fewer than two rows or zero variance */
  double mae;  /* mean of |y - yhat| */
  double rmse; /* sqrt(sse / rows) */
  double bias; /* mean of yhat - y */
} hr_metrics;

/* Scores the rows `row_list`[0 .. rows-1] (NULL: rows 0 .. rows-1). */
hr_metrics hr_metrics_compute(const double *target, const double *prediction,
                              const size_t *row_list, size_t rows);

/* The mean of r2[k] weighted by rows[k], over the groups whose R2 is defined by their
 * target (at least two rows, some variance); NaN where there is none, or where one of
 * those has no prediction. */
double hr_metrics_weighted_r2(const hr_metrics *groups, size_t group_count);

enum { HR_SNR_OCTILES = 8 };

/* Rows by signal-to-noise ratio. Octile j holds edges[j] <= snr < edges[j + 1], the last
 * one closed; the edges are the quantiles j/8 of the listed rows with finite snr. */
typedef struct hr_octiles {
  double edges[HR_SNR_OCTILES + 1]; /* NaN without rows */
  size_t start[HR_SNR_OCTILES + 1]; /* octile j is row_list[start[j] .. start[j+1]-1] */
  size_t *row_list;                 /* owned */
  size_t left_out;                  /* rows whose snr is not finite */
} hr_octiles;

/* Sorts the rows `row_list`[0 .. rows-1] into octiles; O(rows log rows). */
hr_status hr_octiles_init(hr_octiles *octiles, const double *snr, const size_t *row_list,
                          size_t rows, hr_error *err) HR_MUST_CHECK;
void hr_octiles_fini(hr_octiles *octiles);

#endif
