/* The vision transformer, made, there and back, against finite differences and against
 * itself on other back ends; test_vit_layers.c has its layers. PyTorch has its say in
 * tests/python/test_vit.py. */
#include "nn/vit.h"

#include <omp.h>

#include "core/alloc.h"
#include "core/random.h"
#include "nn/training.h"
#include "support/check.h"
#include "support/fail_alloc.h"
#include "support/scratch.h"

enum { PIXELS = 40, ROWS = 19, MOST_OUTPUTS = 2, MOST = 8000 };

static const hr_vit_backend plain = {&hr_products_compute, &hr_compute_reference};

static hr_vit_backend fast(void) {
  return (hr_vit_backend){hr_products_fp32(), &hr_compute_blas};
}

/* Five patches; heads of 4, dropout of a quarter. */
static hr_vit_shape small_shape(void) {
  return (hr_vit_shape){.pixels = PIXELS,
                        .patch = 8,
                        .width = 12,
                        .layers = 3,
                        .heads = 3,
                        .hidden = 20,
                        .outputs = MOST_OUTPUTS,
                        .dropout = 0.25,
                        .attention_dropout = 0.25};
}

static float x[ROWS * PIXELS], target[ROWS * MOST_OUTPUTS];

/* Weights large enough for every layer to matter. */
static hr_net *make(const hr_vit_shape *shape, const hr_vit_backend *backend) {
  hr_error err;
  hr_net *net = NULL;
  check_ok(hr_vit_create(shape, backend, &net, &err));
  hr_normal(4, HR_STREAM_FOLDS, 0, 0, net->parameter_count, net->parameters);
  for (size_t i = 0; i < net->parameter_count; i++) net->parameters[i] *= 0.4F;
  hr_normal(1, HR_STREAM_NOISE_TRAIN, 1, 0, ROWS * PIXELS, x);
  hr_normal(1, HR_STREAM_NOISE_TRAIN, 2, 0, ROWS * MOST_OUTPUTS, target);
  return net;
}

static hr_net_batch batch_of(size_t rows, uint64_t key) {
  return (hr_net_batch){x, target, rows, 5, key};
}

/* The mean squared error of a step with the key. */
static double loss_of(hr_net *net, size_t rows, uint64_t key, float *out) {
  hr_error err;
  double loss = 0, terms = (double)(rows * net->outputs);
  const hr_net_batch batch = batch_of(rows, key);
  check_ok(net->type->learn(net, &batch, out, &err));
  for (size_t i = 0; i < rows * net->outputs; i++) {
    double d = (double)out[i] - (double)target[i];
    loss += d * d / terms;
  }
  return loss;
}

/* Thousands of small steps are over sooner when no thread waits for another. */
static int use_one_thread(void) {
  int before = omp_get_max_threads();
  omp_set_num_threads(1);
  return before;
}

/* What is left out is a function of the key: with the same one, the loss is a smooth
 * function of the parameters. */
static void check_differences(const hr_vit_shape *shape) {
  static float gradient[MOST], out[ROWS * MOST_OUTPUTS];
  int threads = use_one_thread();
  hr_net *net = make(shape, &plain);
  enum { ROWS_HERE = 3 };
  assert_in_range(net->parameter_count, 1, MOST);
  loss_of(net, ROWS_HERE, 7, out);
  memcpy(gradient, net->gradient, net->parameter_count * sizeof *gradient);
  double largest = 0;
  for (size_t i = 0; i < net->parameter_count; i++) {
    largest = fmax(largest, fabs((double)gradient[i]));
  }
  for (size_t i = 0; i < net->parameter_count; i += 3) {
    float before = net->parameters[i];
    net->parameters[i] = before + 0.004F;
    double up = loss_of(net, ROWS_HERE, 7, out), wide = (double)net->parameters[i];
    net->parameters[i] = before - 0.004F;
    double down = loss_of(net, ROWS_HERE, 7, out);
    wide -= (double)net->parameters[i];
    net->parameters[i] = before;
    check_near((up - down) / wide, gradient[i],
               2e-3 * largest + 0.01 * fabs((double)gradient[i]));
  }
  net->type->destroy(&net);
  assert_null(net);
  omp_set_num_threads(threads);
}

