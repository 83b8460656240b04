/* What the folders of tasks say of how far a run is. */
#include "session/task_folders.h"

#include <stdio.h>
#include <sys/stat.h>

#include "support/scratch.h"

static void make_task(scratch *s, const char *name, const char *const *files) {
  char path[256];
  snprintf(path, sizeof path, "tasks/%s", name);
  assert_int_equal(mkdir(scratch_name(s, path), 0700), 0);
  for (; *files; files++) {
    snprintf(path, sizeof path, "tasks/%s/%s", name, *files);
    scratch_write(s, path, "{}");
  }
}

static void a_card_is_done_and_a_model_is_trained(void **state) {
  (void)state;
  size_t done = 7, trained = 7;
  scratch s;
  scratch_init(&s);
  hr_task_folders_count(s.path, &done, &trained);
  assert_int_equal(done, 0);
  assert_int_equal(trained, 0);
  assert_int_equal(mkdir(scratch_name(&s, "tasks"), 0700), 0);
  make_task(&s, "0-ridge", (const char *const[]){"card.json", "trained.json", NULL});
  make_task(&s, "1-ridge", (const char *const[]){"card.json", NULL});
  make_task(&s, "2-cnn", (const char *const[]){"trained.json", NULL});
  make_task(&s, "3-cnn", (const char *const[]){"training.state", NULL});
  make_task(&s, ".hidden", (const char *const[]){"card.json", NULL});
  hr_task_folders_count(s.path, &done, &trained);
  assert_int_equal(done, 2);
  assert_int_equal(trained, 1);
  scratch_fini(&s);
}

/* Those of the targets behind the first lie in folders of their own. */
static void tasks_of_every_target_count(void **state) {
  (void)state;
  static const char *const folders[] = {
      "tasks",         "tasks/0-ridge",       "targets",
      "targets/T_eff", "targets/T_eff/tasks", "targets/T_eff/tasks/0-ridge",
      "targets/M_H",   "targets/M_H/tasks",   "targets/M_H/tasks/0-ridge"};
  size_t done = 7, trained = 7;
  scratch s;
  scratch_init(&s);
  for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
    assert_int_equal(mkdir(scratch_name(&s, folders[i]), 0700), 0);
  }
  scratch_write(&s, "tasks/0-ridge/card.json", "{}");
  scratch_write(&s, "targets/T_eff/tasks/0-ridge/card.json", "{}");
  scratch_write(&s, "targets/M_H/tasks/0-ridge/trained.json", "{}");
  hr_task_folders_count(s.path, &done, &trained);
  assert_int_equal(done, 2);
  assert_int_equal(trained, 1);
  scratch_fini(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_card_is_done_and_a_model_is_trained),
      cmocka_unit_test(tasks_of_every_target_count),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
