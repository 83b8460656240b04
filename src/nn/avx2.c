/* The convolution in fp32 with AVX2, for processors without AVX-512: there oneDNN 2.6.3
 * reaches 0.6 of the rate of matrix products on rows of a thousand pixels.
 *
 * All that a pixel meets, the channels of K pixels, stands in a row of x one after the
 * other, so that a convolution is a matrix product whose left side lies in memory
 * already, its rows overlapping: six pixels by sixteen channels are summed in registers.
 * Where the kernel reaches over an end of the row, the pixels it meets are copied between
 * zeros. Back to the input the kernel is turned around and its channels are exchanged.
 * For the weights the sum runs over pixels, of four channels by sixteen, a chunk of the
 * row at a time, which stays in L1 for all elements of the kernel.
 *
 * Channels in panels of sixteen are rounded up with zeros. */
#include "core/alloc.h"
#include "core/parallel.h"
#include "core/vector.h"
#include "nn/convolver.h"

#ifndef HR_AVX512

const hr_convolver *hr_convolver_avx2(void) {
  return NULL;
}

#else

#include <immintrin.h>
#include <string.h>

enum {
  LANES = 8,
  PANEL = 2 * LANES, /* channels in registers side by side */
  PIXELS = 6,        /* that are convolved at a time */
  INPUTS = 4,        /* channels of x that a gradient's sums are of at a time */
  CHUNK = 64,        /* pixels whose x and dy fit into L1 */
};

#define PART_AVX2 static inline __attribute__((always_inline, target("avx2,fma")))
#define AVX2      static __attribute__((noinline, target("avx2,fma")))

/* Weights one way: [panels][terms][PANEL], terms the kernel's pixels times channels. */
typedef struct way {
  size_t channels, outputs; /* of what comes in and of what leaves */
  size_t left;              /* pixels of the kernel before its own */
  size_t terms, panels;
  float *weights;
  float *bias; /* [panels][PANEL] */
} way;

/* What a thread works in. */
typedef struct room {
  float *met;                /* all that PIXELS pixels meet, near an end of the row */
  float out[PIXELS * PANEL]; /* and what becomes of them */
} room;

struct hr_convolution {
  hr_conv_shape shape;
  way forward, backward;
  size_t blocks; /* of INPUTS channels */
  room *rooms;
  size_t room_count;
};

static size_t parts_of(size_t count, size_t size) {
  return (count + size - 1) / size;
}

static void avx2_destroy(hr_convolution **address) {
  hr_convolution *c = *address;
  *address = NULL;
  if (!c) return;
  for (size_t i = 0; c->rooms && i < c->room_count; i++) hr_free(c->rooms[i].met);
  hr_free(c->rooms);
  hr_free(c->forward.weights);
  hr_free(c->forward.bias);
  hr_free(c->backward.weights);
  hr_free(c->backward.bias);
  hr_free(c);
}

static hr_status way_init(way *w, size_t channels, size_t outputs, size_t kernel,
                          hr_error *err) {
  hr_status status = HR_OK;
  w->channels = channels;
  w->outputs = outputs;
  w->terms = kernel * channels;
  w->panels = parts_of(outputs, PANEL);
  HR_TRY(hr_alloc(&w->weights, w->panels * w->terms * PANEL, err));
  HR_TRY(hr_alloc(&w->bias, w->panels * PANEL, err));
cleanup:
  return status;
}

static hr_status avx2_create(const hr_conv_shape *shape, hr_convolution **out,
                             hr_error *err) {
  hr_status status = HR_OK;
  hr_convolution *c = NULL;
  size_t kernel = shape->kernel;
  if (kernel == 0) {
    return hr_fail(err, HR_ERR_NUMERIC,
                   "a convolution needs a kernel of 1 pixel or more");
  }
  HR_TRY(hr_alloc(&c, 1, err));
  c->shape = *shape;
  c->blocks = parts_of(shape->inputs, INPUTS);
  c->room_count = hr_thread_count();
  HR_TRY(way_init(&c->forward, shape->inputs, shape->outputs, kernel, err));
  c->forward.left = (kernel - 1) / 2;
  HR_TRY(way_init(&c->backward, shape->outputs, shape->inputs, kernel, err));
  c->backward.left = kernel - 1 - c->forward.left;
  HR_TRY(hr_alloc(&c->rooms, c->room_count, err));
  size_t most = shape->inputs > shape->outputs ? shape->inputs : shape->outputs;
  for (size_t i = 0; i < c->room_count; i++) {
    HR_TRY(hr_alloc(&c->rooms[i].met, (PIXELS + kernel) * most, err));
  }
  *out = c;
  c = NULL;
cleanup:
  avx2_destroy(&c);
  return status;
}

