/* Growing trees with LightGBM: parameters in its words, one tree at a time, so that the
 * observer sees progress and can stop it. */
#ifndef HR_METHODS_LIGHTGBM_TREES_H
#define HR_METHODS_LIGHTGBM_TREES_H

#include "methods/lightgbm/lightgbm.h"

/* What the remedy for too little memory may change. */
typedef struct hr_tree_size {
  int64_t num_leaves;
  int64_t min_child_samples;
} hr_tree_size;

/* How this study grows trees. */
typedef struct hr_grower {
  const hr_lightgbm_api *api;
  const hr_lightgbm_parameters *parameters;
  const hr_observer *observer;
  size_t pixels;
  const char *device; /* LightGBM's name of it; with device auto it may turn to "cpu" */
  bool may_fall_back; /* device auto, and the GPU has not been tried yet */
  uint64_t seed;
  hr_progress progress; /* over all trees of the study */
  /* Set where several threads grow, each a model of its own: then they only count trees
   * and look at `stop`, and the thread that watches them calls the observer. */
  bool is_shared;
  bool stop;
} hr_grower;

/* Whether this machine has an OpenCL platform. */
bool hr_grower_has_opencl(void);

/* Chooses the device. */
hr_grower hr_grower_make(const hr_lightgbm_api *api, const hr_study_view *study,
                         const hr_lightgbm_parameters *parameters);

/* The status and sentence of a call that returned `code`: HR_ERR_MEMORY where memory ran
 * out, on the host or on the device, HR_ERR_NUMERIC otherwise. */
hr_status hr_grower_check(const hr_lightgbm_api *api, int code,
                          hr_error *err) HR_MUST_CHECK;

/* The parameters in LightGBM's words. The number of threads is never among them: that
 * value is process-wide, and would be in the model's text. */
hr_status hr_grower_describe(const hr_grower *grower, const hr_tree_size *size,
                             hr_text *out, hr_error *err) HR_MUST_CHECK;

/* Calls the observer for threads that share the grower, and stops them where it wants. */
hr_status hr_grower_watch(hr_grower *grower, hr_error *err) HR_MUST_CHECK;

/* LightGBM's datasets; borrowed. */
typedef struct hr_tree_data {
  void *train;
  const void *valid; /* whose predictions are followed; NULL: none */
} hr_tree_data;

/* Grows n_estimators trees, or as many as time_limit allows (*grown). *booster is freed
 * with booster_free, before the datasets. HR_ERR_INTERRUPTED where the observer wants
 * that. */
hr_status hr_grower_grow(hr_grower *grower, const hr_tree_size *size, hr_tree_data data,
                         void **booster, int64_t *grown, hr_error *err) HR_MUST_CHECK;

#endif
