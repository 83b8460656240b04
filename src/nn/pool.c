/* Pooling and batch normalisation of one row, in loops with the channels innermost: they
 * are neighbours in memory, and vectors take eight or sixteen at a time. What is
 * normalised is pooled in the same pass over it. */
#include "nn/pool.h"

#include <string.h>

#include "core/vector.h"

/* Cloned functions are static: the linker would export what picks the clone. */

/* Channels that are looked at side by side; their places are whole words on the way, as
 * wide as the values, so that the compiler uses vectors. */
enum { CHANNELS = 128 };

/* Of `count` channels from the first at a, out and where on; scale NULL: as they are. */
HR_PART_OF_CLONES void pool_part(const hr_pool_shape *shape, size_t count,
                                 const float *restrict a, const float *restrict lines,
                                 float *restrict out, uint8_t *restrict where) {
  int32_t place[CHANNELS];
  const float *restrict scale = lines, *restrict shift = lines + CHANNELS;
  for (size_t q = 0; q < shape->width / shape->pool; q++) {
    for (size_t c = 0; c < count; c++) out[c] = 0;
    for (size_t c = 0; c < count; c++) place[c] = HR_POOL_NONE;
    for (size_t j = 0; j < shape->pool; j++, a += shape->channels) {
      for (size_t c = 0; c < count; c++) {
        float value = lines ? a[c] * scale[c] + shift[c] : a[c];
        float best = out[c];
        place[c] = value > best ? (int32_t)j : place[c];
        out[c] = value > best ? value : best;
      }
    }
    for (size_t c = 0; c < count; c++) where[c] = (uint8_t)place[c];
    out += shape->channels;
    where += shape->channels;
  }
}

HR_VECTOR_CLONES
static void pool_channels(const hr_pool_shape *shape, size_t count, const float *a,
                          float *out, uint8_t *where) {
  pool_part(shape, count, a, NULL, out, where);
}

/* lines [2][CHANNELS]: scale and shift. */
HR_VECTOR_CLONES
static void normalise_channels(const hr_pool_shape *shape, size_t count, const float *a,
                               const float *lines, float *out, uint8_t *where) {
  pool_part(shape, count, a, lines, out, where);
}

static size_t channels_from(const hr_pool_shape *shape, size_t first) {
  size_t left = shape->channels - first;
  return left < CHANNELS ? left : CHANNELS;
}

void hr_pool_forward(const hr_pool_shape *shape, const float *a, float *out,
                     uint8_t *where) {
  for (size_t c = 0; c < shape->channels; c += CHANNELS) {
    pool_channels(shape, channels_from(shape, c), a + c, out + c, where + c);
  }
}

void hr_norm_pool_forward(const hr_pool_shape *shape, const float *a, const float *scale,
                          const float *shift, float *out, uint8_t *where) {
  for (size_t c = 0; c < shape->channels; c += CHANNELS) {
    size_t count = channels_from(shape, c);
    float lines[2 * CHANNELS];
    memcpy(lines, scale + c, count * sizeof *lines);
    memcpy(lines + CHANNELS, shift + c, count * sizeof *lines);
    normalise_channels(shape, count, a + c, lines, out + c, where + c);
  }
}

