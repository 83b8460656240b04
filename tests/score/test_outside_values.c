/* Networks from elsewhere whose outputs are no labels. */
#include "score/outside_values.h"

#include "score/fixture.h"
#include "support/check.h"

static fixture f;
static hr_error err;
static hr_doubts doubts;
static hr_outside_parameters parameters;
static double labels[FIXTURE_ROWS];
static char path[] = "/models/forest.onnx";

/* The forest is a network of bins. */
static int prepare(void **state) {
  (void)state;
  fixture_init(&f);
  fixture_take_forest_elsewhere(&f);
  parameters = (hr_outside_parameters){.onnx = path};
  memcpy(labels, f.target, sizeof labels);
  labels[0] = 1, labels[1] = 7;
  f.outcomes[1].parameters = &parameters;
  f.input.train_target = labels;
  f.input.train_rows = FIXTURE_ROWS;
  return 0;
}

static int tidy(void **state) {
  (void)state;
  hr_doubts_fini(&doubts);
  return 0;
}

static size_t count_doubts(void) {
  hr_doubts_fini(&doubts);
  check_ok(hr_outside_values_doubt(&f.input, &doubts, &err));
  return doubts.count;
}

static void good_outputs_are_not_doubted(void **state) {
  (void)state;
  assert_int_equal(count_doubts(), 0);
}

static void marks_of_a_network_are_told(void **state) {
  (void)state;
  f.forest_own[0] = f.forest_own[4] = -9999;
  assert_int_equal(count_doubts(), 1);
  assert_int_equal(doubts.items[0].code, HR_DOUBT_OUTSIDE_VALUES);
  assert_string_equal(
      doubts.items[0].sentence,
      "experts.forest: the prediction of log_g in forest.onnx is -9999 in 2 of 240 rows, "
      "outside of the training labels (1 to 7): does it stand for a missing prediction? "
      "Have the network give NaN there");
  f.input.train_target = NULL;
  assert_int_equal(count_doubts(), 0);
}

static void another_unit_of_a_network_is_told(void **state) {
  (void)state;
  for (size_t i = 0; i < FIXTURE_ROWS; i++) f.forest_own[i] *= 1000;
  assert_int_equal(count_doubts(), 1);
  assert_non_null(strstr(doubts.items[0].sentence,
                         "are they in another unit? Give them in the label's, by scale"));
  parameters.onnx = NULL; /* of a file of predictions it was told before */
  assert_int_equal(count_doubts(), 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, prepare, tidy)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(good_outputs_are_not_doubted),
      TEST(marks_of_a_network_are_told),
      TEST(another_unit_of_a_network_is_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
