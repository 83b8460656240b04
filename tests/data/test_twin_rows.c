/* Spectra that are there twice. */
#include "data/twin_rows.h"

#include <math.h>

#include "support/look_file.h"

static look_file train, test;

static void copy_row(look_file *to, size_t row, const look_file *from, size_t source) {
  size_t bytes = LOOK_PIXELS * sizeof(double);
  memcpy(to->flux + row * LOOK_PIXELS, from->flux + source * LOOK_PIXELS, bytes);
  memcpy(to->error + row * LOOK_PIXELS, from->error + source * LOOK_PIXELS, bytes);
  to->labels[row] = from->labels[source];
}

/* Two sets without a star in common. */
static void fill(void) {
  look_file_fill(&train, "train.h5", 50);
  look_file_fill(&test, "test.h5", 30);
  for (size_t i = 0; i < test.rows; i++) test.labels[i] += 0.5;
}

static hr_doubts find(bool with_test) {
  hr_error err = {0};
  hr_doubts doubts = {0};
  const hr_stream_options streaming = hr_stream_options_default();
  hr_dataset *one = look_file_open(&train), *two = look_file_open(&test);
  check_ok(hr_doubt_twins(one, with_test ? two : NULL, &streaming, &doubts, &err));
  hr_dataset_destroy(&one);
  hr_dataset_destroy(&two);
  look_file_fini(&train);
  look_file_fini(&test);
  return doubts;
}

static void stars_of_their_own_are_no_twins(void **state) {
  (void)state;
  fill();
  hr_doubts doubts = find(true);
  assert_int_equal(doubts.count, 0);
  fill();
  for (size_t i = 0; i < train.rows; i++) train.labels[i] = 7; /* one label for all */
  doubts = find(true);
  assert_int_equal(doubts.count, 0);
}

static void a_test_row_that_is_trained_on_is_refused(void **state) {
  (void)state;
  fill();
  copy_row(&test, 12, &train, 40);
  copy_row(&test, 9, &train, 41);
  hr_doubts doubts = find(true);
  assert_int_equal(doubts.count, 1);
  assert_int_equal(doubts.items[0].code, HR_DOUBT_TEST_IN_TRAINING);
  assert_true(doubts.items[0].refuses);
  assert_non_null(strstr(doubts.items[0].sentence, "test.h5: row 9 is also row 41 of "));
  assert_non_null(
      strstr(doubts.items[0].sentence,
             "; 2 rows of the test set have the labels of an earlier one, and "
             "the spectra of 2 of the 2 pairs compared are the same; "));
  hr_doubts_fini(&doubts);
}

static void a_row_that_is_twice_is_told(void **state) {
  (void)state;
  fill();
  for (size_t i = 0; i < 20; i++) copy_row(&train, 30 + i, &train, i);
  hr_doubts doubts = find(false);
  assert_int_equal(doubts.count, 1);
  assert_int_equal(doubts.items[0].code, HR_DOUBT_ROWS_TWICE);
  assert_false(doubts.items[0].refuses);
  assert_non_null(strstr(doubts.items[0].sentence, ": row 30 is also row 0 of "));
  assert_non_null(strstr(doubts.items[0].sentence, "; 20 rows of the data have "));
  assert_non_null(strstr(doubts.items[0].sentence, " of 10 of the 10 pairs compared "));
  hr_doubts_fini(&doubts);
}

/* The same star under another noise: the error is another one. */
static void labels_alone_make_no_twin(void **state) {
  (void)state;
  fill();
  copy_row(&test, 3, &train, 3);
  for (size_t p = 0; p < LOOK_PIXELS; p++) test.error[3 * LOOK_PIXELS + p] *= 2;
  hr_doubts doubts = find(true);
  assert_int_equal(doubts.count, 0);
}

static double round_to(double value, double step) {
  return step * round(value / step);
}

