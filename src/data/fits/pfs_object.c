/* pfsObject and pfsSingle of PFS, one object a file (Subaru-PFS/datamodel, datamodel.txt
 * and python/pfs/datamodel): the present layout, and that of its examples of 2017. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "data/fits/layout.h"

static const char *const cards[] = {"catId", "objId", "tract", "ra", "dec", "targetType"};
static const char *const ids[] = {"catId", "objId"};

static void take_cards(hr_fits_spectra *self, size_t hdu, size_t count) {
  self->cards = cards;
  self->card_count = count;
  self->card_hdu = hdu;
  self->info.ids = ids;
  self->info.id_count = 2;
}

/* --- the present layout --- */

static bool is_present(const hr_fits_hdus *hdus, char lacks[HR_FITS_LACKS]) {
  static const char *const names[] = {"FLUX", "MASK", "COVAR", "TARGET"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (!hr_fits_needs_hdu(hdus, names[i], lacks)) return false;
  }
  if (hdus->items[hr_fits_find_hdu(hdus, "FLUX")].axes == 1) return true;
  snprintf(lacks, HR_FITS_LACKS, "a FLUX of one spectrum");
  return false;
}

/* wavelength [pixels] by the header of `hdu`. The data model counts pixels from 1 in an
 * interface that counts from 0 (wavelengthArray.py, toFitsHeader and fromFitsHeader), so
 * that what it writes has its first pixel at the place of the second. */
static bool find_linear(const hr_fits_hdus *hdus, size_t hdu, double *first,
                        double *step) {
  double value = 0, pixel = 0;
  char type[HR_FITS_NAME], name[HR_FITS_NAME];
  if (!hr_fits_card_number(hdus, hdu, "CRVAL1", &value)) return false;
  if (!hr_fits_card_number(hdus, hdu, "CRPIX1", &pixel)) return false;
  bool has_step = hr_fits_card_number(hdus, hdu, "CDELT1", step) ||
                  hr_fits_card_number(hdus, hdu, "CD1_1", step);
  bool is_theirs =
      hr_fits_card_text(hdus, hdu, "CTYPE1", type) && strcmp(type, "WAVE") == 0 &&
      hr_fits_card_text(hdus, hdu, "CNAME1", name) && strcmp(name, "Wavelength") == 0 &&
      pixel == 0.5 * (double)hdus->items[hdu].axis[0] + 1.5;
  *first = value + ((is_theirs ? 2 : 1) - pixel) * *step;
  return has_step;
}

static hr_status take_linear(hr_fits_spectra *self, size_t hdu, hr_error *err) {
  hr_status status = HR_OK;
  double first = 0, step = 0;
  char unit[HR_FITS_NAME];
  if (!find_linear(&self->hdus, hdu, &first, &step)) {
    return hr_fail(err, HR_ERR_FORMAT,
                   "%s has no wavelengths: neither an extension WAVELENGTH nor CRVAL1, "
                   "CRPIX1 and CDELT1 of FLUX",
                   self->hdus.file.path);
  }
  hr_fits_card_text(&self->hdus, hdu, "CUNIT1", unit);
  HR_TRY(hr_fits_take_wave_unit(self, "the header of FLUX", unit, "nm", err));
  HR_TRY(hr_fits_raw_take(&self->raw, self->info.pixels, err));
  for (size_t p = 0; p < self->info.pixels; p++) {
    self->raw.wave[p] = first + step * (double)p;
  }
cleanup:
  return status;
}

