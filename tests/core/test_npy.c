/* The array file, byte by byte; tests/python opens it with NumPy. */
#include "core/npy.h"

#include <math.h>
#include <unistd.h>

#include "core/alloc.h"
#include "support/check.h"

static void the_file_is_what_nep_1_says(void **state) {
  (void)state;
  hr_error err;
  const double values[6] = {1, 2, 3, 4, 5, 6};
  char *bytes = NULL;
  size_t size = 0;
  check_ok(hr_npy_write("test_npy.npy", values, 2, 3, &err));
  check_ok(hr_file_read("test_npy.npy", 1 << 20, &bytes, &size, &err));
  assert_int_equal(size, 128 + sizeof values);
  assert_memory_equal(bytes,
                      "\x93NUMPY\x01\x00\x76\x00{'descr': '<f8', 'fortran_order': "
                      "False, 'shape': (2, 3), }   ",
                      70);
  assert_int_equal(bytes[127], '\n');
  assert_memory_equal(bytes + 128, values, sizeof values);
  hr_free(bytes);
  unlink("test_npy.npy");
}

static void a_folder_that_is_not_there_is_an_error(void **state) {
  (void)state;
  hr_error err;
  const double value = 1;
  check_fails(hr_npy_write("no_such_folder/x.npy", &value, 1, 1, &err), HR_ERR_IO,
              "cannot create no_such_folder/x.npy.part: No such file or directory");
}

/* Reads the file; the sentence, behind the path, that it is refused with. */
static void check_refused(const char *bytes, size_t size, const char *sentence) {
  hr_error err;
  hr_npy_shape shape;
  double *values = NULL;
  char expected[256];
  check_ok(hr_file_write("test_npy.npy", bytes, size, &err));
  snprintf(expected, sizeof expected, "test_npy.npy %s", sentence);
  check_fails(hr_npy_read("test_npy.npy", 1 << 20, &values, &shape, &err), HR_ERR_FORMAT,
              expected);
  assert_null(values);
}

static void what_was_written_is_read(void **state) {
  (void)state;
  hr_error err;
  const double values[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  const hr_npy_shape shapes[] = {{2, {4, 3}}, {3, {2, 3, 2}}, {3, {0, 3, 2}}};
  for (size_t i = 0; i < 3; i++) {
    double *read = NULL;
    hr_npy_shape shape = {0};
    check_ok(hr_npy_write_array("test_npy.npy", values, &shapes[i], &err));
    check_ok(hr_npy_read("test_npy.npy", 1 << 20, &read, &shape, &err));
    assert_int_equal(shape.dimensions, shapes[i].dimensions);
    for (size_t d = 0; d < shape.dimensions; d++) {
      assert_int_equal(shape.extent[d], shapes[i].extent[d]);
    }
    if (i < 2) assert_memory_equal(read, values, sizeof values);
    hr_free(read);
  }
  unlink("test_npy.npy");
}

static void other_files_are_refused(void **state) {
  (void)state;
  static const char none[] =
      "is not an array of fp64 numbers as numpy.save writes it in "
      "two or three dimensions";
  hr_error err;
  const double values[6] = {1, 2, 3, 4, 5, 6};
  char *bytes = NULL;
  size_t size = 0;
  check_ok(hr_npy_write("test_npy.npy", values, 2, 3, &err));
  check_ok(hr_file_read("test_npy.npy", 1 << 20, &bytes, &size, &err));
  check_refused(bytes, size - 8,
                "is damaged: its 168 bytes are not those of the array that its head "
                "describes");
  check_refused(bytes, size - 1,
                "is damaged: its 175 bytes are not those of the array that its head "
                "describes");
  check_refused(bytes, 127, none);
  check_refused(bytes, 0, none);
  bytes[1] = 'M';
  check_refused(bytes, size, none);
  bytes[1] = 'N';
  bytes[23] = '4'; /* '<f4' */
  check_refused(bytes, size, none);
  bytes[23] = '8';
  char *extents = strstr(bytes + 10, "(2, 3)");
  memcpy(extents, "(6,)  ", 6);
  check_refused(bytes, size, none);
  memcpy(extents, "(-2,3)", 6);
  check_refused(bytes, size, none);
  memcpy(extents, "(7, 0)", 6);
  check_refused(bytes, size,
                "is damaged: its 176 bytes are not those of the array that its head "
                "describes");
  hr_free(bytes);
  unlink("test_npy.npy");
}

/* Sizes whose product is what there is, but for an overflow. */
static void a_shape_that_overflows_is_refused(void **state) {
  (void)state;
  hr_error err;
  const double values[6] = {0};
  char *bytes = NULL;
  size_t size = 0;
  check_ok(hr_npy_write("test_npy.npy", values, 2, 3, &err));
  check_ok(hr_file_read("test_npy.npy", 1 << 20, &bytes, &size, &err));
  char *extents = strstr(bytes + 10, "(2, 3), }");
  memcpy(extents, "(4611686018427387904, 4, 6), }", 30);
  check_refused(bytes, size,
                "is damaged: its 176 bytes are not those of the array that its head "
                "describes");
  hr_free(bytes);
  unlink("test_npy.npy");
}

static void a_file_that_is_too_large_or_not_there_is_refused(void **state) {
  (void)state;
  hr_error err;
  hr_npy_shape shape;
  double *read = NULL;
  const double value = 1;
  check_ok(hr_npy_write("test_npy.npy", &value, 1, 1, &err));
  check_fails(hr_npy_read("test_npy.npy", 135, &read, &shape, &err), HR_ERR_FORMAT,
              "test_npy.npy has 136 bytes, more than the 135 allowed");
  unlink("test_npy.npy");
  check_fails(hr_npy_read("test_npy.npy", 136, &read, &shape, &err), HR_ERR_MISSING,
              "cannot open test_npy.npy: No such file or directory");
  assert_null(read);
}

static void a_matrix_has_its_shape_and_finite_numbers(void **state) {
  (void)state;
  hr_error err;
  double values[6] = {1, 2, 3, 4, 5, 6}, *read = NULL;
  const size_t extent[] = {2, 3}, turned[] = {3, 2};
  check_ok(hr_npy_write("test_npy.npy", values, 2, 3, &err));
  check_ok(hr_npy_read_matrix("test_npy.npy", extent, "gate", &read, &err));
  assert_memory_equal(read, values, sizeof values);
  hr_free(read);
  read = NULL;
  check_fails(hr_npy_read_matrix("test_npy.npy", turned, "gate", &read, &err),
              HR_ERR_FORMAT,
              "test_npy.npy is not the 3 by 2 numbers of its gate; train it again");
  values[4] = (double)NAN;
  check_ok(hr_npy_write("test_npy.npy", values, 2, 3, &err));
  check_fails(hr_npy_read_matrix("test_npy.npy", extent, "gate", &read, &err),
              HR_ERR_FORMAT,
              "test_npy.npy is not the 2 by 3 numbers of its gate; train it again");
  assert_null(read);
  unlink("test_npy.npy");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_file_is_what_nep_1_says),
      cmocka_unit_test(a_folder_that_is_not_there_is_an_error),
      cmocka_unit_test(what_was_written_is_read),
      cmocka_unit_test(other_files_are_refused),
      cmocka_unit_test(a_shape_that_overflows_is_refused),
      cmocka_unit_test(a_file_that_is_too_large_or_not_there_is_refused),
      cmocka_unit_test(a_matrix_has_its_shape_and_finite_numbers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
