/* Rounding what components leave of templates. It is rounded in units of the typical
 * sigma, so that no pixel is more exact than its noise asks for, with a step for every
 * run of pixels, as what is left stands where the lines are.
 *
 * With 20,000 templates and 4,000 stars of the simulator the means are the full form's to
 * 1.2·10⁻⁷ dex. With 8 bits a pixel they are mostly to 10⁻⁵ dex, but for 1 star in 1,000
 * the check by a sample (compute/templates_conclude.c) ends elsewhere, and the mean moves
 * by up to its error, 2.4·10⁻⁴ dex. */
#include "compute/templates_rest.h"

#include <math.h>

#include "compute/templates_layout.h"
#include "core/alloc.h"

/* What components may leave of a template without its being kept, as a Euclidean length
 * in typical sigmas: what fp32 rounds of a spectrum is as much. */
static const double most_left = 1e-5;

enum { MOST_STEPS = 32767 };

void hr_templates_rest_fini(hr_templates_rest *rest) {
  hr_free(rest->step);
  hr_free(rest->left);
  *rest = (hr_templates_rest){0};
}

void hr_templates_rest_add(const float *step, const int16_t *left, const double *scale,
                           size_t pixels, float *g) {
  for (size_t p = 0; p < pixels; p++) {
    double value = (double)step[p / HR_TEMPLATES_RUN] * (double)left[p];
    g[p] += (float)(value / scale[p]);
  }
}

/* Rounds `pixels` numbers to whole steps. */
static void round_run(const float *wanted, size_t pixels, float *step, int16_t *left) {
  float most = 0;
  for (size_t p = 0; p < pixels; p++) most = fmaxf(most, fabsf(wanted[p]));
  *step = most / MOST_STEPS;
  for (size_t p = 0; p < pixels; p++) {
    float steps = *step > 0 ? rintf(wanted[p] / *step) : 0;
    left[p] = (int16_t)fmaxf(-MOST_STEPS, fminf(MOST_STEPS, steps));
  }
}

/* What is left of a tile's templates, in typical sigmas, into g [count][P] as rebuilt
 * from components; the most of one. */
static double subtract(const hr_templates *t, const hr_template_tile *tile, float *g) {
  double most = 0;
  for (size_t i = 0; i < tile->count; i++) {
    const float *x = t->x + t->slot[tile->first + i] * t->pixels;
    double squares = 0;
    for (size_t p = 0; p < t->pixels; p++) {
      float *left = g + i * t->pixels + p;
      double wanted = t->scale[p] * ((double)x[p] - (double)*left);
      *left = (float)wanted;
      squares += wanted * wanted;
    }
    most = fmax(most, squares);
  }
  return sqrt(most);
}

hr_status hr_templates_rest_find(const hr_templates *t, size_t index,
                                 hr_templates_rest *rest, hr_error *err) {
  hr_status status = HR_OK;
  const hr_template_tile *tile = &t->tiles[index];
  size_t runs = hr_templates_runs(t->pixels);
  float *g = NULL;
  *rest = (hr_templates_rest){0};
  HR_TRY(hr_alloc(&g, tile->count * t->pixels, err));
  hr_templates_rebuild(t, index, g);
  if (subtract(t, tile, g) <= most_left) goto cleanup;
  HR_TRY(hr_alloc(&rest->step, tile->count * runs, err));
  HR_TRY(hr_alloc(&rest->left, tile->count * t->pixels, err));
  for (size_t n = 0; n < tile->count * runs; n++) {
    size_t first = n % runs * HR_TEMPLATES_RUN, left = t->pixels - first;
    size_t at = n / runs * t->pixels + first;
    round_run(g + at, left < HR_TEMPLATES_RUN ? left : HR_TEMPLATES_RUN, &rest->step[n],
              rest->left + at);
  }
cleanup:
  hr_free(g);
  return status;
}
