/* The convolution in bf16 on AMX's tiles (Intel, from Sapphire Rapids on), which multiply
 * 16 rows of 32 bf16 with 32 rows of 16 in sixteen cycles. oneDNN 2.6.3 reaches a tenth
 * to a fifth of that on rows of a thousand pixels; this is three to eight times as fast.
 *
 * Nothing has to be unfolded for it: what pixels p .. p + 15 meet at element k of the
 * kernel are the pixels p + k .. p + k + 15 of a row between zeros, channels fastest, and
 * that is a tile as it lies in memory. Back to the input the kernel is turned around and
 * its channels are exchanged. For the weights the sum runs over pixels, so the gradient's
 * row is transposed, and the row itself is laid out in pairs of pixels, once beginning
 * with an even and once with an odd one, so that a tile begins at a cache line for every
 * element of the kernel. Two by two tiles are computed at a time: pixels by channels, or
 * channels by channels.
 *
 * Channels are rounded up to 32 with zeros, pixels likewise. */
#include "core/alloc.h"
#include "core/parallel.h"
#include "core/vector.h"
#include "nn/convolver.h"

#ifndef HR_AVX512

const hr_convolver *hr_convolver_amx(void) {
  return NULL;
}

#else

#include <cpuid.h>
#include <immintrin.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "nn/bf16.h"

enum {
  SIDE = 16,        /* rows of a tile, and fp32 of one */
  BLOCK = 2 * SIDE, /* pixels and channels that are computed at a time; bf16 of a row */
  TILE = SIDE * BLOCK, /* bf16 of a tile */
  TILE_BYTES = 64,     /* of a tile's row */
  CHUNK = 8 * BLOCK,   /* pixels whose factors of the weights' gradient fit into L1 */
};

#define PART_AMX                              \
  static inline __attribute__((always_inline, \
                               target("amx-tile,amx-bf16,avx512f,avx512bw,avx512bf16")))
#define AMX \
  static    \
      __attribute__((noinline, target("amx-tile,amx-bf16,avx512f,avx512bw,avx512bf16")))

/* What a thread works in. Rows between zeros, which nothing ever overwrites. */
typedef struct room {
  uint16_t *x, *dy;   /* [pixels and margins][channels] */
  uint16_t *columns;  /* [outputs][column_stride], dy transposed */
  uint16_t *pairs[2]; /* [..][inputs][2] of x from its first pixel on, or its second */
} room;

struct hr_convolution {
  hr_conv_shape shape;
  size_t inputs, outputs, pixels; /* rounded up */
  size_t left;                    /* pixels of the kernel before its own */
  size_t column_stride;
  uint16_t *forward;  /* [K][inputs / 32][outputs / 16] tiles */
  uint16_t *backward; /* [K][outputs / 32][inputs / 16] tiles, turned around */
  float *bias;        /* [outputs] */
  room *rooms;
  size_t room_count;
};

static size_t rounded_up(size_t count) {
  return (count + BLOCK - 1) / BLOCK * BLOCK;
}

static void amx_destroy(hr_convolution **address) {
  hr_convolution *c = *address;
  *address = NULL;
  if (!c) return;
  for (size_t i = 0; c->rooms && i < c->room_count; i++) {
    hr_free(c->rooms[i].x);
    hr_free(c->rooms[i].dy);
    hr_free(c->rooms[i].columns);
    hr_free(c->rooms[i].pairs[0]);
    hr_free(c->rooms[i].pairs[1]);
  }
  hr_free(c->rooms);
  hr_free(c->forward);
  hr_free(c->backward);
  hr_free(c->bias);
  hr_free(c);
}

static size_t weight_count(const hr_convolution *c) {
  return c->shape.kernel * c->inputs * c->outputs;
}

/* Of x with its margins, which the kernel may be in. */
static size_t pair_count(const hr_convolution *c) {
  return (c->pixels + c->shape.kernel + 1) / 2;
}

static hr_status make_room(const hr_convolution *c, room *r, hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(hr_alloc(&r->x, (2 * pair_count(c) + 1) * c->inputs, err));
  HR_TRY(hr_alloc(&r->dy, (c->pixels + c->shape.kernel) * c->outputs, err));
  HR_TRY(hr_alloc(&r->columns, c->outputs * c->column_stride, err));
  for (size_t i = 0; i < 2; i++) {
    HR_TRY(hr_alloc(&r->pairs[i], pair_count(c) * c->inputs * 2, err));
  }
cleanup:
  return status;
}

