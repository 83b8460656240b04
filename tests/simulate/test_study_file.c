#include "simulate/study_file.h"

#include "core/alloc.h"
#include "core/file.h"
#include "support/scratch.h"

static void check_study(uint64_t shards, const char *train_line) {
  hr_error err;
  scratch s;
  char *text = NULL;
  size_t size = 0;
  scratch_init(&s);
  check_ok(hr_study_file_write(scratch_name(&s, "study.yaml"), shards, &err));
  check_ok(hr_file_read(s.name, 10000, &text, &size, &err));
  assert_true(hr_study_file_wrote(s.name));
  assert_non_null(strstr(text, train_line));
  assert_non_null(strstr(text, "  focus: [3, 6]\n"));
  assert_non_null(strstr(text, "\ngates: {bayes: {}, logistic: {}}\n"));
  hr_free(text);
  scratch_fini(&s);
}

static void shards_are_named(void **state) {
  (void)state;
  check_study(5, "\n  train: [\"train_{0..4}/dataset.h5\"]\n");
  check_study(1, "\n  train: [\"train_0/dataset.h5\"]\n");
}

static void studies_of_others_are_known_as_such(void **state) {
  (void)state;
  scratch s;
  scratch_init(&s);
  assert_false(hr_study_file_wrote(scratch_name(&s, "none.yaml")));
  scratch_write(&s, "mine.yaml", "# Written by hand\nexperiment: {id: E}\n");
  assert_false(hr_study_file_wrote(scratch_name(&s, "mine.yaml")));
  scratch_write(&s, "empty.yaml", "");
  assert_false(hr_study_file_wrote(scratch_name(&s, "empty.yaml")));
  scratch_fini(&s);
}

static void unwritable_folders_are_told(void **state) {
  (void)state;
  hr_error err;
  scratch s;
  char expected[5000];
  scratch_init(&s);
  scratch_name(&s, "no/study.yaml");
  snprintf(expected, sizeof expected, "cannot create %s.part: No such file or directory",
           s.name);
  check_fails(hr_study_file_write(s.name, 5, &err), HR_ERR_IO, expected);
  scratch_fini(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(shards_are_named),
      cmocka_unit_test(studies_of_others_are_known_as_such),
      cmocka_unit_test(unwritable_folders_are_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
