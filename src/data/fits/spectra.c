/* Finding the layout, and making what each reader finds into one kind of spectrum. */
#include "data/fits/spectra.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "data/fits/layout.h"
#include "data/vacuum.h"

/* Those that ask for more come first. */
static const hr_fits_layout *const layouts[] = {
    &hr_fits_pfs_coadd, &hr_fits_pfs_object,   &hr_fits_pfs_old,      &hr_fits_desi,
    &hr_fits_sdss,      &hr_fits_lamost_image, &hr_fits_lamost_table, &hr_fits_plain};
enum { LAYOUTS = sizeof layouts / sizeof layouts[0] };

void hr_fits_spectrum_fini(hr_fits_spectrum *spectrum) {
  hr_free(spectrum->wave);
  hr_free(spectrum->flux);
  hr_free(spectrum->variance);
  hr_free(spectrum->good);
  *spectrum = (hr_fits_spectrum){0};
}

static void raw_fini(hr_fits_raw *raw) {
  hr_free(raw->wave);
  hr_free(raw->flux);
  hr_free(raw->noise);
  hr_free(raw->bits);
}

void hr_fits_spectra_close(hr_fits_spectra **spectra) {
  hr_fits_spectra *self = *spectra;
  if (!self) return;
  hr_fits_table_destroy(&self->rows);
  hr_fits_hdus_close(&self->hdus);
  raw_fini(&self->raw);
  raw_fini(&self->band);
  hr_free(self->shared);
  hr_strings_fini(&self->columns);
  hr_free(self);
  *spectra = NULL;
}

bool hr_fits_is_fits(const char *path) {
  char begin[HR_FITS_MAGIC + 1] = "";
  FILE *file = fopen(path, "rbe");
  if (!file) return false;
  size_t size = fread(begin, 1, HR_FITS_MAGIC, file);
  fclose(file);
  return size == HR_FITS_MAGIC && strcmp(begin, hr_fits_magic) == 0;
}

/* --- opening --- */

static hr_status fail_layout(const hr_fits_hdus *hdus, hr_error *err) {
  hr_text list;
  hr_text_init(&list);
  for (size_t i = 0; i < LAYOUTS; i++) {
    char lacks[HR_FITS_LACKS] = "";
    layouts[i]->is(hdus, lacks);
    hr_text_append(&list, "%s%s (lacks %s)", i == 0 ? "" : ", ", layouts[i]->title,
                   lacks);
  }
  hr_status status = hr_text_status(&list, err);
  if (status == HR_OK) {
    status = hr_fail(err, HR_ERR_FORMAT,
                     "%s is laid out as no file of spectra that is known: %s",
                     hdus->file.path, list.bytes);
  }
  hr_text_fini(&list);
  return status;
}

static hr_status find_layout(hr_fits_spectra *self, hr_error *err) {
  char lacks[HR_FITS_LACKS] = "";
  for (size_t i = 0; i < LAYOUTS && !self->layout; i++) {
    if (layouts[i]->is(&self->hdus, lacks)) self->layout = layouts[i];
  }
  return self->layout ? HR_OK : fail_layout(&self->hdus, err);
}

static hr_status check_size(const hr_fits_spectra *self, hr_error *err) {
  const hr_fits_spectra_info *info = &self->info;
  if (info->objects == 0) {
    return hr_fail(err, HR_ERR_EMPTY, "%s holds no spectra", self->hdus.file.path);
  }
  if (info->pixels >= 2 && info->pixels <= HR_FITS_MOST_PIXELS) return HR_OK;
  return hr_fail(err, HR_ERR_FORMAT,
                 "%s has spectra of %zu pixels; from 2 to %d are read",
                 self->hdus.file.path, info->pixels, HR_FITS_MOST_PIXELS);
}

