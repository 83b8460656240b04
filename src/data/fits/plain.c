/* A plain table: a column of wavelengths, one of flux and one of errors, with their units
 * in TUNIT, as specutils' `tabular-fits` and most people write them. One number a row:
 * the rows are the pixels of one spectrum; several: every row is one. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "data/fits/layout.h"

static const char *const waves[] = {"wavelength",    "wave",   "lambda",
                                    "spectral_axis", "loglam", "log_wavelength",
                                    "wavelength_air"};
static const char *const fluxes[] = {"flux", "flux_density"};
static const char *const errors[] = {"error", "err",      "uncertainty", "flux_error",
                                     "sigma", "flux_err", "e_flux"};
static const char *const inverses[] = {"ivar", "inverse_variance", "flux_ivar"};
static const char *const variances[] = {"variance", "var", "flux_variance"};
static const char *const masks[] = {"mask"};

#define FIND(hdus, hdu, names) \
  find_any(hdus, hdu, names, sizeof(names) / sizeof(*(names)))

static size_t find_any(const hr_fits_hdus *hdus, size_t hdu, const char *const *names,
                       size_t count) {
  for (size_t i = 0; i < count; i++) {
    size_t column = hr_fits_find_column(hdus, hdu, names[i]);
    if (column != HR_FITS_NONE) return column;
  }
  return HR_FITS_NONE;
}

/* The first table that has both. */
static size_t find_table(const hr_fits_hdus *hdus, const char **lacks) {
  *lacks = "a table";
  for (size_t i = 0; i < hdus->count; i++) {
    if (!hdus->items[i].is_table) continue;
    bool has_flux = FIND(hdus, i, fluxes) != HR_FITS_NONE;
    bool has_wave = FIND(hdus, i, waves) != HR_FITS_NONE;
    if (has_flux && has_wave) return i;
    *lacks = has_flux ? "the column wavelength" : "the column flux";
  }
  return HR_FITS_NONE;
}

static bool is_plain(const hr_fits_hdus *hdus, char lacks[HR_FITS_LACKS]) {
  const char *missing = NULL;
  if (find_table(hdus, &missing) != HR_FITS_NONE) return true;
  snprintf(lacks, HR_FITS_LACKS, "%s", missing);
  return false;
}

static bool is_air(const hr_fits_hdus *hdus, size_t hdu, const char *column) {
  char text[HR_FITS_NAME];
  bool vacuum = true;
  if (strcasecmp(column, "wavelength_air") == 0) return true;
  for (size_t i = 0; i <= hdu; i += hdu > 0 ? hdu : 1) {
    if (hr_fits_card_truth(hdus, i, "VACUUM", &vacuum)) return !vacuum;
    if (hr_fits_card_text(hdus, i, "AIRORVAC", text)) return strcasecmp(text, "air") == 0;
  }
  return false;
}

/* Wavelengths without a unit may be anything. Logarithms have that of the angstrom. */
static hr_status take_waves(hr_fits_spectra *self, size_t hdu, size_t column,
                            hr_error *err) {
  char unit[HR_FITS_NAME], what[HR_FITS_NAME + 16];
  const char *name = self->hdus.items[hdu].columns.items[column];
  snprintf(what, sizeof what, "the column %.60s", name);
  hr_fits_column_unit(&self->hdus, hdu, column, unit);
  self->is_log = strncasecmp(name, "log", 3) == 0;
  self->is_air = is_air(&self->hdus, hdu, name);
  if (self->is_log) {
    snprintf(self->waves, sizeof self->waves, "%s, log10 of Angstrom", what);
  } else if (unit[0] == '\0') {
    return hr_fail(err, HR_ERR_DATA,
                   "%s: %s has no unit, so that it may be anything; write TUNIT%zu, as "
                   "Angstrom, nm or um",
                   self->hdus.file.path, what, column + 1);
  } else {
    hr_status status = hr_fits_take_wave_unit(self, what, unit, "", err);
    if (status != HR_OK) return status;
  }
  size_t used = strlen(self->waves);
  snprintf(self->waves + used, sizeof self->waves - used, "%s",
           self->is_air ? ", air" : "");
  return HR_OK;
}

