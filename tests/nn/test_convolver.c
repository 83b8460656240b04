/* The plain convolution against known answers, and all others against it. */
#include "nn/convolver.h"

#include <math.h>

#include "core/alloc.h"
#include "core/parallel.h"
#include "core/random.h"
#include "nn/bf16.h"
#include "support/check.h"
#include "support/fail_alloc.h"

enum { MOST = 1 << 16 };

static void fill(float *x, size_t count, uint64_t row) {
  hr_normal(1, HR_STREAM_NOISE_TRAIN, row, 0, count, x);
}

static double dot(const float *a, const float *b, size_t count) {
  double sum = 0;
  for (size_t i = 0; i < count; i++) sum += (double)a[i] * (double)b[i];
  return sum;
}

/* Everything that a convolution computes, of made-up weights and rows. */
typedef struct outcome {
  float x[MOST], dy[MOST], weights[MOST], bias[512];
  uint16_t half_x[MOST], half_y[MOST],
      half_dy[MOST]; /* where the convolver takes those */
  float y[MOST], dx[MOST], dweights[MOST], dbias[512];
  bool good;
} outcome;

typedef struct work {
  const hr_convolver *type;
  hr_convolution *convolution;
  outcome *out;
  float *gradient;
  bool is_first;
} work;

static void compute_one(void *context, size_t i, size_t thread) {
  work *w = context;
  outcome *o = w->out;
  hr_convolution *c = w->convolution;
  bool is_bf16 = w->type->is_bf16;
  const void *x = is_bf16 && !w->is_first ? (void *)o->half_x : o->x;
  const void *dy = is_bf16 ? (void *)o->half_dy : o->dy;
  (void)i;
  o->good = w->type->forward(c, thread, x, is_bf16 ? (void *)o->half_y : o->y) &&
            (w->is_first || w->type->backward_input(c, thread, dy, o->dx)) &&
            w->type->backward_weights(c, thread, x, dy, w->gradient);
}

static void round_all(outcome *o) {
  for (size_t i = 0; i < MOST; i++) {
    o->half_x[i] = hr_bf16_of(o->x[i]);
    o->half_dy[i] = hr_bf16_of(o->dy[i]);
  }
}

static void compute(const hr_convolver *type, const hr_conv_shape *s, outcome *o) {
  hr_error err;
  work w = {.type = type, .out = o, .is_first = s->is_first};
  fill(o->x, s->width * s->inputs, 1);
  fill(o->dy, s->width * s->outputs, 2);
  fill(o->weights, s->kernel * s->inputs * s->outputs, 3);
  fill(o->bias, s->outputs, 4);
  round_all(o);
  check_ok(type->create(s, &w.convolution, &err));
  check_ok(hr_alloc(&w.gradient, type->gradient_count(w.convolution), &err));
  assert_true(type->load(w.convolution, o->weights, o->bias));
  hr_parallel_for(1, compute_one, &w);
  assert_true(o->good);
  for (size_t i = 0; i < s->width * s->outputs && type->is_bf16; i++) {
    o->y[i] = hr_bf16_value(o->half_y[i]);
  }
  assert_true(type->unload(w.convolution, w.gradient, o->dweights, o->dbias));
  hr_free(w.gradient);
  type->destroy(&w.convolution);
  assert_null(w.convolution);
}

static outcome plain, fast;

/* By hand: kernel 3 over (1, 2, 3), and kernel 2, whose odd pixel is at the right. */
static void the_plain_one_gives_known_answers(void **state) {
  (void)state;
  hr_error err;
  hr_convolution *c = NULL;
  const hr_convolver *type = &hr_convolver_reference;
  const float x[] = {1, 2, 3}, three[] = {10, 100, 1000}, two[] = {1, 10},
              bias[] = {0.5F};
  float y[3];
  hr_conv_shape shape = {.width = 3, .inputs = 1, .outputs = 1, .kernel = 3};
  check_ok(type->create(&shape, &c, &err));
  assert_true(type->load(c, three, bias) && type->forward(c, 0, x, y));
  assert_memory_equal(y, ((float[]){2100.5F, 3210.5F, 320.5F}), sizeof y);
  type->destroy(&c);
  shape.kernel = 2;
  check_ok(type->create(&shape, &c, &err));
  assert_true(type->load(c, two, bias) && type->forward(c, 0, x, y));
  assert_memory_equal(y, ((float[]){21.5F, 32.5F, 3.5F}), sizeof y);
  type->destroy(&c);
}

