/* Which bins have networks, how many rows these keep, and what they take. */
#ifndef HR_METHODS_NET_COST_H
#define HR_METHODS_NET_COST_H

#include "methods/net/learner.h"

bool hr_net_is_wanted(const hr_net_settings *p, size_t k);

/* Rows i with slot[i] == k, [training rows], in the first fold, and in the others. */
void hr_net_count_rows(const hr_split_view *train, const int32_t *slot, size_t k,
                       size_t *trained, size_t *held_out);

/* Epochs of the model of all rows. */
int64_t hr_net_global_epochs(const hr_net_settings *p);

/* Whether the rows of all slots are kept in memory. */
bool hr_net_fits_memory(const hr_study_view *study, const hr_net_settings *p);

/* The method's estimate. */
void hr_net_estimate(const hr_net_method *method, const hr_study_view *study,
                     const void *parameters, hr_cost *cost);

#endif
