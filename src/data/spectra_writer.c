/* One shard under a temporary name, arrays and labels side by side, renamed when it is
 * whole. */
#include "headroom/spectra_writer.h"

#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/door.h"
#include "core/file.h"
#include "core/sized.h"
#include "data/frame_writer.h"
#include "data/hdf5_file.h"
#include "data/shard.h"
#include "data/sink.h"

/* Sets of more rows than this are chunked, CHUNK_ROWS rows a chunk, as the users'
 * simulator does; smaller ones are contiguous. HDF5 allows chunks below 4 GiB, and one
 * has to fit into a reader's memory, so that chunks of long rows have fewer of them. */
enum { MOST_CONTIGUOUS_ROWS = 65536, CHUNK_ROWS = 4096 };
#define MOST_CHUNK_BYTES ((uint64_t)128 << 20)

enum { ZERO_BYTES = 1 << 20 }; /* written at a time where errors are not known */

enum { FLUX, ERROR, NOISY, ARRAYS };
static const char *const array_path[ARRAYS] = {HR_SHARD_FLUX, HR_SHARD_ERROR,
                                               HR_SHARD_NOISY};

struct hr_spectra_writer {
  char *path, *part;
  hr_sink sink;
  hid_t file; /* invalid once closed */
  hid_t array[ARRAYS];
  hr_frame_writer labels;
  uint64_t rows, pixels, written;
  size_t label_count;
  bool *is_integer; /* [label_count] */
  hr_strings names; /* [label_count] */
  bool has_noisy;
  bool started, finished; /* whether `part` exists; whether it has its final name */
};

static const hr_sized sized_options = {"hr_spectra_writer_options",
                                       "with hr_spectra_writer_options_default()",
                                       {sizeof(hr_spectra_writer_options)}};
static const hr_sized sized_rows = {
    "hr_spectra_rows", "with hr_spectra_rows_default()", {sizeof(hr_spectra_rows)}};

/* --- what a file can have --- */

static hr_status check_wave(const hr_spectra_writer_options *options, hr_error *err) {
  const double *wave = options->wave_angstrom;
  if (!wave) {
    return hr_fail(
        err, HR_ERR_USAGE,
        "hr_spectra_writer_options.wave_angstrom is NULL; give the wavelengths "
        "of the pixels");
  }
  for (uint64_t p = 0; p < options->pixels; p++) {
    if (isfinite(wave[p]) && wave[p] > (p == 0 ? 0 : wave[p - 1])) continue;
    return hr_fail(err, HR_ERR_DATA,
                   "the wavelength of pixel %llu (counted from 0) is %g; wavelengths are "
                   "finite, above 0 and increase, in angstrom",
                   (unsigned long long)p, wave[p]);
  }
  return HR_OK;
}

static hr_status check_fwhm(const hr_spectra_writer_options *options, hr_error *err) {
  for (uint64_t p = 0; options->fwhm_angstrom && p < options->pixels; p++) {
    double fwhm = options->fwhm_angstrom[p];
    if (isfinite(fwhm) && fwhm > 0) continue;
    return hr_fail(err, HR_ERR_DATA,
                   "the line spread of pixel %llu (counted from 0) is %g; widths are "
                   "finite and above 0, in angstrom",
                   (unsigned long long)p, fwhm);
  }
  return HR_OK;
}

/* Whether pandas and PyTables take the text as the name of a column. */
static bool is_name(const char *text) {
  if (!text || !*text) return false;
  for (const char *c = text; *c; c++) {
    if (*c < ' ' || *c > '~' || *c == '\\') return false;
  }
  return true;
}

static hr_status check_labels(const hr_spectra_writer_options *options, hr_error *err) {
  for (size_t i = 0; i < options->label_count; i++) {
    const char *name = options->labels[i];
    if (!is_name(name)) {
      return hr_fail(
          err, HR_ERR_USAGE,
          "label %zu (counted from 0) has the name '%s'; names are of letters, "
          "digits and signs of ASCII, without a backslash",
          i, name ? name : "");
    }
    for (size_t j = 0; j < i; j++) {
      if (strcmp(name, options->labels[j]) != 0) continue;
      return hr_fail(err, HR_ERR_USAGE, "two labels have the name '%s'; rename one",
                     name);
    }
  }
  return HR_OK;
}

