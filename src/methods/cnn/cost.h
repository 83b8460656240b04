/* Which bins have networks, how many rows these keep, and what they take. */
#ifndef HR_METHODS_CNN_COST_H
#define HR_METHODS_CNN_COST_H

#include "methods/cnn/cnn.h"

bool hr_cnn_is_wanted(const hr_cnn_parameters *p, size_t k);

/* Rows of a bin in the first fold, and in the others. */
void hr_cnn_count_rows(const hr_split_view *train, size_t k, size_t *trained,
                       size_t *held_out);

/* Whether the rows of all bins are kept in memory. */
bool hr_cnn_fits_memory(const hr_study_view *study, const hr_cnn_parameters *p);

/* The method's estimate. */
void hr_cnn_estimate(const hr_study_view *study, const void *parameters, hr_cost *cost);

#endif
