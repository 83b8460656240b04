/* Reading the rows of one array. A compressed chunk can only be unpacked whole, so the
 * cache is given room for one row of chunks; HDF5's own cache of 1 MiB would unpack
 * large chunks anew for every few rows. */
#include "data/array.h"

#include <stdint.h>
#include <string.h>

/* The chunk shape and filters of an opened dataset. */
static hr_status read_chunking(const hr_hdf5_file *file, hid_t dataset, size_t pixels,
                               const char *object_path, hr_array_layout *out,
                               hr_error *err) {
  hid_t creation = H5Dget_create_plist(dataset);
  hsize_t chunk[2] = {0, 0};
  hr_status status = HR_OK;
  if (creation < 0) {
    status = hr_hdf5_fail(err, HR_ERR_FORMAT, "%s: cannot read how %s is stored",
                          file->path, object_path);
  } else if (H5Pget_layout(creation) == H5D_CHUNKED &&
             H5Pget_chunk(creation, 2, chunk) == 2) {
    out->compressed = H5Pget_nfilters(creation) > 0;
    out->chunk_rows = (size_t)chunk[0];
    out->chunk_bytes = (size_t)chunk[0] * (size_t)chunk[1] * out->element_bytes;
    out->chunks_across = (pixels + (size_t)chunk[1] - 1) / (size_t)chunk[1];
  }
  hr_hdf5_release(&creation);
  return status;
}

hr_status hr_array_look(const hr_hdf5_file *file, const hr_shard *shard,
                        const char *object_path, hr_array_layout *out, hr_error *err) {
  hr_status status = HR_OK;
  hid_t dataset = H5I_INVALID_HID;
  size_t shape[2] = {0, 0};
  *out = (hr_array_layout){0};
  HR_TRY(hr_hdf5_open_dataset(file, object_path, H5P_DEFAULT, &dataset, err));
  HR_TRY(hr_hdf5_shape(file, dataset, object_path, 2, shape, err));
  if (shape[0] != shard->rows || shape[1] != shard->pixels) {
    status =
        hr_fail(err, HR_ERR_DATA,
                "%s: %s is now %zu x %zu but was %zu x %zu when the study began; do "
                "not change files that are being read",
                file->path, object_path, shape[0], shape[1], shard->rows, shard->pixels);
    goto cleanup;
  }
  HR_TRY(hr_hdf5_check_floats(file, dataset, object_path, &out->element_bytes, err));
  HR_TRY(read_chunking(file, dataset, shard->pixels, object_path, out, err));
cleanup:
  hr_hdf5_release(&dataset);
  return status;
}

size_t hr_array_cache_bytes(const hr_array_layout *layout) {
  bool direct =
      layout->chunk_rows == 0 || (!layout->compressed && layout->chunks_across == 1);
  return direct ? 0 : layout->chunks_across * layout->chunk_bytes;
}

/* Access properties with a chunk cache of that size. HDF5 finds a chunk by a hash of its
 * place, in which the chunks of one row of chunks are neighbours: with more slots than
 * chunks they cannot push each other out. Pre-emption 1: chunks that were read to their
 * end go first. */
static hid_t make_access(size_t cache_bytes) {
  enum { SLOTS = 16411 }; /* a prime above the chunks that fit across 4096 pixels */
  hid_t access = H5Pcreate(H5P_DATASET_ACCESS);
  if (access >= 0 && H5Pset_chunk_cache(access, SLOTS, cache_bytes, 1.0) < 0) {
    hr_hdf5_release(&access);
  }
  return access;
}

/* binary16 of this machine's byte order; HDF5 1.10 has no name for it. Invalid where
 * there is no memory. */
static hid_t make_half_type(void) {
  hid_t type = H5Tcopy(H5T_NATIVE_FLOAT);
  bool made = type >= 0 && H5Tset_fields(type, 15, 10, 5, 0, 10) >= 0 &&
              H5Tset_size(type, sizeof(uint16_t)) >= 0 && H5Tset_ebias(type, 15) >= 0;
  if (!made) hr_hdf5_release(&type);
  return type;
}

/* Whether the values of the dataset are binary16, and not another float of two bytes. */
static bool is_half(hid_t dataset) {
  hid_t own = H5Dget_type(dataset), half = make_half_type();
  H5Tset_order(half, H5Tget_order(own));
  bool same = own >= 0 && half >= 0 && H5Tequal(own, half) > 0;
  hr_hdf5_release(&own);
  hr_hdf5_release(&half);
  return same;
}

