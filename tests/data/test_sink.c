#include "data/sink.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>

#include "data/hdf5_file.h"
#include "support/scratch.h"

static bool exists(const hr_hdf5_file *file, const char *object) {
  hr_error err;
  bool there = false;
  check_ok(hr_hdf5_find(file, object, &there, &err));
  return there;
}

static void set_file_limit(bool on) {
  struct rlimit limit;
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
  limit.rlim_cur = on ? 0 : limit.rlim_max;
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* One attribute-free group a name: enough for HDF5 to write and read back metadata. */
static void make_groups(hid_t file) {
  for (int i = 0; i < 200; i++) {
    char name[32];
    snprintf(name, sizeof name, "group_%d", i);
    hid_t group = H5Gcreate2(file, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(group >= 0);
    hr_hdf5_release(&group);
  }
}

static void what_is_written_can_be_opened(void **state) {
  (void)state;
  hr_error err;
  scratch s;
  hr_sink sink = HR_SINK_CLOSED;
  hr_hdf5_file again = HR_HDF5_FILE_CLOSED;
  scratch_init(&s);
  const char *path = scratch_name(&s, "file.h5");
  check_ok(hr_sink_open(path, &sink, &err));
  hid_t file = hr_sink_create_file(&sink, path);
  assert_true(file >= 0);
  make_groups(file);
  assert_true(H5Fclose(file) >= 0);
  hr_sink_close(&sink);
  assert_int_equal(sink.error, 0);
  check_ok(hr_hdf5_open(path, &again, &err));
  assert_true(exists(&again, "/group_0"));
  assert_true(exists(&again, "/group_199"));
  hr_hdf5_close(&again);
  scratch_fini(&s);
}

static void the_first_error_is_kept_and_hdf5_never_told(void **state) {
  (void)state;
  hr_error err;
  scratch s;
  hr_sink sink = HR_SINK_CLOSED;
  signal(SIGXFSZ, SIG_IGN);
  scratch_init(&s);
  const char *path = scratch_name(&s, "file.h5");
  check_ok(hr_sink_open(path, &sink, &err));
  hid_t file = hr_sink_create_file(&sink, path);
  assert_true(file >= 0);
  make_groups(file);
  set_file_limit(true);
  assert_true(H5Fflush(file, H5F_SCOPE_GLOBAL) >= 0);
  set_file_limit(false);
  assert_int_equal(sink.error, EFBIG);
  assert_true(H5Fclose(file) >= 0);
  assert_int_equal(sink.error, EFBIG);
  hr_sink_close(&sink);
  scratch_fini(&s);
}

static void folders_that_are_not_there_are_told(void **state) {
  (void)state;
  hr_error err;
  scratch s;
  hr_sink sink = HR_SINK_CLOSED;
  char expected[5000];
  scratch_init(&s);
  scratch_name(&s, "no/file.h5");
  snprintf(expected, sizeof expected, "cannot create %s: No such file or directory",
           s.name);
  check_fails(hr_sink_open(s.name, &sink, &err), HR_ERR_IO, expected);
  assert_int_equal(sink.descriptor, -1);
  scratch_fini(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_written_can_be_opened),
      cmocka_unit_test(the_first_error_is_kept_and_hdf5_never_told),
      cmocka_unit_test(folders_that_are_not_there_are_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
