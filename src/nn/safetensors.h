/* Reading safetensors, the files that PyTorch's users export weights in: 8 bytes with the
 * length of a header, little-endian; the header, a JSON object with a member a tensor
 * ("dtype", "shape", "data_offsets" from the header's end on) and "__metadata__"; then
 * the tensors' bytes, row-major and little-endian, one after the other to the file's end.
 * Nothing that the file says of itself is believed: every place and size is held against
 * the file's own. */
#ifndef HR_NN_SAFETENSORS_H
#define HR_NN_SAFETENSORS_H

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

enum { HR_TENSOR_MOST_RANK = 8 };

typedef enum hr_tensor_type {
  HR_TENSOR_F32,
  HR_TENSOR_F16,
  HR_TENSOR_BF16,
  HR_TENSOR_OTHER /* F64, integers: its values are not read */
} hr_tensor_type;

enum { HR_TENSOR_TYPE_BYTES = 12 };

typedef struct hr_tensor {
  char *name;
  hr_tensor_type type;
  char type_name[HR_TENSOR_TYPE_BYTES]; /* "F32", as far as it fits */
  size_t rank, shape[HR_TENSOR_MOST_RANK];
  size_t count;         /* values, the product of the shape */
  const uint8_t *bytes; /* not aligned */
  size_t size;          /* in bytes */
} hr_tensor;

typedef struct hr_tensors {
  char *bytes;      /* of the file */
  hr_tensor *items; /* in the order of their bytes */
  size_t count;
} hr_tensors;

/* HR_ERR_MISSING, HR_ERR_IO, HR_ERR_MEMORY; HR_ERR_FORMAT where it is no such file, or a
 * damaged one. */
hr_status hr_tensors_read(const char *path, hr_tensors *out, hr_error *err) HR_MUST_CHECK;
void hr_tensors_fini(hr_tensors *tensors);

/* The tensor whose name is `suffix`, or ends with a dot and it; NULL where there is none,
 * or more than one: *several tells. */
const hr_tensor *hr_tensors_find(const hr_tensors *tensors, const char *suffix,
                                 size_t *several);

/* Its values [count] as fp32, which F16 and BF16 are parts of; not of other types. */
void hr_tensor_values(const hr_tensor *tensor, float *out);

#endif
