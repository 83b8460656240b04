/* The network, making and computing, against finite differences and against itself on
 * other back ends; test_pool.c has its layers. PyTorch has its say in
 * tests/python/test_cnn.py. */
#include "nn/network.h"

#include <omp.h>

#include "core/alloc.h"
#include "core/random.h"
#include "support/check.h"
#include "support/fail_alloc.h"

static const hr_network_backend plain = {&hr_convolver_reference, &hr_compute_reference};
static const hr_network_backend mixed = {&hr_convolver_reference, &hr_compute_blas};

static hr_network_backend fast(void) {
  return (hr_network_backend){hr_convolver_fp32(), &hr_compute_blas};
}

/* 50 pixels become 12 and 3: the pools leave 2 pixels out. */
static hr_network_shape small_shape(bool batch_norm) {
  return (hr_network_shape){.pixels = 50,
                            .blocks = 2,
                            .channels = {3, 18},
                            .kernel = 5,
                            .pool = 4,
                            .hidden = 7,
                            .batch_norm = batch_norm};
}

enum { ROWS = 7, PIXELS = 50, MOST = 20000, MOST_OUTPUTS = 3 };

static void fill(float *x, size_t count, uint64_t row) {
  hr_normal(1, HR_STREAM_NOISE_TRAIN, row, 0, count, x);
}

static float x[ROWS * PIXELS], target[ROWS * MOST_OUTPUTS];

/* A network with random weights, gamma and beta, which start at 1 and 0, too. */
static hr_network *make(const hr_network_shape *shape,
                        const hr_network_backend *backend) {
  hr_error err;
  hr_network *n = NULL;
  check_ok(hr_network_create(shape, ROWS, backend, &n, &err));
  hr_network_start(n, 6);
  float *p = hr_network_parameters(n);
  for (size_t i = 0; i < hr_network_parameter_count(shape); i++) {
    p[i] += (float)(0.2 * hr_uniform(4, HR_STREAM_FOLDS, i, 0));
  }
  fill(x, ROWS * PIXELS, 1);
  fill(target, ROWS * MOST_OUTPUTS, 2);
  return n;
}

/* Half the squared error, with its derivatives [ROWS][T]. */
static double loss_of(hr_network *n, bool training, float *dout) {
  float out[ROWS * MOST_OUTPUTS];
  hr_error err;
  double loss = 0;
  size_t count = ROWS * hr_network_outputs(hr_network_shape_of(n));
  check_ok(hr_network_forward(n, x, ROWS, training, out, &err));
  for (size_t i = 0; i < count; i++) {
    dout[i] = out[i] - target[i];
    loss += 0.5 * (double)dout[i] * (double)dout[i];
  }
  return loss;
}

/* The central difference of the loss along one parameter. */
static double difference_at(hr_network *n, size_t i, float step) {
  float dout[ROWS * MOST_OUTPUTS], *p = hr_network_parameters(n), before = p[i];
  p[i] = before + step;
  double up = loss_of(n, true, dout), wide = (double)p[i];
  p[i] = before - step;
  double down = loss_of(n, true, dout);
  wide -= (double)p[i];
  p[i] = before;
  return (up - down) / wide;
}

/* In fp32 a small step drowns in rounding, and in a large one some maximum changes its
 * place: one of three steps has to meet the gradient, but for one parameter in 100. */
static void check_differences(bool batch_norm, size_t outputs) {
  static const float steps[] = {4e-3F, 1e-3F, 2.5e-4F};
  float dout[ROWS * MOST_OUTPUTS], *gradient = NULL;
  hr_error err;
  hr_network_shape shape = small_shape(batch_norm);
  shape.outputs = outputs;
  hr_network *n = make(&shape, &plain);
  size_t count = hr_network_parameter_count(&shape), off = 0;
  check_ok(hr_alloc(&gradient, count, &err));
  loss_of(n, true, dout);
  check_ok(hr_network_backward(n, dout, &err));
  memcpy(gradient, hr_network_gradient(n), count * sizeof *gradient);
  for (size_t i = 0; i < count; i++) {
    double expected = (double)gradient[i], allowed = 0.01 * (0.2 + fabs(expected));
    bool met = false;
    for (size_t k = 0; k < 3 && !met; k++) {
      met = fabs(difference_at(n, i, steps[k]) - expected) <= allowed;
    }
    if (!met) off++;
  }
  assert_in_range(off, 0, count / 100);
  hr_free(gradient);
  hr_network_destroy(&n);
}

