#include "routing/gate_learner.h"

#include "core/alloc.h"
#include "support/check.h"
#include "support/fail_alloc.h"
#include "support/small_gate.h"

enum { ROWS = 1200 };

static float flux[ROWS * GATE_PIXELS];
static int32_t bin[ROWS];

/* A line whose depth tells the bin, 0.2 0.5 0.8, with noise of 0.1; every tenth row is of
 * no bin. */
static void fill(void) {
  hr_normal(9, HR_STREAM_NOISE_TRAIN, 0, 0, ROWS * GATE_PIXELS, flux);
  for (size_t i = 0; i < ROWS; i++) {
    int32_t k = (int32_t)(i % GATE_BINS);
    bin[i] = i % 10 == 9 ? HR_UNCOVERED : k;
    for (size_t p = 0; p < GATE_PIXELS; p++) {
      double line = exp(-0.5 * ((double)p - 45) * ((double)p - 45) / 4);
      float *x = &flux[i * GATE_PIXELS + p];
      *x = (float)(1 - (0.2 + 0.3 * k) * line + 0.1 * (double)*x);
    }
  }
}

static hr_gate_plan small_plan(void) {
  return (hr_gate_plan){.compute = hr_compute_default(),
                        .grid = small_grid(),
                        .table = &small_table,
                        .rows = ROWS,
                        .bin = bin,
                        .bin_count = GATE_BINS,
                        .most_rows = 100000,
                        .seed = 7};
}

/* Every row is shown as a sample, then as training rows, in blocks. */
static hr_status show(hr_gate_learner *learner, size_t block_rows, hr_error *err) {
  static uint8_t all[ROWS];
  hr_status status = HR_OK;
  for (size_t i = 0; i < ROWS; i++) all[i] = true;
  for (int pass = 0; pass < 2; pass++) {
    for (size_t first = 0; first < ROWS && status == HR_OK; first += block_rows) {
      size_t rows = ROWS - first < block_rows ? ROWS - first : block_rows;
      const hr_block block = {.first_row = first,
                              .rows = rows,
                              .pixels = GATE_PIXELS,
                              .noisy = flux + first * GATE_PIXELS};
      status = pass == 0 ? hr_gate_learner_sample(learner, &block, all, err)
                         : hr_gate_learner_learn(learner, &block, err);
    }
  }
  return status;
}

static hr_gate_learner *learn(const hr_gate_plan *plan, size_t block_rows) {
  hr_error err;
  hr_gate_learner *learner = NULL;
  fill();
  check_ok(hr_gate_learner_create(plan, &learner, &err));
  check_ok(show(learner, block_rows, &err));
  return learner;
}

static char table_name[] = "default";
static const hr_gate_logistic_parameters logistic = {.inputs = {table_name, -1, 1000, 0},
                                                     .C = 100};

static void a_logistic_gate_finds_the_bins(void **state) {
  (void)state;
  static double weight[ROWS * GATE_BINS];
  hr_error err;
  hr_gate *gate = NULL;
  hr_gate_card card;
  hr_gate_quality quality;
  const hr_gate_plan plan = small_plan();
  hr_gate_learner *learner = learn(&plan, 100);
  check_ok(hr_gate_learner_finish_logistic(learner, &logistic, &gate, &card, &err));
  hr_gate_learner_destroy(&learner);
  assert_null(learner);
  assert_string_equal(gate->kind, "logistic");
  assert_true(card.converged);
  assert_int_equal(card.train_rows + card.held_out_rows, ROWS - ROWS / 10);
  assert_in_range(card.held_out_rows, 160, 270);
  assert_int_equal(card.held_out.rows, card.held_out_rows);
  assert_true(card.held_out.accuracy > 0.9);
  assert_true(card.held_out.log_loss <= card.untempered.log_loss);
  check_near(card.temperature, gate->temperature, 0);
  assert_true(isnan(card.train_mse) && isnan(card.held_out_mse));
  check_ok(hr_gate_weigh(gate, ROWS, flux, weight, &err));
  const hr_gate_rows rows = {ROWS, GATE_BINS, GATE_BINS, weight, bin, NULL};
  hr_gate_quality_measure(&rows, 0, &quality);
  check_near(quality.accuracy, card.held_out.accuracy, 0.04);
  hr_gate_destroy(&gate);
}

