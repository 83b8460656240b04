/* Reading the rows of one array. A compressed chunk can only be unpacked whole, so the
 * cache is given room for one row of chunks; HDF5's own cache of 1 MiB would unpack
 * large chunks anew for every few rows. */
#include "data/array.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

static bool is_mask(const hr_shard *shard, const char *object_path) {
  return strcmp(object_path, hr_shard_place(shard, HR_PLACE_MASK)) == 0;
}

/* The mask's type, as this machine would hold it. */
static hr_status check_whole(const hr_hdf5_object *mask, hid_t *native,
                             size_t *element_bytes, hr_error *err) {
  hid_t dataset = mask->id;
  hid_t type = H5Dget_type(dataset);
  H5T_class_t class = type < 0 ? H5T_NO_CLASS : H5Tget_class(type);
  bool is_whole = class == H5T_INTEGER || class == H5T_ENUM || class == H5T_BITFIELD;
  *native = is_whole ? H5Tget_native_type(type, H5T_DIR_ASCEND) : H5I_INVALID_HID;
  size_t bytes = *native < 0 ? 0 : H5Tget_size(*native);
  hr_hdf5_release(&type);
  *element_bytes = bytes;
  if (bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8) return HR_OK;
  return hr_fail(err, HR_ERR_FORMAT,
                 "%s: %s holds neither integers nor booleans; write 0 for good pixels "
                 "there, or set data.mask: none",
                 mask->file->path, mask->path);
}

/* Checks what the array holds; *native is left alone but for a mask. */
static hr_status check_type(const hr_hdf5_object *array, const hr_shard *shard,
                            hid_t *native, size_t *element_bytes, hr_error *err) {
  if (is_mask(shard, array->path)) {
    return check_whole(array, native, element_bytes, err);
  }
  return hr_hdf5_check_floats(array->file, array->id, array->path, element_bytes, err);
}

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
  hid_t dataset = H5I_INVALID_HID, native = H5I_INVALID_HID;
  size_t shape[2] = {0, 0};
  *out = (hr_array_layout){0};
  HR_TRY(hr_hdf5_open_dataset(file, object_path, H5P_DEFAULT, &dataset, err));
  HR_TRY(hr_hdf5_shape(file, dataset, object_path, 2, shape, err));
  bool is_same = shape[0] == shard->file_rows && shape[1] == shard->pixels;
  if (is_mask(shard, object_path) && !is_same) {
    status =
        hr_fail(err, HR_ERR_DATA,
                "%s: %s is %zu x %zu, but %s is %zu x %zu; make the mask anew, or "
                "set data.mask: none",
                file->path, object_path, shape[0], shape[1],
                hr_shard_place(shard, HR_PLACE_FLUX), shard->file_rows, shard->pixels);
    goto cleanup;
  }
  if (!is_same) {
    status = hr_fail(err, HR_ERR_DATA,
                     "%s: %s is now %zu x %zu but was %zu x %zu when the study began; do "
                     "not change files that are being read",
                     file->path, object_path, shape[0], shape[1], shard->file_rows,
                     shard->pixels);
    goto cleanup;
  }
  HR_TRY(check_type(&(hr_hdf5_object){file, dataset, object_path}, shard, &native,
                    &out->element_bytes, err));
  if (is_mask(shard, object_path)) {
    HR_TRY(hr_hdf5_check_stored(file, dataset, object_path, err));
  }
  HR_TRY(read_chunking(file, dataset, shard->pixels, object_path, out, err));
cleanup:
  hr_hdf5_release(&native);
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

/* Whether the dataset is one piece of native fp32. */
static bool is_one_piece(hid_t dataset) {
  hid_t creation = H5Dget_create_plist(dataset), type = H5Dget_type(dataset);
  bool is_one = creation >= 0 && type >= 0 && H5Pget_layout(creation) == H5D_CONTIGUOUS &&
                H5Pget_external_count(creation) == 0 &&
                H5Tequal(type, H5T_NATIVE_FLOAT) > 0;
  hr_hdf5_release(&creation);
  hr_hdf5_release(&type);
  return is_one;
}

