/* One row brought to rest (data/rest.h). */
#include "data/rest.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/pixel_quantile.h"

static void find_kept(hr_rest *rest, hr_doppler_shift *shift) {
  const double ends[2] = {rest->low, rest->high};
  int32_t last = (int32_t)rest->doppler.pixels - 1;
  rest->first = 0;
  rest->end = rest->doppler.pixels;
  for (int i = 0; i < 2; i++) {
    size_t first = 0, end = rest->doppler.pixels;
    hr_doppler_find(&rest->doppler, 1 / hr_doppler_factor(ends[i]), shift);
    while (first < end && shift->from[first] < 0) first++;
    while (end > first && shift->from[end - 1] >= last) end--;
    rest->first = first > rest->first ? first : rest->first;
    rest->end = end < rest->end ? end : rest->end;
  }
}

hr_status hr_rest_init(const double *wave, size_t pixels, const double range[2],
                       hr_rest *out, hr_error *err) {
  hr_status status = HR_OK;
  hr_doppler_shift shift = {0};
  *out = (hr_rest){.low = range[0], .high = range[1]};
  HR_TRY(hr_doppler_init(wave, pixels, &out->doppler, err));
  HR_TRY(hr_doppler_shift_init(&out->doppler, &shift, err));
  find_kept(out, &shift);
  if (out->first >= out->end) {
    status = hr_fail(err, HR_ERR_DATA,
                     "velocities from %g to %g km/s move every pixel of the spectra out "
                     "of their range; see whether they are in km/s",
                     range[0], range[1]);
  }
cleanup:
  hr_doppler_shift_fini(&shift);
  return status;
}

void hr_rest_fini(hr_rest *rest) {
  hr_doppler_fini(&rest->doppler);
  *rest = (hr_rest){.doppler = {0}};
}

hr_status hr_rest_scratch_init(const hr_rest *rest, hr_rest_scratch *out, hr_error *err) {
  hr_status status = HR_OK;
  *out = (hr_rest_scratch){.values = NULL};
  HR_TRY(hr_doppler_shift_init(&rest->doppler, &out->shift, err));
  HR_TRY(hr_alloc(&out->values, rest->doppler.pixels, err));
  HR_TRY(hr_alloc(&out->sorting, rest->doppler.pixels, err));
  HR_TRY(hr_alloc(&out->bad, rest->doppler.pixels, err));
  HR_TRY(hr_alloc(&out->moved, rest->doppler.pixels, err));
cleanup:
  return status;
}

void hr_rest_scratch_fini(hr_rest_scratch *scratch) {
  hr_doppler_shift_fini(&scratch->shift);
  hr_free(scratch->values);
  hr_free(scratch->sorting);
  hr_free(scratch->bad);
  hr_free(scratch->moved);
  *scratch = (hr_rest_scratch){.values = NULL};
}

/* Lines over bad pixels; there is a good one. */
static void bridge(float *x, const uint8_t *bad, size_t pixels) {
  for (size_t p = 0; p < pixels; p++) {
    if (!bad[p]) continue;
    size_t next = p;
    while (next < pixels && bad[next]) next++;
    bool has_left = p > 0, has_right = next < pixels;
    double left = has_left ? (double)x[p - 1] : (double)x[next];
    double right = has_right ? (double)x[next] : left;
    for (size_t q = p; q < next; q++) {
      double share = (double)(q + 1 - p) / (double)(next + 1 - p);
      x[q] = (float)(left + share * (right - left));
    }
    p = next;
  }
}

static void move(const hr_rest *rest, hr_rest_scratch *scratch, bool by_line, float *x) {
  size_t pixels = rest->doppler.pixels;
  if (!x) return;
  bridge(x, scratch->bad, pixels);
  memcpy(scratch->values, x, pixels * sizeof *x);
  if (by_line) {
    hr_doppler_apply_line(&rest->doppler, &scratch->shift, scratch->values, x);
  } else {
    hr_doppler_apply(&rest->doppler, &scratch->shift, scratch->values, x);
  }
}

static void mark(const hr_pixels *row, uint8_t *mask, bool knows_errors, size_t p) {
  if (mask) {
    mask[p] = 1;
  } else if (knows_errors && row->error) {
    row->error[p] = 0;
  } else {
    if (row->flux) row->flux[p] = NAN;
    if (row->noisy) row->noisy[p] = NAN;
  }
}

/* Over the good pixels, which have errors. */
static void limit_error(const hr_rest *rest, hr_rest_scratch *scratch,
                        const hr_pixels *row) {
  size_t count = 0, pixels = rest->doppler.pixels;
  for (size_t p = 0; p < pixels; p++) {
    if (!scratch->bad[p]) scratch->values[count++] = row->error[p];
  }
  float median = (float)hr_pixel_quantile(scratch->values, count, 0.5, scratch->sorting);
  float most = (float)HR_REST_MOST_ERROR * median;
  for (size_t p = 0; p < pixels; p++) {
    if (scratch->bad[p] || !(row->error[p] > most)) continue;
    if (rest->are_clean) {
      row->error[p] = most;
    } else {
      scratch->bad[p] = 1;
    }
  }
}

void hr_rest_bring(const hr_rest *rest, hr_rest_scratch *scratch, double velocity,
                   const hr_pixels *row, uint8_t *mask, bool knows_errors) {
  size_t pixels = rest->doppler.pixels;
  hr_pixels looked_at = *row;
  looked_at.mask = mask;
  if (!knows_errors) looked_at.error = NULL;
  hr_bad_counts bad = hr_bad_pixels_find(&looked_at, scratch->bad);
  if (bad.all == pixels) return;
  if (looked_at.error) limit_error(rest, scratch, row);
  double factor = isfinite(velocity) ? hr_doppler_factor(velocity) : 1;
  hr_doppler_find(&rest->doppler, 1 / factor, &scratch->shift);
  hr_doppler_apply_bad(&rest->doppler, &scratch->shift, scratch->bad, scratch->moved);
  move(rest, scratch, false, row->flux);
  move(rest, scratch, false, row->noisy);
  move(rest, scratch, true, row->error);
  for (size_t p = 0; p < pixels; p++) {
    if (mask) mask[p] = 0;
    bool is_kept = p >= rest->first && p < rest->end;
    if (!is_kept || scratch->moved[p]) mark(row, mask, knows_errors, p);
  }
}