static void blocks_change_no_bit(void **state) {
  (void)state;
  hr_error err;
  hr_gate *one = NULL, *other = NULL;
  hr_gate_card card;
  const hr_gate_plan plan = small_plan();
  hr_gate_learner *a = learn(&plan, 100), *b = learn(&plan, ROWS);
  const size_t *rows = NULL;
  size_t kept = hr_gate_learner_rows(a, &rows);
  assert_int_equal(kept, ROWS - ROWS / 10);
  assert_memory_equal(hr_gate_learner_features(a), hr_gate_learner_features(b),
                      kept * GATE_FEATURES * sizeof(float));
  check_ok(hr_gate_learner_finish_logistic(a, &logistic, &one, &card, &err));
  check_ok(hr_gate_learner_finish_logistic(b, &logistic, &other, &card, &err));
  assert_memory_equal(one->layer[0].weights, other->layer[0].weights,
                      GATE_BINS * GATE_FEATURES * sizeof(double));
  hr_gate_destroy(&one);
  hr_gate_destroy(&other);
  hr_gate_learner_destroy(&a);
  hr_gate_learner_destroy(&b);
}

static void most_rows_are_chosen_at_random(void **state) {
  (void)state;
  hr_gate_plan plan = small_plan();
  plan.most_rows = 400;
  plan.keeps_uncovered = true;
  hr_gate_learner *learner = learn(&plan, 100);
  const size_t *rows = NULL;
  size_t kept = hr_gate_learner_rows(learner, &rows), of[GATE_BINS] = {0}, uncovered = 0;
  assert_in_range(kept, 380, 510); /* of the covered 400, and 44 of the others */
  for (size_t n = 0; n < kept; n++) {
    assert_true(n == 0 || rows[n] > rows[n - 1]);
    if (bin[rows[n]] < 0) uncovered++;
    if (bin[rows[n]] >= 0) of[bin[rows[n]]]++;
  }
  for (size_t k = 0; k < GATE_BINS; k++) assert_in_range(of[k], 100, 170);
  assert_in_range(uncovered, 25, 65);
  hr_gate_learner_destroy(&learner);
}

static hr_gate_mlp_parameters mlp_parameters(double *hidden) {
  hidden[0] = 8;
  return (hr_gate_mlp_parameters){.inputs = {table_name, -1, 1000, 0},
                                  .hidden = {hidden, 1},
                                  .learning_rate = 0.01,
                                  .batch = 64,
                                  .epochs = 40,
                                  .patience = 10};
}

/* Expert k is right in bin k, and its prediction is missing in every seventh row; that of
 * bin 1 is missing everywhere with `lacks_one`. */
static void predict(const hr_gate_learner *learner, bool lacks_one, double *y,
                    float *prediction) {
  const size_t *rows = NULL;
  size_t kept = hr_gate_learner_rows(learner, &rows);
  for (size_t n = 0; n < kept; n++) {
    y[n] = 3 + (double)(n % 5) / 5;
    for (int32_t k = 0; k < GATE_BINS; k++) {
      float *said = &prediction[n * GATE_BINS + (size_t)k];
      *said = (float)(y[n] + (bin[rows[n]] == k ? 0 : 1));
      if (n % 7 == 0 || (lacks_one && k == 1)) *said = NAN;
    }
  }
}

static void an_mlp_gate_mixes_the_experts(void **state) {
  (void)state;
  static double y[ROWS];
  static float prediction[ROWS * GATE_BINS];
  double hidden[1], weight[GATE_BINS];
  hr_error err;
  hr_gate *gate = NULL;
  hr_gate_card card;
  const hr_gate_plan plan = small_plan();
  const hr_gate_mlp_parameters parameters = mlp_parameters(hidden);
  const hr_gate_mlp_target target = {1, y, prediction};
  hr_gate_learner *learner = learn(&plan, 100);
  predict(learner, false, y, prediction);
  check_ok(hr_gate_learner_finish_mlp(learner, &parameters, &target, &gate, &card, &err));
  assert_string_equal(gate->kind, "mlp");
  assert_true(card.held_out.accuracy > 0.9);
  assert_true(card.held_out_mse < 0.1);
  assert_in_range(card.train_rows + card.held_out_rows, 920, 930);
  check_near(gate->temperature, 1, 0);
  hr_gate_destroy(&gate);
  predict(learner, true, y, prediction);
  check_ok(hr_gate_learner_finish_mlp(learner, &parameters, &target, &gate, &card, &err));
  check_ok(hr_gate_weigh(gate, 1, flux, weight, &err));
  check_near(weight[1], 0, 0);
  check_near(weight[0] + weight[2], 1, 1e-15);
  hr_gate_destroy(&gate);
  hr_gate_learner_destroy(&learner);
}

