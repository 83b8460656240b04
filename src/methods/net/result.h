/* What a training that is over has made: a model of each target, its sigma, and whether
 * it converged. */
#ifndef HR_METHODS_NET_RESULT_H
#define HR_METHODS_NET_RESULT_H

#include "methods/net/train.h"

/* Validation R2 that counts as better than the mean; and how much of it may have come in
 * the last fifth of the epochs of a training that is said to have converged. */
#define HR_NET_LEARNT  0.02
#define HR_NET_SETTLED 0.02

/* Whether some epoch of the curve is better than the mean. */
bool hr_net_has_learnt(const hr_curve_point *curve, size_t points);

/* Whether the training converged for the target of that curve: it beats the mean, and the
 * training was over before its time or the last fifth of its epochs brought less than
 * HR_NET_SETTLED. `together`: the mean R2 of all targets, by which the best epoch is
 * chosen; the curve itself where there is one. */
bool hr_net_has_converged(const hr_curve_point *curve, const hr_curve_point *together,
                          size_t points, size_t epochs);

/* A training that is over; borrowed. */
typedef struct hr_net_result {
  const hr_net_training *training;
  hr_trainer *trainer;
  const hr_net_model *model; /* its network becomes that of the best epoch */
  const double *target_mean, *target_deviation; /* [outputs] */
} hr_net_result;

/* Into what the training's outputs say. HR_ERR_MEMORY, HR_ERR_IO, HR_ERR_INTERNAL. */
hr_status hr_net_result_take(const hr_net_result *result, hr_error *err) HR_MUST_CHECK;

#endif