static float *weight_at(const way *w, size_t k, size_t channel, size_t output) {
  size_t term = k * w->channels + channel;
  return w->weights + (output / PANEL * w->terms + term) * PANEL + output % PANEL;
}

static bool avx2_load(hr_convolution *c, const float *weights, const float *bias) {
  const hr_conv_shape *s = &c->shape;
  for (size_t k = 0; k < s->kernel; k++) {
    for (size_t i = 0; i < s->inputs; i++) {
      for (size_t o = 0; o < s->outputs; o++) {
        float weight = weights[(k * s->inputs + i) * s->outputs + o];
        *weight_at(&c->forward, k, i, o) = weight;
        *weight_at(&c->backward, s->kernel - 1 - k, o, i) = weight;
      }
    }
  }
  memcpy(c->forward.bias, bias, s->outputs * sizeof *bias);
  return true;
}

/* The two registers of a panel whose first `count` channels are in use. */
typedef struct lanes {
  bool whole;
  __m256i low, high;
} lanes;

PART_AVX2 lanes lanes_of(size_t count) {
  const __m256i order = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  int used = (int)(count < PANEL ? count : PANEL);
  return (lanes){.whole = used == PANEL,
                 .low = _mm256_cmpgt_epi32(_mm256_set1_epi32(used), order),
                 .high = _mm256_cmpgt_epi32(_mm256_set1_epi32(used - LANES), order)};
}

/* Where PIXELS pixels of a panel go. */
typedef struct target {
  float *out;
  size_t stride;
  lanes used;
} target;

/* out [PIXELS][stride] = bias + what PIXELS pixels meet, the first at x, times a panel.
 */
PART_AVX2 void multiply(const way *w, const float *x, const float *panel,
                        const float *bias, target to) {
  __m256 low[PIXELS], high[PIXELS];
  for (size_t i = 0; i < PIXELS; i++) low[i] = _mm256_loadu_ps(bias);
  for (size_t i = 0; i < PIXELS; i++) high[i] = _mm256_loadu_ps(bias + LANES);
  for (size_t t = 0; t < w->terms; t++, x++, panel += PANEL) {
    __m256 a = _mm256_loadu_ps(panel), b = _mm256_loadu_ps(panel + LANES);
    for (size_t i = 0; i < PIXELS; i++) {
      __m256 met = _mm256_broadcast_ss(x + i * w->channels);
      low[i] = _mm256_fmadd_ps(met, a, low[i]);
      high[i] = _mm256_fmadd_ps(met, b, high[i]);
    }
  }
  for (size_t i = 0; i < PIXELS; i++, to.out += to.stride) {
    if (to.used.whole) {
      _mm256_storeu_ps(to.out, low[i]);
      _mm256_storeu_ps(to.out + LANES, high[i]);
    } else {
      _mm256_maskstore_ps(to.out, to.used.low, low[i]);
      _mm256_maskstore_ps(to.out + LANES, to.used.high, high[i]);
    }
  }
}

/* What PIXELS pixels from p on meet, with zeros where the row has none. */
static const float *met_at_end(const way *w, size_t width, const float *row, size_t p,
                               float *met) {
  size_t kernel = w->terms / w->channels, count = PIXELS + kernel - 1;
  memset(met, 0, count * w->channels * sizeof *met);
  size_t before = p < w->left ? w->left - p : 0, from = p + before - w->left;
  if (before >= count || from >= width) return met;
  size_t there = count - before < width - from ? count - before : width - from;
  memcpy(met + before * w->channels, row + from * w->channels,
         there * w->channels * sizeof *met);
  return met;
}

