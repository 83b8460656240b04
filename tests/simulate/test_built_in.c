#include "simulate/built_in.h"

#include "core/alloc.h"
#include "data/hdf5_file.h"
#include "simulate/embedded.h"
#include "support/check.h"

static void arrays_are_read_with_their_number(void **state) {
  (void)state;
  hr_error err;
  hid_t file = H5I_INVALID_HID;
  size_t size = 0, count = 0, wrong = 3;
  double *nodes = NULL;
  const void *bytes = hr_embedded_models(&size);
  hr_hdf5_silence();
  check_ok(hr_built_in_open(bytes, size, &file, &err));
  check_ok(hr_built_in_numbers(file, "grid/T_eff", &count, &nodes, &err));
  assert_int_equal(count, 10);
  check_near(nodes[0], 3750, 0);
  hr_free(nodes);
  nodes = NULL;
  check_fails(hr_built_in_numbers(file, "grid/T_eff", &wrong, &nodes, &err),
              HR_ERR_INTERNAL,
              "the data built into the program lack grid/T_eff, or it has another size");
  assert_null(nodes);
  H5Fclose(file);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(arrays_are_read_with_their_number),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