/* The unit of the errors is that of the flux, but for a power of ten. */
static hr_status take_noise_unit(hr_fits_spectra *self, size_t hdu, size_t flux,
                                 size_t noise, hr_error *err) {
  char own[HR_FITS_NAME], of_flux[HR_FITS_NAME];
  hr_fits_unit unit, base;
  int power = self->noise == HR_FITS_ERROR ? 1 : self->noise == HR_FITS_VARIANCE ? 2 : -2;
  hr_fits_column_unit(&self->hdus, hdu, noise, own);
  hr_fits_column_unit(&self->hdus, hdu, flux, of_flux);
  if (!own[0] || !hr_fits_unit_parse(of_flux, &base)) return HR_OK;
  base = hr_fits_unit_power(&base, power);
  bool is_same = hr_fits_unit_parse(own, &unit) && unit.mass == base.mass &&
                 unit.length == base.length && unit.time == base.time;
  if (!is_same) {
    return hr_fail(err, HR_ERR_DATA,
                   "%s: the column %.60s has the unit '%s', and the flux '%s'; an error "
                   "has that of the flux, a variance its square",
                   self->hdus.file.path, self->hdus.items[hdu].columns.items[noise], own,
                   of_flux);
  }
  self->noise_factor =
      unit.mantissa / base.mantissa * hr_power_of_ten(unit.exponent - base.exponent);
  return HR_OK;
}

static size_t find_noise(hr_fits_spectra *self, size_t hdu) {
  size_t column = FIND(&self->hdus, hdu, errors);
  self->noise = HR_FITS_ERROR;
  if (column != HR_FITS_NONE) return column;
  column = FIND(&self->hdus, hdu, inverses);
  self->noise = HR_FITS_INVERSE;
  if (column != HR_FITS_NONE) return column;
  column = FIND(&self->hdus, hdu, variances);
  self->noise = column != HR_FITS_NONE ? HR_FITS_VARIANCE : HR_FITS_NO_NOISE;
  return column;
}

static hr_fits_part part_of(const hr_fits_hdus *hdus, size_t hdu, size_t column,
                            bool has_cells) {
  if (column == HR_FITS_NONE) return hr_fits_no_part();
  return has_cells ? hr_fits_cell_part(hdu, column)
                   : hr_fits_column_part(hdus, hdu, column);
}

/* Rows are pixels where each has one number, else objects. */
static hr_status take_shape(hr_fits_spectra *self, size_t hdu, size_t flux, bool *cells,
                            hr_error *err) {
  hr_status status = HR_OK;
  uint64_t rows = self->hdus.items[hdu].rows, length = 0;
  const hr_fits_span cell = {.hdu = hdu, .column = flux};
  self->info.objects = rows > 0;
  self->info.pixels = (size_t)rows;
  if (rows == 0) return HR_OK;
  HR_TRY(hr_fits_cell_length(&self->hdus, &cell, &length, err));
  *cells = length != 1;
  if (!*cells) goto cleanup;
  self->info.objects = (size_t)rows;
  self->info.pixels = (size_t)length;
  self->table = hdu;
cleanup:
  return status;
}

static hr_status open_plain(hr_fits_spectra *self, hr_error *err) {
  hr_status status = HR_OK;
  const char *lacks = NULL;
  char unit[HR_FITS_NAME];
  bool cells = false;
  size_t hdu = find_table(&self->hdus, &lacks);
  size_t wave = FIND(&self->hdus, hdu, waves), flux = FIND(&self->hdus, hdu, fluxes);
  size_t noise = find_noise(self, hdu), mask = FIND(&self->hdus, hdu, masks);
  HR_TRY(take_shape(self, hdu, flux, &cells, err));
  HR_TRY(take_waves(self, hdu, wave, err));
  hr_fits_column_unit(&self->hdus, hdu, flux, unit);
  HR_TRY(hr_fits_take_flux_unit(self, "the column of flux", unit, "", err));
  if (noise != HR_FITS_NONE) HR_TRY(take_noise_unit(self, hdu, flux, noise, err));
  self->bad_bits = ~(int64_t)0;
  snprintf(self->masking, sizeof self->masking, "%s",
           mask == HR_FITS_NONE ? "no mask" : "any bit of mask");
  self->parts[0] = (hr_fits_parts){
      part_of(&self->hdus, hdu, wave, cells), part_of(&self->hdus, hdu, flux, cells),
      part_of(&self->hdus, hdu, noise, cells), part_of(&self->hdus, hdu, mask, cells)};
cleanup:
  return status;
}

static hr_status read_plain(hr_fits_spectra *self, size_t object, hr_error *err) {
  return hr_fits_read_parts(self, &self->parts[0], object, &self->raw, err);
}

const hr_fits_layout hr_fits_plain = {
    .title = "a plain table", .is = is_plain, .open = open_plain, .read = read_plain};
