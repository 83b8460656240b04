/* What Ridge and Ridge with the noise integrated out share: linear models of every bin
 * and of all rows, for every alpha, from one pass over the training rows.
 *
 *   y = ȳ + wᵀ(x − x̄),  (Sxx + diag(v) + alpha I) w = Sxy,
 *
 * the intercept not penalised. Plain Ridge: x noisy, v = 0. Noise integrated out: x
 * clean, v_j = Σᵢ level² σᵢⱼ² over the rows of the fit, which is what infinitely many
 * noisy copies of the rows would give, divided by their number. The functions are those
 * of a hr_method. */
#ifndef HR_METHODS_RIDGE_MODELS_H
#define HR_METHODS_RIDGE_MODELS_H

#include "methods/method.h"

typedef struct hr_ridge_options {
  const char *name;        /* of the expert, in messages */
  const hr_numbers *alpha; /* borrowed for the life of the expert */
  bool integrate_noise;
  const hr_numbers *levels; /* borrowed: levels of the noise to validate at beside the
                               study's own, where it is integrated out; or NULL */
} hr_ridge_options;

hr_status hr_ridge_models_create(const hr_study_view *study,
                                 const hr_ridge_options *options, hr_learner **out,
                                 hr_error *err) HR_MUST_CHECK;
void hr_ridge_models_destroy(hr_learner **expert);
void hr_ridge_models_estimate(const hr_study_view *study, const hr_ridge_options *options,
                              hr_cost *cost);
hr_status hr_ridge_models_observe(hr_learner *expert, const hr_block *block,
                                  hr_error *err) HR_MUST_CHECK;
hr_status hr_ridge_models_train(hr_learner *expert, hr_error *err) HR_MUST_CHECK;
hr_status hr_ridge_models_observe_test(hr_learner *expert, const hr_block *block,
                                       hr_error *err) HR_MUST_CHECK;
const hr_task *hr_ridge_models_tasks(const hr_learner *expert, size_t *count);
/* Writes model.npy: fp64 [A][1 + P], each row an intercept and the weights of one alpha.
 */
hr_status hr_ridge_models_save(const hr_learner *expert, const hr_task *task,
                               const char *folder, hr_error *err) HR_MUST_CHECK;

#endif