/* A copy with fewer digits in its labels, or its flux. */
static void a_rounded_copy_is_the_same_star(void **state) {
  (void)state;
  for (int what = 1; what < 3; what++) {
    fill();
    for (size_t i = 0; i < train.rows; i++) train.labels[i] += 0.123456;
    for (size_t i = 0; i < train.rows * LOOK_PIXELS; i++) {
      train.flux[i] += 1e-5 * (double)(i % 13);
    }
    for (size_t row = 5; row < 15; row++) {
      copy_row(&test, row, &train, row);
      if (what & 1) test.labels[row] = round_to(test.labels[row], 0.01);
      for (size_t p = 0; (what & 2) && p < LOOK_PIXELS; p++) {
        size_t at = row * LOOK_PIXELS + p;
        test.flux[at] = round_to(test.flux[at], 0.001);
        test.error[at] = round_to(test.error[at], 0.00001);
      }
    }
    hr_doubts doubts = find(true);
    assert_int_equal(doubts.count, 1);
    assert_true(doubts.items[0].refuses);
    const char *how = what & 1 ? "error but for rounding; " : "flux and error; ";
    assert_non_null(strstr(doubts.items[0].sentence, how));
    hr_doubts_fini(&doubts);
  }
}

static void number_rows(hr_dataset *dataset, int64_t first) {
  hr_error err = {0};
  hr_table_column column = {0};
  size_t rows = hr_dataset_rows(dataset);
  check_ok(hr_alloc(&column.values, rows, &err));
  check_ok(hr_alloc(&column.integers, rows, &err));
  for (size_t i = 0; i < rows; i++) {
    column.integers[i] = first + (int64_t)i;
    column.values[i] = (double)column.integers[i];
  }
  check_ok(hr_dataset_put_label(dataset, "star", &column, &err));
}

/* Its name may be another one, as labels may come from a table by it. */
static void a_copy_under_another_name_is_found(void **state) {
  (void)state;
  hr_error err = {0};
  hr_doubts doubts = {0};
  const hr_stream_options streaming = hr_stream_options_default();
  fill();
  for (size_t i = 0; i < train.rows; i++) train.labels[i] += 0.25;
  copy_row(&test, 9, &train, 41);
  hr_dataset *one = look_file_open(&train), *two = look_file_open(&test);
  number_rows(one, (int64_t)1 << 60); /* neighbours are one double */
  number_rows(two, (int64_t)1 << 61);
  check_ok(hr_doubt_twins(one, two, &streaming, &doubts, &err));
  assert_int_equal(doubts.count, 1);
  assert_true(doubts.items[0].refuses);
  assert_non_null(strstr(doubts.items[0].sentence, "test.h5: row 9 is also row 41 of "));
  hr_doubts_fini(&doubts);
  hr_dataset_destroy(&one);
  hr_dataset_destroy(&two);
  look_file_fini(&train);
  look_file_fini(&test);
}

/* Clean stars on a lattice, of nearly one error, and noisy ones. */
static void stars_of_one_node_are_no_twins(void **state) {
  (void)state;
  for (int noisy = 0; noisy < 2; noisy++) {
    look_file_fill(&train, "train.h5", 80);
    look_file_fill(&test, "test.h5", 80);
    look_file *files[] = {&train, &test};
    for (size_t i = 0; i < 2 * 80 * LOOK_PIXELS; i++) {
      look_file *f = files[i / (80 * LOOK_PIXELS)];
      size_t at = i % (80 * LOOK_PIXELS);
      f->error[at] = 0.05 * (1 + 1e-4 * (double)(i / LOOK_PIXELS));
      if (noisy) f->flux[at] += 0.1 * (f->noisy[at] - f->flux[at]) + (f == &test) * 0.01;
      f->labels[at / LOOK_PIXELS] = (double)(at / LOOK_PIXELS % 3);
    }
    hr_doubts doubts = find(true);
    assert_int_equal(doubts.count, 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(stars_of_their_own_are_no_twins),
      cmocka_unit_test(a_test_row_that_is_trained_on_is_refused),
      cmocka_unit_test(a_row_that_is_twice_is_told),
      cmocka_unit_test(labels_alone_make_no_twin),
      cmocka_unit_test(a_rounded_copy_is_the_same_star),
      cmocka_unit_test(a_copy_under_another_name_is_found),
      cmocka_unit_test(stars_of_one_node_are_no_twins),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
