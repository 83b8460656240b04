#include "simulate/embedded.h"

#include "core/alloc.h"
#include "core/file.h"
#include "support/check.h"

/* An HDF5 file, byte for byte the one in data/, which the tests run beside. */
static void the_data_file_is_built_in(void **state) {
  (void)state;
  static const unsigned char signature[8] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
  hr_error err = {0};
  char path[4096];
  const char *slash = strrchr(__FILE__, '/');
  snprintf(path, sizeof path, "%.*s/../../data/headroom_data.h5", (int)(slash - __FILE__),
           __FILE__);
  size_t size = 0, file_size = 0;
  char *file = NULL;
  const void *bytes = hr_embedded_data(&size);
  assert_true(size > 1000000);
  assert_memory_equal(bytes, signature, sizeof signature);
  check_ok(hr_file_read(path, (size_t)1 << 30, &file, &file_size, &err));
  assert_int_equal(size, file_size);
  assert_true(memcmp(bytes, file, size) == 0);
  hr_free(file);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_data_file_is_built_in),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
