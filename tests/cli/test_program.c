/* The program as its user meets it: exact stdout, stderr and exit code. */
#include <hdf5.h>
#include <sys/resource.h>

#include "cli/world_mpi.h"
#include "compute/blas/core_type.h"
#include "headroom/version.h"
#include "support/program.h"

enum { MOST_WORDS = 16 };

/* Runs `headroom LINE`, LINE being words with single spaces between them. */
static void run_line(const char *line, program *p) {
  char copy[1024];
  const char *arguments[MOST_WORDS + 2] = {"headroom"};
  size_t count = 1;
  scratch s;
  snprintf(copy, sizeof copy, "%s", line);
  for (char *word = strtok(copy, " "); word && count <= MOST_WORDS;
       word = strtok(NULL, " ")) {
    arguments[count++] = word;
  }
  scratch_init(&s);
  program_finish(&s, program_start(&s, arguments), p);
  scratch_fini(&s);
}

static void check_line(const char *line, int exit_code, const char *out,
                       const char *err) {
  static program p;
  run_line(line, &p);
  assert_string_equal(p.out, out);
  assert_string_equal(p.err, err);
  assert_int_equal(p.exit_code, exit_code);
}

static void check_refused(const char *line, int exit_code, const char *sentence) {
  char expected[512];
  snprintf(expected, sizeof expected, "headroom: %s\n", sentence);
  check_line(line, exit_code, "", expected);
}

static const char overview[] =
    "Headroom: how much would a mixture of specialists gain over the model you have?\n"
    "\n"
    "Usage: headroom VERB ...\n"
    "\n"
    "  run        run the study that a YAML file describes\n"
    "  merge      make one run of what the elements of an array did\n"
    "  sweep      run a study at several values of one key, e.g. a learning curve\n"
    "  slurm      write the script that has Slurm run a study\n"
    "  status     say how far a run has come, or why it ended\n"
    "  stop       stop a run so that it can be resumed\n"
    "  predict    predict the labels of new spectra with a run's models\n"
    "  report     make tables, figures and the report of a run anew\n"
    "  compare    hold runs against one another, on the same stars\n"
    "  publish    write the key numbers of a run into your Markdown pages\n"
    "  simulate   write simulated stars in the layout that `run` reads\n"
    "  inspect    say what is in a data file, and what is wrong with it\n"
    "  config     list all keys of a configuration, or what one comes to\n"
    "  completion print what bash, zsh or fish needs to complete command lines\n"
    "  version    print the version of the program\n"
    "  help       say what the program or one of its verbs does\n"
    "\n"
    "`headroom help VERB` tells more about one. Results are printed to stdout, progress\n"
    "and errors to stderr. Exit codes: 0 done, 1 a check did not pass, 2 wrong usage or\n"
    "configuration, 3 wrong data, 4 internal trouble (disk, memory, numerics), 5 the\n"
    "study is done, but an expert has no model in any bin, 130 interrupted.\n";

static const char about_run[] =
    "headroom run: run the study that a YAML file describes\n"
    "\n"
    "Usage: headroom run CONFIG [options]\n"
    "\n"
    "  --out DIR                  the run directory (runs/EXPERIMENT-ID)\n"
    "  --dry-run                  say what would be read, trained and needed; write "
    "nothing\n"
    "  --resume                   go on with the run in the directory, however it ended\n"
    "  --restart                  throw away what an unfinished run has done, begin "
    "anew\n"
    "  --replace                  discard the results in the directory, whatever the "
    "study\n"
    "  --detach                   run in the background; see `status` and `stop`\n"
    "  --gate                     exit with 1 where the decision gate is not passed\n"
    "  --no-preflight             begin even where memory or disk seem too small\n"
    "  --set KEY=VALUE            over the configuration, e.g. ridge.alpha=100; "
    "repeatedly\n"
    "  --array I/N                do element I, from 0, of an array of N jobs; auto: "
    "what Slurm says\n"
    "  --compat NAME              experts and gates with the settings of earlier "
    "studies: users\n"
    "  --threads N                compute on so many threads (OMP_NUM_THREADS, else "
    "all)\n"
    "  --quiet                    print nothing but errors\n"
    "\n"
    "Reads the shards, adds noise, trains every expert of every bin, routes by the\n"
    "true labels and judges. Writes results.json, tables, figures and a report into\n"
    "the run directory, prints the tables, and says where the report is. What is\n"
    "done stays: a run that was stopped or killed goes on with --resume and ends\n"
    "with the same results. Without --resume or --restart, an unfinished run that\n"
    "has kept a task, or is in the midst of one, is refused; one that has not is\n"
    "begun anew, since nothing is lost.\n"
    "\n"
    "With --array it does its share of the tasks alone, in DIR/elements/I-of-N, and\n"
    "goes on there where it was stopped; `headroom merge` makes one run of all\n"
    "shares. auto takes I and N from the job array of Slurm that it runs in, which\n"
    "has to be 0-(N-1). Without --array a job array changes nothing.\n"
    "\n"
    "Started by mpirun, its ranks divide the tasks and put them into the same DIR;\n"
    "rank 0 speaks for all and does the rest. Any number of ranks, or one process,\n"
    "goes on with --resume.\n";

