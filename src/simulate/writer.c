/* One dataset.h5 under a temporary name, arrays and labels side by side, renamed when it
 * is whole. */
#include "simulate/writer.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/file.h"
#include "data/frame_writer.h"
#include "data/hdf5_file.h"
#include "data/shard.h"
#include "data/sink.h"

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
};

enum { FLUX, ERROR, NOISY, ARRAYS };
static const char *const array_path[ARRAYS] = {HR_SHARD_FLUX, HR_SHARD_ERROR,
                                               HR_SHARD_NOISY};

struct hr_writer {
  char *path, *part;
  hr_sink sink;
  hid_t file; /* invalid once closed */
  hid_t array[ARRAYS];
  hr_frame_writer labels;
  hr_writer_shape shape;
  uint64_t written;
  bool started, finished; /* whether `part` exists; whether it has its final name */
};

static hr_status fail_write(const hr_writer *writer, hr_error *err) {
  return hr_hdf5_fail(err, HR_ERR_IO, "writing %s failed", writer->path);
}

/* Whether all that HDF5 has written so far has reached the file. */
static hr_status check_sink(const hr_writer *writer, hr_error *err) {
  if (!writer->sink.error) return HR_OK;
  return hr_fail_errno(err, HR_ERR_IO, writer->sink.error, "writing %s failed",
                       writer->path);
}

/* No fill values are written (every row is, before the file gets its name). A chunk
 * larger than the chunk cache then goes past it straight to the file, so that 64 MiB
 * chunks cost no memory; the default cache of 1 MiB makes sure of that. */
