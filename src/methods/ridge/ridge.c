/* Ridge regression on noisy flux. */
#include "methods/ridge/ridge.h"

#include "methods/ridge/models.h"

static hr_ridge_options options_of(const void *parameters) {
  const hr_ridge_parameters *ridge = parameters;
  return (hr_ridge_options){"ridge", &ridge->alpha, false, NULL};
}

static hr_status ridge_create(const hr_study_view *study, const void *parameters,
                              hr_learner **out, hr_error *err) {
  hr_ridge_options options = options_of(parameters);
  return hr_ridge_models_create(study, &options, out, err);
}

static void ridge_estimate(const hr_study_view *study, const void *parameters,
                           hr_cost *cost) {
  hr_ridge_options options = options_of(parameters);
  hr_ridge_models_estimate(study, &options, cost);
}

static const hr_field fields[] = {
    {.name = "alpha",
     .kind = HR_FIELD_NUMBERS,
     .offset = offsetof(hr_ridge_parameters, alpha),
     .default_text = "[1, 10, 100, 1000, 10000, 100000, 1000000]",
     .minimum = 1e-12,
     .maximum = 1e30,
     .order = HR_FIELD_DISTINCT,
     .least_count = 1,
     .help = "penalties on the squared weights; the best of each bin is chosen by "
             "cross-validation"},
};

const hr_method hr_ridge_method = {
    .name = "ridge",
    .title = "Ridge",
    .summary = "Linear regression on noisy flux with an L2 penalty, its intercept free.",
    .variant = "alpha",
    .uses_error = false,
    .has_global = true,
    .parameters_size = sizeof(hr_ridge_parameters),
    .fields = fields,
    .field_count = sizeof fields / sizeof fields[0],
    .create = ridge_create,
    .destroy = hr_ridge_models_destroy,
    .estimate = ridge_estimate,
    .observe = hr_ridge_models_observe,
    .train = hr_ridge_models_train,
    .observe_test = hr_ridge_models_observe_test,
    .tasks = hr_ridge_models_tasks,
    .save = hr_ridge_models_save,
};
