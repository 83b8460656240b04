/* A survey's errors say more than a formula: where sky lines are, how stars differ, which
 * pixels are bad. They are taken relative to the median flux of the spectrum that they
 * came with, so that a simulated star is as bright as a real one. */
#include "simulate/survey.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/pixel_quantile.h"
#include "data/fits/spectra.h"

/* A share of good pixels below which a spectrum says too little. */
static const double least_good = 0.75;

/* By this part of a pixel wavelengths may differ. */
static const double same_pixel = 0.05;

typedef struct work {
  const char *path;
  hr_fits_spectra *spectra;
  hr_fits_spectrum star;
  size_t first; /* pixel of the file that is the definition's first */
  hr_definition *d;
  float *values, *scratch; /* [pixels] */
} work;

static void work_fini(work *w) {
  hr_fits_spectra_close(&w->spectra);
  hr_fits_spectrum_fini(&w->star);
  hr_definition_destroy(&w->d);
  hr_free(w->values);
  hr_free(w->scratch);
}

/* --- pixels --- */

/* Half of the wider step to a neighbour. */
static double half_step(const hr_fits_spectrum *star, size_t p) {
  double below = p > 0 ? star->wave[p] - star->wave[p - 1] : 0;
  double above = p + 1 < star->pixels ? star->wave[p + 1] - star->wave[p] : 0;
  return 0.5 * fmax(below, above);
}

static bool is_reached(const hr_fits_spectrum *star, size_t p) {
  double half = half_step(star, p);
  return star->wave[p] - half >= HR_MODELS_FIRST_EDGE &&
         star->wave[p] + half <= HR_MODELS_LAST_EDGE;
}

static hr_status take_pixels(work *w, hr_error *err) {
  hr_status status = HR_OK;
  const hr_fits_spectrum *star = &w->star;
  size_t first = 0;
  while (first < star->pixels && !is_reached(star, first)) first++;
  size_t end = first;
  while (end < star->pixels && is_reached(star, end)) end++;
  w->first = first;
  w->d->pixels = end - first;
  if (w->d->pixels < 2 || w->d->pixels > HR_DEFINITION_MOST_PIXELS) {
    return hr_fail(err, HR_ERR_DATA,
                   "%s has %zu pixels from %.1f to %.1f angstrom, where the built-in "
                   "models are; 2 to %d are possible",
                   w->path, w->d->pixels, HR_MODELS_FIRST_EDGE, HR_MODELS_LAST_EDGE,
                   HR_DEFINITION_MOST_PIXELS);
  }
  HR_TRY(hr_alloc(&w->d->wave, w->d->pixels, err));
  memcpy(w->d->wave, star->wave + first, w->d->pixels * sizeof *w->d->wave);
  HR_TRY(hr_alloc(&w->values, w->d->pixels, err));
  HR_TRY(hr_alloc(&w->scratch, w->d->pixels, err));
cleanup:
  return status;
}

/* --- the line spread --- */

/* Linear between the pixels of another instrument, and beyond them what it is there. */
static double fwhm_at(const hr_definition *other, double wave) {
  size_t last = other->pixels - 1, p = 0;
  if (wave <= other->wave[0]) return other->fwhm[0];
  if (wave >= other->wave[last]) return other->fwhm[last];
  while (other->wave[p + 1] < wave) p++;
  double share = (wave - other->wave[p]) / (other->wave[p + 1] - other->wave[p]);
  return other->fwhm[p] + share * (other->fwhm[p + 1] - other->fwhm[p]);
}

static hr_status check_spread(const work *w, const hr_simulate_options *options,
                              hr_error *err) {
  int given = (options->fwhm > 0) + (options->resolving_power > 0) +
              (options->instrument != NULL);
  if (given == 1) return HR_OK;
  if (given > 1) {
    return hr_fail(err, HR_ERR_USAGE,
                   "fwhm, resolving_power and instrument all say which line spread the "
                   "spectra of %s have: give one of them",
                   w->path);
  }
  return hr_fail(err, HR_ERR_USAGE,
                 "%s does not tell the line spread of its spectra: give fwhm, in "
                 "angstrom, resolving_power, or the instrument that has it (pfs-mr, "
                 "desi-z, sdss, lamost-red, gaia-rvs or a file FILE.yaml)",
                 w->path);
}

