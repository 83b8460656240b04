/* What components leave of a tile's templates, rounded to 16 bits a pixel; nothing where
 * they leave nothing to speak of. */
#ifndef HR_COMPUTE_TEMPLATES_REST_H
#define HR_COMPUTE_TEMPLATES_REST_H

#include "compute/templates_parts.h"

typedef struct hr_templates_rest {
  float *step;   /* [count][runs] in typical sigmas; NULL where nothing is kept */
  int16_t *left; /* [count][P] in units of the step, times the typical sigma */
} hr_templates_rest;

/* Of the templates of one tile. To be followed by
 * hr_templates_rest_fini, on failure too. HR_ERR_MEMORY. */
hr_status hr_templates_rest_find(const hr_templates *templates, size_t tile,
                                 hr_templates_rest *rest, hr_error *err) HR_MUST_CHECK;
void hr_templates_rest_fini(hr_templates_rest *rest);

/* Adds it to one template's g [P]. scale: [P] one over the typical sigma; step: [runs];
 * left: [P]. */
void hr_templates_rest_add(const float *step, const int16_t *left, const double *scale,
                           size_t pixels, float *g);

#endif
