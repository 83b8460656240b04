/* The shape of a Ridge: all that is known of it from counts of rows alone, before a row
 * is seen. What it will take is estimated from this, and how it is solved decided. */
#ifndef HR_METHODS_RIDGE_SHAPE_H
#define HR_METHODS_RIDGE_SHAPE_H

#include "methods/held_rows.h"
#include "methods/ridge/models.h"

enum { HR_RIDGE_FEWEST_ROWS = 2 }; /* one row says nothing about a slope */

/* Alphas that are solved on one system, one after the other, which they share: fewer keep
 * more threads busy, more share more. Part of the result's definition. */
enum { HR_RIDGE_RUN_ALPHAS = 4 };

/* Rows of each bin that sigma is learnt from, and times as many of all. A share p of new
 * rows that is estimated from n is known to √(p(1 − p)/n): 1.0 points of 68 % within a
 * bin. */
enum { HR_RIDGE_HELD_ROWS = 2000, HR_RIDGE_HELD_OF_ALL = 4 };

/* How many rows are held for that. */
hr_held_most hr_ridge_held_most(const hr_ridge_options *options);

/* Where memory is shortest, the sums of so many folds are there at a time. */
enum { HR_RIDGE_FOLDS_AT_A_TIME = 2 };

typedef enum hr_ridge_form {
  HR_RIDGE_NONE,   /* too few rows: skipped */
  HR_RIDGE_DUAL,   /* at most as many rows as pixels: the rows, and one unknown a row */
  HR_RIDGE_PRIMAL, /* more: sums, and one unknown a pixel */
} hr_ridge_form;

typedef struct hr_ridge_shape {
  hr_ridge_form form;
  size_t rows, pixels;
  size_t order;    /* unknowns of a system; 0 where there is none */
  bool keeps_rows; /* on disk until its turn to be trained, instead of sums for every
                      fold; the global model, those that no bin sums up for it, until the
                      first one's turn */
  bool takes_folds_in_turn; /* and then makes the sums of some folds at a time */
} hr_ridge_shape;

hr_ridge_form hr_ridge_form_of(size_t rows, size_t pixels);

/* Of model m, a bin's or (bin_count) the global one, with so many rows. */
hr_ridge_shape hr_ridge_shape_of(const hr_study_view *study,
                                 const hr_ridge_options *options, size_t m, size_t rows);

/* Rows each model trains on: counts [K + 1], the global one last. */
void hr_ridge_count_rows(const hr_study_view *study, size_t *counts);

/* Without noise there is nothing to integrate: the same bytes as plain Ridge. */
bool hr_ridge_integrates_noise(const hr_study_view *study,
                               const hr_ridge_options *options);

/* Runs of `alphas_a_run` that so many alphas make. */
size_t hr_ridge_run_count(size_t alpha_count, size_t alphas_a_run);

/* Solvers of systems of that order side by side: as many as threads, as long as they take
 * less than half the budget; at most `most`, 0: any number. */
size_t hr_ridge_solver_count(const hr_study_view *study, size_t order, size_t most);

/* How many of a study's Ridges can be at work at once; 0: any number. */
size_t hr_ridge_most_solvers(const hr_study_view *study, const hr_ridge_options *options);

#endif
