/* Pooling and batch normalisation of one row, in loops with the channels innermost: they
 * are neighbours in memory, and vectors take eight or sixteen at a time. Each loop is
 * there for fp32 and for bf16, which `is_bf16` tells the compiler as a constant. */
#include "nn/pool.h"

#include <string.h>

#include "core/vector.h"
#include "nn/bf16.h"

/* Cloned functions are static: the linker would export what picks the clone. */

/* Channels that are looked at side by side; their places are whole words on the way, as
 * wide as the values, so that the compiler uses vectors. */
enum { CHANNELS = 128 };

/* Value i of what was convolved, and a gradient in its place. */
HR_PART_OF_CLONES float value_at(const void *a, size_t i, bool is_bf16) {
  return is_bf16 ? hr_bf16_value(((const uint16_t *)a)[i]) : ((const float *)a)[i];
}

HR_PART_OF_CLONES void put_at(void *a, size_t i, float value, bool is_bf16) {
  if (is_bf16) {
    ((uint16_t *)a)[i] = hr_bf16_of(value);
  } else {
    ((float *)a)[i] = value;
  }
}

static size_t bytes_of(const hr_pool_shape *shape, size_t values) {
  return values * (shape->is_bf16 ? sizeof(uint16_t) : sizeof(float));
}

static const void *from_channel(const hr_pool_shape *shape, const void *a, size_t c) {
  return (const char *)a + bytes_of(shape, c);
}

static size_t channels_from(const hr_pool_shape *shape, size_t first) {
  size_t left = shape->channels - first;
  return left < CHANNELS ? left : CHANNELS;
}

/* What goes forward through a pool, from the first of `count` channels on. */
typedef struct pool_view {
  const hr_pool_shape *shape;
  size_t count;
  const void *a;
  float *out;
  uint8_t *where;
} pool_view;

static pool_view pool_from(const hr_pool_shape *shape, const void *a, float *out,
                           uint8_t *where, size_t first) {
  return (pool_view){shape, channels_from(shape, first), from_channel(shape, a, first),
                     out + first, where + first};
}

/* lines [2][CHANNELS]: scale and shift, or NULL: as they are. */
HR_PART_OF_CLONES void pool_part(const pool_view *view, const float *restrict lines,
                                 bool is_bf16) {
  int32_t place[CHANNELS];
  const float *restrict scale = lines, *restrict shift = lines + CHANNELS;
  const void *restrict a = view->a;
  float *restrict out = view->out;
  uint8_t *restrict where = view->where;
  const hr_pool_shape shape = *view->shape;
  size_t channels = shape.channels, count = view->count, i = 0;
  for (size_t q = 0; q < shape.width / shape.pool; q++) {
    for (size_t c = 0; c < count; c++) out[c] = 0;
    for (size_t c = 0; c < count; c++) place[c] = HR_POOL_NONE;
    for (size_t j = 0; j < shape.pool; j++, i += channels) {
      for (size_t c = 0; c < count; c++) {
        float value = value_at(a, i + c, is_bf16), best = out[c];
        if (lines) value = value * scale[c] + shift[c];
        place[c] = value > best ? (int32_t)j : place[c];
        out[c] = value > best ? value : best;
      }
    }
    for (size_t c = 0; c < count; c++) where[c] = (uint8_t)place[c];
    out += channels;
    where += channels;
  }
}

HR_VECTOR_CLONES
static void pool_channels(const pool_view *view) {
  if (view->shape->is_bf16) {
    pool_part(view, NULL, true);
  } else {
    pool_part(view, NULL, false);
  }
}

HR_VECTOR_CLONES
static void normalise_channels(const pool_view *view, const float *lines) {
  if (view->shape->is_bf16) {
    pool_part(view, lines, true);
  } else {
    pool_part(view, lines, false);
  }
}

void hr_pool_forward(const hr_pool_shape *shape, const void *a, float *out,
                     uint8_t *where) {
  for (size_t c = 0; c < shape->channels; c += CHANNELS) {
    const pool_view view = pool_from(shape, a, out, where, c);
    pool_channels(&view);
  }
}

void hr_norm_pool_forward(const hr_pool_shape *shape, const void *a, const float *scale,
                          const float *shift, float *out, uint8_t *where) {
  for (size_t c = 0; c < shape->channels; c += CHANNELS) {
    const pool_view view = pool_from(shape, a, out, where, c);
    float lines[2 * CHANNELS];
    memcpy(lines, scale + c, view.count * sizeof *lines);
    memcpy(lines + CHANNELS, shift + c, view.count * sizeof *lines);
    normalise_channels(&view, lines);
  }
}