static void gradients_are_finite_differences(void **state) {
  (void)state;
  check_differences(false, 0);
  check_differences(true, 1);
}

static void gradients_of_several_outputs_are_too(void **state) {
  (void)state;
  check_differences(false, MOST_OUTPUTS);
  check_differences(true, 2);
}

/* Every output alone gives the bytes that it gives beside the others. */
static void outputs_can_be_taken_apart(void **state) {
  (void)state;
  hr_error err;
  float all[ROWS * MOST_OUTPUTS], one[ROWS], dout[ROWS * MOST_OUTPUTS];
  hr_network_shape shape = small_shape(true);
  shape.outputs = MOST_OUTPUTS;
  hr_network *n = make(&shape, &plain);
  loss_of(n, true, dout); /* moves the statistics */
  check_ok(hr_network_forward(n, x, ROWS, false, all, &err));
  shape.outputs = 1;
  for (size_t o = 0; o < MOST_OUTPUTS; o++) {
    hr_network *alone = make(&shape, &plain);
    hr_network_take_output(n, o, alone);
    check_ok(hr_network_forward(alone, x, ROWS, false, one, &err));
    for (size_t i = 0; i < ROWS; i++) {
      assert_memory_equal(&one[i], &all[i * MOST_OUTPUTS + o], sizeof one[i]);
    }
    hr_network_destroy(&alone);
  }
  assert_memory_not_equal(&all[0], &all[1], sizeof all[0]);
  hr_network_destroy(&n);
}

/* An output that nothing is asked of changes nothing: the gradient of all the rest is
 * that of the other output alone. */
static void outputs_add_their_gradients(void **state) {
  (void)state;
  hr_error err;
  float out[2 * ROWS], dout[2 * ROWS] = {0}, alone[ROWS];
  hr_network_shape two = small_shape(true), one = two;
  two.outputs = 2;
  hr_network *a = make(&two, &plain), *b = make(&one, &plain);
  hr_network_take_output(a, 1, b);
  check_ok(hr_network_forward(a, x, ROWS, true, out, &err));
  check_ok(hr_network_forward(b, x, ROWS, true, alone, &err));
  for (size_t i = 0; i < ROWS; i++) dout[2 * i + 1] = alone[i] = out[2 * i + 1];
  check_ok(hr_network_backward(a, dout, &err));
  check_ok(hr_network_backward(b, alone, &err));
  size_t below = hr_network_parameter_count(&one) - one.hidden - 1;
  assert_memory_equal(hr_network_gradient(a), hr_network_gradient(b),
                      below * sizeof(float));
  const float *of_first = hr_network_gradient(a) + below;
  const float *of_second = of_first + one.hidden;
  for (size_t k = 0; k < one.hidden; k++) check_near(of_first[k], 0, 0);
  assert_memory_equal(of_second, hr_network_gradient(b) + below,
                      one.hidden * sizeof(float));
  hr_network_destroy(&a);
  hr_network_destroy(&b);
}

