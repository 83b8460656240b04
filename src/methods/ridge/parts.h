/* What ridge_models.c (rows in, predictions out) and ridge_solve.c (training) share. */
#ifndef HR_METHODS_RIDGE_PARTS_H
#define HR_METHODS_RIDGE_PARTS_H

#include "compute/dual.h"
#include "methods/ridge/cost.h"
#include "methods/row_store.h"

/* One Ridge: a bin's, or the global one. */
typedef struct hr_ridge_model {
  hr_ridge_form_kind form;
  hr_dual *dual; /* HR_RIDGE_DUAL */
  double *noise; /* [F][P] Σσ² of each fold's rows; NULL: not integrated out */
  hr_scatter *
      *folds; /* HR_RIDGE_PRIMAL: [F], the rows of each fold; freed when trained */
  hr_row_store *rows;    /* where memory is short: what folds or dual are made of when the
                            model's turn has come */
  size_t folds_handed;   /* whose sums the global model has already, where they are made
                            one after the other */
  double *weights;       /* [A][P] */
  double *intercept;     /* [A], NaN where the system was not solved */
  double *squared_error; /* [L][F][A] validation, NaN where a system was not solved */
  double *cv_r2;         /* [A] */
  double *level_cv_r2, *level_alpha; /* [L - 1] the best alpha at the other levels */
  float *predictions;                /* [A][test rows] */
  size_t next_test_row;
} hr_ridge_model;

struct hr_learner {
  const hr_study_view *study;
  const char *name;
  bool integrates_noise;
  const double *alpha; /* [A], borrowed from the parameters */
  size_t alpha_count;
  size_t *order;       /* [A] indices of the alphas, from the largest to the smallest */
  const double *level; /* [L - 1] other levels of the noise, borrowed */
  size_t level_count;  /* L, with the study's own, which comes first */
  hr_tiles *tiles;
  hr_ridge_model *models; /* [K + 1], the global one last */
  hr_task *tasks;         /* [K + 1] */
};

static inline hr_ridge_model *hr_ridge_global(const hr_learner *expert) {
  return &expert->models[expert->study->bin_count];
}

/* Whether the rows of a bin go to the global model as they come, and not with the sums of
 * their bin when it is done with them. */
static inline bool hr_ridge_is_global_row(const hr_learner *expert, int32_t bin) {
  return bin == HR_UNCOVERED || expert->models[bin].form != HR_RIDGE_PRIMAL;
}

/* Where the rows of a model are gathered, for so many of them. */
hr_status hr_ridge_create_sums(const hr_learner *expert, hr_ridge_model *model,
                               size_t rows, hr_error *err);

/* Adds one row to it. */
static inline void hr_ridge_sum_row(hr_ridge_model *model, const float *x, double y,
                                    uint8_t fold) {
  if (model->form == HR_RIDGE_DUAL) hr_dual_add(model->dual, x, y, fold);
  if (model->form == HR_RIDGE_PRIMAL) hr_scatter_add(model->folds[fold], x, y);
}

void hr_ridge_destroy_folds(hr_ridge_model *model, size_t fold_count);

#endif
