/* Coadds of DESI (desihub/desidatamodel, coadd-SURVEY-PROGRAM-PIXNUM.rst): arms B, R and
 * Z, each with its own grid, as images of all objects. Arms lie on one grid of 0.8 A, so
 * that where two of them see the same pixel the mean weighed by inverse variance is
 * taken; a pixel that is masked in one of them is the other's. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "data/fits/layout.h"

static const char *const arms[HR_FITS_BANDS] = {"B", "R", "Z"};
static const char *const ids[] = {"TARGETID"};

/* Pixels of two arms are the same where they are nearer than this, in pixels. */
static const double same_pixel = 1e-3;

static size_t find_part(const hr_fits_hdus *hdus, const char *arm, const char *what) {
  char name[32];
  snprintf(name, sizeof name, "%s_%s", arm, what);
  return hr_fits_find_hdu(hdus, name);
}

static bool has_arm(const hr_fits_hdus *hdus, const char *arm) {
  return find_part(hdus, arm, "WAVELENGTH") != HR_FITS_NONE &&
         find_part(hdus, arm, "FLUX") != HR_FITS_NONE &&
         find_part(hdus, arm, "IVAR") != HR_FITS_NONE;
}

static bool is_desi(const hr_fits_hdus *hdus, char lacks[HR_FITS_LACKS]) {
  size_t map = hr_fits_find_hdu(hdus, "FIBERMAP");
  if (!hr_fits_needs_hdu(hdus, "FIBERMAP", lacks)) return false;
  if (!hr_fits_needs_column(hdus, map, "TARGETID", lacks)) return false;
  for (size_t i = 0; i < HR_FITS_BANDS; i++) {
    if (has_arm(hdus, arms[i])) return true;
  }
  snprintf(lacks, HR_FITS_LACKS, "WAVELENGTH, FLUX and IVAR of an arm, as R_FLUX");
  return false;
}

static hr_status take_arm(hr_fits_spectra *self, const char *arm, hr_error *err) {
  hr_status status = HR_OK;
  const hr_fits_hdus *hdus = &self->hdus;
  size_t wave = find_part(hdus, arm, "WAVELENGTH"), flux = find_part(hdus, arm, "FLUX");
  size_t noise = find_part(hdus, arm, "IVAR"), mask = find_part(hdus, arm, "MASK");
  uint64_t pixels = hdus->items[flux].axis[0], objects = self->info.objects;
  double step = 0;
  char unit[HR_FITS_NAME];
  HR_TRY(hr_fits_check_image(hdus, flux, (uint64_t[]){pixels, objects, 1}, err));
  HR_TRY(hr_fits_check_image(hdus, noise, (uint64_t[]){pixels, objects, 1}, err));
  HR_TRY(hr_fits_check_image(hdus, wave, (uint64_t[]){pixels, 1, 1}, err));
  if (mask != HR_FITS_NONE) {
    HR_TRY(hr_fits_check_image(hdus, mask, (uint64_t[]){pixels, objects, 1}, err));
  }
  hr_fits_card_text(hdus, wave, "BUNIT", unit);
  HR_TRY(hr_fits_take_wave_unit(self, "the extensions of wavelengths", unit, "Angstrom",
                                err));
  hr_fits_card_text(hdus, flux, "BUNIT", unit);
  HR_TRY(hr_fits_take_flux_unit(self, "the flux", unit, "10**-17 erg/(s cm2 Angstrom)",
                                err));
  HR_TRY(hr_fits_read_step(hdus, noise, &step, err));
  self->least_inverse = fmax(self->least_inverse, step);
  self->parts[self->bands++] = (hr_fits_parts){
      hr_fits_image_part(hdus, wave), hr_fits_image_part(hdus, flux),
      hr_fits_image_part(hdus, noise),
      mask == HR_FITS_NONE ? hr_fits_no_part() : hr_fits_image_part(hdus, mask)};
  self->info.pixels += (size_t)pixels;
cleanup:
  return status;
}

