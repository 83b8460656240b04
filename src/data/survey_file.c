/* The public face of data/fits/spectra.c. */
#include "headroom/survey_file.h"

#include <math.h>

#include "core/alloc.h"
#include "core/sized.h"
#include "data/fits/spectra.h"

struct hr_survey_file {
  hr_fits_spectra *spectra;
  hr_fits_bits bits;
  hr_fits_spectrum star;
  double *error; /* [room] */
  size_t room;
  hr_table_column column;
};

static const hr_sized sized_info = {"hr_survey_file_info",
                                    "to sizeof(hr_survey_file_info)",
                                    {sizeof(hr_survey_file_info)}};
static const hr_sized sized_spectrum = {"hr_survey_file_spectrum",
                                        "to sizeof(hr_survey_file_spectrum)",
                                        {sizeof(hr_survey_file_spectrum)}};

bool hr_survey_file_is(const char *path) {
  return hr_fits_is_fits(path);
}

void hr_survey_file_close(hr_survey_file **file) {
  hr_survey_file *self = *file;
  if (!self) return;
  hr_fits_spectra_close(&self->spectra);
  hr_fits_bits_fini(&self->bits);
  hr_fits_spectrum_fini(&self->star);
  hr_free(self->error);
  hr_table_column_fini(&self->column);
  hr_free(self);
  *file = NULL;
}

hr_status hr_survey_file_open(const char *path, const char *mask_bits,
                              hr_survey_file **out, hr_error *err) {
  hr_status status = HR_OK;
  hr_survey_file *self = NULL;
  HR_TRY(hr_alloc(&self, 1, err));
  if (mask_bits) HR_TRY(hr_fits_bits_parse(mask_bits, &self->bits, err));
  HR_TRY(hr_fits_spectra_open(path, &self->spectra, err));
  if (mask_bits) {
    HR_TRY(hr_fits_spectra_choose_bits(self->spectra, &self->bits, err));
  }
  *out = self;
  self = NULL;
cleanup:
  hr_survey_file_close(&self);
  return status;
}

hr_status hr_survey_file_get_info(const hr_survey_file *file, hr_survey_file_info *info,
                                  hr_error *err) {
  const hr_fits_spectra_info *it = hr_fits_spectra_describe(file->spectra);
  const hr_survey_file_info own = {
      .layout = it->layout,
      .objects = it->objects,
      .pixels = it->pixels,
      .is_shared = it->is_shared,
      .has_error = it->has_variance,
      .is_calibrated = it->flux.kind != HR_FLUX_RELATIVE,
      .unit = it->unit,
      .masking = it->masking,
      .ids = it->ids,
      .id_count = it->id_count,
      .columns = (const char *const *)it->columns->items,
      .column_count = it->columns->count,
  };
  return hr_sized_give(&sized_info, &own, info, err);
}

static hr_status find_errors(hr_survey_file *self, hr_error *err) {
  hr_status status = HR_OK;
  const hr_fits_spectrum *star = &self->star;
  if (star->pixels > self->room) {
    HR_TRY(hr_realloc(&self->error, self->room, star->pixels, err));
    self->room = star->pixels;
  }
  for (size_t p = 0; p < star->pixels; p++) self->error[p] = sqrt(star->variance[p]);
cleanup:
  return status;
}

hr_status hr_survey_file_read(hr_survey_file *file, uint64_t object,
                              hr_survey_file_spectrum *spectrum, hr_error *err) {
  hr_status status = HR_OK;
  size_t objects = hr_fits_spectra_describe(file->spectra)->objects;
  HR_TRY(hr_sized_check(&sized_spectrum, spectrum, err));
  if (object >= objects) {
    return hr_fail(err, HR_ERR_USAGE,
                   "object %llu was asked for, but the file has %zu, counted from 0",
                   (unsigned long long)object, objects);
  }
  HR_TRY(hr_fits_spectra_read(file->spectra, (size_t)object, &file->star, err));
  HR_TRY(find_errors(file, err));
  const hr_survey_file_spectrum own = {
      .pixels = file->star.pixels,
      .wave_angstrom = file->star.wave,
      .flux = file->star.flux,
      .error = file->error,
      .good = file->star.good,
  };
  HR_TRY(hr_sized_give(&sized_spectrum, &own, spectrum, err));
cleanup:
  return status;
}

hr_status hr_survey_file_column(hr_survey_file *file, const char *name,
                                const double **values, const int64_t **whole,
                                hr_error *err) {
  hr_table_column_fini(&file->column);
  hr_status status = hr_fits_spectra_column(file->spectra, name, &file->column, err);
  *values = file->column.values;
  *whole = file->column.integers;
  return status;
}
