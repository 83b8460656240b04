/* Lists of files. */
#include "cli/file_list.h"

#include "support/fail_alloc.h"
#include "support/scratch.h"

static hr_error err;
static scratch s;

static int prepare(void **state) {
  (void)state;
  scratch_init(&s);
  return 0;
}

static int tidy(void **state) {
  (void)state;
  scratch_fini(&s);
  return 0;
}

static void a_line_is_a_name(void **state) {
  (void)state;
  static const char *const names[] = {"first", "a b.fits", "/c,d.h5", "#e"};
  hr_strings files = {0};
  check_ok(hr_strings_append(&files, "first", &err));
  scratch_write(&s, "list", "a b.fits\r\n\n/c,d.h5\n#e");
  check_ok(hr_file_list_read(scratch_name(&s, "list"), &files, &err));
  assert_int_equal(files.count, 4);
  for (size_t i = 0; i < 4; i++) assert_string_equal(files.items[i], names[i]);
  hr_strings_fini(&files);
}

static void lists_that_name_nothing(void **state) {
  (void)state;
  char expected[sizeof s.name + 64];
  hr_strings files = {0};
  scratch_write(&s, "list", "\n\n");
  snprintf(expected, sizeof expected, "%s names no file; write one a line",
           scratch_name(&s, "list"));
  check_fails(hr_file_list_read(scratch_name(&s, "list"), &files, &err), HR_ERR_EMPTY,
              expected);
  snprintf(expected, sizeof expected, "cannot open %s: No such file or directory",
           scratch_name(&s, "none"));
  check_fails(hr_file_list_read(scratch_name(&s, "none"), &files, &err), HR_ERR_MISSING,
              expected);
  hr_strings_fini(&files);
}

static hr_status read_list(void) {
  hr_strings files = {0};
  hr_status status = hr_file_list_read(s.name, &files, NULL);
  hr_strings_fini(&files);
  return status;
}

static void failing_allocations_are_reported(void **state) {
  (void)state;
  scratch_write(&s, "list", "a\nb\n");
  check_alloc_failures(read_list());
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, prepare, tidy)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(a_line_is_a_name),
      TEST(lists_that_name_nothing),
      TEST(failing_allocations_are_reported),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