HR_VECTOR_CLONES
static void spread(const hr_pool_shape *shape, const float *restrict dout,
                   const uint8_t *restrict where, float *restrict da) {
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

/* What goes back through a pool and a normalisation, from the first of `count` channels
 * on. */
typedef struct back_view {
  const hr_pool_shape *shape;
  size_t count;
  const float *dout;
  const uint8_t *where;
  const float *a;
} back_view;

static back_view back_from(const hr_pool_shape *shape, const float *dout,
                           const uint8_t *where, const float *a, size_t first) {
  return (back_view){shape, channels_from(shape, first), dout + first, where + first,
                     a + first};
}

/* lines [3][CHANNELS]: p, q and r. */
HR_VECTOR_CLONES
static void combine(const back_view *view, const float *restrict lines,
                    float *restrict da) {
  const hr_pool_shape shape = *view->shape;
  const float *restrict p = lines, *restrict q = p + CHANNELS, *restrict r = q + CHANNELS;
  const float *restrict dout = view->dout, *restrict a = view->a;
  const uint8_t *restrict where = view->where;
  size_t count = view->count, channels = shape.channels;
  size_t used = shape.width / shape.pool * shape.pool;
  int32_t place[CHANNELS];
  for (size_t pixel = 0; pixel < used; pixel += shape.pool) {
    for (size_t c = 0; c < count; c++) place[c] = where[c];
    for (int32_t j = 0; j < (int32_t)shape.pool; j++, a += channels, da += channels) {
      for (size_t c = 0; c < count; c++) {
        float d = place[c] == j ? dout[c] : 0;
        da[c] = d * p[c] + a[c] * q[c] + r[c];
      }
    }
    dout += channels;
    where += channels;
  }
  for (size_t i = used; i < shape.width; i++, a += channels, da += channels) {
    for (size_t c = 0; c < count; c++) da[c] = 0 * p[c] + a[c] * q[c] + r[c];
  }
}

void hr_norm_pool_backward(const hr_pool_shape *shape, const float *dout,
                           const uint8_t *where, const float *a,
                           const hr_norm_factors *factors, float *da) {
  for (size_t c = 0; c < shape->channels; c += CHANNELS) {
    const back_view view = back_from(shape, dout, where, a, c);
    float lines[3 * CHANNELS];
    memcpy(lines, factors->p + c, view.count * sizeof *lines);
    memcpy(lines + CHANNELS, factors->q + c, view.count * sizeof *lines);
    memcpy(lines + 2 * CHANNELS, factors->r + c, view.count * sizeof *lines);
    combine(&view, lines, da + c);
  }
}

/* So many channels' sums are in registers while a row goes by. */
enum { SUMMED = 16 };

HR_PART_OF_CLONES void add_channels(const hr_pool_shape *shape, size_t count,
                                    const float *restrict a, double *restrict sums) {
  double sum[SUMMED] = {0}, square[SUMMED] = {0};
  for (size_t p = 0; p < shape->width; p++, a += shape->channels) {
    for (size_t c = 0; c < count; c++) {
      sum[c] += (double)a[c];
      square[c] += (double)a[c] * (double)a[c];
    }
  }
  for (size_t c = 0; c < count; c++) sums[c] = sum[c];
  for (size_t c = 0; c < count; c++) sums[shape->channels + c] = square[c];
}

HR_VECTOR_CLONES
static void add_up(const hr_pool_shape *shape, const float *a, double *sums) {
  size_t c = 0;
  for (; c + SUMMED <= shape->channels; c += SUMMED)
    add_channels(shape, SUMMED, a + c, sums + c);
  if (c < shape->channels) add_channels(shape, shape->channels - c, a + c, sums + c);
}

void hr_norm_sums(const hr_pool_shape *shape, const float *a, double *sums) {
  add_up(shape, a, sums);
}

/* The sums, mean and inverse from the view's first channel on. */
HR_VECTOR_CLONES
static void add_gradients(const back_view *view, const double *restrict mean,
                          const double *restrict inverse, double *restrict sums) {
  float value[CHANNELS], dz[CHANNELS];
  int32_t place[CHANNELS];
  const hr_pool_shape shape = *view->shape;
  const float *restrict dout = view->dout, *restrict a = view->a;
  const uint8_t *restrict where = view->where;
  size_t count = view->count, channels = shape.channels;
  for (size_t q = 0; q < shape.width / shape.pool; q++) {
    for (size_t c = 0; c < count; c++) place[c] = where[c];
    for (size_t c = 0; c < count; c++) value[c] = 0;
    for (size_t c = 0; c < count; c++) dz[c] = place[c] == HR_POOL_NONE ? 0 : dout[c];
    for (int32_t j = 0; j < (int32_t)shape.pool; j++, a += channels) {
      for (size_t c = 0; c < count; c++) value[c] = place[c] == j ? a[c] : value[c];
    }
    for (size_t c = 0; c < count; c++) {
      sums[c] += (double)dz[c];
      sums[channels + c] += (double)dz[c] * ((double)value[c] - mean[c]) * inverse[c];
    }
    dout += channels;
    where += channels;
  }
}

void hr_norm_backward_sums(const hr_pool_shape *shape, const float *dout,
                           const uint8_t *where, const float *a,
                           const hr_norm_moments *moments, double *sums) {
  for (size_t c = 0; c < 2 * shape->channels; c++) sums[c] = 0;
  for (size_t c = 0; c < shape->channels; c += CHANNELS) {
    const back_view view = back_from(shape, dout, where, a, c);
    add_gradients(&view, moments->mean + c, moments->inverse + c, sums + c);
  }
}
