/* What a study's Ridges take, and in which form each is solved; known from the counts of
 * rows alone. For ridge_models.c. */
#ifndef HR_METHODS_RIDGE_COST_H
#define HR_METHODS_RIDGE_COST_H

#include "methods/ridge/models.h"

enum { HR_RIDGE_FEWEST_ROWS = 2 }; /* one row says nothing about a slope */

typedef enum hr_ridge_form_kind {
  HR_RIDGE_NONE,   /* too few rows: skipped */
  HR_RIDGE_DUAL,   /* at most as many rows as pixels */
  HR_RIDGE_PRIMAL, /* more */
} hr_ridge_form_kind;

hr_ridge_form_kind hr_ridge_form(size_t rows, size_t pixels);

/* Whether model m, of that form, keeps its rows on disk until its turn to be trained,
 * instead of sums for every fold; the global model, those that no bin sums up for it,
 * until the first one's turn. */
bool hr_ridge_keeps_rows(const hr_study_view *study, size_t m, hr_ridge_form_kind form);

/* Rows each model trains on: counts [K + 1], the global one last. */
void hr_ridge_count_rows(const hr_study_view *study, size_t *counts);

/* Without noise there is nothing to integrate: the same bytes as plain Ridge. */
bool hr_ridge_integrates_noise(const hr_study_view *study,
                               const hr_ridge_options *options);

/* Whether such a model then makes the sums of so many folds at a time. */
enum { HR_RIDGE_FOLDS_AT_A_TIME = 2 };
bool hr_ridge_takes_folds_in_turn(const hr_study_view *study, size_t m,
                                  hr_ridge_form_kind form);

/* Alphas that are solved on one system, one after the other, which they share: fewer keep
 * more threads busy, more share more. Part of the result's definition. */
enum { HR_RIDGE_RUN_ALPHAS = 4 };

/* How many such runs there are for a system. */
size_t hr_ridge_runs_a_system(size_t alpha_count);

/* Solvers of systems of that order side by side: as many as threads, as long as they take
 * less than half the budget, and as can be at work at once. */
size_t hr_ridge_solver_count(const hr_study_view *study, size_t order,
                             size_t runs_a_fold);

#endif
