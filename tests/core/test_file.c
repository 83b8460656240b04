#include "core/file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "core/alloc.h"
#include "support/check.h"
#include "support/fail_alloc.h"
#include "support/scratch.h"

static void check_content(const char *path, const char *expected) {
  hr_error err = {0};
  char *bytes = NULL;
  size_t size = 0;
  check_ok(hr_file_read(path, 1000, &bytes, &size, &err));
  assert_int_equal(size, strlen(expected));
  assert_string_equal(bytes, expected);
  hr_free(bytes);
}

static void test_write_and_read(void **state) {
  (void)state;
  hr_error err = {0};
  scratch s;
  scratch_init(&s);
  const char *path = scratch_name(&s, "results.json");
  check_ok(hr_file_write(path, "first", 5, &err));
  check_content(path, "first");
  check_ok(hr_file_write(path, "the second", 10, &err));
  check_content(path, "the second");
  check_ok(hr_file_write(path, "", 0, &err));
  check_content(path, "");
  check_ok(hr_file_write_in(s.path, "results.json", "in it", 5, &err));
  check_content(path, "in it");
  assert_int_not_equal(access(scratch_name(&s, "results.json.part"), F_OK), 0);
  scratch_fini(&s);
}

/* In the current folder, where the name has no slash. */
static void test_write_beside_us(void **state) {
  (void)state;
  hr_error err = {0};
  scratch s;
  scratch_init(&s);
  char *home = getcwd(NULL, 0);
  assert_non_null(home);
  assert_int_equal(chdir(s.path), 0);
  check_ok(hr_file_write("here", "x", 1, &err));
  check_content("here", "x");
  assert_int_equal(chdir(home), 0);
  free(home);
  scratch_fini(&s);
}

static void test_what_cannot_be_written(void **state) {
  (void)state;
  hr_error err = {0};
  scratch s;
  scratch_init(&s);
  check_fails(hr_file_write("/dev/null/x", "a", 1, &err), HR_ERR_IO,
              "cannot create /dev/null/x.part: Not a directory");
  /* A folder stands where the file should go: the old is untouched, no part is left. */
  char expected[256];
  assert_int_equal(mkdir(scratch_name(&s, "d"), 0777), 0);
  scratch_write(&s, "d/inside", "x");
  snprintf(expected, sizeof expected, "cannot rename %s/d.part to %s/d: Is a directory",
           s.path, s.path);
  check_fails(hr_file_write(scratch_name(&s, "d"), "a", 1, &err), HR_ERR_IO, expected);
  assert_int_not_equal(access(scratch_name(&s, "d.part"), F_OK), 0);
  check_content(scratch_name(&s, "d/inside"), "x");
  scratch_fini(&s);
}

/* What is no file stays what it is. */
static void test_a_pipe_is_not_replaced(void **state) {
  (void)state;
  hr_error err = {0};
  struct stat info;
  scratch s;
  scratch_init(&s);
  char expected[256];
  assert_int_equal(mkfifo(scratch_name(&s, "pipe"), 0600), 0);
  snprintf(expected, sizeof expected,
           "%s/pipe is a device, a pipe or a socket, in whose place no file is put; name "
           "another",
           s.path);
  check_fails(hr_file_write(scratch_name(&s, "pipe"), "a", 1, &err), HR_ERR_IO, expected);
  assert_int_equal(stat(scratch_name(&s, "pipe"), &info), 0);
  assert_true(S_ISFIFO(info.st_mode));
  scratch_fini(&s);
}

static void test_a_full_disk(void **state) {
  (void)state;
  hr_error err = {0};
  scratch s;
  scratch_init(&s);
  char expected[256];
  assert_int_equal(symlink("/dev/full", scratch_name(&s, "x.part")), 0);
  snprintf(expected, sizeof expected, "cannot write %s/x.part: No space left on device",
           s.path);
  check_fails(hr_file_write(scratch_name(&s, "x"), "a", 1, &err), HR_ERR_IO, expected);
  assert_int_not_equal(access(scratch_name(&s, "x"), F_OK), 0);
  scratch_fini(&s);
}