HR_PART_OF_CLONES void spread_part(const hr_pool_shape *shape, const float *restrict dout,
                                   const uint8_t *restrict where, void *restrict da,
                                   bool is_bf16) {
  size_t channels = shape->channels, used = shape->width / shape->pool * shape->pool;
  size_t i = 0;
  for (size_t q = 0; q < used / shape->pool; q++) {
    for (size_t j = 0; j < shape->pool; j++, i += channels) {
      for (size_t c = 0; c < channels; c++) {
        put_at(da, i + c, where[c] == j ? dout[c] : 0, is_bf16);
      }
    }
    dout += channels;
    where += channels;
  }
  for (; i < shape->width * channels; i++) put_at(da, i, 0, is_bf16);
}

HR_VECTOR_CLONES
static void spread(const hr_pool_shape *shape, const float *dout, const uint8_t *where,
                   void *da) {
  if (shape->is_bf16) {
    spread_part(shape, dout, where, da, true);
  } else {
    spread_part(shape, dout, where, da, false);
  }
}

void hr_pool_backward(const hr_pool_shape *shape, const float *dout, const uint8_t *where,
                      void *da) {
  spread(shape, dout, where, da);
}

/* So many channels' peaks and sums are in registers while a row goes by. */
enum { SUMMED = 16 };

/* What hr_norm_peaks gives, from one channel on. */
typedef struct peak_view {
  const float *sign;
  float *peak;
  uint8_t *where;
  double *sums;
} peak_view;

HR_PART_OF_CLONES void peaks_part(const hr_pool_shape *shape, size_t count,
                                  const void *restrict a, const peak_view *to,
                                  bool is_bf16) {
  double sum[SUMMED] = {0}, square[SUMMED] = {0};
  float best[SUMMED], sign[SUMMED];
  int32_t place[SUMMED];
  float *restrict peak = to->peak;
  uint8_t *restrict where = to->where;
  size_t channels = shape->channels, i = 0;
  for (size_t c = 0; c < count; c++) sign[c] = to->sign[c];
  for (size_t q = 0; q < shape->width / shape->pool; q++) {
    for (size_t j = 0; j < shape->pool; j++, i += channels) {
      for (size_t c = 0; c < count; c++) {
        float value = value_at(a, i + c, is_bf16), turned = value * sign[c];
        bool is_first = j == 0;
        place[c] = is_first ? 0 : turned > best[c] ? (int32_t)j : place[c];
        best[c] = is_first || turned > best[c] ? turned : best[c];
        sum[c] += (double)value;
        square[c] += (double)value * (double)value;
      }
    }
    for (size_t c = 0; c < count; c++) peak[c] = best[c] * sign[c];
    for (size_t c = 0; c < count; c++) where[c] = (uint8_t)place[c];
    peak += channels;
    where += channels;
  }
  for (; i < shape->width * channels; i += channels) {
    for (size_t c = 0; c < count; c++) {
      float value = value_at(a, i + c, is_bf16);
      sum[c] += (double)value;
      square[c] += (double)value * (double)value;
    }
  }
  for (size_t c = 0; c < count; c++) to->sums[c] = sum[c];
  for (size_t c = 0; c < count; c++) to->sums[channels + c] = square[c];
}

HR_VECTOR_CLONES
static void find_peaks(const hr_pool_shape *shape, size_t count, const void *a,
                       const peak_view *to) {
  if (count == SUMMED && shape->is_bf16) {
    peaks_part(shape, SUMMED, a, to, true);
  } else if (count == SUMMED) {
    peaks_part(shape, SUMMED, a, to, false);
  } else if (shape->is_bf16) {
    peaks_part(shape, count, a, to, true);
  } else {
    peaks_part(shape, count, a, to, false);
  }
}

void hr_norm_peaks(const hr_pool_shape *shape, const void *a, const float *sign,
                   float *peak, uint8_t *where, double *sums) {
  for (size_t c = 0; c < shape->channels; c += SUMMED) {
    size_t left = shape->channels - c;
    const peak_view to = {sign + c, peak + c, where + c, sums + c};
    find_peaks(shape, left < SUMMED ? left : SUMMED, from_channel(shape, a, c), &to);
  }
}

HR_VECTOR_CLONES
static void scale_peaks(const hr_pool_shape *shape, const float *restrict peak,
                        const float *restrict scale, const float *restrict shift,
                        float *restrict out, uint8_t *restrict where) {
  size_t channels = shape->channels;
  for (size_t q = 0; q < shape->width / shape->pool; q++) {
    for (size_t c = 0; c < channels; c++) {
      float value = peak[c] * scale[c] + shift[c];
      out[c] = value > 0 ? value : 0;
      where[c] = value > 0 ? where[c] : HR_POOL_NONE;
    }
    peak += channels;
    out += channels;
    where += channels;
  }
}

void hr_norm_of_peaks(const hr_pool_shape *shape, const float *peak, const float *scale,
                      const float *shift, float *out, uint8_t *where) {
  scale_peaks(shape, peak, scale, shift, out, where);
}

/* What goes back through a pool and a normalisation, from the first of `count` channels
 * on. */
typedef struct back_view {
  const hr_pool_shape *shape;
  size_t count;
  const float *dout;
  const uint8_t *where;
} back_view;

