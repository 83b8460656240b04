/* The first block's convolution for a kind of vector units against the one in plain
 * loops; the test says which. */
#ifndef HR_TESTS_FIRST_CHECKS_H
#define HR_TESTS_FIRST_CHECKS_H

#include <math.h>

#include "core/random.h"
#include "nn/first.h"
#include "nn/pool.h"
#include "support/check.h"

typedef const hr_first_kernels *first_kernels_of(const hr_first_shape *shape);

enum { MOST_WIDTH = 203, MOST_OUTPUTS = 150, MOST = MOST_WIDTH * MOST_OUTPUTS };

static const hr_first_shape first_shapes[] = {
    {.width = 128, .outputs = 32, .kernel = 5, .pool = 4},
    {.width = 203, .outputs = 37, .kernel = 4, .pool = 3},
    {.width = 64, .outputs = 16, .kernel = 3, .pool = 16},
    {.width = 65, .outputs = 7, .kernel = 7, .pool = 2},
    {.width = 50, .outputs = 150, .kernel = 16, .pool = 1},
    {.width = 2, .outputs = 3, .kernel = 9, .pool = 2},
};
enum { SHAPES = sizeof first_shapes / sizeof first_shapes[0] };

static float x[MOST_WIDTH], room[1024], lines[17 * MOST_OUTPUTS];
static float out[2][MOST], dout[MOST], sums[2][17 * MOST_OUTPUTS];
static uint8_t where[2][MOST];

static inline void fill(float *to, size_t count, uint64_t row) {
  hr_normal(1, HR_STREAM_NOISE_TRAIN, row, 0, count, to);
}

static inline const hr_first_kernels *make(first_kernels_of *of,
                                           const hr_first_shape *s) {
  fill(x, s->width, 1);
  fill(lines, (s->kernel + 1) * s->outputs, 2);
  fill(dout, s->width / s->pool * s->outputs, 3);
  return of(s);
}

/* Fused multiply-adds round once where the plain loops round twice. */
static inline void check_first_forward(first_kernels_of *of) {
  if (!of(&first_shapes[0])) skip();
  for (size_t i = 0; i < SHAPES; i++) {
    const hr_first_shape *s = &first_shapes[i];
    const hr_first_kernels *fast = make(of, s);
    if (!fast) continue; /* a pool that its registers do not hold */
    size_t count = s->width / s->pool * s->outputs;
    memset(where[1], 77, sizeof where[1]);
    memset(out[1], 77, sizeof out[1]);
    float behind = out[1][count];
    hr_first_plain.forward(s, x, lines, room, out[0], where[0]);
    fast->forward(s, x, lines, room, out[1], where[1]);
    for (size_t k = 0; k < count; k++) check_near(out[1][k], out[0][k], 1e-5);
    assert_memory_equal(where[0], where[1], count);
    assert_int_equal(where[1][count], 77);
    assert_memory_equal(&out[1][count], &behind, sizeof behind);
  }
}

/* What comes back where nothing went forward counts for nothing, whatever it is. */
static inline void check_first_backward(first_kernels_of *of) {
  if (!of(&first_shapes[0])) skip();
  for (size_t i = 0; i < SHAPES; i++) {
    const hr_first_shape *s = &first_shapes[i];
    const hr_first_kernels *fast = make(of, s);
    if (!fast) continue; /* a pool that its registers do not hold */
    size_t count = (s->kernel + 1) * s->outputs;
    hr_first_plain.forward(s, x, lines, room, out[0], where[0]);
    for (size_t k = 0; k < s->width / s->pool * s->outputs; k++) {
      if (where[0][k] == HR_POOL_NONE) dout[k] = NAN;
    }
    hr_first_plain.backward(s, x, dout, where[0], room, sums[0]);
    fast->backward(s, x, dout, where[0], room, sums[1]);
    for (size_t k = 0; k < count; k++) check_near(sums[1][k], sums[0][k], 3e-5);
  }
}

#endif
