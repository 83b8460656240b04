/* One row of spectra made ready (data/prepare.h): looked at, clipped, filled, noise
 * added. Loops over pixels are plain and without branches, as every row of every pass
 * comes through here. */
#include "data/prepare.h"

#include <math.h>
#include <string.h>

#include "core/vector.h"

/* Counting first and looking for the place only where there is something to find keeps
 * the loops over all pixels free of branches, so that compilers vectorise them. */

static bool is_unusable(float x) {
  return !(fabsf(x) <= HR_PREPARE_LARGEST); /* NaN, infinite or too large */
}

/* Pixels at which x is NaN or too large. */
HR_VECTOR_CLONES
static uint32_t count_unusable(size_t pixels, const float *x) {
  uint32_t count = 0;
  for (size_t p = 0; p < pixels; p++) count += (uint32_t)is_unusable(x[p]);
  return count;
}

HR_VECTOR_CLONES
static uint32_t count_nan(size_t pixels, const float *x) {
  uint32_t count = 0;
  for (size_t p = 0; p < pixels; p++) count += (uint32_t)(x[p] != x[p]);
  return count;
}

HR_VECTOR_CLONES
static bool is_dark(size_t pixels, const float *flux) {
  uint32_t bright = 0;
  for (size_t p = 0; p < pixels; p++) bright += (uint32_t)(flux[p] > 0.0f);
  return bright == 0;
}

HR_VECTOR_CLONES
static uint32_t count_nonpositive(size_t pixels, const float *x) {
  uint32_t count = 0;
  for (size_t p = 0; p < pixels; p++) count += (uint32_t)(x[p] <= 0.0f);
  return count;
}

HR_VECTOR_CLONES
static uint32_t clip(size_t pixels, float *flux) {
  uint32_t clipped = 0;
  for (size_t p = 0; p < pixels; p++) {
    clipped += (uint32_t)(flux[p] < 0.0f);
    flux[p] = flux[p] > 0.0f ? flux[p] : 0.0f;
  }
  return clipped;
}

/* Reports the first pixel at which x is unusable; NaN counts where `nan_too`. */
static void report_pixel(hr_row_fault fault, size_t pixels, const float *x, bool nan_too,
                         hr_row_report *out) {
  for (size_t p = 0; p < pixels; p++) {
    if (!is_unusable(x[p]) || (isnan(x[p]) && !nan_too)) continue;
    out->fault = fault;
    out->pixel = p;
    out->value = x[p];
    return;
  }
}

/* Fills the NaN run [start, end) from its neighbours; one of them exists. */
static void fill_run(size_t pixels, float *x, size_t start, size_t end) {
  bool has_left = start > 0, has_right = end < pixels;
  for (size_t p = start; p < end; p++) {
    size_t to_left = p - (start - 1), to_right = end - p;
    bool left = has_left && (!has_right || to_left <= to_right);
    x[p] = left ? x[start - 1] : x[end];
  }
}

static void fill_nan(size_t pixels, float *x) {
  for (size_t p = 0; p < pixels; p++) {
    if (!isnan(x[p])) continue;
    size_t end = p;
    while (end < pixels && isnan(x[end])) end++;
    fill_run(pixels, x, p, end);
    p = end;
  }
}

void hr_prepare_row(size_t pixels, float *flux, float *error, hr_row_report *out) {
  *out = (hr_row_report){.fault = HR_ROW_GOOD};
  if (count_unusable(pixels, flux) > 0) {
    report_pixel(HR_ROW_FLUX, pixels, flux, true, out);
    return;
  }
  uint32_t missing = count_nan(pixels, error);
  if (count_unusable(pixels, error) > missing) {
    report_pixel(HR_ROW_ERROR, pixels, error, false, out);
    return;
  }
  if (missing == pixels) {
    out->fault = HR_ROW_ERROR_EMPTY;
    out->value = NAN;
    return;
  }
  if (missing > 0) fill_nan(pixels, error);
  out->clipped = clip(pixels, flux);
  out->dark = is_dark(pixels, flux);
  out->filled = missing;
  out->nonpositive = count_nonpositive(pixels, error);
}

/* noisy, which comes as deviates: flux + level error z in fp64, rounded once. */
HR_VECTOR_CLONES
static void add_noise(double level, size_t pixels, const float *restrict flux,
                      const float *restrict error, float *restrict noisy) {
  for (size_t p = 0; p < pixels; p++) {
    double sigma = error[p] > 0.0f ? (double)error[p] : 0.0;
    noisy[p] = (float)((double)flux[p] + (level * sigma) * (double)noisy[p]);
  }
}

void hr_prepare_noise(const hr_noise *noise, uint64_t row, size_t pixels,
                      const float *flux, const float *error, float *noisy) {
  double level = noise->level;
  if (level == 0.0) {
    memcpy(noisy, flux, pixels * sizeof *flux);
    return;
  }
  /* The deviates are drawn into the row that they become part of. */
  hr_normal(noise->seed, noise->stream, row, 0, pixels, noisy);
  add_noise(level, pixels, flux, error, noisy);
}

void hr_prepare_check_noisy(size_t pixels, const float *noisy, hr_row_report *out) {
  if (count_unusable(pixels, noisy) > 0) {
    report_pixel(HR_ROW_NOISY, pixels, noisy, true, out);
  }
}

/* Pixels that have no usable error. */
HR_VECTOR_CLONES
static uint32_t count_masked(size_t pixels, const float *error) {
  uint32_t usable = 0;
  for (size_t p = 0; p < pixels; p++) {
    usable += (uint32_t)(error[p] > 0.0f) & (uint32_t)(error[p] <= HR_PREPARE_LARGEST);
  }
  return (uint32_t)pixels - usable;
}

void hr_prepare_observed(size_t pixels, const float *flux, float *error,
                         hr_row_report *out) {
  *out = (hr_row_report){.fault = HR_ROW_GOOD};
  if (error) out->masked = count_masked(pixels, error);
  hr_prepare_check_noisy(pixels, flux, out);
  if (out->fault != HR_ROW_GOOD || out->masked == 0) return;
  if (out->masked == pixels) {
    out->fault = HR_ROW_ERROR_EMPTY;
    return;
  }
  for (size_t p = 0; p < pixels; p++) {
    if (fabsf(error[p]) > HR_PREPARE_LARGEST) error[p] = 0.0f;
  }
  fill_nan(pixels, error);
}