/* A folder cannot be written to, nor replaced. */
static hr_status check_is_file(const char *path, hr_error *err) {
  struct stat there;
  size_t length = strlen(path);
  bool has_slash = length > 0 && path[length - 1] == '/';
  if (length == 0) {
    return hr_fail(err, HR_ERR_USAGE,
                   "the name of the file is empty; give one, such as spectra.h5");
  }
  if (!has_slash && !(stat(path, &there) == 0 && S_ISDIR(there.st_mode))) return HR_OK;
  return hr_fail(err, HR_ERR_USAGE,
                 "%s is a folder; give the name of a file, such as %s%sspectra.h5", path,
                 path, has_slash ? "" : "/");
}

static hr_status check_options(const char *path, const hr_spectra_writer_options *options,
                               hr_error *err) {
  hr_status status = HR_OK;
  if (options->rows == 0 || options->rows > HR_SHARD_MOST_ROWS) {
    return hr_fail(
        err, HR_ERR_EMPTY, "%s was to have %llu spectra; give it between 1 and %llu",
        path, (unsigned long long)options->rows, (unsigned long long)HR_SHARD_MOST_ROWS);
  }
  if (options->pixels == 0 || options->pixels > HR_SHARD_MOST_PIXELS) {
    return hr_fail(err, HR_ERR_USAGE,
                   "%s was to have spectra of %llu pixels; give them between 1 and %d",
                   path, (unsigned long long)options->pixels, HR_SHARD_MOST_PIXELS);
  }
  HR_TRY(check_wave(options, err));
  HR_TRY(check_fwhm(options, err));
  HR_TRY(check_labels(options, err));
  HR_TRY(check_is_file(path, err));
  if (!options->replace && access(path, F_OK) == 0) {
    status = hr_fail(err, HR_ERR_USAGE,
                     "%s is there already; give another name, remove it, or %s", path,
                     HR_DOOR_OVERWRITE);
  }
cleanup:
  return status;
}

/* --- making the file --- */

static hr_status fail_write(const hr_spectra_writer *writer, hr_error *err) {
  return hr_hdf5_fail(err, HR_ERR_IO, "writing %s failed", writer->path);
}

/* Whether all that HDF5 has written so far has reached the file. */
static hr_status check_sink(const hr_spectra_writer *writer, hr_error *err) {
  if (!writer->sink.error) return HR_OK;
  return hr_fail_errno(err, HR_ERR_IO, writer->sink.error, "writing %s failed",
                       writer->path);
}

static uint64_t chunk_rows(uint64_t row_bytes) {
  uint64_t rows = CHUNK_ROWS;
  while (rows > 1 && rows * row_bytes > MOST_CHUNK_BYTES) rows /= 2;
  return rows;
}

/* No fill values are written (every row is, before the file gets its name). A chunk
 * larger than the chunk cache then goes past it straight to the file, so that 64 MiB
 * chunks cost no memory; the default cache of 1 MiB makes sure of that. */
static hr_status create_array(hr_spectra_writer *writer, const char *path, hr_dtype dtype,
                              hid_t *out, hr_error *err) {
  hr_status status = HR_OK;
  const hsize_t size[2] = {writer->rows, writer->pixels};
  const hsize_t chunk[2] = {chunk_rows(writer->pixels * (dtype == HR_FLOAT64 ? 8 : 4)),
                            writer->pixels};
  hid_t type = dtype == HR_FLOAT64 ? H5T_IEEE_F64LE : H5T_IEEE_F32LE;
  hid_t space = H5Screate_simple(2, size, NULL);
  hid_t layout = hr_hdf5_timeless(), links = H5Pcreate(H5P_LINK_CREATE);
  bool chunked = writer->rows > MOST_CONTIGUOUS_ROWS;
  if (space < 0 || layout < 0 || links < 0 ||
      H5Pset_create_intermediate_group(links, 1) < 0 ||
      H5Pset_fill_time(layout, H5D_FILL_TIME_NEVER) < 0 ||
      (chunked && H5Pset_chunk(layout, 2, chunk) < 0) ||
      (*out = H5Dcreate2(writer->file, path, type, space, links, layout, H5P_DEFAULT)) <
          0) {
    status = fail_write(writer, err);
  }
  hr_hdf5_release(&links);
  hr_hdf5_release(&layout);
  hr_hdf5_release(&space);
  return status;
}

