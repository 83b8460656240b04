/* Which alpha a Ridge takes, from what validation found of each. */
#ifndef HR_METHODS_RIDGE_CHOOSE_H
#define HR_METHODS_RIDGE_CHOOSE_H

#include <stddef.h>

/* merit: the larger, the better; -infinity: usable, but nothing is known of it;
 * NaN: not usable. Arrays [count]. The number of the best alpha, the larger one, that is
 * the simpler model, where two are equal; `count` where none is usable. */
size_t hr_ridge_best_alpha(const double *alpha, const double *merit, size_t count);

/* 1 − residual/total; NaN where the residual is not finite or there is nothing to
 * explain. */
double hr_ridge_r2(double residual, double total);

#endif
