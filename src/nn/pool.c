#include "nn/pool.h"

#include "core/vector.h"

/* Channels that are looked at side by side: their maxima stay in registers. */
enum { LANES = 16 };

HR_VECTOR_CLONES
static void pool_lanes(const float *a, size_t step, size_t pool, float *out,
                       uint8_t *where) {
  float best[LANES] = {0};
  int32_t place[LANES];
  for (size_t c = 0; c < LANES; c++) place[c] = HR_POOL_NONE;
  for (size_t j = 0; j < pool; j++) {
    for (size_t c = 0; c < LANES; c++) {
      float value = a[j * step + c];
      place[c] = value > best[c] ? (int32_t)j : place[c];
      best[c] = value > best[c] ? value : best[c];
    }
  }
  for (size_t c = 0; c < LANES; c++) out[c] = best[c];
  for (size_t c = 0; c < LANES; c++) where[c] = (uint8_t)place[c];
}

static void pool_few(const float *a, size_t step, const hr_pool_shape *shape,
                     size_t first, float *out, uint8_t *where) {
  for (size_t c = first; c < shape->channels; c++) {
    out[c] = 0;
    where[c] = HR_POOL_NONE;
    for (size_t j = 0; j < shape->pool; j++) {
      if (!(a[j * step + c] > out[c])) continue;
      out[c] = a[j * step + c];
      where[c] = (uint8_t)j;
    }
  }
}

void hr_pool_forward(const hr_pool_shape *shape, const float *a, float *out,
                     uint8_t *where) {
  size_t channels = shape->channels;
  for (size_t q = 0; q < shape->width / shape->pool; q++) {
    size_t c = 0;
    for (; c + LANES <= channels; c += LANES) {
      pool_lanes(a + c, channels, shape->pool, out + c, where + c);
    }
    pool_few(a, channels, shape, c, out, where);
    a += shape->pool * channels;
    out += channels;
    where += channels;
  }
}

HR_VECTOR_CLONES
void hr_pool_backward(const hr_pool_shape *shape, const float *dout, const uint8_t *where,
                      float *da) {
  size_t channels = shape->channels, used = shape->width / shape->pool * shape->pool;
  for (size_t q = 0; q < used / shape->pool; q++) {
    for (size_t j = 0; j < shape->pool; j++) {
      for (size_t c = 0; c < channels; c++) da[c] = where[c] == j ? dout[c] : 0;
      da += channels;
    }
    dout += channels;
    where += channels;
  }
  for (size_t i = 0; i < (shape->width - used) * channels; i++) da[i] = 0;
}

HR_VECTOR_CLONES
void hr_norm_sums(const hr_pool_shape *shape, const float *a, double *sums) {
  size_t channels = shape->channels;
  for (size_t c = 0; c < 2 * channels; c++) sums[c] = 0;
  for (size_t p = 0; p < shape->width; p++, a += channels) {
    for (size_t c = 0; c < channels; c++) sums[c] += (double)a[c];
    for (size_t c = 0; c < channels; c++) {
      sums[channels + c] += (double)a[c] * (double)a[c];
    }
  }
}

HR_VECTOR_CLONES
void hr_norm_apply(const hr_pool_shape *shape, const float *a, const float *scale,
                   const float *shift, float *out) {
  size_t channels = shape->channels;
  for (size_t p = 0; p < shape->width; p++, a += channels, out += channels) {
    for (size_t c = 0; c < channels; c++) out[c] = a[c] * scale[c] + shift[c];
  }
}

void hr_norm_backward_sums(const hr_pool_shape *shape, const float *dout,
                           const uint8_t *where, const float *a, const double *mean,
                           const double *inverse, double *sums) {
  size_t channels = shape->channels;
  for (size_t c = 0; c < 2 * channels; c++) sums[c] = 0;
  for (size_t q = 0; q < shape->width / shape->pool; q++) {
    for (size_t c = 0; c < channels; c++) {
      uint8_t j = where[q * channels + c];
      if (j == HR_POOL_NONE) continue;
      double dz = (double)dout[q * channels + c];
      double value = (double)a[(q * shape->pool + j) * channels + c];
      sums[c] += dz;
      sums[channels + c] += dz * (value - mean[c]) * inverse[c];
    }
  }
}

HR_VECTOR_CLONES
void hr_norm_backward(const hr_pool_shape *shape, const float *a, const float *p,
                      const float *q, const float *r, float *da) {
  size_t channels = shape->channels;
  for (size_t i = 0; i < shape->width; i++, a += channels, da += channels) {
    for (size_t c = 0; c < channels; c++) da[c] = da[c] * p[c] + a[c] * q[c] + r[c];
  }
}