static void gradients_are_finite_differences(void **state) {
  (void)state;
  hr_vit_shape shape = small_shape();
  check_differences(&shape);
  shape.dropout = shape.attention_dropout = 0;
  shape.outputs = 1;
  check_differences(&shape);
  shape.layers = 1; /* nothing but the block whose class token alone asks */
  shape.dropout = 0.25;
  check_differences(&shape);
  shape.outputs = MOST_OUTPUTS;
  shape.head_hidden = 5;
  check_differences(&shape);
}

/* With linear heads and with those of two layers. */
static void an_output_by_itself_is_the_same(void **state) {
  (void)state;
  hr_error err;
  hr_vit_shape shape = small_shape();
  for (size_t hidden = 0; hidden <= 5; hidden += 5) {
    float all[ROWS * MOST_OUTPUTS], one[ROWS];
    shape.head_hidden = hidden;
    shape.outputs = MOST_OUTPUTS;
    hr_net *net = make(&shape, &plain);
    check_ok(net->type->predict(net, x, ROWS, all, &err));
    shape.outputs = 1;
    for (size_t t = 0; t < MOST_OUTPUTS; t++) {
      hr_net *alone = make(&shape, &plain);
      hr_vit_take_output(net, t, alone);
      check_ok(alone->type->predict(alone, x, ROWS, one, &err));
      for (size_t i = 0; i < ROWS; i++) assert_true(one[i] == all[i * MOST_OUTPUTS + t]);
      alone->type->destroy(&alone);
    }
    net->type->destroy(&net);
  }
}

/* A linear head of what the trunk gives is the output, to the bit. */
static void outputs_are_made_of_the_hidden_vector(void **state) {
  (void)state;
  hr_error err;
  const hr_vit_shape shape = small_shape();
  float out[ROWS * MOST_OUTPUTS], hidden[ROWS * 12];
  hr_net *net = make(&shape, &plain);
  assert_int_equal(net->hidden, shape.width);
  check_ok(net->type->predict(net, x, ROWS, out, &err));
  check_ok(net->type->hide(net, x, ROWS, hidden, &err));
  size_t weights = MOST_OUTPUTS * shape.width;
  const float *bias = net->parameters + net->parameter_count - MOST_OUTPUTS;
  for (size_t i = 0; i < ROWS * MOST_OUTPUTS; i++) {
    size_t t = i % MOST_OUTPUTS;
    const float *h = hidden + i / MOST_OUTPUTS * shape.width;
    const float *row = bias - weights + t * shape.width;
    double sum = (double)bias[t];
    for (size_t d = 0; d < shape.width; d++) sum += (double)h[d] * (double)row[d];
    assert_true(out[i] == (float)sum);
  }
  net->type->destroy(&net);
}

/* One patch, and with it two tokens. */
static void a_sequence_of_one_patch_learns(void **state) {
  (void)state;
  hr_vit_shape shape = small_shape();
  shape.patch = PIXELS;
  check_differences(&shape);
}

static void back_ends_agree(void **state) {
  (void)state;
  static float out[2][ROWS * MOST_OUTPUTS];
  hr_vit_shape shape = small_shape();
  hr_vit_backend other = fast();
  hr_net *nets[] = {make(&shape, &plain), make(&shape, &other)};
  double losses[2];
  for (size_t k = 0; k < 2; k++) losses[k] = loss_of(nets[k], ROWS, 3, out[k]);
  check_near(losses[1], losses[0], 1e-5);
  for (size_t i = 0; i < nets[0]->parameter_count; i++) {
    double expected = (double)nets[0]->gradient[i];
    check_near(nets[1]->gradient[i], expected, 2e-5 + 1e-4 * fabs(expected));
  }
  for (size_t k = 0; k < 2; k++) nets[k]->type->destroy(&nets[k]);
}

/* Eight bits of what is multiplied: the gradient as a whole is off by per cents. */
static void bf16_stays_near(void **state) {
  (void)state;
  static float out[2][ROWS * MOST_OUTPUTS];
  if (!hr_products_bf16()) skip();
  hr_vit_shape shape = small_shape();
  const hr_vit_backend other = {hr_products_bf16(), &hr_compute_blas};
  hr_net *nets[] = {make(&shape, &plain), make(&shape, &other)};
  double losses[2], off = 0, length = 0;
  for (size_t k = 0; k < 2; k++) losses[k] = loss_of(nets[k], ROWS, 3, out[k]);
  for (size_t i = 0; i < nets[0]->parameter_count; i++) {
    double expected = (double)nets[0]->gradient[i], d = (double)nets[1]->gradient[i];
    off += (d - expected) * (d - expected);
    length += expected * expected;
  }
  check_near(losses[1] / losses[0], 1, 0.02);
  assert_true(off > 0 && off < 0.03 * 0.03 * length);
  for (size_t k = 0; k < 2; k++) nets[k]->type->destroy(&nets[k]);
}

