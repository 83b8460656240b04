/* Rows of runs, star by star. */
#include "compare/join.h"

#include "compare/two_runs.h"
#include "support/fail_alloc.h"

static two_runs t;
static hr_join join;
static hr_error err;

static int prepare(void **state) {
  (void)state;
  two_runs_init(&t);
  return 0;
}

static int tidy(void **state) {
  (void)state;
  hr_join_fini(&join);
  two_runs_fini(&t);
  return 0;
}

static void stars_find_each_other_in_any_order(void **state) {
  (void)state;
  two_runs_open(&t);
  check_ok(hr_join_init(&join, t.results, 2, &err));
  assert_string_equal(join.id, "gaia_id");
  assert_int_equal(join.count, FIXTURE_ROWS);
  for (size_t i = 0; i < join.count; i++) {
    assert_int_equal(join.row[0][i], i);
    assert_int_equal(two_runs_place(join.row[1][i]), i);
    assert_true(join.is_covered[i] == (t.f[0].bin[i] >= 0));
    assert_false(join.is_missing[i]);
  }
  assert_int_equal(join.alone[0] + join.alone[1], 0);
}

static void stars_of_one_run_alone_are_counted(void **state) {
  (void)state;
  for (size_t i = 0; i < 10; i++) t.id[1][i] += 1000;
  two_runs_open(&t);
  check_ok(hr_join_init(&join, t.results, 2, &err));
  assert_int_equal(join.count, FIXTURE_ROWS - 10);
  assert_int_equal(join.alone[0], 10);
  assert_int_equal(join.alone[1], 10);
}

static void a_row_is_covered_only_where_every_run_covers_it(void **state) {
  (void)state;
  fixture *b = &t.f[1];
  size_t row = fixture_row(b, 0, 0);
  b->bin[row] = b->route[row] = HR_UNCOVERED;
  fixture_fits(b);
  two_runs_open(&t);
  check_ok(hr_join_init(&join, t.results, 2, &err));
  size_t place = two_runs_place(row);
  assert_true(t.f[0].bin[place] >= 0);
  assert_false(join.is_covered[place]);
}

/* A prediction that is no number leaves all of its run's scores, and so both arms. */
static void a_row_that_one_run_lacks_is_missing(void **state) {
  (void)state;
  size_t row = fixture_row(&t.f[1], 0, 2);
  t.f[1].forest_own[row] = (float)NAN;
  two_runs_open(&t);
  check_ok(hr_join_init(&join, t.results, 2, &err));
  for (size_t i = 0; i < join.count; i++) {
    assert_true(join.is_missing[i] == (i == two_runs_place(row)));
  }
}

static void without_names_rows_are_joined_by_number(void **state) {
  (void)state;
  for (size_t r = 0; r < 2; r++) t.f[r].input.id_count = 0;
  for (size_t i = 0; i < FIXTURE_ROWS; i++) t.f[1].target[i] = t.f[0].target[i];
  two_runs_open(&t);
  check_ok(hr_join_init(&join, t.results, 2, &err));
  assert_null(join.id);
  assert_int_equal(join.count, FIXTURE_ROWS);
  for (size_t i = 0; i < join.count; i++) assert_int_equal(join.row[1][i], i);
}

/* A name that two stars have is no name. */
static void a_name_given_twice_joins_nothing(void **state) {
  (void)state;
  t.id[1][3] = t.id[1][4];
  for (size_t i = 0; i < FIXTURE_ROWS; i++) t.f[1].target[i] = t.f[0].target[i];
  two_runs_open(&t);
  check_ok(hr_join_init(&join, t.results, 2, &err));
  assert_null(join.id);
}

/* Of several ids the first that does name each star. */
static void a_further_id_may_be_the_one(void **state) {
  (void)state;
  static hr_results_label labels[2][2];
  static double same[FIXTURE_ROWS];
  for (size_t r = 0; r < 2; r++) {
    labels[r][0] = (hr_results_label){"field", same, NULL};
    labels[r][1] = t.label[r];
    t.f[r].input.ids = labels[r];
    t.f[r].input.id_count = 2;
  }
  two_runs_open(&t);
  check_ok(hr_join_init(&join, t.results, 2, &err));
  assert_string_equal(join.id, "gaia_id");
  assert_int_equal(two_runs_place(join.row[1][11]), 11);
}