AVX2 void convolve_end(const way *w, size_t width, const float *row, size_t p, room *r,
                       float *out) {
  const float *met = met_at_end(w, width, row, p, r->met);
  size_t pixels = width - p < PIXELS ? width - p : PIXELS;
  for (size_t panel = 0; panel < w->panels; panel++) {
    size_t first = panel * PANEL, left = w->outputs - first;
    size_t used = left < PANEL ? left : PANEL;
    multiply(w, met, w->weights + first * w->terms, w->bias + first,
             (target){r->out, PANEL, lanes_of(PANEL)});
    for (size_t i = 0; i < pixels; i++) {
      memcpy(out + (p + i) * w->outputs + first, r->out + i * PANEL, used * sizeof *out);
    }
  }
}

AVX2 void convolve(const way *w, size_t width, const float *row, room *r, float *out) {
  size_t right = w->terms / w->channels - 1 - w->left, begin = 0, end = 0;
  while (begin < w->left && begin < width) begin += PIXELS;
  if (width > right + begin) end = begin + (width - right - begin) / PIXELS * PIXELS;
  for (size_t panel = 0; panel < w->panels && end > begin; panel++) {
    size_t first = panel * PANEL;
    lanes used = lanes_of(w->outputs - first);
    const float *weights = w->weights + first * w->terms, *bias = w->bias + first;
    for (size_t p = begin; p < end; p += PIXELS) {
      multiply(w, row + (p - w->left) * w->channels, weights, bias,
               (target){out + p * w->outputs + first, w->outputs, used});
    }
  }
  for (size_t p = 0; p < width; p += PIXELS) {
    if (p < begin || p >= end) convolve_end(w, width, row, p, r, out);
  }
}

static bool avx2_forward(hr_convolution *c, size_t thread, const void *x, void *y) {
  convolve(&c->forward, c->shape.width, x, &c->rooms[thread], y);
  return true;
}

static bool avx2_backward_input(hr_convolution *c, size_t thread, const void *dy,
                                float *dx) {
  convolve(&c->backward, c->shape.width, dy, &c->rooms[thread], dx);
  return true;
}

PART_AVX2 __m256 load(const float *from, bool whole, __m256i used) {
  return whole ? _mm256_loadu_ps(from) : _mm256_maskload_ps(from, used);
}

/* What is multiplied for the gradient: of x, channels at the offsets; of dy, a panel. */
typedef struct factors {
  const float *x, *dy;
  size_t offset[INPUTS];
  lanes used;
} factors;

/* sums [INPUTS][PANEL] += over `count` pixels x times dy. */
PART_AVX2 void add_products(const hr_conv_shape *s, size_t count, factors f,
                            float *sums) {
  __m256 low[INPUTS], high[INPUTS];
  for (size_t i = 0; i < INPUTS; i++) low[i] = _mm256_loadu_ps(sums + i * PANEL);
  for (size_t i = 0; i < INPUTS; i++) high[i] = _mm256_loadu_ps(sums + i * PANEL + LANES);
  for (size_t p = 0; p < count; p++, f.x += s->inputs, f.dy += s->outputs) {
    __m256 a = load(f.dy, f.used.whole, f.used.low);
    __m256 b = load(f.dy + LANES, f.used.whole, f.used.high);
    for (size_t i = 0; i < INPUTS; i++) {
      __m256 met = _mm256_broadcast_ss(f.x + f.offset[i]);
      low[i] = _mm256_fmadd_ps(met, a, low[i]);
      high[i] = _mm256_fmadd_ps(met, b, high[i]);
    }
  }
  for (size_t i = 0; i < INPUTS; i++) _mm256_storeu_ps(sums + i * PANEL, low[i]);
  for (size_t i = 0; i < INPUTS; i++) _mm256_storeu_ps(sums + i * PANEL + LANES, high[i]);
}

