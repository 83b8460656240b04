/* Opens one file and writes down what its arrays look like. A file that is still
 * growing, or was cut off, is refused here and not in the middle of a study. */
#include "data/shard.h"

#include <errno.h>
#include <math.h>
#include <sys/stat.h>

#include "core/alloc.h"
#include "data/hdf5_file.h"
#include "data/rounding.h"

void hr_shard_fini(hr_shard *shard) {
  hr_free(shard->path);
  hr_free(shard->wave);
  hr_strings_fini(&shard->notes);
  hr_strings_fini(&shard->chinese_notes);
  *shard = (hr_shard){0};
}

/* Opens a dataset of floating-point numbers that is there in full. */
static hr_status open_floats(const hr_hdf5_file *file, const char *object_path,
                             hid_t *out, hr_error *err) {
  hr_status status = HR_OK;
  size_t element_bytes = 0;
  HR_TRY(hr_hdf5_open_dataset(file, object_path, H5P_DEFAULT, out, err));
  HR_TRY(hr_hdf5_check_floats(file, *out, object_path, &element_bytes, err));
cleanup:
  return status;
}

/* The grid must be usable as it stands: everything later divides by its steps. */
static hr_status check_wave(const hr_shard *shard, hr_error *err) {
  for (size_t p = 0; p < shard->pixels; p++) {
    if (!isfinite(shard->wave[p])) {
      return hr_fail(err, HR_ERR_DATA, "%s: %s is not finite at pixel %zu", shard->path,
                     HR_SHARD_WAVE, p);
    }
    if (p > 0 && shard->wave[p] <= shard->wave[p - 1]) {
      return hr_fail(err, HR_ERR_DATA,
                     "%s: %s does not increase from pixel %zu to %zu (%.10g, %.10g)",
                     shard->path, HR_SHARD_WAVE, p - 1, p, shard->wave[p - 1],
                     shard->wave[p]);
    }
  }
  return HR_OK;
}

static hr_status read_wave(const hr_hdf5_file *file, hr_shard *shard, hr_error *err) {
  hr_status status = HR_OK;
  hid_t wave = H5I_INVALID_HID;
  HR_TRY(open_floats(file, HR_SHARD_WAVE, &wave, err));
  HR_TRY(hr_hdf5_shape(file, wave, HR_SHARD_WAVE, 1, &shard->pixels, err));
  if (shard->pixels == 0 || shard->pixels > HR_SHARD_MOST_PIXELS) {
    status = hr_fail(err, HR_ERR_FORMAT, "%s: %s has %zu pixels; 1 to %d are possible",
                     file->path, HR_SHARD_WAVE, shard->pixels, HR_SHARD_MOST_PIXELS);
    goto cleanup;
  }
  HR_TRY(hr_hdf5_check_stored(file, wave, HR_SHARD_WAVE, err));
  HR_TRY(hr_alloc(&shard->wave, shard->pixels, err));
  HR_TRY(hr_hdf5_read_rows(&(hr_hdf5_object){file, wave, HR_SHARD_WAVE},
                           H5T_NATIVE_DOUBLE, (size_t[2]){0, shard->pixels}, shard->wave,
                           err));
  HR_TRY(check_wave(shard, err));
cleanup:
  hr_hdf5_release(&wave);
  return status;
}

static hr_status note_rounding(hr_shard *shard, hid_t array, const char *object_path,
                               hr_error *err) {
  hr_status status = HR_OK;
  const hr_rounding rounding = hr_rounding_find(array);
  hr_strings *lists[] = {&shard->notes, &shard->chinese_notes};
  hr_text sentence;
  if (rounding.step == 0) return HR_OK;
  hr_text_init(&sentence);
  for (int chinese = 0; chinese < 2; chinese++) {
    hr_text_fini(&sentence);
    hr_rounding_describe(&rounding, shard->path, object_path, chinese == 1, &sentence);
    HR_TRY(hr_text_status(&sentence, err));
    HR_TRY(hr_strings_append(lists[chinese], sentence.bytes, err));
  }
cleanup:
  hr_text_fini(&sentence);
  return status;
}

/* Checks one array against the number of pixels of the grid; *rows is how many it has. */
static hr_status check_array(const hr_hdf5_file *file, hr_shard *shard,
                             const char *object_path, size_t *rows, hr_error *err) {
  hr_status status = HR_OK;
  hid_t array = H5I_INVALID_HID;
  size_t shape[2] = {0};
  HR_TRY(open_floats(file, object_path, &array, err));
  HR_TRY(hr_hdf5_shape(file, array, object_path, 2, shape, err));
  if (shape[1] != shard->pixels) {
    status = hr_fail(err, HR_ERR_DATA, "%s: %s has %zu pixels a row, but %s has %zu",
                     file->path, object_path, shape[1], HR_SHARD_WAVE, shard->pixels);
    goto cleanup;
  }
  if (shape[0] > HR_SHARD_MOST_ROWS) {
    status = hr_fail(err, HR_ERR_FORMAT, "%s: %s claims %zu rows; at most %zu can be",
                     file->path, object_path, shape[0], HR_SHARD_MOST_ROWS);
    goto cleanup;
  }
  HR_TRY(hr_hdf5_check_stored(file, array, object_path, err));
  HR_TRY(note_rounding(shard, array, object_path, err));
  *rows = shape[0];
cleanup:
  hr_hdf5_release(&array);
  return status;
}

