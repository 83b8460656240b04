#include "data/frame_writer.h"

#include "data/frame.h"
#include "data/hdf5_file.h"
#include "support/scratch.h"

enum { ROWS = 1500, COLUMNS = 3 }; /* more rows than a chunk of the table holds */
static const char *const names[COLUMNS] = {"log_g", "x", "a_very_long_name_of_a_column"};

static double value_at(size_t row, size_t column) {
  return (double)row - 0.25 * (double)column;
}

static void append_rows(hr_frame_writer *writer, size_t first, size_t end) {
  hr_error err;
  double values[ROWS * COLUMNS];
  for (size_t i = first; i < end; i++) {
    for (size_t c = 0; c < COLUMNS; c++) {
      values[(i - first) * COLUMNS + c] = value_at(i, c);
    }
  }
  check_ok(hr_frame_writer_append(writer, end - first, values, &err));
}

/* test_simulate.py reads such frames with pandas. */
static void frames_are_read_back(void **state) {
  (void)state;
  hr_error err;
  scratch s;
  hr_frame frame = {0};
  hr_frame_writer writer = HR_FRAME_WRITER_CLOSED;
  scratch_init(&s);
  const char *path = scratch_name(&s, "labels.h5");
  hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  check_ok(hr_frame_writer_create(&(hr_frame_place){file, path, "/labels"}, names,
                                  COLUMNS, ROWS, &writer, &err));
  append_rows(&writer, 0, 1);
  append_rows(&writer, 1, 1000);
  append_rows(&writer, 1000, ROWS);
  assert_int_equal(writer.written, ROWS);
  hr_frame_writer_close(&writer);
  assert_true(H5Fclose(file) >= 0);

  check_ok(hr_frame_read(path, NULL, &frame, &err));
  assert_int_equal(frame.rows, ROWS);
  assert_int_equal(frame.names.count, COLUMNS);
  for (size_t c = 0; c < COLUMNS; c++) {
    assert_string_equal(frame.names.items[c], names[c]);
    for (size_t i = 0; i < ROWS; i++) {
      check_near(frame.columns[c][i], value_at(i, c), 0);
    }
  }
  hr_frame_fini(&frame);
  scratch_fini(&s);
}

/* Columns of three kinds, appended to a frame that grows. */
static void frames_of_all_kinds_grow(void **state) {
  (void)state;
  hr_error err;
  scratch s;
  hr_frame frame = {0};
  hr_frame_writer writer = HR_FRAME_WRITER_CLOSED;
  static const hr_frame_column columns[] = {{"name", HR_FRAME_CELL_TEXT, 3},
                                            {"x", HR_FRAME_CELL_NUMBER, 0},
                                            {"id", HR_FRAME_CELL_INTEGER, 0},
                                            {"y", HR_FRAME_CELL_NUMBER, 0}};
  static const char *const texts[] = {"a", "", "toolong"};
  static const double x[] = {1.5, (double)NAN, 3}, y[] = {-1, -2, -3};
  static const int64_t id[] = {INT64_MAX, -5, 0};
  const hr_frame_cells first[] = {
      {.texts = texts}, {.numbers = x}, {.integers = id}, {.numbers = y}};
  const hr_frame_cells rest[] = {
      {.texts = texts + 1}, {.numbers = x + 1}, {.integers = id + 1}, {.numbers = y + 1}};
  scratch_init(&s);
  const char *path = scratch_name(&s, "table.h5");
  hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  check_ok(hr_frame_writer_create_table(&(hr_frame_place){file, path, "/t"}, columns, 4,
                                        0, &writer, &err));
  check_ok(hr_frame_writer_append_cells(&writer, 1, first, &err));
  check_ok(hr_frame_writer_append_cells(&writer, 2, rest, &err));
  check_ok(hr_frame_writer_finish(&writer, &err));
  hr_frame_writer_close(&writer);
  assert_true(H5Fclose(file) >= 0);
  check_ok(hr_frame_read(path, NULL, &frame, &err)); /* leaves the texts out */
  assert_int_equal(frame.rows, 3);
  assert_int_equal(frame.names.count, 3);
  assert_string_equal(frame.names.items[0], "x");
  assert_string_equal(frame.names.items[1], "id");
  assert_string_equal(frame.names.items[2], "y");
  assert_memory_equal(frame.columns[0], x, sizeof x);
  assert_null(frame.integers[0]);
  assert_memory_equal(frame.integers[1], id, sizeof id);
  check_near(frame.columns[1][0], 9223372036854775807.0, 0);
  assert_memory_equal(frame.columns[2], y, sizeof y);
  hr_frame_fini(&frame);
  scratch_fini(&s);
}

static void groups_that_exist_are_refused(void **state) {
  (void)state;
  hr_error err;
  scratch s;
  hr_frame_writer writer = HR_FRAME_WRITER_CLOSED;
  scratch_init(&s);
  hr_hdf5_silence();
  const char *path = scratch_name(&s, "labels.h5");
  hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  check_ok(hr_frame_writer_create(&(hr_frame_place){file, path, "/a"}, names, COLUMNS, 1,
                                  &writer, &err));
  hr_frame_writer_close(&writer);
  char expected[5000];
  snprintf(expected, sizeof expected, "writing %s failed: name already exists", path);
  check_fails(hr_frame_writer_create(&(hr_frame_place){file, path, "/a"}, names, COLUMNS,
                                     1, &writer, &err),
              HR_ERR_IO, expected);
  assert_true(H5Fclose(file) >= 0);
  scratch_fini(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(frames_are_read_back),
      cmocka_unit_test(frames_of_all_kinds_grow),
      cmocka_unit_test(groups_that_exist_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