/* Pixels of a chunk of which element k of the kernel meets one in the row. */
typedef struct span {
  size_t first, count;
} span;

static span span_of(const hr_convolution *c, size_t k, size_t first) {
  size_t left = c->forward.left, width = c->shape.width;
  size_t begin = k < left && first < left - k ? left - k : first;
  size_t end = first + CHUNK < width ? first + CHUNK : width;
  size_t last = k > left ? (width > k - left ? width - (k - left) : 0) : width;
  if (end > last) end = last;
  return (span){begin, end > begin ? end - begin : 0};
}

/* A panel of the gradient [panels][K][blocks][INPUTS][PANEL], of one chunk. */
AVX2 void add_panel(const hr_convolution *c, size_t panel, size_t first, const float *x,
                    const float *dy, float *gradient) {
  const hr_conv_shape *s = &c->shape;
  float *sums = gradient + panel * s->kernel * c->blocks * INPUTS * PANEL;
  lanes used = lanes_of(s->outputs - panel * PANEL);
  for (size_t k = 0; k < s->kernel; k++) {
    span p = span_of(c, k, first);
    factors f = {.x = x + (p.first + k - c->forward.left) * s->inputs,
                 .dy = dy + p.first * s->outputs + panel * PANEL,
                 .used = used};
    for (size_t i = 0; i < s->inputs; i += INPUTS, sums += INPUTS * PANEL) {
      for (size_t j = 0; j < INPUTS; j++) { /* the last again where there is none */
        f.offset[j] = i + j < s->inputs ? i + j : s->inputs - 1;
      }
      if (p.count == 0) continue;
      if (used.whole) {
        f.used.whole = true; /* known to the compiler */
        add_products(s, p.count, f, sums);
      } else {
        f.used.whole = false;
        add_products(s, p.count, f, sums);
      }
    }
  }
}

static size_t weight_count(const hr_convolution *c) {
  return c->forward.panels * c->shape.kernel * c->blocks * INPUTS * PANEL;
}

static void add_bias(const hr_convolution *c, const float *dy, float *gradient) {
  const hr_conv_shape *s = &c->shape;
  for (size_t p = 0; p < s->width; p++, dy += s->outputs) {
    for (size_t o = 0; o < s->outputs; o++) gradient[o] += dy[o];
  }
}

static bool avx2_backward_weights(hr_convolution *c, size_t thread, const void *x,
                                  const void *dy, float *gradient) {
  (void)thread;
  for (size_t first = 0; first < c->shape.width; first += CHUNK) {
    for (size_t panel = 0; panel < c->forward.panels; panel++) {
      add_panel(c, panel, first, x, dy, gradient);
    }
  }
  if (!c->shape.is_normalised) add_bias(c, dy, gradient + weight_count(c));
  return true;
}

static size_t avx2_gradient_count(const hr_convolution *c) {
  return weight_count(c) + c->shape.outputs;
}

static bool avx2_unload(hr_convolution *c, const float *gradient, float *weights,
                        float *bias) {
  const hr_conv_shape *s = &c->shape;
  for (size_t k = 0; k < s->kernel; k++) {
    for (size_t i = 0; i < s->inputs; i++) {
      for (size_t o = 0; o < s->outputs; o++) {
        size_t block = (o / PANEL * s->kernel + k) * c->blocks + i / INPUTS;
        weights[(k * s->inputs + i) * s->outputs + o] =
            gradient[(block * INPUTS + i % INPUTS) * PANEL + o % PANEL];
      }
    }
  }
  memcpy(bias, gradient + weight_count(c), s->outputs * sizeof *bias);
  return true;
}

static const hr_convolver avx2 = {
    .name = "AVX2",
    .create = avx2_create,
    .destroy = avx2_destroy,
    .load = avx2_load,
    .forward = avx2_forward,
    .backward_input = avx2_backward_input,
    .backward_weights = avx2_backward_weights,
    .gradient_count = avx2_gradient_count,
    .unload = avx2_unload,
};

const hr_convolver *hr_convolver_avx2(void) {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &avx2 : NULL;
}

#endif
