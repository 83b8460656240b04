/* Which bins have networks, how many rows these keep, and what they take. */
#ifndef HR_METHODS_CNN_COST_H
#define HR_METHODS_CNN_COST_H

#include "methods/cnn/cnn.h"

bool hr_cnn_is_wanted(const hr_cnn_parameters *p, size_t k);

/* Rows i with slot[i] == k, [training rows], in the first fold, and in the others. */
void hr_cnn_count_rows(const hr_split_view *train, const int32_t *slot, size_t k,
                       size_t *trained, size_t *held_out);

/* Epochs of the model of all rows. */
int64_t hr_cnn_global_epochs(const hr_cnn_parameters *p);

/* Whether the rows of all slots are kept in memory. */
bool hr_cnn_fits_memory(const hr_study_view *study, const hr_cnn_parameters *p);

/* The method's estimate. */
void hr_cnn_estimate(const hr_study_view *study, const void *parameters, hr_cost *cost);

#endif