static void other_stars_in_the_same_places_are_refused(void **state) {
  (void)state;
  char expected[1024];
  for (size_t r = 0; r < 2; r++) t.f[r].input.id_count = 0;
  two_runs_open(&t);
  snprintf(
      expected, sizeof expected,
      "row 0 of %s/predictions.csv and row 0 of %s/predictions.csv stand in the "
      "same place and have log_g of %.9g and %.9g; give all studies the same data.id, "
      "so that stars can be found",
      t.s[0].path, t.s[1].path, t.f[0].target[0], t.f[1].target[0]);
  check_fails(hr_join_init(&join, t.results, 2, &err), HR_ERR_DATA, expected);
}

static void a_star_with_two_truths_is_refused(void **state) {
  (void)state;
  char expected[1024];
  t.f[1].target[7] += 0.5;
  two_runs_open(&t);
  size_t place = two_runs_place(7);
  snprintf(expected, sizeof expected,
           "row %zu of %s/predictions.csv and row 7 of %s/predictions.csv are the same "
           "star and have log_g of %.9g and %.9g; compare runs with the same labels",
           place, t.s[0].path, t.s[1].path, t.f[0].target[place], t.f[1].target[7]);
  check_fails(hr_join_init(&join, t.results, 2, &err), HR_ERR_DATA, expected);
}

static void stars_that_never_meet_are_refused(void **state) {
  (void)state;
  char expected[512];
  for (size_t i = 0; i < FIXTURE_ROWS; i++) t.id[1][i] += 1000;
  two_runs_open(&t);
  snprintf(expected, sizeof expected,
           "no star of %s/predictions.csv is in all the other runs", t.s[0].path);
  check_fails(hr_join_init(&join, t.results, 2, &err), HR_ERR_DATA, expected);
}

static void other_numbers_of_rows_need_names(void **state) {
  (void)state;
  char expected[1024];
  for (size_t r = 0; r < 2; r++) t.f[r].input.id_count = 0;
  two_runs_open(&t);
  t.results[1]->rows.count -= 7;
  snprintf(
      expected, sizeof expected,
      "%s/predictions.csv has %d test rows and %s/predictions.csv %d, and there is no id "
      "that names each star in all runs; give all studies the same data.id",
      t.s[0].path, FIXTURE_ROWS, t.s[1].path, FIXTURE_ROWS - 7);
  check_fails(hr_join_init(&join, t.results, 2, &err), HR_ERR_DATA, expected);
  t.results[1]->rows.count += 7;
}

static hr_status join_again(void) {
  hr_join_fini(&join);
  return hr_join_init(&join, t.results, 2, &err);
}

static void memory_may_run_out(void **state) {
  (void)state;
  two_runs_open(&t);
  check_alloc_failures(join_again());
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(stars_find_each_other_in_any_order, prepare, tidy),
      cmocka_unit_test_setup_teardown(stars_of_one_run_alone_are_counted, prepare, tidy),
      cmocka_unit_test_setup_teardown(a_row_is_covered_only_where_every_run_covers_it,
                                      prepare, tidy),
      cmocka_unit_test_setup_teardown(a_row_that_one_run_lacks_is_missing, prepare, tidy),
      cmocka_unit_test_setup_teardown(without_names_rows_are_joined_by_number, prepare,
                                      tidy),
      cmocka_unit_test_setup_teardown(a_name_given_twice_joins_nothing, prepare, tidy),
      cmocka_unit_test_setup_teardown(a_further_id_may_be_the_one, prepare, tidy),
      cmocka_unit_test_setup_teardown(other_stars_in_the_same_places_are_refused, prepare,
                                      tidy),
      cmocka_unit_test_setup_teardown(a_star_with_two_truths_is_refused, prepare, tidy),
      cmocka_unit_test_setup_teardown(stars_that_never_meet_are_refused, prepare, tidy),
      cmocka_unit_test_setup_teardown(other_numbers_of_rows_need_names, prepare, tidy),
      cmocka_unit_test_setup_teardown(memory_may_run_out, prepare, tidy),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