static void where_there_are_no_rows_there_is_no_gate(void **state) {
  (void)state;
  static double y[ROWS];
  static float prediction[ROWS * GATE_BINS];
  double hidden[1];
  hr_error err;
  hr_gate *gate = NULL;
  hr_gate_card card;
  const hr_gate_plan plan = small_plan();
  const hr_gate_mlp_parameters parameters = mlp_parameters(hidden);
  const hr_gate_mlp_target target = {0, y, prediction};
  hr_gate_learner *learner = learn(&plan, 100);
  for (size_t i = 0; i < ROWS * GATE_BINS; i++) prediction[i] = NAN;
  check_fails(
      hr_gate_learner_finish_mlp(learner, &parameters, &target, &gate, &card, &err),
      HR_ERR_EMPTY,
      "there is no row to train the MLP gate on: no expert predicts one out of fold");
  hr_gate_learner_destroy(&learner);
  for (size_t i = 0; i < ROWS; i++) bin[i] = HR_UNCOVERED;
  check_ok(hr_gate_learner_create(&plan, &learner, &err));
  check_ok(show(learner, 100, &err));
  check_fails(hr_gate_learner_finish_logistic(learner, &logistic, &gate, &card, &err),
              HR_ERR_EMPTY, "there is no row to train the logistic gate on");
  assert_null(gate);
  hr_gate_learner_destroy(&learner);
}

static void a_table_without_components_wants_no_sample(void **state) {
  (void)state;
  hr_error err;
  hr_gate_table table = small_table;
  hr_gate_plan plan = small_plan();
  hr_gate_learner *learner = NULL;
  check_ok(hr_gate_learner_create(&plan, &learner, &err));
  assert_int_equal(hr_gate_learner_sample_rows(learner), 4096 / GATE_BINS);
  hr_gate_learner_destroy(&learner);
  double with = hr_gate_learner_bytes(&plan);
  plan.table = &table;
  table.components = 0;
  learner = learn(&plan, ROWS);
  assert_int_equal(hr_gate_learner_sample_rows(learner), 0);
  assert_true(hr_gate_learner_bytes(&plan) < with);
  hr_gate_learner_destroy(&learner);
}

enum { TRUNK = 2, WIDTH = 6, FOLDS = 4 };

static uint8_t fold[ROWS];

static hr_gate_plan plan_with_trunk(void) {
  hr_gate_plan plan = small_plan();
  for (size_t i = 0; i < ROWS; i++) fold[i] = (uint8_t)(i / 3 % FOLDS);
  plan.trunk = TRUNK;
  plan.trunk_width = WIDTH;
  plan.fold = fold;
  return plan;
}

/* Of one number the bin, of another a little of it, of the rest next to nothing. */
static void fill_hidden(const hr_gate_learner *learner, float *hidden) {
  const size_t *rows = NULL;
  size_t kept = hr_gate_learner_rows(learner, &rows);
  hr_normal(10, HR_STREAM_NOISE_TRAIN, 0, 0, kept * WIDTH, hidden);
  for (size_t n = 0; n < kept; n++) {
    float *row = hidden + n * WIDTH;
    for (size_t d = 0; d < WIDTH; d++) row[d] *= 0.01F;
    row[4] += 100 + 3 * (float)bin[rows[n]];
    row[1] += (float)(bin[rows[n]] == 1);
  }
}

/* Rows are those that the trunk has not seen; its components, of which the first is the
 * one that tells the bin, stand behind the other features. */
