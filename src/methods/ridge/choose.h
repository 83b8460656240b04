/* Which alpha a Ridge takes, from what validation found of each. */
#ifndef HR_METHODS_RIDGE_CHOOSE_H
#define HR_METHODS_RIDGE_CHOOSE_H

#include "methods/fit.h"

/* merit: the larger, the better; -infinity: usable, but nothing is known of it;
 * NaN: not usable. Arrays [count]. The number of the best alpha, the larger one, that is
 * the simpler model, where two are equal; `count` where none is usable. */
size_t hr_ridge_best_alpha(const double *alpha, const double *merit, size_t count);

/* Where the best alpha stands, by R² (NaN: not known): at an end only where R² still rose
 * towards it, by HR_RIDGE_FLAT a decade or in growing steps. A flat curve has no end:
 * what lies outside would change nothing. Arrays [count], in any order. */
#define HR_RIDGE_FLAT 1e-4
hr_fit_edge hr_ridge_edge_of(const double *alpha, const double *r2, size_t count);

/* 1 − residual/total; NaN where the residual is not finite or there is nothing to
 * explain. */
double hr_ridge_r2(double residual, double total);

#endif
