/* Laying the templates out for the posterior, from the training spectra. */
#include "methods/posterior/grid.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/observe.h"
#include "data/shard.h"
#include "simulate/draws.h"

/* Medians of training spectra that differ by more than this share are no single scale. */
static const double most_spread = 0.01;

void hr_posterior_grid_fini(hr_posterior_grid *grid) {
  hr_free(grid->templates);
  hr_free(grid->slot);
  *grid = (hr_posterior_grid){0};
}

static hr_model_view view_of(const hr_study_view *study) {
  return (hr_model_view){study->pixels, study->wave_angstrom, study->fwhm_angstrom};
}

static hr_status check_wave(const hr_study_view *study, hr_error *err) {
  hr_error reason = {0};
  const hr_model_view view = view_of(study);
  hr_status status = hr_models_find(&view, &reason);
  if (status == HR_ERR_MISSING && !view.fwhm) {
    return hr_fail(
        err, HR_ERR_CONFIG,
        "experts.posterior.source is grid, but %s; say stored, which takes templates "
        "from the training spectra, or have their files tell their line spread (%s, "
        "angstrom), with which the models are seen on any pixels",
        reason.message, HR_SHARD_FWHM);
  }
  if (status == HR_ERR_MISSING) {
    return hr_fail(
        err, HR_ERR_CONFIG,
        "experts.posterior.source is grid, but %s; say stored, which takes templates "
        "from the training spectra",
        reason.message);
  }
  if (status != HR_OK && err) *err = reason;
  return status;
}

/* The grid's axis of a label that the study needs of every template. */
static hr_status find_axis(const char *name, size_t *axis, hr_error *err) {
  *axis = hr_grid_axis(name);
  if (*axis < HR_GRID_AXES) return HR_OK;
  return hr_fail(
      err, HR_ERR_CONFIG,
      "experts.posterior.source is grid, but the built-in model grid has no label %s, "
      "only %s, %s and %s; say stored, which takes templates from the training spectra",
      name, hr_grid_label_names[0], hr_grid_label_names[1], hr_grid_label_names[2]);
}

static int compare_templates(const void *left, const void *right) {
  const hr_grid_template *a = left, *b = right;
  if (a->group != b->group) return a->group < b->group ? -1 : 1;
  if (a->y != b->y) return a->y < b->y ? -1 : 1;
  return a->number < b->number ? -1 : a->number > b->number;
}

/* The bin of every draw; uncovered ones are a group behind the bins. */
static hr_status assign_groups(hr_posterior_grid *grid, const hr_study_view *study,
                               hr_error *err) {
  hr_status status = HR_OK;
  size_t count = grid->count;
  double *values = NULL;
  hr_bin_column *columns = NULL;
  int32_t *bin = NULL;
  HR_TRY(hr_alloc(&values, study->axis_count * count, err));
  HR_TRY(hr_alloc(&columns, study->axis_count, err));
  HR_TRY(hr_alloc(&bin, count, err));
  for (size_t a = 0; a < study->axis_count; a++) {
    size_t axis = 0;
    HR_TRY(find_axis(study->axes[a].label, &axis, err));
    columns[a] = (hr_bin_column){values + a * count, HR_PRECISION_DOUBLE};
    for (size_t i = 0; i < count; i++) {
      values[a * count + i] = grid->templates[i].labels[axis];
    }
  }
  hr_assign_bins(study->axes, study->axis_count, columns, count, bin);
  for (size_t i = 0; i < count; i++) {
    bool covered = bin[i] != HR_UNCOVERED;
    grid->templates[i].group = covered ? bin[i] : (int32_t)study->bin_count;
  }
cleanup:
  hr_free(values);
  hr_free(columns);
  hr_free(bin);
  return status;
}

hr_status hr_posterior_grid_check(const hr_study_view *study, hr_error *err) {
  hr_status status = HR_OK;
  size_t axis = 0;
  HR_TRY(check_wave(study, err));
  for (size_t t = 0; t < hr_study_targets(study); t++) {
    HR_TRY(find_axis(hr_study_target_name(study, t), &axis, err));
  }
  for (size_t a = 0; a < study->axis_count; a++) {
    HR_TRY(find_axis(study->axes[a].label, &axis, err));
  }
cleanup:
  return status;
}

