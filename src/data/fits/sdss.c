/* `spec` files of SDSS (data model spec.html; SDSS-III and later, of SDSS-V too): one
 * star, a table with a row a pixel. */
#include <stdio.h>

#include "data/fits/layout.h"

static const char *const names[] = {"flux", "loglam", "ivar", "and_mask"};
enum { FLUX, LOGLAM, IVAR, AND_MASK, NAMES };

static const char *const cards[] = {"PLATEID", "MJD", "FIBERID"};
static const char *const ids[] = {"PLATEID", "MJD", "FIBERID"};
enum { CARDS = sizeof cards / sizeof cards[0] };

/* The bits of spPixelMask that count: what is bad in every exposure. */
enum { FULLREJECT = 18, NOSKY = 22, BRIGHTSKY = 23 };

/* The first table. */
static size_t find_table(const hr_fits_hdus *hdus) {
  for (size_t i = 0; i < hdus->count; i++) {
    if (hdus->items[i].is_table) return i;
  }
  return HR_FITS_NONE;
}

static bool is_sdss(const hr_fits_hdus *hdus, char lacks[HR_FITS_LACKS]) {
  size_t table = find_table(hdus);
  for (size_t i = NAMES; i > 0; i--) { /* what others lack is told first */
    if (!hr_fits_needs_column(hdus, table, names[i - 1], lacks)) return false;
  }
  return true;
}

/* Ids where the header has them: files of SDSS-V have others. */
static void take_ids(hr_fits_spectra *self) {
  int64_t value = 0;
  self->cards = cards;
  self->card_count = 0;
  for (size_t i = 0; i < CARDS; i++) {
    if (!hr_fits_card_integer(&self->hdus, 0, cards[i], &value)) return;
  }
  self->card_count = CARDS;
  self->info.ids = ids;
  self->info.id_count = CARDS;
}

static hr_status open_sdss(hr_fits_spectra *self, hr_error *err) {
  const hr_fits_hdus *hdus = &self->hdus;
  size_t table = find_table(hdus), column[NAMES];
  char unit[HR_FITS_NAME];
  for (size_t i = 0; i < NAMES; i++) {
    column[i] = hr_fits_find_column(hdus, table, names[i]);
  }
  self->info.objects = hdus->items[table].rows > 0;
  self->info.pixels = (size_t)hdus->items[table].rows;
  self->is_log = true;
  snprintf(self->waves, sizeof self->waves, "loglam, log10 of Angstrom");
  self->noise = HR_FITS_INVERSE;
  self->bad_bits = 1 << FULLREJECT | 1 << NOSKY | 1 << BRIGHTSKY;
  snprintf(self->masking, sizeof self->masking,
           "FULLREJECT, NOSKY, BRIGHTSKY of "
           "and_mask");
  self->parts[0] = (hr_fits_parts){hr_fits_column_part(hdus, table, column[LOGLAM]),
                                   hr_fits_column_part(hdus, table, column[FLUX]),
                                   hr_fits_column_part(hdus, table, column[IVAR]),
                                   hr_fits_column_part(hdus, table, column[AND_MASK])};
  take_ids(self);
  /* The catalogue's row of the star, with labels. */
  bool has_row = table + 1 < hdus->count && hdus->items[table + 1].is_table &&
                 hdus->items[table + 1].rows == 1;
  if (has_row) self->table = table + 1;
  hr_fits_card_text(hdus, 0, "BUNIT", unit);
  return hr_fits_take_flux_unit(self, "BUNIT", unit, "1E-17 erg/cm^2/s/Ang", err);
}

static hr_status read_sdss(hr_fits_spectra *self, size_t object, hr_error *err) {
  return hr_fits_read_parts(self, &self->parts[0], object, &self->raw, err);
}

const hr_fits_layout hr_fits_sdss = {
    .title = "spec of SDSS", .is = is_sdss, .open = open_sdss, .read = read_sdss};
