/* Opens one file and writes down what its arrays look like. A file that is still
 * growing, or was cut off, is refused here and not in the middle of a study. */
#include "data/shard.h"

#include <errno.h>
#include <math.h>
#include <sys/stat.h>

#include "core/alloc.h"
#include "core/text.h"
#include "data/hdf5_file.h"
#include "data/places_guess.h"
#include "data/rounding.h"

void hr_shard_fini(hr_shard *shard) {
  hr_free(shard->path);
  hr_free(shard->wave);
  hr_free(shard->fwhm);
  hr_free(shard->kept);
  hr_strings_fini(&shard->notes);
  hr_strings_fini(&shard->chinese_notes);
  *shard = (hr_shard){0};
}

const char *hr_shard_place(const hr_shard *shard, hr_place place) {
  return hr_place_of(&shard->places, place);
}

const char *hr_shard_rows_of(const hr_shard *shard) {
  return shard->has_flux ? hr_shard_place(shard, HR_PLACE_FLUX) : shard->noisy_path;
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
                     hr_shard_place(shard, HR_PLACE_WAVE), p);
    }
    if (p > 0 && shard->wave[p] <= shard->wave[p - 1]) {
      return hr_fail(err, HR_ERR_DATA,
                     "%s: %s does not increase from pixel %zu to %zu (%.10g, %.10g)",
                     shard->path, hr_shard_place(shard, HR_PLACE_WAVE), p - 1, p,
                     shard->wave[p - 1], shard->wave[p]);
    }
  }
  return HR_OK;
}

static hr_status read_wave(const hr_hdf5_file *file, hr_shard *shard, hr_error *err) {
  hr_status status = HR_OK;
  hid_t wave = H5I_INVALID_HID;
  HR_TRY(open_floats(file, hr_shard_place(shard, HR_PLACE_WAVE), &wave, err));
  HR_TRY(hr_hdf5_shape(file, wave, hr_shard_place(shard, HR_PLACE_WAVE), 1,
                       &shard->pixels, err));
  if (shard->pixels == 0 || shard->pixels > HR_SHARD_MOST_PIXELS) {
    status = hr_fail(err, HR_ERR_FORMAT, "%s: %s has %zu pixels; 1 to %d are possible",
                     file->path, hr_shard_place(shard, HR_PLACE_WAVE), shard->pixels,
                     HR_SHARD_MOST_PIXELS);
    goto cleanup;
  }
  HR_TRY(hr_hdf5_check_stored(file, wave, hr_shard_place(shard, HR_PLACE_WAVE), err));
  HR_TRY(hr_alloc(&shard->wave, shard->pixels, err));
  HR_TRY(hr_hdf5_read_rows(
      &(hr_hdf5_object){file, wave, hr_shard_place(shard, HR_PLACE_WAVE)},
      H5T_NATIVE_DOUBLE, (size_t[2]){0, shard->pixels}, shard->wave, err));
  HR_TRY(check_wave(shard, err));
cleanup:
  hr_hdf5_release(&wave);
  return status;
}

/* The line spread, where the file tells it. */
static hr_status read_fwhm(const hr_hdf5_file *file, hr_shard *shard, hr_error *err) {
  hr_status status = HR_OK;
  hid_t fwhm = H5I_INVALID_HID;
  bool there = false;
  size_t values = 0;
  HR_TRY(hr_hdf5_find(file, HR_SHARD_FWHM, &there, err));
  if (!there) goto cleanup;
  HR_TRY(open_floats(file, HR_SHARD_FWHM, &fwhm, err));
  HR_TRY(hr_hdf5_shape(file, fwhm, HR_SHARD_FWHM, 1, &values, err));
  if (values != shard->pixels) {
    status = hr_fail(err, HR_ERR_DATA, "%s: %s has %zu value%s, but %s has %zu pixels",
                     file->path, HR_SHARD_FWHM, values, hr_plural(values),
                     hr_shard_place(shard, HR_PLACE_WAVE), shard->pixels);
    goto cleanup;
  }
  HR_TRY(hr_hdf5_check_stored(file, fwhm, HR_SHARD_FWHM, err));
  HR_TRY(hr_alloc(&shard->fwhm, values, err));
  HR_TRY(hr_hdf5_read_rows(&(hr_hdf5_object){file, fwhm, HR_SHARD_FWHM},
                           H5T_NATIVE_DOUBLE, (size_t[2]){0, values}, shard->fwhm, err));
  for (size_t p = 0; p < values; p++) {
    if (isfinite(shard->fwhm[p]) && shard->fwhm[p] > 0) continue;
    status = hr_fail(err, HR_ERR_DATA,
                     "%s: %s is %g at pixel %zu; a line spread is above 0, in angstrom",
                     file->path, HR_SHARD_FWHM, shard->fwhm[p], p);
    goto cleanup;
  }
cleanup:
  hr_hdf5_release(&fwhm);
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
                     file->path, object_path, shape[1],
                     hr_shard_place(shard, HR_PLACE_WAVE), shard->pixels);
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
  return hr_fail(err, HR_ERR_DATA, "%s: %s has %zu row%s, but %s has %zu", file->path,
                 object_path, rows, hr_plural(rows), hr_shard_rows_of(shard),
                 shard->rows);
}