hr_status hr_fits_spectra_open(const char *path, hr_fits_spectra **out, hr_error *err) {
  hr_status status = HR_OK;
  hr_fits_spectra *self = NULL;
  HR_TRY(hr_alloc(&self, 1, err));
  self->angstrom = self->noise_factor = 1;
  self->table = HR_FITS_NONE;
  self->bands = 1;
  HR_TRY(hr_fits_hdus_open(path, &self->hdus, err));
  HR_TRY(find_layout(self, err));
  self->info.layout = self->layout->title;
  HR_TRY(self->layout->open(self, err));
  HR_TRY(check_size(self, err));
  for (size_t i = 0; i < self->card_count; i++) {
    HR_TRY(hr_strings_append(&self->columns, self->cards[i], err));
  }
  HR_TRY(hr_fits_list_columns(self, err));
  self->info.unit = self->unit;
  self->info.waves = self->waves;
  self->info.masking = self->masking;
  self->info.has_variance = self->noise != HR_FITS_NO_NOISE;
  self->info.columns = &self->columns;
  *out = self;
  self = NULL;
cleanup:
  hr_fits_spectra_close(&self);
  return status;
}

const hr_fits_spectra_info *hr_fits_spectra_describe(const hr_fits_spectra *spectra) {
  return &spectra->info;
}

/* --- reading --- */

static hr_status make_room(hr_fits_spectrum *out, size_t pixels, hr_error *err) {
  hr_status status = HR_OK;
  out->pixels = pixels;
  if (pixels <= out->room) return HR_OK;
  HR_TRY(hr_realloc(&out->wave, out->room, pixels, err));
  HR_TRY(hr_realloc(&out->flux, out->room, pixels, err));
  HR_TRY(hr_realloc(&out->variance, out->room, pixels, err));
  HR_TRY(hr_realloc(&out->good, out->room, pixels, err));
  out->room = pixels;
cleanup:
  return status;
}

static double wavelength_of(const hr_fits_spectra *self, double stored) {
  double wave = self->angstrom * (self->is_log ? pow(10, stored) : stored);
  return self->is_air ? hr_vacuum_wavelength(wave) : wave;
}

/* In vacuum, in angstrom, as the file has them in order. */
static hr_status find_wavelengths(hr_fits_spectra *self, double *out, hr_error *err) {
  const hr_fits_raw *raw = &self->raw;
  if (self->shared) {
    memcpy(out, self->shared, raw->pixels * sizeof *out);
    return HR_OK;
  }
  for (size_t p = 0; p < raw->pixels; p++) out[p] = wavelength_of(self, raw->wave[p]);
  if (!self->info.is_shared) return HR_OK;
  hr_status status = hr_alloc(&self->shared, raw->pixels, err);
  if (status == HR_OK) memcpy(self->shared, out, raw->pixels * sizeof *out);
  return status;
}

/* The variance of a pixel in the unit of the file; 0 where there is none to go by. */
static double variance_of(const hr_fits_spectra *self, double stored) {
  double own = stored * self->noise_factor;
  if (!(own > 0) || !isfinite(own)) return 0;
  if (self->noise == HR_FITS_ERROR) return own * own;
  if (self->noise == HR_FITS_VARIANCE) return own;
  return stored > self->least_inverse ? 1 / own : 0;
}

static void convert_pixel(const hr_fits_spectra *self, size_t from, size_t to,
                          hr_fits_spectrum *out) {
  const hr_fits_raw *raw = &self->raw;
  double factor = hr_flux_per_angstrom(&self->info.flux, out->wave[to]);
  bool is_marked = (raw->bits[from] & self->bad_bits) != 0;
  double flux = raw->flux[from] * factor, variance = 0;
  if (self->noise != HR_FITS_NO_NOISE) {
    variance = variance_of(self, raw->noise[from]) * factor * factor;
  }
  bool is_known = self->noise == HR_FITS_NO_NOISE || (variance > 0 && isfinite(variance));
  out->flux[to] = flux;
  out->variance[to] = isfinite(variance) ? variance : 0;
  out->good[to] = isfinite(flux) && is_known && !is_marked;
}

