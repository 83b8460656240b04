/* The first block's convolution in plain loops, channels innermost, and the moments of
 * its input. first_avx512.c and first_avx2.c are held to this. */
#include "nn/first.h"

#include <string.h>

#include "core/vector.h"
#include "nn/pool.h"

enum {
  LANES = 8,     /* sums that are carried on side by side */
  BEHIND = 16,   /* floats that a vector may reach beyond */
  CHANNELS = 128 /* that are looked at side by side */
};

size_t hr_first_room(const hr_first_shape *shape) {
  return shape->width + 2 * shape->kernel + LANES + BEHIND;
}

const float *hr_first_padded(const hr_first_shape *shape, const float *x, float *room) {
  size_t left = (shape->kernel - 1) / 2, end = left + shape->width;
  memset(room, 0, left * sizeof *room);
  memcpy(room + left, x, shape->width * sizeof *room);
  memset(room + end, 0, (hr_first_room(shape) - end) * sizeof *room);
  return room;
}

/* The sum of x[i] y[i], or where y is NULL that of x[i]. */
HR_PART_OF_CLONES double add_lanes(size_t count, const float *x, const float *y) {
  double lane[LANES] = {0}, sum = 0;
  for (size_t i = 0; i < count; i += LANES) {
    for (size_t l = 0; l < LANES; l++) {
      lane[l] += y ? (double)x[i + l] * (double)y[i + l] : (double)x[i + l];
    }
  }
  for (size_t l = 0; l < LANES; l++) sum += lane[l];
  return sum;
}

HR_VECTOR_CLONES
static void add_lags(size_t count, size_t kernel, const float *x, double *sum,
                     double *products) {
  *sum = add_lanes(count, x, NULL);
  for (size_t lag = 0; lag < kernel; lag++) products[lag] = add_lanes(count, x, x + lag);
}

/* Of the whole row, all elements of a kernel meet the same values but for its ends, which
 * are taken off one by one. */
void hr_first_moments(const hr_first_shape *shape, const float *x, float *room,
                      double *sums) {
  size_t kernel = shape->kernel, width = shape->width, left = (kernel - 1) / 2;
  const float *padded = hr_first_padded(shape, x, room);
  double sum, products[HR_FIRST_MOST_KERNEL], *square = sums + kernel;
  add_lags(left + width, kernel, padded, &sum, products);
  for (size_t k = 0; k < kernel; k++) {
    double own = sum;
    for (size_t i = 0; i < k; i++) own -= (double)padded[i];
    for (size_t i = width + k; i < width + left; i++) own -= (double)padded[i];
    sums[k] = own;
    for (size_t l = k; l < kernel; l++) {
      const float *other = padded + (l - k);
      own = products[l - k];
      for (size_t i = 0; i < k; i++) own -= (double)padded[i] * (double)other[i];
      for (size_t i = width + k; i < width + left; i++) {
        own -= (double)padded[i] * (double)other[i];
      }
      square[k * kernel + l] = square[l * kernel + k] = own;
    }
  }
}

/* Of `count` channels, x at the pool's first pixel. */
HR_PART_OF_CLONES void pool_one(const hr_first_shape *shape, size_t count,
                                const float *restrict x, const float *restrict lines,
                                float *restrict best, int32_t *restrict place) {
  for (size_t c = 0; c < count; c++) best[c] = 0;
  for (size_t c = 0; c < count; c++) place[c] = HR_POOL_NONE;
  for (size_t j = 0; j < shape->pool; j++) {
    float value[CHANNELS];
    for (size_t c = 0; c < count; c++)
      value[c] = lines[shape->kernel * shape->outputs + c];
    for (size_t k = 0; k < shape->kernel; k++) {
      const float *line = lines + k * shape->outputs;
      for (size_t c = 0; c < count; c++) value[c] += x[j + k] * line[c];
    }
    for (size_t c = 0; c < count; c++) {
      place[c] = value[c] > best[c] ? (int32_t)j : place[c];
      best[c] = value[c] > best[c] ? value[c] : best[c];
    }
  }
}

HR_VECTOR_CLONES
static void forward_channels(const hr_first_shape *shape, size_t count, const float *x,
                             const float *lines, float *out, uint8_t *where) {
  for (size_t q = 0; q < shape->width / shape->pool; q++) {
    int32_t place[CHANNELS];
    float best[CHANNELS];
    pool_one(shape, count, x + q * shape->pool, lines, best, place);
    for (size_t c = 0; c < count; c++) out[q * shape->outputs + c] = best[c];
    for (size_t c = 0; c < count; c++) where[q * shape->outputs + c] = (uint8_t)place[c];
  }
}

static void plain_forward(const hr_first_shape *shape, const float *x, const float *lines,
                          float *room, float *out, uint8_t *where) {
  const float *padded = hr_first_padded(shape, x, room);
  for (size_t c = 0; c < shape->outputs; c += CHANNELS) {
    size_t left = shape->outputs - c, count = left < CHANNELS ? left : CHANNELS;
    forward_channels(shape, count, padded, lines + c, out + c, where + c);
  }
}

static void plain_backward(const hr_first_shape *shape, const float *x, const float *dout,
                           const uint8_t *where, float *room, float *sums) {
  size_t outputs = shape->outputs, kernel = shape->kernel;
  const float *padded = hr_first_padded(shape, x, room);
  memset(sums, 0, (kernel + 1) * outputs * sizeof *sums);
  for (size_t q = 0; q < shape->width / shape->pool; q++) {
    for (size_t c = 0; c < outputs; c++) {
      size_t i = q * outputs + c;
      if (where[i] == HR_POOL_NONE) continue;
      const float *met = padded + q * shape->pool + where[i];
      for (size_t k = 0; k < kernel; k++) sums[k * outputs + c] += dout[i] * met[k];
      sums[kernel * outputs + c] += dout[i];
    }
  }
}

const hr_first_kernels hr_first_plain = {"plain", plain_forward, plain_backward};
