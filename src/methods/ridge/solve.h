/* Solving one Ridge: its systems, which are those without each fold at each level of the
 * noise and that of all rows, at every alpha. Alphas go from large to small in runs of a
 * few on one system, whose factors they share (compute/shifted.h); runs are spread over
 * threads. */
#ifndef HR_METHODS_RIDGE_SOLVE_H
#define HR_METHODS_RIDGE_SOLVE_H

#include "core/observe.h"
#include "methods/ridge/sums.h"

/* Rooms for systems, one a thread. */
typedef struct hr_ridge_solvers {
  hr_shifted **systems; /* [count] */
  size_t count;
} hr_ridge_solvers;

/* What rooms are for; borrows the compute. */
typedef struct hr_ridge_room {
  size_t order, targets; /* the most unknowns; T */
  const hr_compute *compute;
} hr_ridge_room;

/* To be followed by hr_ridge_solvers_fini, on failure too. HR_ERR_MEMORY. */
hr_status hr_ridge_solvers_init(hr_ridge_solvers *solvers, size_t count,
                                const hr_ridge_room *room, hr_error *err) HR_MUST_CHECK;
void hr_ridge_solvers_fini(hr_ridge_solvers *solvers);

/* How far the solves of all models are. */
typedef struct hr_ridge_progress {
  const hr_observer *observer;
  const char *stage;
  double operations, done; /* of all solves, and of those that are made */
} hr_ridge_progress;

hr_status hr_ridge_tell_progress(const hr_ridge_progress *progress,
                                 hr_error *err) HR_MUST_CHECK;

/* The penalties: borrowed, and their order from the largest to the smallest, owned. */
typedef struct hr_ridge_alphas {
  const double *value; /* [A] */
  size_t *order;       /* [A] */
  size_t count;        /* A */
  size_t a_run;        /* that share a system */
  size_t
      head;   /* of the first run, of the largest alphas, where it has others: 0, a_run */
  bool apart; /* no factor goes from one alpha to the next: hr_shifted_alphas */
} hr_ridge_alphas;

/* To be followed by hr_ridge_alphas_fini, on failure too. HR_ERR_MEMORY. */
hr_status hr_ridge_alphas_init(hr_ridge_alphas *alphas, const hr_numbers *numbers,
                               size_t a_run, hr_error *err) HR_MUST_CHECK;
void hr_ridge_alphas_fini(hr_ridge_alphas *alphas);

/* One Ridge while it is solved: what it is solved from, borrowed, and what comes out. */
typedef struct hr_ridge_fit {
  const hr_ridge_sums *sums;
  const hr_scatter *total; /* HR_RIDGE_PRIMAL: of all folds */
  const hr_ridge_alphas *alphas;
  const double *noise_scale; /* [L] squares of the levels of the noise; the first one's
                                model is kept */
  size_t level_count;        /* L */
  const hr_ridge_solvers *solvers;
  /* The squared errors of every target's model of all rows, models [T], at each alpha on
   * rows elsewhere, out [T], work [T][P]; into squared_error of a fit without folds.
   * NULL: folds are validated on. */
  void (*validate)(void *context, const hr_linear_model *models, double *work,
                   double *out);
  void *context;
  hr_ridge_progress *progress; /* NULL: not told */
  double operations;           /* of all its solves */

  bool keeps_folds; /* the models without each fold, at the first level */
  size_t targets;   /* T, of the sums */

  double *weights;       /* [T][A][P] */
  double *intercept;     /* [T][A], NaN where the system was not solved */
  double *squared_error; /* [T][L][F][A] validation, NaN where a system was not solved, 0
                            where a fold is empty; without folds [T][A] */
  double *fold_solution; /* [T][F][A][room] with keeps_folds: weights [P], or where K of
                            the dual form serves all alphas the dual's [rows outside] */
  size_t fold_room;
  double *fold_offset; /* [T][F][A] NaN where the system was not solved; the intercept,
                          or the dual's offset */
  hr_error *errors;    /* [runs] what ended one, HR_OK: nothing */
} hr_ridge_fit;

/* The folds that are left out, each at every level; and whether all rows are fitted. */
typedef struct hr_ridge_window {
  size_t first_fold, fold_count;
  bool with_all;
} hr_ridge_window;

/* Room for what comes out; the borrowed members are there but for `total`. To be followed
 * by hr_ridge_fit_fini, on failure too. HR_ERR_MEMORY. */
hr_status hr_ridge_fit_init(hr_ridge_fit *fit, hr_error *err) HR_MUST_CHECK;
void hr_ridge_fit_fini(hr_ridge_fit *fit);

/* A target's part of what comes out: weights [A][P], intercept [A], squared_error
 * [L][F][A]. */
double *hr_ridge_fit_weights(const hr_ridge_fit *fit, size_t target);
double *hr_ridge_fit_intercept(const hr_ridge_fit *fit, size_t target);
double *hr_ridge_fit_errors(const hr_ridge_fit *fit, size_t target);

/* Solves the systems of the window. A system that is not definite leaves its alpha
 * undefined, a fold of all rows all of them; anything else fails. */
hr_status hr_ridge_fit_solve(hr_ridge_fit *fit, hr_ridge_window window,
                             hr_error *err) HR_MUST_CHECK;

/* A model without a fold. */
typedef struct hr_ridge_fold {
  size_t target, fold, alpha; /* the number of its alpha */
} hr_ridge_fold;

/* The kept model without a fold at alpha number a, into weights [P]; its intercept, NaN
 * where there is no such model. work: [P]. */
double hr_ridge_fit_fold_model(const hr_ridge_fit *fit, const hr_ridge_fold *of,
                               double *weights, double *work);

#endif
