/* One row at a time (predict/velocity.h). */
#include "predict/velocity.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"

hr_status hr_mover_create(const hr_bundle_description *d,
                          const hr_conditioning *conditioning, hr_mover **out,
                          hr_error *err) {
  hr_status status = HR_OK;
  hr_mover *mover = NULL;
  bool is_fitted = strcmp(d->rv, "fit") == 0;
  HR_TRY(hr_alloc(&mover, 1, err));
  mover->label = is_fitted ? NULL : d->rv;
  mover->conditioning = conditioning;
  HR_TRY(hr_rest_init(d->wave, d->pixels, d->rv_range, &mover->rest, err));
  if (is_fitted) {
    HR_TRY(hr_velocity_create(d->wave, d->pixels, d->rv_range, &mover->velocity, err));
  }
  *out = mover;
  mover = NULL;
cleanup:
  hr_mover_destroy(&mover);
  return status;
}

void hr_mover_destroy(hr_mover **address) {
  hr_mover *mover = *address;
  *address = NULL;
  if (!mover) return;
  hr_rest_fini(&mover->rest);
  hr_velocity_destroy(&mover->velocity);
  hr_free(mover);
}

hr_status hr_mover_scratch_init(const hr_mover *mover, hr_mover_scratch *out,
                                hr_error *err) {
  hr_status status = HR_OK;
  *out = (hr_mover_scratch){.velocity = NULL};
  HR_TRY(hr_rest_scratch_init(&mover->rest, &out->rest, err));
  HR_TRY(hr_alloc(&out->error, mover->rest.doppler.pixels, err));
  if (mover->velocity) {
    HR_TRY(hr_velocity_scratch_create(mover->velocity, &out->velocity, err));
  }
cleanup:
  return status;
}

void hr_mover_scratch_fini(hr_mover_scratch *scratch) {
  hr_rest_scratch_fini(&scratch->rest);
  hr_velocity_scratch_destroy(&scratch->velocity);
  hr_free(scratch->error);
  scratch->error = NULL;
}

hr_velocity_answer hr_velocity_given(double rv) {
  bool is_known = fabs(rv) <= HR_REST_FASTEST;
  return (hr_velocity_answer){is_known ? rv : (double)NAN, (double)NAN,
                              is_known ? 0 : HR_VELOCITY_NONE};
}

/* The errors of good pixels, and 0; where none is known 1 and 0. */
static void find_error(const hr_mover *mover, hr_mover_scratch *scratch,
                       const hr_pixels *row, const uint8_t *mask) {
  hr_pixels looked_at = *row;
  bool knows_errors = row->error && mover->conditioning->knows_errors;
  looked_at.mask = mask;
  if (!knows_errors) looked_at.error = NULL;
  hr_bad_pixels_find(&looked_at, scratch->rest.bad);
  for (size_t p = 0; p < row->count; p++) {
    float error = knows_errors ? row->error[p] : 1;
    scratch->error[p] = scratch->rest.bad[p] ? 0 : error;
  }
}

hr_velocity_answer hr_mover_bring(const hr_mover *mover, hr_mover_scratch *scratch,
                                  const hr_pixels *row, uint8_t *mask, double given) {
  const hr_conditioning *c = mover->conditioning;
  bool knows_errors = row->error && c->knows_errors;
  hr_velocity_answer answer = hr_velocity_given(given);
  if (mover->velocity) {
    find_error(mover, scratch, row, mask);
    answer = hr_velocity_fit(mover->velocity, scratch->velocity, row->noisy,
                             scratch->error, c->base);
    if (!knows_errors) answer.sigma = (double)NAN;
  }
  hr_rest_bring(&mover->rest, &scratch->rest, answer.rv, row, mask, knows_errors);
  return answer;
}
