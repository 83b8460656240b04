/* The learners are those that spectra have, through the table that every method is. */
#include "methods/line_index/top.h"

#include <string.h>

#include "core/alloc.h"
#include "methods/lightgbm/lightgbm.h"
#include "methods/ridge/ridge.h"

/* Few inputs, each of which may matter: every tree sees nearly all of them. All folds are
 * held out, as a tree on forty inputs costs a hundredth of one on 4096 pixels. */
static const hr_lightgbm_parameters trees = {.n_estimators = 200,
                                             .max_depth = 5,
                                             .learning_rate = 0.05,
                                             .num_leaves = 20,
                                             .feature_fraction = 0.7,
                                             .bagging_fraction = 0.7,
                                             .bagging_freq = 1,
                                             .min_child_samples = 50,
                                             .reg_alpha = 1,
                                             .reg_lambda = 1,
                                             .max_bin = 255,
                                             .subsample_for_bin = 20000,
                                             .folds = HR_MOST_FOLDS,
                                             .device = (char *)(uintptr_t) "cpu"};

/* alpha: auto, by cross-validation. */
static const hr_ridge_parameters linear = {.alpha = {NULL, 0}};

static bool wants_trees(const hr_line_index_parameters *parameters) {
  return strcmp(parameters->learner, "lightgbm") == 0;
}

hr_status hr_line_top_check(const hr_line_index_parameters *parameters, hr_error *err) {
  hr_error reason = {.status = HR_OK};
  if (!wants_trees(parameters)) return HR_OK;
  if (hr_lightgbm_method.available(&reason) == HR_OK) return HR_OK;
  return hr_fail(err, HR_ERR_CONFIG,
                 "experts.line_index.learner: lightgbm cannot be had (%s); write ridge",
                 reason.message);
}

/* A study of the inputs: one bin, one target, nothing kept elsewhere. */
static void describe_study(const hr_study_view *study, const hr_line_top_rows *rows,
                           int32_t *bin, double *wave, hr_study_view *out) {
  for (size_t i = 0; i < rows->count; i++) bin[i] = 0;
  for (size_t i = 0; i < rows->inputs; i++) wave[i] = (double)(i + 1);
  *out = *study;
  out->pixels = rows->inputs;
  out->bin_count = 1;
  out->wave_angstrom = wave;
  out->train = (hr_split_view){.rows = rows->count,
                               .target = rows->y,
                               .bin = bin,
                               .route = bin,
                               .fold = rows->fold};
  out->further = NULL;
  out->further_count = 0;
  out->test_bin = NULL;
  out->keeper = (hr_keeper){NULL, NULL};
  out->store = (hr_store){NULL, NULL, NULL, NULL};
  out->base = 0;
  out->low_memory = HR_LOW_MEMORY_NONE;
  out->keeps_validation = true;
}

/* Shows the learner everything, and takes what it has learnt of its first slot. */
static hr_status learn(const hr_method *method, const hr_study_view *study,
                       const void *parameters, const hr_block *block, hr_trained *out,
                       hr_error *err) {
  hr_status status = HR_OK;
  hr_learner *learner = NULL;
  hr_trained *all = NULL;
  uint8_t *chosen = NULL;
  size_t slots = hr_method_slots(method, parameters, 1);
  HR_TRY(hr_alloc(&all, slots, err));
  HR_TRY(hr_alloc(&chosen, block->rows, err));
  memset(chosen, HR_CHOSEN_OF_BIN, block->rows);
  HR_TRY(method->begin(study, parameters, &learner, err));
  if (method->sample) HR_TRY(method->sample(learner, block, chosen, err));
  HR_TRY(method->learn(learner, block, err));
  HR_TRY(method->finish(learner, all, err));
  *out = all[0];
  all[0] = (hr_trained){.model = NULL};
cleanup:
  if (learner) method->destroy(&learner);
  for (size_t s = 0; all && s < slots; s++) hr_trained_fini(&all[s]);
  hr_free(all);
  hr_free(chosen);
  return status;
}

hr_status hr_line_top_train(const hr_study_view *study,
                            const hr_line_index_parameters *parameters,
                            const hr_line_top_rows *rows, hr_trained *out,
                            hr_error *err) {
  hr_status status = HR_OK;
  const bool has_trees = wants_trees(parameters);
  const hr_method *method = has_trees ? &hr_lightgbm_method : &hr_ridge_method;
  const void *own = has_trees ? (const void *)&trees : (const void *)&linear;
  hr_study_view view;
  int32_t *bin = NULL;
  double *wave = NULL;
  const hr_block block = {.rows = rows->count,
                          .pixels = rows->inputs,
                          .flux = rows->z,
                          .noisy = rows->z,
                          .snr = rows->snr};
  HR_TRY(hr_alloc(&bin, rows->count, err));
  HR_TRY(hr_alloc(&wave, rows->inputs, err));
  describe_study(study, rows, bin, wave, &view);
  HR_TRY(learn(method, &view, own, &block, out, err));
cleanup:
  hr_free(bin);
  hr_free(wave);
  return status;
}
