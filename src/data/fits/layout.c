/* What the readers of all layouts share. */
#include "data/fits/layout.h"

#include <stdio.h>
#include <string.h>

#include "core/alloc.h"

/* --- what a file has --- */

bool hr_fits_needs_hdu(const hr_fits_hdus *hdus, const char *name,
                       char lacks[HR_FITS_LACKS]) {
  if (hr_fits_find_hdu(hdus, name) != HR_FITS_NONE) return true;
  snprintf(lacks, HR_FITS_LACKS, "the extension %s", name);
  return false;
}

bool hr_fits_needs_column(const hr_fits_hdus *hdus, size_t hdu, const char *name,
                          char lacks[HR_FITS_LACKS]) {
  if (hr_fits_find_column(hdus, hdu, name) != HR_FITS_NONE) return true;
  snprintf(lacks, HR_FITS_LACKS, "the column %s", name);
  return false;
}

hr_status hr_fits_check_image(const hr_fits_hdus *hdus, size_t hdu,
                              const uint64_t axis[HR_FITS_AXES], hr_error *err) {
  const hr_fits_hdu *own = &hdus->items[hdu];
  bool is_so = !own->is_table;
  for (size_t a = 0; a < HR_FITS_AXES && is_so; a++) is_so = own->axis[a] == axis[a];
  if (is_so) return HR_OK;
  return hr_fail(err, HR_ERR_FORMAT,
                 "%s: %s is no image of %llu x %llu x %llu, as the flux asks for; the "
                 "arrays of a file have to go together",
                 hdus->file.path, own->name, (unsigned long long)axis[0],
                 (unsigned long long)axis[1], (unsigned long long)axis[2]);
}

void hr_fits_column_unit(const hr_fits_hdus *hdus, size_t hdu, size_t column,
                         char out[HR_FITS_NAME]) {
  char key[16];
  snprintf(key, sizeof key, "TUNIT%zu", column + 1);
  hr_fits_card_text(hdus, hdu, key, out);
}

/* --- units --- */

hr_status hr_fits_take_flux_unit(hr_fits_spectra *self, const char *what,
                                 const char *unit, const char *usual, hr_error *err) {
  hr_fits_unit own;
  const char *text = unit[0] ? unit : usual;
  snprintf(self->unit, sizeof self->unit, "%s", text);
  self->info.flux = (hr_flux_unit){HR_FLUX_RELATIVE, 1};
  if (!text[0]) {
    snprintf(self->unit, sizeof self->unit, "no unit, taken per wavelength");
    return HR_OK;
  }
  if (hr_fits_unit_parse(text, &own) && hr_fits_unit_flux(&own, &self->info.flux)) {
    return HR_OK;
  }
  return hr_fail(err, HR_ERR_DATA,
                 "%s: %s has the unit '%s', which is none of a flux density; write it "
                 "per wavelength or per frequency, as erg/s/cm2/Angstrom or nJy",
                 self->hdus.file.path, what, text);
}

hr_status hr_fits_take_wave_unit(hr_fits_spectra *self, const char *what,
                                 const char *unit, const char *usual, hr_error *err) {
  hr_fits_unit own;
  const char *text = unit[0] ? unit : usual;
  snprintf(self->waves, sizeof self->waves, "%s, %s", what, text);
  if (hr_fits_unit_parse(text, &own) && hr_fits_unit_wavelength(&own, &self->angstrom)) {
    return HR_OK;
  }
  return hr_fail(err, HR_ERR_DATA,
                 "%s: %s has the unit '%s', which is none of a wavelength; write it in "
                 "Angstrom, nm or um",
                 self->hdus.file.path, what, text);
}

/* --- arrays --- */

hr_fits_part hr_fits_image_part(const hr_fits_hdus *hdus, size_t hdu) {
  uint64_t pixels = hdus->items[hdu].axis[0];
  bool has_rows = hdus->items[hdu].axes > 1;
  return (hr_fits_part){
      .span = {.hdu = hdu, .column = HR_FITS_NONE, .count = pixels},
      .stride = has_rows
                    ? pixels * (hdus->items[hdu].axes > 2 ? hdus->items[hdu].axis[1] : 1)
                    : 0};
}

hr_fits_part hr_fits_cell_part(size_t hdu, size_t column) {
  return (hr_fits_part){
      .span = {.hdu = hdu, .column = column}, .stride = 1, .has_length = true};
}

hr_fits_part hr_fits_column_part(const hr_fits_hdus *hdus, size_t hdu, size_t column) {
  return (hr_fits_part){
      .span = {.hdu = hdu, .column = column, .count = hdus->items[hdu].rows}};
}

