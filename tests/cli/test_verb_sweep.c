/* `headroom sweep` as its user meets it: exact stderr and exit code. What its points find
 * is held against ordinary runs in tests/python/test_sweep.py. */
#include "support/program.h"
#include "support/study_files.h"

static const char about_sweep[] =
    "headroom sweep: run a study at several values of one key, e.g. a learning curve\n"
    "\n"
    "Usage: headroom sweep CONFIG --set KEY=V1,V2,... [options]\n"
    "\n"
    "  --set KEY=V1,V2,...        what is swept; of other keys one value, for all\n"
    "  --out DIR                  the folder of the sweep (runs/EXPERIMENT-ID-KEY)\n"
    "  --dry-run                  say what every point would read and need; write "
    "nothing\n"
    "  --resume                   go on with the sweep in the folder, however it ended\n"
    "  --restart                  throw away what an unfinished point has done\n"
    "  --replace                  discard the results of its points, whatever the "
    "study\n"
    "  --no-preflight             begin even where memory or disk seem too small\n"
    "  --compat NAME              experts and gates with the settings of earlier "
    "studies: users\n"
    "  --threads N                compute on so many threads (OMP_NUM_THREADS, else "
    "all)\n"
    "  --quiet                    print nothing but errors\n"
    "\n";

enum { MOST_WORDS = 12 };

static scratch s;
static char study[160], out[160];
static program p;

static int prepare(void **state) {
  (void)state;
  scratch_init(&s);
  study_files_write(&s);
  snprintf(study, sizeof study, "%s/study.yaml", s.path);
  snprintf(out, sizeof out, "%s/out", s.path);
  return 0;
}

static int tidy(void **state) {
  (void)state;
  scratch_fini(&s);
  return 0;
}

/* Runs `headroom sweep study.yaml`, with more words, up to a NULL. */
static void sweep(const char *const *words) {
  const char *arguments[MOST_WORDS] = {"headroom", "sweep", study};
  for (size_t i = 0; words[i]; i++) {
    assert_true(i + 4 < MOST_WORDS);
    arguments[3 + i] = words[i];
  }
  program_finish(&s, program_start(&s, arguments), &p);
}

static void check_refused(int exit_code, const char *sentence) {
  char expected[2048];
  snprintf(expected, sizeof expected, "headroom: %s\n", sentence);
  const char *at = strstr(p.err, "headroom: "); /* behind what progress says */
  assert_string_equal(at ? at : p.err, expected);
  assert_string_equal(p.out, "");
  assert_int_equal(p.exit_code, exit_code);
  assert_false(access(out, F_OK) == 0);
}

static void test_help(void **state) {
  (void)state;
  sweep((const char *const[]){"--help", NULL});
  p.out[strlen(about_sweep)] = '\0';
  assert_string_equal(p.out, about_sweep);
}

static void test_what_is_swept_must_be_said(void **state) {
  (void)state;
  sweep((const char *const[]){NULL});
  check_refused(2, "sweep needs the option --set KEY=V1,V2,...");
  sweep((const char *const[]){"--set", "data.rows=10", NULL});
  check_refused(2,
                "a sweep needs a setting with several values, such as --set "
                "data.rows=1000,5000,20000");
}

static void test_options_that_contradict(void **state) {
  (void)state;
  sweep((const char *const[]){"--set", "data.rows=10,20", "--resume", "--replace", NULL});
  check_refused(2,
                "--resume goes on with a sweep, --restart and --replace throw it away; "
                "give one");
}

static void test_where_it_goes(void **state) {
  (void)state;
  char sentence[512];
  sweep((const char *const[]){"--set", "experiment.id=a/b", "--set", "data.rows=10,20",
                              NULL});
  snprintf(sentence, sizeof sentence,
           "%s: experiment.id 'a/b' cannot name the folder of a sweep; name it with "
           "--out",
           study);
  check_refused(2, sentence);
  sweep((const char *const[]){"--set", "data.rows=10,20", "--out", s.path, NULL});
  snprintf(sentence, sizeof sentence,
           "%s holds something else than a sweep; name another directory with --out",
           s.path);
  check_refused(2, sentence);
}