static hr_status amx_create(const hr_conv_shape *shape, hr_convolution **out,
                            hr_error *err) {
  hr_status status = HR_OK;
  hr_convolution *c = NULL;
  if (shape->kernel == 0) {
    return hr_fail(err, HR_ERR_NUMERIC,
                   "a convolution needs a kernel of 1 pixel or more");
  }
  HR_TRY(hr_alloc(&c, 1, err));
  c->shape = *shape;
  c->inputs = rounded_up(shape->inputs);
  c->outputs = rounded_up(shape->outputs);
  c->pixels = rounded_up(shape->width);
  c->left = (shape->kernel - 1) / 2;
  /* An odd number of cache lines, so that the rows of a tile are in different sets. */
  c->column_stride = c->pixels | BLOCK;
  c->room_count = hr_thread_count();
  HR_TRY(hr_alloc(&c->forward, weight_count(c), err));
  HR_TRY(hr_alloc(&c->backward, weight_count(c), err));
  HR_TRY(hr_alloc(&c->bias, c->outputs, err));
  HR_TRY(hr_alloc(&c->rooms, c->room_count, err));
  for (size_t i = 0; i < c->room_count; i++) HR_TRY(make_room(c, &c->rooms[i], err));
  *out = c;
  c = NULL;
cleanup:
  amx_destroy(&c);
  return status;
}

/* Where factor (summed, over) stands in the tiles [..][over / 16] of weights, whose rows
 * are pairs of what is summed. */
static size_t weight_place(size_t block, size_t summed, size_t over, size_t overs) {
  size_t tile = (block + summed / BLOCK) * (overs / SIDE) + over / SIDE;
  return tile * TILE + summed % BLOCK / 2 * BLOCK + over % SIDE * 2 + summed % 2;
}

static bool amx_load(hr_convolution *c, const float *weights, const float *bias) {
  const hr_conv_shape *s = &c->shape;
  for (size_t k = 0; k < s->kernel; k++) {
    size_t turned = s->kernel - 1 - k;
    for (size_t i = 0; i < s->inputs; i++) {
      for (size_t o = 0; o < s->outputs; o++) {
        uint16_t w = hr_bf16_of(weights[(k * s->inputs + i) * s->outputs + o]);
        c->forward[weight_place(k * (c->inputs / BLOCK), i, o, c->outputs)] = w;
        c->backward[weight_place(turned * (c->outputs / BLOCK), o, i, c->inputs)] = w;
      }
    }
  }
  memcpy(c->bias, bias, s->outputs * sizeof *bias);
  return true;
}

/* A row of `channels` between zeros, each pixel's rounded up to `whole`. */
static const uint16_t *pad(size_t width, size_t channels, size_t whole, size_t margin,
                           const uint16_t *row, uint16_t *to) {
  uint16_t *at = to + margin * whole;
  if (channels == whole) {
    memcpy(at, row, width * whole * sizeof *to);
    return to;
  }
  for (size_t p = 0; p < width; p++) {
    memcpy(at + p * whole, row + p * channels, channels * sizeof *to);
  }
  return to;
}

static const uint16_t *padded_x(const hr_convolution *c, size_t thread, const void *x) {
  const hr_conv_shape *s = &c->shape;
  uint16_t *to = c->rooms[thread].x;
  if (!s->is_first) return pad(s->width, s->inputs, c->inputs, c->left, x, to);
  const float *values = x;
  for (size_t p = 0; p < s->width; p++) {
    for (size_t i = 0; i < s->inputs; i++) {
      to[(c->left + p) * c->inputs + i] = hr_bf16_of(values[p * s->inputs + i]);
    }
  }
  return to;
}

static const uint16_t *padded_dy(const hr_convolution *c, size_t thread, const void *dy) {
  const hr_conv_shape *s = &c->shape;
  return pad(s->width, s->outputs, c->outputs, s->kernel - 1 - c->left, dy,
             c->rooms[thread].dy);
}

/* All eight tiles are whole. Nobody else's configuration is relied upon. */
PART_AMX void begin_tiles(void) {
  struct {
    uint8_t palette, start, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
  } whole = {.palette = 1};
  for (size_t i = 0; i < 8; i++) whole.row_bytes[i] = TILE_BYTES;
  for (size_t i = 0; i < 8; i++) whole.rows[i] = SIDE;
  _tile_loadconfig(&whole);
}

/* Tiles 0 to 3, two by two, += two tiles of a times two of b; strides in bytes. */
PART_AMX void multiply(const uint16_t *a, size_t a_stride, const uint16_t *b,
                       size_t b_stride, size_t b_beside) {
  _tile_loadd(4, a, a_stride);
  _tile_loadd(6, b, b_stride);
  _tile_loadd(7, b + b_beside, b_stride);
  _tile_loadd(5, a + SIDE * a_stride / sizeof *a, a_stride);
  _tile_dpbf16ps(0, 4, 6);
  _tile_dpbf16ps(1, 4, 7);
  _tile_dpbf16ps(2, 5, 6);
  _tile_dpbf16ps(3, 5, 7);
}

