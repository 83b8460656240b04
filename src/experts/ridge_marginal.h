/* Ridge regression with the noise integrated out: the limit of infinitely many noise
 * draws, from clean spectra and their errors. */
#ifndef HR_EXPERTS_RIDGE_MARGINAL_H
#define HR_EXPERTS_RIDGE_MARGINAL_H

#include "experts/expert.h"

typedef struct hr_ridge_marginal_parameters {
  hr_numbers alpha;  /* penalties on the squared weights, in flux^-2 dex^2; > 0 */
  hr_numbers levels; /* of the noise, to validate at; 0: none */
} hr_ridge_marginal_parameters;

extern const hr_expert_type hr_ridge_marginal_expert_type;

#endif
