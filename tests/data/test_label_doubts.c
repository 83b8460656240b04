/* Marks of missing values among labels, and labels in another order than the spectra. */
#include "data/label_doubts.h"

#include "support/look_file.h"

enum { ROWS = 100 };

static hr_far_value found[HR_MOST_FAR_VALUES];

static size_t count_far(const double *values, size_t rows) {
  hr_error err = {0};
  size_t count = 99;
  check_ok(hr_find_far_values(values, rows, found, &count, &err));
  return count;
}

/* 1 to 5, and NaN at two places. */
static void fill(double *values) {
  for (size_t i = 0; i < ROWS; i++) values[i] = 1 + 4 * (double)i / (ROWS - 1);
  values[4] = values[5] = NAN;
}

static void sound_values_are_near_each_other(void **state) {
  (void)state;
  double values[ROWS];
  fill(values);
  assert_int_equal(count_far(values, ROWS), 0);
  for (size_t i = 0; i < ROWS; i++) values[i] = 3; /* constant */
  assert_int_equal(count_far(values, ROWS), 0);
  for (size_t i = 0; i < ROWS; i++)
    values[i] = (double)(i % 2); /* two values, none the rule */
  assert_int_equal(count_far(values, ROWS), 0);
  fill(values);
  values[7] = 8.5; /* one far star, but no farther than the others are wide */
  assert_int_equal(count_far(values, ROWS), 0);
  assert_int_equal(count_far((double[]){1, 2, -9999, -9999}, 4), 0); /* too few to say */
  assert_int_equal(count_far(NULL, 0), 0);
}

static void marks_are_found_at_either_end(void **state) {
  (void)state;
  double values[ROWS];
  fill(values);
  values[20] = values[30] = values[31] = -9999;
  assert_int_equal(count_far(values, ROWS), 1);
  check_near(found[0].value, -9999, 0);
  assert_int_equal(found[0].rows, 3);
  assert_int_equal(found[0].first_row, 20);
  check_near(found[0].least, 1, 0);
  check_near(found[0].most, 5, 0);
  values[10] = values[11] = 9999;
  values[12] = values[13] = -99;
  assert_int_equal(count_far(values, ROWS), 3);
  check_near(found[2].least, 1, 0);
  check_near(found[2].most, 5, 0);
}

/* Most rows of a survey lack some element. */
static void a_mark_may_be_in_most_rows(void **state) {
  (void)state;
  double values[ROWS];
  fill(values);
  for (size_t i = 0; i < ROWS; i++) values[i] = i % 3 ? -9999 : values[i];
  assert_int_equal(count_far(values, ROWS), 1);
  assert_true(found[0].is_mark);
  for (size_t i = 0; i < ROWS; i++) values[i] = i % 3 ? 50 : values[i];
  assert_int_equal(count_far(values, ROWS), 0); /* most stars are so */
  fill(values);
  values[20] = -99.9;
  assert_int_equal(count_far(values, ROWS), 1);
  assert_true(found[0].is_mark);
}

static void one_row_has_to_be_farther(void **state) {
  (void)state;
  double values[ROWS];
  fill(values);
  values[20] = 30; /* 6 times the range of the others from the next */
  assert_int_equal(count_far(values, ROWS), 0);
  values[21] = 30;
  assert_int_equal(count_far(values, ROWS), 1);
  values[21] = 2;
  values[20] = 450;
  assert_int_equal(count_far(values, ROWS), 1);
  assert_int_equal(found[0].rows, 1);
}

/* Marks with digits of their own are one value. */
static void a_cluster_is_a_mark(void **state) {
  (void)state;
  double values[ROWS];
  fill(values);
  values[20] = -9999.25, values[21] = -9998.5;
  assert_int_equal(count_far(values, ROWS), 0); /* two, each its own */
  values[30] = -9999;
  assert_int_equal(count_far(values, ROWS), 1);
  check_near(found[0].value, -9999, 0);
  check_near(found[0].low, -9999.25, 0);
  check_near(found[0].high, -9998.5, 0);
  assert_int_equal(found[0].rows, 3);
  assert_int_equal(found[0].first_row, 20);
  assert_true(found[0].is_mark && !found[0].is_near);
  fill(values);
  values[20] = 40, values[21] = 41, values[22] = 42; /* stars of another kind */
  assert_int_equal(count_far(values, ROWS), 0);
}

