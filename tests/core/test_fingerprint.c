/* FNV-1a against its published test vectors. */
#include "core/fingerprint.h"

#include "support/check.h"

static void known_answers(void **state) {
  (void)state;
  uint64_t start = hr_fingerprint_start();
  assert_true(hr_fingerprint_bytes(start, "", 0) == 0xcbf29ce484222325u);
  assert_true(hr_fingerprint_bytes(start, "a", 1) == 0xaf63dc4c8601ec8cu);
  assert_true(hr_fingerprint_bytes(start, "foobar", 6) == 0x85944171f73967e8u);
}

static void it_continues(void **state) {
  (void)state;
  uint64_t whole = hr_fingerprint_bytes(hr_fingerprint_start(), "foobar", 6);
  uint64_t part = hr_fingerprint_bytes(hr_fingerprint_start(), "foo", 3);
  assert_true(hr_fingerprint_bytes(part, "bar", 3) == whole);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(known_answers),
      cmocka_unit_test(it_continues),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