hr_status hr_array_open(const hr_hdf5_file *file, const hr_shard *shard,
                        const char *object_path, size_t cache_bytes, hr_array *out,
                        hr_error *err) {
  hr_status status = HR_OK;
  hr_array array = HR_ARRAY_CLOSED;
  array.file = file;
  array.object_path = object_path;
  array.pixels = shard->pixels;
  hid_t access = make_access(cache_bytes);
  if (access < 0) {
    status = hr_hdf5_fail(err, HR_ERR_MEMORY, "no memory for reading %s", file->path);
    goto cleanup;
  }
  HR_TRY(hr_hdf5_open_dataset(file, object_path, access, &array.dataset, err));
  HR_TRY(
      hr_hdf5_check_floats(file, array.dataset, object_path, &array.element_bytes, err));
  array.is_half = array.element_bytes == 2 && is_half(array.dataset);
  array.space = H5Dget_space(array.dataset);
  if (array.space < 0) {
    status = hr_hdf5_fail(err, HR_ERR_FORMAT, "%s: cannot read the shape of %s",
                          file->path, object_path);
    goto cleanup;
  }
  *out = array;
  array.dataset = array.space = H5I_INVALID_HID;
cleanup:
  hr_array_close(&array);
  hr_hdf5_release(&access);
  return status;
}

void hr_array_close(hr_array *array) {
  hr_hdf5_release(&array->space);
  hr_hdf5_release(&array->dataset);
}

/* Reads rows as HDF5 type `type` into `out`; HDF5 swaps bytes where it must. */
static hr_status read_rows(const hr_array *array, size_t first, size_t rows, hid_t type,
                           void *out, hr_error *err) {
  const hsize_t start[2] = {first, 0}, count[2] = {rows, array->pixels};
  hid_t memory = H5Screate_simple(2, count, NULL);
  herr_t result = memory < 0 ? -1 : 0;
  if (result >= 0) {
    result = H5Sselect_hyperslab(array->space, H5S_SELECT_SET, start, NULL, count, NULL);
  }
  if (result >= 0) {
    result = H5Dread(array->dataset, type, memory, array->space, H5P_DEFAULT, out);
  }
  hr_status status = HR_OK;
  if (result < 0) {
    status =
        hr_hdf5_fail(err, HR_ERR_FORMAT,
                     "%s: cannot read rows %zu to %zu of %s, the file may be damaged",
                     array->file->path, first, first + rows - 1, array->object_path);
  }
  hr_hdf5_release(&memory);
  return status;
}

/* HDF5's own conversions take a value at a time and are an order slower than these loops.
 */
static void round_to_single(size_t count, const double *values, float *out) {
  for (size_t i = 0; i < count; i++) out[i] = (float)values[i];
}

/* Exponent and fraction of binary16, moved to where fp32 has them, are the number divided
 * by 2^112: what lies between the two biases. That holds below its least normal number,
 * too; infinities and NaN alone keep all bits of the exponent. */
static void widen_halves(size_t count, const uint16_t *halves, float *out) {
  for (size_t i = 0; i < count; i++) {
    uint32_t half = halves[i], bits = (half & 0x7fffU) << 13;
    float number;
    memcpy(&number, &bits, sizeof number);
    number *= 0x1p112F;
    memcpy(&bits, &number, sizeof bits);
    if ((half & 0x7c00U) == 0x7c00U) bits = 0x7f800000U | (half & 0x3ffU) << 13;
    bits |= (half & 0x8000U) << 16;
    memcpy(&out[i], &bits, sizeof bits);
  }
}

/* Some rows by way of the staging. */
static hr_status read_staged(const hr_array *array, size_t first, size_t rows,
                             const hr_array_staging *staging, float *out, hr_error *err) {
  hr_status status = HR_OK;
  size_t count = rows * array->pixels;
  hid_t type = array->is_half ? make_half_type() : H5Tcopy(H5T_NATIVE_DOUBLE);
  HR_TRY(read_rows(array, first, rows, type, staging->values, err));
  if (array->is_half) {
    widen_halves(count, (const uint16_t *)(const void *)staging->values, out);
  } else {
    round_to_single(count, staging->values, out);
  }
cleanup:
  hr_hdf5_release(&type);
  return status;
}

hr_status hr_array_read(const hr_array *array, size_t first, size_t rows,
                        const hr_array_staging *staging, float *out, hr_error *err) {
  hr_status status = HR_OK;
  if (array->element_bytes != sizeof(double) && !array->is_half) {
    return read_rows(array, first, rows, H5T_NATIVE_FLOAT, out, err);
  }
  for (size_t done = 0; done < rows; done += staging->rows) {
    size_t part = rows - done < staging->rows ? rows - done : staging->rows;
    HR_TRY(
        read_staged(array, first + done, part, staging, out + done * array->pixels, err));
  }
cleanup:
  return status;
}
