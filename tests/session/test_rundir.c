/* Whose a directory is, before anything in it is touched. tests/python/test_survive.py
 * has whole runs that are stopped and go on. */
#include "session/rundir.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "core/alloc.h"
#include "core/file.h"
#include "headroom/version.h"
#include "support/origins.h"

static scratch s;
static hr_config *config;
static hr_origin origin;
static char out_dir[128], expected[1024];

static int set_up(void **state) {
  (void)state;
  scratch_init(&s);
  scratch_write(&s, "a.h5", "training");
  scratch_write(&s, "t.h5", "test");
  config = origin_config(&s, "");
  origin = origin_of(config, "0123456789abcdef");
  snprintf(out_dir, sizeof out_dir, "%s/run", s.path);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  hr_config_destroy(&config);
  scratch_fini(&s);
  return 0;
}

/* A directory that a run of this study has begun. */
static void begin(void) {
  hr_error err = {0};
  hr_rundir dir;
  check_ok(hr_rundir_open(out_dir, &origin, HR_STUDY_NEW, &dir, &err));
  check_ok(hr_rundir_write_origin(out_dir, &origin, &err));
  hr_rundir_close(out_dir, &dir);
}

static void refuses(hr_study_mode mode, const char *after) {
  hr_error err = {0};
  hr_rundir dir;
  snprintf(expected, sizeof expected, "%s%s", out_dir, after);
  check_fails(hr_rundir_open(out_dir, &origin, mode, &dir, &err), HR_ERR_USAGE, expected);
  assert_int_equal(dir.lock, -1);
  /* The same without touching anything. */
  check_fails(hr_rundir_check(out_dir, &origin, mode, &err), HR_ERR_USAGE, expected);
}

static bool exists(const char *name) {
  struct stat info;
  return stat(scratch_name(&s, name), &info) == 0;
}

static void a_new_directory_is_made_and_given_back(void **state) {
  (void)state;
  hr_error err = {0};
  hr_rundir dir;
  check_ok(hr_rundir_open(out_dir, &origin, HR_STUDY_NEW, &dir, &err));
  assert_true(dir.lock >= 0);
  assert_false(dir.is_resumed || dir.has_results);
  assert_int_equal(dir.former.pid, 0);
  hr_rundir_close(out_dir, &dir);
  assert_int_equal(dir.lock, -1);
  assert_false(exists("run/run.lock"));
}

static void a_run_goes_on(void **state) {
  (void)state;
  hr_error err = {0};
  hr_rundir dir;
  begin();
  scratch_write(&s, "run/card.json.part", "{");
  check_ok(hr_rundir_open(out_dir, &origin, HR_STUDY_RESUME, &dir, &err));
  assert_true(dir.is_resumed);
  assert_false(dir.has_results);
  assert_false(exists("run/card.json.part"));
  hr_rundir_close(out_dir, &dir);
  scratch_write(&s, "run/results.json", "{}");
  check_ok(hr_rundir_open(out_dir, &origin, HR_STUDY_RESUME, &dir, &err));
  assert_true(dir.has_results);
  hr_rundir_close(out_dir, &dir);
}

static void other_contents_are_kept(void **state) {
  (void)state;
  hr_error err = {0};
  assert_int_equal(mkdir(out_dir, 0755), 0);
  scratch_write(&s, "run/thesis.tex", "x");
  refuses(HR_STUDY_NEW,
          " is not empty and is not the directory of a run; name a new one with --out");
  refuses(HR_STUDY_RESTART,
          " is not empty and is not the directory of a run; name a new one with --out");
  scratch_write(&s, "run/config.yaml", "x");
  refuses(HR_STUDY_NEW,
          " looks like the directory of a run but has no manifest.json that can be read, "
          "which says of which study and data it is; put that file back, or name a new "
          "directory with --out");
  check_ok(hr_remove_all(out_dir, &err));
  scratch_write(&s, "run", "a file");
  refuses(HR_STUDY_NEW, " is not a folder; name a new one with --out");
}