static back_view back_from(const hr_pool_shape *shape, const float *dout,
                           const uint8_t *where, size_t first) {
  return (back_view){shape, channels_from(shape, first), dout + first, where + first};
}

/* lines and sums [2][CHANNELS]: mean and inverse, of beta and of gamma. */
HR_VECTOR_CLONES
static void add_gradients(const back_view *view, const float *restrict peak,
                          const double *restrict lines, double *restrict sums) {
  const double *restrict mean = lines, *restrict inverse = lines + CHANNELS;
  double *restrict beta = sums, *restrict gamma = sums + CHANNELS;
  const float *restrict dout = view->dout;
  const uint8_t *restrict where = view->where;
  size_t count = view->count, channels = view->shape->channels;
  for (size_t q = 0; q < view->shape->width / view->shape->pool; q++) {
    for (size_t c = 0; c < count; c++) {
      double d = where[c] == HR_POOL_NONE ? 0 : (double)dout[c];
      beta[c] += d;
      gamma[c] += d * ((double)peak[c] - mean[c]) * inverse[c];
    }
    dout += channels;
    where += channels;
    peak += channels;
  }
}

void hr_norm_backward_sums(const hr_pool_shape *shape, const float *dout,
                           const uint8_t *where, const float *peak,
                           const hr_norm_moments *moments, double *sums) {
  for (size_t c = 0; c < shape->channels; c += CHANNELS) {
    const back_view view = back_from(shape, dout, where, c);
    double lines[2 * CHANNELS], own[2 * CHANNELS] = {0};
    memcpy(lines, moments->mean + c, view.count * sizeof *lines);
    memcpy(lines + CHANNELS, moments->inverse + c, view.count * sizeof *lines);
    add_gradients(&view, peak + c, lines, own);
    memcpy(sums + c, own, view.count * sizeof *own);
    memcpy(sums + shape->channels + c, own + CHANNELS, view.count * sizeof *own);
  }
}

/* lines [3][CHANNELS]: p, q and r. */
HR_PART_OF_CLONES void combine_part(const back_view *view, const void *restrict a,
                                    const float *restrict lines, void *restrict da,
                                    bool is_bf16) {
  const hr_pool_shape shape = *view->shape;
  const float *restrict p = lines, *restrict q = p + CHANNELS, *restrict r = q + CHANNELS;
  const float *restrict dout = view->dout;
  const uint8_t *restrict where = view->where;
  size_t count = view->count, channels = shape.channels, i = 0;
  size_t used = shape.width / shape.pool * shape.pool;
  int32_t place[CHANNELS];
  for (size_t pixel = 0; pixel < used; pixel += shape.pool) {
    for (size_t c = 0; c < count; c++) place[c] = where[c];
    for (int32_t j = 0; j < (int32_t)shape.pool; j++, i += channels) {
      for (size_t c = 0; c < count; c++) {
        float d = place[c] == j ? dout[c] : 0;
        float value = d * p[c] + value_at(a, i + c, is_bf16) * q[c] + r[c];
        put_at(da, i + c, value, is_bf16);
      }
    }
    dout += channels;
    where += channels;
  }
  for (size_t pixel = used; pixel < shape.width; pixel++, i += channels) {
    for (size_t c = 0; c < count; c++) {
      float value = 0 * p[c] + value_at(a, i + c, is_bf16) * q[c] + r[c];
      put_at(da, i + c, value, is_bf16);
    }
  }
}

HR_VECTOR_CLONES
static void combine(const back_view *view, const void *a, const float *lines, void *da) {
  if (view->shape->is_bf16) {
    combine_part(view, a, lines, da, true);
  } else {
    combine_part(view, a, lines, da, false);
  }
}

void hr_norm_pool_backward(const hr_pool_shape *shape, const float *dout,
                           const uint8_t *where, const void *a,
                           const hr_norm_factors *factors, void *da) {
  for (size_t c = 0; c < shape->channels; c += CHANNELS) {
    const back_view view = back_from(shape, dout, where, c);
    float lines[3 * CHANNELS];
    memcpy(lines, factors->p + c, view.count * sizeof *lines);
    memcpy(lines + CHANNELS, factors->q + c, view.count * sizeof *lines);
    memcpy(lines + 2 * CHANNELS, factors->r + c, view.count * sizeof *lines);
    combine(&view, from_channel(shape, a, c), lines, (char *)da + bytes_of(shape, c));
  }
}

HR_VECTOR_CLONES
static void round_values(size_t count, const float *restrict values,
                         uint16_t *restrict to) {
  for (size_t i = 0; i < count; i++) to[i] = hr_bf16_of(values[i]);
}

void hr_round_to_bf16(size_t count, const float *values, uint16_t *to) {
  round_values(count, values, to);
}

const hr_norm_kernels hr_norm_plain = {hr_norm_peaks, hr_norm_of_peaks,
                                       hr_norm_backward_sums, hr_norm_pool_backward,
                                       hr_round_to_bf16};
