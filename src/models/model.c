/* The kinds of models, and handing requests on to them. */
#include "models/model.h"

#include <math.h>
#include <string.h>

#include "models/heads.h"
#include "models/linear.h"
#include "models/network.h"
#include "models/stacked.h"
#include "models/templates.h"
#include "models/trees.h"

static const hr_model_type *const types[] = {
    &hr_linear_type,
    &hr_trees_type,
    &hr_network_model_type,
    &hr_heads_type,
    &hr_templates_type,
    &hr_stacked_type,
    NULL, /* the end */
};

const hr_model_type *const *hr_model_types(size_t *count) {
  *count = sizeof types / sizeof types[0] - 1;
  return types;
}

const hr_model_type *hr_model_type_find(const char *kind) {
  for (size_t i = 0; types[i]; i++) {
    if (strcmp(types[i]->kind, kind) == 0) return types[i];
  }
  return NULL;
}

void hr_model_destroy(hr_model **model) {
  if (*model) (*model)->type->destroy(model);
}

hr_status hr_requests_check(const hr_spectra *spectra, const hr_request *requests,
                            size_t request_count, hr_error *err) {
  for (size_t i = 0; i < request_count; i++) {
    const hr_model *model = requests[i].model;
    if (model->pixels == spectra->pixels) continue;
    return hr_fail(err, HR_ERR_INTERNAL,
                   "a model of the kind %s and of %zu pixels was given spectra of %zu",
                   model->type->kind, model->pixels, spectra->pixels);
  }
  return HR_OK;
}

void hr_request_fill_unknown(const hr_request *request) {
  for (size_t i = 0; i < request->count; i++) {
    size_t row = request->row[i];
    if (request->variance) request->variance[row] = (double)NAN;
    if (request->effective) request->effective[row] = (double)NAN;
    if (request->mean_error) request->mean_error[row] = (double)NAN;
    if (request->chi2) request->chi2[row] = (double)NAN;
    for (size_t s = 0; request->shares && s < request->slots; s++) {
      request->shares[row * request->slots + s] = (double)NAN;
    }
    for (size_t d = 0; request->draws && d < HR_PREDICT_DRAWS; d++) {
      request->draws[row * HR_PREDICT_DRAWS + d] = NAN;
    }
  }
}

hr_status hr_models_predict(const hr_spectra *spectra, const hr_request *requests,
                            size_t request_count, hr_error *err) {
  hr_status status = HR_OK;
  for (size_t first = 0, end = 0; first < request_count && status == HR_OK; first = end) {
    const hr_model_type *type = requests[first].model->type;
    while (end < request_count && requests[end].model->type == type) end++;
    status = type->predict(spectra, requests + first, end - first, err);
  }
  return status;
}
