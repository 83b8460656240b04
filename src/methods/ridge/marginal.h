/* Ridge regression with the noise integrated out: the limit of infinitely many noise
 * draws, from clean spectra and their errors. */
#ifndef HR_METHODS_RIDGE_MARGINAL_H
#define HR_METHODS_RIDGE_MARGINAL_H

#include "methods/method.h"

typedef struct hr_ridge_marginal_parameters {
  hr_numbers alpha;  /* penalties on the squared weights, in flux^-2 dex^2; > 0;
                       none: auto */
  hr_numbers levels; /* of the noise, to validate at; 0: none */
} hr_ridge_marginal_parameters;

extern const hr_method hr_ridge_marginal_method;

#endif
