/* The layers between the products: forward against plain loops in fp64, gradients against
 * central differences of those loops. */
#include "nn/vit_layers.h"

#include "core/random.h"
#include "nn/bf16.h"
#include "support/check.h"

/* 37: two vectors and a rest. */
enum {
  TOKENS = 5,
  WIDTH = 37,
  COUNT = TOKENS * WIDTH,
  QUERIES = 3,
  KEYS = 21,
  STRIDE = 32
};

static const hr_tokens tokens = {TOKENS, WIDTH};
static const double step = 1e-5;

static void fill(size_t count, uint64_t row, float *x) {
  hr_normal(1, HR_STREAM_NOISE_TRAIN, row, 0, count, x);
}

static void widen(size_t count, const float *x, double *out) {
  for (size_t i = 0; i < count; i++) out[i] = (double)x[i];
}

/* A loss that weighs every output: its derivatives are the weights. */
static double weigh(size_t count, const double *y, const float *weights) {
  double sum = 0;
  for (size_t i = 0; i < count; i++) sum += (double)weights[i] * y[i];
  return sum;
}

static uint8_t bytes[QUERIES * STRIDE + COUNT];

static hr_mask make_mask(void) {
  hr_uniform_bytes(3, HR_STREAM_DROPOUT, 1, 0, sizeof bytes / 16, bytes);
  return (hr_mask){bytes, 77, 256 / (256.0F - 77)};
}

static double kept(const hr_mask *mask, size_t i) {
  return !mask->bytes ? 1 : mask->bytes[i] < mask->least ? 0 : (double)mask->scale;
}

/* [gamma, beta] behind x in `in`. */
static void plain_norm(const double *in, double *y) {
  const double *gamma = in + COUNT, *beta = gamma + WIDTH;
  for (size_t t = 0; t < TOKENS; t++) {
    const double *x = in + t * WIDTH;
    double mean = 0, variance = 0;
    for (size_t d = 0; d < WIDTH; d++) mean += x[d] / WIDTH;
    for (size_t d = 0; d < WIDTH; d++) variance += (x[d] - mean) * (x[d] - mean) / WIDTH;
    for (size_t d = 0; d < WIDTH; d++) {
      y[t * WIDTH + d] = gamma[d] * (x[d] - mean) / sqrt(variance + 1e-12) + beta[d];
    }
  }
}

static double difference(void (*plain)(const double *in, double *out), double *in,
                         size_t i, size_t outputs, const float *weights) {
  static double out[COUNT + QUERIES * STRIDE];
  double before = in[i];
  in[i] = before + step;
  plain(in, out);
  double up = weigh(outputs, out, weights);
  in[i] = before - step;
  plain(in, out);
  double down = weigh(outputs, out, weights);
  in[i] = before;
  return (up - down) / (2 * step);
}

/* What is rounded to bf16 is what is there in fp32. */
static void check_rounded(size_t count, const float *y, const uint16_t *half) {
  for (size_t i = 0; i < count; i++) assert_int_equal(half[i], hr_bf16_of(y[i]));
}

static void norms_are_plain_ones(void **state) {
  (void)state;
  float in[COUNT + 2 * WIDTH], y[COUNT], dy[COUNT], moments[2 * TOKENS];
  float dx[COUNT], gradient[2 * WIDTH] = {0};
  uint16_t half[COUNT];
  double wide[COUNT + 2 * WIDTH], expected[COUNT];
  fill(COUNT + 2 * WIDTH, 1, in);
  fill(COUNT, 2, dy);
  for (size_t i = 0; i < COUNT; i++) in[i] = 3 * in[i] + 5, dx[i] = 2;
  widen(COUNT + 2 * WIDTH, in, wide);
  plain_norm(wide, expected);
  hr_layer_norm_forward(&tokens, in + COUNT, in, moments, (hr_factors){half, true});
  hr_layer_norm_forward(&tokens, in + COUNT, in, moments, (hr_factors){y, false});
  for (size_t i = 0; i < COUNT; i++) check_near(y[i], expected[i], 5e-6);
  check_rounded(COUNT, y, half);
  const hr_layer_norm_back back = {in, moments, dy, dx, gradient};
  hr_layer_norm_backward(&tokens, in + COUNT, &back);
  for (size_t i = 0; i < COUNT; i++) {
    check_near(dx[i], 2 + difference(plain_norm, wide, i, COUNT, dy), 1e-5);
  }
  for (size_t i = 0; i < 2 * (size_t)WIDTH; i++) {
    check_near(gradient[i], difference(plain_norm, wide, COUNT + i, COUNT, dy), 1e-4);
  }
}

