/* Stars of the test set that are trained on, by their names. */
#include "data/same_stars.h"

#include <math.h>

#include "support/look_file.h"

static look_file files[2]; /* training and test set */
static hr_dataset *sets[2];
static hr_doubts doubts;
static hr_error err;

static int prepare(void **state) {
  (void)state;
  look_file_fill(&files[0], "train.h5", 20);
  look_file_fill(&files[1], "test.h5", 10);
  for (size_t s = 0; s < 2; s++) sets[s] = look_file_open(&files[s]);
  return 0;
}

static int tidy(void **state) {
  (void)state;
  hr_doubts_fini(&doubts);
  for (size_t s = 0; s < 2; s++) {
    hr_dataset_destroy(&sets[s]);
    look_file_fini(&files[s]);
  }
  return 0;
}

/* Row i is called first + i, as integers or as floats; row `without` has no name. */
static void give_names(size_t set, int64_t first, bool as_integers, size_t without) {
  hr_table_column column = {0};
  size_t rows = hr_dataset_rows(sets[set]);
  check_ok(hr_alloc(&column.values, rows, &err));
  check_ok(hr_alloc(&column.integers, rows, &err));
  for (size_t i = 0; i < rows; i++) {
    column.integers[i] = i == without ? 0 : first + (int64_t)i;
    column.values[i] = i == without ? (double)NAN : (double)(first + (int64_t)i);
  }
  if (!as_integers) {
    hr_free(column.integers);
    column.integers = NULL;
  }
  check_ok(hr_dataset_put_label(sets[set], "/gaia_id", &column, &err));
}

static void look(void) {
  hr_doubts_fini(&doubts);
  check_ok(hr_doubt_same_stars(sets[0], sets[1], "/gaia_id", &doubts, &err));
}

static void stars_of_both_sets_are_told(void **state) {
  (void)state;
  char expected[1024];
  const int64_t far = (int64_t)1 << 60; /* neighbours are one double */
  give_names(0, far, true, 99);
  give_names(1, far + 17, true, 99);
  look();
  assert_int_equal(doubts.count, 1);
  assert_int_equal(doubts.items[0].code, HR_DOUBT_TEST_IN_TRAINING);
  assert_false(doubts.items[0].refuses);
  snprintf(expected, sizeof expected,
           "3 of the 10 test rows are each of a star that is trained on, by /gaia_id, "
           "with the same label; the first is row 0 of %s, as row 17 of %s (counted from "
           "0); test on stars that are not trained on",
           files[1].path, files[0].path);
  assert_string_equal(doubts.items[0].sentence, expected);
  assert_non_null(strstr(doubts.items[0].chinese, "3 个测试行（共 10 行）"));
  give_names(1, far + 20, true, 99);
  look();
  assert_int_equal(doubts.count, 0);
}

static void floats_and_integers_are_the_same_names(void **state) {
  (void)state;
  for (int which = 0; which < 4; which++) {
    give_names(0, 100, which & 1, 99);
    give_names(1, 119, which & 2, 99);
    look();
    assert_int_equal(doubts.count, 1);
    assert_non_null(strstr(doubts.items[0].sentence, "1 of the 10 test rows is of a"));
  }
}

/* Nor is a star without a name another's. */
static void sets_without_names_are_not_doubted(void **state) {
  (void)state;
  look();
  assert_int_equal(doubts.count, 0);
  give_names(0, 100, false, 19);
  look();
  assert_int_equal(doubts.count, 0);
  give_names(1, 119, false, 5);
  look();
  assert_int_equal(doubts.count, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(stars_of_both_sets_are_told, prepare, tidy),
      cmocka_unit_test_setup_teardown(floats_and_integers_are_the_same_names, prepare,
                                      tidy),
      cmocka_unit_test_setup_teardown(sets_without_names_are_not_doubted, prepare, tidy),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
