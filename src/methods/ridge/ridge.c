/* Ridge regression on noisy flux: its parameters, and the table that describes it. */
#include "methods/ridge/ridge.h"

#include "methods/ridge/models.h"
#include "methods/ridge/parts.h"
#include "models/linear.h"

static hr_ridge_options options_of(const void *parameters) {
  const hr_ridge_parameters *ridge = parameters;
  hr_ridge_options options = hr_ridge_options_default(&ridge->alpha);
  options.learns_sigma = true;
  return options;
}

static hr_status ridge_begin(const hr_study_view *study, const void *parameters,
                             hr_learner **out, hr_error *err) {
  hr_ridge_options options = options_of(parameters);
  return hr_ridge_models_begin(study, &options, out, err);
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
     .default_text = "auto",
     .minimum = 1e-12,
     .maximum = 1e30,
     .order = HR_FIELD_DISTINCT,
     .may_be_auto = true,
     .least_count = 1,
     .help = "Penalties on the squared weights, of flux whose spread is about 0.2 "
             "whatever its unit; the best of each bin is chosen by cross-validation. "
             "auto: 1, 10 .. 1e6, and by decades on from the end where the best stands, "
             "eight of them at most."},
};

const hr_method hr_ridge_method = {
    .name = "ridge",
    .title = "Ridge",
    .summary = "Linear regression on noisy flux with an L2 penalty, its intercept free.",
    .variant = "alpha",
    .uses_error = false,
    .has_global = true,
    .slots_apart = true,
    .kind = &hr_linear_type,
    .parameters_size = sizeof(hr_ridge_parameters),
    .fields = fields,
    .field_count = sizeof fields / sizeof fields[0],
    .estimate = ridge_estimate,
    .begin = ridge_begin,
    .resume = hr_ridge_models_resume,
    .is_trained = hr_ridge_models_is_trained,
    .learn = hr_ridge_models_learn,
    .finish = hr_ridge_models_finish,
    .destroy = hr_ridge_models_destroy,
};
