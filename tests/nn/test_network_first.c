/* The first block by sums of its input against the same network with all of it convolved:
 * a kernel with zeros at both ends is too long for the former and computes the same. */
#include "core/alloc.h"
#include "core/random.h"
#include "nn/network_parts.h"
#include "support/check.h"

enum { ROWS = 6, PIXELS = 61, SHORT = 15, LONG = 17, MOST = 4000 };

static const hr_network_backend plain = {&hr_convolver_reference, &hr_compute_reference};

static hr_network_shape shape_of(size_t kernel, bool batch_norm) {
  return (hr_network_shape){.pixels = PIXELS,
                            .blocks = 1,
                            .channels = {19},
                            .kernel = kernel,
                            .pool = 4,
                            .hidden = 3,
                            .batch_norm = batch_norm};
}

static float x[ROWS * PIXELS], dout[ROWS];

static hr_network *make(size_t kernel, bool batch_norm) {
  hr_error err;
  hr_network *n = NULL;
  const hr_network_shape shape = shape_of(kernel, batch_norm);
  check_ok(hr_network_create(&shape, ROWS, &plain, &n, &err));
  hr_network_start(n, 3);
  return n;
}

/* The parameters of the one with the short kernel in the other's places. */
static void widen(hr_network *from, hr_network *to) {
  const hr_layer_place *place = &from->blocks[0].place;
  size_t channels = from->blocks[0].conv.outputs;
  size_t ends = (LONG - SHORT) / 2 * channels;
  size_t count = hr_network_parameter_count(&from->shape);
  for (size_t c = 0; c < channels && from->shape.batch_norm; c++) {
    from->parameters[place->gamma + c] = c % 3 == 0 ? -0.5F : 1.5F; /* both signs */
    from->parameters[place->beta + c] = 0.1F * (float)c;
  }
  memset(to->parameters, 0, 2 * ends * sizeof(float));
  memset(to->parameters + LONG * channels - ends, 0, ends * sizeof(float));
  memcpy(to->parameters + ends, from->parameters, SHORT * channels * sizeof(float));
  memcpy(to->parameters + LONG * channels, from->parameters + place->bias,
         (count - place->bias) * sizeof(float));
}

static void compute(hr_network *n, bool training, float *out) {
  hr_error err;
  check_ok(hr_network_forward(n, x, ROWS, training, out, &err));
  if (training) check_ok(hr_network_backward(n, dout, &err));
}

static void check_all(const float *a, const float *b, size_t count, double tolerance) {
  for (size_t i = 0; i < count; i++) {
    check_near(a[i], b[i], tolerance * (1 + fabs((double)b[i])));
  }
}

static void compare(bool batch_norm) {
  hr_network *a = make(SHORT, batch_norm), *b = make(LONG, batch_norm);
  float out[2][ROWS];
  size_t channels = 19, ends = (LONG - SHORT) / 2 * channels;
  size_t count = hr_network_parameter_count(&a->shape);
  assert_non_null(a->first.kernels);
  assert_null(b->first.kernels);
  hr_normal(1, HR_STREAM_NOISE_TRAIN, 1, 0, ROWS * PIXELS, x);
  hr_normal(1, HR_STREAM_NOISE_TRAIN, 2, 0, ROWS, dout);
  for (size_t i = 0; i < ROWS * PIXELS; i++) x[i] += 2; /* sums that are not near 0 */
  widen(a, b);
  compute(a, true, out[0]);
  compute(b, true, out[1]);
  check_all(out[0], out[1], ROWS, 2e-5);
  check_all(a->gradient, b->gradient + ends, SHORT * channels, 1e-4);
  check_all(a->gradient + SHORT * channels, b->gradient + LONG * channels,
            count - SHORT * channels, 1e-4);
  check_all(a->statistics, b->statistics, hr_network_statistic_count(&a->shape), 1e-6);
  compute(a, false, out[0]);
  compute(b, false, out[1]);
  check_all(out[0], out[1], ROWS, 2e-5);
  hr_network_destroy(&a);
  hr_network_destroy(&b);
}

static void it_is_the_block_that_convolves_all(void **state) {
  (void)state;
  compare(false);
  compare(true);
}

/* The mean takes the bias away: its gradient is 0, not what rounding leaves of it. */
static void a_bias_before_a_mean_has_no_gradient(void **state) {
  (void)state;
  hr_network *n = make(5, true);
  float out[ROWS];
  compute(n, true, out);
  const hr_layer_place *place = &n->blocks[0].place;
  bool moves = false;
  for (size_t c = 0; c < 19; c++) {
    check_near(n->gradient[place->bias + c], 0, 0);
    moves = moves || fabsf(n->gradient[place->weights + c]) > 0;
  }
  assert_true(moves);
  hr_network_destroy(&n);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_is_the_block_that_convolves_all),
      cmocka_unit_test(a_bias_before_a_mean_has_no_gradient),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