/* HDF5's descriptor of the file, where it reads it by plain calls; -1. */
static int descriptor_of(hid_t file) {
  hid_t access = H5Fget_access_plist(file);
  void *handle = NULL;
  bool is_plain = access >= 0 && H5Pget_driver(access) == H5FD_SEC2 &&
                  H5Fget_vfd_handle(file, access, &handle) >= 0;
  hr_hdf5_release(&access);
  return is_plain && handle ? *(const int *)handle : -1;
}

/* Values that were never written have no place in the file. */
static void find_place(hr_array *array) {
  if (!is_one_piece(array->dataset)) return;
  haddr_t offset = H5Dget_offset(array->dataset);
  if (offset == HADDR_UNDEF) return;
  array->descriptor = descriptor_of(array->file->id);
  array->offset = (uint64_t)offset;
}

hr_status hr_array_open(const hr_hdf5_file *file, const hr_shard *shard,
                        const char *object_path, size_t cache_bytes, hr_array *out,
                        hr_error *err) {
  hr_status status = HR_OK;
  hr_array array = HR_ARRAY_CLOSED;
  array.file = file;
  array.object_path = object_path;
  array.kept = shard->kept;
  array.pixels = shard->pixels;
  hid_t access = make_access(cache_bytes);
  if (access < 0) {
    status = hr_hdf5_fail(err, HR_ERR_MEMORY, "no memory for reading %s", file->path);
    goto cleanup;
  }
  HR_TRY(hr_hdf5_open_dataset(file, object_path, access, &array.dataset, err));
  HR_TRY(check_type(&(hr_hdf5_object){file, array.dataset, object_path}, shard,
                    &array.native, &array.element_bytes, err));
  array.is_half = array.element_bytes == 2 && array.native < 0 && is_half(array.dataset);
  array.space = H5Dget_space(array.dataset);
  if (array.space < 0) {
    status = hr_hdf5_fail(err, HR_ERR_FORMAT, "%s: cannot read the shape of %s",
                          file->path, object_path);
    goto cleanup;
  }
  find_place(&array);
  *out = array;
  array.dataset = array.space = array.native = H5I_INVALID_HID;
cleanup:
  hr_array_close(&array);
  hr_hdf5_release(&access);
  return status;
}

void hr_array_close(hr_array *array) {
  hr_hdf5_release(&array->native);
  hr_hdf5_release(&array->space);
  hr_hdf5_release(&array->dataset);
}

/* Reads rows of the file as HDF5 type `type` into `out`; HDF5 swaps bytes where it must.
 */
static hr_status read_run(const hr_array *array, size_t first, size_t rows, hid_t type,
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

/* Reads rows of the shard, in runs of neighbours in the file. */
static hr_status read_rows(const hr_array *array, size_t first, size_t rows, hid_t type,
                           void *out, hr_error *err) {
  const size_t *kept = array->kept ? array->kept + first : NULL;
  hr_status status = HR_OK;
  if (!kept) return read_run(array, first, rows, type, out, err);
  size_t row_bytes = array->pixels * H5Tget_size(type);
  for (size_t i = 0, end = 0; i < rows && status == HR_OK; i = end) {
    for (end = i + 1; end < rows && kept[end] == kept[end - 1] + 1;) end++;
    status = read_run(array, kept[i], end - i, type, (char *)out + i * row_bytes, err);
  }
  return status;
}

static bool is_plain(const hr_array *array) {
  return array->scale == 1 && array->base == 0;
}

/* Rows of the file, from its bytes. */
static hr_status read_bytes(const hr_array *array, size_t first, size_t rows, float *out,
                            hr_error *err) {
  size_t row = array->pixels * sizeof *out, left = rows * row;
  off_t at = (off_t)(array->offset + (uint64_t)first * row);
  char *to = (char *)out;
  while (left > 0) {
    ssize_t got = pread(array->descriptor, to, left, at);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      return hr_fail_errno(err, HR_ERR_IO, errno, "cannot read %s", array->file->path);
    }
    if (got == 0) {
      return hr_fail(err, HR_ERR_FORMAT,
                     "%s became shorter while it was read; do not change files that are "
                     "being read",
                     array->file->path);
    }
    to += got;
    at += got;
    left -= (size_t)got;
  }
  return HR_OK;
}

/* HDF5's own conversions take a value at a time and are an order slower than these loops.
 */
