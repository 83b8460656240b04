#include "features/velocity_rows.h"

#include "core/alloc.h"
#include "core/paths.h"
#include "data/dataset.h"
#include "headroom/simulate.h"
#include "support/scratch.h"

enum { ROWS = 40 };

static void rows_of_a_file_are_measured(void **state) {
  (void)state;
  hr_error err;
  scratch s;
  scratch_init(&s);
  hr_simulate_options options = hr_simulate_options_default();
  options.folder = s.path;
  options.train_rows = 0;
  options.test_rows = ROWS;
  options.rv = (hr_simulate_range){-300, 300};
  options.mag = (hr_simulate_range){20.5, 21};
  check_ok(hr_simulate(&options, NULL, &err));
  hr_strings paths = {0};
  hr_dataset *dataset = NULL;
  hr_velocity *velocity = NULL;
  hr_velocity_answer answers[2][ROWS];
  hr_velocity_summary summary;
  const double range[2] = {-400, 400}, *truth = NULL;
  check_ok(hr_expand_paths(s.path, "test/dataset.h5", &paths, &err));
  check_ok(hr_dataset_create(&paths, NULL, &dataset, &err));
  check_ok(hr_dataset_label(dataset, "rv", true, &truth, &err));
  check_ok(hr_velocity_create(hr_dataset_wave(dataset), hr_dataset_pixels(dataset), range,
                              &velocity, &err));
  for (size_t i = 0; i < 2; i++) {
    hr_velocity_set set = {dataset, hr_stream_options_default(), "measuring"};
    set.streaming.noise.source = HR_NOISE_STORED;
    set.streaming.block_rows = i == 0 ? 0 : 7;
    check_ok(hr_velocity_measure(velocity, &set, NULL, answers[i], &err));
  }
  for (size_t row = 0; row < ROWS; row++) {
    assert_true(answers[0][row].rv == answers[1][row].rv);
    assert_true(answers[0][row].sigma == answers[1][row].sigma);
    if (answers[0][row].flags) continue;
    check_near(answers[0][row].rv, truth[row], 6 * answers[0][row].sigma);
  }
  check_ok(hr_velocity_summarize(answers[0], ROWS, truth, &summary, &err));
  assert_int_equal(summary.rows, ROWS);
  assert_in_range(summary.compared, ROWS - 3, ROWS);
  check_near(summary.pull, 1, 0.5);
  hr_velocity_destroy(&velocity);
  hr_dataset_destroy(&dataset);
  hr_strings_fini(&paths);
  scratch_fini(&s);
}

static void summaries_count_and_compare(void **state) {
  (void)state;
  hr_error err;
  hr_velocity_summary s;
  const hr_velocity_answer answers[] = {{1, 1, 0},
                                        {3, 1, 0},
                                        {5, 2, 0},
                                        {900, 9, HR_VELOCITY_DOUBTFUL},
                                        {500, 3, HR_VELOCITY_EDGE},
                                        {NAN, NAN, HR_VELOCITY_NONE},
                                        {7, 3, 0}};
  const double truth[] = {0, 0, 0, 0, 0, 0, NAN};
  check_ok(hr_velocity_summarize(answers, 7, truth, &s, &err));
  assert_int_equal(s.rows, 7);
  assert_int_equal(s.none, 1);
  assert_int_equal(s.edge, 1);
  assert_int_equal(s.doubtful, 1);
  assert_int_equal(s.compared, 3);
  check_near(s.sigma, 2.5, 0);
  check_near(s.bias, 3, 0);
  check_near(s.scatter, 1.4826 * 2, 1e-12);
  check_near(s.pull, 1.4826 * 2.5, 1e-12);
  check_ok(hr_velocity_summarize(answers, 7, NULL, &s, &err));
  assert_int_equal(s.compared, 0);
  assert_true(isnan(s.bias) && isnan(s.scatter) && isnan(s.pull));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rows_of_a_file_are_measured),
      cmocka_unit_test(summaries_count_and_compare),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
