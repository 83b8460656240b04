/* Templates of the posterior mean that are drawn from the built-in model grid instead of
 * the training set: their prior is that of `headroom simulate`, labels uniform over the
 * whole grid, and within a bin over what the grid has of it. */
#ifndef HR_METHODS_POSTERIOR_GRID_H
#define HR_METHODS_POSTERIOR_GRID_H

#include "compute/templates.h"
#include "methods/method.h"
#include "simulate/tables.h"

typedef struct hr_grid_template {
  double labels[HR_GRID_AXES]; /* K, dex, dex */
  double y;                    /* that of them which is the target */
  int32_t group;               /* its bin; the study's bin_count: none */
  size_t number;               /* of the draw */
} hr_grid_template;

typedef struct hr_posterior_grid {
  size_t count;
  hr_grid_template *templates; /* [count] in order of (group, y, number) */
  size_t *slot;                /* [count] where each draw stands in it */
} hr_posterior_grid;

/* HR_ERR_CONFIG, naming key and remedy, where the grid cannot give the study its
 * templates: pixels that it cannot be seen with, a target that it has not. */
hr_status hr_posterior_grid_check(const hr_study_view *study,
                                  hr_error *err) HR_MUST_CHECK;

/* Draws the labels of `count` templates, by the study's seed. Fails as the check. To be
 * followed by hr_posterior_grid_fini, on failure too. */
hr_status hr_posterior_grid_init(hr_posterior_grid *grid, const hr_study_view *study,
                                 size_t count, hr_error *err) HR_MUST_CHECK;
void hr_posterior_grid_fini(hr_posterior_grid *grid);

/* How bright the study's spectra are. */
typedef struct hr_posterior_scale {
  double *medians; /* [rows] of the pixels of clean training spectra; sorted in place */
  size_t rows;
  bool any_amplitude; /* it is integrated out: no warning where medians differ */
} hr_posterior_scale;

/* Makes the spectra, scaled to the middle one of the medians, and puts them into
 * `templates`. HR_ERR_DATA where that is 0; statuses and cost of hr_draw_spectra. */
hr_status hr_posterior_grid_put(const hr_posterior_grid *grid, const hr_study_view *study,
                                const hr_posterior_scale *scale, hr_templates *templates,
                                hr_error *err) HR_MUST_CHECK;

/* Memory of both, in bytes, beside the templates themselves. */
double hr_posterior_grid_bytes(const hr_study_view *study, size_t count);

#endif
