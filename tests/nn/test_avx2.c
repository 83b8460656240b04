/* The convolution with AVX2 against sums in fp64, for rows shorter than a kernel, kernels
 * that reach over both ends, and channels on both sides of a panel's sixteen. */
#include <math.h>

#include "core/alloc.h"
#include "core/random.h"
#include "nn/convolver.h"
#include "support/check.h"

enum { MOST = 1 << 15 };

static float x[MOST], dy[MOST], y[MOST + 1], dx[MOST + 1], weights[MOST], bias[64];
static float dweights[MOST], dbias[64];

static void fill(float *to, size_t count, uint64_t row) {
  hr_normal(1, HR_STREAM_NOISE_TRAIN, row, 0, count, to);
}

/* Of a row [width][channels]; pixels left of it wrap to far beyond its end. */
static double value_of(const float *row, const hr_conv_shape *s, size_t channels,
                       size_t p, size_t c) {
  return p < s->width ? (double)row[p * channels + c] : 0;
}

static size_t left_of(const hr_conv_shape *s) {
  return (s->kernel - 1) / 2;
}

static double weight(const hr_conv_shape *s, size_t k, size_t i, size_t o) {
  return (double)weights[(k * s->inputs + i) * s->outputs + o];
}

static void check_sum(float got, double sum, double size) {
  check_near(got, sum, 1e-6 * (1 + size));
}

static void check_forward(const hr_conv_shape *s) {
  for (size_t p = 0; p < s->width; p++) {
    for (size_t o = 0; o < s->outputs; o++) {
      double sum = (double)bias[o], size = fabs(sum);
      for (size_t k = 0; k < s->kernel; k++) {
        for (size_t i = 0; i < s->inputs; i++) {
          double term =
              value_of(x, s, s->inputs, p + k - left_of(s), i) * weight(s, k, i, o);
          sum += term;
          size += fabs(term);
        }
      }
      check_sum(y[p * s->outputs + o], sum, size);
    }
  }
}

static void check_input(const hr_conv_shape *s) {
  for (size_t p = 0; p < s->width; p++) {
    for (size_t i = 0; i < s->inputs; i++) {
      double sum = 0, size = 0;
      for (size_t k = 0; k < s->kernel; k++) {
        for (size_t o = 0; o < s->outputs; o++) {
          double term =
              value_of(dy, s, s->outputs, p + left_of(s) - k, o) * weight(s, k, i, o);
          sum += term;
          size += fabs(term);
        }
      }
      check_sum(dx[p * s->inputs + i], sum, size);
    }
  }
}

static void check_weights(const hr_conv_shape *s) {
  for (size_t k = 0; k < s->kernel; k++) {
    for (size_t i = 0; i < s->inputs; i++) {
      for (size_t o = 0; o < s->outputs; o++) {
        double sum = 0, size = 0;
        for (size_t p = 0; p < s->width; p++) {
          double term = value_of(x, s, s->inputs, p + k - left_of(s), i) *
                        (double)dy[p * s->outputs + o];
          sum += term;
          size += fabs(term);
        }
        check_sum(dweights[(k * s->inputs + i) * s->outputs + o], sum, size);
      }
    }
  }
}

/* Nothing is written behind a row. */
static void check_shape(const hr_conv_shape *s) {
  hr_error err;
  hr_convolution *c = NULL;
  float *gradient = NULL;
  const hr_convolver *type = hr_convolver_avx2();
  size_t ys = s->width * s->outputs, xs = s->width * s->inputs;
  y[ys] = dx[xs] = 77;
  check_ok(type->create(s, &c, &err));
  check_ok(hr_alloc(&gradient, type->gradient_count(c), &err));
  assert_true(type->load(c, weights, bias) && type->forward(c, 0, x, y) &&
              type->backward_input(c, 0, dy, dx) &&
              type->backward_weights(c, 0, x, dy, gradient) &&
              type->unload(c, gradient, dweights, dbias));
  check_near(y[ys], 77, 0);
  check_near(dx[xs], 77, 0);
  check_forward(s);
  check_input(s);
  check_weights(s);
  hr_free(gradient);
  type->destroy(&c);
}

static void sums_are_right(void **state) {
  (void)state;
  if (!hr_convolver_avx2()) skip();
  static const size_t widths[] = {1, 2, 5, 6, 7, 12, 13, 64, 67, 130};
  static const size_t kernels[] = {1, 2, 3, 5, 8, 15};
  static const size_t channels[][2] = {{1, 1},   {3, 16},  {4, 17}, {5, 8},
                                       {16, 31}, {17, 33}, {9, 7}};
  fill(x, MOST, 1);
  fill(dy, MOST, 2);
  fill(weights, MOST, 3);
  fill(bias, 64, 4);
  for (size_t w = 0; w < sizeof widths / sizeof widths[0]; w++) {
    for (size_t k = 0; k < sizeof kernels / sizeof kernels[0]; k++) {
      for (size_t i = 0; i < sizeof channels / sizeof channels[0]; i++) {
        check_shape(&(hr_conv_shape){.width = widths[w],
                                     .inputs = channels[i][0],
                                     .outputs = channels[i][1],
                                     .kernel = kernels[k]});
      }
    }
  }
}

static void a_kernel_has_pixels(void **state) {
  (void)state;
  if (!hr_convolver_avx2()) skip();
  hr_error err;
  hr_convolution *c = NULL;
  check_fails(
      hr_convolver_avx2()->create(&(hr_conv_shape){8, 1, 1, 0, false, false}, &c, &err),
      HR_ERR_NUMERIC, "a convolution needs a kernel of 1 pixel or more");
  assert_null(c);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sums_are_right),
      cmocka_unit_test(a_kernel_has_pixels),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
