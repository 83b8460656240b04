#include "headroom/version.h"

#include "headroom/library.h"
#include "support/check.h"

/* These tests are built with the library's own headers. */
static void the_library_has_the_version_of_its_headers(void **state) {
  (void)state;
  assert_string_equal(hr_version(), HR_VERSION);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_library_has_the_version_of_its_headers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