/* Near the others, but the only value that repeats. */
static void a_near_value_stands_out_where_others_do_not_repeat(void **state) {
  (void)state;
  double values[ROWS];
  for (size_t i = 0; i < ROWS; i++) values[i] = 1 + 4 * (double)i / ROWS;
  for (size_t i = 0; i < 6; i++) values[4 * i] = 0.5;
  assert_int_equal(count_far(values, ROWS), 1);
  check_near(found[0].value, 0.5, 0);
  assert_true(found[0].is_near);
  for (size_t i = 0; i < 6; i++) values[4 * i] = 0.99; /* cut off there */
  assert_int_equal(count_far(values, ROWS), 0);
  for (size_t i = 0; i < ROWS; i++) values[i] = (double)(i % 8); /* of a lattice */
  assert_int_equal(count_far(values, ROWS), 0);
  for (size_t i = 0; i < ROWS; i++) values[i] = i % 10 == 0 ? 0 : (double)(1 + i % 9);
  assert_int_equal(count_far(values, ROWS), 0);
}

static void a_label_becomes_a_sentence(void **state) {
  (void)state;
  hr_error err = {0};
  hr_doubts doubts = {0};
  static look_file f;
  look_file_fill(&f, "labels.h5", 40);
  f.labels[3] = f.labels[9] = -99;
  hr_dataset *dataset = look_file_open(&f);
  check_ok(hr_doubt_label(dataset, "snr", true, &doubts, &err));
  check_ok(hr_doubt_label(dataset, "none", true, &doubts, &err));
  assert_int_equal(doubts.count, 1);
  assert_true(doubts.items[0].refuses);
  assert_non_null(strstr(doubts.items[0].sentence,
                         ": the label snr is -99 in 2 of 40 rows (first in row 3, "
                         "counted from 0), far from all others (10 to "));
  hr_doubts_fini(&doubts);
  hr_dataset_destroy(&dataset);
  look_file_fini(&f);
}

/* The label goes with flux over error: row i has snr 10 + i. */
static hr_doubts doubts_of_order(const int index[60], bool moved) {
  hr_error err = {0};
  hr_doubts doubts = {0};
  hr_look look = {0};
  static look_file f;
  look_file_fill(&f, "labels.h5", 60);
  f.has_index = true;
  for (size_t i = 0; i < f.rows; i++) f.index[i] = (double)index[i];
  for (size_t i = 0; moved && i < f.rows; i++) f.labels[i] = 10 + (double)index[i] - 5;
  hr_dataset *dataset = look_file_open(&f);
  const hr_stream_options streaming = hr_stream_options_default();
  check_ok(hr_look_at(dataset, &streaming, &look, &err));
  check_ok(hr_doubt_indices(&look, &doubts, &err));
  hr_look_fini(&look);
  hr_dataset_destroy(&dataset);
  look_file_fini(&f);
  return doubts;
}

static void the_index_is_asked(void **state) {
  (void)state;
  int index[60];
  for (int i = 0; i < 60; i++) index[i] = 5 + i;
  hr_doubts doubts = doubts_of_order(index, false);
  assert_int_equal(doubts.count, 0); /* in order */
  for (int i = 0; i < 60; i++) index[i] = 5 + i * 7 % 60;
  doubts = doubts_of_order(index, false);
  assert_int_equal(doubts.count, 0); /* labels stand with their spectra */
  doubts = doubts_of_order(index, true);
  assert_int_equal(doubts.count, 1);
  assert_true(doubts.items[0].refuses);
  assert_non_null(
      strstr(doubts.items[0].sentence,
             ": the index of the labels is 5 to 64 in another order than the "
             "rows, and flux over error goes with the label snr in that order "
             "alone; "));
  hr_doubts_fini(&doubts);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sound_values_are_near_each_other),
      cmocka_unit_test(marks_are_found_at_either_end),
      cmocka_unit_test(a_mark_may_be_in_most_rows),
      cmocka_unit_test(one_row_has_to_be_farther),
      cmocka_unit_test(a_cluster_is_a_mark),
      cmocka_unit_test(a_near_value_stands_out_where_others_do_not_repeat),
      cmocka_unit_test(a_label_becomes_a_sentence),
      cmocka_unit_test(the_index_is_asked),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
