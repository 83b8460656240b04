/* The template that a spectrum is nearest to, itself. */
#ifndef HR_COMPUTE_TEMPLATES_NEAREST_H
#define HR_COMPUTE_TEMPLATES_NEAREST_H

#include "compute/templates.h"

#define HR_ANY_GROUP INT32_MIN

/* [P] each; pixels whose error is not above 0, or not finite, do not count. Borrowed. */
typedef struct hr_one_spectrum {
  const float *x, *error;
  double level; /* > 0, times the error is the sigma */
} hr_one_spectrum;

typedef struct hr_nearest {
  double *flux;   /* [P] of the template times the amplitude; the caller's */
  double *labels; /* [T] of the template; the caller's */
  double amplitude;
  double chi2; /* a pixel that counts */
} hr_nearest;

/* Finds the template of the group (HR_ANY_GROUP: of all) with the least chi2, the
 * amplitude being the likeliest one by the templates' options. False where no template
 * counts, or no pixel. Cost: 6 count P operations on the calling thread. */
bool hr_templates_nearest(const hr_templates *templates, int32_t group,
                          const hr_one_spectrum *spectrum, hr_nearest *out);

#endif
