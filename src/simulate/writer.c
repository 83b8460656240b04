/* Files of simulated stars: those of headroom/spectra_writer.h, with a mark of their own.
 */
#include "simulate/writer.h"

#include <string.h>

#include "core/alloc.h"
#include "data/hdf5_file.h"

const char *const hr_writer_columns[HR_COLUMN_COUNT] = {
    [HR_COLUMN_T_EFF] = "T_eff",
    [HR_COLUMN_LOG_G] = "log_g",
    [HR_COLUMN_M_H] = "M_H",
    [HR_COLUMN_A_M] = "a_M",
    [HR_COLUMN_C_M] = "C_M",
    [HR_COLUMN_MAG] = "mag",
    [HR_COLUMN_REDSHIFT] = "redshift",
    [HR_COLUMN_SNR] = "snr",
    [HR_COLUMN_SEEING] = "seeing",
    [HR_COLUMN_ZENITH_ANGLE] = "zenith_angle",
    [HR_COLUMN_FIELD_ANGLE] = "field_angle",
    [HR_COLUMN_RV] = "rv",
};

/* By which the file is known again. */
static const char mark_name[] = "written_by", mark_text[] = "headroom simulate";

hr_status hr_writer_create(const char *path, const hr_writer_shape *shape,
                           hr_spectra_writer **out, hr_error *err) {
  hr_spectra_writer_options options = hr_spectra_writer_options_default();
  options.rows = shape->rows;
  options.pixels = shape->pixels;
  options.wave_angstrom = shape->wave;
  options.dtype = shape->dtype == HR_SIMULATE_F64 ? HR_FLOAT64 : HR_FLOAT32;
  options.has_noisy = shape->has_noisy;
  const char *labels[HR_COLUMN_COUNT];
  size_t count = shape->columns ? shape->column_count : HR_COLUMN_RV;
  for (size_t i = 0; i < count; i++) {
    labels[i] = hr_writer_columns[shape->columns ? shape->columns[i] : i];
  }
  options.fwhm_angstrom = shape->fwhm;
  options.labels = labels;
  options.label_count = count;
  options.replace = true;
  options.written_by = mark_text;
  return hr_spectra_writer_open(path, &options, out, err);
}

bool hr_writer_wrote(const char *path) {
  hr_hdf5_file file = HR_HDF5_FILE_CLOSED;
  char *text = NULL;
  size_t size = 0;
  bool is_ours = hr_hdf5_open(path, &file, NULL) == HR_OK &&
                 hr_hdf5_attribute_text(&(hr_hdf5_object){&file, file.id, "/"}, mark_name,
                                        &text, &size, NULL) == HR_OK &&
                 text && strcmp(text, mark_text) == 0;
  hr_free(text);
  hr_hdf5_close(&file);
  return is_ours;
}
