/* `headroom config` as its user meets it. */
#include "config/config.h"
#include "support/config_checks.h"
#include "support/program.h"

static program p;

static void run_words(scratch *s, const char *const *words) {
  program_finish(s, program_start(s, words), &p);
}

static void without_a_file_it_is_the_manual(void **state) {
  (void)state;
  scratch s;
  scratch_init(&s);
  hr_text text;
  hr_text_init(&text);
  hr_config_describe(&text);
  char begin[2048];
  snprintf(begin, sizeof begin, "%.2000s", text.bytes);
  run_words(&s, (const char *const[]){"headroom", "config", NULL});
  assert_int_equal(p.exit_code, 0);
  assert_int_equal(strncmp(p.out, begin, strlen(begin)), 0);
  run_words(&s, (const char *const[]){"headroom", "config", "--set", "a=1", NULL});
  assert_int_equal(p.exit_code, 2);
  assert_string_equal(
      p.err,
      "headroom: --set changes a configuration; name one: headroom config "
      "CONFIG\n");
  hr_text_fini(&text);
  scratch_fini(&s);
}

static void a_file_is_resolved(void **state) {
  (void)state;
  scratch s;
  scratch_init(&s);
  scratch_write(&s, "a.h5", "");
  scratch_write(&s, "t.h5", "");
  scratch_write(&s, "s.yaml", HEAD);
  char path[128];
  snprintf(path, sizeof path, "%s/s.yaml", s.path);
  run_words(&s, (const char *const[]){"headroom", "config", path, "--set",
                                      "selection.folds=3", NULL});
  assert_string_equal(p.err, "");
  assert_int_equal(p.exit_code, 0);
  assert_non_null(strstr(p.out, "experiment:\n  id: E\n"));
  assert_non_null(strstr(p.out, "\n  folds: 3\n"));
  scratch_fini(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(without_a_file_it_is_the_manual),
      cmocka_unit_test(a_file_is_resolved),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