typedef struct results {
  float gradient[MOST], out[ROWS * MOST_OUTPUTS], predicted[ROWS * MOST_OUTPUTS];
} results;

static void compute_on(int threads, const hr_vit_backend *backend, results *r) {
  hr_error err;
  hr_vit_shape shape = small_shape();
  int before = omp_get_max_threads();
  omp_set_num_threads(threads);
  hr_net *net = make(&shape, backend);
  loss_of(net, ROWS, 3, r->out);
  memcpy(r->gradient, net->gradient, net->parameter_count * sizeof(float));
  check_ok(net->type->predict(net, x, ROWS, r->predicted, &err));
  net->type->destroy(&net);
  omp_set_num_threads(before);
}

static void threads_do_not_change_a_byte(void **state) {
  (void)state;
  static results one, many;
  const hr_vit_backend fp32 = fast();
  const hr_vit_backend bf16 = {hr_products_bf16(), &hr_compute_blas};
  const hr_vit_backend *backends[] = {&plain, &fp32, &bf16};
  for (size_t k = 0; k < 3; k++) {
    if (!backends[k]->products) continue;
    compute_on(1, backends[k], &one);
    for (int threads = 2; threads <= 3; threads++) {
      compute_on(threads, backends[k], &many);
      assert_memory_equal(&one, &many, sizeof one);
    }
  }
}

/* Which rows come together changes nothing, and nothing is left out. */
static void rows_are_predicted_one_by_one(void **state) {
  (void)state;
  hr_error err;
  float together[ROWS * MOST_OUTPUTS], one[MOST_OUTPUTS], learnt[ROWS * MOST_OUTPUTS];
  hr_vit_shape shape = small_shape();
  shape.dropout = shape.attention_dropout = 0;
  hr_vit_backend backend = fast();
  hr_net *net = make(&shape, &backend);
  check_ok(net->type->predict(net, x, ROWS, together, &err));
  for (size_t row = 0; row < ROWS; row++) {
    check_ok(net->type->predict(net, x + row * PIXELS, 1, one, &err));
    assert_memory_equal(one, together + row * MOST_OUTPUTS, sizeof one);
  }
  loss_of(net, ROWS, 1, learnt);
  assert_memory_equal(learnt, together, sizeof learnt);
  net->type->destroy(&net);
  shape.dropout = 0.25;
  net = make(&shape, &backend);
  check_ok(net->type->predict(net, x, ROWS, learnt, &err));
  assert_memory_equal(learnt, together, sizeof learnt);
  net->type->destroy(&net);
}

/* Each of the two kinds by itself changes what a step gives, anew for every step and
 * every row, and the mean over many steps is about what there is without. */
static void dropout_is_keyed_by_step_and_row(void **state) {
  (void)state;
  enum { STEPS = 400 };
  float first[2 * MOST_OUTPUTS], second[2 * MOST_OUTPUTS], again[2 * MOST_OUTPUTS];
  float whole[2 * MOST_OUTPUTS];
  hr_error err;
  int threads = use_one_thread();
  for (size_t kind = 0; kind < 2; kind++) {
    hr_vit_shape shape = small_shape();
    if (kind == 0) shape.dropout = 0;
    if (kind == 1) shape.attention_dropout = 0;
    hr_net *net = make(&shape, &plain);
    memcpy(x + PIXELS, x, PIXELS * sizeof *x); /* two rows alike */
    loss_of(net, 2, 1, first);
    loss_of(net, 2, 2, second);
    loss_of(net, 2, 1, again);
    assert_memory_equal(first, again, sizeof first);
    assert_memory_not_equal(first, second, sizeof first);
    assert_memory_not_equal(first, first + MOST_OUTPUTS, sizeof first / 2);
    for (size_t i = 0; i < net->parameter_count; i++) net->parameters[i] *= 0.1F;
    check_ok(net->type->predict(net, x, 2, whole, &err));
    double mean = 0, square = 0;
    for (uint64_t step = 0; step < STEPS; step++) {
      loss_of(net, 2, step, first);
      double d = (double)(first[0] - whole[0]);
      mean += d / STEPS;
      square += d * d / STEPS;
    }
    assert_true(square > 0);
    check_near(mean, 0, 5 * sqrt(square / STEPS) + 0.2 * sqrt(square));
    net->type->destroy(&net);
  }
  omp_set_num_threads(threads);
}