static void biases_and_dropout_are_plain_ones(void **state) {
  (void)state;
  float x[COUNT], y[COUNT], bias[WIDTH], out[COUNT], sums[WIDTH];
  uint16_t half[COUNT];
  fill(COUNT, 1, x);
  fill(COUNT, 2, y);
  fill(WIDTH, 3, bias);
  const hr_mask masks[] = {make_mask(), {.bytes = NULL}};
  for (size_t k = 0; k < 2; k++) {
    const hr_mask *mask = &masks[k];
    size_t dropped = 0;
    hr_join(&tokens, x, y, bias, mask, out);
    for (size_t i = 0; i < COUNT; i++) {
      double added = ((double)y[i] + (double)bias[i % WIDTH]) * kept(mask, i);
      check_near(out[i], (double)x[i] + added, 2e-6);
      if (!(kept(mask, i) > 0)) dropped++;
    }
    assert_true(k == 1 ? dropped == 0 : dropped > 20 && dropped < 100);
    memset(sums, 0, sizeof sums);
    hr_part(&tokens, x, mask, (hr_factors){out, false}, sums);
    for (size_t d = 0; d < WIDTH; d++) {
      double sum = 0;
      for (size_t t = 0; t < TOKENS; t++) {
        double dy = (double)x[t * WIDTH + d] * kept(mask, t * WIDTH + d);
        check_near(out[t * WIDTH + d], dy, 1e-6);
        sum += dy;
      }
      check_near(sums[d], sum, 3e-6);
    }
    hr_part(&tokens, x, mask, (hr_factors){half, true}, sums);
    check_rounded(COUNT, out, half);
  }
  hr_add_bias(&tokens, y, bias, (hr_factors){half, true});
  hr_add_bias(&tokens, y, bias, (hr_factors){out, false});
  for (size_t i = 0; i < COUNT; i++) check_near(out[i], y[i] + bias[i % WIDTH], 0);
  check_rounded(COUNT, out, half);
  hr_put_factors(COUNT, y, (hr_factors){half, true});
  hr_put_factors(COUNT, y, (hr_factors){out, false});
  assert_memory_equal(out, y, sizeof y);
  check_rounded(COUNT, y, half);
}

static void gelus_are_exact_ones(void **state) {
  (void)state;
  float y[COUNT], bias[WIDTH], dout[COUNT], out[COUNT], sums[WIDTH] = {0};
  float again[WIDTH] = {0};
  uint16_t half[COUNT];
  fill(COUNT, 1, y);
  fill(WIDTH, 2, bias);
  fill(COUNT, 3, dout);
  for (size_t i = 0; i < COUNT; i++) y[i] *= 2;
  hr_gelu_forward(&tokens, y, bias, (hr_factors){out, false});
  hr_gelu_forward(&tokens, y, bias, (hr_factors){half, true});
  check_rounded(COUNT, out, half);
  for (size_t i = 0; i < COUNT; i++) {
    double z = (double)(y[i] + bias[i % WIDTH]);
    check_near(out[i], 0.5 * z * erfc(-z / sqrt(2)), 2e-6);
  }
  float left[COUNT]; /* a copy, which is overwritten */
  const hr_gelu_back back = {y, bias, left, sums}, other = {y, bias, left, again};
  memcpy(left, dout, sizeof left);
  hr_gelu_backward(&tokens, &other, (hr_factors){half, true});
  memcpy(left, dout, sizeof left);
  hr_gelu_backward(&tokens, &back, (hr_factors){out, false});
  check_rounded(COUNT, out, half);
  for (size_t d = 0; d < WIDTH; d++) {
    double sum = 0;
    for (size_t i = d; i < COUNT; i += WIDTH) {
      double z = (double)(y[i] + bias[d]), below = 0.5 * erfc(-z / sqrt(2));
      double slope = below + z * exp(-0.5 * z * z) / sqrt(2 * acos(-1));
      check_near(out[i], slope * (double)dout[i], 3e-6);
      sum += slope * (double)dout[i];
    }
    check_near(sums[d], sum, 1e-5);
  }
}

