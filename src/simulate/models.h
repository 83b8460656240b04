/* The finer model spectra that are built into the program, as any instrument sees them.
 *
 * They have bins of 0.125 angstrom and no line spread of their own. The flux of a pixel
 * is the mean over the pixel of the spectrum convolved with the instrument's Gaussian:
 *
 *   F_j = 1 / (b - a) integral_a^b dx sum_i f_i integral_{bin i} dy N(x - y; sigma_j)
 *
 * with a, b the edges of pixel j, halfway to the neighbouring centres. Both integrals are
 * exact (with G(x) = x Phi(x / sigma) + sigma phi(x / sigma), whose derivative is Phi),
 * so that flux is conserved and nothing is interpolated. All of it is linear in the
 * spectra, and a spectrum is a sum of shared components and a small rest
 * (data/README.md): each component is seen once. */
#ifndef HR_SIMULATE_MODELS_H
#define HR_SIMULATE_MODELS_H

#include "simulate/tables.h"

/* Pixels and line spread of an instrument; borrowed. */
typedef struct hr_model_view {
  size_t pixels;
  const double *wave; /* [pixels] vacuum centres, angstrom, ascending */
  const double *fwhm; /* [pixels] of the line spread there, angstrom; NULL where
                         hr_models_find allows it: not known */
} hr_model_view;

/* The line spreads that there can be, FWHM in angstrom: two bins, and what the ends of
 * the models, 1766 angstrom long, can bear. */
#define HR_MODELS_LEAST_FWHM 0.25
#define HR_MODELS_MOST_FWHM  80.0

/* Where the models begin and end: the outer edges of their first and last bin. */
#define HR_MODELS_FIRST_EDGE 7091.9375
#define HR_MODELS_LAST_EDGE  8858.0625

/* HR_ERR_MISSING, with the reason, where the models cannot be seen so: pixels beyond
 * their ends, or a line spread that is too narrow or too wide. */
hr_status hr_models_check(const hr_model_view *view, hr_error *err) HR_MUST_CHECK;

/* The grid of spectra as the view has them: nodes, wave and flux of the tables, which
 * have nothing of an instrument's noise. Freed with hr_tables_destroy. Statuses of
 * hr_models_check and hr_tables_create. Cost: half a second on two cores and 30 MiB
 * beside the result for 4096 pixels. */
hr_status hr_models_see(const hr_model_view *view, hr_grid_tables **out,
                        hr_error *err) HR_MUST_CHECK;

/* The spectra that a study's own can be held against: what hr_models_see has of them, or,
 * where the line spread is not known, the grid that is built in for the PFS arm
 * (hr_tables_create), if they have its pixels. HR_ERR_MISSING, with the reason, where
 * there are none. */
hr_status hr_models_grid(const hr_model_view *view, hr_grid_tables **out,
                         hr_error *err) HR_MUST_CHECK;

/* Whether there are, without making them; fails as hr_models_grid. */
hr_status hr_models_find(const hr_model_view *view, hr_error *err) HR_MUST_CHECK;

/* Memory that hr_models_grid takes at most, in bytes, its result with it. */
double hr_models_grid_bytes(const hr_model_view *view);

/* Memory that hr_models_see takes at most, in bytes, its result with it. */
double hr_models_bytes(size_t pixels);

#endif
