/* What the posterior mean takes, and what bodes ill for it, before anything is read. */
#ifndef HR_METHODS_POSTERIOR_COST_H
#define HR_METHODS_POSTERIOR_COST_H

#include "methods/posterior/posterior.h"

/* As `estimate` and `warn` of hr_method. */
void hr_posterior_estimate(const hr_study_view *study, const void *parameters,
                           hr_cost *cost);
void hr_posterior_warn(const hr_study_view *study, const void *parameters);

#endif