static hr_mask of_weights; /* for plain_softmax */
static const hr_scores head = {QUERIES, KEYS, STRIDE, 0.35F};

static void plain_softmax(const double *scores, double *weights) {
  for (size_t q = 0; q < QUERIES; q++) {
    double sum = 0;
    for (size_t j = 0; j < KEYS; j++)
      sum += exp((double)head.scale * scores[q * STRIDE + j]);
    for (size_t j = 0; j < KEYS; j++) {
      size_t i = q * STRIDE + j;
      weights[i] = exp((double)head.scale * scores[i]) / sum * kept(&of_weights, i);
    }
    for (size_t j = KEYS; j < STRIDE; j++) weights[q * STRIDE + j] = 0;
  }
}

static void softmaxes_are_plain_ones(void **state) {
  (void)state;
  enum { ALL = QUERIES * STRIDE };
  const hr_mask masks[] = {make_mask(), {.bytes = NULL}};
  for (size_t k = 0; k < 2; k++) {
    float scores[ALL], given[ALL], dweights[ALL], moments[2 * QUERIES], weights[ALL];
    float given_dweights[ALL], dscores[ALL], weights_again[ALL];
    uint16_t half[ALL], dhalf[ALL];
    double wide[ALL], expected[ALL];
    of_weights = masks[k];
    fill(ALL, 1, given);
    fill(ALL, 2, given_dweights);
    for (size_t i = 0; i < ALL; i++) given[i] = i % STRIDE < KEYS ? 9 * given[i] : NAN;
    for (size_t i = 0; i < ALL; i++) {
      if (i % STRIDE >= KEYS) given_dweights[i] = NAN; /* nobody looks there */
    }
    widen(ALL, given, wide);
    plain_softmax(wide, expected);
    memcpy(scores, given, sizeof scores);
    hr_softmax_forward(&head, scores, &of_weights, moments, (hr_factors){half, true});
    memcpy(scores, given, sizeof scores);
    hr_softmax_forward(&head, scores, &of_weights, moments, (hr_factors){weights, false});
    for (size_t i = 0; i < ALL; i++) check_near(weights[i], expected[i], 1e-6);
    check_rounded(ALL, weights, half);
    memcpy(scores, given, sizeof scores);
    memcpy(dweights, given_dweights, sizeof dweights);
    const hr_softmax_back back = {scores, dweights, moments};
    hr_softmax_backward(&head, &back, &of_weights, (hr_factors){half, true},
                        (hr_factors){dhalf, true});
    memcpy(scores, given, sizeof scores);
    memcpy(dweights, given_dweights, sizeof dweights);
    hr_softmax_backward(&head, &back, &of_weights, (hr_factors){weights_again, false},
                        (hr_factors){dscores, false});
    for (size_t i = 0; i < ALL; i++) {
      check_near(weights_again[i], weights[i], 2e-7 * (double)weights[i]);
    }
    check_rounded(ALL, weights_again, half);
    check_rounded(ALL, dscores, dhalf);
    for (size_t i = 0; i < ALL; i++) {
      if (i % STRIDE >= KEYS) given_dweights[i] = 0;
    }
    for (size_t i = 0; i < ALL; i++) {
      if (i % STRIDE >= KEYS) continue;
      check_near(dscores[i], difference(plain_softmax, wide, i, ALL, given_dweights),
                 1e-6);
    }
  }
}

/* Scores far apart: nothing overflows, and one key takes it all. */
static void softmaxes_bear_large_scores(void **state) {
  (void)state;
  float scores[STRIDE] = {1e4F, -1e4F, 9.9e3F}, weights[STRIDE], moments[2];
  const hr_scores one = {1, 3, STRIDE, 1};
  const hr_mask all = {.bytes = NULL};
  hr_softmax_forward(&one, scores, &all, moments, (hr_factors){weights, false});
  check_near(weights[0], 1, 0);
  for (size_t j = 1; j < STRIDE; j++) check_near(weights[j], 0, 1e-37);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(norms_are_plain_ones),
      cmocka_unit_test(biases_and_dropout_are_plain_ones),
      cmocka_unit_test(gelus_are_exact_ones),
      cmocka_unit_test(softmaxes_are_plain_ones),
      cmocka_unit_test(softmaxes_bear_large_scores),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