/* A table of another key is not replaced unasked. */
static void test_another_key_is_another_sweep(void **state) {
  (void)state;
  char sentence[512];
  const char *folders[] = {"old", "old/points", "old/points/noise.level=1"};
  for (size_t i = 0; i < 3; i++)
    assert_int_equal(mkdir(scratch_name(&s, folders[i]), 0700), 0);
  scratch_write(&s, "old/sweep.csv", "value\n");
  char old[160];
  snprintf(old, sizeof old, "%s/old", s.path);
  sweep((const char *const[]){"--set", "data.rows=10,20", "--out", old, NULL});
  snprintf(sentence, sizeof sentence,
           "%s holds a sweep over noise.level, whose table and figure one over data.rows "
           "would replace; name another directory with --out, or say --restart",
           old);
  check_refused(2, sentence);
  assert_int_equal(access(scratch_name(&s, "old/sweep.csv"), F_OK), 0);
  sweep(
      (const char *const[]){"--set", "data.rows=30,41", "--restart", "--out", old, NULL});
  assert_int_equal(p.exit_code, 3); /* it goes on, to the values */
  assert_int_equal(mkdir(scratch_name(&s, "old/points/data.rows=10"), 0700), 0);
  sweep(
      (const char *const[]){"--set", "data.rows=30,41", "--resume", "--out", old, NULL});
  assert_int_equal(p.exit_code, 3);
}

/* Each with its value; nothing is begun. */
static void test_wrong_values_are_told_at_once(void **state) {
  (void)state;
  char sentence[2048];
  sweep((const char *const[]){"--set", "ridge.alpha=1", "--set", "selection.folds=2,x,1",
                              "--out", out, NULL});
  snprintf(sentence, sizeof sentence,
           "2 of 3 points cannot be run: selection.folds=x: %s, --set 2: "
           "selection.folds is 'x', which is not a number; write one such as 10; "
           "selection.folds=1: %s, --set 2: selection.folds is 1, but must be between 2 "
           "and 64",
           study, study);
  check_refused(2, sentence);
  sweep((const char *const[]){"--set", "data.rows=30,41", "--out", out, NULL});
  snprintf(
      sentence, sizeof sentence,
      "1 of 2 points cannot be run: data.rows=41: data.rows is 41, but %.300s and the "
      "files with it have 40 training rows; give at most that, or 0 for all of them",
      scratch_name(&s, "train.h5"));
  check_refused(3, sentence);
}

/* What has nothing to do with the value is said once. */
static void test_a_wrong_study_is_told_once(void **state) {
  (void)state;
  char sentence[1024];
  sweep((const char *const[]){"--set", "rigde.alpha=1", "--set", "data.rows=10,20",
                              "--out", out, NULL});
  snprintf(sentence, sizeof sentence,
           "--set rigde.alpha=1: the key 'rigde' is not known; did you mean 'ridge'?");
  check_refused(2, sentence);
}

/* Without noise the posterior mean has no model: that point is told of, and both are in
 * the table. A further value is a further point. */
static void test_a_point_may_lose_an_expert(void **state) {
  (void)state;
  char page[192];
  snprintf(page, sizeof page, "%s/sweep.md", out);
  sweep((const char *const[]){"--set", "noise.level=1,0", "--out", out, NULL});
  assert_int_equal(p.exit_code, 5);
  assert_non_null(strstr(p.err, "point 1 of 2: noise.level=1\n"));
  assert_non_null(
      strstr(p.err, "warning: noise.level=0: no bin has a model of posterior"));
  assert_non_null(strstr(p.err,
                         "headroom: 1 of 2 points failed or lost an expert; the first is "
                         "noise.level=0: no bin has a model of posterior ("));
  assert_null(strstr(p.err, "wrote "));
  assert_non_null(strstr(p.out, page));
  assert_int_equal(access(page, F_OK), 0);
  sweep((const char *const[]){"--set", "noise.level=1,2", "--out", out, "--resume",
                              "--quiet", NULL});
  assert_string_equal(p.err, "");
  assert_string_equal(p.out, "");
  assert_int_equal(p.exit_code, 0);
}

/* The plans of all points, and not a file. */
static void test_dry_run(void **state) {
  (void)state;
  char dry[160];
  snprintf(dry, sizeof dry, "%s/dry", s.path);
  sweep(
      (const char *const[]){"--set", "data.rows=30,40", "--out", dry, "--dry-run", NULL});
  assert_int_equal(p.exit_code, 0);
  assert_int_equal(strncmp(p.out, "data.rows=30\n", 13), 0);
  assert_non_null(strstr(p.out, "\n\ndata.rows=40\n"));
  assert_non_null(strstr(p.out, "30 spectra of 5 pixels"));
  assert_false(access(dry, F_OK) == 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_help),
      cmocka_unit_test(test_what_is_swept_must_be_said),
      cmocka_unit_test(test_options_that_contradict),
      cmocka_unit_test(test_where_it_goes),
      cmocka_unit_test(test_another_key_is_another_sweep),
      cmocka_unit_test(test_wrong_values_are_told_at_once),
      cmocka_unit_test(test_a_wrong_study_is_told_once),
      cmocka_unit_test(test_dry_run),
      cmocka_unit_test(test_a_point_may_lose_an_expert),
  };
  return cmocka_run_group_tests(tests, prepare, tidy);
}
