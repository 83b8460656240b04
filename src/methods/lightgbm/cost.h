/* What growing a study's LightGBM models takes, and so how many are grown at a time. */
#ifndef HR_METHODS_LIGHTGBM_COST_H
#define HR_METHODS_LIGHTGBM_COST_H

#include "methods/lightgbm/lightgbm.h"

enum { HR_LIGHTGBM_BYTES_PER_VALUE = 16 }; /* of a histogram: two sums in fp64 */

/* Rows without which a bin cannot be split once. */
size_t hr_lightgbm_fewest_rows(const hr_lightgbm_parameters *p);

/* Folds that are held out in turn. */
size_t hr_lightgbm_folds(const hr_study_view *study, const hr_lightgbm_parameters *p);

/* Histograms of all pixels that a tree of `num_leaves` leaves needs at once, so that none
 * is ever made twice: one a leaf that may still be split. A leaf at max_depth is not. */
size_t hr_lightgbm_histograms(int64_t max_depth, int64_t num_leaves);

/* How bins are spread over threads: the first `shared` of `order` are grown `at_once` at
 * a time, one thread each; the others one after the other, on all threads. So is the
 * model of all rows behind them, where there is one. */
typedef struct hr_lightgbm_schedule {
  size_t order[HR_MOST_BINS]; /* the bins that have a model, largest first */
  size_t count;
  size_t shared;
  size_t at_once; /* 1: none is shared */
} hr_lightgbm_schedule;

/* counts: [K] training rows of each bin; on_cpu: whether trees are grown there. At once:
 * as many as there are threads, but no more than half of the study's memory holds beside
 * the bins' rows; 1 where there are more threads than bins, or on a GPU. What is left
 * over is grown in turn where most threads would have nothing else to do. */
hr_lightgbm_schedule hr_lightgbm_make_schedule(const hr_study_view *study,
                                               const hr_lightgbm_parameters *p,
                                               const size_t *counts, bool on_cpu);

/* As an expert type's estimate. */
void hr_lightgbm_estimate(const hr_study_view *study, const void *parameters,
                          hr_cost *cost);

#endif
