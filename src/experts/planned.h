/* Methods that the configuration knows, with all their parameters, but that this build
 * cannot train: their functions are NULL and their tasks are skipped with a note. Each
 * leaves for a file of its own when it is built. */
#ifndef HR_EXPERTS_PLANNED_H
#define HR_EXPERTS_PLANNED_H

#include "experts/expert.h"

typedef struct hr_cnn_parameters {
  hr_numbers channels; /* of each convolution */
  int64_t kernel_size; /* pixels */
  int64_t pool_size;
  int64_t fc_dim;
  int64_t epochs;
  int64_t batch_size; /* rows */
  double lr;
  hr_numbers bins; /* those it is trained for */
} hr_cnn_parameters;

extern const hr_expert_type hr_planned_cnn_type;

#endif