static void reverse(double *values, size_t count) {
  for (size_t i = 0; i < count / 2; i++) {
    double value = values[i];
    values[i] = values[count - 1 - i];
    values[count - 1 - i] = value;
  }
}

static hr_status check_wavelengths(const hr_fits_spectra *self, size_t object,
                                   const hr_fits_spectrum *out, hr_error *err) {
  for (size_t p = 0; p < out->pixels; p++) {
    bool ascends = p == 0 ? out->wave[0] > 0 : out->wave[p] > out->wave[p - 1];
    if (ascends && isfinite(out->wave[p])) continue;
    return hr_fail(err, HR_ERR_DATA,
                   "%s: the wavelengths of object %zu (counted from 0) are not above 0 "
                   "and in order at pixel %zu: %g angstrom by %s",
                   self->hdus.file.path, object, p, out->wave[p], self->waves);
  }
  return HR_OK;
}

hr_status hr_fits_spectra_read(hr_fits_spectra *spectra, size_t object,
                               hr_fits_spectrum *out, hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(spectra->layout->read(spectra, object, err));
  size_t pixels = spectra->raw.pixels;
  HR_TRY(make_room(out, pixels, err));
  HR_TRY(find_wavelengths(spectra, out->wave, err));
  bool descends = pixels > 1 && out->wave[0] > out->wave[pixels - 1];
  if (descends) reverse(out->wave, pixels);
  HR_TRY(check_wavelengths(spectra, object, out, err));
  for (size_t p = 0; p < pixels; p++) {
    convert_pixel(spectra, descends ? pixels - 1 - p : p, p, out);
  }
cleanup:
  return status;
}

/* --- columns --- */

static hr_status fail_column(const hr_fits_spectra *self, const char *name,
                             hr_error *err) {
  hr_text list;
  hr_text_init(&list);
  hr_text_append(&list, "%s", self->columns.count == 0 ? "none" : "");
  for (size_t i = 0; i < self->columns.count; i++) {
    hr_text_append(&list, "%s%s", i == 0 ? "" : ", ", self->columns.items[i]);
  }
  hr_status status = hr_text_status(&list, err);
  if (status == HR_OK) {
    status = hr_fail(err, HR_ERR_DATA, "%s has no column %.60s of numbers; it has %s",
                     self->hdus.file.path, name, list.bytes);
  }
  hr_text_fini(&list);
  return status;
}

/* A number in a header is that of all objects, of which there is one. */
static hr_status read_card(const hr_fits_spectra *self, const char *name,
                           hr_table_column *out, hr_error *err) {
  hr_status status = HR_OK;
  int64_t whole = 0;
  double value = (double)NAN;
  bool has_whole = false;
  *out = (hr_table_column){.precision = HR_PRECISION_DOUBLE};
  HR_TRY(hr_alloc(&out->values, self->info.objects, err));
  hr_fits_card_number(&self->hdus, self->card_hdu, name, &value);
  has_whole = hr_fits_card_integer(&self->hdus, self->card_hdu, name, &whole) &&
              (double)whole == value;
  for (size_t i = 0; i < self->info.objects; i++) out->values[i] = value;
  if (!has_whole) goto cleanup;
  HR_TRY(hr_alloc(&out->integers, self->info.objects, err));
  for (size_t i = 0; i < self->info.objects; i++) out->integers[i] = whole;
cleanup:
  return status;
}

hr_status hr_fits_spectra_column(hr_fits_spectra *spectra, const char *name,
                                 hr_table_column *out, hr_error *err) {
  *out = (hr_table_column){0};
  if (!hr_strings_has(&spectra->columns, name)) return fail_column(spectra, name, err);
  for (size_t i = 0; i < spectra->card_count; i++) {
    if (strcmp(spectra->cards[i], name) == 0) return read_card(spectra, name, out, err);
  }
  size_t column = hr_fits_find_column(&spectra->hdus, spectra->table, name);
  return hr_fits_table_read(spectra->rows, column, out, err);
}