static void round_to_single(const hr_array *array, size_t count, const double *values,
                            float *out) {
  double scale = array->scale, base = array->base;
  if (is_plain(array)) {
    for (size_t i = 0; i < count; i++) out[i] = (float)values[i];
  } else {
    for (size_t i = 0; i < count; i++) out[i] = (float)(values[i] / scale - base);
  }
}

/* What fp32 holds in the file's unit, in the array's. */
static void change_unit(const hr_array *array, size_t count, float *values) {
  double scale = array->scale, base = array->base;
  for (size_t i = 0; i < count; i++) {
    values[i] = (float)((double)values[i] / scale - base);
  }
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
    if (!is_plain(array)) change_unit(array, count, out);
  } else {
    round_to_single(array, count, staging->values, out);
  }
cleanup:
  hr_hdf5_release(&type);
  return status;
}

hr_status hr_array_read_direct(const hr_array *array, size_t first, size_t rows,
                               float *out, hr_error *err) {
  const size_t *kept = array->kept ? array->kept + first : NULL;
  hr_status status = HR_OK;
  for (size_t i = 0, end = 0; i < rows; i = end) {
    size_t from = kept ? kept[i] : first + i;
    for (end = i + 1; end < rows && (!kept || kept[end] == kept[end - 1] + 1);) end++;
    HR_TRY(read_bytes(array, from, end - i, out + i * array->pixels, err));
  }
  if (!is_plain(array)) change_unit(array, rows * array->pixels, out);
cleanup:
  return status;
}

hr_status hr_array_read(const hr_array *array, size_t first, size_t rows,
                        const hr_array_staging *staging, float *out, hr_error *err) {
  hr_status status = HR_OK;
  if (array->element_bytes != sizeof(double) && !array->is_half) {
    HR_TRY(read_rows(array, first, rows, H5T_NATIVE_FLOAT, out, err));
    if (!is_plain(array)) change_unit(array, rows * array->pixels, out);
    goto cleanup;
  }
  for (size_t done = 0; done < rows; done += staging->rows) {
    size_t part = rows - done < staging->rows ? rows - done : staging->rows;
    HR_TRY(
        read_staged(array, first + done, part, staging, out + done * array->pixels, err));
  }
cleanup:
  return status;
}

hr_status hr_array_read_wide(const hr_array *array, size_t first, size_t rows,
                             float *narrow, double *out, hr_error *err) {
  hr_status status = HR_OK;
  if (array->element_bytes == sizeof(double)) {
    return read_rows(array, first, rows, H5T_NATIVE_DOUBLE, out, err);
  }
  HR_TRY(read_rows(array, first, rows, H5T_NATIVE_FLOAT, narrow, err));
  for (size_t i = 0; i < rows * array->pixels; i++) out[i] = (double)narrow[i];
cleanup:
  return status;
}

#define FLAG_BITS(type)                                         \
  for (size_t i = 0; i < count; i++) {                          \
    out[i] = ((uint64_t)((const type *)values)[i] & bits) != 0; \
  }

/* out is 1 where a value of so many bytes has one of the bits. */
static void flag_bits(size_t count, const void *values, size_t bytes, uint64_t bits,
                      uint8_t *out) {
  if (bytes == 1) {
    FLAG_BITS(uint8_t)
  } else if (bytes == 2) {
    FLAG_BITS(uint16_t)
  } else if (bytes == 4) {
    FLAG_BITS(uint32_t)
  } else {
    FLAG_BITS(uint64_t)
  }
}
#undef FLAG_BITS

hr_status hr_array_read_mask(const hr_array *array, const size_t first_and_count[2],
                             uint64_t bits, const hr_array_staging *staging, uint8_t *out,
                             hr_error *err) {
  hr_status status = HR_OK;
  size_t first = first_and_count[0], rows = first_and_count[1];
  for (size_t done = 0; done < rows; done += staging->rows) {
    size_t part = rows - done < staging->rows ? rows - done : staging->rows;
    HR_TRY(read_rows(array, first + done, part, array->native, staging->values, err));
    flag_bits(part * array->pixels, staging->values, array->element_bytes, bits,
              out + done * array->pixels);
  }
cleanup:
  return status;
}