static void test_help(void **state) {
  (void)state;
  check_line("help", 0, overview, "");
  check_line("--help", 0, overview, "");
  check_line("-h", 0, overview, "");
  check_line("help run", 0, about_run, "");
  check_line("run --help", 0, about_run, "");
  check_line("run x.yaml -h", 0, about_run, "");
  check_line("help help", 0,
             "headroom help: say what the program or one of its verbs does\n"
             "\n"
             "Usage: headroom help [VERB]\n",
             "");
}

/* The defaults that help shows are those of the library. */
static void test_help_of_simulate(void **state) {
  (void)state;
  static program p;
  run_line("help simulate", &p);
  assert_int_equal(p.exit_code, 0);
  assert_string_equal(p.err, "");
  assert_non_null(strstr(p.out, "Usage: headroom simulate --out DIR [options]\n"));
  assert_non_null(
      strstr(p.out, "\n  --train N                  training spectra (20000)\n"));
  assert_non_null(strstr(p.out, " AB magnitude in HSC i (20.5,22.5)\n"));
  assert_non_null(strstr(p.out,
                         "\n  --instrument WHICH         pfs-mr|desi-z|sdss|lamost-red|"
                         "gaia-rvs or a FILE.yaml\n"
                         "  --from FILE.fits           pixels and errors of a survey's "
                         "file\n"));
  assert_non_null(strstr(p.out, " of the arrays: f32 or f64 (f32)\n"));
}

/* OpenBLAS says which kernels it takes each time it chooses: "Core: SkylakeX". */
static void test_kernels_fit_the_processor(void **state) {
  (void)state;
  static program p;
  if (getenv("OPENBLAS_CORETYPE")) skip();
  setenv("OPENBLAS_VERBOSE", "2", 1);
  run_line("version", &p);
  unsetenv("OPENBLAS_VERBOSE");
  const char *last = NULL;
  for (const char *at = p.err; (at = strstr(at, "Core: ")) != NULL;) last = at += 6;
  if (!last) skip(); /* a build for one processor */
  char name[32];
  snprintf(name, sizeof name, "%.*s", (int)strcspn(last, "\n"), last);
  assert_null(hr_core_type_better(name, hr_vector_units_here()));
}

static void test_version(void **state) {
  (void)state;
  char expected[128];
  const hr_world_engine *mpi = hr_world_mpi();
  snprintf(expected, sizeof expected, "headroom " HR_VERSION "\n%s%s\n",
           mpi ? "with " : "without ", mpi ? mpi->name : "MPI");
  check_line("version", 0, expected, "");
  check_line("--version", 0, expected, "");
}

/* What several ranks would be told; no MPI is begun for it. */
static void test_ranks(void **state) {
  (void)state;
  setenv("PMI_SIZE", "2", 1);
  setenv("PMI_RANK", "0", 1);
  check_refused("sweep study.yaml", 2,
                "`headroom sweep` is one process; start it without mpirun, whose ranks "
                "`headroom run` divides a study among");
  check_refused("run study.yaml --array 0/2", 2,
                "--array is for one process, and a launcher started several ranks; leave "
                "it out, or start the program once");
  check_refused(
      "run study.yaml --detach", 2,
      "--detach is for one process, and a launcher started several ranks; leave "
      "it out, or start the program once");
  check_refused("predict run a.h5 --each x --array 0/2", 2,
                "--array is for one process, and a launcher started several ranks; leave "
                "it out, or start the program once");
  check_refused(
      "predict run a.h5", 2,
      "a launcher started several ranks, which take files with a table of each; "
      "name their folder with --each, or start the program once");
  setenv("PMI_RANK", "1", 1); /* rank 0 has said it */
  check_line("sweep study.yaml", 2, "", "");
  check_line("run study.yaml --dry-run", 0, "", "");
  unsetenv("PMI_SIZE");
  unsetenv("PMI_RANK");
}

