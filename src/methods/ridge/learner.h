/* The learner of a study's Ridges, as models.c (rows in), train.c (models out),
 * low_memory.c (rows that wait on disk) and parts.c (slots that others train) know it. */
#ifndef HR_METHODS_RIDGE_LEARNER_H
#define HR_METHODS_RIDGE_LEARNER_H

#include "methods/held_rows.h"
#include "methods/ridge/gathered.h"
#include "methods/ridge/solve.h"
#include "methods/row_store.h"

typedef enum hr_ridge_state {
  HR_RIDGE_HERE,      /* its rows come here */
  HR_RIDGE_BACK,      /* it was taken back as it was trained before */
  HR_RIDGE_ELSEWHERE, /* it is not asked for */
} hr_ridge_state;

/* One Ridge: a bin's, or the global one. */
typedef struct hr_ridge_model {
  hr_ridge_state state;
  hr_ridge_shape shape; /* whoever trains it */
  char *gathered;       /* the file that it was left in (parts.h); NULL: in none */
  hr_ridge_sums sums;
  hr_row_store *rows;  /* where memory is short: what the sums are made of when the
                          model's turn has come */
  size_t folds_handed; /* whose sums the global model has already, where they are made
                          one after the other; or that are in its file */
} hr_ridge_model;

struct hr_learner {
  const hr_study_view *study;
  hr_ridge_options options;
  hr_ridge_alphas alphas;
  size_t level_count;  /* L, the study's own noise first, then those of the options */
  double *noise_scale; /* [L] squares of the levels */
  hr_tiles *tiles;
  hr_ridge_pool pool;
  hr_ridge_model *models; /* [K + 1], the global one last */
  bool has_seen_rows;
  hr_held_rows *held;         /* that sigma is learnt from; NULL: it is not */
  hr_trained *back;           /* [T][K + 1] what was taken back */
  hr_gathered leaving;        /* of a part: the file that is being written */
  hr_ridge_solvers solvers;   /* while it trains, and so are the next two */
  hr_ridge_progress progress; /* of all solves */
  hr_trained *out;            /* [T][K + 1], borrowed */
};

static inline hr_ridge_model *hr_ridge_global(const hr_learner *learner) {
  return &learner->models[learner->study->bin_count];
}

static inline hr_trained *hr_ridge_out(const hr_learner *learner, size_t target,
                                       size_t m) {
  return &learner->out[target * (learner->study->bin_count + 1) + m];
}

static inline hr_trained *hr_ridge_back(const hr_learner *learner, size_t target,
                                        size_t m) {
  return &learner->back[target * (learner->study->bin_count + 1) + m];
}

/* Whether the rows of a bin go to the global model as they come, and not with the sums of
 * their bin when it is done with them. */
static inline bool hr_ridge_is_global_row(const hr_learner *learner, int32_t bin) {
  return bin == HR_UNCOVERED || learner->models[bin].shape.form != HR_RIDGE_PRIMAL;
}

/* "bin 3", or "the global model". */
const char *hr_ridge_name_of(const hr_learner *learner, size_t m, char text[32]);

#endif
