/* One array of one shard, opened for reading rows in order. Internal to data/: stream.c
 * reads flux, error and noisy through it. */
#ifndef HR_DATA_ARRAY_H
#define HR_DATA_ARRAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/hdf5_file.h"
#include "data/shard.h"

/* How an array (N, P) lies in its file. */
typedef struct hr_array_layout {
  size_t element_bytes; /* 2, 4 or 8; of a mask also 1 */
  bool compressed;      /* or otherwise filtered: chunks can only be read whole */
  size_t chunk_rows;    /* 0: not chunked */
  size_t chunk_bytes;   /* of one chunk in memory */
  size_t chunks_across; /* chunks beside each other in one row of chunks */
} hr_array_layout;

typedef struct hr_array {
  const hr_hdf5_file *file; /* borrowed */
  const char *object_path;  /* borrowed */
  hid_t dataset;
  hid_t space;
  hid_t native;       /* of a mask: its type in this machine's byte order */
  const size_t *kept; /* of the shard's rows; borrowed, NULL: all */
  size_t pixels;
  size_t element_bytes;
  bool is_half;       /* binary16 of IEEE 754, in either byte order */
  double scale, base; /* what is read is value / scale - base; 1 and 0 when opened */
  int descriptor;     /* the file's, HDF5's own; -1: rows cannot be read directly */
  uint64_t offset;    /* of the first value in the file */
} hr_array;

#define HR_ARRAY_CLOSED                                                              \
  {                                                                                  \
    .dataset = H5I_INVALID_HID, .space = H5I_INVALID_HID, .native = H5I_INVALID_HID, \
    .scale = 1, .base = 0, .descriptor = -1                                          \
  }

/* Scratch space for the conversion from fp64 and fp16, and from a mask, [rows][pixels].
 */
typedef struct hr_array_staging {
  double *values;
  size_t rows;
} hr_array_staging;

/* Looks at an array of the shard. HR_ERR_DATA where its shape is not that of the shard
 * any more; else as hr_hdf5_open_dataset and hr_hdf5_check_floats. A
 * mask has to hold integers or booleans instead, and its sentences say how to do
 * without. */
hr_status hr_array_look(const hr_hdf5_file *file, const hr_shard *shard,
                        const char *object_path, hr_array_layout *out,
                        hr_error *err) HR_MUST_CHECK;

/* Bytes of chunk cache with which every chunk is read once although rows are asked for a
 * few at a time: one row of chunks, kept until its last row is read. 0 where the rows
 * asked for can be read directly: not chunked, or plain chunks as wide as the array,
 * whose rows are contiguous in the file. */
size_t hr_array_cache_bytes(const hr_array_layout *layout);

/* Opens an array of the shard with a chunk cache of `cache_bytes` (0: none). */
hr_status hr_array_open(const hr_hdf5_file *file, const hr_shard *shard,
                        const char *object_path, size_t cache_bytes, hr_array *out,
                        hr_error *err) HR_MUST_CHECK;
void hr_array_close(hr_array *array);

/* Reads rows first .. first+rows-1 of the shard as fp32 into out [rows][pixels], in the
 * array's unit: value / scale - base in fp64, rounded to the nearest fp32; too large
 * values become infinite. `staging` is used for fp64 and fp16 arrays only. HR_ERR_FORMAT
 * where the bytes cannot be read. */
hr_status hr_array_read(const hr_array *array, size_t first, size_t rows,
                        const hr_array_staging *staging, float *out,
                        hr_error *err) HR_MUST_CHECK;

/* Whether the file holds the values one after the other as this machine has them in
 * memory, fp32: then they need not come by way of HDF5. */
static inline bool hr_array_is_direct(const hr_array *array) {
  return array->descriptor >= 0;
}

/* As hr_array_read, of such an array; any thread may read so, at any time. HR_ERR_IO with
 * the system's reason; HR_ERR_FORMAT where the file ends too early, where HDF5 has zeros
 * for what is missing. */
hr_status hr_array_read_direct(const hr_array *array, size_t first, size_t rows,
                               float *out, hr_error *err) HR_MUST_CHECK;

/* The same as the file has them, in fp64; narrow: [rows][pixels] scratch, used for fp32
 * arrays only. */
hr_status hr_array_read_wide(const hr_array *array, size_t first, size_t rows,
                             float *narrow, double *out, hr_error *err) HR_MUST_CHECK;

/* Of a mask: out [rows][pixels] is 1 where the value has one of the bits, else 0. */
hr_status hr_array_read_mask(const hr_array *array, const size_t first_and_count[2],
                             uint64_t bits, const hr_array_staging *staging, uint8_t *out,
                             hr_error *err) HR_MUST_CHECK;

#endif
