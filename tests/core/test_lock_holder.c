/* Finding out who has a file locked. */
#include "core/lock_holder.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "support/scratch.h"

static scratch s;

static int prepare(void **state) {
  (void)state;
  scratch_init(&s);
  scratch_write(&s, "file", "x");
  return 0;
}

static int tidy(void **state) {
  (void)state;
  scratch_fini(&s);
  return 0;
}

static void nobody_holds_a_file_that_is_free(void **state) {
  (void)state;
  char holder[HR_LOCK_HOLDER_BYTES] = "x";
  hr_lock_holder_find(scratch_name(&s, "file"), holder);
  assert_string_equal(holder, "");
  hr_lock_holder_find(scratch_name(&s, "missing"), holder);
  assert_string_equal(holder, "");
}

/* A lock that others may share keeps no reader out. Where the system hides locks, as some
 * containers do, nobody is named. */
static void who_writes_it_is_named(void **state) {
  (void)state;
  char holder[HR_LOCK_HOLDER_BYTES] = "x", expected[HR_LOCK_HOLDER_BYTES];
  int file = open(scratch_name(&s, "file"), O_RDWR | O_CLOEXEC);
  assert_true(file >= 0);
  assert_int_equal(flock(file, LOCK_SH), 0);
  hr_lock_holder_find(scratch_name(&s, "file"), holder);
  assert_string_equal(holder, "");
  assert_int_equal(flock(file, LOCK_EX), 0);
  hr_lock_holder_find(scratch_name(&s, "file"), holder);
  int length = snprintf(expected, sizeof expected, "process %ld (", (long)getpid());
  if (holder[0]) assert_memory_equal(holder, expected, (size_t)length);
  if (!holder[0]) print_message("locks cannot be seen here\n");
  close(file);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(nobody_holds_a_file_that_is_free, prepare, tidy),
      cmocka_unit_test_setup_teardown(who_writes_it_is_named, prepare, tidy),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
