/* One row of spectra made ready (data/prepare.h). Loops over pixels are plain and without
 * branches, as every row of every pass comes through here. */
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
static bool is_dark(size_t pixels, const float *flux) {
  uint32_t bright = 0;
  for (size_t p = 0; p < pixels; p++) bright += (uint32_t)(flux[p] > 0.0f);
  return bright == 0;
}

/* Whether a pixel is beyond `limit`. */
HR_VECTOR_CLONES
static bool is_wild(size_t pixels, const float *x, float limit) {
  uint32_t beyond = 0;
  for (size_t p = 0; p < pixels; p++) beyond += (uint32_t)(fabsf(x[p]) > limit);
  return beyond > 0;
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

/* The same where 0 of the files is elsewhere. */
HR_VECTOR_CLONES
static uint32_t clip_at(size_t pixels, float least, float *flux) {
  uint32_t clipped = 0;
  for (size_t p = 0; p < pixels; p++) {
    clipped += (uint32_t)(flux[p] < least);
    flux[p] = flux[p] > least ? flux[p] : least;
  }
  return clipped;
}

/* An error that is not known is none. */
static void drop_unusable(size_t pixels, float *error) {
  for (size_t p = 0; p < pixels; p++) {
    bool is_usable = error[p] > 0 && error[p] <= HR_PREPARE_LARGEST;
    error[p] = is_usable ? error[p] : 0;
  }
}

/* Reports the first pixel at which x is unusable, where there is one. */
static void report_pixel(hr_row_fault fault, size_t pixels, const float *x,
                         hr_row_report *out) {
  for (size_t p = 0; x && p < pixels; p++) {
    if (!is_unusable(x[p])) continue;
    out->fault = fault;
    out->pixel = p;
    out->value = x[p];
    return;
  }
}

/* Whether there is something to stand in for bad flux, or no need of it. */
static void check_mended(const hr_conditioning *c, const hr_pixels *row,
                         hr_row_report *out) {
  if (out->bad.flux > 0 && !c->stand_in) {
    report_pixel(HR_ROW_NOISY, row->count, row->noisy, out);
    report_pixel(HR_ROW_FLUX, row->count, row->flux, out);
  }
  if (out->fault == HR_ROW_GOOD && out->bad.all == row->count) {
    out->fault = HR_ROW_EMPTY;
  }
}

void hr_prepare_row(const hr_conditioning *conditioning, const hr_pixels *row,
                    hr_row_report *out) {
  const hr_conditioning *c = conditioning;
  hr_pixels looked_at = *row;
  *out = (hr_row_report){.fault = HR_ROW_GOOD};
  if (row->error && !c->knows_errors) {
    drop_unusable(row->count, row->error);
    looked_at.error = NULL;
  }
  out->bad = hr_bad_pixels_mend(&looked_at, c->stand_in);
  check_mended(c, row, out);
  if (out->fault != HR_ROW_GOOD) return;
  if (row->flux && c->clip) {
    float least = (float)-c->base;
    out->clipped = c->base == 0 ? clip(row->count, row->flux)
                                : clip_at(row->count, least, row->flux);
    out->dark = c->base == 0 && is_dark(row->count, row->flux);
  }
  const float *x = row->flux ? row->flux : row->noisy;
  out->wild = c->wild_beyond < INFINITY && is_wild(row->count, x, c->wild_beyond);
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

HR_VECTOR_CLONES
static uint32_t count_noisy(size_t pixels, const float *error) {
  uint32_t count = 0;
  for (size_t p = 0; p < pixels; p++) count += (uint32_t)(error[p] > 0);
  return count;
}

/* Pixels without an error are not calm. */
HR_VECTOR_CLONES
static uint32_t count_calm(size_t pixels, const float *restrict flux,
                           const float *restrict noisy, const float *restrict error) {
  uint32_t count = 0;
  for (size_t p = 0; p < pixels; p++) {
    float off = fabsf(noisy[p] - flux[p]), most = 0.6745F * error[p];
    count += (uint32_t)(off <= most) & (uint32_t)(error[p] > 0);
  }
  return count;
}

void hr_prepare_count_noise(const hr_pixels *row, hr_row_report *out) {
  out->noisy = count_noisy(row->count, row->error);
  out->calm = count_calm(row->count, row->flux, row->noisy, row->error);
}

/* The share within 0.6745 of deviates that scatter by `scatter`. */
static double calm_share(double scatter) {
  return erf(0.6745 / scatter / sqrt(2));
}

bool hr_prepare_is_noise_off(const hr_row_report *report, double level) {
  const double times = 3;
  enum { FEWEST = 64 };
  double other = level > 0 ? level : 1;
  double share = (double)report->calm / (double)report->noisy;
  if (report->noisy < FEWEST) return false;
  return share < calm_share(times * fmax(1, other)) ||
         share > calm_share(fmin(1, other) / times);
}

void hr_prepare_check_noisy(size_t pixels, const float *noisy, hr_row_report *out) {
  if (count_unusable(pixels, noisy) > 0) {
    report_pixel(HR_ROW_NOISY, pixels, noisy, out);
  }
}
