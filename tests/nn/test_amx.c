/* AMX's tiles against sums of the same factors in fp64: what they multiply is rounded
 * before, so that nothing but the order of the sums and one rounding of y is left. */
#include "core/alloc.h"
#include "core/random.h"
#include "nn/bf16.h"
#include "nn/convolver.h"
#include "support/check.h"

enum { MOST = 1 << 16 };

static uint16_t x[MOST], dy[MOST], y[MOST];
static float first_x[MOST], weights[MOST], bias[128], dx[MOST], got[MOST], got_bias[128];

/* Values that bf16 has. */
static void fill(uint16_t *halves, float *values, size_t count, uint64_t row) {
  static float drawn[MOST];
  hr_normal(1, HR_STREAM_NOISE_TRAIN, row, 0, count, drawn);
  for (size_t i = 0; i < count; i++) {
    uint16_t half = hr_bf16_of(drawn[i]);
    if (halves) halves[i] = half;
    if (values) values[i] = hr_bf16_value(half);
  }
}

static double value_of(const uint16_t *row, const hr_conv_shape *s, size_t channels,
                       size_t p, size_t c) {
  return p < s->width ? (double)hr_bf16_value(row[p * channels + c]) : 0;
}

static size_t left_of(const hr_conv_shape *s) {
  return (s->kernel - 1) / 2;
}

static size_t weight_at(const hr_conv_shape *s, size_t k, size_t i, size_t o) {
  return (k * s->inputs + i) * s->outputs + o;
}

/* Pixels left of the row wrap to far beyond its end, where value_of gives 0. */
static void check_forward(const hr_conv_shape *s) {
  for (size_t p = 0; p < s->width; p++) {
    for (size_t o = 0; o < s->outputs; o++) {
      double sum = (double)bias[o], size = 1;
      for (size_t k = 0; k < s->kernel; k++) {
        for (size_t i = 0; i < s->inputs; i++) {
          double term = value_of(x, s, s->inputs, p + k - left_of(s), i) *
                        (double)weights[weight_at(s, k, i, o)];
          sum += term;
          size += fabs(term);
        }
      }
      check_near(hr_bf16_value(y[p * s->outputs + o]), sum,
                 0x1p-8 * fabs(sum) + 1e-6 * size);
    }
  }
}

static void check_input(const hr_conv_shape *s) {
  for (size_t p = 0; p < s->width; p++) {
    for (size_t i = 0; i < s->inputs; i++) {
      double sum = 0, size = 1;
      for (size_t k = 0; k < s->kernel; k++) {
        for (size_t o = 0; o < s->outputs; o++) {
          double term = value_of(dy, s, s->outputs, p + left_of(s) - k, o) *
                        (double)weights[weight_at(s, k, i, o)];
          sum += term;
          size += fabs(term);
        }
      }
      check_near(dx[p * s->inputs + i], sum, 1e-6 * size);
    }
  }
}

/* times: as often as the row was added. */
static void check_weights(const hr_conv_shape *s, double times) {
  for (size_t k = 0; k < s->kernel; k++) {
    for (size_t i = 0; i < s->inputs; i++) {
      for (size_t o = 0; o < s->outputs; o++) {
        double sum = 0, size = 1;
        for (size_t p = 0; p < s->width; p++) {
          double term = times * value_of(x, s, s->inputs, p + k - left_of(s), i) *
                        value_of(dy, s, s->outputs, p, o);
          sum += term;
          size += fabs(term);
        }
        check_near(got[weight_at(s, k, i, o)], sum, 1e-6 * size);
      }
    }
  }
}

static void check_bias(const hr_conv_shape *s, double times) {
  for (size_t o = 0; o < s->outputs; o++) {
    double sum = 0, size = 1;
    for (size_t p = 0; p < s->width; p++) {
      sum += times * value_of(dy, s, s->outputs, p, o);
      size += fabs(value_of(dy, s, s->outputs, p, o));
    }
    check_near(got_bias[o], s->is_normalised ? 0 : sum, 1e-6 * size);
  }
}

static void check_shape(const hr_conv_shape *s) {
  hr_error err;
  hr_convolution *c = NULL;
  float *gradient = NULL;
  const hr_convolver *amx = hr_convolver_amx();
  fill(x, first_x, s->width * s->inputs, 1);
  fill(dy, NULL, s->width * s->outputs, 2);
  fill(NULL, weights, s->kernel * s->inputs * s->outputs, 3);
  fill(NULL, bias, s->outputs, 4);
  check_ok(amx->create(s, &c, &err));
  check_ok(hr_alloc(&gradient, amx->gradient_count(c), &err));
  const void *given = s->is_first ? (const void *)first_x : x;
  assert_true(amx->load(c, weights, bias));
  assert_true(amx->backward_weights(c, 0, given, dy, gradient));
  assert_true(amx->forward(c, 0, given, y));
  check_forward(s);
  if (!s->is_first) {
    assert_true(amx->backward_input(c, 0, dy, dx));
    check_input(s);
  }
  assert_true(amx->backward_weights(c, 0, given, dy, gradient));
  assert_true(amx->unload(c, gradient, got, got_bias));
  check_weights(s, 2);
  check_bias(s, 2);
  hr_free(gradient);
  amx->destroy(&c);
}

/* Whole tiles, parts of them in every direction, more pixels than are summed at a time,
 * kernels longer than the row. */
static void sums_are_those_of_fp64(void **state) {
  (void)state;
  static const hr_conv_shape shapes[] = {
      {.width = 64, .inputs = 32, .outputs = 64, .kernel = 5, .is_normalised = true},
      {.width = 32, .inputs = 64, .outputs = 32, .kernel = 5},
      {.width = 300, .inputs = 32, .outputs = 32, .kernel = 4},
      {.width = 31, .inputs = 33, .outputs = 65, .kernel = 3},
      {.width = 45, .inputs = 16, .outputs = 48, .kernel = 1},
      {.width = 100, .inputs = 1, .outputs = 20, .kernel = 17, .is_first = true},
      {.width = 3, .inputs = 2, .outputs = 2, .kernel = 9},
      {.width = 1, .inputs = 1, .outputs = 1, .kernel = 2},
  };
  if (!hr_convolver_amx()) skip();
  for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) check_shape(&shapes[i]);
}

static void no_kernel_is_refused(void **state) {
  (void)state;
  hr_error err;
  hr_convolution *c = NULL;
  if (!hr_convolver_amx()) skip();
  const hr_conv_shape s = {.width = 9, .inputs = 2, .outputs = 3, .kernel = 0};
  check_fails(hr_convolver_amx()->create(&s, &c, &err), HR_ERR_NUMERIC,
              "a convolution needs a kernel of 1 pixel or more");
  assert_null(c);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sums_are_those_of_fp64),
      cmocka_unit_test(no_kernel_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
