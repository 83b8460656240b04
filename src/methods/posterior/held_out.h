/* Validation of the posterior mean: training rows kept with their noise and predicted
 * from the templates of the other folds, which is what a fold's rows would have got from
 * the rest. Templates of the grid are no training rows, and all of them count. */
#ifndef HR_METHODS_POSTERIOR_HELD_OUT_H
#define HR_METHODS_POSTERIOR_HELD_OUT_H

#include "compute/templates.h"
#include "methods/method.h"

typedef struct hr_held_out {
  bool by_bin; /* rows of each bin, predicted from its templates; else of all */
  size_t count;
  size_t *rows;  /* [count] row numbers; by_bin: bin by bin */
  size_t *place; /* [training rows] where each stands, or HR_NOT_HELD_OUT */
  float *x;      /* [count][P] noisy */
  float *error;  /* [count][P] */
  double *snr;   /* [count] measured, NaN where it is not known */
} hr_held_out;

#define HR_NOT_HELD_OUT SIZE_MAX

/* Chooses at most `most` rows of each bin, or of all. To be followed by
 * hr_held_out_fini, on failure too. HR_ERR_MEMORY. */
hr_status hr_held_out_init(hr_held_out *held, const hr_study_view *study, bool by_bin,
                           size_t most, hr_error *err) HR_MUST_CHECK;
void hr_held_out_fini(hr_held_out *held);

/* Keeps row number i of a block, where it was chosen. */
void hr_held_out_keep(hr_held_out *held, const hr_block *block, size_t i);

/* What rows are predicted with. */
typedef struct hr_validation {
  const hr_study_view *study;
  const hr_templates *templates;
  hr_templates_workspace *work;
  bool all_folds;        /* templates of every fold count */
  hr_progress *progress; /* counts on */
} hr_validation;

/* Predicts all held-out rows; fits [targets][bins + 1], the global one last, that they
 * belong to get their R² and sigma, and are charged with the seconds. HR_ERR_MEMORY,
 * HR_ERR_INTERRUPTED. */
hr_status hr_held_out_validate(const hr_held_out *held, const hr_validation *validation,
                               hr_trained *trained, hr_error *err) HR_MUST_CHECK;

#endif
