/* The posterior mean over noise-free spectra as templates, training spectra or draws from
 * the model grid: no training, and the estimator of least mean squared error under the
 * templates' own distribution. */
#ifndef HR_METHODS_POSTERIOR_POSTERIOR_H
#define HR_METHODS_POSTERIOR_POSTERIOR_H

#include "compute/templates.h"
#include "methods/method.h"

typedef struct hr_posterior_parameters {
  int64_t templates;  /* the most, of all bins together */
  char *source;       /* "stored" or "grid", see posterior_grid.h */
  int64_t validation; /* held-out rows of each bin, and of all rows */
  char *weigh;        /* "components" or "pixels", see compute/templates.h */
  char *amplitude;    /* "none", "flat" or "gaussian", the same */
  double amplitude_sigma;
  char *kernel;           /* "constant" or "local_linear", the same */
  double least_effective; /* of "local_linear" */
} hr_posterior_parameters;

bool hr_posterior_is_from_grid(const hr_posterior_parameters *parameters);

/* How spectra are compared; plain where texts are left out. */
hr_templates_options hr_posterior_options(const hr_study_view *study,
                                          const hr_posterior_parameters *parameters);

extern const hr_method hr_posterior_method;

#endif