static void test_what_cannot_be_read(void **state) {
  (void)state;
  hr_error err = {0};
  scratch s;
  scratch_init(&s);
  char *bytes = NULL, expected[256];
  size_t size = 0;
  check_fails(hr_file_read("/dev/null/x", 10, &bytes, &size, &err), HR_ERR_MISSING,
              "cannot open /dev/null/x: Not a directory");
  snprintf(expected, sizeof expected, "%s is not a regular file", s.path);
  check_fails(hr_file_read(s.path, 10, &bytes, &size, &err), HR_ERR_MISSING, expected);
  assert_int_equal(mkfifo(scratch_name(&s, "fifo"), 0600), 0);
  snprintf(expected, sizeof expected, "%s/fifo is not a regular file", s.path);
  check_fails(hr_file_read(scratch_name(&s, "fifo"), 10, &bytes, &size, &err),
              HR_ERR_MISSING, expected); /* and is not waited for */
  scratch_write(&s, "long", "0123456789");
  snprintf(expected, sizeof expected, "%s/long has 10 bytes, more than the 9 allowed",
           s.path);
  const char *path = scratch_name(&s, "long");
  check_fails(hr_file_read(path, 9, &bytes, &size, &err), HR_ERR_DATA, expected);
  assert_null(bytes);
  check_ok(hr_file_read(path, 10, &bytes, &size, &err));
  assert_string_equal(bytes, "0123456789");
  hr_free(bytes);
  scratch_fini(&s);
}

static void test_commit(void **state) {
  (void)state;
  hr_error err = {0};
  scratch s;
  scratch_init(&s);
  char *part = NULL, *path = NULL, expected[256];
  check_ok(hr_join_path(s.path, "model.h5", &path, &err));
  check_ok(hr_file_part_name(path, &part, &err));
  snprintf(expected, sizeof expected, "%s/model.h5.part", s.path);
  assert_string_equal(part, expected);
  snprintf(expected, sizeof expected,
           "cannot open %s/model.h5.part: No such file or directory", s.path);
  check_fails(hr_file_commit(part, path, &err), HR_ERR_IO, expected);
  scratch_write(&s, "model.h5.part", "bytes");
  check_ok(hr_file_commit(part, path, &err));
  check_content(path, "bytes");
  assert_int_not_equal(access(part, F_OK), 0);
  hr_free(part);
  hr_free(path);
  scratch_fini(&s);
}

static void test_folders(void **state) {
  (void)state;
  hr_error err = {0};
  scratch s;
  scratch_init(&s);
  char expected[256];
  struct stat info;
  const char *path = scratch_name(&s, "a/b//c/");
  check_ok(hr_make_folders(path, &err));
  check_ok(hr_make_folders(path, &err));
  assert_int_equal(stat(path, &info), 0);
  assert_true(S_ISDIR(info.st_mode));
  check_ok(hr_make_folders("/", &err));
  check_ok(hr_make_folders(".", &err));
  check_fails(hr_make_folders("", &err), HR_ERR_IO,
              "cannot make the folder : No such file or directory");
  scratch_write(&s, "file", "");
  snprintf(expected, sizeof expected, "cannot make the folder %s/file: File exists",
           s.path);
  check_fails(hr_make_folders(scratch_name(&s, "file"), &err), HR_ERR_IO, expected);
  snprintf(expected, sizeof expected, "cannot make the folder %s/file: File exists",
           s.path);
  check_fails(hr_make_folders(scratch_name(&s, "file/x"), &err), HR_ERR_IO, expected);
  scratch_fini(&s);
}

/* What is written without waiting for the disk is whole as well. */
static void test_write_fleeting(void **state) {
  (void)state;
  hr_error err = {0};
  scratch s;
  scratch_init(&s);
  const char *path = scratch_name(&s, "status.json");
  check_ok(hr_file_write_fleeting(path, "first", 5, &err));
  check_ok(hr_file_write_fleeting(path, "later", 5, &err));
  check_content(path, "later");
  check_fails(hr_file_write_fleeting("/dev/null/x", "a", 1, &err), HR_ERR_IO,
              "cannot create /dev/null/x.part: Not a directory");
  scratch_fini(&s);
}