static hr_status open_desi(hr_fits_spectra *self, hr_error *err) {
  hr_status status = HR_OK;
  self->table = hr_fits_find_hdu(&self->hdus, "FIBERMAP");
  self->info.objects = (size_t)self->hdus.items[self->table].rows;
  self->info.is_shared = true;
  self->info.ids = ids;
  self->info.id_count = 1;
  self->noise = HR_FITS_INVERSE;
  self->bad_bits = ~(int64_t)0;
  snprintf(self->masking, sizeof self->masking, "any bit of MASK");
  self->bands = 0;
  if (self->info.objects == 0) return HR_OK;
  for (size_t i = 0; i < HR_FITS_BANDS; i++) {
    if (has_arm(&self->hdus, arms[i])) HR_TRY(take_arm(self, arms[i], err));
  }
cleanup:
  return status;
}

/* --- joining --- */

static hr_status fail_join(const hr_fits_spectra *self, double wave, hr_error *err) {
  return hr_fail(err, HR_ERR_DATA,
                 "%s: its arms overlap at %.10g angstrom, and their pixels are not the "
                 "same there; resample them to one grid first",
                 self->hdus.file.path, wave);
}

/* Adds what an arm says of a pixel that there is: where it is good alone it is taken. */
static void merge_pixel(const hr_fits_spectra *self, const hr_fits_raw *from, size_t f,
                        hr_fits_raw *to, size_t t) {
  bool is_own = to->noise[t] > self->least_inverse && isfinite(to->noise[t]) &&
                isfinite(to->flux[t]) && (to->bits[t] & self->bad_bits) == 0;
  bool is_new = from->noise[f] > self->least_inverse && isfinite(from->noise[f]) &&
                isfinite(from->flux[f]) && (from->bits[f] & self->bad_bits) == 0;
  if (!is_new) return;
  if (!is_own) {
    to->flux[t] = from->flux[f];
    to->noise[t] = from->noise[f];
    to->bits[t] = from->bits[f];
    return;
  }
  double weight = to->noise[t] + from->noise[f];
  to->flux[t] = (to->noise[t] * to->flux[t] + from->noise[f] * from->flux[f]) / weight;
  to->noise[t] = weight;
}

/* Puts the arm behind what there is, which ends at wavelengths above its beginning. */
static hr_status join(const hr_fits_spectra *self, const hr_fits_raw *from,
                      hr_fits_raw *to, hr_error *err) {
  hr_status status = HR_OK;
  size_t own = to->pixels, at = own, f = 0;
  double step = from->wave[1] - from->wave[0];
  while (at > 0 && to->wave[at - 1] > from->wave[0] - 0.5 * step) at--;
  for (; at < own && f < from->pixels; at++, f++) {
    bool is_same = fabs(to->wave[at] - from->wave[f]) <= same_pixel * fabs(step);
    if (!is_same) return fail_join(self, from->wave[f], err);
    merge_pixel(self, from, f, to, at);
  }
  if (f < from->pixels && at < own) return fail_join(self, from->wave[f], err);
  size_t more = from->pixels - f;
  HR_TRY(hr_fits_raw_take(to, own + more, err));
  memcpy(to->wave + own, from->wave + f, more * sizeof *to->wave);
  memcpy(to->flux + own, from->flux + f, more * sizeof *to->flux);
  memcpy(to->noise + own, from->noise + f, more * sizeof *to->noise);
  memcpy(to->bits + own, from->bits + f, more * sizeof *to->bits);
cleanup:
  return status;
}

/* Wavelengths of the arms are read every time, as they tell where the arms overlap. */
static hr_status read_desi(hr_fits_spectra *self, size_t object, hr_error *err) {
  hr_status status = HR_OK;
  self->raw.pixels = 0;
  for (size_t i = 0; i < self->bands; i++) {
    hr_fits_raw *to = i == 0 ? &self->raw : &self->band;
    HR_TRY(hr_fits_read_parts(self, &self->parts[i], object, to, err));
    if (i > 0) HR_TRY(join(self, &self->band, &self->raw, err));
  }
cleanup:
  return status;
}

const hr_fits_layout hr_fits_desi = {
    .title = "a coadd of DESI", .is = is_desi, .open = open_desi, .read = read_desi};