static const hr_conv_shape shapes[] = {
    {.width = 64, .inputs = 1, .outputs = 32, .kernel = 5, .is_first = true},
    {.width = 201, .inputs = 1, .outputs = 37, .kernel = 4, .is_first = true},
    {.width = 2, .inputs = 1, .outputs = 3, .kernel = 6, .is_first = true},
    {.width = 100, .inputs = 32, .outputs = 64, .kernel = 5},
    {.width = 25, .inputs = 64, .outputs = 32, .kernel = 5},
    {.width = 33, .inputs = 3, .outputs = 5, .kernel = 4},
    {.width = 64, .inputs = 16, .outputs = 32, .kernel = 5, .is_normalised = true},
    {.width = 17, .inputs = 7, .outputs = 20, .kernel = 1},
    {.width = 3, .inputs = 2, .outputs = 2, .kernel = 9},
    {.width = 1, .inputs = 1, .outputs = 1, .kernel = 2},
};
enum { SHAPES = sizeof shapes / sizeof shapes[0] };

/* y is linear in x and in (w, b), so with L = dy . y:
 * dx . x = L - db . b, and dw . w + db . b = L. */
static void the_plain_gradients_are_those_of_its_forward(void **state) {
  (void)state;
  for (size_t i = 0; i < SHAPES; i++) {
    hr_conv_shape s = shapes[i];
    s.is_first = s.is_normalised = false;
    compute(&hr_convolver_reference, &s, &plain);
    double loss = dot(plain.dy, plain.y, s.width * s.outputs);
    double bias = dot(plain.dbias, plain.bias, s.outputs);
    double input = dot(plain.dx, plain.x, s.width * s.inputs);
    double weights = dot(plain.dweights, plain.weights, s.kernel * s.inputs * s.outputs);
    double tolerance = 1e-5 * (double)(s.width * s.outputs * s.inputs * s.kernel);
    check_near(input, loss - bias, tolerance);
    check_near(weights + bias, loss, tolerance);
  }
}

/* Sums of up to a few hundred products of about 1, in fp32. */
static void check_all(const float *a, const float *b, size_t count) {
  for (size_t i = 0; i < count; i++) {
    check_near(a[i], b[i], 5e-6 * (10 + fabs((double)b[i])));
  }
}

static void check_fp32(const hr_convolver *type) {
  for (size_t i = 0; i < SHAPES; i++) {
    const hr_conv_shape *s = &shapes[i];
    compute(&hr_convolver_reference, s, &plain);
    compute(type, s, &fast);
    check_all(fast.y, plain.y, s->width * s->outputs);
    if (!s->is_first) check_all(fast.dx, plain.dx, s->width * s->inputs);
    check_all(fast.dweights, plain.dweights, s->kernel * s->inputs * s->outputs);
    check_all(fast.dbias, plain.dbias, s->outputs);
  }
}

static void onednn_agrees(void **state) {
  (void)state;
  if (!hr_convolver_onednn()) skip();
  check_fp32(hr_convolver_onednn());
}

static void avx2_agrees(void **state) {
  (void)state;
  if (!hr_convolver_avx2()) skip();
  check_fp32(hr_convolver_avx2());
}

/* Each factor is off by up to 2^-9 of itself, independently of the others: the distance
 * of the sums, over their size, stays near that, where one wrong place would be near 1.
 */
static void check_close(const float *a, const float *b, size_t count) {
  double distance = 0, size = 0;
  for (size_t i = 0; i < count; i++) {
    double d = (double)a[i] - (double)b[i];
    distance += d * d;
    size += (double)b[i] * (double)b[i];
  }
  check_near(sqrt(distance / size), 0, 0x1p-7);
}

static void check_bf16(const hr_convolver *type) {
  for (size_t i = 0; i < SHAPES; i++) {
    const hr_conv_shape *s = &shapes[i];
    compute(&hr_convolver_reference, s, &plain);
    compute(type, s, &fast);
    check_close(fast.y, plain.y, s->width * s->outputs);
    if (!s->is_first) check_close(fast.dx, plain.dx, s->width * s->inputs);
    check_close(fast.dweights, plain.dweights, s->kernel * s->inputs * s->outputs);
    if (!s->is_normalised) check_close(fast.dbias, plain.dbias, s->outputs);
    assert_memory_not_equal(fast.y, plain.y, s->width * s->outputs * sizeof(float));
  }
}

static void bf16_is_near_and_is_bf16(void **state) {
  (void)state;
  if (!hr_convolver_onednn_bf16()) skip();
  check_bf16(hr_convolver_onednn_bf16());
}

static void amx_is_near_and_is_bf16(void **state) {
  (void)state;
  if (!hr_convolver_amx()) skip();
  check_bf16(hr_convolver_amx());
}

