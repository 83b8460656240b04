/* The array file, byte by byte; tests/python opens it with NumPy. */
#include "core/npy.h"

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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_file_is_what_nep_1_says),
      cmocka_unit_test(a_folder_that_is_not_there_is_an_error),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