static hr_status open_present(hr_fits_spectra *self, hr_error *err) {
  hr_status status = HR_OK;
  const hr_fits_hdus *hdus = &self->hdus;
  size_t flux = hr_fits_find_hdu(hdus, "FLUX"), mask = hr_fits_find_hdu(hdus, "MASK");
  size_t covar = hr_fits_find_hdu(hdus, "COVAR");
  size_t wave = hr_fits_find_hdu(hdus, "WAVELENGTH");
  uint64_t pixels = hdus->items[flux].axis[0];
  self->info.objects = 1;
  self->info.pixels = (size_t)pixels;
  if (pixels < 2 || pixels > HR_FITS_MOST_PIXELS) return HR_OK; /* refused behind this */
  HR_TRY(hr_fits_check_image(hdus, mask, (uint64_t[]){pixels, 1, 1}, err));
  HR_TRY(hr_fits_check_image(hdus, covar, (uint64_t[]){pixels, 3, 1}, err));
  HR_TRY(hr_fits_take_flux_unit(self, "FLUX", "nJy", "", err));
  self->noise = HR_FITS_VARIANCE;
  snprintf(self->masking, sizeof self->masking, "%s of MASK", hr_fits_pfs_masking);
  self->parts[0] =
      (hr_fits_parts){hr_fits_no_part(), hr_fits_image_part(hdus, flux),
                      hr_fits_image_part(hdus, covar), hr_fits_image_part(hdus, mask)};
  if (wave == HR_FITS_NONE) {
    HR_TRY(take_linear(self, flux, err));
  } else {
    HR_TRY(hr_fits_check_image(hdus, wave, (uint64_t[]){pixels, 1, 1}, err));
    HR_TRY(hr_fits_take_wave_unit(self, "the extension WAVELENGTH", "nm", "", err));
    self->parts[0].wave = hr_fits_image_part(hdus, wave);
  }
  take_cards(self, hr_fits_find_hdu(hdus, "TARGET"), sizeof cards / sizeof cards[0]);
cleanup:
  return status;
}

/* Names of bits are in the header of the mask: of its image, or of the table. */
static hr_status read_object(hr_fits_spectra *self, size_t object, hr_error *err) {
  const hr_fits_bit_names names = {self->parts[0].mask.span.hdu, NULL};
  hr_status status = hr_fits_take_pfs_bits(self, &names, err);
  if (status != HR_OK) return status;
  return hr_fits_read_parts(self, &self->parts[0], object, &self->raw, err);
}

/* --- the layout of 2017 --- */

static bool is_old(const hr_fits_hdus *hdus, char lacks[HR_FITS_LACKS]) {
  static const char *const names[] = {"lambda", "flux", "fluxVariance", "mask"};
  if (!hr_fits_needs_hdu(hdus, "FLUXTBL", lacks)) return false;
  size_t table = hr_fits_find_hdu(hdus, "FLUXTBL");
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (!hr_fits_needs_column(hdus, table, names[i], lacks)) return false;
  }
  return true;
}

/* Its table, since the header of its FLUX has a step that is rounded to fp32: half a
 * pixel too far at the end. The flux is in 1e-17 erg/s/cm2/A there. */
static hr_status open_old(hr_fits_spectra *self, hr_error *err) {
  hr_status status = HR_OK;
  enum { NUMBERS = 3 }; /* of the cards, those that it had */
  const hr_fits_hdus *hdus = &self->hdus;
  size_t table = hr_fits_find_hdu(hdus, "FLUXTBL");
  self->info.objects = hdus->items[table].rows > 0;
  self->info.pixels = (size_t)hdus->items[table].rows;
  HR_TRY(
      hr_fits_take_flux_unit(self, "FLUXTBL", "10**-17 erg/(s cm2 Angstrom)", "", err));
  HR_TRY(hr_fits_take_wave_unit(self, "lambda of FLUXTBL", "nm", "", err));
  self->noise = HR_FITS_VARIANCE;
  snprintf(self->masking, sizeof self->masking, "any bit of mask");
  self->parts[0] = (hr_fits_parts){
      hr_fits_column_part(hdus, table, hr_fits_find_column(hdus, table, "lambda")),
      hr_fits_column_part(hdus, table, hr_fits_find_column(hdus, table, "flux")),
      hr_fits_column_part(hdus, table, hr_fits_find_column(hdus, table, "fluxVariance")),
      hr_fits_column_part(hdus, table, hr_fits_find_column(hdus, table, "mask"))};
  take_cards(self, 0, NUMBERS);
cleanup:
  return status;
}

const hr_fits_layout hr_fits_pfs_object = {.title = "pfsObject of PFS",
                                           .names_bits = true,
                                           .is = is_present,
                                           .open = open_present,
                                           .read = read_object};
const hr_fits_layout hr_fits_pfs_old = {.title = "pfsObject of PFS as of 2017",
                                        .names_bits = true,
                                        .is = is_old,
                                        .open = open_old,
                                        .read = read_object};
