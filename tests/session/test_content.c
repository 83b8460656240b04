/* Files are the same where their bytes are, whenever they were written. */
#include "session/content.h"

#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "support/check.h"
#include "support/scratch.h"

static scratch s;

static int set_up(void **state) {
  (void)state;
  scratch_init(&s);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  scratch_fini(&s);
  return 0;
}

static void print_of(const char *name, char out[17]) {
  assert_true(hr_content_print(scratch_name(&s, name), out));
  assert_int_equal(strlen(out), 16);
}

static void every_byte_of_a_small_file_counts(void **state) {
  (void)state;
  char first[17], second[17];
  scratch_write(&s, "a.h5", "abcdefgh");
  scratch_write(&s, "b.h5", "abcdefgh");
  print_of("a.h5", first);
  print_of("b.h5", second);
  assert_string_equal(first, second);
  scratch_write(&s, "b.h5", "abcdefgx");
  print_of("b.h5", second);
  assert_string_not_equal(first, second);
  scratch_write(&s, "b.h5", "");
  print_of("b.h5", second);
  assert_string_not_equal(first, second);
}

static void large_files_are_looked_at_from_end_to_end(void **state) {
  (void)state;
  const size_t size = (size_t)3 << 20;
  char *bytes = NULL, plain[17], other[17];
  hr_error err;
  check_ok(hr_alloc(&bytes, size, &err));
  check_ok(hr_file_write(scratch_name(&s, "a.h5"), bytes, size, &err));
  print_of("a.h5", plain);
  const size_t places[] = {0, size - 1, (size - HR_CONTENT_PIECE_BYTES) / 63 * 31};
  for (size_t i = 0; i < 3; i++) {
    bytes[places[i]] = 1;
    check_ok(hr_file_write(scratch_name(&s, "b.h5"), bytes, size, &err));
    print_of("b.h5", other);
    assert_string_not_equal(plain, other);
    bytes[places[i]] = 0;
  }
  hr_free(bytes);
}

static void what_cannot_be_read_has_none(void **state) {
  (void)state;
  char print[17] = "x";
  assert_false(hr_content_print(scratch_name(&s, "none.h5"), print));
  assert_string_equal(print, "");
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(every_byte_of_a_small_file_counts),
      TEST(large_files_are_looked_at_from_end_to_end),
      TEST(what_cannot_be_read_has_none),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
