/* Templates are a random sample of the training rows, or all of them, or draws from the
 * model grid (posterior/grid.h), kept in memory: those of a bin are the bin's prior, all
 * of them the global one. One comparison of a spectrum with all templates gives both
 * answers, so the models of all slots share them (models/templates.h). */
#include "methods/posterior/posterior.h"

#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/pixel_quantile.h"
#include "methods/posterior/choose.h"
#include "methods/posterior/cost.h"
#include "methods/posterior/held_out.h"
#include "models/templates.h"

enum { FEWEST_TEMPLATES = 2 }; /* one says nothing about a spread */

struct hr_learner {
  const hr_study_view *study;
  const hr_posterior_parameters *parameters;
  bool is_idle; /* there is nothing to learn */
  hr_posterior_choice choice;
  hr_held_out by_bin, of_all;
  hr_templates *templates;
  double *typical; /* [P] sum of 1/σ² of the templates' own rows, or of those of all */
  size_t typical_rows;
  float *cut; /* [P] room for one template */
  /* Of templates from the grid: */
  double *medians; /* [of_all.count] of the pixels of clean rows */
  float *sorting;  /* [P] */
};

static void posterior_destroy(hr_learner **address) {
  hr_learner *learner = *address;
  *address = NULL;
  if (!learner) return;
  hr_posterior_choice_fini(&learner->choice);
  hr_held_out_fini(&learner->by_bin);
  hr_held_out_fini(&learner->of_all);
  hr_templates_destroy(&learner->templates);
  hr_free(learner->typical);
  hr_free(learner->cut);
  hr_free(learner->medians);
  hr_free(learner->sorting);
  hr_free(learner);
}

static bool is_text(const char *text, const char *wanted) {
  return text && strcmp(text, wanted) == 0;
}

bool hr_posterior_is_from_grid(const hr_posterior_parameters *parameters) {
  return is_text(parameters->source, "grid");
}

/* Plain where nothing else is asked for: tests leave texts out. */
hr_templates_options hr_posterior_options(const hr_study_view *study,
                                          const hr_posterior_parameters *parameters) {
  hr_templates_options options = {.weigh = is_text(parameters->weigh, "components")
                                               ? HR_WEIGH_COMPONENTS
                                               : HR_WEIGH_PIXELS,
                                  .amplitude_sigma = parameters->amplitude_sigma,
                                  .targets = hr_study_targets(study)};
  if (is_text(parameters->amplitude, "flat")) options.amplitude = HR_AMPLITUDE_FLAT;
  if (is_text(parameters->amplitude, "gaussian")) {
    options.amplitude = HR_AMPLITUDE_GAUSSIAN;
  }
  if (is_text(parameters->kernel, "local_linear")) {
    options.least_effective = parameters->least_effective;
  }
  return options;
}

/* Room for what is kept of the training rows. */
static hr_status allocate(hr_learner *learner, hr_error *err) {
  hr_status status = HR_OK;
  const hr_study_view *study = learner->study;
  size_t most = (size_t)learner->parameters->validation;
  hr_templates_options options = hr_posterior_options(study, learner->parameters);
  HR_TRY(hr_held_out_init(&learner->by_bin, study, true, most, err));
  HR_TRY(hr_held_out_init(&learner->of_all, study, false, most, err));
  HR_TRY(hr_templates_create(learner->choice.count, study->pixels, &options,
                             study->compute, &learner->templates, err));
  HR_TRY(hr_alloc(&learner->typical, study->pixels, err));
  HR_TRY(hr_alloc(&learner->cut, study->pixels, err));
  if (!learner->choice.from_grid) goto cleanup;
  HR_TRY(hr_alloc(&learner->medians, learner->of_all.count, err));
  HR_TRY(hr_alloc(&learner->sorting, study->pixels, err));
cleanup:
  return status;
}

static hr_status posterior_begin(const hr_study_view *study, const void *parameters,
                                 hr_learner **out, hr_error *err) {
  hr_status status = HR_OK;
  hr_learner *learner = NULL;
  HR_TRY(hr_alloc(&learner, 1, err));
  learner->study = study;
  learner->parameters = parameters;
  HR_TRY(hr_posterior_choose(study, parameters, &learner->choice, err));
  learner->is_idle =
      !(study->noise_level > 0) || learner->choice.count < FEWEST_TEMPLATES;
  if (!learner->is_idle) HR_TRY(allocate(learner, err));
  *out = learner;
  learner = NULL;
cleanup:
  posterior_destroy(&learner);
  return status;
}