/* Time alone does not tell one file from another. */
static void a_run_goes_on_with_a_copy(void **state) {
  (void)state;
  hr_error err = {0};
  const struct timespec later[2] = {{.tv_sec = 2000000000}, {.tv_sec = 2000000000}};
  begin();
  assert_int_equal(utimensat(AT_FDCWD, scratch_name(&s, "a.h5"), later, 0), 0);
  check_ok(hr_rundir_check(out_dir, &origin, HR_STUDY_RESUME, &err));
  scratch_write(&s, "a.h5", "TRAINING");
  char after[512];
  snprintf(after, sizeof after,
           " cannot be resumed, the study has changed: the data file %s/a.h5 was "
           "modified; change it back, begin anew with --replace, or name a new directory "
           "with --out",
           s.path);
  refuses(HR_STUDY_RESUME, after);
}

static void results_of_others_are_kept(void **state) {
  (void)state;
  begin();
  scratch_write(&s, "run/results.json", "{}");
  hr_config *other = origin_config(&s, "selection: {folds: 3}\n");
  origin = origin_of(other, "fedcba9876543210");
  refuses(HR_STUDY_RESTART,
          " holds the results of another study: selection.folds was 5 and is 3 now; "
          "change it back, discard those results with --replace, or name a new directory "
          "with --out");
  scratch_write(&s, "run/config.yaml", "[");
  refuses(
      HR_STUDY_NEW,
      " holds the results of another study: its fingerprint is 0123456789abcdef, this "
      "one has fedcba9876543210; change it back, discard those results with "
      "--replace, or name a new directory with --out");
  hr_config_destroy(&other);
  origin = origin_of(config, "0123456789abcdef");
  const struct timespec later[2] = {{.tv_sec = 2000000000}, {.tv_sec = 2000000000}};
  assert_int_equal(utimensat(AT_FDCWD, scratch_name(&s, "a.h5"), later, 0), 0);
  hr_error err = {0};
  check_ok(hr_rundir_check(out_dir, &origin, HR_STUDY_NEW, &err)); /* as of a copy */
  scratch_write(&s, "a.h5", "TRAINING");
  char after[512];
  snprintf(
      after, sizeof after,
      " holds the results of another study: the data file %s/a.h5 was modified; "
      "change it back, discard those results with --replace, or name a new directory "
      "with --out",
      s.path);
  refuses(HR_STUDY_NEW, after);
  assert_true(exists("run/results.json"));
}

/* A manifest without what was in the files still tells that one was modified. */
static void modified_data_are_told_without_content(void **state) {
  (void)state;
  begin();
  scratch_write(&s, "run/results.json", "{}");
  scratch_write(&s, "run/manifest.json",
                "{\"version\": \"" HR_VERSION
                "\", \"fingerprint\": \"0123456789abcdef\", \"data\": {\"files\": "
                "[{\"bytes\": 8, \"modified\": \"5.000000000\"}]}}");
  refuses(HR_STUDY_NEW,
          " holds the results of another study: there were 1 data files and are 2 now; "
          "change it back, discard those results with --replace, or name a new directory "
          "with --out");
}

static void results_of_others_may_be_replaced(void **state) {
  (void)state;
  hr_error err = {0};
  hr_rundir dir;
  begin();
  scratch_write(&s, "run/results.json", "{}");
  origin = origin_of(config, "fedcba9876543210");
  check_ok(hr_rundir_check(out_dir, &origin, HR_STUDY_REPLACE, &err));
  check_ok(hr_rundir_open(out_dir, &origin, HR_STUDY_REPLACE, &dir, &err));
  assert_false(dir.is_resumed || dir.has_results);
  hr_rundir_close(out_dir, &dir);
  assert_true(exists("run/results.json")); /* until the study is cleared for work */
  /* What is no run's is not replaced. */
  check_ok(hr_remove_all(out_dir, &err));
  assert_int_equal(mkdir(out_dir, 0755), 0);
  scratch_write(&s, "run/thesis.tex", "x");
  refuses(HR_STUDY_REPLACE,
          " is not empty and is not the directory of a run; name a new one with --out");
}

