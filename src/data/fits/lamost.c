/* Low-resolution spectra of LAMOST: an image of five rows (DR1 to DR7), and the table
 * COADD with one row of arrays (DR8 and later). Wavelengths are in vacuum in both, the
 * flux has no unit (data-production-description of each release). */
#include <stdio.h>
#include <string.h>

#include "data/fits/layout.h"

static const char *const cards[] = {"OBSID", "RA", "DEC", "Z", "SNRG", "SNRR", "SNRI"};
static const char *const ids[] = {"OBSID"};
enum { CARDS = sizeof cards / sizeof cards[0] };

enum { FLUX, IVAR, WAVELENGTH, ANDMASK, ROWS = 5 };

static void take_usual(hr_fits_spectra *self) {
  int64_t value = 0;
  self->info.objects = 1;
  self->noise = HR_FITS_INVERSE;
  self->bad_bits = ~(int64_t)0;
  snprintf(self->masking, sizeof self->masking, "any bit of the and-mask");
  self->cards = cards;
  self->card_count = 0;
  if (!hr_fits_card_integer(&self->hdus, 0, cards[0], &value)) return;
  self->card_count = CARDS;
  self->info.ids = ids;
  self->info.id_count = 1;
}

static hr_status take_units(hr_fits_spectra *self, const char *waves, hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(hr_fits_take_wave_unit(self, waves, "Angstrom", "", err));
  HR_TRY(hr_fits_take_flux_unit(self, "the flux", "", "", err));
cleanup:
  return status;
}

/* --- the image of five rows --- */

static bool is_image(const hr_fits_hdus *hdus, char lacks[HR_FITS_LACKS]) {
  char telescope[HR_FITS_NAME];
  const hr_fits_hdu *own = &hdus->items[0];
  snprintf(lacks, HR_FITS_LACKS, "a first image of five rows");
  if (hdus->count == 0 || own->axes != 2 || own->axis[1] != ROWS) return false;
  snprintf(lacks, HR_FITS_LACKS, "TELESCOP = 'LAMOST'");
  hr_fits_card_text(hdus, 0, "TELESCOP", telescope);
  return strcmp(telescope, "LAMOST") == 0;
}

static hr_fits_part row_of(const hr_fits_hdus *hdus, uint64_t row) {
  hr_fits_part part = hr_fits_image_part(hdus, 0);
  part.span.first = row * part.span.count;
  return part;
}

static hr_status open_image(hr_fits_spectra *self, hr_error *err) {
  const hr_fits_hdus *hdus = &self->hdus;
  take_usual(self);
  self->info.pixels = (size_t)hdus->items[0].axis[0];
  self->parts[0] = (hr_fits_parts){row_of(hdus, WAVELENGTH), row_of(hdus, FLUX),
                                   row_of(hdus, IVAR), row_of(hdus, ANDMASK)};
  return take_units(self, "the third row", err);
}

static hr_status read_lamost(hr_fits_spectra *self, size_t object, hr_error *err) {
  return hr_fits_read_parts(self, &self->parts[0], object, &self->raw, err);
}

/* --- the table --- */

static const char *const names[] = {"FLUX", "IVAR", "WAVELENGTH", "ANDMASK"};

static bool is_table(const hr_fits_hdus *hdus, char lacks[HR_FITS_LACKS]) {
  size_t table = hr_fits_find_hdu(hdus, "COADD");
  if (!hr_fits_needs_hdu(hdus, "COADD", lacks)) return false;
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (!hr_fits_needs_column(hdus, table, names[i], lacks)) return false;
  }
  return true;
}

static hr_status open_table(hr_fits_spectra *self, hr_error *err) {
  hr_status status = HR_OK;
  const hr_fits_hdus *hdus = &self->hdus;
  size_t table = hr_fits_find_hdu(hdus, "COADD");
  uint64_t pixels = 0;
  hr_fits_part part[sizeof names / sizeof names[0]];
  take_usual(self);
  self->info.objects = hdus->items[table].rows == 1;
  if (self->info.objects == 0) return HR_OK;
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    part[i] = hr_fits_cell_part(table, hr_fits_find_column(hdus, table, names[i]));
  }
  HR_TRY(hr_fits_cell_length(hdus, &part[FLUX].span, &pixels, err));
  self->info.pixels = (size_t)pixels;
  self->parts[0] =
      (hr_fits_parts){part[WAVELENGTH], part[FLUX], part[IVAR], part[ANDMASK]};
  HR_TRY(take_units(self, "WAVELENGTH of COADD", err));
cleanup:
  return status;
}

const hr_fits_layout hr_fits_lamost_image = {
    .title = "LAMOST to DR7", .is = is_image, .open = open_image, .read = read_lamost};
const hr_fits_layout hr_fits_lamost_table = {
    .title = "LAMOST from DR8", .is = is_table, .open = open_table, .read = read_lamost};