/* Adds 1/σ² of a row to the typical one, in the order of rows. */
static void add_typical(hr_learner *learner, const float *error) {
  learner->typical_rows++;
  double level = learner->study->noise_level;
  for (size_t p = 0; p < learner->study->pixels; p++) {
    double sigma = level * (double)error[p];
    if (sigma > 0) learner->typical[p] += 1 / (sigma * sigma);
  }
}

/* What templates from the grid have to know of the training rows: how bright, how noisy.
 */
static void look_at_row(hr_learner *learner, const hr_block *block, size_t i) {
  size_t kept = learner->of_all.place[block->first_row + i], at = i * block->pixels;
  if (kept == HR_NOT_HELD_OUT) return;
  learner->medians[kept] =
      hr_pixel_quantile(block->flux + at, block->pixels, 0.5, learner->sorting);
  add_typical(learner, block->error + at);
}

/* The flux of a row, cut off where it is far beyond that of all others: one such template
 * takes the digits of all that fp32 compares with it, and cut off it is as far from every
 * spectrum. */
static const float *within_others(hr_learner *learner, const float *flux) {
  const float most = learner->study->wild_beyond;
  size_t beyond = 0, pixels = learner->study->pixels;
  for (size_t p = 0; most > 0 && p < pixels; p++) beyond += fabsf(flux[p]) > most;
  if (beyond == 0) return flux;
  for (size_t p = 0; p < pixels; p++) {
    learner->cut[p] = fminf(fmaxf(flux[p], -most), most);
  }
  return learner->cut;
}

/* A stored template, where the row is one. */
static void put_row(hr_learner *learner, const hr_block *block, size_t i) {
  const hr_split_view *train = &learner->study->train;
  size_t row = block->first_row + i, at = i * block->pixels;
  int64_t slot = learner->choice.slot[row];
  if (slot == HR_NOT_A_TEMPLATE) return;
  const hr_template_label label = {
      train->target[row], hr_posterior_group(learner->study, row), train->fold[row]};
  const float *flux = within_others(learner, block->flux + at);
  hr_templates_put(learner->templates, (size_t)slot, flux, &label);
  for (size_t t = 1; t < hr_study_targets(learner->study); t++) {
    hr_templates_put_target(learner->templates, (size_t)slot, t,
                            hr_study_target(learner->study, t)[row]);
  }
  add_typical(learner, block->error + at);
}

static hr_status posterior_learn(hr_learner *learner, const hr_block *block,
                                 hr_error *err) {
  (void)err;
  if (learner->is_idle) return HR_OK;
  for (size_t i = 0; i < block->rows; i++) {
    hr_held_out_keep(&learner->by_bin, block, i);
    hr_held_out_keep(&learner->of_all, block, i);
    if (learner->choice.from_grid) {
      look_at_row(learner, block, i);
    } else {
      put_row(learner, block, i);
    }
  }
  return HR_OK;
}

/* Says why a model cannot be, or lets it be. */
static void judge(const hr_learner *learner, size_t templates, hr_fit *fit) {
  if (!(learner->study->noise_level > 0)) {
    snprintf(fit->note, sizeof fit->note,
             "without noise there is no posterior; data.noise.level has to be above 0");
  } else if (templates < FEWEST_TEMPLATES) {
    snprintf(fit->note, sizeof fit->note, "%zu template%s, at least %d are needed",
             templates, templates == 1 ? "" : "s", FEWEST_TEMPLATES);
    fit->reason = HR_REASON_TOO_FEW_ROWS;
  } else {
    fit->status = HR_FIT_OK;
  }
}

