/* Quantiles of sorted values, and ranks. */
#ifndef HR_CORE_QUANTILE_H
#define HR_CORE_QUANTILE_H

#include <stddef.h>

/* The quantile p of ascending values, linear between them (Hyndman & Fan 1996, type 7:
 * the default of numpy and R); NaN for none. */
double hr_quantile(const double *ascending, size_t count, double p);

/* Sorts values ascending, in place. */
void hr_sort_numbers(double *values, size_t count);

/* The rank correlation of two columns (Spearman 1904), ties at their mean rank; [count]
 * each, without NaN; NaN where one is constant. scratch: [2 count]. */
double hr_rank_correlation(const double *x, const double *y, size_t count,
                           double *scratch);

#endif
