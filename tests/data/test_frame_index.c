/* The index of a frame, and labels that follow it. */
#include "data/frame_index.h"

#include "data/dataset.h"
#include "data/label_index.h"
#include "support/frames.h"

static const double shuffled[6] = {12, 10, 15, 11, 14, 13};
static const double twice[6] = {0, 1, 2, 0, 1, 2};

static hr_dataset *open_with(const double *index) {
  hr_error err = {0};
  hr_dataset *dataset = NULL;
  char *item = path;
  const hr_strings paths = {.items = &item, .count = 1};
  shard_spec spec = shard_spec_default(path);
  spec.frame = SHARD_FIXED;
  spec.index = index;
  shard_write(&spec);
  check_ok(hr_dataset_create(&paths, NULL, &dataset, &err));
  return dataset;
}

static void an_index_of_whole_numbers_is_read(void **state) {
  (void)state;
  int64_t first = 0;
  hr_dataset *dataset = open_with(shuffled);
  const int64_t *index = hr_dataset_index(dataset, 0);
  assert_non_null(index);
  for (size_t i = 0; i < 6; i++) assert_int_equal(index[i], (int64_t)shuffled[i]);
  assert_true(hr_index_is_shuffled(index, 6, &first));
  assert_int_equal(first, 10);
  hr_dataset_destroy(&dataset);
  dataset = open_with(NULL);
  assert_null(hr_dataset_index(dataset, 0));
  assert_false(hr_index_is_shuffled(NULL, 6, &first));
  hr_dataset_destroy(&dataset);
}

static void an_index_of_dates_is_none(void **state) {
  (void)state;
  hr_error err = {0};
  hr_frame frame = {0};
  shard_spec spec = shard_spec_default(path);
  spec.frame = SHARD_FIXED;
  spec.index = shuffled;
  shard_write(&spec);
  hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
  hid_t set = H5Dopen2(file, "/dataset/params/axis1", H5P_DEFAULT);
  shard_put_text(set, "kind", "datetime64", 10);
  H5Dclose(set);
  H5Fclose(file);
  check_ok(hr_frame_read(path, &observer, &frame, &err));
  assert_null(frame.index);
  hr_frame_fini(&frame);
}

static void labels_follow_the_index(void **state) {
  (void)state;
  hr_error err = {0};
  const double *values = NULL;
  hr_dataset *dataset = open_with(shuffled);
  check_ok(hr_dataset_follow_index(dataset, &err));
  check_ok(hr_dataset_label(dataset, "log_g", true, &values, &err));
  for (size_t i = 0; i < 6; i++) {
    check_near(values[(size_t)shuffled[i] - 10], shard_label(1, i), 0);
  }
  hr_dataset_destroy(&dataset);
}

static void an_index_that_names_no_rows_is_refused(void **state) {
  (void)state;
  hr_error err = {0};
  hr_dataset *dataset = open_with(twice);
  snprintf(
      expected, sizeof expected,
      "%s: data.index is rows, but the index of its labels holds the same number "
      "twice or leaves numbers out, so that it does not name rows; reset it or leave "
      "data.index out",
      path);
  check_fails(hr_dataset_follow_index(dataset, &err), HR_ERR_DATA, expected);
  hr_dataset_destroy(&dataset);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_index_of_whole_numbers_is_read),
      cmocka_unit_test(an_index_of_dates_is_none),
      cmocka_unit_test(labels_follow_the_index),
      cmocka_unit_test(an_index_that_names_no_rows_is_refused),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