/* A fit for every target and slot, before it is validated. */
static hr_status init_fits(const hr_learner *learner, hr_trained *out, hr_error *err) {
  hr_status status = HR_OK;
  const hr_study_view *study = learner->study;
  size_t bins = study->bin_count, *rows = NULL, *templates = NULL;
  HR_TRY(hr_alloc(&rows, bins + 1, err));
  HR_TRY(hr_alloc(&templates, bins + 1, err));
  hr_count_bins(study->train.bin, study->train.rows, bins, rows);
  for (size_t i = 0; i < learner->choice.count; i++) {
    templates[hr_posterior_choice_group(&learner->choice, study, i)]++;
  }
  rows[bins] = study->train.rows;
  templates[bins] = learner->choice.count;
  for (size_t i = 0; i < hr_study_targets(study) * (bins + 1); i++) {
    size_t m = i % (bins + 1);
    int slot = hr_method_slot(&hr_posterior_method, bins, m);
    HR_TRY(hr_fit_init(&out[i].fit, slot, 1, false, 0, err));
    out[i].fit.target = i / (bins + 1);
    out[i].fit.train_rows = rows[m];
    judge(learner, templates[m], &out[i].fit);
  }
cleanup:
  hr_free(rows);
  hr_free(templates);
  return status;
}

/* Puts templates of the grid, and makes all of them ready to be compared. */
static hr_status finish_templates(hr_learner *learner, hr_error *err) {
  hr_status status = HR_OK;
  const hr_study_view *study = learner->study;
  hr_templates_options options = hr_posterior_options(study, learner->parameters);
  for (size_t p = 0; p < study->pixels; p++) {
    learner->typical[p] /= (double)learner->typical_rows;
  }
  if (learner->choice.from_grid) {
    const hr_posterior_scale scale = {learner->medians, learner->of_all.count,
                                      options.amplitude != HR_AMPLITUDE_NONE};
    HR_TRY(hr_posterior_grid_put(&learner->choice.grid, study, &scale, learner->templates,
                                 err));
  }
  HR_TRY(hr_templates_finish(learner->templates, learner->typical, err));
cleanup:
  return status;
}

static hr_status validate(hr_learner *learner, hr_trained *out, hr_error *err) {
  hr_status status = HR_OK;
  hr_progress progress = {.stage = "validating the posterior mean",
                          .unit = "spectra",
                          .total = learner->by_bin.count + learner->of_all.count};
  hr_validation validation = {.study = learner->study,
                              .templates = learner->templates,
                              .all_folds = learner->choice.from_grid,
                              .progress = &progress};
  HR_TRY(hr_templates_workspace_create(learner->templates, &validation.work, err));
  HR_TRY(hr_held_out_validate(&learner->by_bin, &validation, out, err));
  HR_TRY(hr_held_out_validate(&learner->of_all, &validation, out, err));
cleanup:
  hr_templates_workspace_destroy(&validation.work);
  hr_held_out_fini(&learner->by_bin);
  hr_held_out_fini(&learner->of_all);
  return status;
}

/* Models of all targets and slots that there can be; the templates are theirs from then
 * on. */
static hr_status make_models(hr_learner *learner, hr_trained *out, hr_error *err) {
  hr_status status = HR_OK;
  hr_template_store *store = NULL;
  hr_templates_notes notes = {.level = learner->study->noise_level};
  HR_TRY(hr_posterior_origin(&learner->choice, &notes.origin, &notes.columns, err));
  HR_TRY(hr_template_store_create_take(&learner->templates, &notes, &store, err));
  size_t slots = learner->study->bin_count + 1;
  for (size_t i = 0; i < hr_study_targets(learner->study) * slots; i++) {
    const hr_fit *fit = &out[i].fit;
    if (fit->status != HR_FIT_OK) continue;
    HR_TRY(hr_templates_model_create(store, fit->target, fit->slot, &out[i].model, err));
  }
cleanup:
  hr_template_store_release(&store);
  hr_templates_notes_fini(&notes);
  return status;
}

static hr_status posterior_finish(hr_learner *learner, hr_trained *out, hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(init_fits(learner, out, err));
  if (learner->is_idle) goto cleanup;
  HR_TRY(finish_templates(learner, err));
  HR_TRY(validate(learner, out, err));
  HR_TRY(make_models(learner, out, err));
cleanup:
  return status;
}

static hr_status posterior_check(const hr_study_view *study, const void *parameters,
                                 hr_error *err) {
  const hr_posterior_parameters *posterior = parameters;
  if (!hr_posterior_is_from_grid(posterior)) return HR_OK;
  return hr_posterior_grid_check(study, err);
}

