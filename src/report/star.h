/* A star that was predicted, as a page: its spectrum with what is nearest to it among
 * model spectra, and what every expert says of its labels. */
#ifndef HR_REPORT_STAR_H
#define HR_REPORT_STAR_H

#include "models/bundle_description.h"
#include "report/canvas.h"

/* What one expert says, or what is predicted of all of them (the first). */
typedef struct hr_star_opinion {
  char *title;
  double *mean, *half68, *half95; /* [T]; NaN: none, not known */
} hr_star_opinion;

/* All owned but where it says so; from hr_alloc. */
typedef struct hr_star_sheet {
  const char *id, *path; /* borrowed */
  size_t row;            /* of the file, from 0 */
  double snr, masked;    /* NaN: not known; share of the pixels */
  char *slot;            /* who it was sent to, "Mid-Poor" */
  char *flags;           /* in words, "masked, poor_fit"; "": none */

  size_t pixels;
  const double *wave;   /* [pixels] angstrom; borrowed */
  double *flux, *error; /* [pixels] as the models have them; error NULL: not known */
  bool *bad;            /* [pixels] */
  double *fit;          /* [pixels] the nearest model spectrum; NULL: there is none */
  char *fit_title;      /* what it is, in words */

  const hr_bundle_target *targets; /* [target_count] borrowed */
  size_t target_count;
  hr_star_opinion *opinions; /* [opinion_count] */
  size_t opinion_count;
  bool *is_chosen; /* [opinion_count][T] whose model the prediction is, the most of it */
  float *draws;    /* [T][HR_PREDICT_DRAWS] of the posterior; NaN: not known; NULL */
} hr_star_sheet;

void hr_star_fini(hr_star_sheet *star);

/* The height of its page, pt. */
double hr_star_height(const hr_star_sheet *star);

/* Draws it, `context` being the star, as hr_drawing has it (report/drawing.h). */
hr_status hr_star_draw(void *context, hr_canvas *canvas, hr_text *csv,
                       hr_error *err) HR_MUST_CHECK;

#endif
