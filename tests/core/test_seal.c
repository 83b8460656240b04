#include "core/seal.h"

#include <stdlib.h>

#include "support/check.h"

static hr_error err;

static void seal_of(const char *text, char seal[HR_SEAL_SIZE]) {
  json_t *root = json_loads(text, 0, NULL);
  assert_non_null(root);
  check_ok(hr_seal_compute(root, seal, &err));
  json_decref(root);
}

static void test_a_seal_sees_changes(void **state) {
  (void)state;
  static const char before[] =
      "{\"a\": {\"r2\": 0.1, \"seconds\": 1.5}, \"b\": [1, null]}";
  static const struct {
    const char *text;
    int same;
  } cases[] = {
      {"{\"b\": [1, null], \"a\": {\"seconds\": 1.5, \"r2\": 0.1}}",
       1}, /* order, spaces */
      {"{\"a\": {\"r2\": 0.1, \"seconds\": 9}, \"b\": [1, null]}", 1},
      {"{\"a\": {\"r2\": 0.1}, \"b\": [1, null], \"seal\": \"x\"}", 1},
      {"{\"a\": {\"r2\": 0.10000000000000002}, \"b\": [1, null]}", 0},
      {"{\"a\": {\"r2\": 0.1}, \"b\": [1, 0]}", 0},
      {"{\"a\": {\"r3\": 0.1}, \"b\": [1, null]}", 0},
      {"{\"a\": {\"r2\": 0.1}, \"b\": [1]}", 0},
  };
  char first[HR_SEAL_SIZE], seal[HR_SEAL_SIZE];
  seal_of(before, first);
  assert_int_equal(strlen(first), 16);
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    seal_of(cases[c].text, seal);
    assert_int_equal(strcmp(seal, first) == 0, cases[c].same);
  }
}

static void test_the_fingerprint_of_nothing(void **state) {
  (void)state;
  char seal[HR_SEAL_SIZE];
  hr_seal_bytes("", 0, seal);
  assert_string_equal(seal, "cbf29ce484222325"); /* FNV-1a's offset basis */
}

static void test_nothing_to_seal(void **state) {
  (void)state;
  char seal[HR_SEAL_SIZE];
  check_fails(hr_seal_compute(NULL, seal, &err), HR_ERR_MEMORY,
              "no memory to seal the results");
}

static size_t remaining; /* allocations of Jansson's up to and with the one that fails */

static void *allocate(size_t size) {
  return remaining > 0 && --remaining == 0 ? NULL : malloc(size);
}

static void test_no_seal_of_a_part(void **state) {
  (void)state;
  static const char text[] =
      "{\"a\": {\"r2\": 0.1, \"n\": 7}, \"b\": [1, \"x\", {\"c\": 2}]}";
  char first[HR_SEAL_SIZE], seal[HR_SEAL_SIZE];
  json_set_alloc_funcs(allocate, free);
  seal_of(text, first);
  json_t *root = json_loads(text, 0, NULL);
  hr_status status = HR_ERR_MEMORY;
  size_t n = 0;
  for (; status == HR_ERR_MEMORY && n < 1000; n++) {
    remaining = n + 1;
    status = hr_seal_compute(root, seal, &err);
  }
  assert_true(n > 10);
  assert_true(remaining > 0); /* it ended since no allocation was left to fail */
  remaining = 0;
  check_ok(status);
  assert_string_equal(seal, first);
  json_decref(root);
  json_set_alloc_funcs(malloc, free);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_seal_sees_changes),
      cmocka_unit_test(test_the_fingerprint_of_nothing),
      cmocka_unit_test(test_nothing_to_seal),
      cmocka_unit_test(test_no_seal_of_a_part),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