static hr_status find_noisy(const hr_hdf5_file *file, hr_shard *shard, hr_error *err) {
  const char *paths[] = {hr_shard_place(shard, HR_PLACE_NOISY), HR_SHARD_NOISY_ROOT};
  hr_status status = HR_OK;
  size_t count = shard->places.path[HR_PLACE_NOISY] ? 1 : 2;
  bool there = false;
  for (size_t i = 0; i < count && !there; i++) {
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
  const char *flux = hr_shard_place(shard, HR_PLACE_FLUX);
  shard->has_flux = true;
  if (may_lack) HR_TRY(hr_hdf5_find(file, flux, &shard->has_flux, err));
  if (!shard->has_flux && !shard->noisy_path) {
    status = check_array(file, shard, flux, &shard->rows, &reason);
    if (status != HR_OK) {
      status = hr_fail(
          err, status, "%s; nor has it noisy spectra (%s or %s), which will do",
          reason.message, hr_shard_place(shard, HR_PLACE_NOISY), HR_SHARD_NOISY_ROOT);
    }
    goto cleanup;
  }
  HR_TRY(check_array(file, shard, hr_shard_rows_of(shard), &shard->rows, err));
cleanup:
  return status;
}

/* A mask that is named has to be there: without it bad pixels would be good ones. */
static hr_status check_mask(const hr_hdf5_file *file, hr_shard *shard, hr_error *err) {
  const char *path = hr_shard_place(shard, HR_PLACE_MASK);
  hid_t mask = H5I_INVALID_HID;
  hr_status status = HR_OK;
  HR_TRY(hr_hdf5_find(file, path, &shard->has_mask, err));
  if (!shard->places.path[HR_PLACE_MASK]) goto cleanup;
  HR_TRY(hr_hdf5_open_dataset(file, path, H5P_DEFAULT, &mask, err));
cleanup:
  hr_hdf5_release(&mask);
  return status;
}

static hr_status check_error(const hr_hdf5_file *file, hr_shard *shard, bool may_lack,
                             hr_error *err) {
  hr_status status = HR_OK;
  shard->has_error = true;
  if (may_lack)
    HR_TRY(hr_hdf5_find(file, hr_shard_place(shard, HR_PLACE_ERROR), &shard->has_error,
                        err));
  if (shard->has_error)
    HR_TRY(check_beside_flux(file, shard, hr_shard_place(shard, HR_PLACE_ERROR), err));
cleanup:
  return status;
}

/* Of a file to predict: an array that does not stand where the study's files have it is
 * looked for in its usual place. */
static hr_status settle_places(const hr_hdf5_file *file, hr_places *places,
                               hr_error *err) {
  hr_status status = HR_OK;
  for (int place = 0; place < HR_PLACES; place++) {
    bool there = true;
    const char *path = places->path[place];
    if (path) HR_TRY(hr_hdf5_find(file, path, &there, err));
    if (!there) places->path[place] = NULL;
  }
cleanup:
  return status;
}

static hr_status check_arrays(const hr_hdf5_file *file, bool is_observed, hr_shard *shard,
                              hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(read_wave(file, shard, err));
  HR_TRY(read_fwhm(file, shard, err));
  HR_TRY(find_noisy(file, shard, err));
  HR_TRY(check_flux(file, shard, is_observed, err));
  shard->file_rows = shard->rows;
  HR_TRY(check_error(file, shard, is_observed, err));
  if (shard->has_flux && shard->noisy_path) {
    HR_TRY(check_beside_flux(file, shard, shard->noisy_path, err));
  }
  HR_TRY(check_mask(file, shard, err));
cleanup:
  return status;
}

static hr_status read_shard(const char *path, bool is_observed, const hr_places *places,
                            hr_shard *out, hr_error *err) {
  hr_status status = HR_OK;
  hr_hdf5_file file = HR_HDF5_FILE_CLOSED;
  struct stat info;
  hr_error reason = {.status = HR_OK};
  *out = (hr_shard){.places = places ? *places : (hr_places){{0}}};
  HR_TRY(hr_copy_text(path, &out->path, err));
  HR_TRY(hr_hdf5_open(path, &file, err));
  out->is_unlocked = file.is_unlocked;
  if (is_observed) HR_TRY(settle_places(&file, &out->places, err));
  status = check_arrays(&file, is_observed, out, &reason);
  if (status == HR_ERR_MISSING) HR_TRY(hr_places_propose(&file, &out->places, err));
  if (reason.status != HR_OK) {
    status = hr_fail(err, reason.status, "%s", reason.message);
    goto cleanup;
  }
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

hr_status hr_shard_read(const char *path, const hr_places *places, hr_shard *out,
                        hr_error *err) {
  return read_shard(path, false, places, out, err);
}

hr_status hr_shard_read_observed(const char *path, const hr_places *places, hr_shard *out,
                                 hr_error *err) {
  return read_shard(path, true, places, out, err);
}
