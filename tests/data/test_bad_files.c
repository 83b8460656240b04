/* Bad pixels by file. */
#include "data/bad_files.h"

#include "support/check.h"
#include "support/fail_alloc.h"

static hr_error err;

static void check_told(const hr_bad_files *files, bool chinese, const char *expected) {
  hr_text text;
  hr_text_init(&text);
  hr_bad_files_describe(files, chinese, &text);
  assert_string_equal(text.bytes ? text.bytes : "", expected);
  hr_text_fini(&text);
}

static void files_are_told_with_their_counts(void **state) {
  (void)state;
  hr_bad_files files = {0};
  check_told(&files, false, "");
  check_near(hr_bad_files_worst(&files), 0, 0);
  check_ok(hr_bad_files_add(&files, "a.h5", 12, 4096, &err));
  check_told(&files, false, "a.h5 12 of 4096 pixels");
  check_ok(hr_bad_files_add(&files, "b.h5", 1024, 4096, &err));
  check_told(&files, false, "a.h5 12 of 4096 pixels, b.h5 1024 of 4096");
  check_told(&files, true, "a.h5 12 个（共 4096 个）、b.h5 1024 个（共 4096 个）");
  check_near(hr_bad_files_worst(&files), 0.25, 0);
  hr_bad_files_fini(&files);
  assert_int_equal(files.count, 0);
}

/* The third and the fifth of eight are the least. */
static void of_many_files_the_worst_are_told(void **state) {
  (void)state;
  static const uint64_t bad[8] = {5, 5, 1, 9, 2, 5, 5, 7};
  hr_bad_files files = {0};
  for (size_t i = 0; i < 8; i++) {
    const char name[] = {(char)('a' + i), '\0'};
    check_ok(hr_bad_files_add(&files, name, bad[i], 10, &err));
  }
  check_told(&files, false,
             "a 5 of 10 pixels, b 5 of 10, d 9 of 10, f 5 of 10, g 5 of 10, h 7 of 10, "
             "and 2 more files");
  hr_bad_files_fini(&files);
}

static hr_status add_two(void) {
  hr_bad_files files = {0};
  hr_status status = hr_bad_files_add(&files, "a", 1, 2, &err);
  if (status == HR_OK) status = hr_bad_files_add(&files, "b", 1, 2, &err);
  hr_bad_files_fini(&files);
  return status;
}

static void memory_may_run_out(void **state) {
  (void)state;
  check_alloc_failures(add_two());
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(files_are_told_with_their_counts),
      cmocka_unit_test(of_many_files_the_worst_are_told),
      cmocka_unit_test(memory_may_run_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