static void the_published_network_has_its_size(void **state) {
  (void)state;
  hr_vit_shape shape = {4096, 16, 256, 6, 8, 1024, 0, 1, 0.1, 0.1};
  hr_error err;
  check_ok(hr_vit_check(&shape, &err));
  assert_int_equal(hr_vit_parameter_count(&shape), 4809729);
  /* 2.8e9 were all tokens of the last block to go through it. */
  check_near(hr_vit_operations(&shape) / 2.464e9, 1, 0.001);
  double one = hr_vit_bytes(&shape, 1), sixteen = hr_vit_bytes(&shape, 16);
  check_near(sixteen - one, 15 * 4 * 4809729.0, 1);
  check_near(hr_vit_bytes(&shape, 256), sixteen, 0);
}

static void starts_are_those_of_the_seed(void **state) {
  (void)state;
  hr_vit_shape shape = {256, 16, 64, 2, 4, 128, 0, 1, 0.1, 0.1};
  hr_net *nets[] = {make(&shape, &plain), make(&shape, &plain)};
  const float *p = nets[0]->parameters;
  double square = 0, of_weights = 0;
  for (size_t k = 0; k < 2; k++) nets[k]->type->start(nets[k], 6);
  assert_memory_equal(p, nets[1]->parameters, nets[0]->parameter_count * sizeof *p);
  nets[1]->type->start(nets[1], 7);
  assert_memory_not_equal(p, nets[1]->parameters, 64);
  for (size_t i = 0; i < 17 * 64; i++) assert_true(fabsf(p[i]) < 0.25F);
  const float *tokens = p + 17 * 64,
              *block = tokens + 18 * 64; /* class and 17 positions */
  for (size_t i = 0; i < 18 * 64; i++) square += (double)tokens[i] * (double)tokens[i];
  check_near(square / (18 * 64), 1, 0.1);
  for (size_t i = 0; i < 64; i++) {
    check_near(block[i], 1, 0);
    check_near(block[64 + i], 0, 0);
  }
  for (size_t i = 128; i < 128 + 3 * 64 * 64; i++) {
    of_weights += (double)block[i] * (double)block[i];
  }
  check_near(sqrt(of_weights / (3 * 64 * 64)), 0.02, 0.001);
  check_near(block[128 + 3 * 64 * 64], 0, 0);
  assert_string_equal(nets[0]->type->kind, "vit");
  assert_int_equal(hr_vit_shape_of(nets[0])->hidden, 128);
  for (size_t k = 0; k < 2; k++) nets[k]->type->destroy(&nets[k]);
}

static void refuse(hr_vit_shape shape, const char *sentence) {
  hr_error err;
  hr_net *net = NULL;
  check_fails(hr_vit_create(&shape, &plain, &net, &err), HR_ERR_CONFIG, sentence);
  assert_null(net);
}

static void shapes_that_cannot_be_are_refused(void **state) {
  (void)state;
  hr_vit_shape shape = small_shape();
  shape.patch = 12;
  refuse(shape, "patches of 12 pixels do not divide 40 pixels; take a patch of 10");
  shape.patch = 41;
  refuse(shape, "patches of 41 pixels do not divide 40 pixels; take a patch of 40");
  shape = small_shape();
  shape.heads = 5;
  refuse(shape, "5 heads do not divide a width of 12; take 4 heads");
  shape.width = 7;
  refuse(shape, "5 heads do not divide a width of 7; take 1 head");
  shape = small_shape();
  shape.layers = 0;
  refuse(shape, "layers of a vision transformer are 1 to 65536, not 0; take one between");
  shape = small_shape();
  shape.head_hidden = 65537;
  refuse(shape,
         "a hidden layer of a vision transformer's head has at most 65536 values, not "
         "65537; take fewer");
  shape = small_shape();
  shape.dropout = 1;
  refuse(shape, "a dropout is at least 0 and below 1, not 1; take 0.1");
  shape = small_shape();
  shape.attention_dropout = (double)NAN;
  refuse(shape, "a dropout is at least 0 and below 1, not nan; take 0.1");
  shape = (hr_vit_shape){1 << 20, 1, 64, 64, 64, 64, 0, 1, 0, 0};
  refuse(shape,
         "1048577 tokens in 64 layers of 64 heads are more than a vision transformer "
         "can have; take a larger patch");
}

