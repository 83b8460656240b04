/* The methods there are, and how many slots each has. */
#include <string.h>

#include "methods/cnn/cnn.h"
#include "methods/lightgbm/lightgbm.h"
#include "methods/line_index/line_index.h"
#include "methods/method.h"
#include "methods/posterior/posterior.h"
#include "methods/ridge/marginal.h"
#include "methods/ridge/ridge.h"
#include "methods/vit/vit.h"

static const hr_method *const types[] = {
    &hr_ridge_method,      &hr_ridge_marginal_method,
    &hr_posterior_method,  &hr_lightgbm_method,
    &hr_cnn_method,        &hr_vit_method,
    &hr_line_index_method,
};

const hr_method *const *hr_methods(size_t *count) {
  *count = sizeof types / sizeof types[0];
  return types;
}

const hr_method *hr_method_find(const char *name) {
  for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
    if (strcmp(types[i]->name, name) == 0) return types[i];
  }
  return NULL;
}

bool hr_method_has_global(const hr_method *method, const void *parameters) {
  if (!method->has_global || !method->wants_global) return method->has_global;
  return parameters && method->wants_global(parameters);
}

size_t hr_method_slots(const hr_method *method, const void *parameters,
                       size_t bin_count) {
  size_t bins = method->only_global ? 0 : bin_count;
  return bins + (hr_method_has_global(method, parameters) ? 1 : 0);
}

int hr_method_slot(const hr_method *method, size_t bin_count, size_t s) {
  return method->only_global || s == bin_count ? HR_GLOBAL : (int)s;
}
