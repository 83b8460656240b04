/* A control: Ridge on random groups of the same sizes as the bins, which tells what
 * cutting the rows into groups does by itself.
 *
 * The bins of the covered rows, of each split, are shuffled among those rows: as many
 * groups, as large, of stars that have nothing in common. The groups are random samples
 * of one population, so a model is validated on the rows of the groups that follow its
 * own (in a ring, until they are as many as its own): it has not seen them, and no folds
 * are needed. A group without a model takes that of the next group.
 *
 * It competes with nobody: it has one model, of HR_GLOBAL and a kind of its own
 * (control.h), whose predictions are NaN for uncovered rows. Its parameters are
 * hr_ridge_parameters. */
#ifndef HR_METHODS_RIDGE_PLACEBO_H
#define HR_METHODS_RIDGE_PLACEBO_H

#include "methods/method.h"

/* Cost: N P² operations for the sums, or N_k² P for a group of at most P rows, and
 * K A solves; memory for one set of sums, or the rows, of each group. Its model's files
 * are model.npy, fp64 [K][2 + P]: alpha, intercept, weights of each group (NaN: it has
 * none); train_groups.npy and test_groups.npy, fp64 [rows][1], -1: uncovered. */
extern const hr_method hr_placebo_method;

/* group[i]: the group of row i of a split whose rows are in these bins; uncovered rows
 * stay HR_UNCOVERED. `which`: 0 for training rows, 1 for test rows. O(rows). */
hr_status hr_placebo_deal(const int32_t *bin, size_t rows, uint64_t seed, uint32_t which,
                          int32_t *group, hr_error *err) HR_MUST_CHECK;

#endif