static hr_status create_failing(const hr_product *product, const hr_compute *compute,
                                hr_made_product **out, hr_error *err) {
  return hr_products_compute.create(product, compute, out, err);
}

static void destroy_failing(hr_made_product **made) {
  hr_products_compute.destroy(made);
}

static bool run_failing(hr_made_product *made, size_t thread, const void *a,
                        const void *b, float *c) {
  (void)made, (void)thread, (void)a, (void)b, (void)c;
  return false;
}

static void failures_below_are_told(void **state) {
  (void)state;
  static const hr_products failing = {"broken", false, create_failing, destroy_failing,
                                      run_failing};
  const hr_vit_backend backend = {&failing, &hr_compute_reference};
  hr_error err;
  float out[ROWS * MOST_OUTPUTS];
  hr_vit_shape shape = small_shape();
  hr_net *net = make(&shape, &backend);
  const hr_net_batch batch = batch_of(2, 0);
  check_fails(net->type->learn(net, &batch, out, &err), HR_ERR_INTERNAL,
              "broken failed in a product");
  check_fails(net->type->predict(net, x, 2, out, &err), HR_ERR_INTERNAL,
              "broken failed in a product");
  net->type->destroy(&net);
}

static hr_status make_and_learn(const hr_vit_backend *backend) {
  float out[ROWS * MOST_OUTPUTS];
  hr_vit_shape shape = small_shape();
  hr_net *net = NULL;
  const hr_net_batch batch = batch_of(3, 0);
  hr_status status = hr_vit_create(&shape, backend, &net, NULL);
  if (status == HR_OK) status = net->type->learn(net, &batch, out, NULL);
  if (net) net->type->destroy(&net);
  return status;
}

static void allocations_may_fail(void **state) {
  (void)state;
  check_alloc_failures(make_and_learn(&plain));
}

/* A pixel or a weight that is no number makes none of what depends on it, and of nothing
 * else. */
static void what_is_no_number_stays_none(void **state) {
  (void)state;
  hr_error err;
  float out[3 * MOST_OUTPUTS];
  hr_vit_shape shape = small_shape();
  hr_vit_backend backend = fast();
  hr_net *net = make(&shape, &backend);
  x[PIXELS + 3] = NAN;
  check_ok(net->type->predict(net, x, 3, out, &err));
  for (size_t i = 0; i < 3 * (size_t)MOST_OUTPUTS; i++) {
    assert_int_equal(isnan(out[i]) != 0, i / MOST_OUTPUTS == 1);
  }
  assert_true(isnan(loss_of(net, 3, 1, out)) && isnan(net->gradient[0]));
  net->type->destroy(&net);
}

/* Rows that hold what is to be learnt at one place. */
static hr_status fill_rows(void *context, const uint32_t *rows, size_t count,
                           uint64_t epoch, float *to, hr_error *err) {
  const float *labels = context;
  (void)err;
  for (size_t i = 0; i < count; i++, to += PIXELS) {
    hr_normal(9, HR_STREAM_NOISE_TRAIN, rows[i] + (epoch << 32), 0, PIXELS, to);
    for (size_t p = 0; p < PIXELS; p++) to[p] *= 0.3F;
    for (size_t p = 16; p < 20; p++) to[p] += labels[rows[i]];
  }
  return HR_OK;
}

/* A lesson of twelve epochs with dropout and clipping; `halt`: saved after that epoch,
 * and gone on with by another trainer. */