static void a_trunk_s_components_are_features(void **state) {
  (void)state;
  static float hidden[ROWS * WIDTH];
  static double weight[ROWS * GATE_BINS], features[ROWS * (GATE_FEATURES + TRUNK)];
  const hr_gate_plan plan = plan_with_trunk(), without = small_plan();
  hr_error err;
  hr_gate *gate = NULL;
  hr_gate_card card, plain;
  const size_t *rows = NULL;
  enum { F = GATE_FEATURES, ALL = F + TRUNK };
  hr_gate_learner *learner = learn(&plan, 100), *other = learn(&without, 100);
  size_t kept = hr_gate_learner_rows(learner, &rows);
  size_t honest = 0;
  for (size_t i = 0; i < ROWS; i++) honest += fold[i] == 0 && bin[i] >= 0;
  assert_int_equal(kept, honest);
  for (size_t n = 0; n < kept; n++) assert_int_equal(fold[rows[n]], 0);
  fill_hidden(learner, hidden);
  check_ok(hr_gate_learner_take_trunk(learner, hidden, &err));
  const float *raw = hr_gate_learner_features(learner);
  check_ok(hr_gate_learner_finish_logistic(learner, &logistic, &gate, &card, &err));
  assert_int_equal(card.train_rows + card.held_out_rows, kept);
  check_near(card.held_out.accuracy, 1, 0);
  assert_int_equal(gate->layer[0].inputs, ALL);
  assert_int_equal(gate->trunk->components, TRUNK);
  check_near(gate->trunk->values[WIDTH + 4], 1, 0.02); /* of the first component */
  for (size_t n = 0; n < kept; n++) {
    double out[TRUNK];
    hr_gate_trunk_project(gate->trunk, hidden + n * WIDTH, out);
    for (size_t k = 0; k < TRUNK; k++) check_near(raw[n * ALL + F + k], (float)out[k], 0);
    for (size_t f = 0; f < ALL; f++) features[n * ALL + f] = (double)raw[n * ALL + f];
  }
  check_ok(hr_gate_weigh_features(gate, kept, features, weight, &err));
  for (size_t n = 0; n < kept; n++) {
    assert_true(weight[n * GATE_BINS + (size_t)bin[rows[n]]] > 0.5);
  }
  hr_gate_destroy(&gate);
  check_ok(hr_gate_learner_finish_logistic(other, &logistic, &gate, &plain, &err));
  assert_true(plain.train_rows > 3 * card.train_rows);
  assert_true(hr_gate_learner_bytes(&plan) != hr_gate_learner_bytes(&without));
  hr_gate_destroy(&gate);
  hr_gate_learner_destroy(&learner);
  hr_gate_learner_destroy(&other);
}

static hr_status live_with_trunk(void) {
  static float hidden[ROWS * WIDTH];
  hr_status status = HR_OK;
  hr_error err;
  hr_gate *gate = NULL;
  hr_gate_card card;
  hr_gate_learner *learner = NULL;
  hr_gate_plan plan = plan_with_trunk();
  hr_gate_table table = small_table;
  table.components = 0; /* which take their time */
  plan.table = &table;
  HR_TRY(hr_gate_learner_create(&plan, &learner, &err));
  HR_TRY(show(learner, ROWS, &err));
  fill_hidden(learner, hidden);
  HR_TRY(hr_gate_learner_take_trunk(learner, hidden, &err));
  HR_TRY(hr_gate_learner_finish_logistic(learner, &logistic, &gate, &card, &err));
cleanup:
  hr_gate_destroy(&gate);
  hr_gate_learner_destroy(&learner);
  return status;
}

static hr_status live(void) {
  static double y[ROWS];
  static float prediction[ROWS * GATE_BINS];
  double hidden[1];
  hr_error err;
  hr_gate *one = NULL, *other = NULL;
  hr_gate_card card;
  hr_gate_plan plan = small_plan();
  hr_gate_learner *learner = NULL;
  hr_gate_mlp_parameters parameters = mlp_parameters(hidden);
  const hr_gate_mlp_target target = {0, y, prediction};
  parameters.epochs = 1;
  hr_status status = hr_gate_learner_create(&plan, &learner, &err);
  if (status == HR_OK) status = show(learner, ROWS, &err);
  if (status == HR_OK) {
    predict(learner, false, y, prediction);
    status = hr_gate_learner_finish_logistic(learner, &logistic, &one, &card, &err);
  }
  if (status == HR_OK) {
    status =
        hr_gate_learner_finish_mlp(learner, &parameters, &target, &other, &card, &err);
  }
  hr_gate_destroy(&one);
  hr_gate_destroy(&other);
  hr_gate_learner_destroy(&learner);
  return status;
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  fill();
  check_alloc_failures(live());
  check_alloc_failures(live_with_trunk());
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_logistic_gate_finds_the_bins),
      cmocka_unit_test(blocks_change_no_bit),
      cmocka_unit_test(most_rows_are_chosen_at_random),
      cmocka_unit_test(an_mlp_gate_mixes_the_experts),
      cmocka_unit_test(where_there_are_no_rows_there_is_no_gate),
      cmocka_unit_test(a_table_without_components_wants_no_sample),
      cmocka_unit_test(a_trunk_s_components_are_features),
      cmocka_unit_test(every_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
