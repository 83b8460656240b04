/* Hugging Face's names of a vision transformer's weights, in the order of ours. */
#include "nn/vit_tensors.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "nn/vit.h"

enum { MOST_NAME = 128 };

/* Where the next parameters go. */
typedef struct filling {
  const hr_tensors *tensors;
  const char *path;
  float *next;
} filling;

static void write_shape(const size_t *shape, size_t rank, char *out, size_t size) {
  size_t used = 0;
  out[0] = '\0';
  for (size_t i = 0; i < rank && used < size; i++) {
    int added = snprintf(out + used, size - used, "%s%zu", i > 0 ? " x " : "", shape[i]);
    used += (size_t)added;
  }
}

/* Whether they are the same but for ones. */
static bool is_alike(const hr_tensor *t, const size_t *shape, size_t rank) {
  size_t at = 0;
  for (size_t i = 0; i < t->rank; i++) {
    while (at < rank && shape[at] == 1) at++;
    if (t->shape[i] == 1) continue;
    if (at == rank || t->shape[i] != shape[at++]) return false;
  }
  while (at < rank && shape[at] == 1) at++;
  return at == rank;
}

static hr_status check_finite(const filling *f, const char *name, size_t count,
                              hr_error *err) {
  for (size_t i = 0; i < count; i++) {
    if (isfinite(f->next[i])) continue;
    return hr_fail(err, HR_ERR_FORMAT,
                   "%s: tensor %s has a number that is not finite; export another epoch",
                   f->path, name);
  }
  return HR_OK;
}

/* Copies what ends with that name, of the shape [rows][columns], or [columns] where rows
 * is 1. */
static hr_status take(filling *f, const char *name, size_t rows, size_t columns,
                      hr_error *err) {
  const size_t shape[] = {rows, columns};
  size_t several = 0;
  const hr_tensor *found = hr_tensors_find(f->tensors, name, &several);
  if (!found) {
    return hr_fail(err, HR_ERR_FORMAT,
                   "%s has %zu tensors named %s; a vision transformer has one", f->path,
                   several, name);
  }
  if (!is_alike(found, shape, 2)) {
    char has[256];
    write_shape(found->shape, found->rank, has, sizeof has);
    return hr_fail(err, HR_ERR_FORMAT,
                   "%s: tensor %s is %s, where this network has %zu x %zu; give it the "
                   "shape that was exported",
                   f->path, name, has, rows, columns);
  }
  if (found->type == HR_TENSOR_OTHER) {
    return hr_fail(err, HR_ERR_FORMAT,
                   "%s: tensor %s is %s, and F32, F16 and BF16 are read; export it as "
                   "one of these (.float())",
                   f->path, name, found->type_name);
  }
  hr_tensor_values(found, f->next);
  hr_status status = check_finite(f, name, found->count, err);
  f->next += found->count;
  return status;
}

/* Weights [rows][columns] and bias [rows] of `name`. */
static hr_status take_linear(filling *f, const char *name, size_t rows, size_t columns,
                             hr_error *err) {
  hr_status status = HR_OK;
  char full[MOST_NAME + 8];
  snprintf(full, sizeof full, "%s.weight", name);
  HR_TRY(take(f, full, rows, columns, err));
  snprintf(full, sizeof full, "%s.bias", name);
  HR_TRY(take(f, full, 1, rows, err));
cleanup:
  return status;
}

/* Queries, keys and values are one layer of ours: all weights, then all biases. */
static hr_status take_attention(filling *f, size_t layer, size_t width, hr_error *err) {
  static const char *const parts[] = {"query", "key", "value"};
  static const char *const kinds[] = {"weight", "bias"};
  hr_status status = HR_OK;
  char name[MOST_NAME];
  for (size_t k = 0; k < 2; k++) {
    for (size_t i = 0; i < 3; i++) {
      snprintf(name, sizeof name, "encoder.layer.%zu.attention.attention.%s.%s", layer,
               parts[i], kinds[k]);
      HR_TRY(take(f, name, k == 0 ? width : 1, width, err));
    }
  }
cleanup:
  return status;
}

/* A norm has gamma [width] and beta [width]. */
static hr_status take_norm(filling *f, const char *name, size_t width, hr_error *err) {
  hr_status status = HR_OK;
  char full[MOST_NAME + 8];
  snprintf(full, sizeof full, "%s.weight", name);
  HR_TRY(take(f, full, 1, width, err));
  snprintf(full, sizeof full, "%s.bias", name);
  HR_TRY(take(f, full, 1, width, err));
cleanup:
  return status;
}

static hr_status take_block(filling *f, size_t layer, const hr_vit_shape *s,
                            hr_error *err) {
  hr_status status = HR_OK;
  char name[MOST_NAME];
  size_t d = s->width, m = s->hidden;
  snprintf(name, sizeof name, "encoder.layer.%zu.layernorm_before", layer);
  HR_TRY(take_norm(f, name, d, err));
  HR_TRY(take_attention(f, layer, d, err));
  snprintf(name, sizeof name, "encoder.layer.%zu.attention.output.dense", layer);
  HR_TRY(take_linear(f, name, d, d, err));
  snprintf(name, sizeof name, "encoder.layer.%zu.layernorm_after", layer);
  HR_TRY(take_norm(f, name, d, err));
  snprintf(name, sizeof name, "encoder.layer.%zu.intermediate.dense", layer);
  HR_TRY(take_linear(f, name, m, d, err));
  snprintf(name, sizeof name, "encoder.layer.%zu.output.dense", layer);
  HR_TRY(take_linear(f, name, d, m, err));
cleanup:
  return status;
}

hr_status hr_vit_take_tensors(const hr_tensors *tensors, const char *path,
                              bool with_heads, hr_net *net, hr_error *err) {
  hr_status status = HR_OK;
  const hr_vit_shape *s = hr_vit_shape_of(net);
  filling f = {tensors, path, net->parameters};
  size_t several = 0;
  HR_TRY(
      take_linear(&f, "embeddings.patch_embeddings.projection", s->width, s->patch, err));
  HR_TRY(take(&f, "embeddings.cls_token", 1, s->width, err));
  HR_TRY(take(&f, "embeddings.position_embeddings", s->pixels / s->patch + 1, s->width,
              err));
  for (size_t l = 0; l < s->layers; l++) HR_TRY(take_block(&f, l, s, err));
  HR_TRY(take_norm(&f, "layernorm", s->width, err));
  if (!with_heads) goto cleanup;
  hr_tensors_find(tensors, "classifier.weight", &several);
  HR_TRY(take_linear(&f, several > 0 ? "classifier" : "regressor", s->outputs, s->width,
                     err));
cleanup:
  return status;
}
