/* How rows to be predicted are brought to rest, as those of the study were (data.rv):
 * with velocities measured here, or those of a label. Internal to predict/. */
#ifndef HR_PREDICT_VELOCITY_H
#define HR_PREDICT_VELOCITY_H

#include "data/conditioning.h"
#include "data/rest.h"
#include "features/velocity.h"
#include "models/bundle_description.h"

/* Constant once it is made; of an engine. */
typedef struct hr_mover {
  hr_rest rest;
  hr_velocity *velocity;               /* NULL: they are those of a label */
  const char *label;                   /* borrowed; NULL: they are measured */
  const hr_conditioning *conditioning; /* borrowed */
} hr_mover;

typedef struct hr_mover_scratch { /* of one thread */
  hr_rest_scratch rest;
  hr_velocity_scratch *velocity;
  float *error; /* [P] */
} hr_mover_scratch;

/* For a bundle whose `rv` is not NULL; the description outlives it. Statuses as
 * hr_velocity_create. Freed with hr_mover_destroy. */
hr_status hr_mover_create(const hr_bundle_description *description,
                          const hr_conditioning *conditioning, hr_mover **out,
                          hr_error *err) HR_MUST_CHECK;
void hr_mover_destroy(hr_mover **mover);

hr_status hr_mover_scratch_init(const hr_mover *mover, hr_mover_scratch *out,
                                hr_error *err) HR_MUST_CHECK;
void hr_mover_scratch_fini(hr_mover_scratch *scratch);

/* Brings a row to rest whose values are in the conditioning's unit and whose bad pixels
 * are not mended yet: noisy, error, and mask [P], NULL: no pixel is marked. given: its
 * velocity, km/s, where that is a label's. */
hr_velocity_answer hr_mover_bring(const hr_mover *mover, hr_mover_scratch *scratch,
                                  const hr_pixels *row, uint8_t *mask, double given);

/* What a label says. */
hr_velocity_answer hr_velocity_given(double rv);

#endif