static void test_remove_all(void **state) {
  (void)state;
  hr_error err = {0};
  char folder[4096], outside[4096], expected[256];
  scratch s;
  scratch_init(&s);
  scratch_write(&s, "outside", "kept");
  snprintf(outside, sizeof outside, "%s", scratch_name(&s, "outside"));
  snprintf(folder, sizeof folder, "%s", scratch_name(&s, "tasks"));
  check_ok(hr_make_folders(scratch_name(&s, "tasks/0-ridge"), &err));
  scratch_write(&s, "tasks/0-ridge/card.json", "{}");
  assert_int_equal(symlink(outside, scratch_name(&s, "tasks/link")), 0);
  check_ok(hr_remove_all(folder, &err));
  assert_int_not_equal(access(folder, F_OK), 0);
  check_content(outside, "kept");
  check_ok(hr_remove_all(folder, &err));
  check_ok(hr_remove_all(outside, &err));
  assert_int_not_equal(access(outside, F_OK), 0);
  snprintf(expected, sizeof expected, "cannot remove /proc/self/stat: %s",
           strerror(EPERM));
  check_fails(hr_remove_all("/proc/self/stat", &err), HR_ERR_IO, expected);
  scratch_fini(&s);
}

static void test_join(void **state) {
  (void)state;
  hr_error err = {0};
  static const char *const cases[][3] = {
      {"a", "b", "a/b"}, {"a/", "b", "a/b"}, {"/", "b", "/b"},
      {"a", "/b", "/b"}, {"", "b", "b"},     {NULL, "b", "b"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char *joined = NULL;
    check_ok(hr_join_path(cases[i][0], cases[i][1], &joined, &err));
    assert_string_equal(joined, cases[i][2]);
    hr_free(joined);
  }
}

/* A device has no disk behind it. */
static void test_what_cannot_be_synced(void **state) {
  (void)state;
  hr_error err = {0};
  check_fails(hr_file_commit("/dev/null", "/no/such/name", &err), HR_ERR_IO,
              "cannot sync /dev/null: Invalid argument");
}

static hr_status use_everything(scratch *s) {
  hr_status status = HR_OK;
  char *path = NULL, *bytes = NULL;
  size_t size = 0;
  HR_TRY(hr_join_path(s->path, "a/b", &path, NULL));
  HR_TRY(hr_make_folders(path, NULL));
  HR_TRY(hr_file_write(scratch_name(s, "a/b/c"), "x", 1, NULL));
  HR_TRY(hr_file_read(scratch_name(s, "a/b/c"), 1, &bytes, &size, NULL));
cleanup:
  hr_free(bytes);
  hr_free(path);
  return status;
}

static void test_memory_runs_out(void **state) {
  (void)state;
  scratch s;
  scratch_init(&s);
  check_alloc_failures(use_everything(&s));
  scratch_fini(&s);
}

static void test_folder_has(void **state) {
  (void)state;
  scratch s;
  scratch_init(&s);
  scratch_write(&s, "here", "");
  assert_true(hr_folder_has(s.path, "here"));
  assert_false(hr_folder_has(s.path, "there"));
  assert_false(hr_folder_has("/dev/null", "here"));
  scratch_fini(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_write_and_read),
      cmocka_unit_test(test_write_beside_us),
      cmocka_unit_test(test_what_cannot_be_written),
      cmocka_unit_test(test_a_pipe_is_not_replaced),
      cmocka_unit_test(test_a_full_disk),
      cmocka_unit_test(test_what_cannot_be_read),
      cmocka_unit_test(test_commit),
      cmocka_unit_test(test_what_cannot_be_synced),
      cmocka_unit_test(test_folders),
      cmocka_unit_test(test_write_fleeting),
      cmocka_unit_test(test_remove_all),
      cmocka_unit_test(test_join),
      cmocka_unit_test(test_folder_has),
      cmocka_unit_test(test_memory_runs_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