static void teach(size_t halt, float *parameters, hr_curve_point *curve) {
  enum { TRAIN = 150, HELD_OUT = 40, EPOCHS = 12 };
  static float labels[TRAIN];
  hr_error err;
  scratch s;
  size_t count = 0;
  scratch_init(&s);
  hr_normal(8, HR_STREAM_FOLDS, 0, 0, TRAIN, labels);
  hr_vit_shape shape = small_shape();
  shape.outputs = 1;
  shape.dropout = shape.attention_dropout = 0.1;
  const hr_vit_backend backend = fast();
  const hr_training_rows rows = {TRAIN, labels, fill_rows, NULL, labels};
  const hr_training_rows held_out = {HELD_OUT, labels, fill_rows, NULL, labels};
  const hr_training_options options = {.epochs = EPOCHS,
                                       .batch_rows = 16,
                                       .rate = 0.005,
                                       .rate_floor = 1e-5,
                                       .decay = 0.01,
                                       .clip = 0.5,
                                       .seed = 3};
  hr_net *net = make(&shape, &backend);
  hr_trainer *trainer = NULL;
  check_ok(hr_trainer_create(net, &options, &rows, &held_out, &trainer, &err));
  for (size_t epoch = 0; epoch < EPOCHS; epoch++) {
    check_ok(hr_trainer_epoch(trainer, &err));
    if (epoch + 1 != halt) continue;
    check_ok(hr_trainer_save(trainer, scratch_name(&s, "state"), 1, &err));
    hr_trainer_destroy(&trainer);
    net->type->destroy(&net);
    net = make(&shape, &backend);
    check_ok(hr_trainer_create(net, &options, &rows, &held_out, &trainer, &err));
    check_ok(hr_trainer_load(trainer, s.name, 1, &err));
  }
  memcpy(curve, hr_trainer_curve(trainer, 0, &count), EPOCHS * sizeof *curve);
  hr_trainer_take_best(trainer);
  memcpy(parameters, net->parameters, net->parameter_count * sizeof *parameters);
  hr_trainer_destroy(&trainer);
  net->type->destroy(&net);
  scratch_fini(&s);
}

static void a_loss_that_is_no_number_is_an_error(void **state) {
  (void)state;
  enum { COUNT = 32 };
  static float labels[COUNT];
  hr_error err;
  hr_vit_shape shape = small_shape();
  shape.outputs = 1;
  const hr_vit_backend backend = fast();
  const hr_training_rows rows = {COUNT, labels, fill_rows, NULL, labels};
  const hr_training_options options = {
      .epochs = 2, .batch_rows = 8, .rate = 1e38, .decay = 1e38, .seed = 3};
  hr_net *net = make(&shape, &backend);
  hr_trainer *trainer = NULL;
  hr_normal(8, HR_STREAM_FOLDS, 0, 0, COUNT, labels);
  check_ok(hr_trainer_create(net, &options, &rows, &rows, &trainer, &err));
  check_fails(hr_trainer_epoch(trainer, &err), HR_ERR_NUMERIC,
              "the loss is no number after 1 epoch at a learning rate of 1e+38; take a "
              "smaller lr");
  hr_trainer_destroy(&trainer);
  net->type->destroy(&net);
}

static void it_learns_and_goes_on_as_if_never_stopped(void **state) {
  (void)state;
  static float straight[MOST], continued[MOST];
  hr_curve_point curves[2][12];
  teach(0, straight, curves[0]);
  teach(5, continued, curves[1]);
  assert_memory_equal(straight, continued, sizeof straight);
  assert_memory_equal(curves[0], curves[1], sizeof curves[0]);
  print_message("R2 of the epochs:");
  for (size_t e = 0; e < 12; e++) print_message(" %.3f", curves[0][e].validation_r2);
  print_message("\n");
  assert_true(curves[0][11].validation_r2 > 0.7);
  assert_true(curves[0][11].train_loss < curves[0][0].train_loss / 2);
}

/* A target that is not known has no part in the gradient: as one that is met, but that
 * the mean is over fewer. */
static void unknown_targets_are_left_out(void **state) {
  (void)state;
  hr_error err;
  static float gradient[MOST];
  const hr_vit_shape two = {PIXELS, 4, 8, 2, 2, 12, 0, 2, 0, 0};
  hr_net *net = make(&two, &plain);
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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(unknown_targets_are_left_out),
      cmocka_unit_test(gradients_are_finite_differences),
      cmocka_unit_test(an_output_by_itself_is_the_same),
      cmocka_unit_test(outputs_are_made_of_the_hidden_vector),
      cmocka_unit_test(a_sequence_of_one_patch_learns),
      cmocka_unit_test(back_ends_agree),
      cmocka_unit_test(bf16_stays_near),
      cmocka_unit_test(threads_do_not_change_a_byte),
      cmocka_unit_test(rows_are_predicted_one_by_one),
      cmocka_unit_test(dropout_is_keyed_by_step_and_row),
      cmocka_unit_test(the_published_network_has_its_size),
      cmocka_unit_test(starts_are_those_of_the_seed),
      cmocka_unit_test(shapes_that_cannot_be_are_refused),
      cmocka_unit_test(failures_below_are_told),
      cmocka_unit_test(allocations_may_fail),
      cmocka_unit_test(what_is_no_number_stays_none),
      cmocka_unit_test(a_loss_that_is_no_number_is_an_error),
      cmocka_unit_test(it_learns_and_goes_on_as_if_never_stopped),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
