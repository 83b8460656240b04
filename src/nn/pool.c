/* Pooling and batch normalisation of one row, in loops with the channels innermost: they
 * are neighbours in memory, and vectors take eight or sixteen at a time. */
#include "nn/pool.h"

#include "core/vector.h"

/* Cloned functions are static: the linker would export what picks the clone. */

/* Channels that are looked at side by side; their places are whole words on the way, as
 * wide as the values, so that the compiler uses vectors. */
enum { CHANNELS = 128 };

HR_VECTOR_CLONES
static void pool_channels(const hr_pool_shape *shape, size_t count,
                          const float *restrict a, float *restrict out,
                          uint8_t *restrict where) {
  int32_t place[CHANNELS];
  size_t channels = shape->channels;
  for (size_t q = 0; q < shape->width / shape->pool; q++) {
    for (size_t c = 0; c < count; c++) out[c] = 0;
    for (size_t c = 0; c < count; c++) place[c] = HR_POOL_NONE;
    for (size_t j = 0; j < shape->pool; j++, a += channels) {
      for (size_t c = 0; c < count; c++) {
        float value = a[c], best = out[c];
        place[c] = value > best ? (int32_t)j : place[c];
        out[c] = value > best ? value : best;
      }
    }
    for (size_t c = 0; c < count; c++) where[c] = (uint8_t)place[c];
    out += channels;
    where += channels;
  }
}

void hr_pool_forward(const hr_pool_shape *shape, const float *a, float *out,
                     uint8_t *where) {
  for (size_t c = 0; c < shape->channels; c += CHANNELS) {
    size_t left = shape->channels - c;
    pool_channels(shape, left < CHANNELS ? left : CHANNELS, a + c, out + c, where + c);
  }
}

HR_VECTOR_CLONES
static void spread(const hr_pool_shape *shape, const float *dout, const uint8_t *where,
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

void hr_pool_backward(const hr_pool_shape *shape, const float *dout, const uint8_t *where,
                      float *da) {
  spread(shape, dout, where, da);
}

HR_VECTOR_CLONES
static void add_up(const hr_pool_shape *shape, const float *a, double *sums) {
  size_t channels = shape->channels;
  for (size_t c = 0; c < 2 * channels; c++) sums[c] = 0;
  for (size_t p = 0; p < shape->width; p++, a += channels) {
    for (size_t c = 0; c < channels; c++) sums[c] += (double)a[c];
    for (size_t c = 0; c < channels; c++) {
      sums[channels + c] += (double)a[c] * (double)a[c];
    }
  }
}

void hr_norm_sums(const hr_pool_shape *shape, const float *a, double *sums) {
  add_up(shape, a, sums);
}

HR_VECTOR_CLONES
static void scale_and_shift(const hr_pool_shape *shape, const float *a,
                            const float *scale, const float *shift, float *out) {
  size_t channels = shape->channels;
  for (size_t p = 0; p < shape->width; p++, a += channels, out += channels) {
    for (size_t c = 0; c < channels; c++) out[c] = a[c] * scale[c] + shift[c];
  }
}

void hr_norm_apply(const hr_pool_shape *shape, const float *a, const float *scale,
                   const float *shift, float *out) {
  scale_and_shift(shape, a, scale, shift, out);
}

void hr_norm_backward_sums(const hr_pool_shape *shape, const float *dout,
                           const uint8_t *where, const float *a,
                           const hr_norm_moments *moments, double *sums) {
  size_t channels = shape->channels;
  const double *mean = moments->mean, *inverse = moments->inverse;
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
static void combine(const hr_pool_shape *shape, const float *a, const float *p,
                    const float *q, const float *r, float *da) {
  size_t channels = shape->channels;
  for (size_t i = 0; i < shape->width; i++, a += channels, da += channels) {
    for (size_t c = 0; c < channels; c++) da[c] = da[c] * p[c] + a[c] * q[c] + r[c];
  }
}

void hr_norm_backward(const hr_pool_shape *shape, const float *a, const float *p,
                      const float *q, const float *r, float *da) {
  combine(shape, a, p, q, r, da);
}
