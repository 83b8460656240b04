/* What is to be known of a prediction before it is trusted: signal-to-noise ratio, masked
 * pixels, flags. */
#include <math.h>

#include "core/parallel.h"
#include "data/flux_range.h"
#include "data/snr.h"
#include "predict/engine_parts.h"

/* A fifth of the pixels; a chi2 a pixel of 2, where the error would have to be 40 % too
 * small; the number of templates below which the posterior itself says that they are too
 * few for a mean (methods/posterior). */
static const double most_masked = 0.2, most_chi2 = 2, least_effective = 10;

/* --- spectra --- */

typedef struct measuring {
  double base;
  const hr_engine_rows *rows;
  hr_engine_result *out;
} measuring;

static void measure_row(void *context, size_t i, size_t thread) {
  (void)thread;
  const measuring *m = context;
  const hr_spectra *spectra = &m->rows->spectra;
  const hr_row_report *report = &m->rows->reports[i];
  bool is_known = spectra->error && report->fault == HR_ROW_GOOD;
  m->out->masked[i] = (double)report->bad.all / (double)spectra->pixels;
  m->out->snr[i] = (double)NAN;
  if (!is_known) return;
  size_t at = i * spectra->pixels;
  m->out->snr[i] = hr_measure_snr_above(m->base, spectra->pixels, spectra->noisy + at,
                                        spectra->error + at);
}

void hr_engine_measure(const hr_engine_rows *rows, double base, hr_engine_result *out) {
  measuring context = {base, rows, out};
  hr_parallel_for(rows->spectra.rows, measure_row, &context);
}

/* --- scale --- */

typedef struct comparing {
  const hr_conditioning *conditioning;
  const hr_flux_scale *training;
  const hr_engine_rows *rows;
  hr_engine_result *out;
} comparing;

static void compare_row(void *context, size_t i, size_t thread) {
  (void)thread;
  const comparing *c = context;
  const hr_spectra *spectra = &c->rows->spectra;
  const float *error = spectra->error ? spectra->error + i * spectra->pixels : NULL;
  c->out->side[i] = 0;
  c->out->beyond[i] = 0;
  c->out->scale[i] = (hr_row_scale){.pixels = 0};
  if (c->rows->reports[i].fault != HR_ROW_GOOD) return;
  c->out->scale[i] = hr_flux_scale_measure(c->conditioning, spectra->pixels,
                                           spectra->noisy + i * spectra->pixels, error);
  c->out->side[i] = (int8_t)hr_flux_scale_compare(c->training, &c->out->scale[i]);
  c->out->beyond[i] = hr_flux_range_beyond(c->conditioning, spectra->pixels,
                                           spectra->noisy + i * spectra->pixels, error);
}

void hr_engine_compare_scale(const hr_conditioning *conditioning,
                             const hr_flux_scale *training, const hr_engine_rows *rows,
                             hr_engine_result *out) {
  comparing context = {conditioning, training, rows, out};
  hr_parallel_for(rows->spectra.rows, compare_row, &context);
}

/* --- flags --- */

/* NaN is outside nothing. */
static bool is_outside(const hr_bundle_range *range, double value) {
  return value < range->minimum || value > range->maximum;
}

/* What the predictions themselves say. */
static uint32_t flag_values(const hr_bundle_description *d, const hr_engine_result *out,
                            size_t i) {
  uint32_t flags = 0;
  const double *mean = out->mean + i * d->target_count;
  const int32_t *candidate = out->candidate + i * d->target_count;
  for (size_t t = 0; t < d->target_count; t++) {
    if (is_outside(&d->targets[t].train, mean[t])) flags |= HR_FLAG_OUTSIDE_RANGE;
    if (!isnan(mean[t])) continue;
    flags |= candidate[t] >= 0 ? HR_FLAG_NO_NUMBER : HR_FLAG_NO_EXPERT;
  }
  return flags;
}

/* Whether an expert of a bin was stood in for. */
static bool is_fallback(const hr_engine *engine, const hr_engine_result *out, size_t i) {
  const hr_bundle_description *d = hr_engine_describe(engine);
  const int32_t *candidate = out->candidate + i * d->target_count;
  if (engine->router->uses_global) return false;
  for (size_t t = 0; t < d->target_count; t++) {
    if (candidate[t] >= 0 && d->candidates[candidate[t]].slot == HR_GLOBAL) return true;
  }
  return false;
}

static uint32_t flag_row(const hr_engine *engine, const hr_engine_result *out, size_t i) {
  const hr_bundle_description *d = hr_engine_describe(engine);
  uint32_t flags = flag_values(d, out, i);
  if (is_fallback(engine, out, i)) flags |= HR_FLAG_FALLBACK;
  if (is_outside(&d->snr, out->snr[i])) flags |= HR_FLAG_OUTSIDE_SNR;
  /* Errors too small or too large to reckon with leave nothing to compare templates by:
   * what is said is the prior. */
  bool is_uncompared = isnan(out->chi2[i]) && !isnan(out->effective[i]);
  if (out->chi2[i] > most_chi2 || is_uncompared) flags |= HR_FLAG_POOR_FIT;
  if (out->effective[i] < least_effective) flags |= HR_FLAG_FEW_TEMPLATES;
  if (out->side[i] != 0) flags |= HR_FLAG_OTHER_SCALE;
  if (out->beyond[i] > 0) flags |= HR_FLAG_OUTSIDE_FLUX;
  return flags;
}

/* Nobody has learnt how far predictions are off from flux that no training row has. */
static void forget_sigma(size_t targets, size_t i, hr_engine_result *out) {
  const uint32_t unlike = HR_FLAG_OTHER_SCALE | HR_FLAG_OUTSIDE_FLUX;
  if (!(out->flags[i] & unlike)) return;
  for (size_t t = i * targets; t < (i + 1) * targets; t++) {
    out->sigma[t] = out->half68[t] = out->half95[t] = (double)NAN;
  }
}

static void take_velocity(const hr_engine_rows *rows, size_t i, hr_engine_result *out) {
  const hr_velocity_answer none = {(double)NAN, (double)NAN, 0};
  const hr_velocity_answer *velocity = rows->velocity ? &rows->velocity[i] : &none;
  out->rv[i] = velocity->rv;
  out->sigma_rv[i] = velocity->sigma;
  if (velocity->flags) out->flags[i] |= HR_FLAG_VELOCITY;
}

void hr_engine_flag(const hr_engine *engine, const hr_engine_rows *rows,
                    const bool *outside, hr_engine_result *out) {
  for (size_t i = 0; i < rows->spectra.rows; i++) {
    bool is_bad = rows->reports[i].fault != HR_ROW_GOOD;
    out->flags[i] = is_bad ? HR_FLAG_BAD_SPECTRUM : flag_row(engine, out, i);
    if (outside[i]) out->flags[i] |= HR_FLAG_OUTSIDE_BINS;
    take_velocity(rows, i, out);
    if (out->masked[i] > most_masked) out->flags[i] |= HR_FLAG_MASKED;
    forget_sigma(hr_engine_describe(engine)->target_count, i, out);
  }
}
