/* What is to be known of a prediction before it is trusted: signal-to-noise ratio, masked
 * pixels, flags. */
#include <float.h>
#include <math.h>

#include "core/parallel.h"
#include "core/vector.h"
#include "predict/engine_parts.h"
#include "simulate/quantile.h"

/* A fifth of the pixels; a chi2 a pixel of 2, where the error would have to be 40 % too
 * small; the number of templates below which the posterior itself says that they are too
 * few for a mean (methods/posterior). */
static const double most_masked = 0.2, most_chi2 = 2, least_effective = 10;

/* --- spectra --- */

typedef struct measuring {
  const hr_engine_rows *rows;
  hr_engine_result *out;
} measuring;

enum { STRIP = 8192 }; /* pixels of a spectrum that the stack holds twice */

/* Quotients of every `step`-th pixel, and how many of them are of no masked pixel; these
 * loops are free of branches, so that compilers vectorise them. */
HR_VECTOR_CLONES
static size_t divide(const float *restrict flux, const float *restrict error,
                     size_t count, size_t step, float *restrict ratio) {
  uint32_t usable = 0;
  for (size_t i = 0; i < count; i++) {
    ratio[i] = flux[i * step] / error[i * step];
    usable += (uint32_t)(error[i * step] > 0) & (uint32_t)(fabsf(ratio[i]) <= FLT_MAX);
  }
  return usable;
}

/* Brings the quotients of unmasked pixels to the front. */
static size_t drop_masked(const float *error, size_t count, size_t step, float *ratio) {
  size_t kept = 0;
  for (size_t i = 0; i < count; i++) {
    bool is_usable = error[i * step] > 0 && fabsf(ratio[i]) <= FLT_MAX;
    ratio[kept] = ratio[i];
    kept += is_usable;
  }
  return kept;
}

/* The quantile over pixels of flux / error; NaN where the spectrum has none. Longer
 * spectra than the stack holds give up every second pixel, or more. */
static double ratio_of(const hr_spectra *spectra, size_t row) {
  float ratio[STRIP], scratch[STRIP];
  size_t step = (spectra->pixels - 1) / STRIP + 1;
  size_t count = (spectra->pixels - 1) / step + 1;
  const float *flux = spectra->noisy + row * spectra->pixels;
  const float *error = spectra->error + row * spectra->pixels;
  size_t usable = divide(flux, error, count, step, ratio);
  if (usable < count) count = drop_masked(error, count, step, ratio);
  return count > 0 ? hr_pixel_quantile(ratio, count, 0.95, scratch) : (double)NAN;
}

static void measure_row(void *context, size_t i, size_t thread) {
  (void)thread;
  const measuring *m = context;
  const hr_spectra *spectra = &m->rows->spectra;
  const hr_row_report *report = &m->rows->reports[i];
  bool is_known = spectra->error && report->fault == HR_ROW_GOOD;
  m->out->masked[i] = (double)report->masked / (double)spectra->pixels;
  m->out->snr[i] = is_known ? ratio_of(spectra, i) : (double)NAN;
}

void hr_engine_measure(const hr_engine_rows *rows, hr_engine_result *out) {
  measuring context = {rows, out};
  hr_parallel_for(rows->spectra.rows, measure_row, &context);
}

/* --- flags --- */

/* NaN is outside nothing. */
static bool is_outside(const hr_bundle_range *range, double value) {
  return value < range->minimum || value > range->maximum;
}

/* What the predictions themselves say. */
static uint32_t flag_values(const hr_bundle_description *d, const double *mean) {
  uint32_t flags = 0;
  for (size_t t = 0; t < d->target_count; t++) {
    if (is_outside(&d->targets[t].train, mean[t])) flags |= HR_FLAG_OUTSIDE_RANGE;
    if (isnan(mean[t])) flags |= HR_FLAG_NO_EXPERT;
  }
  return flags;
}

/* Whether an expert of a bin was stood in for. */
static bool is_fallback(const hr_engine *engine, const hr_engine_result *out, size_t i) {
  if (out->candidate[i] < 0 || engine->router->uses_global) return false;
  const hr_bundle_description *d = hr_engine_describe(engine);
  return d->candidates[out->candidate[i]].slot == HR_GLOBAL;
}

static uint32_t flag_row(const hr_engine *engine, const hr_engine_result *out, size_t i) {
  const hr_bundle_description *d = hr_engine_describe(engine);
  uint32_t flags = flag_values(d, out->mean + i * d->target_count);
  if (is_fallback(engine, out, i)) flags |= HR_FLAG_FALLBACK;
  if (is_outside(&d->snr, out->snr[i])) flags |= HR_FLAG_OUTSIDE_SNR;
  if (out->chi2[i] > most_chi2) flags |= HR_FLAG_POOR_FIT;
  if (out->effective[i] < least_effective) flags |= HR_FLAG_FEW_TEMPLATES;
  return flags;
}

void hr_engine_flag(const hr_engine *engine, const hr_engine_rows *rows,
                    const bool *outside, hr_engine_result *out) {
  for (size_t i = 0; i < rows->spectra.rows; i++) {
    bool is_bad = rows->reports[i].fault != HR_ROW_GOOD;
    out->flags[i] = is_bad ? HR_FLAG_BAD_SPECTRUM : flag_row(engine, out, i);
    if (outside[i]) out->flags[i] |= HR_FLAG_OUTSIDE_BINS;
    if (out->masked[i] > most_masked) out->flags[i] |= HR_FLAG_MASKED;
  }
}