static hr_status take_spread(work *w, const hr_simulate_options *options, hr_error *err) {
  hr_status status = HR_OK;
  hr_definition *other = NULL, *d = w->d;
  HR_TRY(check_spread(w, options, err));
  double power = options->resolving_power;
  bool is_pfs = options->instrument && strcmp(options->instrument, HR_PFS_NAME) == 0;
  if (is_pfs) power = HR_GRID_RESOLVING_POWER;
  if (options->instrument && !is_pfs) {
    HR_TRY(hr_definition_create(options->instrument, &other, err));
  }
  HR_TRY(hr_alloc(&d->fwhm, d->pixels, err));
  for (size_t p = 0; p < d->pixels; p++) {
    d->fwhm[p] = other       ? fwhm_at(other, d->wave[p])
                 : power > 0 ? d->wave[p] / power
                             : options->fwhm;
  }
cleanup:
  hr_definition_destroy(&other);
  return status;
}

/* --- errors --- */

/* Whether the spectrum that was read has the definition's pixels. */
static bool has_pixels(const work *w) {
  const hr_fits_spectrum *star = &w->star;
  if (star->pixels < w->first + w->d->pixels) return false;
  for (size_t p = 0; p < w->d->pixels; p++) {
    double step = 2 * half_step(star, w->first + p);
    double off = fabs(star->wave[w->first + p] - w->d->wave[p]);
    if (off > same_pixel * step) return false;
  }
  return true;
}

/* Appends the errors of the spectrum that was read, where it has enough of them. */
static void take_errors(work *w) {
  hr_definition *d = w->d;
  const hr_fits_spectrum *star = &w->star;
  float *to = d->relative + d->error_rows * d->pixels;
  size_t good = 0;
  if (!has_pixels(w)) return;
  for (size_t p = 0; p < d->pixels; p++) {
    size_t at = w->first + p;
    if (star->good[at]) w->values[good++] = (float)star->flux[at];
  }
  if (good == 0 || (double)good < least_good * (double)d->pixels) return;
  double median = hr_pixel_quantile(w->values, good, 0.5, w->scratch);
  if (!(median > 0)) return;
  for (size_t p = 0; p < d->pixels; p++) {
    size_t at = w->first + p;
    to[p] = star->good[at] ? (float)(sqrt(star->variance[at]) / median) : 0;
  }
  d->error_rows++;
}

static hr_status read_errors(work *w, hr_error *err) {
  hr_status status = HR_OK;
  const hr_fits_spectra_info *info = hr_fits_spectra_describe(w->spectra);
  size_t most =
      info->objects < HR_SURVEY_MOST_ERRORS ? info->objects : HR_SURVEY_MOST_ERRORS;
  HR_TRY(hr_alloc(&w->d->relative, most * w->d->pixels, err));
  for (size_t i = 0; i < most; i++) {
    HR_TRY(hr_fits_spectra_read(w->spectra, i, &w->star, err));
    take_errors(w);
  }
  if (w->d->error_rows > 0) goto cleanup;
  status = hr_fail(err, HR_ERR_DATA,
                   "no spectrum of %s has errors and a flux above 0 in three quarters of "
                   "its pixels; take another file, or define an instrument in a file "
                   "FILE.yaml",
                   w->path);
cleanup:
  return status;
}

hr_status hr_definition_from_survey(const hr_simulate_options *options,
                                    hr_definition **out, hr_error *err) {
  hr_status status = HR_OK;
  work w = {.path = options->survey_file};
  HR_TRY(check_spread(&w, options, err));
  HR_TRY(hr_fits_spectra_open(w.path, &w.spectra, err));
  if (!hr_fits_spectra_describe(w.spectra)->has_variance) {
    status = hr_fail(err, HR_ERR_DATA,
                     "%s has no errors to take; define an instrument in a file FILE.yaml",
                     w.path);
    goto cleanup;
  }
  HR_TRY(hr_alloc(&w.d, 1, err));
  HR_TRY(hr_copy_text(w.path, &w.d->name, err));
  HR_TRY(hr_fits_spectra_read(w.spectra, 0, &w.star, err));
  HR_TRY(take_pixels(&w, err));
  HR_TRY(take_spread(&w, options, err));
  HR_TRY(read_errors(&w, err));
  w.d->noise.has_snr = true; /* a magnitude says nothing */
  *out = w.d;
  w.d = NULL;
cleanup:
  work_fini(&w);
  return status;
}
