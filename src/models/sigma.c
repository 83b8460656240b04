/* Residuals in classes by signal-to-noise ratio: root mean square, and order statistics
 * of their sizes. */
#include "models/sigma.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/quantile.h"

/* Rows of a class: the share of new rows within an order statistic of n is known to
 * √(p(1 − p)/n), 5 and 2 points for the two intervals. */
enum { ROWS_A_CLASS = 100 };

/* Shares of a Gaussian within one and two sigma. */
static const double share68 = 0.6827, share95 = 0.9545;

typedef struct sized_residual {
  double snr, size; /* |residual|, or in units of the model's own sigma */
} sized_residual;

/* Rows without a ratio come last, those at or below 0 first. */
static int compare_snr(const void *left, const void *right) {
  const sized_residual *a = left, *b = right;
  bool a_unknown = isnan(a->snr), b_unknown = isnan(b->snr);
  if (a_unknown || b_unknown) return a_unknown - b_unknown;
  if (a->snr != b->snr) return a->snr < b->snr ? -1 : 1;
  return (a->size > b->size) - (a->size < b->size);
}

/* The rows that can be used, in order of their ratios. */
static size_t take_rows(const hr_sigma_rows *rows, sized_residual *out) {
  size_t count = 0;
  for (size_t i = 0; i < rows->count; i++) {
    double size = fabs(rows->residual[i]);
    if (rows->variance) size /= sqrt(rows->variance[i]);
    if (!isfinite(size)) continue;
    out[count++] =
        (sized_residual){isfinite(rows->snr[i]) ? rows->snr[i] : (double)NAN, size};
  }
  qsort(out, count, sizeof *out, compare_snr);
  return count;
}

/* The half-width that a new row is within with the probability p: number (n + 1) p of n
 * sizes from the smallest, or the largest where there are too few. Between two of them,
 * not the upper one: that would hold 96 % of new rows in place of 95.45 % with 100. */
static double half_width(const double *ascending, size_t count, double p) {
  double place = (double)(count + 1) * p;
  size_t below = (size_t)place;
  if (below == 0) return ascending[0];
  if (below >= count) return ascending[count - 1];
  double fraction = place - (double)below;
  return ascending[below - 1] + fraction * (ascending[below] - ascending[below - 1]);
}

/* What is known of some rows. scratch: [count]. */
static hr_sigma_class describe(const sized_residual *rows, size_t count, bool scales_own,
                               double *scratch) {
  double sum = 0;
  for (size_t i = 0; i < count; i++) {
    scratch[i] = rows[i].size;
    sum += rows[i].size * rows[i].size;
  }
  hr_sort_numbers(scratch, count);
  return (hr_sigma_class){.snr = (double)NAN,
                          .sigma = scales_own ? 1 : sqrt(sum / (double)count),
                          .half68 = half_width(scratch, count, share68),
                          .half95 = half_width(scratch, count, share95)};
}

static double median(const sized_residual *rows, size_t count) {
  return 0.5 * (rows[(count - 1) / 2].snr + rows[count / 2].snr);
}

/* The end of the class that begins at `first`, one of `left` that are still to be made:
 * equal ratios stay together, and a rest that is too small for a class joins. */
static size_t end_of_class(const sized_residual *rows, size_t first, size_t count,
                           size_t left) {
  size_t end = first + (count - first) / left;
  if (left == 1) return count;
  while (end < count && !(rows[end].snr > rows[end - 1].snr)) end++;
  return count - end < HR_SIGMA_FEWEST_ROWS ? count : end;
}

/* Rows with a ratio above 0 make the classes; those at or below it, where there is more
 * noise than signal, are of the lowest. */
static void make_classes(const sized_residual *rows, size_t count, double *scratch,
                         hr_sigma *out) {
  size_t dark = 0, known = 0;
  while (known < count && !isnan(rows[known].snr)) known++;
  while (dark < known && !(rows[dark].snr > 0)) dark++;
  size_t left = (known - dark) / ROWS_A_CLASS;
  if (left > HR_SIGMA_MOST_CLASSES) left = HR_SIGMA_MOST_CLASSES;
  for (size_t first = dark, end = 0; left > 0 && first < known; first = end, left--) {
    end = end_of_class(rows, first, known, left);
    size_t from = first == dark ? 0 : first;
    hr_sigma_class *class = &out->classes[out->class_count++];
    *class = describe(rows + from, end - from, out->scales_own, scratch);
    class->snr = median(rows + first, end - first);
  }
}

hr_status hr_sigma_learn(const hr_sigma_rows *rows, hr_sigma *out, hr_error *err) {
  hr_status status = HR_OK;
  sized_residual *sized = NULL;
  double *scratch = NULL;
  memset(out, 0, sizeof *out);
  if (rows->count < HR_SIGMA_FEWEST_ROWS) return HR_OK;
  HR_TRY(hr_alloc(&sized, rows->count, err));
  HR_TRY(hr_alloc(&scratch, rows->count, err));
  size_t count = take_rows(rows, sized);
  if (count < HR_SIGMA_FEWEST_ROWS) goto cleanup;
  out->rows = count;
  out->scales_own = rows->variance != NULL;
  out->all = describe(sized, count, out->scales_own, scratch);
  make_classes(sized, count, scratch, out);
cleanup:
  hr_free(sized);
  hr_free(scratch);
  return status;
}

/* Between two classes, or one alone. */
static hr_sigma_class at_snr(const hr_sigma *sigma, double snr) {
  const hr_sigma_class *classes = sigma->classes;
  size_t count = sigma->class_count, above = 0;
  if (count == 0 || isnan(snr)) return sigma->all;
  while (above < count && classes[above].snr < snr) above++;
  if (above == 0) return classes[0];
  if (above == count) return classes[count - 1];
  hr_sigma_class a = classes[above - 1], b = classes[above];
  double t = log(snr / a.snr) / log(b.snr / a.snr);
  return (hr_sigma_class){.snr = snr,
                          .sigma = a.sigma + t * (b.sigma - a.sigma),
                          .half68 = a.half68 + t * (b.half68 - a.half68),
                          .half95 = a.half95 + t * (b.half95 - a.half95)};
}

hr_spread hr_sigma_at(const hr_sigma *sigma, double snr, double variance) {
  double own = sqrt(variance);
  if (sigma->rows == 0) return (hr_spread){own, (double)NAN, (double)NAN};
  hr_sigma_class at = at_snr(sigma, snr);
  double scale = sigma->scales_own ? own : 1;
  return (hr_spread){scale * at.sigma, scale * at.half68, scale * at.half95};
}

/* NaN stays NaN. */
static double at_least(double floor, double value) {
  return value < floor ? floor : value;
}

hr_spread hr_sigma_of_prediction(const hr_sigma *sigma, double snr, double mean,
                                 double variance) {
  hr_spread said = hr_sigma_at(sigma, snr, variance);
  double rounding = fabs(mean) * 0x1p-24; /* the most; uniform up to there */
  return (hr_spread){at_least(rounding / sqrt(3), said.sigma),
                     at_least(rounding, said.half68), at_least(rounding, said.half95)};
}
