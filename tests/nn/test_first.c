/* The first block's convolution in plain loops against the plain convolution and pool. */
#include "nn/first.h"

#include "core/random.h"
#include "nn/convolver.h"
#include "nn/pool.h"
#include "support/check.h"

enum { MOST_WIDTH = 203, MOST_OUTPUTS = 150, MOST = MOST_WIDTH * MOST_OUTPUTS };

static const hr_first_shape shapes[] = {
    {.width = 64, .outputs = 32, .kernel = 5, .pool = 4},
    {.width = 203, .outputs = 37, .kernel = 4, .pool = 3},
    {.width = 50, .outputs = 150, .kernel = 16, .pool = 1},
    {.width = 40, .outputs = 1, .kernel = 1, .pool = 20},
    {.width = 2, .outputs = 3, .kernel = 9, .pool = 2},
};
enum { SHAPES = sizeof shapes / sizeof shapes[0] };

static float x[MOST_WIDTH], room[1024], lines[17 * MOST_OUTPUTS], y[MOST], dy[MOST];
static float out[2][MOST], dout[MOST], sums[17 * MOST_OUTPUTS];
static float weights[17 * MOST_OUTPUTS], bias[MOST_OUTPUTS];
static uint8_t where[2][MOST];

static void fill(float *to, size_t count, uint64_t row) {
  hr_normal(1, HR_STREAM_NOISE_TRAIN, row, 0, count, to);
}

static hr_convolution *make(const hr_first_shape *s) {
  hr_error err;
  hr_convolution *c = NULL;
  const hr_conv_shape shape = {
      .width = s->width, .inputs = 1, .outputs = s->outputs, .kernel = s->kernel};
  fill(x, s->width, 1);
  fill(lines, (s->kernel + 1) * s->outputs, 2);
  fill(dout, s->width / s->pool * s->outputs, 3);
  assert_in_range(hr_first_room(s), 1, sizeof room / sizeof room[0]);
  check_ok(hr_convolver_reference.create(&shape, &c, &err));
  assert_true(hr_convolver_reference.load(c, lines, lines + s->kernel * s->outputs));
  assert_true(hr_convolver_reference.forward(c, 0, x, y));
  return c;
}

static void rows_are_convolved_and_pooled(void **state) {
  (void)state;
  for (size_t i = 0; i < SHAPES; i++) {
    const hr_first_shape *s = &shapes[i];
    const hr_pool_shape pool = {s->width, s->outputs, s->pool, false};
    size_t count = s->width / s->pool * s->outputs;
    hr_convolution *c = make(s);
    hr_pool_forward(&pool, y, out[0], where[0]);
    hr_first_plain.forward(s, x, lines, room, out[1], where[1]);
    for (size_t k = 0; k < count; k++) check_near(out[1][k], out[0][k], 2e-5);
    assert_memory_equal(where[0], where[1], count);
    hr_convolver_reference.destroy(&c);
  }
}

static void gradients_are_those_of_the_convolution(void **state) {
  (void)state;
  for (size_t i = 0; i < SHAPES; i++) {
    const hr_first_shape *s = &shapes[i];
    const hr_pool_shape pool = {s->width, s->outputs, s->pool, false};
    size_t count = s->kernel * s->outputs;
    hr_convolution *c = make(s);
    float gradient[17 * MOST_OUTPUTS] = {0};
    hr_pool_forward(&pool, y, out[0], where[0]);
    hr_pool_backward(&pool, dout, where[0], dy);
    assert_true(hr_convolver_reference.backward_weights(c, 0, x, dy, gradient));
    assert_true(hr_convolver_reference.unload(c, gradient, weights, bias));
    hr_first_plain.backward(s, x, dout, where[0], room, sums);
    for (size_t k = 0; k < count; k++) check_near(sums[k], weights[k], 5e-5);
    for (size_t k = 0; k < s->outputs; k++) {
      check_near(sums[count + k], bias[k], 5e-5);
    }
    hr_convolver_reference.destroy(&c);
  }
}

/* Pixel p meets x[p + k - left], or zero outside the row. */
static double met(const hr_first_shape *s, size_t p, size_t k) {
  size_t at = p + k, left = (s->kernel - 1) / 2;
  return at >= left && at < left + s->width ? (double)x[at - left] : 0;
}

static void moments_are_sums_over_all_pixels(void **state) {
  (void)state;
  double moments[17 * 16];
  for (size_t i = 0; i < SHAPES; i++) {
    const hr_first_shape *s = &shapes[i];
    hr_convolution *c = make(s);
    hr_first_moments(s, x, room, moments);
    for (size_t k = 0; k < s->kernel; k++) {
      double sum = 0;
      for (size_t p = 0; p < s->width; p++) sum += met(s, p, k);
      check_near(moments[k], sum, 1e-12);
      for (size_t l = 0; l < s->kernel; l++) {
        double products = 0;
        for (size_t p = 0; p < s->width; p++) products += met(s, p, k) * met(s, p, l);
        check_near(moments[s->kernel + k * s->kernel + l], products, 1e-12);
      }
    }
    hr_convolver_reference.destroy(&c);
  }
  assert_int_equal(hr_first_moment_count(5), 30);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rows_are_convolved_and_pooled),
      cmocka_unit_test(gradients_are_those_of_the_convolution),
      cmocka_unit_test(moments_are_sums_over_all_pixels),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