/* Outputs and gradients on two back ends. */
static void check_agreement(bool batch_norm, const hr_network_backend *other) {
  float dout[2][ROWS];
  hr_error err;
  hr_network_shape shape = small_shape(batch_norm);
  hr_network *n[] = {make(&shape, &plain), make(&shape, other)};
  for (size_t k = 0; k < 2; k++) {
    loss_of(n[k], true, dout[k]);
    check_ok(hr_network_backward(n[k], dout[k], &err));
  }
  for (size_t i = 0; i < ROWS; i++) check_near(dout[1][i], dout[0][i], 2e-5);
  for (size_t i = 0; i < hr_network_parameter_count(&shape); i++) {
    double expected = (double)hr_network_gradient(n[0])[i];
    check_near(hr_network_gradient(n[1])[i], expected, 1e-4 * (1 + fabs(expected)));
  }
  for (size_t k = 0; k < 2; k++) loss_of(n[k], false, dout[k]);
  for (size_t i = 0; i < ROWS; i++) check_near(dout[1][i], dout[0][i], 2e-5);
  for (size_t k = 0; k < 2; k++) hr_network_destroy(&n[k]);
}

/* What a trainer calls: forward, the derivatives of a mean, and back, to the byte; and
 * all that it knows of the network. */
static void a_step_is_forward_and_back(void **state) {
  (void)state;
  hr_error err;
  hr_network_shape shape = small_shape(true);
  shape.outputs = 2;
  float dout[ROWS * MOST_OUTPUTS], out[ROWS * 2], predicted[ROWS * 2], again[ROWS * 2];
  hr_network *by_hand = make(&shape, &plain), *other = make(&shape, &plain);
  hr_net *net = hr_network_net(other);
  const hr_net_batch batch = {x, target, ROWS, 0, 0};
  loss_of(by_hand, true, dout);
  for (size_t i = 0; i < (size_t)ROWS * 2; i++) dout[i] *= 2 / (float)(ROWS * 2);
  check_ok(hr_network_backward(by_hand, dout, &err));
  check_ok(net->type->learn(net, &batch, out, &err));
  assert_memory_equal(net->gradient, hr_network_gradient(by_hand),
                      net->parameter_count * sizeof(float));
  assert_memory_equal(net->statistics, hr_network_statistics(by_hand),
                      net->statistic_count * sizeof(float));
  check_near(dout[3], (out[3] - target[3]) * (2 / (float)(ROWS * 2)), 0);
  check_ok(net->type->predict(net, x, ROWS, predicted, &err));
  check_ok(hr_network_forward(by_hand, x, ROWS, false, again, &err));
  assert_memory_equal(predicted, again, sizeof again);
  assert_string_equal(net->type->kind, "cnn");
  assert_int_equal(net->pixels, PIXELS);
  assert_int_equal(net->outputs, 2);
  assert_int_equal(net->parameter_count, hr_network_parameter_count(&shape));
  assert_int_equal(net->statistic_count, hr_network_statistic_count(&shape));
  net->type->start(net, 9);
  hr_network_start(by_hand, 9);
  assert_memory_equal(net->parameters, hr_network_parameters(by_hand),
                      net->parameter_count * sizeof(float));
  net->type->destroy(&net);
  assert_null(net);
  hr_network_destroy(&by_hand);
}

/* A target that is not known has no part in the gradient: as one that is met, but that
 * the mean is over fewer. */
static void unknown_targets_are_left_out(void **state) {
  (void)state;
  hr_error err;
  static float gradient[1 << 16];
  hr_network_shape shape = small_shape(true);
  shape.outputs = 2;
  hr_net *net = hr_network_net(make(&shape, &plain));
  float own[3 * 2], out[3 * 2];
  for (size_t i = 0; i < 6; i++) own[i] = i == 3 ? NAN : target[i];
  const hr_net_batch batch = {.x = x, .target = own, .rows = 3, .seed = 5};
  check_ok(net->type->learn(net, &batch, out, &err));
  memcpy(gradient, net->gradient, net->parameter_count * sizeof(float));
  own[3] = out[3];
  check_ok(net->type->learn(net, &batch, out, &err));
  for (size_t i = 0; i < net->parameter_count; i++) {
    check_near(gradient[i] * 5 / 6, net->gradient[i], 1e-6);
  }
  net->type->destroy(&net);
}