static hr_status create_array(hr_writer *writer, const char *path, hid_t *out,
                              hr_error *err) {
  hr_status status = HR_OK;
  const hr_writer_shape *shape = &writer->shape;
  const hsize_t size[2] = {shape->rows, shape->pixels};
  const hsize_t chunk[2] = {HR_WRITER_CHUNK_ROWS, shape->pixels};
  hid_t type = shape->dtype == HR_SIMULATE_F64 ? H5T_IEEE_F64LE : H5T_IEEE_F32LE;
  hid_t space = H5Screate_simple(2, size, NULL);
  hid_t layout = H5Pcreate(H5P_DATASET_CREATE), links = H5Pcreate(H5P_LINK_CREATE);
  bool chunked = shape->rows > HR_WRITER_MOST_CONTIGUOUS_ROWS;
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

static hr_status write_wave(hr_writer *writer, hr_error *err) {
  hr_status status = HR_OK;
  const hsize_t size = writer->shape.pixels;
  hid_t dataset = H5I_INVALID_HID, space = H5Screate_simple(1, &size, NULL);
  hid_t links = H5Pcreate(H5P_LINK_CREATE);
  if (space < 0 || links < 0 || H5Pset_create_intermediate_group(links, 1) < 0 ||
      (dataset = H5Dcreate2(writer->file, HR_SHARD_WAVE, H5T_IEEE_F64LE, space, links,
                            H5P_DEFAULT, H5P_DEFAULT)) < 0 ||
      H5Dwrite(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT,
               writer->shape.wave) < 0) {
    status = fail_write(writer, err);
  }
  hr_hdf5_release(&links);
  hr_hdf5_release(&space);
  hr_hdf5_release(&dataset);
  return status;
}

/* By which the file is known again: hr_writer_wrote. */
static const char mark_name[] = "written_by", mark_text[] = "headroom simulate";

static hr_status write_mark(hr_writer *writer, hr_error *err) {
  hr_status status = HR_OK;
  hid_t attribute = H5I_INVALID_HID, type = H5Tcopy(H5T_C_S1);
  hid_t space = H5Screate(H5S_SCALAR);
  if (type < 0 || space < 0 || H5Tset_size(type, sizeof mark_text) < 0 ||
      (attribute = H5Acreate2(writer->file, mark_name, type, space, H5P_DEFAULT,
                              H5P_DEFAULT)) < 0 ||
      H5Awrite(attribute, type, mark_text) < 0) {
    status = fail_write(writer, err);
  }
  hr_hdf5_release(&attribute);
  hr_hdf5_release(&space);
  hr_hdf5_release(&type);
  return status;
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

hr_status hr_writer_create(const char *path, const hr_writer_shape *shape,
                           hr_writer **out, hr_error *err) {
  hr_status status = HR_OK;
  hr_writer *writer = NULL;
  hr_hdf5_silence();
  HR_TRY(hr_alloc(&writer, 1, err));
  writer->sink = (hr_sink)HR_SINK_CLOSED;
  writer->file = H5I_INVALID_HID;
  for (size_t i = 0; i < ARRAYS; i++) writer->array[i] = H5I_INVALID_HID;
  writer->labels = (hr_frame_writer)HR_FRAME_WRITER_CLOSED;
  writer->shape = *shape;
  HR_TRY(hr_copy_text(path, &writer->path, err));
  HR_TRY(hr_file_part_name(path, &writer->part, err));
  HR_TRY(hr_sink_open(writer->part, &writer->sink, err));
  writer->started = true;
  writer->file = hr_sink_create_file(&writer->sink, writer->part);
  if (writer->file < 0) {
    status = fail_write(writer, err);
    goto cleanup;
  }
  HR_TRY(write_mark(writer, err));
  HR_TRY(write_wave(writer, err));
  for (size_t i = 0; i < (shape->has_noisy ? ARRAYS : NOISY); i++) {
    HR_TRY(create_array(writer, array_path[i], &writer->array[i], err));
  }
  const hr_frame_place place = {writer->file, writer->path, HR_SHARD_PARAMS};
  HR_TRY(hr_frame_writer_create(&place, hr_writer_columns, HR_COLUMN_COUNT, shape->rows,
                                &writer->labels, err));
  writer->shape.wave = NULL; /* borrowed for this call only */
  *out = writer;
  writer = NULL;
cleanup:
  hr_writer_destroy(&writer);
  return status;
}

static hr_status write_rows(hr_writer *writer, hid_t array, size_t rows,
                            const float *values, hr_error *err) {
  hr_status status = HR_OK;
  const hsize_t start[2] = {writer->written, 0};
  const hsize_t count[2] = {rows, writer->shape.pixels};
  hid_t file_space = H5Dget_space(array), space = H5Screate_simple(2, count, NULL);
  if (file_space < 0 || space < 0 ||
      H5Sselect_hyperslab(file_space, H5S_SELECT_SET, start, NULL, count, NULL) < 0 ||
      H5Dwrite(array, H5T_NATIVE_FLOAT, space, file_space, H5P_DEFAULT, values) < 0) {
    status = fail_write(writer, err);
  }
  hr_hdf5_release(&space);
  hr_hdf5_release(&file_space);
  return status;
}

hr_status hr_writer_append(hr_writer *writer, const hr_writer_rows *rows, hr_error *err) {
  hr_status status = HR_OK;
  const float *values[ARRAYS] = {rows->flux, rows->error, rows->noisy};
  for (size_t i = 0; i < (writer->shape.has_noisy ? ARRAYS : NOISY); i++) {
    HR_TRY(write_rows(writer, writer->array[i], rows->rows, values[i], err));
  }
  HR_TRY(hr_frame_writer_append(&writer->labels, rows->rows, rows->labels, err));
  HR_TRY(check_sink(writer, err));
  writer->written += rows->rows;
cleanup:
  return status;
}

/* Closes everything; false where HDF5 could not. */
static bool close_file(hr_writer *writer) {
  for (size_t i = 0; i < ARRAYS; i++) hr_hdf5_release(&writer->array[i]);
  hr_frame_writer_close(&writer->labels);
  bool good = writer->file < 0 || H5Fclose(writer->file) >= 0;
  writer->file = H5I_INVALID_HID;
  hr_sink_close(&writer->sink);
  return good;
}

hr_status hr_writer_finish(hr_writer *writer, hr_error *err) {
  hr_status status = HR_OK;
  if (writer->written != writer->shape.rows) {
    return hr_fail(err, HR_ERR_INTERNAL, "%s was to have %llu rows and got %llu",
                   writer->path, (unsigned long long)writer->shape.rows,
                   (unsigned long long)writer->written);
  }
  if (!close_file(writer)) return fail_write(writer, err);
  HR_TRY(check_sink(writer, err));
  HR_TRY(hr_file_commit(writer->part, writer->path, err));
  writer->finished = true;
cleanup:
  return status;
}

void hr_writer_destroy(hr_writer **writer) {
  if (!*writer) return;
  close_file(*writer);
  if ((*writer)->started && !(*writer)->finished) unlink((*writer)->part);
  hr_free((*writer)->path);
  hr_free((*writer)->part);
  hr_free(*writer);
  *writer = NULL;
}
