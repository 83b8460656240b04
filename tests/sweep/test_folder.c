/* Where a sweep goes. What is refused there is told by tests/cli/test_verb_sweep.c, too.
 */
#include "sweep/folder.h"

#include <sys/stat.h>

#include "core/alloc.h"
#include "support/check.h"
#include "support/fail_alloc.h"
#include "support/study_files.h"

static scratch s;
static char yaml[512], old[160];
static hr_study_options study;
static hr_sweep_options options;
static char *dir;
static hr_strings run_dirs;
static hr_error err;

static int prepare(void **state) {
  (void)state;
  scratch_init(&s);
  study_files_write(&s);
  study_files_yaml(yaml, sizeof yaml, s.path);
  snprintf(old, sizeof old, "%s/old", s.path);
  study = hr_study_options_default();
  study.config_text = yaml;
  options = hr_sweep_options_default();
  options.study = &study;
  options.key = "data.rows";
  static const char *const texts_1[] = {"30", "[1/2]"};
  options.values = texts_1;
  options.value_count = 2;
  return 0;
}

static void forget(void) {
  hr_free(dir);
  dir = NULL;
  hr_strings_fini(&run_dirs);
}

static int tidy(void **state) {
  (void)state;
  forget();
  scratch_fini(&s);
  return 0;
}

static hr_status find(void) {
  forget();
  return hr_sweep_find_folders(&options, &dir, &run_dirs, &err);
}

static void it_is_named_after_study_and_key(void **state) {
  (void)state;
  check_ok(find());
  assert_string_equal(dir, "runs/E-data.rows");
  assert_string_equal(run_dirs.items[0], "runs/E-data.rows/points/data.rows=30");
  static const char *const texts_2[] = {"experiment.id=a/b"};
  study.settings = texts_2;
  study.setting_count = 1;
  check_fails(find(), HR_ERR_CONFIG,
              "configuration: experiment.id 'a/b' cannot name the folder of a sweep; "
              "name it with --out");
}

static void it_may_be_named(void **state) {
  (void)state;
  char name[192];
  study.out_dir = old;
  check_ok(find());
  assert_string_equal(dir, old);
  assert_int_equal(run_dirs.count, 2);
  snprintf(name, sizeof name, "%s/points/data.rows=[1%%2F2]", old);
  assert_string_equal(run_dirs.items[1], name);
}

static void what_is_there_stays(void **state) {
  (void)state;
  char sentence[512];
  study.out_dir = old;
  assert_int_equal(mkdir(old, 0700), 0);
  check_ok(find());
  assert_int_equal(mkdir(scratch_name(&s, "old/mine"), 0700), 0);
  snprintf(sentence, sizeof sentence,
           "%s holds something else than a sweep; name another directory with --out",
           old);
  check_fails(find(), HR_ERR_USAGE, sentence);
  assert_int_equal(mkdir(scratch_name(&s, "old/points"), 0700), 0);
  assert_int_equal(mkdir(scratch_name(&s, "old/points/noise.level=1"), 0700), 0);
  snprintf(sentence, sizeof sentence,
           "%s holds a sweep over noise.level, whose table and figure one over data.rows "
           "would replace; name another directory with --out, or say --restart",
           old);
  check_fails(find(), HR_ERR_USAGE, sentence);
  study.mode = HR_STUDY_RESTART;
  check_ok(find());
  study.mode = HR_STUDY_RESUME;
  assert_int_equal(mkdir(scratch_name(&s, "old/points/data.rows=1"), 0700), 0);
  check_ok(find());
}

static void memory_may_end(void **state) {
  (void)state;
  study.out_dir = old;
  check_alloc_failures(find());
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, prepare, tidy)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(it_is_named_after_study_and_key),
      TEST(it_may_be_named),
      TEST(what_is_there_stays),
      TEST(memory_may_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
