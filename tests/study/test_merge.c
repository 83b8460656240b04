/* Pieces of a study by the folders that have them. Whole arrays are in
 * tests/python/test_array.py. */
#include "study/merge.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "core/alloc.h"
#include "core/file.h"
#include "study/opened.h"
#include "support/fail_alloc.h"
#include "support/study_files.h"

static scratch s, other_disk;
static hr_error err;
static hr_opened_study opened;
static char config[4200], out[4200];

static hr_study_options options_of(size_t element, size_t count) {
  hr_study_options options = hr_study_options_default();
  options.config_path = config;
  options.out_dir = out;
  options.element = element;
  options.element_count = count;
  return options;
}

static int set_up(void **state) {
  (void)state;
  scratch_init(&s);
  study_files_write(&s);
  snprintf(config, sizeof config, "%s/study.yaml", s.path);
  snprintf(out, sizeof out, "%s/run", s.path);
  const hr_study_options options = options_of(0, 0);
  check_ok(hr_study_open(&options, NULL, &opened, &err));
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  hr_opened_study_fini(&opened);
  scratch_fini(&s);
  return 0;
}

static void run_element(size_t element, size_t count) {
  char *run_dir = NULL, expected[4400];
  const hr_study_options options = options_of(element, count);
  check_ok(hr_study_run(&options, NULL, &run_dir, &err));
  snprintf(expected, sizeof expected, "%s/elements/%zu-of-%zu", out, element, count);
  assert_string_equal(run_dir, expected);
  hr_text_free(run_dir);
}

static hr_status merge(void) {
  char *run_dir = NULL;
  hr_study_options options = hr_study_options_default();
  options.out_dir = out;
  hr_status status = hr_study_merge(&options, NULL, &run_dir, &err);
  if (status == HR_OK) assert_string_equal(run_dir, out);
  hr_text_free(run_dir);
  return status;
}

static void pieces_are_found_where_they_are(void **state) {
  (void)state;
  hr_merge m;
  char sentence[16000];
  size_t taken = 9;
  snprintf(sentence, sizeof sentence,
           "%s holds no element of an array; `headroom run %s --out %s --array 0/N` does "
           "the first of N",
           out, config, out);
  check_fails(hr_merge_find(opened.plan, out, &m, &err), HR_ERR_MISSING, sentence);
  hr_merge_fini(&m);
  run_element(0, 2);
  snprintf(sentence, sizeof sentence,
           "%s is not complete: element 1/2 (not begun) lacks ", out);
  assert_int_equal(hr_merge_find(opened.plan, out, &m, &err), HR_ERR_MISSING);
  assert_memory_equal(err.message, sentence, strlen(sentence));
  snprintf(
      sentence, sizeof sentence,
      "; `headroom run %s --out %s --array 1/2` does element 1 (the lacking ones are "
      "1), then merge again",
      config, out);
  assert_string_equal(err.message + strlen(err.message) - strlen(sentence), sentence);
  hr_merge_fini(&m);
  run_element(1, 2);
  check_ok(hr_merge_find(opened.plan, out, &m, &err));
  for (size_t i = 0; i < m.division.count; i++) {
    assert_int_equal(m.source[i], m.division.pieces[i].element);
  }
  check_ok(hr_merge_take(&m, opened.plan, out, &taken, &err));
  assert_int_equal(taken, m.division.count);
  assert_true(hr_merge_has(&m, 0) && hr_merge_has(&m, 1));
  hr_merge_fini(&m);
  check_ok(hr_merge_find(opened.plan, out, &m, &err));
  for (size_t i = 0; i < m.division.count; i++) {
    assert_int_equal(m.source[i], HR_MERGE_HERE);
  }
  check_ok(hr_merge_take(&m, opened.plan, out, &taken, &err));
  assert_int_equal(taken, 0);
  hr_merge_fini(&m);
}