static void back_ends_agree(void **state) {
  (void)state;
  hr_network_backend onednn = fast();
  for (int norm = 0; norm < 2; norm++) {
    check_agreement(norm == 1, &mixed);
    if (onednn.convolver) check_agreement(norm == 1, &onednn);
  }
}

/* Training and then predicting, with `threads`; gradient and outputs as bytes. */
static void compute(const hr_network_backend *backend, int threads, float *out) {
  float dout[ROWS];
  hr_error err;
  int before = omp_get_max_threads();
  omp_set_num_threads(threads);
  hr_network_shape shape = small_shape(true);
  hr_network *n = make(&shape, backend);
  size_t count = hr_network_parameter_count(&shape);
  loss_of(n, true, dout);
  check_ok(hr_network_backward(n, dout, &err));
  memcpy(out, hr_network_gradient(n), count * sizeof *out);
  loss_of(n, false, out + count);
  hr_network_destroy(&n);
  omp_set_num_threads(before);
}

static void threads_do_not_change_a_byte(void **state) {
  (void)state;
  static float one[MOST], three[MOST];
  const hr_network_backend backends[] = {
      mixed, fast(), {hr_convolver_onednn_bf16(), &hr_compute_blas}};
  for (size_t i = 0; i < 3 && backends[i].convolver; i++) {
    compute(&backends[i], 1, one);
    compute(&backends[i], 3, three);
    assert_memory_equal(one, three, sizeof one);
  }
}

/* Statistics move a tenth of the way from 0 and 1 to the batch's. */
static void statistics_follow_the_batch(void **state) {
  (void)state;
  const hr_network_shape shape = {.pixels = 2,
                                  .blocks = 1,
                                  .channels = {1},
                                  .kernel = 1,
                                  .pool = 1,
                                  .hidden = 1,
                                  .batch_norm = true};
  const float rows[] = {1, 2, 3, 6};
  float out[2];
  hr_error err;
  hr_network *n = NULL;
  check_ok(hr_network_create(&shape, 2, &plain, &n, &err));
  hr_network_start(n, 1);
  hr_network_parameters(n)[0] = 2; /* a = 2 x + 1: 3, 5, 7, 13 */
  hr_network_parameters(n)[1] = 1;
  check_ok(hr_network_forward(n, rows, 2, true, out, &err));
  check_near(hr_network_statistics(n)[0], 0.7, 1e-7);
  check_near(hr_network_statistics(n)[1], 0.9 + 0.1 * 56 / 3, 1e-6);
  hr_network_destroy(&n);
}

static void starts_are_those_of_the_seed(void **state) {
  (void)state;
  hr_network_shape shape = small_shape(true);
  hr_network *n = make(&shape, &plain);
  float *p = hr_network_parameters(n);
  hr_network_start(n, 1);
  float first = p[0], low = 0, high = 0;
  for (size_t i = 0; i < 18; i++) { /* block 0: 15 weights and 3 biases */
    low = fminf(low, p[i]);
    high = fmaxf(high, p[i]);
  }
  double bound = 1 / sqrt(5);
  assert_true((double)high <= bound && (double)low >= -bound);
  assert_true((double)high > 0.5 * bound && (double)low < -0.5 * bound);
  check_near(p[18], 1, 0); /* gamma */
  check_near(p[21], 0, 0); /* beta */
  hr_network_start(n, 2);
  assert_true(p[0] < first || p[0] > first);
  hr_network_destroy(&n);
}

static void shapes_that_cannot_be_are_refused(void **state) {
  (void)state;
  hr_error err;
  hr_network_shape s = small_shape(false);
  s.pool = 8;
  check_fails(hr_network_check(&s, &err), HR_ERR_CONFIG,
              "pool_size 8 behind each of 2 convolutions leaves nothing of 50 pixels; "
              "take a smaller pool_size, or at most 1 channels");
  s.pool = 129;
  check_fails(hr_network_check(&s, &err), HR_ERR_CONFIG,
              "a pool_size is 1 to 128, not 129");
  s.pool = 1;
  s.blocks = 17;
  hr_network *n = NULL;
  check_fails(hr_network_create(&s, 1, &plain, &n, &err), HR_ERR_CONFIG,
              "a network has 1 to 16 convolutions, not 17; give as many channels");
  s.blocks = 16;
  check_ok(hr_network_check(&s, &err));
}

