#include "simulate/embedded.h"

#include "core/alloc.h"
#include "core/file.h"
#include "support/check.h"

/* HDF5 files, byte for byte those in data/, which the tests run beside. */
static void check_file(const char *name, const void *bytes, size_t size) {
  static const unsigned char signature[8] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
  hr_error err = {0};
  char path[4096];
  const char *slash = strrchr(__FILE__, '/');
  snprintf(path, sizeof path, "%.*s/../../data/%s", (int)(slash - __FILE__), __FILE__,
           name);
  size_t file_size = 0;
  char *file = NULL;
  assert_true(size > 1000000);
  assert_memory_equal(bytes, signature, sizeof signature);
  check_ok(hr_file_read(path, (size_t)1 << 30, &file, &file_size, &err));
  assert_int_equal(size, file_size);
  assert_true(memcmp(bytes, file, size) == 0);
  hr_free(file);
}

static void the_data_files_are_built_in(void **state) {
  (void)state;
  size_t size = 0;
  const void *bytes = hr_embedded_data(&size);
  check_file("headroom_data.h5", bytes, size);
  bytes = hr_embedded_models(&size);
  check_file("headroom_models.h5", bytes, size);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_data_files_are_built_in),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