/* An array of a number a pixel. */
static hr_status write_pixels(hr_spectra_writer *writer, const char *path,
                              const double *values, hr_error *err) {
  hr_status status = HR_OK;
  const hsize_t size = writer->pixels;
  hid_t dataset = H5I_INVALID_HID, space = H5Screate_simple(1, &size, NULL);
  hid_t links = H5Pcreate(H5P_LINK_CREATE), layout = hr_hdf5_timeless();
  if (space < 0 || links < 0 || layout < 0 ||
      H5Pset_create_intermediate_group(links, 1) < 0 ||
      (dataset = H5Dcreate2(writer->file, path, H5T_IEEE_F64LE, space, links, layout,
                            H5P_DEFAULT)) < 0 ||
      H5Dwrite(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0) {
    status = fail_write(writer, err);
  }
  hr_hdf5_release(&layout);
  hr_hdf5_release(&links);
  hr_hdf5_release(&space);
  hr_hdf5_release(&dataset);
  return status;
}

static hr_status write_mark(hr_spectra_writer *writer, const char *text, hr_error *err) {
  hr_status status = HR_OK;
  hid_t attribute = H5I_INVALID_HID, type = H5Tcopy(H5T_C_S1);
  hid_t space = H5Screate(H5S_SCALAR);
  if (type < 0 || space < 0 || H5Tset_size(type, strlen(text) + 1) < 0 ||
      (attribute = H5Acreate2(writer->file, "written_by", type, space, H5P_DEFAULT,
                              H5P_DEFAULT)) < 0 ||
      H5Awrite(attribute, type, text) < 0) {
    status = fail_write(writer, err);
  }
  hr_hdf5_release(&attribute);
  hr_hdf5_release(&space);
  hr_hdf5_release(&type);
  return status;
}

static hr_status create_frame(hr_spectra_writer *writer, hr_error *err) {
  hr_status status = HR_OK;
  hr_frame_column *columns = NULL;
  HR_TRY(hr_alloc(&columns, writer->label_count, err));
  for (size_t i = 0; i < writer->label_count; i++) {
    columns[i].name = writer->names.items[i];
    columns[i].kind =
        writer->is_integer[i] ? HR_FRAME_CELL_INTEGER : HR_FRAME_CELL_NUMBER;
  }
  const hr_frame_place place = {writer->file, writer->path, HR_SHARD_PARAMS};
  HR_TRY(hr_frame_writer_create_table(&place, columns, writer->label_count, writer->rows,
                                      &writer->labels, err));
cleanup:
  hr_free(columns);
  return status;
}

/* An empty writer that knows what is to come. */
static hr_status create_writer(const char *path, const hr_spectra_writer_options *options,
                               hr_spectra_writer **out, hr_error *err) {
  hr_status status = HR_OK;
  hr_spectra_writer *writer = NULL;
  HR_TRY(hr_alloc(&writer, 1, err));
  writer->sink = (hr_sink)HR_SINK_CLOSED;
  writer->file = H5I_INVALID_HID;
  for (size_t i = 0; i < ARRAYS; i++) writer->array[i] = H5I_INVALID_HID;
  writer->labels = (hr_frame_writer)HR_FRAME_WRITER_CLOSED;
  writer->rows = options->rows;
  writer->pixels = options->pixels;
  writer->has_noisy = options->has_noisy;
  writer->label_count = options->label_count;
  if (options->label_count > 0) {
    HR_TRY(hr_alloc(&writer->is_integer, options->label_count, err));
  }
  for (size_t i = 0; i < options->label_count; i++) {
    writer->is_integer[i] = options->is_integer && options->is_integer[i];
    HR_TRY(hr_strings_append(&writer->names, options->labels[i], err));
  }
  HR_TRY(hr_copy_text(path, &writer->path, err));
  HR_TRY(hr_file_part_name(path, &writer->part, err));
  *out = writer;
  writer = NULL;
cleanup:
  hr_spectra_writer_close(&writer);
  return status;
}

static hr_status start_file(hr_spectra_writer *writer,
                            const hr_spectra_writer_options *options, hr_error *err) {
  hr_status status = HR_OK;
  const char *mark = options->written_by ? options->written_by : "headroom";
  HR_TRY(hr_sink_open(writer->part, &writer->sink, err));
  writer->started = true;
  writer->file = hr_sink_create_file(&writer->sink, writer->part);
  if (writer->file < 0) return fail_write(writer, err);
  HR_TRY(write_mark(writer, mark, err));
  HR_TRY(write_pixels(writer, HR_SHARD_WAVE, options->wave_angstrom, err));
  if (options->fwhm_angstrom) {
    HR_TRY(write_pixels(writer, HR_SHARD_FWHM, options->fwhm_angstrom, err));
  }
  for (size_t i = 0; i < (writer->has_noisy ? ARRAYS : NOISY); i++) {
    HR_TRY(create_array(writer, array_path[i], options->dtype, &writer->array[i], err));
  }
  if (writer->label_count > 0) HR_TRY(create_frame(writer, err));
cleanup:
  return status;
}

hr_status hr_spectra_writer_open(const char *path,
                                 const hr_spectra_writer_options *options,
                                 hr_spectra_writer **out, hr_error *err) {
  hr_status status = HR_OK;
  hr_spectra_writer *writer = NULL;
  hr_spectra_writer_options own = hr_spectra_writer_options_default();
  hr_hdf5_silence();
  HR_TRY(hr_sized_take(&sized_options, options, &own, err));
  HR_TRY(check_options(path, &own, err));
  HR_TRY(create_writer(path, &own, &writer, err));
  HR_TRY(start_file(writer, &own, err));
  *out = writer;
  writer = NULL;
cleanup:
  hr_spectra_writer_close(&writer);
  return status;
}

/* --- rows --- */

/* Some rows of one array: [count][pixels] of `dtype`, from row `first` of the file on. */
typedef struct row_values {
  uint64_t first, count;
  hr_dtype dtype;
  const void *values;
} row_values;

static hr_status write_rows(hr_spectra_writer *writer, hid_t array,
                            const row_values *rows, hr_error *err) {
  hr_status status = HR_OK;
  const hsize_t start[2] = {rows->first, 0};
  const hsize_t count[2] = {rows->count, writer->pixels};
  hid_t type = rows->dtype == HR_FLOAT64 ? H5T_NATIVE_DOUBLE : H5T_NATIVE_FLOAT;
  hid_t file_space = H5Dget_space(array), space = H5Screate_simple(2, count, NULL);
  if (file_space < 0 || space < 0 ||
      H5Sselect_hyperslab(file_space, H5S_SELECT_SET, start, NULL, count, NULL) < 0 ||
      H5Dwrite(array, type, space, file_space, H5P_DEFAULT, rows->values) < 0) {
    status = fail_write(writer, err);
  }
  hr_hdf5_release(&space);
  hr_hdf5_release(&file_space);
  return status;
}

/* Errors that are not known: a study takes zeros for that. */
static hr_status write_zeros(hr_spectra_writer *writer, hid_t array, uint64_t count,
                             hr_error *err) {
  hr_status status = HR_OK;
  float *zeros = NULL;
  uint64_t most = ZERO_BYTES / (writer->pixels * sizeof *zeros) + 1;
  HR_TRY(hr_alloc(&zeros, (size_t)((most < count ? most : count) * writer->pixels), err));
  for (uint64_t done = 0; done < count;) {
    uint64_t left = count - done, taken = left < most ? left : most;
    const row_values part = {writer->written + done, taken, HR_FLOAT32, zeros};
    HR_TRY(write_rows(writer, array, &part, err));
    done += taken;
  }
cleanup:
  hr_free(zeros);
  return status;
}

static hr_status write_labels(hr_spectra_writer *writer, const hr_spectra_rows *rows,
                              hr_error *err) {
  hr_status status = HR_OK;
  hr_frame_cells *cells = NULL;
  if (writer->label_count == 0) return HR_OK;
  HR_TRY(hr_alloc(&cells, writer->label_count, err));
  for (size_t i = 0; i < writer->label_count; i++) {
    if (writer->is_integer[i])
      cells[i].integers = rows->labels[i];
    else
      cells[i].numbers = rows->labels[i];
  }
  HR_TRY(hr_frame_writer_append_cells(&writer->labels, (size_t)rows->rows, cells, err));
cleanup:
  hr_free(cells);
  return status;
}

static hr_status check_rows(const hr_spectra_writer *writer, const hr_spectra_rows *rows,
                            hr_error *err) {
  if (rows->rows > writer->rows - writer->written) {
    return hr_fail(err, HR_ERR_USAGE, "%s was to have %llu row%s and would get %llu",
                   writer->path, (unsigned long long)writer->rows,
                   hr_plural(writer->rows),
                   (unsigned long long)(writer->written + rows->rows));
  }
  bool has_labels = writer->label_count == 0 || rows->labels;
  for (size_t i = 0; has_labels && i < writer->label_count; i++) {
    has_labels = rows->labels[i] != NULL;
  }
  const char *missing = !rows->flux                         ? "flux"
                        : writer->has_noisy && !rows->noisy ? "noisy"
                        : !has_labels                       ? "labels"
                                                            : NULL;
  if (!missing) return HR_OK;
  return hr_fail(err, HR_ERR_USAGE, "hr_spectra_rows.%s is NULL, but %s is to have it",
                 missing, writer->path);
}

hr_status hr_spectra_writer_append(hr_spectra_writer *writer, const hr_spectra_rows *rows,
                                   hr_error *err) {
  hr_status status = HR_OK;
  hr_spectra_rows own = hr_spectra_rows_default();
  HR_TRY(hr_sized_take(&sized_rows, rows, &own, err));
  HR_TRY(check_rows(writer, &own, err));
  if (own.rows == 0) return HR_OK;
  const void *const values[ARRAYS] = {own.flux, own.error, own.noisy};
  for (size_t i = 0; i < (writer->has_noisy ? ARRAYS : NOISY); i++) {
    const row_values part = {writer->written, own.rows, own.dtype, values[i]};
    if (values[i])
      HR_TRY(write_rows(writer, writer->array[i], &part, err));
    else
      HR_TRY(write_zeros(writer, writer->array[i], own.rows, err));
  }
  HR_TRY(write_labels(writer, &own, err));
  HR_TRY(check_sink(writer, err));
  writer->written += own.rows;
cleanup:
  return status;
}

/* --- the end --- */

/* Closes everything; false where HDF5 could not. */
static bool close_file(hr_spectra_writer *writer) {
  for (size_t i = 0; i < ARRAYS; i++) hr_hdf5_release(&writer->array[i]);
  hr_frame_writer_close(&writer->labels);
  bool good = writer->file < 0 || H5Fclose(writer->file) >= 0;
  writer->file = H5I_INVALID_HID;
  hr_sink_close(&writer->sink);
  return good;
}

hr_status hr_spectra_writer_finish(hr_spectra_writer *writer, hr_error *err) {
  hr_status status = HR_OK;
  if (writer->written != writer->rows) {
    return hr_fail(err, HR_ERR_USAGE, "%s was to have %llu row%s and got %llu",
                   writer->path, (unsigned long long)writer->rows,
                   hr_plural(writer->rows), (unsigned long long)writer->written);
  }
  if (!close_file(writer)) return fail_write(writer, err);
  HR_TRY(check_sink(writer, err));
  HR_TRY(hr_file_commit(writer->part, writer->path, err));
  writer->finished = true;
cleanup:
  return status;
}

void hr_spectra_writer_close(hr_spectra_writer **address) {
  hr_spectra_writer *writer = *address;
  if (!writer) return;
  close_file(writer);
  if (writer->started && !writer->finished) unlink(writer->part);
  hr_strings_fini(&writer->names);
  hr_free(writer->is_integer);
  hr_free(writer->path);
  hr_free(writer->part);
  hr_free(writer);
  *address = NULL;
}
