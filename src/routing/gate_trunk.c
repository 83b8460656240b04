/* Components of a trunk's hidden vector, row by row. */
#include "routing/gate_trunk.h"

#include <string.h>

#include "core/alloc.h"

hr_status hr_gate_trunk_create(size_t width, size_t components, hr_gate_trunk **out,
                               hr_error *err) {
  hr_status status = HR_OK;
  hr_gate_trunk *trunk = NULL;
  HR_TRY(hr_alloc(&trunk, 1, err));
  trunk->width = width;
  trunk->components = components;
  HR_TRY(hr_alloc(&trunk->values, (1 + components) * width, err));
  *out = trunk;
  trunk = NULL;
cleanup:
  hr_gate_trunk_destroy(&trunk);
  return status;
}

hr_status hr_gate_trunk_copy(const hr_gate_trunk *from, hr_gate_trunk **out,
                             hr_error *err) {
  size_t numbers = (1 + from->components) * from->width;
  hr_status status = hr_gate_trunk_create(from->width, from->components, out, err);
  if (status != HR_OK) return status;
  memcpy((*out)->values, from->values, numbers * sizeof *from->values);
  (*out)->model = from->model;
  return HR_OK;
}

void hr_gate_trunk_destroy(hr_gate_trunk **trunk) {
  if (!*trunk) return;
  hr_free((*trunk)->values);
  hr_free(*trunk);
  *trunk = NULL;
}

void hr_gate_trunk_project(const hr_gate_trunk *trunk, const float *hidden, double *out) {
  size_t width = trunk->width;
  for (size_t k = 0; k < trunk->components; k++) {
    const double *v = trunk->values + (1 + k) * width;
    double sum = 0;
    for (size_t d = 0; d < width; d++) {
      sum += ((double)hidden[d] - trunk->values[d]) * v[d];
    }
    out[k] = sum;
  }
}

/* From the last row on, so that none is overwritten before it has moved. */
static void spread(const hr_gate_trunk *trunk, size_t rows, const float *hidden,
                   size_t before, double *features) {
  size_t after = before + trunk->components;
  for (size_t i = rows; i-- > 0;) {
    memmove(features + i * after, features + i * before, before * sizeof *features);
    hr_gate_trunk_project(trunk, hidden + i * trunk->width,
                          features + i * after + before);
  }
}

hr_status hr_gate_trunk_append(const hr_gate_trunk *trunk, size_t rows,
                               const float *noisy, size_t before, double *features,
                               hr_error *err) {
  hr_status status = HR_OK;
  float *hidden = NULL;
  if (!trunk->model) {
    return hr_fail(err, HR_ERR_INTERNAL, "a gate looks at a trunk that it was not given");
  }
  HR_TRY(hr_alloc(&hidden, rows * trunk->width, err));
  HR_TRY(hr_heads_hide(trunk->model, noisy, NULL, rows, hidden, err));
  spread(trunk, rows, hidden, before, features);
cleanup:
  hr_free(hidden);
  return status;
}
