/* What goes of a run directory that begins anew, and what stays. */
#include "session/clear.h"

#include <sys/stat.h>
#include <unistd.h>

#include "support/scratch.h"

static scratch s;

static int set_up(void **state) {
  (void)state;
  static const char *const folders[] = {"tasks",
                                        "tasks/0-ridge",
                                        "model",
                                        "model/0-ridge",
                                        "tables",
                                        "figures",
                                        "targets",
                                        "targets/T_eff",
                                        "elsewhere",
                                        "targets/notes",
                                        "mine",
                                        "tasks/mine",
                                        "targets/T_eff/tasks"};
  scratch_init(&s);
  for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
    assert_int_equal(mkdir(scratch_name(&s, folders[i]), 0755), 0);
  }
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  scratch_fini(&s);
  return 0;
}

static bool exists(const char *name) {
  struct stat info;
  return lstat(scratch_name(&s, name), &info) == 0;
}

static const char *const own[] = {"results.json",
                                  "predictions.csv",
                                  "report.html",
                                  "report.md",
                                  "preparation.json",
                                  "timings.json",
                                  "fisher.npy",
                                  "tasks/0-ridge/card.json",
                                  "tasks/0-ridge/model.npy",
                                  "tasks/0-ridge/predictions.f32",
                                  "model/model.json",
                                  "model/wave.npy",
                                  "model/0-ridge/model.npy",
                                  "model/0-ridge/layer_3.npy",
                                  "tables/bins.csv",
                                  "figures/bins.svg",
                                  "figures/bins.png",
                                  "figures/bins.csv",
                                  "targets/T_eff/results.json",
                                  "targets/T_eff/predictions.csv",
                                  "half.part"};
static const char *const others[] = {"thesis.tex",        "tasks/0-ridge/notes.md",
                                     "tasks/mine/a.txt",  "model/readme",
                                     "tables/bins.ods",   "figures/mine.png",
                                     "figures/lines.svg", "targets/notes/a.txt",
                                     "mine/model.npy",    "manifest.json",
                                     "config.yaml",       "run.log"};
enum { OWN = sizeof own / sizeof own[0], OTHERS = sizeof others / sizeof others[0] };

static void what_a_run_wrote_goes(void **state) {
  (void)state;
  hr_error err = {0};
  for (size_t i = 0; i < OWN; i++) scratch_write(&s, own[i], "x");
  for (size_t i = 0; i < OTHERS; i++) scratch_write(&s, others[i], "x");
  check_ok(hr_run_clear(s.path, &err));
  for (size_t i = 0; i < OWN; i++) {
    if (exists(own[i])) fail_msg("%s is still there", own[i]);
  }
  for (size_t i = 0; i < OTHERS; i++) {
    if (!exists(others[i])) fail_msg("%s is gone", others[i]);
  }
  /* Folders that hold nothing are gone. */
  assert_false(exists("model/0-ridge") || exists("targets/T_eff"));
}

static void an_empty_folder_stays(void **state) {
  (void)state;
  hr_error err = {0};
  check_ok(hr_run_clear(s.path, &err));
  assert_false(exists("tables"));
  check_ok(hr_run_clear(s.path, &err));
  assert_true(exists("") && exists("mine"));
}

/* A link to somewhere else is not a folder of the run. */
static void links_are_not_followed(void **state) {
  (void)state;
  hr_error err = {0};
  char target[256];
  assert_int_equal(rmdir(scratch_name(&s, "tables")), 0);
  snprintf(target, sizeof target, "%s/elsewhere", s.path);
  scratch_write(&s, "elsewhere/bins.csv", "x");
  assert_int_equal(symlink(target, scratch_name(&s, "tables")), 0);
  check_ok(hr_run_clear(s.path, &err));
  assert_true(exists("elsewhere/bins.csv"));
}

static void what_cannot_be_removed_is_told(void **state) {
  (void)state;
  hr_error err = {0};
  char expected[512];
  assert_int_equal(mkdir(scratch_name(&s, "results.json"), 0755), 0);
  snprintf(expected, sizeof expected, "cannot remove %s/results.json: Is a directory",
           s.path);
  check_fails(hr_run_clear(s.path, &err), HR_ERR_IO, expected);
  assert_int_equal(rmdir(scratch_name(&s, "results.json")), 0);
  assert_int_equal(mkdir(scratch_name(&s, "tables/a.csv"), 0755), 0);
  snprintf(expected, sizeof expected, "cannot remove %s/tables/a.csv: Is a directory",
           s.path);
  check_fails(hr_run_clear(s.path, &err), HR_ERR_IO, expected);
  scratch_write(&s, "a file", "x");
  char path[128];
  snprintf(path, sizeof path, "%s/a file", s.path);
  snprintf(expected, sizeof expected, "cannot remove %s/results.json: Not a directory",
           path);
  check_fails(hr_run_clear(path, &err), HR_ERR_IO, expected);
  snprintf(path, sizeof path, "%s/nowhere", s.path);
  snprintf(expected, sizeof expected, "cannot read %s: No such file or directory", path);
  check_fails(hr_run_clear(path, &err), HR_ERR_IO, expected);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(what_a_run_wrote_goes),
      TEST(an_empty_folder_stays),
      TEST(links_are_not_followed),
      TEST(what_cannot_be_removed_is_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
