/* Ridge with the noise integrated out. For independent noise N of known variance,
 * E[(X+N)ᵀ(X+N)] = XᵀX + diag(Σᵢσᵢⱼ²) and E[(X+N)ᵀy] = Xᵀy: Ridge on infinitely many
 * noise draws needs no draw. The noise does what a penalty does, pixel by pixel (Bishop
 * 1995, "Training with noise is equivalent to Tikhonov regularization"; exact here, since
 * the model is linear), so the best alpha is small. Validation uses the expected squared
 * error, Σ(y−ŷ)² on clean rows plus Σⱼ wⱼ² Σᵢσᵢⱼ². The noise enters by these sums alone,
 * so other levels of it take other factors before them and no other pass. */
#include "methods/ridge/marginal.h"

#include "methods/ridge/models.h"
#include "methods/ridge/parts.h"
#include "models/linear.h"

/* The noise does most of what a penalty is for. Powers of ten at both ends. */
static const double usual_alphas[] = {1e-3, 0.1, 10, 1e3};
static const hr_numbers usual = {(double *)(uintptr_t)usual_alphas,
                                 sizeof usual_alphas / sizeof *usual_alphas};

static hr_ridge_options options_of(const void *parameters) {
  const hr_ridge_marginal_parameters *ridge = parameters;
  hr_ridge_options options = hr_ridge_options_default(&ridge->alpha);
  if (options.widens) options.alpha = &usual;
  options.name = "ridge_marginal";
  options.stage = "solving Marginal Ridge";
  options.integrate_noise = true;
  options.learns_sigma = true;
  options.levels = &ridge->levels;
  return options;
}

static hr_status ridge_marginal_begin(const hr_study_view *study, const void *parameters,
                                      hr_learner **out, hr_error *err) {
  hr_ridge_options options = options_of(parameters);
  return hr_ridge_models_begin(study, &options, out, err);
}

static void ridge_marginal_estimate(const hr_study_view *study, const void *parameters,
                                    hr_cost *cost) {
  hr_ridge_options options = options_of(parameters);
  hr_ridge_models_estimate(study, &options, cost);
}

static const hr_field fields[] = {
    {.name = "alpha",
     .kind = HR_FIELD_NUMBERS,
     .offset = offsetof(hr_ridge_marginal_parameters, alpha),
     .default_text = "auto",
     .minimum = 1e-12,
     .maximum = 1e30,
     .order = HR_FIELD_DISTINCT,
     .may_be_auto = true,
     .least_count = 1,
     .help = "Penalties on the squared weights, of flux whose spread is about 0.2 "
             "whatever its unit, beside what the noise does; the best of each bin is "
             "chosen by cross-validation. auto: 0.001, 0.1, 10, 1000, and by decades on "
             "from the end where the best stands, eight of them at most."},
    {.name = "levels",
     .kind = HR_FIELD_NUMBERS,
     .offset = offsetof(hr_ridge_marginal_parameters, levels),
     .default_text = "[]",
     .minimum = 0,
     .maximum = 1e3,
     .order = HR_FIELD_DISTINCT,
     .help = "Levels of the noise, as data.noise.level, at which validation is told "
             "beside the study's own: how R2 would grow with less noise, from the same "
             "pass. Each costs the solves of validation once more."},
};

const hr_method hr_ridge_marginal_method = {
    .name = "ridge_marginal",
    .title = "Marginal Ridge",
    .summary = "Ridge on the clean spectra with the noise integrated out exactly.",
    .variant = "alpha",
    .uses_error = true,
    .has_global = true,
    .slots_apart = true,
    .kind = &hr_linear_type,
    .parameters_size = sizeof(hr_ridge_marginal_parameters),
    .fields = fields,
    .field_count = sizeof fields / sizeof fields[0],
    .estimate = ridge_marginal_estimate,
    .begin = ridge_marginal_begin,
    .resume = hr_ridge_models_resume,
    .is_trained = hr_ridge_models_is_trained,
    .learn = hr_ridge_models_learn,
    .finish = hr_ridge_models_finish,
    .destroy = hr_ridge_models_destroy,
};