hr_fits_part hr_fits_no_part(void) {
  return (hr_fits_part){.span = {.hdu = HR_FITS_NONE, .column = HR_FITS_NONE}};
}

hr_status hr_fits_raw_take(hr_fits_raw *raw, size_t pixels, hr_error *err) {
  hr_status status = HR_OK;
  raw->pixels = pixels;
  if (pixels <= raw->room) return HR_OK;
  HR_TRY(hr_realloc(&raw->wave, raw->room, pixels, err));
  HR_TRY(hr_realloc(&raw->flux, raw->room, pixels, err));
  HR_TRY(hr_realloc(&raw->noise, raw->room, pixels, err));
  HR_TRY(hr_realloc(&raw->bits, raw->room, pixels, err));
  raw->room = pixels;
cleanup:
  return status;
}

/* The part as it is for an object; its length is known then. */
static hr_status locate(const hr_fits_spectra *self, const hr_fits_part *part,
                        size_t object, hr_fits_span *out, hr_error *err) {
  *out = part->span;
  if (part->span.hdu == HR_FITS_NONE) return HR_OK;
  if (out->column == HR_FITS_NONE) {
    out->first += object * part->stride;
  } else {
    out->row += object * part->stride;
  }
  if (!part->has_length) return HR_OK;
  return hr_fits_cell_length(&self->hdus, out, &out->count, err);
}

static hr_status check_length(const hr_fits_spectra *self, size_t object, uint64_t pixels,
                              const hr_fits_span *span, hr_error *err) {
  if (span->hdu == HR_FITS_NONE || span->count == pixels) return HR_OK;
  return hr_fail(err, HR_ERR_FORMAT,
                 "%s: object %zu (counted from 0) has %llu values of flux and %llu in "
                 "extension %zu; they have to be as many",
                 self->hdus.file.path, object, (unsigned long long)pixels,
                 (unsigned long long)span->count, span->hdu);
}

hr_status hr_fits_read_parts(const hr_fits_spectra *self, const hr_fits_parts *parts,
                             size_t object, hr_fits_raw *out, hr_error *err) {
  hr_status status = HR_OK;
  hr_fits_span wave, flux, noise, mask;
  HR_TRY(locate(self, &parts->wave, object, &wave, err));
  HR_TRY(locate(self, &parts->flux, object, &flux, err));
  HR_TRY(locate(self, &parts->noise, object, &noise, err));
  HR_TRY(locate(self, &parts->mask, object, &mask, err));
  HR_TRY(check_length(self, object, flux.count, &wave, err));
  HR_TRY(check_length(self, object, flux.count, &noise, err));
  HR_TRY(check_length(self, object, flux.count, &mask, err));
  if (flux.count < 2 || flux.count > HR_FITS_MOST_PIXELS) {
    return hr_fail(
        err, HR_ERR_FORMAT,
        "%s: object %zu (counted from 0) has %llu pixels; from 2 to %d are read",
        self->hdus.file.path, object, (unsigned long long)flux.count,
        HR_FITS_MOST_PIXELS);
  }
  HR_TRY(hr_fits_raw_take(out, (size_t)flux.count, err));
  memset(out->bits, 0, out->pixels * sizeof *out->bits);
  HR_TRY(hr_fits_read_numbers(&self->hdus, &flux, out->flux, err));
  bool is_known = self->shared && self->bands == 1;
  bool has_wave = wave.hdu != HR_FITS_NONE && !is_known;
  if (has_wave) HR_TRY(hr_fits_read_numbers(&self->hdus, &wave, out->wave, err));
  if (noise.hdu != HR_FITS_NONE) {
    HR_TRY(hr_fits_read_numbers(&self->hdus, &noise, out->noise, err));
  }
  if (mask.hdu != HR_FITS_NONE) {
    HR_TRY(hr_fits_read_wholes(&self->hdus, &mask, out->bits, err));
  }
cleanup:
  return status;
}

/* --- columns --- */

hr_status hr_fits_list_columns(hr_fits_spectra *self, hr_error *err) {
  hr_status status = HR_OK;
  size_t count = 0;
  char number[24];
  if (self->table == HR_FITS_NONE) return HR_OK;
  snprintf(number, sizeof number, "%zu", self->table);
  HR_TRY(hr_fits_table_create(self->hdus.file.path, number, &self->rows, err));
  const char *const *names = hr_fits_table_names(self->rows, &count);
  for (size_t i = 0; i < count; i++) {
    hr_values_kind kind = hr_fits_table_kind(self->rows, i);
    if (names[i][0] == '\0' || kind > HR_VALUES_TRUTHS) continue;
    HR_TRY(hr_strings_append(&self->columns, names[i], err));
  }
cleanup:
  return status;
}
