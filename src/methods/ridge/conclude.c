/* Validation knows of each alpha what was missed without each fold, at each level of the
 * noise. */
#include "methods/ridge/conclude.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/observe.h"
#include "methods/ridge/sigma.h"
#include "models/linear.h"

/* How much there is to explain in a target. */
static double spread_of(const hr_ridge_fit *fit, size_t target) {
  const hr_dual *dual = fit->sums->dual;
  return dual ? hr_dual_syy(dual, target) : hr_scatter_syy(fit->total, target);
}

/* The squared error over all folds, at an alpha and a level. */
static double sum_folds(const hr_ridge_fit *fit, size_t target, size_t level, size_t a) {
  const double *error = hr_ridge_fit_errors(fit, target);
  size_t folds = fit->sums->fold_count, alphas = fit->alphas->count;
  double sum = 0;
  for (size_t f = 0; f < folds; f++) sum += error[(level * folds + f) * alphas + a];
  return sum;
}

/* Whether every system of an alpha could be solved. */
static bool is_usable(const hr_ridge_fit *fit, size_t target, size_t a) {
  return isfinite(sum_folds(fit, target, 0, a)) &&
         isfinite(hr_ridge_fit_intercept(fit, target)[a]);
}

double hr_ridge_validated_r2(void *context, const hr_ridge_fit *fit, size_t target,
                             size_t a) {
  (void)context;
  if (!is_usable(fit, target, a)) return (double)NAN;
  return hr_ridge_r2(sum_folds(fit, target, 0, a), spread_of(fit, target));
}

/* Room for what is known of the variants, where there are more than the list has. */
static hr_status list_variants(const hr_ridge_variants *variants, hr_fit *out,
                               hr_error *err) {
  hr_status status = HR_OK;
  size_t had = out->variant_count, count = variants->count;
  if (count > had) {
    HR_TRY(hr_realloc(&out->variant_value, had, count, err));
    HR_TRY(hr_realloc(&out->cv_r2, had, count, err));
    out->variant_count = count;
  }
  memcpy(out->variant_value, variants->alpha, count * sizeof(double));
  memcpy(out->cv_r2, variants->r2, count * sizeof(double));
cleanup:
  return status;
}

/* The best alpha at each of the other levels. merit: [V] scratch. */
static void validate_levels(const hr_ridge_variants *variants, size_t target, hr_fit *out,
                            double *merit) {
  size_t count = variants->count;
  const hr_ridge_fit *base = variants->items[0].fit;
  for (size_t l = 1; l < base->level_count; l++) {
    for (size_t v = 0; v < count; v++) {
      const hr_ridge_variant *one = &variants->items[v];
      double missed = sum_folds(one->fit, target, l, one->a);
      merit[v] = isfinite(missed) ? -missed : (double)NAN;
    }
    size_t best = hr_ridge_best_alpha(variants->alpha, merit, count);
    bool defined = best < count;
    out->level_cv_r2[l - 1] =
        defined ? hr_ridge_r2(-merit[best], spread_of(base, target)) : (double)NAN;
    out->level_value[l - 1] = defined ? variants->alpha[best] : (double)NAN;
  }
}

/* Of an alpha whose systems could not be solved nothing is predicted either. How many
 * there are. */
static size_t drop_undefined(const hr_ridge_variants *variants, size_t target) {
  size_t undefined = 0;
  for (size_t v = 0; v < variants->count; v++) {
    const hr_ridge_variant *one = &variants->items[v];
    if (is_usable(one->fit, target, one->a)) continue;
    hr_ridge_fit_intercept(one->fit, target)[one->a] = (double)NAN;
    undefined++;
  }
  return undefined;
}

static void tell_undefined(const hr_learner *learner, size_t undefined, size_t alphas,
                           hr_fit *out) {
  if (undefined == 0) return;
  snprintf(out->note, sizeof out->note,
           "%zu of %zu alphas are undefined, their systems are not positive definite in "
           "fp64: take larger ones, or where training rows are told of that are far "
           "beyond all others leave these out (data.reject_outliers: true)",
           undefined, alphas);
  char name[32];
  size_t m = out->slot == HR_GLOBAL ? learner->study->bin_count : (size_t)out->slot;
  bool is_one = hr_study_targets(learner->study) == 1;
  hr_observe_warning(learner->study->observer, "%s%s%s, %s: %s",
                     is_one ? "" : hr_study_target_name(learner->study, out->target),
                     is_one ? "" : ": ", learner->options.name,
                     hr_ridge_name_of(learner, m, name), out->note);
}

/* The best alpha. Without variance there is nothing to validate and all alphas predict
 * the one value. merit: [V] scratch. */
static void choose_alpha(const hr_ridge_variants *variants, size_t target, hr_fit *out,
                         double *merit) {
  size_t count = variants->count;
  for (size_t v = 0; v < count; v++) {
    const hr_ridge_variant *one = &variants->items[v];
    merit[v] = isnan(variants->r2[v]) ? -(double)INFINITY : variants->r2[v];
    if (isnan(hr_ridge_fit_intercept(one->fit, target)[one->a])) merit[v] = (double)NAN;
  }
  size_t best = hr_ridge_best_alpha(variants->alpha, merit, count);
  out->status = best < count ? HR_FIT_OK : HR_FIT_FAILED;
  out->chosen = best < count ? best : 0;
  out->edge = hr_ridge_edge_of(variants->alpha, variants->r2, count);
}

static hr_status make_model(const hr_ridge_variants *variants, const hr_fit *fit,
                            hr_model **out, hr_error *err) {
  hr_status status = HR_OK;
  double *intercept = NULL, *weights = NULL;
  const hr_linear_shape shape = {.slot = fit->slot,
                                 .target = fit->target,
                                 .pixels = variants->items[0].fit->sums->pixels,
                                 .variant_count = variants->count,
                                 .chosen = fit->chosen};
  HR_TRY(hr_alloc(&intercept, variants->count, err));
  HR_TRY(hr_alloc(&weights, variants->count * shape.pixels, err));
  hr_ridge_variants_copy(variants, fit->target, intercept, weights);
  HR_TRY(hr_linear_create_take(&shape, &intercept, &weights, out, err));
cleanup:
  hr_free(intercept);
  hr_free(weights);
  return status;
}

hr_status hr_ridge_conclude(const hr_learner *learner, size_t m,
                            const hr_ridge_widening *widening, size_t target,
                            hr_error *err) {
  hr_status status = HR_OK;
  hr_trained *out = hr_ridge_out(learner, target, m);
  hr_ridge_variants variants = {.count = 0};
  double *merit = NULL;
  HR_TRY(hr_ridge_variants_init(&variants, widening, target, err));
  HR_TRY(hr_alloc(&merit, variants.count, err));
  HR_TRY(list_variants(&variants, &out->fit, err));
  size_t undefined = drop_undefined(&variants, target);
  validate_levels(&variants, target, &out->fit, merit);
  choose_alpha(&variants, target, &out->fit, merit);
  tell_undefined(learner, undefined, variants.count, &out->fit);
  if (out->fit.status != HR_FIT_OK) goto cleanup;
  const hr_ridge_variant *chosen = &variants.items[out->fit.chosen];
  const hr_ridge_choice choice = {target, chosen->a};
  HR_TRY(hr_ridge_learn_sigma(learner, m, chosen->fit, &choice, &out->fit, err));
  HR_TRY(make_model(&variants, &out->fit, &out->model, err));
cleanup:
  hr_free(merit);
  hr_ridge_variants_fini(&variants);
  return status;
}