static bool refuse(hr_convolution *c, size_t thread, const void *in, void *out) {
  (void)c, (void)thread, (void)in, (void)out;
  return false;
}

static void failures_below_are_told(void **state) {
  (void)state;
  hr_error err;
  float out[ROWS + 1];
  hr_convolver broken = hr_convolver_reference;
  broken.forward = refuse;
  hr_network_backend backend = {&broken, &hr_compute_reference};
  hr_network_shape shape = small_shape(false);
  hr_network *n = make(&shape, &backend);
  check_fails(hr_network_forward(n, x, ROWS, true, out, &err), HR_ERR_INTERNAL,
              "reference failed in a convolution");
  check_fails(hr_network_forward(n, x, ROWS + 1, true, out, &err), HR_ERR_INTERNAL,
              "a batch of 8 rows in a network for 7");
  hr_network_destroy(&n);
}

/* The study's own network: 32-64-32, kernel 5, pool 4, fc 64 on 4096 pixels. */
static void sizes_are_known(void **state) {
  (void)state;
  hr_network_shape s = {.pixels = 4096,
                        .blocks = 3,
                        .channels = {32, 64, 32},
                        .kernel = 5,
                        .pool = 4,
                        .hidden = 64};
  assert_int_equal(hr_network_parameter_count(&s), 192 + 10304 + 10272 + 131136 + 65);
  assert_int_equal(hr_network_statistic_count(&s), 0);
  check_near(hr_network_operations(&s),
             2.0 * (4096 * 160 + 1024 * 10240 + 256 * 10240 + 2049 * 64), 0);
  s.outputs = 3; /* weights of 64 and a bias more for each */
  assert_int_equal(hr_network_parameter_count(&s), 151969 + 2 * 65);
  check_near(hr_network_operations(&s),
             2.0 * (4096 * 160 + 1024 * 10240 + 256 * 10240 + 2051 * 64), 0);
  s.outputs = 0;
  double lean = hr_network_bytes(&s, 256);
  s.batch_norm = true;
  assert_int_equal(hr_network_parameter_count(&s), 151969 + 256);
  assert_int_equal(hr_network_statistic_count(&s), 256);
  assert_true(lean > 5e7 && lean < 1.2e8);
  double norm =
      hr_network_bytes(&s, 256) - lean; /* what two blocks convolved, and peaks */
  assert_true(norm > 9e7 && norm < 1e8);
}

static hr_status create_one(const hr_network_backend *backend) {
  hr_error err;
  hr_network *n = NULL;
  hr_network_shape shape = small_shape(true);
  hr_status status = hr_network_create(&shape, 4, backend, &n, &err);
  hr_network_destroy(&n);
  return status;
}

static void allocations_may_fail(void **state) {
  (void)state;
  check_alloc_failures(create_one(&plain));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(gradients_are_finite_differences),
      cmocka_unit_test(gradients_of_several_outputs_are_too),
      cmocka_unit_test(outputs_can_be_taken_apart),
      cmocka_unit_test(outputs_add_their_gradients),
      cmocka_unit_test(a_step_is_forward_and_back),
      cmocka_unit_test(unknown_targets_are_left_out),
      cmocka_unit_test(back_ends_agree),
      cmocka_unit_test(threads_do_not_change_a_byte),
      cmocka_unit_test(statistics_follow_the_batch),
      cmocka_unit_test(starts_are_those_of_the_seed),
      cmocka_unit_test(shapes_that_cannot_be_are_refused),
      cmocka_unit_test(failures_below_are_told),
      cmocka_unit_test(sizes_are_known),
      cmocka_unit_test(allocations_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
