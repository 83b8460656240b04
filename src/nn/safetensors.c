/* A safetensors file in memory: its header read by Jansson, its tensors found. */
#include "nn/safetensors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/json.h"
#include "core/text.h"
#include "nn/bf16.h"

static const size_t most_bytes = (size_t)1 << 34; /* of a file */

/* What the format itself allows of a header. */
enum { MOST_HEADER = 100000000, LENGTH = 8 };

void hr_tensors_fini(hr_tensors *tensors) {
  for (size_t i = 0; tensors->items && i < tensors->count; i++) {
    hr_free(tensors->items[i].name);
  }
  hr_free(tensors->items);
  hr_free(tensors->bytes);
  *tensors = (hr_tensors){.bytes = NULL};
}

static size_t bytes_of(hr_tensor_type type) {
  return type == HR_TENSOR_F32 ? 4 : 2;
}

static void find_type(const char *name, hr_tensor *out) {
  static const char *const names[] = {"F32", "F16", "BF16"};
  size_t i = 0;
  while (i < HR_TENSOR_OTHER && strcmp(name, names[i]) != 0) i++;
  out->type = (hr_tensor_type)i;
  snprintf(out->type_name, sizeof out->type_name, "%s", name);
}

/* A whole number from 0 to `most`. */
static bool get_size(const json_t *value, size_t most, size_t *out) {
  json_int_t number = json_integer_value(value);
  if (!json_is_integer(value) || number < 0 || (uint64_t)number > most) return false;
  *out = (size_t)number;
  return true;
}

/* The shape, whose product is at most `most`. */
static bool get_shape(const json_t *shape, size_t most, hr_tensor *out) {
  out->rank = json_array_size(shape);
  out->count = 1;
  if (!json_is_array(shape) || out->rank > HR_TENSOR_MOST_RANK) return false;
  for (size_t i = 0; i < out->rank; i++) {
    if (!get_size(json_array_get(shape, i), most, &out->shape[i])) return false;
    if (out->shape[i] > 0 && out->count > most / out->shape[i]) return false;
    out->count *= out->shape[i];
  }
  return true;
}

/* Where the tensors' bytes are. */
typedef struct data_view {
  const uint8_t *bytes;
  size_t size;
} data_view;

/* The tensor that the member describes; false where it is none. */
static bool get_tensor(const json_t *member, data_view data, hr_tensor *out) {
  const char *type = json_string_value(json_object_get(member, "dtype"));
  const json_t *offsets = json_object_get(member, "data_offsets");
  size_t begin = 0, end = 0;
  if (!type || !json_is_array(offsets) || json_array_size(offsets) != 2) return false;
  if (!get_size(json_array_get(offsets, 1), data.size, &end) ||
      !get_size(json_array_get(offsets, 0), end, &begin)) {
    return false;
  }
  find_type(type, out);
  if (!get_shape(json_object_get(member, "shape"), data.size, out)) return false;
  out->bytes = data.bytes + begin;
  out->size = end - begin;
  return out->type == HR_TENSOR_OTHER || (out->count <= data.size / bytes_of(out->type) &&
                                          out->size == out->count * bytes_of(out->type));
}

static int compare_places(const void *a, const void *b) {
  const hr_tensor *x = a, *y = b;
  if (x->bytes != y->bytes) return x->bytes < y->bytes ? -1 : 1;
  return (x->size > y->size) - (x->size < y->size);
}

/* The format has no gaps, and no byte twice. */
static hr_status check_places(const char *path, data_view data, hr_tensors *out,
                              hr_error *err) {
  const uint8_t *next = data.bytes, *end = data.bytes + data.size;
  if (out->count > 0) qsort(out->items, out->count, sizeof *out->items, compare_places);
  for (size_t i = 0; i < out->count; i++) {
    const hr_tensor *t = &out->items[i];
    if (t->bytes != next) {
      return hr_fail(err, HR_ERR_FORMAT,
                     "%s: tensor %.100s does not begin where the one before it ends; "
                     "export it again",
                     path, t->name);
    }
    next += t->size;
  }
  if (next == end) return HR_OK;
  return hr_fail(err, HR_ERR_FORMAT,
                 "%s has %zu byte%s behind its last tensor; export it again", path,
                 (size_t)(end - next), hr_plural((size_t)(end - next)));
}

