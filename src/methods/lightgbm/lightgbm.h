/* LightGBM: gradient-boosted trees on raw noisy flux, one model a bin and, where that is
 * asked for, one of all rows.
 *
 * G. Ke et al. 2017, "LightGBM: A Highly Efficient Gradient Boosting Decision Tree". It
 * is LightGBM itself, through its C interface; what a bin's model is can be checked
 * against its Python package with the same parameters (docs/numerics.md). */
#ifndef HR_METHODS_LIGHTGBM_LIGHTGBM_H
#define HR_METHODS_LIGHTGBM_LIGHTGBM_H

#include "methods/lightgbm/api.h"
#include "methods/method.h"

/* Named as in scikit-learn's interface to LightGBM, or as in LightGBM's own. */
typedef struct hr_lightgbm_parameters {
  int64_t n_estimators;
  int64_t max_depth;
  double learning_rate;
  int64_t num_leaves;
  double feature_fraction;
  double bagging_fraction;
  int64_t bagging_freq;
  int64_t min_child_samples;
  double reg_alpha;
  double reg_lambda;
  int64_t max_bin;           /* values that a column may take, at most */
  bool quantized;            /* gradients as a few whole numbers */
  int64_t subsample_for_bin; /* rows that boundaries of histogram bins are made from */
  int64_t folds;             /* of the study's folds: held out once each */
  double time_limit;         /* seconds, of each model; 0: none */
  char *device;              /* "auto" | "cpu" | "gpu" | "cuda" */
  bool global;               /* whether there is a model of all rows, too */
  int64_t global_rows;       /* that it is trained on at most; 0: all */
} hr_lightgbm_parameters;

extern const hr_method hr_lightgbm_method;

/* As the method's begin, with a library that is loaded already, or one that a test made;
 * borrowed for the life of the learner. */
hr_status hr_lightgbm_begin_with(const hr_lightgbm_api *api, const hr_study_view *study,
                                 const hr_lightgbm_parameters *parameters,
                                 hr_learner **out, hr_error *err) HR_MUST_CHECK;

#endif
