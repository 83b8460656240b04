/* Labels of a dataset by name, exact where they are whole, and those that a table gives.
 */
#include <math.h>

#include "core/alloc.h"
#include "data/dataset.h"
#include "support/fail_alloc.h"
#include "support/scratch.h"
#include "support/shards.h"

static scratch s;
static hr_error err;
static hr_dataset *dataset;
static char expected[1024];

static int prepare(void **state) {
  (void)state;
  scratch_init(&s);
  return 0;
}

static int tidy(void **state) {
  (void)state;
  hr_dataset_destroy(&dataset);
  scratch_fini(&s);
  return 0;
}

/* Two shards of three rows with log_g and, where it is wished, whole numbers in T_eff. */
static void open_two(bool whole) {
  static const double T_eff[] = {5000, 4000, 6000};
  hr_strings paths = {0};
  for (size_t k = 0; k < 2; k++) {
    char name[8] = "a.h5";
    name[0] = (char)('a' + (char)k);
    shard_spec spec = shard_spec_default(scratch_name(&s, name));
    spec.rows = 3;
    spec.label_dtype = whole ? SHARD_I32 : SHARD_F64;
    spec.columns[0] = (shard_column){"T_eff", T_eff};
    spec.columns[1] = (shard_column){"log_g", NULL};
    spec.column_count = 2;
    shard_write(&spec);
    check_ok(hr_strings_append(&paths, scratch_name(&s, name), &err));
  }
  check_ok(hr_dataset_create(&paths, NULL, &dataset, &err));
  hr_strings_fini(&paths);
}

static void whole_numbers_are_exact_over_all_files(void **state) {
  (void)state;
  const int64_t *integers = NULL;
  open_two(true);
  check_ok(hr_dataset_integers(dataset, "T_eff", &integers, &err));
  assert_non_null(integers);
  assert_true(integers[0] == 5000 && integers[4] == 4000);
  check_ok(hr_dataset_integers(dataset, "nothing", &integers, &err));
  assert_null(integers);
}

static void others_are_not(void **state) {
  (void)state;
  const int64_t *integers = NULL;
  open_two(false);
  check_ok(hr_dataset_integers(dataset, "T_eff", &integers, &err));
  assert_null(integers);
}

/* [6] numbers, of which NaN is none. */
static hr_table_column column_of(const double *values, bool whole) {
  hr_table_column column = {.precision = HR_PRECISION_SINGLE};
  check_ok(hr_alloc(&column.values, 6, &err));
  if (whole) check_ok(hr_alloc(&column.integers, 6, &err));
  for (size_t i = 0; i < 6; i++) {
    column.values[i] = values[i];
    if (whole && !isnan(values[i])) column.integers[i] = (int64_t)values[i];
  }
  return column;
}

static void a_table_takes_the_place_of_a_label(void **state) {
  (void)state;
  static const double numbers[] = {1, 2, 3, 4, 5, 6};
  const double *values = NULL;
  open_two(false);
  hr_table_column own = column_of(numbers, false), other = column_of(numbers, true);
  check_ok(hr_dataset_put_label(dataset, "log_g", &own, &err));
  assert_null(own.values);
  check_ok(hr_dataset_put_label(dataset, "star", &other, &err));
  check_ok(hr_dataset_label(dataset, "log_g", true, &values, &err));
  check_near(values[5], 6, 0);
  assert_int_equal(hr_dataset_precision(dataset, "log_g", 1), HR_PRECISION_SINGLE);
  assert_int_equal(hr_dataset_precision(dataset, "T_eff", 1), HR_PRECISION_DOUBLE);
  assert_true(hr_dataset_is_from_table(dataset, "log_g"));
  assert_false(hr_dataset_is_from_table(dataset, "T_eff"));
  assert_false(hr_dataset_is_from_table(dataset, "nothing"));
  const hr_strings *names = hr_dataset_label_names(dataset);
  assert_int_equal(names->count, 3);
  assert_string_equal(names->items[2], "star");
}

static void rows_without_a_number_are_refused(void **state) {
  (void)state;
  static const double numbers[] = {1, 2, 3, (double)NAN, 5, (double)INFINITY};
  const double *values = NULL;
  open_two(false);
  hr_table_column own = column_of(numbers, false);
  check_ok(hr_dataset_put_label(dataset, "log_g", &own, &err));
  snprintf(expected, sizeof expected,
           "%s/b.h5: row 0 (counted from 0) has no label log_g, as data.labels has no "
           "number, or no line, for it; add it there, or leave such rows out with "
           "data.unlabelled: exclude",
           s.path);
  check_fails(hr_dataset_label(dataset, "log_g", true, &values, &err), HR_ERR_DATA,
              expected);
}

/* Beside a missing one they would be rounded, and name another star. */
static void names_of_stars_are_whole_or_nothing(void **state) {
  (void)state;
  static const double few[] = {1, 2, 3, (double)NAN, 5, 6};
  static const double large[] = {1, 2, 3, (double)NAN, 0x1p60, 6};
  const int64_t *integers = NULL;
  bool left_out[6] = {false, false, false, true, false, false};
  open_two(false);
  hr_table_column own = column_of(few, true);
  check_ok(hr_dataset_put_label(dataset, "few", &own, &err));
  check_ok(hr_dataset_integers(dataset, "few", &integers, &err));
  assert_null(integers);
  own = column_of(large, true);
  check_ok(hr_dataset_put_label(dataset, "star", &own, &err));
  snprintf(expected, sizeof expected,
           "%s/b.h5: the label star has no number in row 0 (counted from 0) and numbers "
           "beyond 2^53 in others, which are kept to the last digit only where every row "
           "has one; name another column",
           s.path);
  check_fails(hr_dataset_integers(dataset, "star", &integers, &err), HR_ERR_DATA,
              expected);
  check_ok(hr_dataset_leave_out(dataset, left_out, &err));
  check_ok(hr_dataset_integers(dataset, "star", &integers, &err));
  assert_true(integers[3] == (int64_t)1 << 60);
}

static void memory_can_run_out(void **state) {
  (void)state;
  static const double numbers[] = {1, 2, 3, 4, 5, 6};
  open_two(false);
  for (size_t n = 1; n < 4; n++) {
    hr_table_column own = column_of(numbers, false);
    fail_alloc_at(n);
    hr_status status = hr_dataset_put_label(dataset, "new", &own, &err);
    fail_alloc_at(0);
    assert_int_equal(status, HR_ERR_MEMORY);
    hr_table_column_fini(&own);
  }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, prepare, tidy)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(whole_numbers_are_exact_over_all_files),
      TEST(others_are_not),
      TEST(a_table_takes_the_place_of_a_label),
      TEST(rows_without_a_number_are_refused),
      TEST(names_of_stars_are_whole_or_nothing),
      TEST(memory_can_run_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
