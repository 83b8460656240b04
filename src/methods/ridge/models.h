/* What Ridge and Ridge with the noise integrated out share: linear models of every bin
 * and of all rows, for every alpha, from one pass over the training rows.
 *
 *   y = ȳ + wᵀ(x − x̄),  (Sxx + diag(v) + alpha I) w = Sxy,
 *
 * the intercept not penalised. Plain Ridge: x noisy, v = 0. Noise integrated out: x
 * clean, v_j = Σᵢ level² σᵢⱼ² over the rows of the fit, which is what infinitely many
 * noisy copies of the rows would give, divided by their number. The functions are those
 * of a hr_method; the models are of the kind "linear". */
#ifndef HR_METHODS_RIDGE_MODELS_H
#define HR_METHODS_RIDGE_MODELS_H

#include "methods/method.h"

typedef struct hr_ridge_options {
  const char *name;        /* of the method, in messages */
  const char *stage;       /* of progress, while systems are solved */
  const hr_numbers *alpha; /* borrowed for the life of the learner */
  bool widens;             /* by decades, where the best is at an end (widen.h) */
  bool integrate_noise;
  const hr_numbers *levels; /* borrowed: levels of the noise to validate at beside the
                               study's own, where it is integrated out; or NULL */
  size_t alphas_a_run;      /* that share a system, HR_RIDGE_RUN_ALPHAS */
  bool always_sums;         /* even of fewer rows than pixels */
  bool learns_sigma;        /* of each slot, from rows that are kept for it */
  bool fails_whole;         /* a model without memory ends all, not itself alone */
  bool bins_alone;          /* there is no model of all rows: its fit is one of too few */
  bool keeps_folds;         /* held rows are predicted without their folds, never without
                               the row alone: something is trained on what is said */
  size_t held_rows; /* of each bin, that sigma is learnt from and validation rows are
                       kept of; 0: HR_RIDGE_HELD_ROWS */
} hr_ridge_options;

/* Plain Ridge at those alphas; none (`alpha: auto`): at 1, 10 .. 10^6, and beyond where
 * that is better. */
hr_ridge_options hr_ridge_options_default(const hr_numbers *alpha);

hr_status hr_ridge_models_begin(const hr_study_view *study,
                                const hr_ridge_options *options, hr_learner **out,
                                hr_error *err) HR_MUST_CHECK;
void hr_ridge_models_destroy(hr_learner **learner);
void hr_ridge_models_estimate(const hr_study_view *study, const hr_ridge_options *options,
                              hr_cost *cost);
hr_status hr_ridge_models_learn(hr_learner *learner, const hr_block *block,
                                hr_error *err) HR_MUST_CHECK;
hr_status hr_ridge_models_finish(hr_learner *learner, hr_trained *out,
                                 hr_error *err) HR_MUST_CHECK;

#endif
