/* `headroom compare` as its user meets it: exact stdout, stderr and exit code. */
#include <jansson.h>

#include "compare/two_runs.h"
#include "support/program.h"

static const char about_compare[] =
    "headroom compare: hold runs against one another, on the same stars\n"
    "\n"
    "Usage: headroom compare DIR DIR... [options]\n"
    "\n"
    "  --target LABEL             which label (the first of the first run)\n"
    "  --out FOLDER               write tables, figure and page there too\n"
    "  --json                     print every number as JSON\n"
    "  --threads N                compute on so many threads (OMP_NUM_THREADS, else "
    "all)\n"
    "  --quiet                    print nothing but errors\n"
    "\n"
    "DIRs are run directories; all are compared with the first. Test rows are found\n"
    "by the label that data.id names, where every run has it, else by their number,\n"
    "and the truth has to be the same. Numbers are taken anew on the rows that all\n"
    "runs have, differences with paired 95 % intervals: the ladder, every method,\n"
    "the headline by bin and by signal-to-noise ratio. Ends with what differs in\n"
    "configuration and data.\n";

static two_runs t;
static scratch desk;

static int prepare(void **state) {
  (void)state;
  two_runs_init(&t);
  scratch_init(&desk);
  for (size_t r = 0; r < TWO_RUNS; r++) two_runs_write(&t, r);
  return 0;
}

static int tidy(void **state) {
  (void)state;
  scratch_fini(&desk);
  two_runs_fini(&t);
  return 0;
}

static void compare(const char *first, const char *second, const char *option,
                    program *p) {
  const char *const words[] = {"headroom", "compare", first, second, option, NULL};
  program_finish(&desk, program_start(&desk, words), p);
}

static void help_tells_all_of_it(void **state) {
  (void)state;
  static program p;
  const char *const words[] = {"headroom", "help", "compare", NULL};
  program_finish(&desk, program_start(&desk, words), &p);
  assert_string_equal(p.out, about_compare);
  assert_int_equal(p.exit_code, 0);
}

static void tables_go_to_stdout(void **state) {
  (void)state;
  static program p;
  compare(t.s[0].path, t.s[1].path, NULL, &p);
  assert_int_equal(p.exit_code, 0);
  assert_string_equal(p.err, "");
  assert_int_equal(strncmp(p.out, "The runs\n", 9), 0);
  assert_non_null(strstr(p.out, "With perfect routing, B is above A"));
  compare(t.s[0].path, t.s[1].path, "--quiet", &p);
  assert_int_equal(p.exit_code, 0);
  assert_string_equal(p.out, "");
}

static void json_is_one_object(void **state) {
  (void)state;
  static program p;
  compare(t.s[0].path, t.s[1].path, "--json", &p);
  assert_int_equal(p.exit_code, 0);
  json_t *root = json_loads(p.out, 0, NULL);
  assert_true(json_is_object(root));
  json_decref(root);
}

static void one_run_is_too_few(void **state) {
  (void)state;
  static program p;
  compare(t.s[0].path, NULL, NULL, &p);
  assert_int_equal(p.exit_code, 2);
  assert_string_equal(p.out, "");
  compare(t.s[0].path, t.s[0].path, NULL, &p);
  assert_int_equal(p.exit_code, 2);
  assert_non_null(strstr(p.err, " is to be compared with itself\n"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(help_tells_all_of_it),
      cmocka_unit_test(tables_go_to_stdout),
      cmocka_unit_test(json_is_one_object),
      cmocka_unit_test(one_run_is_too_few),
  };
  return cmocka_run_group_tests(tests, prepare, tidy);
}
