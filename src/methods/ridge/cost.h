/* What the Ridges of a study take, from their shapes. */
#ifndef HR_METHODS_RIDGE_COST_H
#define HR_METHODS_RIDGE_COST_H

#include "methods/ridge/shape.h"

/* Adds up what models of so many rows take, counts [K + 1], the global one last. */
void hr_ridge_estimate(const hr_study_view *study, const hr_ridge_options *options,
                       const size_t *counts, hr_cost *cost);

#endif