static void test_verbs_that_are_none(void **state) {
  (void)state;
  check_refused("", 2, "say what to do; `headroom help` lists the verbs");
  check_refused("simulat --out x", 2,
                "there is no verb 'simulat'; did you mean 'simulate'?");
  check_refused("frobnicate", 2,
                "there is no verb 'frobnicate'; `headroom help` lists them");
  check_refused("help frobnicate", 2,
                "there is no verb 'frobnicate'; `headroom help` lists them");
  check_refused("--verbose", 2,
                "there is no verb '--verbose'; `headroom help` lists them");
}

static void test_command_lines_that_are_wrong(void **state) {
  (void)state;
  check_refused("run", 2, "run needs a CONFIG: headroom run CONFIG");
  check_refused("run a.yaml b.yaml", 2, "run takes one CONFIG; 'b.yaml' is one too many");
  check_refused("run --dryrun a.yaml", 2,
                "run has no option '--dryrun'; did you mean '--dry-run'?");
  check_refused("run a.yaml --out", 2, "option '--out' needs a value: --out DIR");
  check_refused("run a.yaml --resume --restart", 2,
                "--resume goes on with a run and --restart throws it away; give one");
  check_refused("run a.yaml --resume --replace", 2,
                "--resume goes on with a run and --replace throws it away; give one");
  check_refused("run a.yaml --restart --replace", 2,
                "--replace discards what --restart does, and finished results of another "
                "study too; give one");
  check_refused("run a.yaml --dry-run --detach", 2,
                "--dry-run has nothing to do in the background; leave out --detach");
  check_refused("status", 2, "status needs a DIR: headroom status DIR");
  check_refused("stop x --timeout 0", 2,
                "'--timeout 0': give a number above 0, or leave it out");
  check_refused("stop x --timeout -1", 2,
                "'--timeout -1': give a number above 0, or leave it out");
  check_refused("status /dev", 3, "/dev is not the directory of a run");
  check_refused("stop /dev", 3, "/dev is not the directory of a run");
  check_refused("inspect", 2, "inspect needs a FILE: headroom inspect FILE");
  check_refused("simulate", 2, "simulate needs the option --out DIR");
  check_refused("simulate x --out d", 2, "simulate takes options alone, not 'x'");
  check_refused("simulate --out d --train many", 2,
                "'--train many': give a whole number");
  check_refused("simulate --out d --mag 22,twenty", 2,
                "'--mag 22,twenty': give one number or LO,HI (LO not above HI)");
  check_refused("simulate --out d --resolving-power 0", 2,
                "'--resolving-power 0': give a number above 0, or leave it out");
  check_refused("simulate --out= --seed 3", 2, "option '--out' needs a value: --out DIR");
  check_refused("simulate --out d --dtype f16", 2, "'--dtype f16': give one of f32|f64");
  check_refused("version now", 2, "version takes nothing more, but got 'now'");
}

static void test_files_that_are_missing(void **state) {
  (void)state;
  static program p;
  run_line("inspect /dev/null/a.h5", &p);
  assert_int_equal(p.exit_code, 3);
  assert_string_equal(p.out, "");
  assert_non_null(strstr(p.err, "/dev/null/a.h5"));
  run_line("run /dev/null/a.yaml", &p);
  assert_int_equal(p.exit_code, 3);
  assert_string_equal(p.out, "");
  assert_non_null(strstr(p.err, "/dev/null/a.yaml"));
}

