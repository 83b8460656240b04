/* Ridge regression on noisy flux: every bin and the global model, every alpha, one pass.
 */
#ifndef HR_METHODS_RIDGE_RIDGE_H
#define HR_METHODS_RIDGE_RIDGE_H

#include "methods/method.h"

typedef struct hr_ridge_parameters {
  hr_numbers alpha; /* penalties on the squared weights, in flux^-2 dex^2; > 0;
                       none: auto */
} hr_ridge_parameters;

extern const hr_method hr_ridge_method;

#endif
