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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_card_is_done_and_a_model_is_trained),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