/* Whether a study can read a file is a matter of the exit code. */
static void test_inspecting_a_file_that_no_study_can_read(void **state) {
  (void)state;
  static program p;
  char expected[256];
  scratch s;
  scratch_init(&s);
  hid_t file =
      H5Fcreate(scratch_name(&s, "a.h5"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  assert_true(file >= 0 && H5Fclose(file) >= 0);
  char path[128];
  snprintf(path, sizeof path, "%s/a.h5", s.path);
  const char *const line[] = {"headroom", "inspect", path, NULL};
  program_finish(&s, program_start(&s, line), &p);
  assert_int_equal(p.exit_code, 3);
  assert_non_null(strstr(p.out, "\nProblems\n  - "));
  snprintf(expected, sizeof expected,
           "headroom: no study can read %s; see the problems above\n", path);
  assert_string_equal(p.err, expected);
  scratch_fini(&s);
}

static void test_results_that_do_not_arrive(void **state) {
  (void)state;
  static program p;
  const char *const arguments[] = {"headroom", "help", NULL};
  scratch s;
  scratch_init(&s);
  assert_int_equal(symlink("/dev/full", scratch_name(&s, "stdout")), 0);
  pid_t child = program_start(&s, arguments);
  int result = 0;
  assert_int_equal(waitpid(child, &result, 0), child);
  assert_true(WIFEXITED(result));
  assert_int_equal(WEXITSTATUS(result), 4);
  program_read(scratch_name(&s, "stderr"), p.err, sizeof p.err);
  assert_string_equal(
      p.err, "headroom: cannot write to standard output: No space left on device\n");
  scratch_fini(&s);
}

/* Ends within seconds of Ctrl-C although an hour of work was asked for, and says so. */
static void test_interruption(void **state) {
  (void)state;
  static program p;
  scratch s;
  scratch_init(&s);
  char folder[128];
  snprintf(folder, sizeof folder, "%s/data", s.path);
  const char *const arguments[] = {"headroom", "simulate", "--out",  folder,
                                   "--train",  "5000000",  "--test", "0",
                                   "--shards", "1",        NULL};
  pid_t child = program_start(&s, arguments);
  usleep(700000);
  assert_int_equal(kill(child, SIGINT), 0);
  program_finish(&s, child, &p);
  assert_int_equal(p.exit_code, 130);
  assert_string_equal(p.out, "");
  assert_non_null(strstr(p.err, "headroom: interrupted while "));
  assert_int_not_equal(access(scratch_name(&s, "data/train_0/dataset.h5"), F_OK), 0);
  assert_int_not_equal(access(scratch_name(&s, "data/train_0/dataset.h5.part"), F_OK), 0);
  scratch_fini(&s);
}

/* A limit on the size of files is a failed write, not the end by a signal. */
static void test_file_size_limit(void **state) {
  (void)state;
  static program p;
  scratch s;
  scratch_init(&s);
  char folder[128];
  snprintf(folder, sizeof folder, "%s/data", s.path);
  const char *const arguments[] = {"headroom", "simulate", "--out",  folder, "--train",
                                   "0",        "--test",   "100000", NULL};
  struct rlimit before, limit;
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
  limit = before;
  limit.rlim_cur = 1 << 20;
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
  pid_t child = program_start(&s, arguments);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
  program_finish(&s, child, &p);
  assert_int_equal(p.exit_code, 4);
  assert_non_null(strstr(p.err, "/data/test/dataset.h5 failed: File too large\n"));
  assert_int_not_equal(access(scratch_name(&s, "data/test/dataset.h5.part"), F_OK), 0);
  scratch_fini(&s);
}

/* Only a whole study is offered to be run. */
static void test_simulating_one_set(void **state) {
  (void)state;
  static program p;
  scratch s;
  scratch_init(&s);
  char folder[128], expected[160];
  snprintf(folder, sizeof folder, "%s/data", s.path);
  const char *const arguments[] = {"headroom", "simulate", "--out", folder, "--train",
                                   "0",        "--test",   "2",     NULL};
  program_finish(&s, program_start(&s, arguments), &p);
  assert_int_equal(p.exit_code, 0);
  snprintf(expected, sizeof expected, "%s\n", folder);
  assert_string_equal(p.out, expected);
  scratch_fini(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_help),
      cmocka_unit_test(test_help_of_simulate),
      cmocka_unit_test(test_kernels_fit_the_processor),
      cmocka_unit_test(test_version),
      cmocka_unit_test(test_ranks),
      cmocka_unit_test(test_verbs_that_are_none),
      cmocka_unit_test(test_command_lines_that_are_wrong),
      cmocka_unit_test(test_files_that_are_missing),
      cmocka_unit_test(test_inspecting_a_file_that_no_study_can_read),
      cmocka_unit_test(test_results_that_do_not_arrive),
      cmocka_unit_test(test_interruption),
      cmocka_unit_test(test_file_size_limit),
      cmocka_unit_test(test_simulating_one_set),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