/* Error and noisy belong to the flux, or what stands in its place, row by row. */
static hr_status check_beside_flux(const hr_hdf5_file *file, hr_shard *shard,
                                   const char *object_path, hr_error *err) {
  size_t rows = 0;
  hr_status status = check_array(file, shard, object_path, &rows, err);
  if (status != HR_OK || rows == shard->rows) return status;
  return hr_fail(err, HR_ERR_DATA, "%s: %s has %zu rows, but %s has %zu", file->path,
                 object_path, rows, shard->has_flux ? HR_SHARD_FLUX : shard->noisy_path,
                 shard->rows);
}

static hr_status find_noisy(const hr_hdf5_file *file, hr_shard *shard, hr_error *err) {
  static const char *const paths[] = {HR_SHARD_NOISY, HR_SHARD_NOISY_ROOT};
  hr_status status = HR_OK;
  bool there = false;
  for (size_t i = 0; i < sizeof paths / sizeof paths[0] && !there; i++) {
    HR_TRY(hr_hdf5_find(file, paths[i], &there, err));
    if (there) shard->noisy_path = paths[i];
  }
cleanup:
  return status;
}

/* The flux, or the noisy spectra where these will do and there is no flux. */
static hr_status check_flux(const hr_hdf5_file *file, hr_shard *shard, bool may_lack,
                            hr_error *err) {
  hr_status status = HR_OK;
  hr_error reason = {.status = HR_OK};
  shard->has_flux = true;
  if (may_lack) HR_TRY(hr_hdf5_find(file, HR_SHARD_FLUX, &shard->has_flux, err));
  if (!shard->has_flux && !shard->noisy_path) {
    status = check_array(file, shard, HR_SHARD_FLUX, &shard->rows, &reason);
    if (status != HR_OK) {
      status =
          hr_fail(err, status, "%s; nor has it noisy spectra (%s or %s), which will do",
                  reason.message, HR_SHARD_NOISY, HR_SHARD_NOISY_ROOT);
    }
    goto cleanup;
  }
  HR_TRY(check_array(file, shard, shard->has_flux ? HR_SHARD_FLUX : shard->noisy_path,
                     &shard->rows, err));
cleanup:
  return status;
}

static hr_status check_error(const hr_hdf5_file *file, hr_shard *shard, bool may_lack,
                             hr_error *err) {
  hr_status status = HR_OK;
  shard->has_error = true;
  if (may_lack) HR_TRY(hr_hdf5_find(file, HR_SHARD_ERROR, &shard->has_error, err));
  if (shard->has_error) HR_TRY(check_beside_flux(file, shard, HR_SHARD_ERROR, err));
cleanup:
  return status;
}

static hr_status read_shard(const char *path, bool is_observed, hr_shard *out,
                            hr_error *err) {
  hr_status status = HR_OK;
  hr_hdf5_file file = HR_HDF5_FILE_CLOSED;
  struct stat info;
  *out = (hr_shard){0};
  HR_TRY(hr_copy_text(path, &out->path, err));
  HR_TRY(hr_hdf5_open(path, &file, err));
  out->is_unlocked = file.is_unlocked;
  HR_TRY(read_wave(&file, out, err));
  HR_TRY(find_noisy(&file, out, err));
  HR_TRY(check_flux(&file, out, is_observed, err));
  out->file_rows = out->rows;
  HR_TRY(check_error(&file, out, is_observed, err));
  if (out->has_flux && out->noisy_path) {
    HR_TRY(check_beside_flux(&file, out, out->noisy_path, err));
  }
  HR_TRY(hr_hdf5_find(&file, HR_SHARD_MASK, &out->has_mask, err));
  if (stat(path, &info) != 0) {
    status = hr_fail_errno(err, HR_ERR_MISSING, errno, "cannot look at %s", path);
    goto cleanup;
  }
  out->file_bytes = (uint64_t)info.st_size;
  out->device = (uint64_t)info.st_dev;
  out->inode = (uint64_t)info.st_ino;
cleanup:
  hr_hdf5_close(&file);
  return status;
}

hr_status hr_shard_read(const char *path, hr_shard *out, hr_error *err) {
  return read_shard(path, false, out, err);
}

hr_status hr_shard_read_observed(const char *path, hr_shard *out, hr_error *err) {
  return read_shard(path, true, out, err);
}
