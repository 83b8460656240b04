#include <string.h>

#include "experts/cnn.h"
#include "experts/expert.h"
#include "experts/lightgbm.h"
#include "experts/posterior.h"
#include "experts/ridge.h"
#include "experts/ridge_marginal.h"

static const hr_expert_type *const types[] = {
    &hr_ridge_expert_type,     &hr_ridge_marginal_expert_type,
    &hr_posterior_expert_type, &hr_lightgbm_expert_type,
    &hr_cnn_expert_type,
};

const hr_expert_type *const *hr_expert_types(size_t *count) {
  *count = sizeof types / sizeof types[0];
  return types;
}

const hr_expert_type *hr_expert_find(const char *name) {
  for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
    if (strcmp(types[i]->name, name) == 0) return types[i];
  }
  return NULL;
}