/* What a row between zeros is convolved with, either way. */
typedef struct taps_of {
  size_t taps, channels, outputs, width; /* channels and outputs rounded up */
  const uint16_t *row, *weights;
} taps_of;

/* sums [32][32]: pixels from p on, outputs from o on. */
PART_AMX void convolve(const taps_of *k, size_t p, size_t o, float *sums) {
  size_t stride = k->channels * sizeof *k->row, tiles = k->outputs / SIDE;
  const uint16_t *weights = k->weights + o / SIDE * TILE;
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  for (size_t tap = 0; tap < k->taps; tap++) {
    for (size_t c = 0; c < k->channels; c += BLOCK, weights += tiles * TILE) {
      multiply(k->row + (p + tap) * k->channels + c, stride, weights, TILE_BYTES, TILE);
    }
  }
  _tile_stored(0, sums, 2 * TILE_BYTES);
  _tile_stored(1, sums + SIDE, 2 * TILE_BYTES);
  _tile_stored(2, sums + SIDE * BLOCK, 2 * TILE_BYTES);
  _tile_stored(3, sums + SIDE * BLOCK + SIDE, 2 * TILE_BYTES);
}

PART_AMX size_t left_of(size_t count, size_t first) {
  return count - first < BLOCK ? count - first : BLOCK;
}

/* The lanes of 32 that are in use. */
PART_AMX __mmask32 lanes_of(size_t count) {
  return count < BLOCK ? (1U << count) - 1 : 0xffffffffU;
}

/* y = sums + bias, in bf16; channels of a pixel in y. */
PART_AMX void store_bf16(const float *sums, const float *bias, size_t rows,
                         size_t channels, size_t o, uint16_t *y) {
  __m512 low = _mm512_loadu_ps(bias + o), high = _mm512_loadu_ps(bias + o + SIDE);
  __mmask32 used = lanes_of(left_of(channels, o));
  for (size_t r = 0; r < rows; r++, sums += BLOCK, y += channels) {
    __m512 a = _mm512_add_ps(_mm512_load_ps(sums), low);
    __m512 b = _mm512_add_ps(_mm512_load_ps(sums + SIDE), high);
    _mm512_mask_storeu_epi16(y + o, used, (__m512i)_mm512_cvtne2ps_pbh(b, a));
  }
}

PART_AMX void store_fp32(const float *sums, size_t rows, size_t channels, size_t o,
                         float *y) {
  __mmask32 used = lanes_of(left_of(channels, o));
  for (size_t r = 0; r < rows; r++, sums += BLOCK, y += channels) {
    _mm512_mask_storeu_ps(y + o, (__mmask16)used, _mm512_load_ps(sums));
    _mm512_mask_storeu_ps(y + o + SIDE, (__mmask16)(used >> SIDE),
                          _mm512_load_ps(sums + SIDE));
  }
}

AMX void forward_row(const hr_convolution *c, const uint16_t *row, uint16_t *y) {
  const hr_conv_shape *s = &c->shape;
  const taps_of k = {s->kernel, c->inputs, c->outputs, s->width, row, c->forward};
  float sums[BLOCK * BLOCK] __attribute__((aligned(TILE_BYTES)));
  begin_tiles();
  for (size_t p = 0; p < s->width; p += BLOCK) {
    for (size_t o = 0; o < s->outputs; o += BLOCK) {
      convolve(&k, p, o, sums);
      store_bf16(sums, c->bias, left_of(s->width, p), s->outputs, o, y + p * s->outputs);
    }
  }
  _tile_release();
}

AMX void backward_row(const hr_convolution *c, const uint16_t *row, float *dx) {
  const hr_conv_shape *s = &c->shape;
  const taps_of k = {s->kernel, c->outputs, c->inputs, s->width, row, c->backward};
  float sums[BLOCK * BLOCK] __attribute__((aligned(TILE_BYTES)));
  begin_tiles();
  for (size_t p = 0; p < s->width; p += BLOCK) {
    for (size_t i = 0; i < s->inputs; i += BLOCK) {
      convolve(&k, p, i, sums);
      store_fp32(sums, left_of(s->width, p), s->inputs, i, dx + p * s->inputs);
    }
  }
  _tile_release();
}

static bool amx_forward(hr_convolution *c, size_t thread, const void *x, void *y) {
  forward_row(c, padded_x(c, thread, x), y);
  return true;
}

