/* Linear models, ŷ = b + wᵀx on the noisy flux: what every Ridge makes. A variant is one
 * penalty. Their file is model.npy, fp64 [V][1 + P], each row an intercept and the
 * weights on the pixels; an intercept that is NaN says that the variant could not be
 * solved, and it predicts NaN. */
#ifndef HR_MODELS_LINEAR_H
#define HR_MODELS_LINEAR_H

#include "models/model.h"

extern const hr_model_type hr_linear_type; /* "linear" */

typedef struct hr_linear_shape {
  int slot;
  size_t target, pixels, variant_count, chosen; /* as in hr_model */
} hr_linear_shape;

/* A model of copies of intercept [V] and weights [V][P]. HR_ERR_MEMORY. */
hr_status hr_linear_create(const hr_linear_shape *shape, const double *intercept,
                           const double *weights, hr_model **out,
                           hr_error *err) HR_MUST_CHECK;

/* The same of the arrays themselves, which are from hr_alloc and are set to NULL; on
 * failure they stay the caller's. */
hr_status hr_linear_create_take(const hr_linear_shape *shape, double **intercept,
                                double **weights, hr_model **out,
                                hr_error *err) HR_MUST_CHECK;

/* Its arrays, borrowed: [V] and [V][P]. */
const double *hr_linear_intercept(const hr_model *model);
const double *hr_linear_weights(const hr_model *model);

#endif
