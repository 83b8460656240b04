/* pfsCoadd and pfsCalibrated of PFS: many objects a file (Subaru-PFS/datamodel,
 * pfsTargetSpectra.py). Spectra of one length are images, of several lengths tables of
 * arrays; wavelengths are one array for all, or one an object; the bits of the mask have
 * their names in the metadata of each object. */
#include <stdio.h>

#include "core/alloc.h"
#include "data/fits/layout.h"

static const char *const ids[] = {"catId", "objId"};

static bool is_coadd(const hr_fits_hdus *hdus, char lacks[HR_FITS_LACKS]) {
  static const char *const names[] = {"TARGET", "WAVELENGTH", "FLUX",
                                      "MASK",   "COVAR",      "METADATA"};
  for (size_t i = sizeof names / sizeof names[0]; i > 0; i--) {
    if (!hr_fits_needs_hdu(hdus, names[i - 1], lacks)) return false;
  }
  return hr_fits_needs_column(hdus, hr_fits_find_hdu(hdus, "TARGET"), "objId", lacks) &&
         hr_fits_needs_column(hdus, hr_fits_find_hdu(hdus, "METADATA"), "metadata",
                              lacks);
}

static hr_status fail_part(const hr_fits_hdus *hdus, const char *name, hr_error *err) {
  return hr_fail(err, HR_ERR_FORMAT,
                 "%s: %s is neither an image nor a table with a row for each of the "
                 "objects of TARGET; get the file again",
                 hdus->file.path, name);
}

/* The rows of an image or the arrays of a table. covar: three arrays an object, of which
 * the first is the variance. */
static hr_status take_part(const hr_fits_spectra *self, const char *name, bool covar,
                           hr_fits_part *out, hr_error *err) {
  const hr_fits_hdus *hdus = &self->hdus;
  size_t hdu = hr_fits_find_hdu(hdus, name), objects = self->info.objects;
  const hr_fits_hdu *own = &hdus->items[hdu];
  if (own->is_table) {
    size_t column = hr_fits_find_column(hdus, hdu, covar ? "row_0" : "value");
    if (column == HR_FITS_NONE || own->rows != objects) return fail_part(hdus, name, err);
    *out = hr_fits_cell_part(hdu, column);
    return HR_OK;
  }
  bool is_so = covar ? own->axes == 3 && own->axis[1] == 3 && own->axis[2] == objects
                     : own->axes == 2 && own->axis[1] == objects;
  if (!is_so) return fail_part(hdus, name, err);
  *out = hr_fits_image_part(hdus, hdu);
  return HR_OK;
}

static hr_status take_waves(hr_fits_spectra *self, hr_fits_part *out, hr_error *err) {
  size_t hdu = hr_fits_find_hdu(&self->hdus, "WAVELENGTH");
  const hr_fits_hdu *own = &self->hdus.items[hdu];
  self->info.is_shared = !own->is_table && own->axes == 1;
  if (!self->info.is_shared) return take_part(self, "WAVELENGTH", false, out, err);
  *out = hr_fits_image_part(&self->hdus, hdu);
  return HR_OK;
}

/* The longest spectrum: of an image, or of the arrays of a table. */
static hr_status find_pixels(hr_fits_spectra *self, const hr_fits_part *flux,
                             hr_error *err) {
  hr_status status = HR_OK;
  hr_fits_span cell = flux->span;
  self->info.pixels = (size_t)cell.count;
  if (!flux->has_length) return HR_OK;
  for (size_t i = 0; i < self->info.objects; i++) {
    uint64_t length = 0;
    cell.row = i;
    HR_TRY(hr_fits_cell_length(&self->hdus, &cell, &length, err));
    if (length > self->info.pixels) self->info.pixels = (size_t)length;
  }
cleanup:
  return status;
}

static hr_status open_coadd(hr_fits_spectra *self, hr_error *err) {
  hr_status status = HR_OK;
  hr_fits_parts *parts = &self->parts[0];
  self->table = hr_fits_find_hdu(&self->hdus, "TARGET");
  self->info.objects = (size_t)self->hdus.items[self->table].rows;
  self->info.ids = ids;
  self->info.id_count = 2;
  self->noise = HR_FITS_VARIANCE;
  snprintf(self->masking, sizeof self->masking, "%s of MASK", hr_fits_pfs_masking);
  if (self->info.objects == 0) return HR_OK;
  HR_TRY(hr_fits_take_flux_unit(self, "FLUX", "nJy", "", err));
  HR_TRY(hr_fits_take_wave_unit(self, "the extension WAVELENGTH", "nm", "", err));
  HR_TRY(take_part(self, "FLUX", false, &parts->flux, err));
  HR_TRY(take_part(self, "MASK", false, &parts->mask, err));
  HR_TRY(take_part(self, "COVAR", true, &parts->noise, err));
  HR_TRY(take_waves(self, &parts->wave, err));
  HR_TRY(find_pixels(self, &parts->flux, err));
cleanup:
  return status;
}

static hr_status read_coadd(hr_fits_spectra *self, size_t object, hr_error *err) {
  hr_status status = HR_OK;
  char *text = NULL;
  size_t metadata = hr_fits_find_hdu(&self->hdus, "METADATA");
  const hr_fits_span cell = {
      .hdu = metadata,
      .column = hr_fits_find_column(&self->hdus, metadata, "metadata"),
      .row = object};
  HR_TRY(hr_fits_read_parts(self, &self->parts[0], object, &self->raw, err));
  HR_TRY(hr_fits_read_text(&self->hdus, &cell, &text, err));
  const hr_fits_bit_names names = {metadata, text};
  HR_TRY(hr_fits_take_pfs_bits(self, &names, err));
cleanup:
  hr_free(text);
  return status;
}

const hr_fits_layout hr_fits_pfs_coadd = {.title = "pfsCoadd of PFS",
                                          .names_bits = true,
                                          .is = is_coadd,
                                          .open = open_coadd,
                                          .read = read_coadd};