static bool amx_backward_input(hr_convolution *c, size_t thread, const void *dy,
                               float *dx) {
  backward_row(c, padded_dy(c, thread, dy), dx);
  return true;
}

/* Channels 0 to 15, and 16 to 31, of two pixels in pairs. */
typedef struct pair {
  __m512i low, high;
} pair;

PART_AMX pair interleave(__m512i even, __m512i odd) {
  uint16_t low[BLOCK], high[BLOCK];
  for (uint16_t i = 0; i < BLOCK; i++) {
    low[i] = (uint16_t)(i / 2 + i % 2 * BLOCK);
    high[i] = (uint16_t)(low[i] + SIDE);
  }
  return (pair){_mm512_permutex2var_epi16(even, _mm512_loadu_si512(low), odd),
                _mm512_permutex2var_epi16(even, _mm512_loadu_si512(high), odd)};
}

/* 16 x 16 values of four bytes. */
PART_AMX void transpose(__m512i r[SIDE]) {
  __m512i t[SIDE];
  for (size_t i = 0; i < SIDE; i += 2) {
    t[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
    t[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
  }
  for (size_t i = 0; i < SIDE; i += 4) {
    r[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
    r[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
    r[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
    r[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
  }
  /* r[4 i + j] has in its lane l of four values rows 4 i .. of column 4 l + j. */
  for (size_t j = 0; j < 4; j++) {
    __m512i a = _mm512_shuffle_i32x4(r[j], r[4 + j], 0x88);
    __m512i b = _mm512_shuffle_i32x4(r[j], r[4 + j], 0xdd);
    __m512i c = _mm512_shuffle_i32x4(r[8 + j], r[12 + j], 0x88);
    __m512i d = _mm512_shuffle_i32x4(r[8 + j], r[12 + j], 0xdd);
    t[j] = _mm512_shuffle_i32x4(a, c, 0x88);
    t[4 + j] = _mm512_shuffle_i32x4(b, d, 0x88);
    t[8 + j] = _mm512_shuffle_i32x4(a, c, 0xdd);
    t[12 + j] = _mm512_shuffle_i32x4(b, d, 0xdd);
  }
  for (size_t i = 0; i < SIDE; i++) r[i] = t[i];
}

/* 32 pixels of 32 channels into 32 columns of 32 pixels. */
PART_AMX void transpose_block(const uint16_t *x, size_t channels, uint16_t *to,
                              size_t stride) {
  __m512i low[SIDE], high[SIDE];
  for (size_t i = 0; i < SIDE; i++, x += 2 * channels) {
    pair p = interleave(_mm512_loadu_si512(x), _mm512_loadu_si512(x + channels));
    low[i] = p.low;
    high[i] = p.high;
  }
  transpose(low);
  transpose(high);
  for (size_t i = 0; i < SIDE; i++) {
    _mm512_storeu_si512(to + i * stride, low[i]);
    _mm512_storeu_si512(to + (SIDE + i) * stride, high[i]);
  }
}

AMX void transpose_row(const hr_convolution *c, const uint16_t *dy, uint16_t *columns) {
  for (size_t p = 0; p < c->pixels; p += BLOCK) {
    for (size_t o = 0; o < c->outputs; o += BLOCK) {
      transpose_block(dy + p * c->outputs + o, c->outputs,
                      columns + o * c->column_stride + p, c->column_stride);
    }
  }
}

AMX void pair_row(const hr_convolution *c, const uint16_t *x, uint16_t *pairs) {
  for (size_t p = 0; p < pair_count(c); p++, x += 2 * c->inputs) {
    for (size_t i = 0; i < c->inputs; i += BLOCK, pairs += 2 * BLOCK) {
      pair both =
          interleave(_mm512_loadu_si512(x + i), _mm512_loadu_si512(x + c->inputs + i));
      _mm512_storeu_si512(pairs, both.low);
      _mm512_storeu_si512(pairs + BLOCK, both.high);
    }
  }
}

/* Two by two tiles of the gradient, the first at `at`, += pixels `first` to `end`: pairs
 * are those that the first pixel meets. */
PART_AMX void add_weights(const hr_convolution *c, const uint16_t *columns,
                          const uint16_t *pairs, size_t first, size_t end, float *at) {
  enum { FLOATS = SIDE * SIDE };
  float *below = at + c->inputs / SIDE * FLOATS;
  size_t stride = c->column_stride * sizeof *columns;
  size_t pair_stride = c->inputs * 2 * sizeof *pairs;
  _tile_loadd(0, at, TILE_BYTES);
  _tile_loadd(1, at + FLOATS, TILE_BYTES);
  _tile_loadd(2, below, TILE_BYTES);
  _tile_loadd(3, below + FLOATS, TILE_BYTES);
  for (size_t p = first; p < end; p += BLOCK) {
    multiply(columns + p, stride, pairs + p * c->inputs, pair_stride, BLOCK);
  }
  _tile_stored(0, at, TILE_BYTES);
  _tile_stored(1, at + FLOATS, TILE_BYTES);
  _tile_stored(2, below, TILE_BYTES);
  _tile_stored(3, below + FLOATS, TILE_BYTES);
}

/* gradient [K][outputs / 16][inputs / 16] tiles of [16][16]. */
AMX void add_row(const hr_convolution *c, const room *r, float *gradient) {
  begin_tiles();
  for (size_t first = 0; first < c->pixels; first += CHUNK) {
    size_t end = c->pixels - first < CHUNK ? c->pixels : first + CHUNK;
    for (size_t i = 0; i < c->inputs; i += BLOCK) {
      for (size_t o = 0; o < c->outputs; o += BLOCK) {
        for (size_t k = 0; k < c->shape.kernel; k++) {
          const uint16_t *pairs = r->pairs[k % 2] + k / 2 * c->inputs * 2 + i * 2;
          add_weights(c, r->columns + o * c->column_stride, pairs, first, end,
                      gradient + (k * c->outputs + o) * c->inputs + i * SIDE);
        }
      }
    }
  }
  _tile_release();
}

/* dy as it stands where it needs nothing beside it, or between its zeros. */
static const uint16_t *whole_dy(const hr_convolution *c, size_t thread, const void *dy) {
  const hr_conv_shape *s = &c->shape;
  if (s->outputs == c->outputs && s->width == c->pixels) return dy;
  return padded_dy(c, thread, dy) + (s->kernel - 1 - c->left) * c->outputs;
}

static void add_bias(const hr_convolution *c, const uint16_t *dy, float *gradient) {
  const hr_conv_shape *s = &c->shape;
  for (size_t p = 0; p < s->width; p++, dy += s->outputs) {
    for (size_t o = 0; o < s->outputs; o++) gradient[o] += hr_bf16_value(dy[o]);
  }
}

static bool amx_backward_weights(hr_convolution *c, size_t thread, const void *x,
                                 const void *dy, float *gradient) {
  const room *r = &c->rooms[thread];
  const uint16_t *row = padded_x(c, thread, x);
  pair_row(c, row, r->pairs[0]);
  pair_row(c, row + c->inputs, r->pairs[1]);
  transpose_row(c, whole_dy(c, thread, dy), r->columns);
  add_row(c, r, gradient);
  if (!c->shape.is_normalised) add_bias(c, dy, gradient + weight_count(c));
  return true;
}

static size_t amx_gradient_count(const hr_convolution *c) {
  return weight_count(c) + c->shape.outputs;
}

static bool amx_unload(hr_convolution *c, const float *gradient, float *weights,
                       float *bias) {
  const hr_conv_shape *s = &c->shape;
  for (size_t k = 0; k < s->kernel; k++) {
    for (size_t o = 0; o < s->outputs; o++) {
      size_t row = (k * c->outputs + o / SIDE * SIDE) * c->inputs + o % SIDE * SIDE;
      for (size_t i = 0; i < s->inputs; i++) {
        weights[(k * s->inputs + i) * s->outputs + o] =
            gradient[row + i / SIDE * SIDE * SIDE + i % SIDE];
      }
    }
  }
  memcpy(bias, gradient + weight_count(c), s->outputs * sizeof *bias);
  return true;
}

static const hr_convolver amx = {
    .name = "AMX",
    .is_bf16 = true,
    .create = amx_create,
    .destroy = amx_destroy,
    .load = amx_load,
    .forward = amx_forward,
    .backward_input = amx_backward_input,
    .backward_weights = amx_backward_weights,
    .gradient_count = amx_gradient_count,
    .unload = amx_unload,
};

/* Linux lets a process use tiles once it has asked. */
static bool may_use_tiles(void) {
  enum { REQUEST_PERMISSION = 0x1023, TILE_DATA = 18 };
  return syscall(SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0;
}

const hr_convolver *hr_convolver_amx(void) {
  enum { AMX_BF16 = 1 << 22, AMX_TILE = 1 << 24 };
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return NULL;
  bool has_tiles = (d & AMX_BF16) && (d & AMX_TILE);
  return has_tiles && __builtin_cpu_supports("avx512bw") &&
                 __builtin_cpu_supports("avx512bf16") && may_use_tiles()
             ? &amx
             : NULL;
}

#endif