static hr_status take_members(const char *path, json_t *header, data_view data,
                              hr_tensors *out, hr_error *err) {
  hr_status status = HR_OK;
  const char *name;
  json_t *member;
  HR_TRY(hr_alloc(&out->items, json_object_size(header), err));
  json_object_foreach(header, name, member) {
    hr_tensor tensor = {.name = NULL};
    if (strcmp(name, "__metadata__") == 0) continue;
    if (!get_tensor(member, data, &tensor)) {
      status = hr_fail(err, HR_ERR_FORMAT,
                       "%s: tensor %.100s has a type, shape or place that cannot be; "
                       "export it again",
                       path, name);
      goto cleanup;
    }
    HR_TRY(hr_copy_text(name, &tensor.name, err));
    out->items[out->count++] = tensor;
  }
  HR_TRY(check_places(path, data, out, err));
cleanup:
  return status;
}

static hr_status fail_format(const char *path, const char *why, hr_error *err) {
  return hr_fail(err, HR_ERR_FORMAT, "%s is no safetensors file: %s", path, why);
}

static hr_status read_header(const char *path, size_t size, hr_tensors *out,
                             hr_error *err) {
  hr_status status = HR_OK;
  uint64_t length = 0;
  json_t *header = NULL;
  json_error_t reason;
  if (size < LENGTH) return fail_format(path, "it has no header", err);
  memcpy(&length, out->bytes, LENGTH);
  if (length > MOST_HEADER || length > size - LENGTH) {
    return fail_format(path, "its header is longer than it", err);
  }
  const char *text = out->bytes + LENGTH;
  HR_TRY(hr_json_parse(text, (size_t)length, path, &header, &reason, err));
  if (!json_is_object(header)) {
    status = fail_format(path, "its header is no JSON object", err);
    goto cleanup;
  }
  const data_view data = {(const uint8_t *)text + length, size - LENGTH - (size_t)length};
  HR_TRY(take_members(path, header, data, out, err));
cleanup:
  json_decref(header);
  return status;
}

hr_status hr_tensors_read(const char *path, hr_tensors *out, hr_error *err) {
  hr_status status = HR_OK;
  size_t size = 0;
  *out = (hr_tensors){.bytes = NULL};
  HR_TRY(hr_file_read(path, most_bytes, &out->bytes, &size, err));
  HR_TRY(read_header(path, size, out, err));
cleanup:
  if (status != HR_OK) hr_tensors_fini(out);
  return status;
}

static bool ends_with(const char *name, const char *suffix) {
  size_t length = strlen(name), wanted = strlen(suffix);
  if (wanted > length || strcmp(name + length - wanted, suffix) != 0) return false;
  return length == wanted || name[length - wanted - 1] == '.';
}

const hr_tensor *hr_tensors_find(const hr_tensors *tensors, const char *suffix,
                                 size_t *several) {
  const hr_tensor *found = NULL;
  *several = 0;
  for (size_t i = 0; i < tensors->count; i++) {
    if (!ends_with(tensors->items[i].name, suffix)) continue;
    found = &tensors->items[i];
    ++*several;
  }
  return *several == 1 ? found : NULL;
}

/* IEEE 754's half: 5 bits of exponent about 15, 10 of mantissa. */
static float value_of_half(uint16_t half) {
  uint32_t sign = (uint32_t)(half & 0x8000) << 16, mantissa = half & 0x3ffU;
  uint32_t exponent = (half >> 10) & 0x1fU, bits = 0;
  float value;
  if (exponent == 0) { /* subnormal: mantissa units of 2^-24 */
    value = (float)mantissa * 0x1p-24F;
    return sign ? -value : value;
  }
  bits = exponent == 31 ? 0x7f800000U : (exponent + 112) << 23;
  bits |= sign | mantissa << 13;
  memcpy(&value, &bits, sizeof value);
  return value;
}

void hr_tensor_values(const hr_tensor *t, float *out) {
  if (t->type == HR_TENSOR_F32) {
    memcpy(out, t->bytes, t->count * sizeof *out);
    return;
  }
  for (size_t i = 0; i < t->count; i++) {
    uint16_t half;
    memcpy(&half, t->bytes + 2 * i, sizeof half);
    out[i] = t->type == HR_TENSOR_BF16 ? hr_bf16_value(half) : value_of_half(half);
  }
}