hr_status hr_posterior_grid_init(hr_posterior_grid *grid, const hr_study_view *study,
                                 size_t count, hr_error *err) {
  hr_status status = HR_OK;
  size_t target = 0;
  *grid = (hr_posterior_grid){.count = count};
  HR_TRY(hr_posterior_grid_check(study, err));
  HR_TRY(find_axis(study->target_name, &target, err));
  HR_TRY(hr_alloc(&grid->templates, count, err));
  HR_TRY(hr_alloc(&grid->slot, count, err));
  for (size_t i = 0; i < count; i++) {
    hr_grid_template *template = &grid->templates[i];
    hr_draw_labels(study->seed, i, template->labels);
    template->y = template->labels[target];
    template->number = i;
  }
  HR_TRY(assign_groups(grid, study, err));
  qsort(grid->templates, count, sizeof *grid->templates, compare_templates);
  for (size_t i = 0; i < count; i++) grid->slot[grid->templates[i].number] = i;
cleanup:
  return status;
}

static int compare_numbers(const void *left, const void *right) {
  const double *a = left, *b = right;
  return *a < *b ? -1 : *a > *b;
}

/* The scale of the training spectra. */
static hr_status find_median(const hr_study_view *study, const hr_posterior_scale *scale,
                             double *median, hr_error *err) {
  double *medians = scale->medians;
  size_t rows = scale->rows;
  qsort(medians, rows, sizeof *medians, compare_numbers);
  *median = rows > 0 ? medians[rows / 2] : 0;
  if (!(*median > 0)) {
    return hr_fail(err, HR_ERR_DATA,
                   "%s: experts.posterior.source is grid, but half of the training "
                   "spectra have a median flux of 0, to which no model spectrum can be "
                   "scaled; say stored",
                   study->config_path);
  }
  double low = medians[rows / 20], high = medians[rows - 1 - rows / 20];
  if (high - low > most_spread * *median && !scale->any_amplitude) {
    hr_observe_warning(study->observer,
                       "the training spectra have median fluxes of %.3g to %.3g, and "
                       "templates from the model grid one of %.3g: with "
                       "experts.posterior.amplitude: flat the scale would not matter",
                       low, high, *median);
  }
  return HR_OK;
}

typedef struct placing {
  const hr_posterior_grid *grid;
  const hr_study_view *study;
  hr_templates *templates;
} placing;

static void place(void *context, size_t number, float *flux) {
  const placing *to = context;
  size_t slot = to->grid->slot[number];
  const hr_grid_template *template = &to->grid->templates[slot];
  hr_template_label label = {.y = template->y, .group = template->group};
  hr_templates_put(to->templates, slot, flux, &label);
  for (size_t t = 1; t < hr_study_targets(to->study); t++) {
    size_t axis = hr_grid_axis(hr_study_target_name(to->study, t));
    hr_templates_put_target(to->templates, slot, t, template->labels[axis]);
  }
}

hr_status hr_posterior_grid_put(const hr_posterior_grid *grid, const hr_study_view *study,
                                const hr_posterior_scale *scale, hr_templates *templates,
                                hr_error *err) {
  double median = 0;
  hr_status status = find_median(study, scale, &median, err);
  if (status != HR_OK) return status;
  hr_draw_options options = {.compute = study->compute,
                             .view = view_of(study),
                             .seed = study->seed,
                             .count = grid->count,
                             .median = median,
                             .observer = study->observer,
                             .stage = "drawing templates from the model grid"};
  placing context = {grid, study, templates};
  return hr_draw_spectra(&options, place, &context, err);
}

double hr_posterior_grid_bytes(const hr_study_view *study, size_t count) {
  double each = (double)(sizeof(hr_grid_template) + sizeof(size_t)) + 28;
  const hr_model_view view = view_of(study);
  return hr_draw_bytes(&view) + each * (double)count;
}
