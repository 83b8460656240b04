/* Ridge regression on noisy flux: every bin and the global model, every alpha, one pass.
 */
#ifndef HR_EXPERTS_RIDGE_H
#define HR_EXPERTS_RIDGE_H

#include "experts/expert.h"

typedef struct hr_ridge_parameters {
  hr_numbers alpha; /* penalties on the squared weights, in flux^-2 dex^2; > 0 */
} hr_ridge_parameters;

extern const hr_expert_type hr_ridge_expert_type;

#endif
