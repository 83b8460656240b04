/* What is known of a Ridge from counts of rows. */
#include "methods/ridge/shape.h"

#include "compute/shifted.h"
#include "core/parallel.h"
#include "support/check.h"

static double values[] = {1, 10, 100, 1000, 10000};
static const hr_numbers alphas = {values, 5};

static void the_form_follows_rows_and_pixels(void **state) {
  (void)state;
  assert_int_equal(hr_ridge_form_of(0, 50), HR_RIDGE_NONE);
  assert_int_equal(hr_ridge_form_of(1, 50), HR_RIDGE_NONE);
  assert_int_equal(hr_ridge_form_of(2, 50), HR_RIDGE_DUAL);
  assert_int_equal(hr_ridge_form_of(50, 50), HR_RIDGE_DUAL);
  assert_int_equal(hr_ridge_form_of(51, 50), HR_RIDGE_PRIMAL);
}

static void a_system_has_an_unknown_a_row_or_a_pixel(void **state) {
  (void)state;
  const hr_study_view study = {.pixels = 50, .bin_count = 3};
  hr_ridge_options options = hr_ridge_options_default(&alphas);
  assert_int_equal(hr_ridge_shape_of(&study, &options, 0, 1).order, 0);
  assert_int_equal(hr_ridge_shape_of(&study, &options, 0, 20).order, 20);
  assert_int_equal(hr_ridge_shape_of(&study, &options, 0, 80).order, 50);
  options.always_sums = true;
  hr_ridge_shape shape = hr_ridge_shape_of(&study, &options, 0, 20);
  assert_int_equal(shape.form, HR_RIDGE_PRIMAL);
  assert_int_equal(shape.order, 50);
  assert_int_equal(shape.rows, 20);
}

static void rows_wait_on_disk_where_memory_is_short(void **state) {
  (void)state;
  const hr_ridge_options options = hr_ridge_options_default(&alphas);
  static const struct {
    hr_low_memory low_memory;
    size_t m, rows;
    bool keeps_rows, in_turn;
  } expected[] = {
      {HR_LOW_MEMORY_NONE, 0, 80, false, false},
      {HR_LOW_MEMORY_ROWS, 0, 80, true, false},
      {HR_LOW_MEMORY_ROWS, 0, 20, true, false},
      {HR_LOW_MEMORY_ROWS, 0, 1, false, false},
      {HR_LOW_MEMORY_ROWS, 3, 80, false, false},
      {HR_LOW_MEMORY_FOLDS, 0, 80, true, true},
      {HR_LOW_MEMORY_FOLDS, 0, 20, true, false},
      {HR_LOW_MEMORY_FOLDS, 3, 80, true, false},
      {HR_LOW_MEMORY_FOLDS, 3, 20, false, false},
  };
  for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
    const hr_study_view study = {
        .pixels = 50, .bin_count = 3, .low_memory = expected[i].low_memory};
    hr_ridge_shape shape =
        hr_ridge_shape_of(&study, &options, expected[i].m, expected[i].rows);
    assert_int_equal(shape.keeps_rows, expected[i].keeps_rows);
    assert_int_equal(shape.takes_folds_in_turn, expected[i].in_turn);
  }
}

static void noise_is_integrated_where_there_is_any(void **state) {
  (void)state;
  hr_study_view study = {.noise_level = 1};
  hr_ridge_options options = hr_ridge_options_default(&alphas);
  assert_false(hr_ridge_integrates_noise(&study, &options));
  options.integrate_noise = true;
  assert_true(hr_ridge_integrates_noise(&study, &options));
  study.noise_level = 0;
  assert_false(hr_ridge_integrates_noise(&study, &options));
  options.levels = &alphas;
  assert_true(hr_ridge_integrates_noise(&study, &options));
}

static void all_rows_are_the_global_models(void **state) {
  (void)state;
  const int32_t bin[] = {0, 1, HR_UNCOVERED, 1, 1};
  const hr_study_view study = {.bin_count = 2, .train = {.rows = 5, .bin = bin}};
  size_t counts[3];
  hr_ridge_count_rows(&study, counts);
  assert_int_equal(counts[0], 1);
  assert_int_equal(counts[1], 3);
  assert_int_equal(counts[2], 5);
}

static void solvers_are_as_many_as_fit_and_are_needed(void **state) {
  (void)state;
  size_t threads = hr_thread_count();
  hr_study_view study = {.memory_bytes = (size_t)1 << 40, .fold_count = 5};
  hr_ridge_options options = hr_ridge_options_default(&alphas);
  assert_int_equal(hr_ridge_solver_count(&study, 100, 0), threads);
  assert_int_equal(hr_ridge_solver_count(&study, 100, 1), 1);
  study.memory_bytes = 1;
  assert_int_equal(hr_ridge_solver_count(&study, 100, 0), 1);
  study.memory_bytes = (size_t)(2.5 * hr_shifted_bytes(100));
  assert_int_equal(hr_ridge_solver_count(&study, 100, 0), 1); /* half of it */
  assert_int_equal(hr_ridge_run_count(5, 4), 2);
  assert_int_equal(hr_ridge_run_count(4, 4), 1);
  assert_int_equal(hr_ridge_run_count(5, 1), 5);
  assert_int_equal(hr_ridge_most_solvers(&study, &options), 0);
  study.low_memory = HR_LOW_MEMORY_FOLDS;
  assert_int_equal(hr_ridge_most_solvers(&study, &options), 4);
  options.levels = &alphas;
  assert_int_equal(hr_ridge_most_solvers(&study, &options), 24);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_form_follows_rows_and_pixels),
      cmocka_unit_test(a_system_has_an_unknown_a_row_or_a_pixel),
      cmocka_unit_test(rows_wait_on_disk_where_memory_is_short),
      cmocka_unit_test(noise_is_integrated_where_there_is_any),
      cmocka_unit_test(all_rows_are_the_global_models),
      cmocka_unit_test(solvers_are_as_many_as_fit_and_are_needed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