static bool is_same_file(const char *name, const char *other) {
  struct stat a, b;
  char one[16000], two[16000];
  snprintf(one, sizeof one, "%s/%s", out, name);
  snprintf(two, sizeof two, "%s/%s", out, other);
  assert_int_equal(stat(one, &a), 0);
  assert_int_equal(stat(two, &b), 0);
  assert_int_equal(a.st_size, b.st_size);
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* What stands in the way of a copy is told. */
static void cannot_be_copied(const char *card, const char *own) {
  hr_merge m;
  size_t taken = 0;
  char path[5000], sentence[16000];
  snprintf(path, sizeof path, "%s/tasks", out);
  check_ok(hr_remove_all(path, &err));
  snprintf(path, sizeof path, "%s/%s.part", out, card);
  check_ok(hr_make_folders(path, &err));
  check_ok(hr_merge_find(opened.plan, out, &m, &err));
  snprintf(sentence, sizeof sentence, "cannot copy %s/%s to %s/%s: Is a directory", out,
           own, out, card);
  check_fails(hr_merge_take(&m, opened.plan, out, &taken, &err), HR_ERR_IO, sentence);
  hr_merge_fini(&m);
}

/* A link is enough on one disk, and bytes are copied from another. */
static void files_are_linked_or_copied(void **state) {
  (void)state;
  char elements[4400], elsewhere[200];
  static const char card[] = "tasks/global-placebo/predictions.f32";
  static const char own[] = "elements/0-of-1/tasks/global-placebo/predictions.f32";
  run_element(0, 1);
  check_ok(merge());
  assert_true(is_same_file(card, own));
  assert_int_equal(access("/dev/shm", W_OK), 0);
  snprintf(other_disk.path, sizeof other_disk.path, "/dev/shm/headroom-test-XXXXXX");
  assert_non_null(mkdtemp(other_disk.path));
  snprintf(elements, sizeof elements, "%s/elements", out);
  check_ok(hr_remove_all(out, &err));
  snprintf(elsewhere, sizeof elsewhere, "%s", other_disk.path);
  check_ok(hr_make_folders(out, &err));
  assert_int_equal(symlink(elsewhere, elements), 0);
  run_element(0, 1);
  check_ok(merge());
  struct stat a, b;
  assert_int_equal(stat(out, &a), 0);
  assert_int_equal(stat(elsewhere, &b), 0);
  if (a.st_dev != b.st_dev) {
    assert_false(is_same_file(card, own));
    cannot_be_copied(card, own);
  }
  scratch_fini(&other_disk);
}

static void an_element_of_another_study(void **state) {
  (void)state;
  char *run_dir = NULL, sentence[16000];
  hr_study_options options = options_of(0, 1);
  const char *const settings[] = {"ridge.alpha=[5]"};
  options.settings = settings;
  options.setting_count = 1;
  check_ok(hr_study_run(&options, NULL, &run_dir, &err));
  hr_text_free(run_dir);
  hr_merge m;
  snprintf(sentence, sizeof sentence,
           "%s/elements/0-of-1 is an element of another study: experts.ridge.alpha was "
           "[5] and is [1, 10] now; change it back, or do the element again with "
           "--replace",
           out);
  check_fails(hr_merge_find(opened.plan, out, &m, &err), HR_ERR_USAGE, sentence);
  hr_merge_fini(&m);
}

static void a_configuration_of_nobody(void **state) {
  (void)state;
  char *path = NULL, sentence[16000];
  snprintf(sentence, sizeof sentence,
           "%s holds no element of an array; name the configuration, or the directory "
           "that was named with --out",
           out);
  check_fails(hr_merge_find_config(out, &path, &err), HR_ERR_MISSING, sentence);
  check_fails(merge(), HR_ERR_MISSING, sentence);
  run_element(0, 1);
  check_ok(hr_merge_find_config(out, &path, &err));
  assert_string_equal(path + strlen(out), "/elements/0-of-1/config.yaml");
  hr_free(path);
  path = NULL;
  check_ok(merge());
  char elements[4400];
  snprintf(elements, sizeof elements, "%s/elements", out);
  check_ok(hr_remove_all(elements, &err));
  check_ok(hr_merge_find_config(out, &path, &err));
  assert_string_equal(path + strlen(out), "/config.yaml");
  hr_free(path);
  check_ok(merge()); /* there is nothing left to do */
}

/* What stands in the way of a file is told. */
static void a_task_that_cannot_be_taken(void **state) {
  (void)state;
  hr_merge m;
  size_t taken = 0;
  char way[4400], sentence[16000];
  run_element(0, 1);
  check_ok(hr_merge_find(opened.plan, out, &m, &err));
  snprintf(way, sizeof way, "%s/tasks/global-placebo/predictions.f32", out);
  check_ok(hr_make_folders(way, &err));
  snprintf(sentence, sizeof sentence, "cannot remove %s: Is a directory", way);
  check_fails(hr_merge_take(&m, opened.plan, out, &taken, &err), HR_ERR_IO, sentence);
  hr_merge_fini(&m);
}

static hr_status find(void) {
  hr_merge m;
  hr_status status = hr_merge_find(opened.plan, out, &m, &err);
  hr_merge_fini(&m);
  /* What had no memory to be looked at is missing. */
  return status == HR_ERR_MISSING ? HR_ERR_MEMORY : status;
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  run_element(0, 1);
  check_alloc_failures(find());
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(pieces_are_found_where_they_are), TEST(files_are_linked_or_copied),
      TEST(an_element_of_another_study),     TEST(a_configuration_of_nobody),
      TEST(a_task_that_cannot_be_taken),     TEST(every_allocation_may_fail)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