static const hr_field fields[] = {
    {.name = "templates",
     .kind = HR_FIELD_INTEGER,
     .offset = offsetof(hr_posterior_parameters, templates),
     .default_text = "20000",
     .minimum = 2,
     .maximum = 1e9,
     .help = "The most training spectra that serve as templates, of all bins together; a "
             "random sample where there are more. From the grid as many as this. Kept in "
             "memory."},
    {.name = "source",
     .kind = HR_FIELD_TEXT,
     .offset = offsetof(hr_posterior_parameters, source),
     .default_text = "stored",
     .choices = "stored|grid",
     .help = "Where templates come from: stored, the training spectra; grid, drawn from "
             "the built-in model grid as headroom simulate draws its stars by default, "
             "labels uniform over the whole grid, scaled to the training spectra's "
             "median flux."},
    {.name = "validation",
     .kind = HR_FIELD_INTEGER,
     .offset = offsetof(hr_posterior_parameters, validation),
     .default_text = "1000",
     .minimum = 2,
     .maximum = 1e9,
     .help = "The training rows of each bin, and of all rows, that validation predicts "
             "from the templates of other folds."},
    {.name = "weigh",
     .kind = HR_FIELD_TEXT,
     .offset = offsetof(hr_posterior_parameters, weigh),
     .default_text = "components",
     .choices = "components|pixels",
     .help = "How a spectrum is compared with templates: in the leading components of "
             "like templates, checked for every spectrum against the pixels, or over "
             "all pixels, which takes up to ten times as long."},
    {.name = "amplitude",
     .kind = HR_FIELD_TEXT,
     .offset = offsetof(hr_posterior_parameters, amplitude),
     .default_text = "none",
     .choices = "none|flat|gaussian",
     .help = "What is known of a factor on the whole spectrum, which is integrated out: "
             "none, it is 1; flat, nothing; gaussian, it is about 1."},
    {.name = "amplitude_sigma",
     .kind = HR_FIELD_NUMBER,
     .offset = offsetof(hr_posterior_parameters, amplitude_sigma),
     .default_text = "0.1",
     .only_with = "amplitude",
     .only_where = "gaussian",
     .minimum = 1e-6,
     .maximum = 1e6,
     .help = "The standard deviation of that factor about 1, where it is gaussian."},
    {.name = "kernel",
     .kind = HR_FIELD_TEXT,
     .offset = offsetof(hr_posterior_parameters, kernel),
     .default_text = "local_linear",
     .choices = "constant|local_linear",
     .help = "constant: the mean over templates, always; local_linear: for spectra where "
             "few of them share the weight, a linear model of the nearest ones."},
    {.name = "least_effective",
     .kind = HR_FIELD_NUMBER,
     .offset = offsetof(hr_posterior_parameters, least_effective),
     .default_text = "20",
     .minimum = 2,
     .maximum = HR_LEAST_EFFECTIVE_MOST,
     .only_with = "kernel",
     .only_where = "local_linear",
     .help = "The effective number of templates below which kernel local_linear takes "
             "over, with weights widened to as many."},
};

/* The grid's spectra are scaled to the training spectra's medians, too. */
static bool posterior_scales_flux(const void *parameters) {
  const hr_posterior_parameters *own = parameters;
  return !is_text(own->amplitude, "none") || is_text(own->source, "grid");
}

static hr_prior posterior_prior(const void *parameters) {
  return hr_posterior_is_from_grid(parameters) ? HR_PRIOR_GRID : HR_PRIOR_TRAINING;
}

const hr_method hr_posterior_method = {
    .name = "posterior",
    .title = "Posterior mean",
    .summary = "The posterior mean of the label over noise-free spectra as templates.",
    .variant = NULL,
    .uses_error = true,
    .has_global = true,
    .kind = &hr_templates_type,
    .parameters_size = sizeof(hr_posterior_parameters),
    .fields = fields,
    .field_count = sizeof fields / sizeof fields[0],
    .destroy = posterior_destroy,
    .estimate = hr_posterior_estimate,
    .check = posterior_check,
    .warn = hr_posterior_warn,
    .scales_flux = posterior_scales_flux,
    .prior = posterior_prior,
    .begin = posterior_begin,
    .learn = posterior_learn,
    .finish = posterior_finish,
};