static void the_fastest_is_chosen(void **state) {
  (void)state;
  const hr_convolver *amx = hr_convolver_amx(), *avx2 = hr_convolver_avx2();
  const hr_convolver *onednn = hr_convolver_onednn();
  assert_ptr_equal(hr_convolver_bf16(), amx ? amx : hr_convolver_onednn_bf16());
#if defined(__x86_64__)
  bool is_wide = __builtin_cpu_supports("avx512f");
#else
  bool is_wide = false;
#endif
  assert_ptr_equal(hr_convolver_fp32(), onednn && (is_wide || !avx2) ? onednn : avx2);
}

enum { TYPES = 5 };

static void list_types(const hr_convolver *types[TYPES]) {
  types[0] = &hr_convolver_reference;
  types[1] = hr_convolver_onednn();
  types[2] = hr_convolver_onednn_bf16();
  types[3] = hr_convolver_amx();
  types[4] = hr_convolver_avx2();
}

/* The mean takes the bias away. */
static void a_normalised_bias_has_no_gradient(void **state) {
  (void)state;
  const hr_convolver *types[TYPES];
  list_types(types);
  hr_conv_shape s = {.width = 20, .inputs = 3, .outputs = 20, .kernel = 3};
  for (size_t i = 0; i < TYPES; i++) {
    if (!types[i]) continue;
    s.is_normalised = false;
    compute(types[i], &s, &plain);
    assert_true(fabsf(plain.dbias[1]) > 0);
    s.is_normalised = true;
    compute(types[i], &s, &fast);
    for (size_t c = 0; c < s.outputs; c++) check_near(fast.dbias[c], 0, 0);
    check_all(fast.dweights, plain.dweights, s.kernel * s.inputs * s.outputs);
  }
}

static void gradients_are_added(void **state) {
  (void)state;
  hr_error err;
  const hr_convolver *types[TYPES];
  list_types(types);
  const hr_conv_shape s = {
      .width = 2, .inputs = 1, .outputs = 1, .kernel = 1, .is_first = true};
  for (size_t i = 0; i < TYPES; i++) {
    if (!types[i]) continue;
    hr_convolution *c = NULL;
    float *gradient = NULL, weight = 0, bias = 0;
    const float x[] = {1, 2}, dy[] = {3, 4};
    const uint16_t half[] = {hr_bf16_of(3), hr_bf16_of(4)};
    const void *given = types[i]->is_bf16 ? (const void *)half : dy;
    check_ok(types[i]->create(&s, &c, &err));
    check_ok(hr_alloc(&gradient, types[i]->gradient_count(c), &err));
    for (int twice = 0; twice < 2; twice++) {
      assert_true(types[i]->backward_weights(c, 0, x, given, gradient));
    }
    assert_true(types[i]->unload(c, gradient, &weight, &bias));
    check_near(weight, 22, 0);
    check_near(bias, 14, 0);
    hr_free(gradient);
    types[i]->destroy(&c);
  }
}

static void what_onednn_cannot_make_is_refused(void **state) {
  (void)state;
  hr_error err;
  hr_convolution *c = NULL;
  if (!hr_convolver_onednn()) skip();
  const hr_conv_shape s = {.width = 9, .inputs = 2, .outputs = 3, .kernel = 0};
  check_fails(hr_convolver_onednn()->create(&s, &c, &err), HR_ERR_NUMERIC,
              "oneDNN makes no convolution of 2 to 3 channels with kernel 0 over 9 "
              "pixels: invalid_arguments");
  assert_null(c);
}

static hr_status make(const hr_convolver *type, size_t inputs) {
  hr_error err;
  hr_convolution *c = NULL;
  const hr_conv_shape s = {
      .width = 8, .inputs = inputs, .outputs = 3, .kernel = 5, .is_first = inputs == 1};
  hr_status status = type->create(&s, &c, &err);
  type->destroy(&c);
  return status;
}

static void allocations_may_fail(void **state) {
  (void)state;
  const hr_convolver *types[TYPES];
  list_types(types);
  for (size_t i = 0; i < TYPES; i++) {
    if (types[i]) check_alloc_failures(make(types[i], 2));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_plain_one_gives_known_answers),
      cmocka_unit_test(the_plain_gradients_are_those_of_its_forward),
      cmocka_unit_test(onednn_agrees),
      cmocka_unit_test(bf16_is_near_and_is_bf16),
      cmocka_unit_test(amx_is_near_and_is_bf16),
      cmocka_unit_test(avx2_agrees),
      cmocka_unit_test(the_fastest_is_chosen),
      cmocka_unit_test(a_normalised_bias_has_no_gradient),
      cmocka_unit_test(gradients_are_added),
      cmocka_unit_test(what_onednn_cannot_make_is_refused),
      cmocka_unit_test(allocations_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
