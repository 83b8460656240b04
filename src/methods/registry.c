#include <string.h>

#include "methods/cnn/cnn.h"
#include "methods/lightgbm/lightgbm.h"
#include "methods/method.h"
#include "methods/posterior/posterior.h"
#include "methods/ridge/marginal.h"
#include "methods/ridge/ridge.h"

static const hr_method *const types[] = {
    &hr_ridge_method,     &hr_ridge_marginal_method,
    &hr_posterior_method, &hr_lightgbm_method,
    &hr_cnn_method,
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