static void an_unfinished_run_of_another_study_says_what_differs(void **state) {
  (void)state;
  begin();
  assert_int_equal(mkdir(scratch_name(&s, "run/tasks"), 0755), 0);
  assert_int_equal(mkdir(scratch_name(&s, "run/tasks/0-ridge"), 0755), 0);
  scratch_write(&s, "run/tasks/0-ridge/card.json", "{}");
  refuses(HR_STUDY_NEW,
          " holds an unfinished run with 1 tasks done and 0 more trained or in training; "
          "go on with --resume, or throw them away with --restart");
  hr_config *other = origin_config(&s, "selection: {folds: 3}\n");
  origin = origin_of(other, "fedcba9876543210");
  refuses(
      HR_STUDY_NEW,
      " holds an unfinished run of another study, with 1 tasks done and 0 more "
      "trained or in training: selection.folds was 5 and is 3 now; change it back and "
      "go on with --resume, discard them with --replace, or name a new directory with "
      "--out");
  hr_config_destroy(&other);
}

static void another_study_does_not_go_on(void **state) {
  (void)state;
  begin();
  hr_config *other = origin_config(&s, "selection: {folds: 3}\n");
  origin = origin_of(other, "fedcba9876543210");
  refuses(
      HR_STUDY_RESUME,
      " cannot be resumed, the study has changed: selection.folds was 5 and is 3 now; "
      "change it back, begin anew with --replace, or name a new directory with --out");
  hr_config_destroy(&other);
}

static void what_was_counted_is_found_again(void **state) {
  (void)state;
  hr_error err = {0};
  hr_preparation told = {.clipped_pixels = 3, .dark_rows = 2}, found = {0};
  bool known = true;
  begin();
  hr_rundir_read_preparation(out_dir, &origin, &found, &known);
  assert_false(known);
  check_ok(hr_bad_files_add(&told.bad_files, "a.h5", 12, 4096, &err));
  check_ok(hr_rundir_write_preparation(out_dir, &origin, &told, &err));
  hr_bad_files_fini(&told.bad_files);
  hr_rundir_read_preparation(out_dir, &origin, &found, &known);
  assert_true(known);
  assert_true(found.clipped_pixels == 3 && found.dark_rows == 2);
  assert_int_equal(found.bad_files.count, 1);
  assert_string_equal(found.bad_files.items[0].path, "a.h5");
  assert_true(found.bad_files.items[0].bad == 12);
  assert_true(found.bad_files.items[0].pixels == 4096);
  hr_bad_files_fini(&found.bad_files);
  origin = origin_of(config, "fedcba9876543210");
  hr_rundir_read_preparation(out_dir, &origin, &found, &known);
  assert_false(known);
}

/* Whoever reads config.yaml later can see whether somebody edited it. */
static void a_configuration_knows_itself(void **state) {
  (void)state;
  hr_error err = {0};
  char *bytes = NULL;
  size_t size = 0;
  begin();
  check_ok(
      hr_file_read(scratch_name(&s, "run/config.yaml"), 1 << 20, &bytes, &size, &err));
  assert_true(hr_rundir_config_is_own(bytes, size));
  hr_config *again = NULL;
  check_ok(hr_config_parse(bytes, size, "again.yaml", s.path, &again, &err));
  hr_config_destroy(&again);
  char *folds = strstr(bytes, "folds: 5");
  assert_non_null(folds);
  folds[7] = '7';
  assert_false(hr_rundir_config_is_own(bytes, size));
  folds[7] = '5';
  assert_false(hr_rundir_config_is_own(bytes, size - 1));
  *strrchr(bytes, '#') = '\0';
  assert_true(hr_rundir_config_is_own(bytes, strlen(bytes))); /* an earlier version's */
  hr_free(bytes);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(a_new_directory_is_made_and_given_back),
      TEST(a_run_goes_on),
      TEST(a_configuration_knows_itself),
      TEST(other_contents_are_kept),
      TEST(results_of_others_are_kept),
      TEST(a_run_goes_on_with_a_copy),
      TEST(modified_data_are_told_without_content),
      TEST(results_of_others_may_be_replaced),
      TEST(an_unfinished_run_of_another_study_says_what_differs),
      TEST(another_study_does_not_go_on),
      TEST(what_was_counted_is_found_again),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
